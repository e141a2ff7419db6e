import type { Diagnostic } from '../api/request';
import { Prose } from './Prose';
import { State } from './State';

function place({ file, line, column }: Diagnostic): string | null {
  if (!file) return line ? `line ${line}${column ? `:${column}` : ''}` : null;
  return [file, line, column].filter((part) => part != null).join(':');
}

/** Findings with file, line and what to do about them. */
export function Diagnostics({ list }: { list: Diagnostic[] }) {
  return (
    <ul className="stack tight" style={{ listStyle: 'none', margin: 0, padding: 0 }}>
      {list.map((each, index) => (
        <li key={index} className="row top">
          <State state={each.severity} />
          <div className="grow">
            <div>
              <Prose text={each.message} />
              {place(each) && <code className="dim"> {place(each)}</code>}
            </div>
            {each.help && (
            <div className="dim">
              <Prose text={each.help} />
            </div>
          )}
          </div>
        </li>
      ))}
    </ul>
  );
}
