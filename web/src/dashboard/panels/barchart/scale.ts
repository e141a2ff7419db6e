/** An axis of values of charts that are not drawn by uPlot. */

import { displayText, formatValue } from '../../display';
import type { Field } from '../../frame';
import { increments, tickTexts } from '../ticks';
import type { AxisScale } from '../timeseries/axes';
import { axisRange, powerMarks } from '../timeseries/axes';

export interface ValueScale {
  axis: AxisScale;
  low: number;
  high: number;
  /** 0 at the low end to 1 at the high one; bars are cut off there. */
  place: (value: number) => number;
  marks: { value: number; text: string }[];
}

/** The least round distance that leaves no more than `most` marks. */
export function roundStep(low: number, high: number, most: number, unit: string | undefined, decimals: number | null | undefined): number {
  const least = (high - low) / Math.max(most, 1);
  const known = increments(unit, decimals);
  return known.find((step) => step >= least * 0.999) ?? known[known.length - 1] ?? least;
}

/** `low` and `high` are the ends of what is drawn, `length` the pixels there are. */
export function valueScale(axis: AxisScale, field: Field | undefined, low: number | null, high: number | null, length: number, apart: number): ValueScale {
  const { style, config } = axis;
  const [from, to] = axisRange(axis, low, high);
  const most = Math.max(Math.floor(length / apart), 1);
  const isLog = style.distribution === 'log';
  const turn = isLog
    ? (value: number) => Math.log(Math.max(value, from / 10))
    : style.distribution === 'symlog'
      ? (value: number) => Math.asinh(value / style.linearThreshold)
      : (value: number) => value;
  const [start, end] = [turn(from), turn(to)];
  let values: number[] = [];
  if (style.distribution === 'linear') {
    const step = roundStep(from, to, most, axis.percent ? undefined : config.unit, axis.percent ? null : config.decimals);
    for (let count = Math.ceil(from / step - 1e-9); count * step <= to + step * 1e-9 && values.length < 500; count += 1) values.push(Number((count * step).toPrecision(12)));
  } else values = powerMarks(style, from, to, most);
  const display = (value: unknown, decimals?: number | null) => (axis.percent ? formatValue(Number(value), 'percentunit', decimals) : (field?.display?.(value, decimals) ?? formatValue(Number(value), config.unit, decimals)));
  const texts = tickTexts(values, display, axis.percent ? null : config.decimals);
  return { axis, low: from, high: to, place: (value) => Math.min(Math.max((turn(value) - start) / (end - start), 0), 1), marks: values.map((value, index) => ({ value, text: texts[index] ?? displayText(display(value)) })) };
}
