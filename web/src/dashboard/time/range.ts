/** Ranges of time: a dashboard's, and those that a panel makes of it. */

import type { TimeSpan } from '../panel';
import type { Calendar } from './expression';
import { addTime, isRelative, parseTime, roundTime } from './expression';
import { describeRange } from './describe';

/** As it is written: expressions, dates or milliseconds. */
export interface RawRange {
  from: string;
  to: string;
}

export type Range = { span: TimeSpan; error?: undefined } | { span?: undefined; error: string };

/** The moments of a range. `nowDelay` moves `now` back, as for data that comes late. */
export function rangeOf(raw: RawRange, now: number, zone: string, calendar: Calendar = {}, nowDelay = ''): Range {
  let present = now;
  if (nowDelay.trim() !== '') {
    const delayed = parseTime(`now-${nowDelay.trim()}`, now, zone);
    if (delayed.ms === undefined) return { error: `The delay of \`now\`: ${delayed.error}` };
    present = delayed.ms;
  }
  const from = parseTime(raw.from, present, zone, false, calendar);
  const to = parseTime(raw.to, present, zone, true, calendar);
  if (from.ms === undefined) return { error: from.error };
  if (to.ms === undefined) return { error: to.error };
  if (from.ms >= to.ms) return { error: 'The range ends before it begins' };
  return { span: { from: from.ms, to: to.ms } };
}

export interface PanelRange {
  span: TimeSpan;
  /** As it is written, after the panel's own range. */
  raw: RawRange;
  /** What to write beside the title; nothing when the panel follows the dashboard. */
  note: string;
  /** By how much the range lies before the dashboard's, in milliseconds. Times of the data stay what they are. */
  shiftMs: number;
  error?: string;
}

/** The range that a panel shows when it has one of its own (`timeFrom`), or is moved into the past (`timeShift`). */
export function panelRange(
  panel: { timeFrom?: string; timeShift?: string; hideTimeOverride?: boolean },
  dashboard: { span: TimeSpan; raw: RawRange },
  now: number,
  zone: string,
  calendar: Calendar = {},
): PanelRange {
  let { span, raw } = dashboard;
  const notes: string[] = [];
  let error: string | undefined;
  const own = panel.timeFrom?.trim();
  // A range that someone chose by dates is meant for all panels.
  if (own && isRelative(raw.from)) {
    const isUnit = own.startsWith('now');
    const wanted = isUnit ? { from: own, to: own.includes('/') ? own : 'now' } : { from: `now-${own}`, to: 'now' };
    const range = rangeOf(wanted, now, zone, calendar);
    if (range.span) {
      span = range.span;
      raw = wanted;
      notes.push(describeRange(wanted, zone));
    } else error = `The panel’s own range \`${own}\`: ${range.error}`;
  }
  let shiftMs = 0;
  const shift = panel.timeShift?.trim();
  if (shift) {
    const steps = /^(\d+)\s*(ms|fQ|fy|[smhdwMQy])(?:\s*\/\s*(fQ|fy|[smhdwMQy]))?$/.exec(shift);
    const move = (at: number, up: boolean) => {
      const back = addTime(at, -Number(steps?.[1]), steps?.[2] ?? '', zone);
      return back !== null && steps?.[3] ? roundTime(back, steps[3], zone, up, calendar) : back;
    };
    const from = steps && move(span.from, false);
    const to = steps && move(span.to, true);
    if (from === null || to === null || from >= to) error = `The panel’s shift \`${shift}\` is no number with a unit, such as \`1d\``;
    else {
      shiftMs = span.from - from;
      span = { from, to };
      raw = { from: String(from), to: String(to) };
      notes.push(`timeshift -${shift}`);
    }
  }
  return { span, raw, note: panel.hideTimeOverride ? '' : notes.join(' '), shiftMs, ...(error ? { error } : {}) };
}
