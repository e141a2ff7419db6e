import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Link, useParams } from 'wouter';
import type { IncidentDetail, Page } from '../api/phoenix';
import { home, incident as incidentQuery } from '../api/phoenix';
import { exactTime, length } from '../format/time';
import { Answered, Empty } from '../parts/Answer';
import { ApiError } from '../api/request';
import { Icon } from '../parts/Icon';
import { Escalation } from '../parts/IncidentLine';
import { Labels } from '../parts/Labels';
import { LogsButton } from '../parts/LogsButton';
import { OnCallList } from '../parts/OnCallTable';
import { PageHead } from '../parts/PageHead';
import { Scroll } from '../parts/Scroll';
import { Severity, State } from '../parts/State';
import { Ago, Elapsed } from '../parts/Time';
import { silenceLink } from '../url/silence-link';
import './Incident.css';
import type { IncidentAction } from './IncidentActions';
import { ActDialog, NoteForm } from './IncidentActions';
import { IncidentChart } from './IncidentChart';
import { Timeline } from './Timeline';

export default function Incident() {
  const { id = '' } = useParams();
  const query = useQuery(incidentQuery(id));
  if (query.error instanceof ApiError && query.error.status === 404 && !query.data) {
    return (
      <>
        <PageHead title={id} />
        <section className="panel">
          <Empty title={query.error.message}>
            <p>
              <Link href="/incidents">All incidents</Link>
            </p>
          </Empty>
        </section>
      </>
    );
  }
  return <Answered query={query}>{(data) => <Detail incident={data} />}</Answered>;
}

/** From a quarter of an hour before the incident to its end. */
function around(incident: IncidentDetail): { range: number; end: number | null } {
  const start = Date.parse(incident.opened_at) / 1000 - 900;
  const end = incident.resolved_at ? Date.parse(incident.resolved_at) / 1000 + 60 : null;
  return { range: Math.ceil((end ?? Date.now() / 1000) - start), end };
}

function Detail({ incident }: { incident: IncidentDetail }) {
  const [action, setAction] = useState<IncidentAction | null>(null);
  const over = incident.state === 'resolved';
  return (
    <>
      <PageHead
        tab={`${incident.id} ${incident.title}`}
        title={
          <>
            <span className="num dim">{incident.id}</span> {incident.title}
          </>
        }
        beside={
          <>
            <State state={incident.state} />
            <Severity severity={incident.severity} />
          </>
        }
      >
        {incident.state === 'open' && <Button onClick={() => setAction('acknowledge')}>Acknowledge</Button>}
        {!over && (
          <Button variant="default" onClick={() => setAction('resolve')}>
            Resolve
          </Button>
        )}
        {!over && (
          <Button variant="default" component={Link} href={silenceLink(incident.labels, `${incident.id}: ${incident.title}`)} disabled={Object.keys(incident.labels).length === 0}>
            Silence
          </Button>
        )}
        <LogsButton labels={incident.labels} {...around(incident)} of={incident.id} />
        {incident.runbook_url && (
          <Button variant="default" component="a" href={incident.runbook_url} target="_blank" rel="noreferrer" leftSection={<Icon name="book" size={13} />}>
            Runbook
          </Button>
        )}
      </PageHead>
      <div className="stack">
        <Figures incident={incident} />
        <div className="incident-columns">
          <div className="stack">
            {incident.expression && <IncidentChart incident={incident} expression={incident.expression} />}
            <section className="panel" aria-labelledby="timeline">
              <header>
                <h2 id="timeline">Timeline</h2>
              </header>
              <div className="body stack">
                <NoteForm id={incident.id} />
                <Timeline events={incident.timeline} />
              </div>
            </section>
          </div>
          <div className="stack">
            <About incident={incident} />
            <Pages incident={incident} />
            <Alerts incident={incident} />
            {!over && <NowOnCall />}
          </div>
        </div>
      </div>
      <ActDialog incident={incident} action={action} close={() => setAction(null)} />
    </>
  );
}

function Figures({ incident }: { incident: IncidentDetail }) {
  const { figures, state } = incident;
  const figure = (name: string, seconds: number | null | undefined, help: string, otherwise: string) => (
    <div className="figure" title={help}>
      <dt>{name}</dt>
      <dd className="num">{seconds == null ? <span className="dim">{otherwise}</span> : length(seconds)}</dd>
    </div>
  );
  return (
    <section className="panel" aria-label="Figures">
      <dl className="figures">
        <div className="figure" title={`Opened ${exactTime(new Date(incident.opened_at))}`}>
          <dt>{state === 'resolved' ? 'Lasted' : 'Open for'}</dt>
          <dd>
            <Elapsed since={incident.opened_at} until={incident.resolved_at} />
          </dd>
        </div>
        {figure('To detect', figures.time_to_detect_seconds, 'From the condition’s first bad sample to the firing alert', 'not known')}
        {figure('To page', figures.time_to_page_seconds, 'From opening to the first page sent', incident.paging ? 'not yet' : 'nobody paged')}
        {figure('To acknowledge', figures.time_to_acknowledge_seconds, 'From opening to acknowledgement', state === 'open' ? 'not yet' : 'never')}
        {figure('To resolve', figures.time_to_resolve_seconds, 'From opening to resolution', 'not yet')}
        <div className="figure wide">
          <dt>Escalation</dt>
          <dd>
            <Escalation incident={incident} />
          </dd>
        </div>
      </dl>
    </section>
  );
}

