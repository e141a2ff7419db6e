/** Puts series with times of their own on one axis of times, without inventing points. */

import type { Field, Frame } from '../../frame';
import { isTime } from '../../frame';

/** A number, `null` for a gap, `undefined` where the series has no point at that time at all. */
export type Cell = number | null | undefined;

/** A series as it came: its times ascend. */
export interface Source {
  frame: Frame;
  field: Field;
  times: number[];
  values: Cell[];
}

/** What can be drawn: finite numbers; a boolean counts as 0 or 1. The rest is a gap. */
function cell(value: unknown): number | null {
  if (typeof value === 'number') return Number.isFinite(value) ? value : null;
  return typeof value === 'boolean' ? Number(value) : null;
}

/** What stands for a gap when the dashboard says so: a number as the text for no value. */
function inGaps(noValue: string | undefined): number | null {
  const number = noValue === undefined || noValue.trim() === '' ? Number.NaN : Number(noValue);
  return Number.isFinite(number) ? number : null;
}

/** The series of all frames that have a time. */
export function sources(frames: Frame[]): Source[] {
  const found: Source[] = [];
  for (const frame of frames) {
    if (frame.meta?.kind === 'exemplars') continue;
    const time = frame.fields.find(isTime);
    if (!time) continue;
    let order: number[] | null = null;
    for (let index = 1; index < time.values.length; index += 1) {
      if (time.values[index]! < time.values[index - 1]!) {
        order = time.values.map((_, place) => place).sort((a, b) => time.values[a]! - time.values[b]!);
        break;
      }
    }
    const times = order ? order.map((place) => time.values[place]!) : time.values;
    for (const field of frame.fields) {
      if (field.type !== 'number' && field.type !== 'boolean') continue;
      const gap = inGaps(field.config.noValue);
      const read = gap === null ? cell : (value: unknown) => (value == null ? gap : cell(value));
      found.push({ frame, field, times, values: order ? order.map((place) => read(field.values[place])) : field.values.map(read) });
    }
  }
  return found;
}

const same = (a: number[], b: number[]) => a === b || (a.length === b.length && a.every((time, index) => time === b[index]));

/** All times, each once, and the values of every series at them. Of two points at one time the later one counts. */
export function join(given: Pick<Source, 'times' | 'values'>[]): { times: number[]; values: Cell[][] } {
  const first = given[0];
  if (!first) return { times: [], values: [] };
  let unique = true;
  for (let index = 1; index < first.times.length && unique; index += 1) unique = first.times[index] !== first.times[index - 1];
  // The usual case: one step for all queries.
  if (unique && given.every(({ times }) => same(times, first.times))) return { times: first.times, values: given.map(({ values }) => values) };
  const all = new Set<number>();
  for (const { times } of new Map(given.map((one) => [one.times, one])).values()) for (const time of times) all.add(time);
  const times = [...all].sort((a, b) => a - b);
  const place = new Map(times.map((time, index) => [time, index]));
  const values = given.map((one) => {
    const cells = new Array<Cell>(times.length).fill(undefined);
    one.times.forEach((time, index) => {
      cells[place.get(time)!] = one.values[index];
    });
    return cells;
  });
  return { times, values };
}

/** The index of the time nearest to `at`; -1 when there is none. */
export function nearestIndex(times: ArrayLike<number>, at: number): number {
  if (times.length === 0) return -1;
  let low = 0;
  let high = times.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (times[middle]! < at) low = middle;
    else high = middle;
  }
  return at - times[low]! <= times[high]! - at ? low : high;
}
