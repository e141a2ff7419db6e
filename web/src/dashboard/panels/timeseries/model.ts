/** From frames to what is drawn: series on one axis of times, transformed and stacked, with their value axes. */

import { seriesColor } from '../../display';
import type { Field, Frame } from '../../frame';
import type { AxisScale } from './axes';
import { groupAxes, scaleKey } from './axes';
import type { Cell } from './join';
import { join, sources } from './join';
import { between, stack } from './stack';
import type { Style } from './style';
import { styleOf } from './style';

export interface Line {
  /** Unique among the lines. */
  key: string;
  name: string;
  frame: Frame;
  field: Field;
  style: Style;
  color: string;
  scale: string;
  /** As it was asked for, at the model's times. */
  raw: Cell[];
  /** What is drawn: transformed and stacked. */
  drawn: Cell[];
  /** Where the area below ends; `null` for zero. */
  base: Cell[] | null;
  shown: boolean;
}

export interface Model {
  times: number[];
  lines: Line[];
  axes: AxisScale[];
}

function transformed(values: Cell[], { transform }: Style): Cell[] {
  if (transform === 'negative-Y') return values.map((value) => (value == null ? value : -value));
  if (transform === 'constant') {
    const first = values.find((value) => value != null);
    return first === undefined ? values : values.map(() => first);
  }
  return values;
}

/** `isHidden` tells which lines the reader has taken away; without an answer the field's config decides. */
export function modelOf(frames: Frame[], isDark: boolean, isHidden: (name: string) => boolean | undefined): Model {
  const found = sources(frames);
  const { times, values } = join(found);
  const lines = found.map(({ frame, field }, index): Line => {
    const style = styleOf(field.config);
    const name = field.displayName ?? field.name;
    return {
      key: `${frame.refId}/${index}`,
      name,
      frame,
      field,
      style,
      color: seriesColor(field, isDark),
      scale: scaleKey(field.config, style),
      raw: values[index]!,
      drawn: transformed(values[index]!, style),
      base: null,
      shown: !(isHidden(name) ?? style.hidden.viz),
    };
  });
  const visible = lines.filter(({ shown }) => shown);
  const stacked = stack(
    visible.map(({ drawn, style, scale }) => ({
      values: drawn,
      group: style.stack === 'none' ? null : JSON.stringify([style.stackGroup, style.stack, scale, style.draw === 'bars']),
      percent: style.stack === 'percent',
      bars: style.draw === 'bars',
    })),
    times,
  );
  visible.forEach((line, index) => Object.assign(line, { drawn: stacked[index]!.values, base: stacked[index]!.base }));
  for (const line of visible) {
    if (line.style.fillBelowTo === null || line.style.stack !== 'none') continue;
    const lower = visible.find(({ name, scale }) => name === line.style.fillBelowTo && scale === line.scale);
    if (lower && lower !== line) line.base = between(lower.drawn, times);
  }
  const axes = groupAxes(visible.length > 0 ? visible.map(({ field, style }) => ({ config: field.config, style })) : lines.map(({ field, style }) => ({ config: field.config, style })));
  return { times, lines, axes };
}

/** Whether any point lies in the span. */
export function hasPointsIn({ times, lines }: Model, from: number, to: number): boolean {
  let index = times.findIndex((time) => time >= from);
  if (index < 0) return false;
  for (; index < times.length && times[index]! <= to; index += 1) if (lines.some(({ raw }) => raw[index] != null)) return true;
  return false;
}

/** The first and the last time with a value; `null` without any. */
export function extent({ times, lines }: Model): { from: number; to: number } | null {
  const known = times.filter((_, index) => lines.some(({ raw }) => raw[index] != null));
  return known.length === 0 ? null : { from: known[0]!, to: known[known.length - 1]! };
}
