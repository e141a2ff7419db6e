/** What a pie is cut into. */

import type { DisplayedValue } from '../values';

export interface Slice {
  each: DisplayedValue;
  numeric: number;
  /** Of the sum of all that are shown, 0 to 1; 0 for one that is not. */
  share: number;
  /** `33%`, with the decimals of the field. */
  percent: string;
  /** Turns from the top, 0 to 1. */
  from: number;
  to: number;
  isShown: boolean;
}

export type Sort = 'asc' | 'desc' | 'none';

/** The share in percent, as legends and labels write it. */
export const percentText = (share: number, decimals: number | null | undefined) => `${(share * 100).toFixed(Math.min(20, Math.max(0, decimals ?? 0)))}%`;

/** Slices in their order, the largest first unless it is asked for otherwise. `hidden` are names. What is no number is left out; what is negative has no slice. */
export function slicesOf(values: DisplayedValue[], sort: Sort, hidden: ReadonlySet<string>): Slice[] {
  const numbers = values.filter(({ display }) => Number.isFinite(display.numeric));
  if (sort !== 'none') numbers.sort((a, b) => (sort === 'desc' ? b.display.numeric - a.display.numeric : a.display.numeric - b.display.numeric));
  const isShown = (each: DisplayedValue) => !hidden.has(each.title);
  const size = (each: DisplayedValue) => (isShown(each) ? Math.max(0, each.display.numeric) : 0);
  const total = numbers.reduce((sum, each) => sum + size(each), 0);
  let at = 0;
  return numbers.map((each) => {
    const share = total > 0 ? size(each) / total : 0;
    const from = at;
    at += share;
    return { each, numeric: each.display.numeric, share, percent: isShown(each) ? percentText(share, each.field.config.decimals) : '–', from, to: at, isShown: isShown(each) };
  });
}

const round = (value: number) => Math.round(value * 100) / 100;

/** A piece of a ring, or of a disc when `inner` is 0. */
export function slicePath(from: number, to: number, outer: number, inner: number): string {
  if (!(to > from)) return '';
  // A whole turn has no beginning and no end, which an arc needs.
  if (to - from > 0.99999) {
    const ring = (radius: number, sweep: 0 | 1) => `M0 ${-radius}A${radius} ${radius} 0 1 ${sweep} 0 ${radius}A${radius} ${radius} 0 1 ${sweep} 0 ${-radius}Z`;
    return ring(round(outer), 1) + (inner > 0 ? ring(round(inner), 0) : '');
  }
  const spot = (turn: number, radius: number) => `${round(radius * Math.sin(turn * 2 * Math.PI))} ${round(-radius * Math.cos(turn * 2 * Math.PI))}`;
  const large = to - from > 0.5 ? 1 : 0;
  const outside = `M${spot(from, outer)}A${round(outer)} ${round(outer)} 0 ${large} 1 ${spot(to, outer)}`;
  return inner > 0 ? `${outside}L${spot(to, inner)}A${round(inner)} ${round(inner)} 0 ${large} 0 ${spot(from, inner)}Z` : `${outside}L0 0Z`;
}

/** Slices smaller than this turn have no room for a label. */
export const leastLabelled = 0.045;
