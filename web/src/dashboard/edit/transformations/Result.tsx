import { useState } from 'react';
import { formatDate, plainText } from '../../display';
import type { Field, Frame } from '../../frame';
import { Names } from '../../transform/frames';

/** What a look at the data needs; all of it is in the panel's inspector. */
const [mostTables, mostRows, mostFields] = [3, 5, 12];

const counted = (count: number, one: string) => `${count.toLocaleString('en')} ${count === 1 ? one : `${one}s`}`;

function cell(field: Field, row: number, timeZone: string): string {
  const value = field.values[row];
  return field.type === 'time' && typeof value === 'number' ? formatDate(value, 'YYYY-MM-DD HH:mm:ss', timeZone) : plainText(value);
}

/** What comes out of a step: how much, and on demand the beginning of it. */
export function Result({ frames, timeZone }: { frames: Frame[]; timeZone: string }) {
  const [isOpen, setOpen] = useState(false);
  const rows = frames.reduce((sum, { length }) => sum + length, 0);
  const fields = frames.reduce((sum, frame) => sum + frame.fields.length, 0);
  return (
    <details className="step-result" open={isOpen} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        Gives {counted(frames.length, 'table')}, {counted(fields, 'field')}, {counted(rows, 'row')}
      </summary>
      {isOpen && <Tables frames={frames} timeZone={timeZone} />}
    </details>
  );
}

function Tables({ frames, timeZone }: { frames: Frame[]; timeZone: string }) {
  const names = new Names(frames);
  return (
    <div className="stack tight">
      {frames.slice(0, mostTables).map((frame, index) => (
        <div key={index} className="step-table">
          <table aria-label={`Table ${index + 1} after this step`}>
            <thead>
              <tr>
                {frame.fields.slice(0, mostFields).map((field, place) => (
                  <th key={place} scope="col">
                    {names.of(field, frame)} <span className="dim">{field.type}</span>
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {Array.from({ length: Math.min(frame.length, mostRows) }, (_, row) => (
                <tr key={row}>
                  {frame.fields.slice(0, mostFields).map((field, place) => (
                    <td key={place}>{cell(field, row, timeZone)}</td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      ))}
      {frames.length > mostTables && <p className="dim">and {counted(frames.length - mostTables, 'table')} more</p>}
    </div>
  );
}
