/** Moments in a time zone, written by the patterns of moment.js that Grafana takes. */

import type { Format, FormatContext } from './number';
import { fixed } from './number';

/** A moment's parts as a calendar in the zone shows them. */
interface Parts {
  year: number;
  /** 1 to 12. */
  month: number;
  day: number;
  hour: number;
  minute: number;
  second: number;
  ms: number;
  /** Minutes east of UTC. */
  offset: number;
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** `utc` and `browser` as Grafana writes them, else an IANA name; the browser's for one that is not known. */
function zoneFormat(zone: string | undefined): Intl.DateTimeFormat {
  const key = zone ?? '';
  const known = formats.get(key);
  if (known) return known;
  const options: Intl.DateTimeFormatOptions = {
    hourCycle: 'h23', era: 'short', year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric',
  };
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat('en-US', { ...options, timeZone: key === '' || key === 'browser' ? undefined : key });
  } catch {
    format = new Intl.DateTimeFormat('en-US', options);
  }
  formats.set(key, format);
  return format;
}

/** Zones change their offset at quarters of an hour. */
const quarterMs = 900_000;
const mostOffsets = 20_000;
/** By zone and quarter of an hour since 1970: milliseconds east of UTC. */
const offsets = new Map<string, Map<number, number>>();

/** Asking the browser costs a hundred times what the arithmetic does: it is asked once for a quarter of an hour. */
function offsetOf(ms: number, zone: string | undefined): number {
  const key = zone ?? '';
  if (key === 'UTC' || key === 'utc') return 0;
  let known = offsets.get(key);
  if (!known) offsets.set(key, (known = new Map()));
  // Before 1970 offsets had minutes and seconds of their own.
  const quarter = ms >= 0 ? Math.floor(ms / quarterMs) : ms;
  const before = known.get(quarter);
  if (before !== undefined) return before;
  const made = askedOffset(ms >= 0 ? quarter * quarterMs : ms, zone);
  if (known.size >= mostOffsets) known.clear();
  known.set(quarter, made);
  return made;
}

function askedOffset(ms: number, zone: string | undefined): number {
  const parts = { year: 0, month: 0, day: 0, hour: 0, minute: 0, second: 0 };
  let beforeChrist = false;
  for (const { type, value } of zoneFormat(zone).formatToParts(ms)) {
    if (type in parts) parts[type as keyof typeof parts] = Number(value);
    else if (type === 'era') beforeChrist = value.startsWith('B');
  }
  const shown = utc(beforeChrist ? 1 - parts.year : parts.year, parts.month, parts.day) + parts.hour * 3_600_000 + parts.minute * 60_000 + parts.second * 1000;
  return shown - Math.floor(ms / 1000) * 1000;
}

function partsOf(ms: number, zone: string | undefined): Parts {
  const offset = offsetOf(ms, zone);
  const at = new Date(Math.floor(ms) + offset);
  return {
    year: at.getUTCFullYear(), month: at.getUTCMonth() + 1, day: at.getUTCDate(), hour: at.getUTCHours(), minute: at.getUTCMinutes(), second: at.getUTCSeconds(),
    ms: at.getUTCMilliseconds(), offset: Math.round(offset / 60_000),
  };
}

/** Unlike `Date.UTC`, the years 0 to 99 are themselves. */
function utc(year: number, month: number, day: number): number {
  const at = new Date(0);
  at.setUTCFullYear(year, month - 1, day);
  return at.getTime();
}

const months = ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November', 'December'];
const weekdays = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];

const pad = (value: number, width = 2) => `${value < 0 ? '-' : ''}${String(Math.abs(value)).padStart(width, '0')}`;

function ordinal(value: number): string {
  const tens = value % 100;
  const ending = tens >= 11 && tens <= 13 ? 'th' : (['th', 'st', 'nd', 'rd'][value % 10] ?? 'th');
  return `${value}${ending}`;
}

