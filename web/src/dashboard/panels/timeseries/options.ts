/** uPlot's options for a model: scales, axes, and what the pointer does. */

import type uPlot from 'uplot';
import { formatValue } from '../../display';
import type { Field } from '../../frame';
import type { TimeSpan } from '../../panel';
import type { Display } from '../ticks';
import { increments, tickTexts, timeTexts } from '../ticks';
import type { AxisScale } from './axes';
import { axisRange, powerMarks } from './axes';

/** What the theme says. To ask for it makes the browser work out the page's styles, which for each of thirty charts is much. */
const known = new Map<string, string>();
function once(name: string, read: () => string): string {
  const key = `${document.documentElement.getAttribute('data-mantine-color-scheme')} ${name}`;
  const value = known.get(key) || read();
  known.set(key, value);
  return value;
}
const css = (name: string) => once(name, () => getComputedStyle(document.documentElement).getPropertyValue(name).trim());
export const axisFont = () => once('font', () => `11px ${getComputedStyle(document.body).fontFamily}`);

let measure: CanvasRenderingContext2D | null = null;
/** The width in pixels of the widest text. */
export function widest(texts: string[], font: string): number {
  measure ??= document.createElement('canvas').getContext('2d');
  if (!measure) return 40;
  measure.font = font;
  return texts.reduce((most, text) => Math.max(most, measure!.measureText(text).width), 0);
}

const distributions = { linear: 1, log: 3, symlog: 4 } as const;

export function scaleOf(axis: AxisScale): uPlot.Scale {
  return {
    distr: distributions[axis.style.distribution],
    log: axis.style.logBase,
    ...(axis.style.distribution === 'symlog' ? { asinh: axis.style.linearThreshold } : {}),
    range: (_, low, high) => axisRange(axis, low, high),
  };
}

/** Colours that axes have in the theme of the page. */
export const axisColors = () => ({ text: css('--dim'), grid: css('--border') });

/** `named` writes the zone beside it, where there are several. */
export function timeAxis(zone: string, named = false): uPlot.Axis {
  const { text, grid } = axisColors();
  return {
    scale: 'x',
    side: 2,
    stroke: text,
    font: axisFont(),
    grid: { stroke: grid, width: 1 },
    ticks: { show: false },
    gap: 4,
    size: 22,
    ...(named ? { label: zone, labelFont: axisFont(), labelSize: 16, labelGap: 0 } : {}),
    // Room for the longest text that the span can have.
    space: (_, __, min, max) => {
      const span = max - min;
      return span < 600_000 ? 72 : span <= 86_400_000 ? 56 : span < 10 * 86_400_000 ? 92 : 72;
    },
    values: (u, splits, _, __, step) => timeTexts(splits, step, u.scales.x!.max! - u.scales.x!.min!, zone),
  };
}

/** `display` gives the field that stands for the axis as it is now. */
export function valueAxis(axis: AxisScale, index: number, field: () => Field | undefined, color: string | null, height: number): uPlot.Axis {
  const { text, grid } = axisColors();
  const { style, config } = axis;
  const font = axisFont();
  const percent: Display = (value, decimals) => formatValue(Number(value), 'percentunit', decimals);
  const stroke = style.axisColorBySeries && color ? color : text;
  return {
    scale: axis.key,
    side: axis.side === 'right' ? 1 : 3,
    stroke,
    font,
    gap: 6,
    grid: { show: style.axisGridShow ?? index === 0, stroke: grid, width: 1 },
    ticks: { show: style.axisBorderShow, stroke, size: 4, width: 1 },
    border: { show: style.axisBorderShow, stroke, width: 1 },
    space: height < 140 ? 22 : 34,
    size: (_, values) => style.axisWidth ?? Math.ceil(widest((values ?? ['0.00']).map(String), font)) + 10 + (style.axisBorderShow ? 4 : 0),
    ...(style.axisLabel ? { label: style.axisLabel, labelFont: font, labelSize: 18, labelGap: 2 } : {}),
    ...(style.distribution === 'linear' ? { incrs: increments(axis.percent ? undefined : config.unit, axis.percent ? null : config.decimals) } : {}),
    ...(style.distribution === 'linear'
      ? {}
      : {
          splits: (u: uPlot, _: number, low: number, high: number) => powerMarks(style, low, high, Math.floor(u.bbox.height / devicePixelRatio / (height < 140 ? 22 : 30))),
          filter: (_: uPlot, splits: number[]) => splits,
        }),
    values: (_, splits) => {
      const shown = splits as (number | null)[];
      const of = field();
      const display: Display = axis.percent ? percent : (of?.display ?? ((value) => ({ text: String(value), numeric: Number(value) })));
      return style.distribution === 'linear' ? tickTexts(shown, display, axis.percent ? null : config.decimals) : shown.map((value) => (value === null ? '' : tickTexts([value], display, config.decimals)[0]!));
    },
  };
}

/** A wider span around the middle of this one. */
export const zoomedOut = ({ from, to }: TimeSpan): TimeSpan => ({ from: Math.round(from - (to - from) / 2), to: Math.round(to + (to - from) / 2) });

/** The pointer: dragging chooses a span, double clicking widens it, and panels of one key share the place. */
export function cursorOf(sharedCursor: number, cursorKey: string, colors: () => string[], onWiden: () => void): uPlot.Cursor {
  return {
    drag: { x: true, y: false, setScale: false, dist: 5 },
    y: false,
    points: {
      // Each is an element of the page that follows the pointer.
      ...(colors().length <= 40 ? {} : { show: false }),
      size: 7,
      width: 1,
      stroke: (_, index) => colors()[index - 1] ?? 'transparent',
      fill: (_, index) => colors()[index - 1] ?? 'transparent',
    },
    bind: {
      dblclick: () => () => {
        onWiden();
        return null;
      },
    },
    ...(sharedCursor > 0
      ? {
          // Times are shared, dragging is not.
          sync: { key: cursorKey, setSeries: false, scales: ['x', null], filters: { pub: (type) => type === 'mousemove', sub: (type) => type === 'mousemove' } },
        }
      : {}),
  };
}

