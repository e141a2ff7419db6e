import type { OnCallLevel } from '../api/phoenix';
import { dayTime } from '../format/time';
import { length } from '../format/time';
import { State } from './State';
import { Ago } from './Time';

/** Who is on call at each level, from the first to the last. `brief` leaves the reasons out. */
export function OnCallTable({ levels, brief = false }: { levels: OnCallLevel[]; brief?: boolean }) {
  return (
    <div className="scroll">
      <table className="grid">
        <thead>
          <tr>
            <th>Level</th>
            <th>Person</th>
            <th>Paged</th>
            {!brief && <th>By</th>}
            <th>Until</th>
            {!brief && <th>Why</th>}
          </tr>
        </thead>
        <tbody>
          {levels.map((level) => (
            <tr key={level.level}>
              <td>{level.level}</td>
              <td>
                {level.people.length > 0 ? (
                  <strong>{level.people.map((person) => person.name).join(', ')}</strong>
                ) : (
                  <State state="warning" label="nobody: skipped" />
                )}
                {level.team && <div className="dim">{level.team}</div>}
              </td>
              <td className="nowrap">{level.after_seconds === 0 ? 'at once' : `after ${length(level.after_seconds)}`}</td>
              {!brief && <td>{[...new Set(level.people.flatMap((person) => person.methods))].join(', ')}</td>}
              <td>
                {level.until ? (
                  <>
                    <div className="nowrap">{dayTime(new Date(level.until))}</div>
                    <span className="dim">
                      <Ago at={level.until} />
                    </span>
                  </>
                ) : (
                  <span className="dim">no end</span>
                )}
              </td>
              {!brief && <td className="dim">{level.why}</td>}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
