/** Ranges of time in words, and those that are offered. */

import type { RawRange } from './range';
import { isRelative, parseTime } from './expression';
import { localTime } from './zone';

export interface QuickRange extends RawRange {
  name: string;
}

const last: [string, string][] = [
  ...[5, 15, 30].map((count): [string, string] => [`now-${count}m`, `Last ${count} minutes`]),
  ['now-1h', 'Last 1 hour'],
  ...[3, 6, 12, 24].map((count): [string, string] => [`now-${count}h`, `Last ${count} hours`]),
  ...[2, 7, 30, 90].map((count): [string, string] => [`now-${count}d`, `Last ${count} days`]),
  ['now-6M', 'Last 6 months'],
  ['now-1y', 'Last 1 year'],
  ['now-2y', 'Last 2 years'],
  ['now-5y', 'Last 5 years'],
];

/** The ranges that are offered by name. */
export const quickRanges: QuickRange[] = [
  ...last.map(([from, name]) => ({ from, to: 'now', name })),
  { from: 'now-1d/d', to: 'now-1d/d', name: 'Yesterday' },
  { from: 'now-2d/d', to: 'now-2d/d', name: 'Day before yesterday' },
  { from: 'now-7d/d', to: 'now-7d/d', name: 'This day last week' },
  { from: 'now-1w/w', to: 'now-1w/w', name: 'Previous week' },
  { from: 'now-1M/M', to: 'now-1M/M', name: 'Previous month' },
  { from: 'now-1Q/fQ', to: 'now-1Q/fQ', name: 'Previous fiscal quarter' },
  { from: 'now-1y/y', to: 'now-1y/y', name: 'Previous year' },
  { from: 'now-1y/fy', to: 'now-1y/fy', name: 'Previous fiscal year' },
  { from: 'now/d', to: 'now/d', name: 'Today' },
  { from: 'now/d', to: 'now', name: 'Today so far' },
  { from: 'now/w', to: 'now/w', name: 'This week' },
  { from: 'now/w', to: 'now', name: 'This week so far' },
  { from: 'now/M', to: 'now/M', name: 'This month' },
  { from: 'now/M', to: 'now', name: 'This month so far' },
  { from: 'now/y', to: 'now/y', name: 'This year' },
  { from: 'now/y', to: 'now', name: 'This year so far' },
  { from: 'now/fQ', to: 'now', name: 'This fiscal quarter so far' },
  { from: 'now/fQ', to: 'now/fQ', name: 'This fiscal quarter' },
  { from: 'now/fy', to: 'now', name: 'This fiscal year so far' },
  { from: 'now/fy', to: 'now/fy', name: 'This fiscal year' },
];

/** How often a dashboard may ask again, unless it says otherwise. */
export const refreshIntervals = ['5s', '10s', '30s', '1m', '5m', '15m', '30m', '1h', '2h', '1d'];

const unitNames: Record<string, string> = { s: 'second', m: 'minute', h: 'hour', d: 'day', w: 'week', M: 'month', Q: 'quarter', y: 'year' };
const pad = (value: number, width = 2) => String(value).padStart(width, '0');

/** A moment as it is read in the zone: `2026-11-22 20:15:04`. */
export function zonedTime(at: number, zone: string): string {
  const { year, month, day, hour, minute, second } = localTime(at, zone);
  return `${year}-${pad(month)}-${pad(day)} ${pad(hour)}:${pad(minute)}:${pad(second)}`;
}

function side(text: string, zone: string, isEnd: boolean): string {
  if (isRelative(text)) return text.trim();
  const moment = parseTime(text, 0, zone, isEnd);
  return moment.ms === undefined ? text : zonedTime(moment.ms, zone);
}

/** A range in words: `Last 6 hours`, `Today so far`, `2026-11-22 20:00:00 to 2026-11-22 21:00:00`. */
export function describeRange(raw: RawRange, zone: string): string {
  const [from, to] = [raw.from.trim(), raw.to.trim()];
  const known = quickRanges.find((each) => each.from === from && each.to === to);
  if (known) return known.name;
  const plain = to === 'now' ? /^now-(\d+)([smhdwMQy])$/.exec(from) : null;
  if (plain) return `Last ${plain[1]} ${unitNames[plain[2]!]}${plain[1] === '1' ? '' : 's'}`;
  return `${side(from, zone, false)} to ${side(to, zone, true)}`;
}
