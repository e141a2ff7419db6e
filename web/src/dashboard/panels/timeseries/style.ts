/** How one series is drawn: the `custom` part of a field's config, read once and with its defaults filled in. */

import type { FieldConfig, Json, JsonObject } from '../../model';

export type DrawStyle = 'line' | 'bars' | 'points';
export type Interpolation = 'linear' | 'smooth' | 'stepBefore' | 'stepAfter';
export type AxisPlacement = 'auto' | 'left' | 'right' | 'hidden';
export type StackMode = 'none' | 'normal' | 'percent';
export type GradientMode = 'none' | 'opacity' | 'hue' | 'scheme';
export type ThresholdsStyle = 'off' | 'line' | 'dashed' | 'area' | 'line+area' | 'dashed+area' | 'series';

export interface Style {
  draw: DrawStyle;
  interpolation: Interpolation;
  lineWidth: number;
  /** Lengths of dashes and gaps in pixels; `null` for a whole line. */
  dash: number[] | null;
  /** Dots are dashes of no length with round ends. */
  roundCap: boolean;
  /** 0 to 100. */
  fillOpacity: number;
  gradient: GradientMode;
  /** The name of the series down to which the area is filled. */
  fillBelowTo: string | null;
  showPoints: 'auto' | 'always' | 'never';
  pointSize: number;
  /** How wide a gap may be that a line crosses: `Infinity` for any, 0 for none. */
  spanNullsMs: number;
  /** Points further apart than this are not joined. */
  insertNullsMs: number;
  barAlignment: -1 | 0 | 1;
  barWidthFactor: number;
  barMaxWidth: number;
  stack: StackMode;
  stackGroup: string;
  axisPlacement: AxisPlacement;
  axisLabel: string;
  axisWidth: number | null;
  axisSoftMin: number | null;
  axisSoftMax: number | null;
  axisGridShow: boolean | null;
  axisColorBySeries: boolean;
  axisBorderShow: boolean;
  axisCenteredZero: boolean;
  distribution: 'linear' | 'log' | 'symlog';
  logBase: 2 | 10;
  linearThreshold: number;
  thresholdsStyle: ThresholdsStyle;
  hidden: { viz: boolean; legend: boolean; tooltip: boolean };
  transform: 'none' | 'negative-Y' | 'constant';
}

const object = (value: Json | undefined): JsonObject => (value !== null && typeof value === 'object' && !Array.isArray(value) ? value : {});
const number = (value: Json | undefined, otherwise: number) => (typeof value === 'number' && Number.isFinite(value) ? value : otherwise);
const maybe = (value: Json | undefined) => (typeof value === 'number' && Number.isFinite(value) ? value : null);
const text = (value: Json | undefined) => (typeof value === 'string' ? value : '');

/** One of `known`, else the first of them. */
function oneOf<T extends string>(value: Json | undefined, known: readonly [T, ...T[]]): T {
  return known.find((one) => one === value) ?? known[0];
}

function gapLimit(value: Json | undefined): number {
  if (value === true) return Infinity;
  return typeof value === 'number' && value > 0 ? value : 0;
}

function dashes(lineStyle: JsonObject): number[] | null {
  const given = Array.isArray(lineStyle.dash) ? lineStyle.dash.filter((length): length is number => typeof length === 'number' && length >= 0).slice(0, 16) : [];
  if (lineStyle.fill === 'dash' || lineStyle.fill === 'square') return given.length > 0 ? given : [10, 10];
  if (lineStyle.fill === 'dot') return given.length > 0 ? given : [0, 10];
  return null;
}

export function styleOf(config: FieldConfig): Style {
  const custom = config.custom ?? {};
  const stacking = object(custom.stacking);
  const distribution = object(custom.scaleDistribution);
  const hideFrom = object(custom.hideFrom);
  const lineStyle = object(custom.lineStyle);
  const dash = dashes(lineStyle);
  return {
    draw: oneOf(custom.drawStyle, ['line', 'bars', 'points']),
    interpolation: oneOf(custom.lineInterpolation, ['linear', 'smooth', 'stepBefore', 'stepAfter']),
    lineWidth: Math.min(Math.max(number(custom.lineWidth, 1), 0), 20),
    dash,
    roundCap: lineStyle.fill === 'dot' && dash !== null,
    fillOpacity: Math.min(Math.max(number(custom.fillOpacity, 0), 0), 100),
    gradient: oneOf(custom.gradientMode, ['none', 'opacity', 'hue', 'scheme']),
    fillBelowTo: text(custom.fillBelowTo) || null,
    showPoints: oneOf(custom.showPoints, ['auto', 'always', 'never']),
    pointSize: Math.min(Math.max(number(custom.pointSize, 5), 1), 40),
    spanNullsMs: gapLimit(custom.spanNulls),
    insertNullsMs: gapLimit(custom.insertNulls) || Infinity,
    barAlignment: custom.barAlignment === -1 || custom.barAlignment === 1 ? custom.barAlignment : 0,
    barWidthFactor: Math.min(Math.max(number(custom.barWidthFactor, 0.6), 0.01), 1),
    barMaxWidth: number(custom.barMaxWidth, 200),
    stack: oneOf(stacking.mode, ['none', 'normal', 'percent']),
    stackGroup: text(stacking.group) || 'A',
    axisPlacement: oneOf(custom.axisPlacement, ['auto', 'left', 'right', 'hidden']),
    axisLabel: text(custom.axisLabel),
    axisWidth: maybe(custom.axisWidth),
    axisSoftMin: maybe(custom.axisSoftMin),
    axisSoftMax: maybe(custom.axisSoftMax),
    axisGridShow: typeof custom.axisGridShow === 'boolean' ? custom.axisGridShow : null,
    axisColorBySeries: custom.axisColorMode === 'series',
    axisBorderShow: custom.axisBorderShow === true,
    axisCenteredZero: custom.axisCenteredZero === true,
    distribution: oneOf(distribution.type, ['linear', 'log', 'symlog']),
    logBase: distribution.log === 10 ? 10 : 2,
    linearThreshold: number(distribution.linearThreshold, 1) || 1,
    thresholdsStyle: oneOf(object(custom.thresholdsStyle).mode, ['off', 'line', 'dashed', 'area', 'line+area', 'dashed+area', 'series']),
    hidden: { viz: hideFrom.viz === true, legend: hideFrom.legend === true, tooltip: hideFrom.tooltip === true },
    transform: oneOf(custom.transform, ['none', 'negative-Y', 'constant']),
  };
}
