import type { OnCallLevel } from '../api/phoenix';
import { dayTime, length } from '../format/time';
import { State } from './State';
import { Ago } from './Time';
import { Scroll } from './Scroll';

const paged = ({ after_seconds }: OnCallLevel) => (after_seconds === 0 ? 'at once' : `after ${length(after_seconds)}`);

/** Who is on call at each level, from the first to the last. `brief` leaves the reasons out. */
export function OnCallTable({ levels, brief = false }: { levels: OnCallLevel[]; brief?: boolean }) {
  return (
    <Scroll label="On call">
      <table className="grid cards">
        <thead>
          <tr>
            <th>Level</th>
            <th>Person</th>
            {!brief && <th>Paged</th>}
            {!brief && <th>By</th>}
            <th>Until</th>
            {!brief && <th>Why</th>}
          </tr>
        </thead>
        <tbody>
          {levels.map((level) => (
            <tr key={level.level}>
              <td>
                {level.level}
                {brief && <div className="dim nowrap">{paged(level)}</div>}
              </td>
              <td>
                {level.people.length > 0 ? (
                  <strong className="nowrap">{level.people.map((person) => person.name).join(', ')}</strong>
                ) : (
                  <State state="warning" label="nobody: skipped" />
                )}
                {level.team && <div className="dim">{level.team}</div>}
              </td>
              {!brief && <td className="nowrap">{paged(level)}</td>}
              {!brief && <td data-label="by">{[...new Set(level.people.flatMap((person) => person.methods))].join(', ')}</td>}
              <td data-label="until">
                {level.until ? (
                  <>
                    <span className={brief ? '' : 'nowrap'}>{dayTime(new Date(level.until))}</span>{' '}
                    <span className="dim">
                      <Ago at={level.until} />
                    </span>
                  </>
                ) : (
                  <span className="dim">no end</span>
                )}
              </td>
              {!brief && <td className="dim main">{level.why}</td>}
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}
