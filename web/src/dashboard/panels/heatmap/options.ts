/** The heatmap's options with their defaults. */

import type { Json, JsonObject } from '../../model';

export interface BucketOptions {
  mode: 'size' | 'count';
  /** A number, or a length of time such as `1m`; empty for what fits. */
  value: string;
  log: 2 | 10 | null;
}

export interface HeatmapOptions {
  calculate: boolean;
  x: BucketOptions;
  y: BucketOptions;
  color: {
    mode: 'scheme' | 'opacity';
    scheme: string;
    fill: string;
    /** Of the count's share: below 1 small counts stand out. */
    exponent: number;
    steps: number;
    reverse: boolean;
    min: number | null;
    max: number | null;
  };
  cellGap: number;
  cellRadius: number;
  /** Counts up to and from which cells are left out. */
  hideTo: number;
  hideFrom: number;
  /** Where a row's name stands: at its upper end (`le`), its lower one (`ge`) or in its middle. */
  layout: 'auto' | 'le' | 'ge' | 'unknown';
  valueName: string;
  showValue: boolean;
  valueUnit: string | undefined;
  valueDecimals: number | null;
  axis: { side: 'left' | 'right' | null; unit: string | undefined; decimals: number | null; min: number | null; max: number | null; reverse: boolean; label: string; width: number | null };
  legend: boolean;
  tooltip: boolean;
  histogram: boolean;
  exemplarColor: string;
}

const object = (value: Json | undefined): JsonObject => (value !== null && typeof value === 'object' && !Array.isArray(value) ? value : {});
/** Dashboards write numbers as texts too. */
function number(value: Json | undefined): number | null {
  const found = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof found === 'number' && Number.isFinite(found) ? found : null;
}
const text = (value: Json | undefined) => (typeof value === 'string' ? value : '');

function buckets(given: Json | undefined): BucketOptions {
  const one = object(given);
  const scale = object(one.scale);
  return { mode: one.mode === 'count' ? 'count' : 'size', value: typeof one.value === 'number' ? String(one.value) : text(one.value).trim(), log: scale.type === 'log' ? (scale.log === 10 ? 10 : 2) : null };
}

export function heatmapOptions(options: JsonObject): HeatmapOptions {
  const calculation = object(options.calculation);
  const color = object(options.color);
  const filter = object(options.filterValues);
  const rows = object(options.rowsFrame);
  const axis = object(options.yAxis);
  const tooltip = object(options.tooltip);
  const cells = object(options.cellValues);
  const layout = rows.layout;
  return {
    calculate: options.calculate === true,
    x: buckets(calculation.xBuckets),
    y: buckets(calculation.yBuckets),
    color: {
      mode: color.mode === 'opacity' ? 'opacity' : 'scheme',
      scheme: text(color.scheme) || 'Oranges',
      fill: text(color.fill) || 'dark-orange',
      exponent: color.scale === 'linear' ? 1 : Math.min(Math.max(number(color.exponent) ?? 0.5, 0.01), 10),
      steps: Math.round(Math.min(Math.max(number(color.steps) ?? 64, 2), 128)),
      reverse: color.reverse === true,
      min: number(color.min),
      max: number(color.max),
    },
    cellGap: Math.min(Math.max(number(options.cellGap) ?? 1, 0), 25),
    cellRadius: Math.min(Math.max(number(options.cellRadius) ?? 0, 0), 50),
    hideTo: number(filter.le) ?? 1e-9,
    hideFrom: number(filter.ge) ?? Infinity,
    layout: layout === 'le' || layout === 'ge' || layout === 'unknown' ? layout : 'auto',
    valueName: text(rows.value) || 'Count',
    showValue: options.showValue === 'auto' || options.showValue === 'always',
    valueUnit: text(cells.unit) || undefined,
    valueDecimals: number(cells.decimals),
    axis: {
      side: axis.axisPlacement === 'hidden' ? null : axis.axisPlacement === 'right' ? 'right' : 'left',
      unit: text(axis.unit) || undefined,
      decimals: number(axis.decimals),
      min: number(axis.min),
      max: number(axis.max),
      reverse: axis.reverse === true,
      label: text(axis.axisLabel),
      width: number(axis.axisWidth),
    },
    legend: object(options.legend).show !== false,
    tooltip: tooltip.mode !== 'none' && tooltip.show !== false,
    histogram: tooltip.yHistogram === true,
    exemplarColor: text(object(options.exemplars).color) || 'rgba(255,0,255,0.7)',
  };
}
