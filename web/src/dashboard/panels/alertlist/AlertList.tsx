import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { Link } from 'wouter';
import { incidents } from '../../../api/phoenix';
import { rules } from '../../../api/prometheus';
import { Answered } from '../../../parts/Answer';
import { Labels } from '../../../parts/Labels';
import { State } from '../../../parts/State';
import { Ago } from '../../../parts/Time';
import type { JsonObject } from '../../model';
import type { PanelProps } from '../../panel';
import { reached } from '../parts/reached';
import type { ListedAlert, Order } from './alerts';
import { alertsOf, filterOf, grouped, incidentOf, ordered } from './alerts';
import './alertlist.css';

const mostItems = 20;
const open = incidents(['open', 'acknowledged'], 200);

/** Alerts of the rules, with the incidents that they belong to. */
export default function AlertList({ options, panel, width, height, interpolate }: PanelProps<JsonObject>) {
  const query = useQuery(rules);
  const known = useQuery(open);
  const filter = useMemo(() => filterOf(options, (text) => interpolate(text)), [options, interpolate]);
  const most = typeof options.maxItems === 'number' && options.maxItems > 0 ? options.maxItems : mostItems;
  const order = ([1, 2, 3, 4, 5] as const).find((each) => each === options.sortOrder) ?? (3 as Order);
  const labels = options.groupMode === 'custom' && Array.isArray(options.groupBy) ? options.groupBy.filter((each): each is string => typeof each === 'string') : null;
  return (
    <div className="alert-list" style={{ width, height }} role="group" aria-label={panel.title || 'Alerts'} {...reached}>
      <Answered query={query} lines={4}>
        {({ groups }) => {
          const found = alertsOf(groups, filter);
          if (options.viewMode === 'stat') return <div className={`alert-count ${found.some(({ state }) => state === 'firing') ? 'tone-bad' : ''}`}>{found.length.toLocaleString('en')}</div>;
          const listed = ordered(found, order).slice(0, most);
          return (
            <>
              {filter.problem && <div className="note warn">{filter.problem}</div>}
              {listed.length === 0 && !filter.problem && <div className="alert-none dim">No alerts</div>}
              {!filter.problem &&
                grouped(listed, labels).map(({ title, alerts }) => (
                  <section key={title}>
                    <h3>
                      <Link href={labels === null ? `/alerts?q=${encodeURIComponent(title)}` : '/alerts'}>{title || 'All'}</Link> {alerts.length > 1 && <span className="dim num">{alerts.length}</span>}
                    </h3>
                    <ul>
                      {alerts.map((alert, index) => (
                        <Alert key={index} alert={alert} incident={incidentOf(alert, known.data?.incidents ?? [])?.id} isNamed={labels !== null} />
                      ))}
                    </ul>
                  </section>
                ))}
              {found.length > listed.length && <p className="dim">and {(found.length - listed.length).toLocaleString('en')} more</p>}
            </>
          );
        }}
      </Answered>
    </div>
  );
}

function Alert({ alert, incident, isNamed }: { alert: ListedAlert; incident: string | undefined; isNamed: boolean }) {
  const { state, since, annotations } = alert;
  const summary = annotations.summary ?? annotations.description;
  return (
    <li>
      <div className="row wrap">
        <State state={state} label={state === 'inactive' ? 'normal' : state === 'error' ? 'evaluation fails' : state} />
        {isNamed && <strong>{alert.name}</strong>}
        {since && (
          <span className="dim">
            <Ago at={since} />
          </span>
        )}
        {incident && (state === 'firing' || state === 'pending') && <Link href={`/incidents/${incident}`}>{incident}</Link>}
      </div>
      {summary && state !== 'inactive' && <div>{summary}</div>}
      <Labels labels={alert.labels} without={['alertname']} />
    </li>
  );
}
