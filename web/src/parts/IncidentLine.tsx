import { Link } from 'wouter';
import type { Incident } from '../api/phoenix';
import { Severity, State } from './State';
import { Ago, Countdown, Elapsed } from './Time';

/** What happens next with an incident's paging, in a few words. */
export function Escalation({ incident }: { incident: Incident }) {
  const { escalation, paging, state } = incident;
  if (state === 'resolved') return <span className="dim">over</span>;
  if (!paging) return <span className="dim">nobody is paged for this</span>;
  if (escalation.stopped_because) return <span>stopped: {escalation.stopped_because}</span>;
  return (
    <span>
      {escalation.level ? <>{escalation.level} paged</> : 'no page yet'}
      {escalation.next_level && escalation.next_at && (
        <>
          , {escalation.next_level} <Countdown to={escalation.next_at} />
        </>
      )}
      {escalation.level && !escalation.next_level && ', nobody is left to page'}
    </span>
  );
}

/** An incident in two lines, as Home and the list show it. */
export function IncidentLine({ incident }: { incident: Incident }) {
  return (
    <div className="incident-line">
      <div className="row wrap">
        <State state={incident.state} />
        <Link href={`/incidents/${incident.id}`} className="incident-title">
          <span className="num dim">{incident.id}</span> {incident.title}
        </Link>
        <Severity severity={incident.severity} />
      </div>
      <div className="row wrap dim">
        <span>
          opened <Ago at={incident.opened_at} />
        </span>
        <span aria-hidden="true">·</span>
        {incident.state === 'resolved' ? (
          <span>
            lasted <Elapsed since={incident.opened_at} until={incident.resolved_at} />
            {incident.resolved_by && <> · resolved by {incident.resolved_by}</>}
          </span>
        ) : (
          <Escalation incident={incident} />
        )}
        {incident.reopened > 0 && <span>· reopened {incident.reopened === 1 ? 'once' : `${incident.reopened} times`}</span>}
      </div>
    </div>
  );
}
