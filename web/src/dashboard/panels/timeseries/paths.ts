/** Lines, areas and bars as paths. Coordinates are canvas pixels. */

import type { Interpolation } from './style';

export type Point = [x: number, y: number];

/** What of a `Path2D` is used, so that tests can record it. */
export type Pen = Pick<Path2D, 'moveTo' | 'lineTo' | 'bezierCurveTo' | 'rect' | 'closePath'>;

/**
 * Slopes of a cubic through points whose x ascend or descend, after Fritsch and Carlson: between two points the curve
 * stays between their values, so that nothing is drawn which was not measured.
 */
export function monotoneSlopes(points: Point[]): number[] {
  const count = points.length;
  const steps: number[] = [];
  for (let index = 0; index + 1 < count; index += 1) {
    const [a, b] = [points[index]!, points[index + 1]!];
    steps.push(b[0] === a[0] ? 0 : (b[1] - a[1]) / (b[0] - a[0]));
  }
  const slopes = new Array<number>(count).fill(0);
  for (let index = 0; index < count; index += 1) {
    if (index === 0) slopes[index] = steps[0] ?? 0;
    else if (index === count - 1) slopes[index] = steps[index - 1]!;
    else {
      const [before, after] = [steps[index - 1]!, steps[index]!];
      if (before * after <= 0) continue;
      const [left, right] = [points[index]![0] - points[index - 1]![0], points[index + 1]![0] - points[index]![0]];
      slopes[index] = (3 * (left + right)) / ((2 * right + left) / before + (right + 2 * left) / after);
    }
  }
  return slopes;
}

/** Goes on from the first point, where the pen stands, through the others. */
function follow(pen: Pen, points: Point[], interpolation: Interpolation): void {
  if (interpolation === 'smooth' && points.length > 2) {
    const slopes = monotoneSlopes(points);
    for (let index = 1; index < points.length; index += 1) {
      const [a, b] = [points[index - 1]!, points[index]!];
      const third = (b[0] - a[0]) / 3;
      pen.bezierCurveTo(a[0] + third, a[1] + slopes[index - 1]! * third, b[0] - third, b[1] - slopes[index]! * third, b[0], b[1]);
    }
    return;
  }
  for (let index = 1; index < points.length; index += 1) {
    const [a, b] = [points[index - 1]!, points[index]!];
    if (interpolation === 'stepAfter') pen.lineTo(b[0], a[1]);
    if (interpolation === 'stepBefore') pen.lineTo(a[0], b[1]);
    pen.lineTo(b[0], b[1]);
  }
}

export function line(pen: Pen, points: Point[], interpolation: Interpolation): void {
  const first = points[0];
  if (!first) return;
  pen.moveTo(first[0], first[1]);
  // A stroke of no length is drawn only with round ends; half a pixel is seen with any.
  if (points.length === 1) pen.lineTo(first[0] + 0.5, first[1]);
  else follow(pen, points, interpolation);
}

const backward: Record<Interpolation, Interpolation> = { linear: 'linear', smooth: 'smooth', stepAfter: 'stepBefore', stepBefore: 'stepAfter' };

/** The area between a line and the one below it, which has a point for each of the line's. */
export function area(pen: Pen, top: Point[], bottom: Point[], interpolation: Interpolation): void {
  if (top.length < 2) return;
  pen.moveTo(top[0]![0], top[0]![1]);
  follow(pen, top, interpolation);
  const back = [...bottom].reverse();
  pen.lineTo(back[0]![0], back[0]![1]);
  follow(pen, back, backward[interpolation]);
  pen.closePath();
}

/** Upright bars; the border, when there is one, lies within. */
export function bars(pen: Pen, top: Point[], bottom: Point[], width: number, alignment: -1 | 0 | 1, border: number): void {
  top.forEach(([x, y], index) => {
    const low = bottom[index]![1];
    const height = Math.abs(low - y);
    if (height === 0) return;
    const left = alignment === 0 ? x - width / 2 : alignment === 1 ? x : x - width;
    const inset = Math.min(border, width, height) / 2;
    pen.rect(left + inset, Math.min(y, low) + inset, Math.max(width - 2 * inset, 0.5), Math.max(height - 2 * inset, 0.5));
  });
}

/** The width of bars: a share of the least distance between two of them. */
export function barWidth(least: number, factor: number, most: number): number {
  return Math.max(Math.min(least * factor, most), 1);
}
