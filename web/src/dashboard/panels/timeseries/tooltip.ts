/** What the tooltip of a time series lists. */

import { displayText } from '../../display';
import type { DataLink, Json, JsonObject } from '../../model';
import type { PanelProps, ScopedVars } from '../../panel';
import { isSafeUrl } from '../../view/safe-url';
import { scopedOf } from '../scoped';
import type { TipRow } from '../tip/Tip';
import type { Line, Model } from './model';

export interface TooltipOptions {
  mode: 'single' | 'multi' | 'none';
  sort: 'none' | 'asc' | 'desc';
  hideZeros: boolean;
  maxWidth?: number;
  maxHeight?: number;
}

export function tooltipOptions(given: Json | undefined): TooltipOptions {
  const tooltip: JsonObject = given !== null && typeof given === 'object' && !Array.isArray(given) ? given : {};
  const size = (value: Json | undefined) => (typeof value === 'number' && value > 0 ? value : undefined);
  return {
    mode: tooltip.mode === 'multi' || tooltip.mode === 'none' ? tooltip.mode : 'single',
    sort: tooltip.sort === 'asc' || tooltip.sort === 'desc' ? tooltip.sort : 'none',
    hideZeros: tooltip.hideZeros === true,
    maxWidth: size(tooltip.maxWidth),
    maxHeight: size(tooltip.maxHeight),
  };
}

/**
 * The place of a line's point for the joined time at `index`: its own, or where the series has none at that time the
 * nearest within its step. -1 when there is none.
 */
export function pointAt({ raw, frame }: Pick<Line, 'raw' | 'frame'>, times: number[], index: number): number {
  if (raw[index] !== undefined) return index;
  const reach = frame.meta?.stepMs ?? Infinity;
  let [before, after] = [index - 1, index + 1];
  while (before >= 0 && raw[before] === undefined) before -= 1;
  while (after < raw.length && raw[after] === undefined) after += 1;
  const away = (place: number) => (place < 0 || place >= raw.length ? Infinity : Math.abs(times[place]! - times[index]!));
  const nearest = away(before) <= away(after) ? before : after;
  return away(nearest) <= reach ? nearest : -1;
}

/** Links that may be followed, with their variables filled in. */
export const linksOf = (links: DataLink[] | undefined, link: PanelProps['link'], scoped: () => ScopedVars) => (links ?? []).map((one) => link(one, scoped())).filter(({ href }) => isSafeUrl(href));

/** More rows than this do not fit beside a chart. */
const mostRows = 32;

export interface Hovered {
  rows: TipRow[];
  more: number;
  /** The line whose point is nearest to the pointer. */
  nearest: { line: Line; index: number; value: number } | null;
}

/** `away` is the distance of a point from the pointer in pixels. */
export function hovered({ times, lines }: Model, index: number, options: TooltipOptions, away: (line: Line, index: number) => number, link: PanelProps['link']): Hovered {
  const points = lines.flatMap((line) => {
    if (!line.shown || line.style.hidden.tooltip) return [];
    const place = pointAt(line, times, index);
    const value = line.raw[place];
    if (place < 0 || value == null || (options.hideZeros && value === 0)) return [];
    return [{ line, index: place, value, away: away(line, place) }];
  });
  const nearest = points.reduce<(typeof points)[number] | null>((best, point) => (best === null || point.away < best.away ? point : best), null);
  let listed = options.mode === 'multi' ? points : points.filter((point) => point === nearest);
  if (options.sort !== 'none') listed = [...listed].sort((a, b) => (options.sort === 'asc' ? a.value - b.value : b.value - a.value));
  const all = listed.length;
  if (all > mostRows) {
    const near = new Set([...listed].sort((a, b) => a.away - b.away).slice(0, mostRows));
    listed = options.sort === 'none' ? listed.filter((point) => near.has(point)) : [...listed.slice(0, mostRows - 1), nearest!].filter((point, place, list) => list.indexOf(point) === place);
  }
  return {
    rows: listed.map(({ line, value, index: place }) => ({
      key: line.key,
      color: line.color,
      name: line.name,
      value: line.field.display ? displayText(line.field.display(value)) : String(value),
      near: options.mode === 'multi' && line === nearest?.line && points.length > 1,
      links: linksOf(line.field.config.links, link, () => scopedOf(line.frame, line.field, undefined, value, times[place]!)),
    })),
    more: all - listed.length,
    nearest,
  };
}
