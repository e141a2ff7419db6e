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
  opened: ['incident', 'bad', 'Opened'],
  page_intended: ['clock', 'dim', 'Page prepared'],
  page_sent: ['send', 'dim', 'Paged'],
  page_failed: ['cross', 'bad', 'Page failed'],
  escalated: ['up', 'warn', 'Escalated'],
  level_skipped: ['skip', 'warn', 'Level skipped'],
  acknowledged: ['person', 'good', 'Acknowledged'],
  note: ['note', 'dim', 'Note'],
  alert_joined: ['plus', 'warn', 'Alert joined'],
  alert_resolved: ['check', 'good', 'Alert resolved'],
  silenced: ['silence', 'quiet', 'Silenced'],
  resolved: ['check', 'good', 'Resolved'],
  reopened: ['again', 'bad', 'Reopened'],
  not_paged: ['silence', 'quiet', 'Not paged'],
};

/** What happened, newest first, with who did it and why. */
export function Timeline({ events }: { events: IncidentEvent[] }) {
  const newestFirst = [...events].sort((a, b) => b.at.localeCompare(a.at) || b.id - a.id);
  const dayOf = (event: IncidentEvent) => exactTime(new Date(event.at)).slice(0, 10);
  return (
    <ol className="timeline">
      {newestFirst.map((event, index) => {
        const [icon, tone, name] = looks[event.kind] ?? ['circle', 'dim', event.kind.replaceAll('_', ' ')];
        const before = newestFirst[index - 1];
        const newDay = before !== undefined && dayOf(before) !== dayOf(event);
        return (
          <Fragment key={event.id}>
            {newDay && <li className="day">{dayOf(event)}</li>}
            <li>
              <time className="when num" dateTime={event.at} title={exactTime(new Date(event.at))}>
                {clockTime(new Date(event.at))}
              </time>
              <span className={`dot tone-${tone}`}>
                <Icon name={icon} size={13} />
              </span>
              <div className="what">
                <strong>{name}</strong>
                {event.who && <span> by {event.who}</span>}
                <div className={event.kind === 'note' ? 'note-text' : ''}>{event.text}</div>
                {event.why && <div className="dim">because {event.why}</div>}
              </div>
            </li>
          </Fragment>
        );
      })}
    </ol>
  );
}
