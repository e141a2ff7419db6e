/** Which points are joined to a line, and which of them a screen can show. */

import type { Cell } from './join';

export interface Gaps {
  /** How long a gap of `null` may be that is crossed; 0 for none. */
  spanNullsMs: number;
  /** Points further apart are not joined. */
  insertNullsMs: number;
}

/** The indexes of the points between `from` and `to`, inclusive, in runs that are joined. */
export function runs(values: ArrayLike<Cell>, times: ArrayLike<number>, from: number, to: number, { spanNullsMs, insertNullsMs }: Gaps): number[][] {
  const found: number[][] = [];
  let run: number[] = [];
  let last = -1;
  let gap = false;
  for (let index = from; index <= to; index += 1) {
    const value = values[index];
    if (value === undefined) continue;
    if (value === null) {
      gap = true;
      continue;
    }
    if (last >= 0) {
      const away = times[index]! - times[last]!;
      if (away > insertNullsMs || (gap && away > spanNullsMs)) {
        found.push(run);
        run = [];
      }
    }
    run.push(index);
    last = index;
    gap = false;
  }
  if (run.length > 0) found.push(run);
  return found;
}

/** The runs of one point, which no line reaches; found without gathering the others. */
export function lonely(values: ArrayLike<Cell>, times: ArrayLike<number>, { spanNullsMs, insertNullsMs }: Gaps): number[] {
  const found: number[] = [];
  let [last, length, gap] = [-1, 0, false];
  for (let index = 0; index < values.length; index += 1) {
    const value = values[index];
    if (value === undefined) continue;
    if (value === null) {
      gap = true;
      continue;
    }
    const away = last < 0 ? 0 : times[index]! - times[last]!;
    if (away > insertNullsMs || (gap && away > spanNullsMs)) {
      if (length === 1) found.push(last);
      length = 0;
    }
    [last, gap] = [index, false];
    length += 1;
  }
  if (length === 1) found.push(last);
  return found;
}

/** More points than this in a pixel column cannot be told apart. */
const shownPerColumn = 2;

/**
 * Of each pixel column the first and the last point, the least and the greatest: nothing else can be seen of it.
 * A spike of one point is kept, which an even choice of points would lose. `columnOf` is a whole number and ascends.
 */
export function thin(run: number[], values: ArrayLike<Cell>, columnOf: (index: number) => number): number[] {
  if (run.length < 3) return run;
  const columns = columnOf(run[run.length - 1]!) - columnOf(run[0]!) + 1;
  if (run.length <= columns * shownPerColumn) return run;
  const kept: number[] = [];
  let at = 0;
  while (at < run.length) {
    const column = columnOf(run[at]!);
    const first = run[at]!;
    let [last, least, most] = [first, first, first];
    for (at += 1; at < run.length && columnOf(run[at]!) === column; at += 1) {
      last = run[at]!;
      if (values[last]! < values[least]!) least = last;
      if (values[last]! > values[most]!) most = last;
    }
    const [early, late] = least < most ? [least, most] : [most, least];
    kept.push(first);
    for (const one of [early, late, last]) if (one > kept[kept.length - 1]!) kept.push(one);
  }
  return kept;
}
