/** Clock and calendar of a time zone, by the tables that the browser brings along. */

/** What a clock and a calendar show. `month` counts from 1. */
export interface LocalTime {
  year: number;
  month: number;
  day: number;
  hour: number;
  minute: number;
  second: number;
  millisecond: number;
}

const formats = new Map<string, Intl.DateTimeFormat>();

function formatFor(zone: string): Intl.DateTimeFormat {
  let format = formats.get(zone);
  if (!format) {
    const options: Intl.DateTimeFormatOptions = { hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric', era: 'short' };
    try {
      format = new Intl.DateTimeFormat('en-US', { ...options, timeZone: zone });
    } catch {
      // A zone that the browser does not know must not keep a dashboard from being shown.
      format = new Intl.DateTimeFormat('en-US', { ...options, timeZone: 'UTC' });
    }
    formats.set(zone, format);
  }
  return format;
}

/** Whether the browser knows a zone of this name. */
export function isZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat('en-US', { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}

/** The IANA name for a dashboard's `timezone`: `browser` or nothing is the reader's own. */
export function zoneOf(setting: string | undefined): string {
  const name = setting?.trim() ?? '';
  if (name === '' || name === 'browser') return Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC';
  if (name.toLowerCase() === 'utc') return 'UTC';
  return isZone(name) ? name : 'UTC';
}

/** How far the zone's clock is ahead of UTC, in milliseconds. */
export function offsetMs(at: number, zone: string): number {
  if (zone === 'UTC') return 0;
  let year = 0;
  let [month, day, hour, minute, second] = [1, 1, 0, 0, 0];
  for (const { type, value } of formatFor(zone).formatToParts(at)) {
    if (type === 'year') year = year < 0 ? 1 - Number(value) : Number(value);
    else if (type === 'month') month = Number(value);
    else if (type === 'day') day = Number(value);
    else if (type === 'hour') hour = Number(value);
    else if (type === 'minute') minute = Number(value);
    else if (type === 'second') second = Number(value);
    else if (type === 'era' && value.startsWith('B')) year = 1 - year;
  }
  const shown = new Date(0);
  shown.setUTCFullYear(year, month - 1, day);
  shown.setUTCHours(hour, minute, second, 0);
  return shown.getTime() - Math.floor(at / 1000) * 1000;
}

/** What clock and calendar show at a moment. */
export function localTime(at: number, zone: string): LocalTime {
  const shown = new Date(at + offsetMs(at, zone));
  return {
    year: shown.getUTCFullYear(),
    month: shown.getUTCMonth() + 1,
    day: shown.getUTCDate(),
    hour: shown.getUTCHours(),
    minute: shown.getUTCMinutes(),
    second: shown.getUTCSeconds(),
    millisecond: shown.getUTCMilliseconds(),
  };
}

/**
 * The moment at which clock and calendar show this; fields may lie outside of their ranges and then carry over. A time
 * that the clock skips is moved on by what it skips, of a time that comes twice it is the first.
 */
export function momentOf(time: LocalTime, zone: string): number {
  const shown = new Date(0);
  shown.setUTCFullYear(time.year, time.month - 1, time.day);
  shown.setUTCHours(time.hour, time.minute, time.second, time.millisecond);
  const asUtc = shown.getTime();
  if (zone === 'UTC' || Number.isNaN(asUtc)) return asUtc;
  // Zones change by less than a day at once, so that one of these two offsets holds.
  const before = offsetMs(asUtc - 86_400_000, zone);
  const after = offsetMs(asUtc + 86_400_000, zone);
  const first = asUtc - before;
  if (offsetMs(first, zone) === before) return first;
  const second = asUtc - after;
  return offsetMs(second, zone) === after ? second : first;
}
