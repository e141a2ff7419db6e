/** Bounds, rows and counts as they are to be read. */

import { displayText, formatValue } from '../../display';
import { tickTexts } from '../ticks';
import type { Cell, Cells } from './cells';
import type { HeatmapOptions } from './options';

/** A bound in the unit of the axis, with no more decimals than it needs. */
export function valueText(value: number, { axis }: HeatmapOptions): string {
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  return tickTexts([value], (one, decimals) => formatValue(Number(one), axis.unit, decimals), axis.decimals)[0]!;
}
export const countText = (count: number, { valueUnit, valueDecimals }: HeatmapOptions) => displayText(formatValue(count, valueUnit, valueDecimals));

/** Names of rows with their bounds as the axis' unit writes them. */
export const rowName = ({ name, bound }: Cells['rows'][number], options: HeatmapOptions) => (bound === null || !/^[\s+-]?[\d.]|inf/i.test(name) ? name : valueText(bound, options));

/** The range that a cell stands for. */
export function cellText({ rows, layout, scale }: Cells, { low, high }: Cell, options: HeatmapOptions): string {
  if (scale !== 'rows') return `${valueText(low, options)} to ${valueText(high, options)}`;
  const row = rows[low]!;
  if (layout === 'unknown' || row.bound === null) return rowName(row, options);
  const next = layout === 'le' ? rows[low - 1] : rows[low + 1];
  const other = next ? rowName(next, options) : null;
  if (layout === 'le') return other === null ? `up to ${rowName(row, options)}` : `${other} to ${rowName(row, options)}`;
  return other === null ? `from ${rowName(row, options)}` : `${rowName(row, options)} to ${other}`;
}
