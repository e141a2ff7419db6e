/**
 * What a chart has drawn, for tests in a browser. The element with `data-chart` has the property `__chart`, a function:
 * `page.locator('[data-chart]').evaluate((node) => node.__chart())`.
 */

export interface ChartReading {
  kind: string;
  series: {
    name: string;
    color: string;
    shown: boolean;
    /** A key of `scales`. */
    scale: string;
    /** As they were asked for. */
    values: (number | null)[];
    /** As they stand on the axis: transformed and stacked. */
    drawn: (number | null)[];
  }[];
  /** Of every point: milliseconds, a category or the lower bound of a bucket. */
  x: (number | string)[];
  /** From where to where the axes reach. */
  scales: Record<string, [number, number]>;
  /** What stands beside the axes of values, from the least; of charts that write it onto a canvas. */
  ticks?: { side: 'left' | 'right'; texts: string[] }[];
  /** The plot in pixels of the page, without axes. */
  plot: { left: number; top: number; width: number; height: number };
}

export function setReading(node: HTMLElement | null, read: (() => ChartReading) | null): void {
  if (node) (node as HTMLElement & { __chart?: (() => ChartReading) | null }).__chart = read;
}
