/** Which series share a value axis, where it stands, and from where to where it reaches. */

import uPlot from 'uplot';
import type { FieldConfig } from '../../model';
import type { Style } from './style';

export interface AxisScale {
  key: string;
  /** `null` when the axis is not drawn. */
  side: 'left' | 'right' | null;
  config: FieldConfig;
  style: Style;
  /** Shares of a whole, 0 to 1. */
  percent: boolean;
  /** Bars and stacks are read by their lengths: zero is on the axis. */
  fromZero: boolean;
  /** Places of its series among those given. */
  members: number[];
}

/** Series of one unit and one way of scaling share an axis; one that asks for a side of its own has its own. */
export function scaleKey(config: FieldConfig, style: Style): string {
  return JSON.stringify([
    style.stack === 'percent' ? '%' : (config.unit ?? ''),
    style.axisPlacement === 'auto' ? '' : style.axisPlacement,
    style.axisLabel,
    config.min ?? null,
    config.max ?? null,
    style.axisSoftMin,
    style.axisSoftMax,
    style.axisCenteredZero,
    style.distribution,
    style.distribution === 'linear' ? 0 : style.logBase,
    style.distribution === 'symlog' ? style.linearThreshold : 0,
  ]);
}

const isByLength = (style: Style) => style.draw === 'bars' || style.stack !== 'none';

/** The axes in the order in which their first series come. The first stands on the left, the others on the right. */
export function groupAxes(series: { config: FieldConfig; style: Style }[]): AxisScale[] {
  const found = new Map<string, AxisScale>();
  series.forEach(({ config, style }, index) => {
    const key = scaleKey(config, style);
    const known = found.get(key);
    if (known) {
      known.members.push(index);
      known.fromZero ||= isByLength(style);
      return;
    }
    const asked = style.axisPlacement;
    const taken = [...found.values()].some(({ side }) => side === 'left');
    const side = asked === 'hidden' ? null : asked === 'auto' ? (taken ? 'right' : 'left') : asked;
    found.set(key, { key, side, config, style, percent: style.stack === 'percent', fromZero: isByLength(style), members: [index] });
  });
  return [...found.values()];
}

const finite = (value: number | null | undefined): value is number => value != null && Number.isFinite(value);

/** The ends of the axis for values from `low` to `high`; both are `null` when there are none in view. */
export function axisRange(scale: Pick<AxisScale, 'config' | 'style' | 'percent' | 'fromZero'>, low: number | null, high: number | null): [number, number] {
  const { config, style } = scale;
  const hardMin = finite(config.min) ? config.min : null;
  const hardMax = finite(config.max) ? config.max : null;
  if (style.distribution === 'log') return logRange(low, high, style, hardMin, hardMax);
  const isEmpty = low === null || high === null;
  let [from, to] = isEmpty ? [style.axisSoftMin ?? 0, style.axisSoftMax ?? (style.axisSoftMin ?? 0) + 1] : [low, high];
  if (scale.fromZero) [from, to] = [Math.min(from, 0), Math.max(to, 0)];
  if (scale.percent) {
    [from, to] = [from < 0 ? -1 : 0, to > 0 ? 1 : 0];
  } else if (style.distribution === 'symlog') {
    const ends = uPlot.rangeAsinh(Math.min(from, style.axisSoftMin ?? from), Math.max(to, style.axisSoftMax ?? to), style.logBase, true);
    [from, to] = [ends[0] ?? from, ends[1] ?? to];
  } else if (isEmpty || (from === 0 && to === 0)) {
    [from, to] = [style.axisSoftMin ?? from, style.axisSoftMax ?? Math.max(to, 1)];
  } else {
    // Zero is shown when it is near; a soft end is kept unless values lie beyond it.
    const ends = uPlot.rangeNum(from, to, {
      min: { pad: 0.1, soft: style.axisSoftMin ?? 0, mode: style.axisSoftMin === null ? 3 : 1 },
      max: { pad: 0.1, soft: style.axisSoftMax ?? 0, mode: style.axisSoftMax === null ? 3 : 1 },
    });
    [from, to] = [ends[0] ?? from, ends[1] ?? to];
  }
  if (style.axisCenteredZero) {
    const reach = Math.max(Math.abs(from), Math.abs(to));
    [from, to] = [-reach, reach];
  }
  from = hardMin ?? from;
  to = hardMax ?? to;
  if (from < to) return [from, to];
  // A fixed end beyond all values: the axis keeps it and is as long as it is high.
  const length = Math.max(Math.abs(hardMin ?? hardMax ?? from), 1);
  return hardMin !== null ? [hardMin, hardMin + length] : [to - length, to];
}

function logRange(low: number | null, high: number | null, style: Style, hardMin: number | null, hardMax: number | null): [number, number] {
  const positive = (value: number | null): value is number => value !== null && value > 0;
  const softMin = positive(style.axisSoftMin) ? style.axisSoftMin : Infinity;
  const softMax = positive(style.axisSoftMax) ? style.axisSoftMax : 0;
  const from = Math.min(positive(low) ? low : 1, softMin);
  const to = Math.max(positive(high) ? high : style.logBase, softMax, from);
  const ends = uPlot.rangeLog(from, to, style.logBase, true);
  const [first, last] = [positive(hardMin) ? hardMin : (ends[0] ?? from), positive(hardMax) ? hardMax : (ends[1] ?? to)];
  return first < last ? [first, last] : [first, first * style.logBase];
}

/** Marks of an axis that is not even: the powers of its base, and for one with two sides zero and both signs. */
export function powerMarks({ distribution, logBase, linearThreshold }: Pick<Style, 'distribution' | 'logBase' | 'linearThreshold'>, low: number, high: number, most: number): number[] {
  const found: number[] = [];
  const start = distribution === 'symlog' ? linearThreshold : logBase ** Math.ceil(Math.log(low) / Math.log(logBase) - 1e-9);
  const reach = Math.max(Math.abs(low), Math.abs(high));
  for (let value = start; value <= reach * (1 + 1e-9) && found.length < 2_000; value *= logBase) found.push(Number(value.toPrecision(12)));
  const marks = distribution === 'symlog' ? [...found.map((value) => -value).reverse(), 0, ...found] : found;
  const within = marks.filter((value) => value >= low * (low < 0 ? 1 + 1e-9 : 1 - 1e-9) && value <= high * (1 + 1e-9));
  const every = Math.max(1, Math.ceil(within.length / Math.max(most, 1)));
  // Zero stays among the marks, whichever are left out.
  const zero = Math.max(within.indexOf(0), 0);
  return within.filter((_, index) => (index - zero) % every === 0);
}
