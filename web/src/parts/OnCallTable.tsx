import type { OnCallLevel } from '../api/phoenix';
import { dayTime, length } from '../format/time';
import { State } from './State';
import { Ago } from './Time';
import { Scroll } from './Scroll';

function paged({ after_seconds }: OnCallLevel): string {
  if (after_seconds === null) return 'not paged';
  return after_seconds === 0 ? 'at once' : `after ${length(after_seconds)}`;
}

function People({ level }: { level: OnCallLevel }) {
  if (level.people.length === 0) return <State state="warning" label="nobody: skipped" />;
  return <strong className="nowrap">{level.people.map((person) => person.name).join(', ')}</strong>;
}

/** Who is on call at each level, from the first to the last. */
export function OnCallTable({ levels }: { levels: OnCallLevel[] }) {
  return (
    <Scroll label="On call">
      <table className="grid cards">
        <thead>
          <tr>
            <th>Level</th>
            <th>Person</th>
            <th>Paged</th>
            <th>By</th>
            <th>Until</th>
            <th>Why</th>
          </tr>
        </thead>
        <tbody>
          {levels.map((level) => (
            <tr key={level.level}>
              <td>{level.level}</td>
              <td>
                <People level={level} />
                {level.team && level.team !== level.level && <div className="dim">{level.team}</div>}
              </td>
              <td className="nowrap">{paged(level)}</td>
              <td data-label="by">{[...new Set(level.people.flatMap((person) => person.methods))].join(', ')}</td>
              <td data-label="until">
                {level.until ? (
                  <>
                    <span className="nowrap">{dayTime(new Date(level.until))}</span>{' '}
                    <span className="dim nowrap">
                      <Ago at={level.until} />
                    </span>
                  </>
                ) : (
                  level.people.length > 0 && <span className="dim">no end</span>
                )}
              </td>
              <td className="dim main">{level.why}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}

/** The same in little room, without the reasons. */
export function OnCallList({ levels }: { levels: OnCallLevel[] }) {
  return (
    <ul className="on-call-list">
      {levels.map((level) => (
        <li key={level.level}>
          <div>
            {level.level}
            <div className="dim">{paged(level)}</div>
          </div>
          <div>
            <People level={level} /> {level.team && level.team !== level.level && <span className="dim">{level.team}</span>}
            {level.people.length > 0 && <div className="dim">{level.until ? `until ${dayTime(new Date(level.until))}` : 'no end'}</div>}
          </div>
        </li>
      ))}
    </ul>
  );
}
