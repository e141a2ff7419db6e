/** Lengths of time, in the unit that fits or taken apart into several. */

import type { Decimals, Format, Formatted } from './number';
import { fixed } from './number';

const second = 1;
const minute = 60;
const hour = 3_600;
const day = 86_400;
const week = 604_800;
const year = 31_536_000;

/** From the largest: below how many seconds it no longer fits, what it is in seconds, its name, whether it has a plural. */
type Step = [from: number, size: number, name: string, plural: boolean];

const years: Step = [year, year, 'year', true];
const weeks: Step = [week, week, 'week', true];
const days: Step = [day, day, 'day', true];
const hours: Step = [hour, hour, 'hour', true];
const minutes: Step = [minute, minute, 'min', true];
const seconds: Step = [second, second, 's', false];
const milliseconds: Step = [1e-3, 1e-3, 'ms', false];
const microseconds: Step = [1e-6, 1e-6, 'µs', false];
const nanoseconds: Step = [0, 1e-9, 'ns', false];

/**
 * In the largest of `steps` that fits; the last takes what is smaller.
 * `unit` is what values come in, as the number of them in a second (`perSecond`) or of seconds in one.
 */
function length(steps: Step[], zero: string, toSeconds: (value: number) => number): Format {
  return (value, decimals) => {
    if (!Number.isFinite(value)) return { text: fixed(value) };
    if (value === 0) return { text: fixed(0, decimals), suffix: ` ${zero}` };
    const inSeconds = toSeconds(value);
    const size = Math.abs(inSeconds);
    const [, unit, name, plural] = steps.find(([from]) => size >= from) ?? steps[steps.length - 1]!;
    // 15 digits: what was a whole number before it was divided and multiplied is one again.
    const rest = Number((unit < 1 ? inSeconds * Math.round(1 / unit) : inSeconds / unit).toPrecision(15));
    return { text: fixed(rest, decimals), suffix: ` ${name}${plural && Math.abs(rest) !== 1 ? 's' : ''}` };
  };
}

export const ofNanoseconds = length([days, hours, minutes, seconds, milliseconds, microseconds, nanoseconds], 'ns', (value) => value / 1e9);
export const ofMicroseconds = length([seconds, milliseconds, microseconds], 'µs', (value) => value / 1e6);
export const ofMilliseconds = length([years, days, hours, minutes, seconds, milliseconds], 'ms', (value) => value / 1e3);
export const ofSeconds = length([years, weeks, days, hours, minutes, seconds, milliseconds, microseconds, nanoseconds], 's', (value) => value);
export const ofMinutes = length([years, weeks, days, hours, minutes], 'min', (value) => value * minute);
export const ofHours = length([years, weeks, days, hours], 'hour', (value) => value * hour);
export const ofDays = length([years, weeks, days], 'day', (value) => value * day);
/** Hundredths of a second, as SNMP counts. */
export const ofTicks: Format = (value, decimals, context) => ofSeconds(value / 100, decimals, context);

const parts: [number, string][] = [
  [year * 1000, 'year'],
  [30 * day * 1000, 'month'],
  [week * 1000, 'week'],
  [day * 1000, 'day'],
  [hour * 1000, 'hour'],
  [minute * 1000, 'minute'],
  [1000, 'second'],
  [1, 'millisecond'],
];

/** Taken apart from the largest unit on, `decimals` more units after the first: `1 day, 3 hours`. */
export function apart(unit: 'second' | 'millisecond'): Format {
  const size = unit === 'second' ? 1000 : 1;
  return (value, decimals) => {
    if (!Number.isFinite(value)) return { text: fixed(value) };
    if (value === 0) return { text: '0', suffix: ` ${unit}s` };
    let rest = Number((Math.abs(value) * size).toPrecision(15));
    const ago = value < 0 ? ' ago' : undefined;
    if (rest < 1) return { text: fixed(rest, decimals), suffix: ` milliseconds${ago ?? ''}` };
    const said: string[] = [];
    let left = 1 + Math.max(0, decimals ?? 0);
    for (const [ms, name] of parts) {
      if (left === 0) break;
      const whole = Math.floor(rest / ms);
      if (whole < 1 && said.length === 0) continue;
      said.push(`${whole} ${name}${whole === 1 ? '' : 's'}`);
      rest -= whole * ms;
      left -= 1;
    }
    return { text: said.join(', '), suffix: ago };
  };
}

const two = (value: number) => String(value).padStart(2, '0');

/** `26:03:04`, of seconds. */
export const clockOfHours: Format = (value) => {
  if (!Number.isFinite(value)) return { text: fixed(value) };
  const whole = Math.floor(Math.abs(value));
  return {
    text: `${two(Math.floor(whole / hour))}:${two(Math.floor((whole % hour) / minute))}:${two(whole % minute)}`,
    suffix: value < 0 ? ' ago' : undefined,
  };
};

/** `1 d 02:03:04`, of seconds. */
export const clockOfDays: Format = (value, decimals, context) => {
  if (!Number.isFinite(value)) return { text: fixed(value) };
  const whole = Math.floor(Math.abs(value));
  const count = Math.floor(whole / day);
  const { text } = clockOfHours(whole % day, decimals, context);
  return { text: `${count > 0 ? `${count} d ` : ''}${text}`, suffix: value < 0 ? ' ago' : undefined };
};

/** `01h:02m:03s:004ms`, beginning with the largest unit that is there; `decimals` more units after the first. */
function clock(ms: number, decimals: Decimals): Formatted {
  if (!Number.isFinite(ms)) return { text: fixed(ms) };
  const whole = Math.floor(Math.abs(ms));
  const all = [
    `${two(Math.floor(whole / 3_600_000))}h`,
    `${two(Math.floor((whole % 3_600_000) / 60_000))}m`,
    `${two(Math.floor((whole % 60_000) / 1000))}s`,
    `${String(whole % 1000).padStart(3, '0')}ms`,
  ];
  const first = whole < 1000 ? 3 : whole < 60_000 ? 2 : whole < 3_600_000 ? 1 : 0;
  const text = all.slice(first, decimals == null ? undefined : first + 1 + Math.max(0, decimals)).join(':');
  return { text: ms < 0 ? `-${text}` : text };
}

export const clockOfMilliseconds: Format = (value, decimals) => clock(value, decimals);
export const clockOfSeconds: Format = (value, decimals) => clock(value * 1000, decimals);
