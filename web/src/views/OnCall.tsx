import { useQuery } from '@tanstack/react-query';
import { onCall } from '../api/phoenix';
import { dayTime, exactTime } from '../format/time';
import { Answered, Empty } from '../parts/Answer';
import { Diagnostics } from '../parts/Diagnostics';
import { OnCallTable } from '../parts/OnCallTable';
import { PageHead } from '../parts/PageHead';
import { Scroll } from '../parts/Scroll';
import { Ago } from '../parts/Time';

const example = `on_call: on-call.yaml

# on-call.yaml
people: {ada: {email: ada@example.org}, ben: {email: ben@example.org}}
teams: {platform: [ada, ben]}
rotation: {day: monday, time: "09:00", zone: Europe/Berlin}
page_on: ['severity="critical"']`;

export default function OnCall() {
  const query = useQuery(onCall);
  return (
    <>
      <PageHead title="On call" />
      <Answered query={query}>
        {(data) =>
          !data.configured ? (
            <section className="panel">
              <Empty title="There is no on-call schedule">
                <p>Incidents are opened, but nobody is paged for them. Name a schedule in phoenix.yaml:</p>
                <pre className="code" style={{ display: 'inline-block', textAlign: 'left' }}>
                  {example}
                </pre>
              </Empty>
            </section>
          ) : (
            <div className="stack">
              {data.warnings.length > 0 && (
                <section className="panel warn" aria-label="Warnings">
                  <div className="body">
                    <Diagnostics list={data.warnings} />
                  </div>
                </section>
              )}
              <section className="panel" aria-labelledby="now">
                <header>
                  <h2 id="now">Now</h2>
                </header>
                <OnCallTable levels={data.levels} />
              </section>
              <section className="panel" aria-labelledby="upcoming">
                <header>
                  <h2 id="upcoming">Next handovers</h2>
                </header>
                {data.upcoming.length === 0 ? (
                  <div className="body dim">No change is due in the time that is looked at.</div>
                ) : (
                  <Scroll label="Handovers">
                    <table className="grid cards">
                      <thead>
                        <tr>
                          <th>When</th>
                          <th>Level</th>
                          <th>From</th>
                          <th>To</th>
                          <th>Why</th>
                        </tr>
                      </thead>
                      <tbody>
                        {data.upcoming.map((handover) => (
                          <tr key={handover.at + handover.level}>
                            <td className="nowrap" title={exactTime(new Date(handover.at))}>
                              <span className="num">{dayTime(new Date(handover.at))}</span>{' '}
                              <span className="dim">
                                <Ago at={handover.at} />
                              </span>
                            </td>
                            <td>{handover.level}</td>
                            <td className="dim nowrap" data-label="from">{handover.from.join(', ') || 'nobody'}</td>
                            <td className="nowrap" data-label="to">
                              <strong>{handover.to.join(', ') || 'nobody'}</strong>
                            </td>
                            <td className="dim main">{handover.why}</td>
                          </tr>
                        ))}
                      </tbody>
                    </table>
                  </Scroll>
                )}
              </section>
              <section className="panel" aria-labelledby="page-on">
                <header>
                  <h2 id="page-on">What pages</h2>
                </header>
                <div className="body stack tight">
                  {data.page_on.length === 0 ? (
                    <span>
                      Nothing: <code>page_on</code> is empty. Alerts open incidents only.
                    </span>
                  ) : (
                    <>
                      <span>Alerts that match one of these page the first level; all others only open an incident.</span>
                      <span className="tags">
                        {data.page_on.map((matcher) => (
                          <code key={matcher} className="tag">
                            {matcher}
                          </code>
                        ))}
                      </span>
                    </>
                  )}
                </div>
              </section>
            </div>
          )
        }
      </Answered>
    </>
  );
}
