/** How often values lie within equal ranges. */

import type { Frame } from '../../frame';
import { roundStep } from '../barchart/scale';

export interface Buckets {
  /** Lower bounds, and the upper one of the last: one more than there are counts. */
  edges: number[];
  counts: number[][];
  /** The width that was asked for was too small for the range and was widened. */
  widened: boolean;
}

/** More buckets than this cannot be seen. */
const mostBuckets = 1_000;

/**
 * Counts the finite numbers of each list in common buckets. Without a `size` it is a round one that makes about `count`
 * buckets; all buckets begin at `offset` and whole numbers of sizes.
 */
export function bucketsOf(lists: unknown[][], { size, offset, count, unit, decimals }: { size: number | null; offset: number; count: number; unit?: string; decimals?: number | null }): Buckets | null {
  let [low, high] = [Infinity, -Infinity];
  for (const list of lists)
    for (const value of list) {
      if (typeof value !== 'number' || !Number.isFinite(value)) continue;
      if (value < low) low = value;
      if (value > high) high = value;
    }
  if (low > high) return null;
  let width = size ?? (low === high ? Math.abs(low) / 10 || 1 : roundStep(low, high, count, unit, decimals));
  const widened = (high - low) / width > mostBuckets;
  if (widened) width = roundStep(low, high, mostBuckets / 2, unit, null);
  // Guards against 0.3 / 0.1 being just below 3.
  const place = (value: number) => Math.floor((value - offset) / width + 1e-9);
  const [first, last] = [place(low), place(high)];
  const edges = Array.from({ length: last - first + 2 }, (_, index) => Number((offset + (first + index) * width).toPrecision(12)));
  const counts = lists.map((list) => {
    const found = new Array<number>(last - first + 1).fill(0);
    for (const value of list) if (typeof value === 'number' && Number.isFinite(value)) found[place(value) - first]! += 1;
    return found;
  });
  return { edges, counts, widened };
}

const lower = new Set(['xMin', 'BucketMin']);
const upper = new Set(['xMax', 'BucketMax']);

/** Buckets that a transformation has made already; `null` when the frame has none. */
export function readyBuckets(frame: Frame): { edges: number[]; fields: Frame['fields'] } | null {
  const from = frame.fields.find(({ name, type }) => lower.has(name) && type === 'number')?.values as (number | null)[] | undefined;
  const to = frame.fields.find(({ name, type }) => upper.has(name) && type === 'number')?.values as (number | null)[] | undefined;
  if (!from || !to || frame.length === 0) return null;
  return { edges: [...from.slice(0, frame.length), to[frame.length - 1] ?? null].map((edge) => edge ?? 0), fields: frame.fields.filter(({ name, type }) => type === 'number' && !lower.has(name) && !upper.has(name)) };
}
