import type { RangeSeries } from '../api/prometheus';
import { sampleValue } from '../format/quantity';

/** One line of a chart; `values` stand at the chart's times, `null` where nothing is known. */
export interface Line {
  key: string;
  name: string;
  /** Place in the palette. */
  color: number;
  values: (number | null)[];
}

/** The moments, in seconds, at which the server evaluates a range. */
export function times(start: number, end: number, step: number): number[] {
  const count = Math.floor((end - start) / step + 1e-6) + 1;
  return Array.from({ length: Math.max(0, count) }, (_, index) => start + index * step);
}

/** Lays a series' points on the chart's times. What is not a finite number cannot be drawn and becomes a gap. */
export function onGrid(series: RangeSeries, start: number, step: number, count: number): (number | null)[] {
  const values: (number | null)[] = new Array<number | null>(count).fill(null);
  for (const [time, text] of series.values ?? []) {
    const index = Math.round((time - start) / step);
    const value = sampleValue(text);
    if (index >= 0 && index < count && Number.isFinite(value)) values[index] = value;
  }
  return values;
}

/** Sums each line with those below it; a gap counts as nothing unless the line has no value at all there. */
export function stack(lines: (number | null)[][]): (number | null)[][] {
  const sums: number[] = new Array<number>(lines[0]?.length ?? 0).fill(0);
  return lines.map((values) =>
    values.map((value, index) => {
      if (value === null) return null;
      sums[index]! += value;
      return sums[index]!;
    }),
  );
}
