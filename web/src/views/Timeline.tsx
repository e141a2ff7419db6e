import { Fragment } from 'react';
import type { IncidentEvent } from '../api/phoenix';
import { clockTime, exactTime } from '../format/time';
import type { IconName } from '../parts/Icon';
import { Icon } from '../parts/Icon';
import type { Tone } from '../parts/State';

/** Icon, tone and name of each kind of event. */
const looks: Record<string, [IconName, Tone, string]> = {
  condition_true: ['warning', 'warn', 'Condition became true'],
  alert_firing: ['bell', 'bad', 'Alert fired'],
  group_flushed: ['inbox', 'dim', 'Group handed over'],
  opened: ['incident', 'bad', 'Opened'],
  reopened: ['again', 'bad', 'Reopened'],
  alert_joined: ['plus', 'warn', 'Alert joined'],
  alert_resolved: ['check', 'good', 'Alert resolved'],
  silenced: ['silence', 'quiet', 'Silenced'],
  alert_unmuted: ['bell', 'warn', 'Alert no longer muted'],
  page_intended: ['clock', 'dim', 'Page decided'],
  page_started: ['send', 'dim', 'Page on its way'],
  page_sent: ['send', 'accent', 'Paged'],
  page_failed: ['cross', 'bad', 'Page failed'],
  page_given_up: ['cross', 'bad', 'Page given up'],
  page_cancelled: ['close', 'dim', 'Page no longer needed'],
  escalated: ['up', 'warn', 'Escalated'],
  level_skipped: ['skip', 'warn', 'Level skipped'],
  not_paged: ['silence', 'quiet', 'Not paged'],
  paging_paused: ['clock', 'quiet', 'Paging paused'],
  paging_resumed: ['play', 'warn', 'Paging goes on'],
  acknowledged: ['person', 'good', 'Acknowledged'],
  note: ['note', 'dim', 'Note'],
  resolved: ['check', 'good', 'Resolved'],
  timeline_full: ['warning', 'warn', 'Timeline is full'],
};

/** Steps on the way to another event, which tells the same again. */
const minor = new Set(['group_flushed', 'page_intended', 'page_started', 'page_cancelled']);

const dayOf = (event: IncidentEvent) => exactTime(new Date(event.at)).slice(0, 10);
const lookOf = (event: IncidentEvent) => looks[event.kind] ?? (['circle', 'dim', event.kind.replaceAll('_', ' ')] as const);

/** Runs of neighbouring minor events of one day, and each other event by itself. */
function grouped(events: IncidentEvent[]): IncidentEvent[][] {
  const groups: IncidentEvent[][] = [];
  for (const event of events) {
    const last = groups.at(-1);
    if (last && minor.has(event.kind) && minor.has(last[0]!.kind) && dayOf(last[0]!) === dayOf(event)) last.push(event);
    else groups.push([event]);
  }
  return groups;
}

/** What happened, newest first, with who did it and why. */
export function Timeline({ events }: { events: IncidentEvent[] }) {
  // The server numbers events in the order in which they happened.
  const groups = grouped([...events].sort((a, b) => b.at.localeCompare(a.at) || b.id - a.id));
  return (
    <ol className="timeline">
      {groups.map((group, index) => {
        const event = group[0]!;
        const before = groups[index - 1]?.[0];
        return (
          <Fragment key={event.id}>
            {before !== undefined && dayOf(before) !== dayOf(event) && <li className="day">{dayOf(event)}</li>}
            {minor.has(event.kind) ? <Steps events={group} /> : <Major event={event} />}
          </Fragment>
        );
      })}
    </ol>
  );
}

function When({ event }: { event: IncidentEvent }) {
  return (
    <time className="when num" dateTime={event.at} title={exactTime(new Date(event.at))}>
      {clockTime(new Date(event.at))}
    </time>
  );
}

function Major({ event }: { event: IncidentEvent }) {
  const [icon, tone, name] = lookOf(event);
  return (
    <li>
      <When event={event} />
      <span className={`dot tone-${tone}`}>
        <Icon name={icon} size={13} />
      </span>
      <div className="what">
        <strong>{name}</strong>
        {event.who && <span> by {event.who}</span>}
        <div className={event.kind === 'note' ? 'note-text' : ''}>
          <WithLabels text={event.text} />
        </div>
        {event.why && <div className="dim">because {event.why}</div>}
      </div>
    </li>
  );
}

/** Minor events in one line, which opens. */
function Steps({ events }: { events: IncidentEvent[] }) {
  const names = [...new Set(events.map((event) => lookOf(event)[2]))].reverse();
  return (
    <li className="minor">
      <When event={events[0]!} />
      <span className="dot" />
      <details className="what">
        <summary className="dim">{names.map((name, index) => (index === 0 ? name : name.toLowerCase())).join(', ')}</summary>
        {events.map((event) => (
          <div key={event.id} className="step">
            <WithLabels text={event.text} />
            {event.why && <div className="dim">because {event.why}</div>}
          </div>
        ))}
      </details>
    </li>
  );
}

/** Labels at a text's end stand apart from its words. */
function WithLabels({ text }: { text: string }) {
  const parts = /^([^{]+?):? (\{.*\})$/s.exec(text);
  if (!parts) return text;
  return (
    <>
      {parts[1]} <code className="labels-text">{parts[2]!.replaceAll('",', '", ')}</code>
    </>
  );
}