function About({ incident }: { incident: IncidentDetail }) {
  const { summary, description } = incident.annotations;
  const other = Object.entries(incident.annotations).filter(([name]) => !['summary', 'description', 'runbook_url'].includes(name));
  return (
    <section className="panel" aria-labelledby="about">
      <header>
        <h2 id="about">About</h2>
      </header>
      <div className="body stack tight">
        {summary && <div>{summary}</div>}
        {description && <div className="dim">{description}</div>}
        <dl className="facts">
          {other.map(([name, text]) => (
            <div key={name} style={{ display: 'contents' }}>
              <dt>{name}</dt>
              <dd>{/^https?:\/\//.test(text) ? <a href={text} target="_blank" rel="noreferrer">{text}</a> : text}</dd>
            </div>
          ))}
          <dt>Opened</dt>
          <dd className="num">{exactTime(new Date(incident.opened_at))}</dd>
          {incident.acknowledged_at && (
            <>
              <dt>Acknowledged</dt>
              <dd className="num">
                {exactTime(new Date(incident.acknowledged_at))} by {incident.acknowledged_by}
              </dd>
            </>
          )}
          {incident.resolved_at && (
            <>
              <dt>Resolved</dt>
              <dd className="num">
                {exactTime(new Date(incident.resolved_at))}
                {incident.resolved_by && ` by ${incident.resolved_by}`}
              </dd>
            </>
          )}
          <dt>Receiver</dt>
          <dd>{incident.receiver}</dd>
          {incident.reopened > 0 && (
            <>
              <dt>Reopened</dt>
              <dd className="num">{incident.reopened === 1 ? 'once' : `${incident.reopened} times`}</dd>
            </>
          )}
        </dl>
        <Labels labels={incident.labels} />
      </div>
    </section>
  );
}

function Pages({ incident }: { incident: IncidentDetail }) {
  return (
    <section className="panel" aria-labelledby="pages">
      <header>
        <h2 id="pages">Pages</h2>
      </header>
      {incident.pages.length === 0 ? (
        <div className="body dim">{incident.paging ? 'Nobody has been paged yet.' : 'This incident pages nobody: no rule of page_on matches its labels.'}</div>
      ) : (
        <Scroll label="Pages">
          <table className="grid cards">
            <thead>
              <tr>
                <th>Who</th>
                <th className="fit">Outcome</th>
              </tr>
            </thead>
            <tbody>
              {incident.pages.map((page, index) => (
                <tr key={index}>
                  <td className="main">
                    <strong className="nowrap">{page.person}</strong> <span className="dim">{page.level}</span>
                    <div className="dim" style={{ overflowWrap: 'anywhere' }}>
                      {page.method}
                      {page.address && ` to ${page.address}`}
                    </div>
                  </td>
                  <td>
                    <Outcome page={page} />{' '}
                    <span className="nowrap">
                      <Ago at={page.sent_at ?? page.intended_at} />
                    </span>
                    {page.attempts > 1 && <div className="dim">{page.attempts} attempts</div>}
                    {page.error && <div className="tone-bad">{page.error}</div>}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </Scroll>
      )}
    </section>
  );
}

function Outcome({ page }: { page: Page }) {
  if (page.sent_at) return <State state="ok" label="sent" />;
  if (page.status === 'cancelled') return <State state="cancelled" label="not needed" />;
  if (page.status === 'given_up') return <State state="err" label="given up" />;
  return page.error ? <State state="err" label="failed, tried again" /> : <State state="pending" label="sending" />;
}

function Alerts({ incident }: { incident: IncidentDetail }) {
  return (
    <section className="panel" aria-labelledby="alerts">
      <header>
        <h2 id="alerts">Alerts</h2>
        <span className="grow" />
        <span className="num">{incident.alerts.length}</span>
      </header>
      {incident.alerts.map((alert) => (
        <div key={JSON.stringify(alert.labels)} className="incident-line stack tight">
          <div className="row wrap">
            <State state={alert.resolved_at ? 'resolved' : 'firing'} />
            <Link href={`/alerts?q=${encodeURIComponent(alert.labels.alertname ?? '')}`}>{alert.labels.alertname}</Link>
            <span className="dim">
              since <Ago at={alert.starts_at} />
              {alert.resolved_at && (
                <>
                  , resolved <Ago at={alert.resolved_at} />
                </>
              )}
            </span>
          </div>
          {alert.annotations.summary && <span>{alert.annotations.summary}</span>}
          <Labels labels={alert.labels} without={['alertname']} />
        </div>
      ))}
    </section>
  );
}

function NowOnCall() {
  const { data } = useQuery(home);
  if (!data || data.on_call.length === 0) return null;
  return (
    <section className="panel" aria-labelledby="now-on-call">
      <header>
        <h2 id="now-on-call">On call now</h2>
      </header>
      <OnCallList levels={data.on_call} />
    </section>
  );
}
