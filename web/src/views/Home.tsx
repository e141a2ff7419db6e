import { Button, Switch } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from 'wouter';
import type { Fault, Home as HomeData } from '../api/phoenix';
import { demo, home, incidents, setFault } from '../api/phoenix';
import { rules } from '../api/prometheus';
import { Answered, Failure } from '../parts/Answer';
import { Diagnostics } from '../parts/Diagnostics';
import { Icon } from '../parts/Icon';
import { IncidentLine } from '../parts/IncidentLine';
import { OnCallList } from '../parts/OnCallTable';
import { PageHead } from '../parts/PageHead';
import { Scroll } from '../parts/Scroll';
import { Prose } from '../parts/Prose';
import { Severity, State } from '../parts/State';
import { Ago } from '../parts/Time';
import './Home.css';
import { HostCharts } from './HostCharts';

export default function Home() {
  const query = useQuery(home);
  return (
    <>
      <PageHead title="Home" />
      <Answered query={query} lines={8}>
        {(data) => (
          <div className="stack">
            <Problems data={data} />
            <div className="home-columns">
              <div className="stack">
                <WrongNow data={data} />
                <Counts data={data} />
                {data.demo && <DemoPanel inbox={data.inbox} />}
              </div>
              <div className="stack">
                <OnCallPanel data={data} />
              </div>
            </div>
            <HowToSend data={data} />
            {data.host_job && <HostCharts job={data.host_job} />}
          </div>
        )}
      </Answered>
    </>
  );
}

function Problems({ data }: { data: HomeData }) {
  const { config, problems } = data;
  return (
    <>
      {problems.map((problem) => (
        <div key={problem.message} className={`note ${problem.severity === 'error' ? 'bad' : 'warn'}`} role="alert">
          <Icon name={problem.severity === 'error' ? 'cross' : 'warning'} />
          <span className="grow">
            <Prose text={problem.message} />
          </span>
          {problem.since && <Ago at={problem.since} />}
        </div>
      ))}
      {!config.last_reload_ok && (
        <div className="note bad" role="alert">
          <Icon name="cross" />
          <div className="grow">
            The last reload failed; the configuration from before is still in use. <pre>{config.last_error}</pre>
          </div>
          <Link href="/status">Status</Link>
        </div>
      )}
      {config.warnings.length > 0 && (
        <details className="panel warn">
          <summary>
            <span className="turn">
              <Icon name="right" size={12} />
            </span>
            <State state="warning" label={`${config.warnings.length} configuration ${config.warnings.length === 1 ? 'warning' : 'warnings'}`} />
          </summary>
          <div className="body">
            <Diagnostics list={config.warnings} />
          </div>
        </details>
      )}
    </>
  );
}

