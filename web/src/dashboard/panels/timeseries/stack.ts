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

/**
 * By time whether the value stands below zero: it is stacked downward, apart from those above. A zero stays on the side
 * where its series was, before its first other value where it will be.
 */
function sides(values: ArrayLike<number>): boolean[] {
  const found = new Array<boolean>(values.length);
  let below = false;
  for (let at = 0; at < values.length; at += 1) {
    if (values[at] !== 0) {
      below = values[at]! < 0;
      break;
    }
  }
  for (let at = 0; at < values.length; at += 1) {
    if (values[at] !== 0) below = values[at]! < 0;
    found[at] = below;
  }
  return found;
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

/** Sums of a group above and below zero, by time. */
interface Sums {
  above: number[];
  below: number[];
}

const empty = (length: number): Sums => ({ above: new Array<number>(length).fill(0), below: new Array<number>(length).fill(0) });

function of(groups: Map<string, Sums>, group: string, length: number): Sums {
  let sums = groups.get(group);
  if (!sums) groups.set(group, (sums = empty(length)));
  return sums;
}

/** Stacks in the order given, values above zero upward and those below downward. Gaps stay gaps and add nothing to the others. */
export function stack(series: Stackable[], times: ArrayLike<number>): Stacked[] {
  const heightOf = series.map(({ values, group, bars }) => (group === null ? null : heights(values, times, bars)));
  const sideOf = heightOf.map((high) => high && sides(high));
  const totals = new Map<string, Sums>();
  series.forEach(({ group, percent }, index) => {
    if (group === null || !percent) return;
    const total = of(totals, group, times.length);
    heightOf[index]!.forEach((height, at) => ((sideOf[index]![at] ? total.below : total.above)[at]! += Math.abs(height)));
  });
  const sums = new Map<string, Sums>();
  return series.map(({ values, group, percent }, index) => {
    if (group === null) return { values, base: null };
    const isFirst = !sums.has(group);
    const { above, below } = of(sums, group, times.length);
    const total = percent ? totals.get(group)! : null;
    const base = new Array<number>(times.length);
    const drawn = new Array<Cell>(times.length);
    for (let at = 0; at < times.length; at += 1) {
      const isBelow = sideOf[index]![at]!;
      const [side, all] = isBelow ? [below, total?.below[at]] : [above, total?.above[at]];
      const height = heightOf[index]![at]!;
      base[at] = side[at]!;
      side[at] = side[at]! + (all === undefined ? height : all === 0 ? 0 : height / all);
      drawn[at] = values[at] == null ? values[at] : side[at];
    }
    return { values: drawn, base: isFirst ? null : base };
  });
}
