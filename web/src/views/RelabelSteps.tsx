import { useQuery } from '@tanstack/react-query';
import type { RelabelledTarget, RelabelStep } from '../api/phoenix';
import { relabel } from '../api/phoenix';
import { Answered, Empty } from '../parts/Answer';
import { Labels } from '../parts/Labels';
import { Prose } from '../parts/Prose';
import { State } from '../parts/State';
import './RelabelSteps.css';

/** How a target's discovered labels became its labels, one relabelling rule after the other. */
export function RelabelSteps({ pool, address }: { pool: string; address: string }) {
  const query = useQuery(relabel(pool, address));
  return (
    <Answered query={query}>
      {({ targets }) =>
        targets.length === 0 ? (
          <Empty title="This target is no longer discovered" />
        ) : (
          <div className="stack">
            {targets.map((target, index) => (
              <OneTarget key={index} target={target} />
            ))}
          </div>
        )
      }
    </Answered>
  );
}

function OneTarget({ target }: { target: RelabelledTarget }) {
  return (
    <ol className="relabel">
      <li>
        <h3>Discovered</h3>
        <Labels labels={target.discovered_labels} />
      </li>
      {target.steps.map((step) => (
        <Step key={step.index} step={step} />
      ))}
      {target.steps.length === 0 && <li className="dim">The job has no relabel_configs.</li>}
      <li>
        <h3 className="row">
          Result <State state={target.kept ? 'up' : 'down'} label={target.kept ? 'kept' : 'dropped'} look={target.kept ? ['check', 'good'] : ['cross', 'dim']} />
        </h3>
        {target.labels && <Labels labels={target.labels} />}
      </li>
    </ol>
  );
}

function Step({ step }: { step: RelabelStep }) {
  const changes = Object.entries(step.changed);
  return (
    <li>
      <h3 className="row">
        <span className="num dim">{step.index + 1}.</span> {step.action}
        {!step.kept && <State state="down" label="drops the target" look={['cross', 'bad']} />}
      </h3>
      <div>
        <Prose text={step.summary} />
      </div>
      {changes.length > 0 ? (
        <ul className="changes mono">
          {changes.map(([label, [before, after]]) => (
            <li key={label}>
              <b>{label}</b>: {before === null ? <i>absent</i> : <del>{before}</del>} → {after === null ? <i>removed</i> : <ins>{after}</ins>}
            </li>
          ))}
        </ul>
      ) : (
        step.kept && <div className="dim">changes nothing</div>
      )}
    </li>
  );
}
