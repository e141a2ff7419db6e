/**
 * Lines of more points than there are pixel columns, as what they cover of each column. A path with all turns of such a
 * line takes seconds to fill; this takes milliseconds, and no spike is lost. Coordinates are canvas pixels.
 */

import type { Pen } from './paths';
import type { Interpolation } from './style';

/** Columns side by side; one that nothing covers has a `low` above its `high`. */
export interface Columns {
  /** The first column. */
  from: number;
  /** The least and the greatest y that is covered, for each column. */
  low: Float64Array;
  high: Float64Array;
}

/** Where something may be drawn: columns from `left` to `right`, and y from `top` to `bottom`. */
export interface Bounds {
  left: number;
  right: number;
  top: number;
  bottom: number;
}

/**
 * What the line through the points of `run` covers: every point, and the way between two of them. `x` ascends. Smooth
 * lines go straight here, which is seen only between points that are far from each other.
 */
export function columnsOf(run: ArrayLike<number>, x: (index: number) => number, y: (index: number) => number, interpolation: Interpolation, bounds: Bounds): Columns {
  const clamped = (column: number) => Math.min(Math.max(column, bounds.left), bounds.right);
  const from = clamped(Math.floor(x(run[0]!)));
  const count = clamped(Math.floor(x(run[run.length - 1]!))) - from + 1;
  const low = new Float64Array(count).fill(Infinity);
  const high = new Float64Array(count).fill(-Infinity);
  // What is no number is not covered, as a path leaves it out.
  const cover = (column: number, at: number) => {
    const place = column - from;
    if (place < 0 || place >= count) return;
    const inside = at < bounds.top ? bounds.top : at > bounds.bottom ? bounds.bottom : at;
    if (inside < low[place]!) low[place] = inside;
    if (inside > high[place]!) high[place] = inside;
  };
  let [lastX, lastY, lastColumn] = [0, 0, 0];
  for (let index = 0; index < run.length; index += 1) {
    const [atX, atY] = [x(run[index]!), y(run[index]!)];
    const column = Math.floor(atX);
    if (index > 0 && interpolation === 'stepBefore') cover(lastColumn, atY);
    if (index > 0 && column !== lastColumn) {
      const slope = (atY - lastY) / (atX - lastX);
      const end = Math.min(column, from + count - 1);
      // The line enters a column where it leaves the one before.
      for (let edge = Math.max(lastColumn + 1, from); edge <= end; edge += 1) {
        const between = interpolation === 'stepAfter' ? lastY : interpolation === 'stepBefore' ? atY : lastY + (edge - lastX) * slope;
        cover(edge - 1, between);
        cover(edge, between);
      }
    }
    cover(column, atY);
    [lastX, lastY, lastColumn] = [atX, atY, column];
  }
  return { from, low, high };
}

/** A level line in the same columns. */
export function level({ from, low }: Columns, y: number, bounds: Bounds): Columns {
  const line = new Float64Array(low.length).fill(Math.min(Math.max(y, bounds.top), bounds.bottom));
  return { from, low: line, high: line };
}

/** The same, for a line of that many pixels. */
export function widened({ from, low, high }: Columns, width: number): Columns {
  const count = low.length;
  const others = Math.max(1, Math.round(width)) - 1;
  const before = Math.ceil(others / 2);
  const next: Columns = { from, low: new Float64Array(count).fill(Infinity), high: new Float64Array(count).fill(-Infinity) };
  for (let place = 0; place < count; place += 1) {
    const end = Math.min(count - 1, place + before);
    for (let near = Math.max(0, place + before - others); near <= end; near += 1) {
      if (low[near]! < next.low[place]!) next.low[place] = low[near]!;
      if (high[near]! > next.high[place]!) next.high[place] = high[near]!;
    }
    next.low[place]! -= width / 2;
    next.high[place]! += width / 2;
  }
  return next;
}

/** Upright strokes of one pixel's width, a column each. */
export function strokeColumns(pen: Pen, { from, low, high }: Columns, shift: number): void {
  for (let place = 0; place < low.length; place += 1) {
    if (!(high[place]! > low[place]!)) continue;
    pen.moveTo(from + place + 0.5 - shift, low[place]! - shift);
    pen.lineTo(from + place + 0.5 - shift, high[place]! - shift);
  }
}

/**
 * The area between a line and the one below it. Where the line lies on one side of the other, the area ends at the
 * other's far end, so that two areas that stand upon each other do not overlap.
 */
export function fillColumns(pen: Pen, line: Columns, base: Columns, shift: number): void {
  const count = Math.min(line.low.length, base.low.length);
  const upper = new Float64Array(count);
  const lower = new Float64Array(count);
  for (let place = 0; place < count; place += 1) {
    const [top, bottom, baseTop, baseBottom] = [line.low[place]!, line.high[place]!, base.low[place]!, base.high[place]!];
    const [isAbove, isBelow] = [top <= baseTop && bottom <= baseBottom, top >= baseTop && bottom >= baseBottom];
    upper[place] = isBelow && !isAbove ? baseBottom : Math.min(top, baseTop);
    lower[place] = isAbove ? baseTop : isBelow ? bottom : Math.max(bottom, baseBottom);
  }
  const isCovered = (place: number) => lower[place]! > upper[place]!;
  let start = 0;
  while (start < count) {
    if (!isCovered(start)) {
      start += 1;
      continue;
    }
    let end = start;
    while (end < count && isCovered(end)) end += 1;
    const x = line.from - shift;
    pen.moveTo(x + start, upper[start]! - shift);
    for (let place = start; place < end; place += 1) {
      if (place > start && upper[place] !== upper[place - 1]) pen.lineTo(x + place, upper[place]! - shift);
      if (place + 1 === end || upper[place + 1] !== upper[place]) pen.lineTo(x + place + 1, upper[place]! - shift);
    }
    for (let place = end - 1; place >= start; place -= 1) {
      if (place + 1 === end || lower[place + 1] !== lower[place]) pen.lineTo(x + place + 1, lower[place]! - shift);
      if (place === start || lower[place - 1] !== lower[place]) pen.lineTo(x + place, lower[place]! - shift);
    }
    pen.closePath();
    start = end;
  }
}
