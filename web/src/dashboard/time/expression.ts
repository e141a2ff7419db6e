/** Grafana's expressions of time: `now-6h`, `now/d`, `now-1d/d`, milliseconds since 1970, dates. */

import type { LocalTime } from './zone';
import { localTime, momentOf } from './zone';

export type Moment = { ms: number; error?: undefined } | { ms?: undefined; error: string };

export interface Calendar {
  /** `monday`, `sunday`, `saturday`; Monday when it is none of these. */
  weekStart?: string;
  /** The month in which fiscal years begin, from 0. */
  fiscalYearStartMonth?: number;
}

const fixed: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
/** How much of which field a unit of the calendar is. */
const calendrical: Record<string, { field: 'day' | 'month' | 'year'; count: number }> = {
  d: { field: 'day', count: 1 },
  w: { field: 'day', count: 7 },
  M: { field: 'month', count: 1 },
  Q: { field: 'month', count: 3 },
  fQ: { field: 'month', count: 3 },
  y: { field: 'year', count: 1 },
  fy: { field: 'year', count: 1 },
};
const weekDays: Record<string, number> = { sunday: 0, monday: 1, saturday: 6 };

const daysIn = (year: number, month: number) => new Date(Date.UTC(year, month, 0)).getUTCDate();

/** `count` units later; days keep the time of the clock, months the day of the calendar as far as there is one. */
export function addTime(at: number, count: number, unit: string, zone: string): number | null {
  const size = fixed[unit];
  if (size !== undefined) return at + count * size;
  const steps = calendrical[unit];
  if (!steps) return null;
  const time = localTime(at, zone);
  if (steps.field === 'day') return momentOf({ ...time, day: time.day + count * steps.count }, zone);
  const months = time.year * 12 + (time.month - 1) + count * steps.count * (steps.field === 'year' ? 12 : 1);
  const [year, month] = [Math.floor(months / 12), (((months % 12) + 12) % 12) + 1];
  return momentOf({ ...time, year, month, day: Math.min(time.day, daysIn(year, month)) }, zone);
}

/** The beginning of the unit that the moment lies in. */
function startOf(at: number, unit: string, zone: string, calendar: Calendar): number | null {
  const size = fixed[unit];
  // Hours and minutes of the clock, which in some zones do not begin with those of UTC.
  if (size !== undefined) {
    const shift = ((localTime(at, zone).minute * 60_000 - (Math.floor(at / 60_000) % 60) * 60_000) % size) || 0;
    return Math.floor((at + shift) / size) * size - shift;
  }
  if (!calendrical[unit]) return null;
  const time = localTime(at, zone);
  const day: LocalTime = { ...time, hour: 0, minute: 0, second: 0, millisecond: 0 };
  if (unit === 'd') return momentOf(day, zone);
  if (unit === 'w') {
    const weekDay = new Date(Date.UTC(time.year, time.month - 1, time.day)).getUTCDay();
    const first = weekDays[calendar.weekStart?.toLowerCase() ?? ''] ?? 1;
    return momentOf({ ...day, day: day.day - ((weekDay - first + 7) % 7) }, zone);
  }
  const offset = unit.startsWith('f') ? (calendar.fiscalYearStartMonth ?? 0) : 0;
  const length = unit === 'M' ? 1 : unit.endsWith('Q') ? 3 : 12;
  const months = time.year * 12 + (time.month - 1) - offset;
  const begin = Math.floor(months / length) * length + offset;
  return momentOf({ ...day, year: Math.floor(begin / 12), month: (((begin % 12) + 12) % 12) + 1, day: 1 }, zone);
}

/** The beginning of the unit, or its last millisecond. */
export function roundTime(at: number, unit: string, zone: string, up: boolean, calendar: Calendar = {}): number | null {
  const begin = startOf(at, unit, zone, calendar);
  if (begin === null || !up) return begin;
  const next = addTime(begin, 1, unit, zone);
  return next === null ? null : next - 1;
}

/** Applies `-1d/d+2h`; the error names the part that cannot be read. */
function calculate(at: number, steps: string, zone: string, up: boolean, calendar: Calendar): Moment {
  const step = /^\s*(?:([+-])\s*(\d*)|\/)\s*(ms|fQ|fy|[smhdwMQy])/;
  let now = at;
  let rest = steps;
  while (rest.trim() !== '') {
    const found = step.exec(rest);
    if (!found) return { error: `\`${rest.trim()}\` is neither \`+\` or \`-\` with a number and a unit nor \`/\` with a unit; units are s, m, h, d, w, M, Q, y, fQ and fy` };
    const [all, sign, digits, unit = ''] = found;
    const count = digits ? Number(digits) : 1;
    const next = sign ? addTime(now, sign === '-' ? -count : count, unit, zone) : roundTime(now, unit, zone, up, calendar);
    if (next === null || !Number.isFinite(next) || Math.abs(next) > 8.64e15) return { error: `\`${all.trim()}\` leads out of the calendar` };
    now = next;
    rest = rest.slice(all.length);
  }
  return { ms: now };
}

const date = /^(\d{4})-(\d{1,2})(?:-(\d{1,2})(?:[T ](\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?)?)?\s*(Z|[+-]\d{2}:?\d{2})?$/i;

function absolute(text: string, zone: string): Moment | null {
  const packed = /^(\d{4})(\d{2})(\d{2})(?:T(\d{2})(\d{2})(\d{2}))?$/.exec(text);
  const found = packed ?? date.exec(text);
  if (!found) return /^-?\d+$/.test(text) ? { ms: Number(text) } : null;
  const [year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0] = found.slice(1, 7).map((part) => (part === undefined ? undefined : Number(part)));
  const fraction = packed ? '' : (found[7] ?? '');
  if (month < 1 || month > 12 || day < 1 || day > daysIn(year, month) || hour > 24 || minute > 59 || second > 59) return { error: `\`${text}\` is no date of the calendar` };
  const time = { year, month, day, hour, minute, second, millisecond: Number(fraction.padEnd(3, '0').slice(0, 3)) };
  const shift = packed ? undefined : found[8];
  if (!shift) return { ms: momentOf(time, zone) };
  if (shift.toUpperCase() === 'Z') return { ms: momentOf(time, 'UTC') };
  const minutes = Number(shift.slice(1, 3)) * 60 + Number(shift.slice(-2));
  return { ms: momentOf(time, 'UTC') - (shift.startsWith('-') ? -minutes : minutes) * 60_000 };
}

/**
 * The moment that an expression means. `roundUp` takes the end of a unit where the expression says `/d`, as for the end
 * of a range. Dates without a zone are of `zone`.
 */
export function parseTime(text: string | number, now: number, zone: string, roundUp = false, calendar: Calendar = {}): Moment {
  if (typeof text === 'number') return Number.isFinite(text) ? { ms: text } : { error: 'The time is no number' };
  const trimmed = text.trim();
  if (trimmed.startsWith('now')) return calculate(now, trimmed.slice(3), zone, roundUp, calendar);
  const bars = trimmed.indexOf('||');
  const start = absolute(bars < 0 ? trimmed : trimmed.slice(0, bars).trim(), zone);
  if (!start) return { error: trimmed === '' ? 'A time is missing' : `\`${trimmed}\` is no time: \`now-6h\`, \`2026-11-22 20:00:00\` and milliseconds since 1970 are` };
  return bars < 0 || start.ms === undefined ? start : calculate(start.ms, trimmed.slice(bars + 2), zone, roundUp, calendar);
}

/** Whether an expression moves with the time. */
export const isRelative = (text: string | number): boolean => typeof text === 'string' && text.includes('now');
