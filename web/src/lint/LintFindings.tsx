import type { LintFinding } from '../api/phoenix';
import { Icon } from '../parts/Icon';
import { Prose } from '../parts/Prose';
import { Scroll } from '../parts/Scroll';
import { State } from '../parts/State';
import { diffLines } from './findings';
import './LintFindings.css';

/** What the linter found: where, why it matters, what helps, the change as a diff, and the page of its rule. */
export function LintFindings({ list }: { list: LintFinding[] }) {
  return (
    <ul className="lint-findings">
      {list.map((each) => (
        <li key={`${each.rule} ${each.file} ${each.start} ${each.message}`}>
          <div className="row top wrap">
            <State state={each.severity} />
            <div className="grow">
              <Prose text={each.message} />{' '}
              <a className="nowrap" href={each.link} target="_blank" rel="noreferrer">
                {each.rule}
              </a>
            </div>
          </div>
          {each.help && (
            <div>
              <Prose text={each.help} />
            </div>
          )}
          <div className="dim">
            <Prose text={each.why} />
          </div>
          {each.file && (
            <code className="dim">
              {each.file}:{each.line}:{each.column}
            </code>
          )}
          {each.diff && (
            <details>
              <summary>
                <span className="turn">
                  <Icon name="right" size={12} />
                </span>
                {each.fix?.title ?? 'The change'}
              </summary>
              <Scroll label={`Change of ${each.file}`}>
                <pre className="diff">
                  {diffLines(each.diff).map((line, index) => (
                    <span key={index} className={line.kind}>
                      {line.text}
                      {'\n'}
                    </span>
                  ))}
                </pre>
              </Scroll>
            </details>
          )}
        </li>
      ))}
    </ul>
  );
}