const weekday = (at: Parts) => new Date(utc(at.year, at.month, at.day)).getUTCDay();
const dayOfYear = (at: Parts) => Math.round((utc(at.year, at.month, at.day) - utc(at.year, 1, 1)) / 86_400_000) + 1;

/** The number of the week and the year that it counts to. ISO's weeks begin on Monday and hold a Thursday of the year; the others begin on Sunday and hold January 1st. */
function week(at: Parts, iso: boolean): [week: number, year: number] {
  const first = iso ? 1 : 0;
  const last = iso ? 4 : 6;
  // The day of this week that tells the year.
  const marker = new Date(utc(at.year, at.month, at.day) + (last - first - ((weekday(at) - first + 7) % 7)) * 86_400_000);
  const year = marker.getUTCFullYear();
  return [Math.floor((marker.getTime() - utc(year, 1, 1)) / 604_800_000) + 1, year];
}

function offsetText(minutes: number, between: string): string {
  const size = Math.abs(minutes);
  return `${minutes < 0 ? '-' : '+'}${pad(Math.floor(size / 60))}${between}${pad(size % 60)}`;
}

const long: Record<string, string> = {
  LTS: 'h:mm:ss A', LT: 'h:mm A', LLLL: 'dddd, MMMM D, YYYY h:mm A', LLL: 'MMMM D, YYYY h:mm A', LL: 'MMMM D, YYYY', L: 'MM/DD/YYYY',
  llll: 'ddd, MMM D, YYYY h:mm A', lll: 'MMM D, YYYY h:mm A', ll: 'MMM D, YYYY', l: 'M/D/YYYY',
};

const token =
  /\[([^\]]*)\]|\\(.)|LTS|LT|L{1,4}|l{1,4}|YYYYYY|YYYY|YY|Y|GGGG|GG|gggg|gg|Qo|Q|MMMM|MMM|MM|Mo|M|DDDD|DDDo|DDD|DD|Do|D|dddd|ddd|dd|do|d|E|e|ww|wo|w|WW|Wo|W|HH|H|hh|h|kk|k|mm|m|ss|s|S{1,9}|A|a|ZZ|Z|zz|z|X|x/g;

/** `YYYY-MM-DD HH:mm:ss` and moment.js' other tokens; text in brackets stays as it is. */
export function formatDate(ms: number, pattern: string, zone?: string): string {
  if (!Number.isFinite(ms) || Math.abs(ms) > 8.64e15) return 'Invalid date';
  const at = partsOf(ms, zone);
  const write = (text: string): string =>
    text.replace(token, (name: string, quoted: string | undefined, escaped: string | undefined) => {
      if (quoted !== undefined) return quoted;
      if (escaped !== undefined) return escaped;
      const longer = long[name];
      return longer === undefined ? part(name, at, ms, zone) : write(longer);
    });
  return write(pattern);
}

