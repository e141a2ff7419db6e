/** From frames to bars: one category per row, one bar per field of numbers. */

import { displayText, isByValue, seriesColor } from '../../display';
import type { Field, Frame } from '../../frame';
import type { AxisScale } from '../timeseries/axes';
import { groupAxes, scaleKey } from '../timeseries/axes';
import type { Cell } from '../timeseries/join';
import { stack } from '../timeseries/stack';
import type { Style } from '../timeseries/style';
import { styleOf } from '../timeseries/style';
import { momentText } from '../ticks';
import type { BarOptions } from './options';

export interface BarSeries {
  key: string;
  name: string;
  frame: Frame;
  field: Field;
  style: Style;
  color: string;
  /** Of single bars, where the value or another field decides. */
  colors: (string | null)[];
  scale: string;
  raw: Cell[];
  /** Where bars end, and where they begin. */
  drawn: Cell[];
  base: number[] | null;
  shown: boolean;
}

export interface BarModel {
  /** As they are to be read. */
  categories: string[];
  series: BarSeries[];
  axes: AxisScale[];
  /** Categories that are left out because a screen cannot show so many. */
  left: number;
}

const mostCategories = 1_000;

/** The field whose values are the categories: as asked for, else the first text, else the first time. */
export function categoryField(frame: Frame, asked: string | null): Field | undefined {
  const named = asked === null ? undefined : frame.fields.find((field) => field.name === asked || field.displayName === asked);
  return named ?? frame.fields.find(({ type }) => type === 'string') ?? frame.fields.find(({ type }) => type === 'time');
}

function categoryText(field: Field, value: unknown, zone: string): string {
  if (value == null) return '';
  if (field.display && field.type !== 'time') return displayText(field.display(value));
  if (field.type === 'time' && typeof value === 'number') return field.config.unit && field.display ? displayText(field.display(value)) : momentText(value, zone);
  return String(value);
}

/** The style of bars: filled unless the dashboard says otherwise. */
export function barStyle(field: Field, stacking: BarOptions['stacking']): Style {
  const style = styleOf(field.config);
  const opacity = field.config.custom?.fillOpacity;
  return { ...style, draw: 'bars', stack: stacking, fillOpacity: typeof opacity === 'number' ? style.fillOpacity : 80 };
}

export function barModel(frames: Frame[], options: BarOptions, isDark: boolean, zone: string, isHidden: (name: string) => boolean | undefined): BarModel {
  const rows = new Map<unknown, number>();
  const categories: string[] = [];
  const series: BarSeries[] = [];
  const colorsByRow: (string | null)[] = [];
  const left = new Set<unknown>();
  frames.forEach((frame, at) => {
    const x = categoryField(frame, options.xField);
    if (!x) return;
    // Rows of one frame stay apart even when they are called alike; rows of several frames meet by their category.
    const places = x.values.slice(0, frame.length).map((value, index) => {
      const id = frames.length === 1 ? index : value;
      if (!rows.has(id)) {
        if (categories.length >= mostCategories) {
          left.add(id);
          return -1;
        }
        rows.set(id, categories.length);
        categories.push(categoryText(x, value, zone));
      }
      return rows.get(id)!;
    });
    const colorField = options.colorByField === null ? undefined : frame.fields.find(({ name, displayName }) => name === options.colorByField || displayName === options.colorByField);
    if (colorField?.display) places.forEach((place, index) => place >= 0 && (colorsByRow[place] = colorField.display!(colorField.values[index]).color ?? null));
    frame.fields.forEach((field, place) => {
      if (field === x || field.type !== 'number') return;
      const style = barStyle(field, options.stacking);
      const raw: Cell[] = [];
      places.forEach((row, index) => {
        const value = field.values[index];
        if (row >= 0) raw[row] = typeof value === 'number' && Number.isFinite(value) ? value : null;
      });
      const name = field.displayName ?? field.name;
      series.push({
        key: `${at}/${place}`,
        name,
        frame,
        field,
        style,
        color: seriesColor(field, isDark),
        colors: [],
        scale: scaleKey(field.config, style),
        raw,
        drawn: raw,
        base: null,
        shown: !(isHidden(name) ?? style.hidden.viz),
      });
    });
  });
  for (const one of series) {
    one.raw = Array.from({ length: categories.length }, (_, row) => one.raw[row] ?? null);
    one.drawn = one.style.transform === 'negative-Y' ? one.raw.map((value) => (value == null ? value : -value)) : one.raw;
    const byValue = isByValue(one.field.config.color?.mode ?? '');
    one.colors = one.raw.map((value, row) => colorsByRow[row] ?? (byValue && value != null ? (one.field.display?.(value).color ?? null) : null));
  }
  const shown = series.filter((one) => one.shown);
  const stacked = stack(
    shown.map((one) => ({ values: one.drawn, group: options.stacking === 'none' ? null : one.scale, percent: options.stacking === 'percent', bars: true })),
    categories.map((_, row) => row),
  );
  shown.forEach((one, index) => Object.assign(one, { drawn: stacked[index]!.values, base: stacked[index]!.base }));
  return { categories, series, axes: groupAxes((shown.length > 0 ? shown : series).map(({ field, style }) => ({ config: field.config, style }))), left: left.size };
}

export interface BarPlace {
  series: number;
  row: number;
  /** Along the axis of categories, in pixels. */
  from: number;
  size: number;
  /** On the axis of values. */
  low: number;
  high: number;
}

/** Where the bars stand when the axis of categories is `length` pixels long. Places in `series` count those that are shown. */
export function placeBars(series: Pick<BarSeries, 'drawn' | 'base'>[], rows: number, length: number, { groupWidth, barWidth, stacking, overlaid = false }: Pick<BarOptions, 'groupWidth' | 'barWidth' | 'stacking'> & { overlaid?: boolean }): BarPlace[] {
  const band = length / Math.max(rows, 1);
  const slots = stacking === 'none' && !overlaid ? Math.max(series.length, 1) : 1;
  const group = band * (slots === 1 ? 1 : groupWidth);
  const slot = group / slots;
  const size = Math.max(slot * (slots === 1 ? groupWidth * barWidth : barWidth), 1);
  const found: BarPlace[] = [];
  series.forEach(({ drawn, base }, place) => {
    for (let row = 0; row < rows; row += 1) {
      const high = drawn[row];
      if (high == null) continue;
      found.push({ series: place, row, from: row * band + (band - group) / 2 + (slots === 1 ? 0 : place * slot) + (slot - size) / 2, size, low: base?.[row] ?? 0, high });
    }
  });
  return found;
}

/** Every how many labels fit side by side when each needs `need` pixels. */
export function labelStep(count: number, length: number, need: number): number {
  return Math.max(1, Math.ceil((need * count) / Math.max(length, 1)));
}

export const shortened = (text: string, most: number) => (most > 0 && text.length > most ? `${text.slice(0, most)}…` : text);
