/** Stacking: each series of a group stands upon those before it. */

import type { Cell } from './join';

export interface Stackable {
  values: Cell[];
  /** `null` when the series is not stacked, else what series must share to stand upon each other. */
  group: string | null;
  /** Shows the share of the group's sum, 0 to 1. */
  percent: boolean;
  /** Bars stand for themselves; a line has a height between its points too. */
  bars: boolean;
}

export interface Stacked {
  /** What is drawn. */
  values: Cell[];
  /** Where the area below it ends; `null` for zero. */
  base: number[] | null;
}

/** Whether the series lies below zero: it is stacked downward, apart from the others of its group. */
function isNegative(values: Cell[]): boolean {
  let negative = false;
  for (const value of values) {
    if (value == null) continue;
    if (value > 0) return false;
    negative ||= value < 0;
  }
  return negative;
}

/** The line at all times: where it has no point of its own, between two points that it joins, it lies between them. */
export function between(values: Cell[], times: ArrayLike<number>): Cell[] {
  const found = values.slice();
  let last = -1;
  for (let index = 0; index < values.length; index += 1) {
    const value = values[index];
    if (value === undefined) continue;
    if (value !== null && last >= 0 && index - last > 1) {
      const from = values[last]!;
      for (let inner = last + 1; inner < index; inner += 1) {
        found[inner] = from + ((value - from) * (times[inner]! - times[last]!)) / (times[index]! - times[last]!);
      }
    }
    last = value === null ? -1 : index;
  }
  return found;
}

const heights = (values: Cell[], times: ArrayLike<number>, bars: boolean) => (bars ? values : between(values, times)).map((value) => value ?? 0);

/** Stacks in the order given. Gaps stay gaps and add nothing to those above. */
export function stack(series: Stackable[], times: ArrayLike<number>): Stacked[] {
  const keys = series.map(({ group, values }) => (group === null ? null : `${group}|${isNegative(values) ? '-' : '+'}`));
  const high = series.map(({ values, bars }, index) => (keys[index] === null ? null : heights(values, times, bars)));
  const totals = new Map<string, number[]>();
  keys.forEach((key, index) => {
    if (key === null || !series[index]!.percent) return;
    const total = totals.get(key) ?? new Array<number>(times.length).fill(0);
    high[index]!.forEach((height, at) => (total[at]! += Math.abs(height)));
    totals.set(key, total);
  });
  const sums = new Map<string, number[]>();
  return series.map(({ values, percent }, index) => {
    const key = keys[index];
    if (key == null) return { values, base: null };
    const total = percent ? totals.get(key)! : null;
    const base = sums.get(key);
    const next = new Array<number>(times.length);
    const drawn = new Array<Cell>(times.length);
    for (let at = 0; at < times.length; at += 1) {
      const share = total ? (total[at] === 0 ? 0 : high[index]![at]! / total[at]!) : high[index]![at]!;
      next[at] = (base?.[at] ?? 0) + share;
      drawn[at] = values[at] == null ? values[at] : next[at];
    }
    sums.set(key, next);
    return { values: drawn, base: base ?? null };
  });
}