function WrongNow({ data }: { data: HomeData }) {
  const open = useQuery(incidents(['open', 'acknowledged'], 20));
  const groups = useQuery(rules);
  const alerts = (groups.data?.groups ?? [])
    .flatMap((group) => group.rules)
    .flatMap((rule) => (rule.alerts ?? []).map((alert) => ({ ...alert, rule })))
    // One of severity `none`, such as a watchdog, always fires, and says that alerts arrive.
    .filter((alert) => alert.state === 'firing' && alert.labels.severity !== 'none')
    .sort((a, b) => b.activeAt.localeCompare(a.activeAt));
  const calm = data.incidents.open + data.incidents.acknowledged === 0 && alerts.length === 0;
  return (
    <section className={`panel ${data.incidents.open > 0 ? 'bad' : ''}`} aria-labelledby="wrong-now">
      <header>
        <h2 id="wrong-now">What is wrong now</h2>
        <span className="grow" />
        {data.alerts.pending > 0 && (
          <Link href="/alerts?state=pending" className="dim">
            {data.alerts.pending} pending
          </Link>
        )}
      </header>
      {calm && open.data && groups.data && (
        <div className="body calm">
          <State state="ok" label="Nothing is wrong" />
          <span className="dim">
            {data.rules.rules} rules in {data.rules.groups} groups are being evaluated, {data.targets.up} targets answer.
          </span>
        </div>
      )}
      {open.error && <Failure error={open.error} retry={() => void open.refetch()} />}
      {groups.error && <Failure error={groups.error} retry={() => void groups.refetch()} />}
      {open.data?.incidents.map((incident) => <IncidentLine key={incident.id} incident={incident} />)}
      {alerts.length > 0 && (
        <Scroll label="Firing alerts">
          <table className="grid cards">
            <thead>
              <tr>
                <th className="fit">Firing alert</th>
                <th className="fit">Severity</th>
                <th>About</th>
                <th className="num fit">Since</th>
              </tr>
            </thead>
            <tbody>
              {alerts.slice(0, 15).map((alert) => (
                <tr key={JSON.stringify(alert.labels)}>
                  <td>
                    <Link href={`/alerts?state=firing&q=${encodeURIComponent(alert.labels.alertname ?? '')}`}>{alert.labels.alertname}</Link>
                  </td>
                  <td>
                    <Severity severity={alert.labels.severity ?? ''} />
                  </td>
                  <td className="main">{alert.annotations.summary ?? alert.labels.instance ?? alert.labels.job ?? ''}</td>
                  <td className="num" data-label="since">
                    <Ago at={alert.activeAt} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
          {alerts.length > 15 && (
            <div className="body">
              <Link href="/alerts?state=firing">All {alerts.length} firing alerts</Link>
            </div>
          )}
        </Scroll>
      )}
    </section>
  );
}

function OnCallPanel({ data }: { data: HomeData }) {
  return (
    <section className="panel" aria-labelledby="home-on-call">
      <header>
        <h2 id="home-on-call">On call now</h2>
        <span className="grow" />
        <Link href="/on-call">Schedule</Link>
      </header>
      {data.on_call.length > 0 ? (
        <OnCallList levels={data.on_call} />
      ) : (
        <div className="body dim">
          Nobody: there is no on-call schedule. Name one with <code>on_call:</code> in phoenix.yaml; until then incidents are opened but nobody is paged.
        </div>
      )}
    </section>
  );
}

function Counts({ data }: { data: HomeData }) {
  const { up, down, unknown } = data.targets;
  return (
    <section className="panel" aria-label="Targets and rules">
      <div className="body counts">
        <Link href="/targets" className="count-box">
          <span className="dim">Targets up</span>
          <strong className="num">{up}</strong>
        </Link>
        <Link href="/targets?health=down" className={`count-box ${down > 0 ? 'tone-bad' : ''}`}>
          <span className="dim">Down</span>
          <strong className="num">{down}</strong>
        </Link>
        {unknown > 0 && (
          <Link href="/targets?health=unknown" className="count-box">
            <span className="dim">Not yet known</span>
            <strong className="num">{unknown}</strong>
          </Link>
        )}
        <Link href="/rules?health=err" className={`count-box ${data.rules.failing > 0 ? 'tone-bad' : ''}`}>
          <span className="dim">Failing rules</span>
          <strong className="num">{data.rules.failing}</strong>
        </Link>
      </div>
    </section>
  );
}

/** The first fault is the story of the tutorial; the others are a press away. */
const FAULTS_AT_ONCE = 1;

function DemoPanel({ inbox }: { inbox: boolean }) {
  const query = useQuery(demo);
  const client = useQueryClient();
  const turn = useMutation({
    mutationFn: ({ name, active }: { name: string; active: boolean }) => setFault(name, active),
    onSettled: () => client.invalidateQueries({ queryKey: ['demo'] }),
  });
  const row = (fault: Fault) => (
    <div key={fault.name} className="row wrap">
      <Switch
        label={fault.title}
        checked={fault.active}
        disabled={turn.isPending}
        onChange={(event) => turn.mutate({ name: fault.name, active: event.currentTarget.checked })}
      />
      <span className="dim">
        {fault.active && fault.since ? (
          <>
            begun <Ago at={fault.since} />, fires{' '}
          </>
        ) : (
          'will fire '
        )}
        <Link href={`/alerts?q=${encodeURIComponent(fault.expected_alert)}`}>
          <code>{fault.expected_alert}</code>
        </Link>
      </span>
    </div>
  );
  return (
    <section className="panel" aria-labelledby="demo">
      <header>
        <h2 id="demo">Demo</h2>
        <span className="grow" />
        {inbox && <Link href="/inbox">Inbox</Link>}
      </header>
      <div className="body stack tight">
        <div className="dim">Break something and watch: the alert, the page in the inbox, the incident, the escalation.</div>
        {turn.error && <Failure error={turn.error} />}
        <Answered query={query} lines={1}>
          {({ faults }) => (
            <>
              {faults.slice(0, FAULTS_AT_ONCE).map(row)}
              {faults.length > FAULTS_AT_ONCE && (
                <details>
                  <summary>
                    <span className="turn">
                      <Icon name="right" size={12} />
                    </span>
                    More faults: {faults.length - FAULTS_AT_ONCE}, of which {faults.slice(FAULTS_AT_ONCE).filter((fault) => fault.active).length} are on
                  </summary>
                  <div className="stack tight">{faults.slice(FAULTS_AT_ONCE).map(row)}</div>
                </details>
              )}
            </>
          )}
        </Answered>
      </div>
    </section>
  );
}

function HowToSend({ data }: { data: HomeData }) {
  const own = [data.self_scrape_job, data.host_job].filter((job) => job !== null).length;
  if (data.demo || data.targets.up + data.targets.down + data.targets.unknown > own) return null;
  const at = data.external_url.replace(/\/$/, '');
  return (
    <section className="panel" aria-labelledby="send">
      <header>
        <h2 id="send">Send data</h2>
      </header>
      <div className="body stack">
        <div>So far Phoenix watches only itself and its host.</div>
        <div className="send-columns">
          <div className="stack tight">
            <div>
              {data.config.file ? (
                <>
                  To scrape your services, add them to the <code>scrape_configs</code> of your Prometheus configuration, as named in <code>{data.config.file}</code>:
                </>
              ) : (
                <>To scrape your services, start Phoenix with your Prometheus configuration:</>
              )}
            </div>
            <pre className="code">{data.config.file ? 'metrics:\n  config: prometheus.yml' : 'phoenix serve --config prometheus.yml'}</pre>
          </div>
          <div className="stack tight">
            <div>Or let a Prometheus that you have send its data here, in its configuration:</div>
            <pre className="code">{`remote_write:\n  - url: ${at}/api/v1/write`}</pre>
          </div>
        </div>
        <Button variant="default" component={Link} href="/explore?q0=up" style={{ alignSelf: 'flex-start' }}>
          See what is there
        </Button>
      </div>
    </section>
  );
}
