import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';
import type { IncidentState } from '../api/phoenix';
import { incidents } from '../api/phoenix';
import { Answered, Empty } from '../parts/Answer';
import { ChoiceFilter } from '../parts/Filter';
import { Escalation } from '../parts/IncidentLine';
import { PageHead } from '../parts/PageHead';
import { Scroll } from '../parts/Scroll';
import { Severity, State } from '../parts/State';
import { Ago, Elapsed } from '../parts/Time';
import { useParam } from '../url/params';

const states: IncidentState[] = ['open', 'acknowledged', 'resolved'];
const pageSize = 50;

export default function Incidents() {
  const [state] = useParam('state');
  const [before, setBefore] = useParam('before');
  const wanted = states.filter((each) => state.split(',').includes(each));
  const query = useQuery(incidents(wanted, pageSize, before || undefined));
  return (
    <>
      <PageHead title="Incidents" />
      <div className="stack">
        <ChoiceFilter name="state" label="State" choices={states.map((value) => ({ value, label: value }))} />
        <Answered query={query} lines={6}>
          {({ incidents: list, next }) => (
            <>
              <section className="panel" aria-label="Incidents">
                {list.length === 0 ? (
                  state === '' && before === '' ? (
                    <Empty title="No incident so far">
                      <p>
                        A firing alert opens one; whether it also pages somebody is decided by <code>page_on</code>, shown at <Link href="/on-call">On call</Link>.
                      </p>
                    </Empty>
                  ) : (
                    <Empty title={`No incident that is ${wanted.join(' or ') || 'older'}`}>
                      <p>
                        <Link href="/incidents">Show all</Link>
                      </p>
                    </Empty>
                  )
                ) : (
                  <Scroll label="Incidents">
                    <table className="grid cards">
                      <thead>
                        <tr>
                          <th className="fit">State</th>
                          <th>Incident</th>
                          <th>Severity</th>
                          <th>Opened</th>
                          <th>Lasted</th>
                          <th>Who</th>
                          <th>Paging</th>
                        </tr>
                      </thead>
                      <tbody>
                        {list.map((incident) => (
                          <tr key={incident.id}>
                            <td>
                              <State state={incident.state} />
                            </td>
                            <td className="main">
                              <Link href={`/incidents/${incident.id}`} className="incident-title">
                                <span className="num dim">{incident.id}</span> {incident.title}
                              </Link>
                              {incident.reopened > 0 && <div className="dim">reopened {incident.reopened === 1 ? 'once' : `${incident.reopened} times`}</div>}
                            </td>
                            <td>
                              <Severity severity={incident.severity} />
                            </td>
                            <td data-label="opened">
                              <Ago at={incident.opened_at} />
                            </td>
                            <td data-label="lasted">
                              <Elapsed since={incident.opened_at} until={incident.resolved_at} />
                            </td>
                            <td data-label="by">{incident.acknowledged_by ?? incident.resolved_by ?? <span className="dim">–</span>}</td>
                            <td>
                              <Escalation incident={incident} />
                            </td>
                          </tr>
                        ))}
                      </tbody>
                    </table>
                  </Scroll>
                )}
              </section>
              <div className="row">
                {before !== '' && (
                  <Button variant="default" onClick={() => setBefore('')}>
                    Newest
                  </Button>
                )}
                {next && (
                  <Button variant="default" onClick={() => setBefore(next)}>
                    Older
                  </Button>
                )}
              </div>
            </>
          )}
        </Answered>
      </div>
    </>
  );
}