function part(name: string, at: Parts, ms: number, zone: string | undefined): string {
  switch (name) {
    case 'YYYYYY': return `${at.year < 0 ? '-' : '+'}${pad(Math.abs(at.year), 6)}`;
    case 'YYYY': return pad(at.year, 4);
    case 'YY': return pad(((at.year % 100) + 100) % 100);
    case 'Y': return String(at.year);
    case 'GGGG': return pad(week(at, true)[1], 4);
    case 'GG': return pad(week(at, true)[1] % 100);
    case 'gggg': return pad(week(at, false)[1], 4);
    case 'gg': return pad(week(at, false)[1] % 100);
    case 'Q': return String(Math.ceil(at.month / 3));
    case 'Qo': return ordinal(Math.ceil(at.month / 3));
    case 'MMMM': return months[at.month - 1]!;
    case 'MMM': return months[at.month - 1]!.slice(0, 3);
    case 'MM': return pad(at.month);
    case 'Mo': return ordinal(at.month);
    case 'M': return String(at.month);
    case 'DDDD': return pad(dayOfYear(at), 3);
    case 'DDDo': return ordinal(dayOfYear(at));
    case 'DDD': return String(dayOfYear(at));
    case 'DD': return pad(at.day);
    case 'Do': return ordinal(at.day);
    case 'D': return String(at.day);
    case 'dddd': return weekdays[weekday(at)]!;
    case 'ddd': return weekdays[weekday(at)]!.slice(0, 3);
    case 'dd': return weekdays[weekday(at)]!.slice(0, 2);
    case 'do': return ordinal(weekday(at));
    case 'd': case 'e': return String(weekday(at));
    case 'E': return String(weekday(at) || 7);
    case 'ww': return pad(week(at, false)[0]);
    case 'wo': return ordinal(week(at, false)[0]);
    case 'w': return String(week(at, false)[0]);
    case 'WW': return pad(week(at, true)[0]);
    case 'Wo': return ordinal(week(at, true)[0]);
    case 'W': return String(week(at, true)[0]);
    case 'HH': return pad(at.hour);
    case 'H': return String(at.hour);
    case 'hh': return pad(at.hour % 12 || 12);
    case 'h': return String(at.hour % 12 || 12);
    case 'kk': return pad(at.hour || 24);
    case 'k': return String(at.hour || 24);
    case 'mm': return pad(at.minute);
    case 'm': return String(at.minute);
    case 'ss': return pad(at.second);
    case 's': return String(at.second);
    case 'A': return at.hour < 12 ? 'AM' : 'PM';
    case 'a': return at.hour < 12 ? 'am' : 'pm';
    case 'ZZ': return offsetText(at.offset, '');
    case 'Z': return offsetText(at.offset, ':');
    case 'zz': case 'z': return zoneName(ms, zone);
    case 'X': return String(Math.floor(ms / 1000));
    case 'x': return String(Math.floor(ms));
    default: return pad(at.ms, 3).padEnd(9, '0').slice(0, name.length);
  }
}

function zoneName(ms: number, zone: string | undefined): string {
  const { timeZone } = zoneFormat(zone).resolvedOptions();
  const parts = new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'short' }).formatToParts(ms);
  return parts.find(({ type }) => type === 'timeZoneName')?.value ?? '';
}

/** A moment by one pattern, with another for what lies on the day of `now`. */
export function dated(pattern: string, today?: string, withMs?: string): Format {
  return (value, _decimals, context) => {
    if (!Number.isFinite(value)) return { text: fixed(value) };
    const chosen = today !== undefined && isToday(value, context) ? today : context.showMs && withMs ? withMs : pattern;
    return { text: formatDate(value, chosen, context.timeZone) };
  };
}

function isToday(ms: number, { now, timeZone }: FormatContext): boolean {
  return formatDate(ms, 'YYYY-MM-DD', timeZone) === formatDate(now ?? Date.now(), 'YYYY-MM-DD', timeZone);
}

/** From how many seconds on a distance is told in which words, as moment.js rounds: 45 seconds are a minute, 22 hours are a day. */
const distances: [below: number, unitSeconds: number, one: string, many: string][] = [
  [44.5, 1, 'a few seconds', 'a few seconds'],
  [44.5 * 60, 60, 'a minute', 'minutes'],
  [21.5 * 3_600, 3_600, 'an hour', 'hours'],
  [25.5 * 86_400, 86_400, 'a day', 'days'],
  [319.5 * 86_400, 2_629_746, 'a month', 'months'],
  [Infinity, 31_556_952, 'a year', 'years'],
];

/** `3 hours ago`, `in 2 days`. */
export const fromNow: Format = (value, _decimals, context) => {
  if (!Number.isFinite(value)) return { text: fixed(value) };
  const seconds = (value - (context.now ?? Date.now())) / 1000;
  const size = Math.abs(seconds);
  const [, unit, one, many] = distances.find(([below]) => size < below)!;
  const count = Math.round(size / unit);
  const text = unit === 1 || count <= 1 ? one : `${count} ${many}`;
  return { text: seconds > 0 ? `in ${text}` : `${text} ago` };
};
