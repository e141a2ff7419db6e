/** From frames to bars over ranges of values. */

import { formatValue, seriesColor } from '../../display';
import type { Field, Frame } from '../../frame';
import type { JsonObject } from '../../model';
import type { BarModel, BarSeries } from '../barchart/model';
import { barStyle } from '../barchart/model';
import { tickTexts } from '../ticks';
import { groupAxes, scaleKey } from '../timeseries/axes';
import { stack } from '../timeseries/stack';
import { styleOf } from '../timeseries/style';
import { bucketsOf, readyBuckets } from './buckets';

export interface HistogramModel extends BarModel {
  edges: string[];
  widened: boolean;
}

const number = (value: JsonObject[string]) => (typeof value === 'number' && Number.isFinite(value) ? value : null);

export function histogramModel(frames: Frame[], options: JsonObject, isDark: boolean, isHidden: (name: string) => boolean | undefined): HistogramModel | null {
  const ready = frames.map(readyBuckets).find((one) => one !== null);
  const fields = ready ? ready.fields : frames.flatMap((frame) => (frame.meta?.kind === 'exemplars' ? [] : frame.fields.filter(({ type }) => type === 'number')));
  const first = fields[0];
  if (!first) return null;
  const size = number(options.bucketSize);
  const isCombined = options.combine === true && !ready;
  const buckets = ready
    ? { edges: ready.edges, counts: ready.fields.map(({ values }) => values.map((value) => (typeof value === 'number' ? value : 0))), widened: false }
    : bucketsOf(isCombined ? [fields.flatMap(({ values }) => values)] : fields.map(({ values }) => values), {
        size: size !== null && size > 0 ? size : null,
        offset: number(options.bucketOffset) ?? 0,
        count: Math.min(Math.max(number(options.bucketCount) ?? 30, 2), 500),
        unit: first.config.unit,
      });
  if (!buckets) return null;
  const stacking = styleOf(first.config).stack;
  const rows = buckets.edges.length - 1;
  const series = (isCombined ? [first] : fields).map((field, index): BarSeries => {
    const name = isCombined ? 'Count' : (field.displayName ?? field.name);
    // What is counted has no unit: neither that of the values nor their ends.
    const counted: Field = { ...field, values: buckets.counts[index]!, config: { ...field.config, unit: undefined, min: undefined, max: undefined, decimals: undefined }, display: (value, decimals) => formatValue(Number(value), 'none', decimals) };
    const style = { ...barStyle(field, stacking), axisSoftMin: null, axisSoftMax: null };
    return {
      key: String(index),
      name,
      frame: frames[0]!,
      field: counted,
      style,
      color: seriesColor(field, isDark),
      colors: [],
      scale: scaleKey(counted.config, style),
      raw: buckets.counts[index]!,
      drawn: buckets.counts[index]!.map((count) => (count === 0 ? null : count)),
      base: null,
      shown: !(isHidden(name) ?? style.hidden.viz),
    };
  });
  const shown = series.filter((one) => one.shown);
  const stacked = stack(
    shown.map((one) => ({ values: one.drawn, group: stacking === 'none' ? null : one.scale, percent: stacking === 'percent', bars: true })),
    Array.from({ length: rows }, (_, row) => row),
  );
  shown.forEach((one, index) => Object.assign(one, { drawn: stacked[index]!.values, base: stacked[index]!.base }));
  const edges = tickTexts(buckets.edges, (value, decimals) => first.display?.(value, decimals) ?? formatValue(Number(value), first.config.unit, decimals), first.config.decimals);
  return {
    categories: edges.slice(0, rows),
    edges,
    series,
    axes: groupAxes((shown.length > 0 ? shown : series).map(({ field, style }) => ({ config: field.config, style }))),
    left: 0,
    widened: buckets.widened,
  };
}
