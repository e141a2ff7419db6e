/** Where a stat's name, value and line stand, and how large they are. */

import type { Measure } from '../parts/text-size';
import { fittingSize } from '../parts/text-size';

export type TextMode = 'auto' | 'value' | 'value_and_name' | 'name' | 'none';

export interface StatOptions {
  textMode: TextMode;
  colorMode: 'none' | 'value' | 'background' | 'background_solid';
  graphMode: 'none' | 'area';
  justifyMode: 'auto' | 'center';
  wideLayout: boolean;
  showPercentChange: boolean;
  percentChangeColorMode: 'standard' | 'inverted' | 'same_as_value';
  titleSize?: number;
  valueSize?: number;
  percentSize?: number;
}

const oneOf = <T extends string>(value: unknown, known: readonly T[], otherwise: T): T => (known.includes(value as T) ? (value as T) : otherwise);
const size = (value: unknown) => (typeof value === 'number' && value > 0 ? value : undefined);

export function statOptions(options: Record<string, unknown>): StatOptions {
  const text = (options.text ?? {}) as Record<string, unknown>;
  return {
    textMode: oneOf(options.textMode, ['auto', 'value', 'value_and_name', 'name', 'none'], 'auto'),
    colorMode: oneOf(options.colorMode, ['none', 'value', 'background', 'background_solid'], 'value'),
    graphMode: oneOf(options.graphMode, ['none', 'area'], 'area'),
    justifyMode: oneOf(options.justifyMode, ['auto', 'center'], 'auto'),
    wideLayout: options.wideLayout !== false,
    showPercentChange: options.showPercentChange === true,
    percentChangeColorMode: oneOf(options.percentChangeColorMode, ['standard', 'inverted', 'same_as_value'], 'standard'),
    titleSize: size(text.titleSize),
    valueSize: size(text.valueSize),
    percentSize: size(text.percentSize),
  };
}

/** What of name and value is written. One value alone needs no name, unless it is asked for. */
export function textsOf(mode: TextMode, count: number, name: string, value: string): { name: string; value: string } {
  if (mode === 'none') return { name: '', value: '' };
  if (mode === 'name') return { name: '', value: name };
  if (mode === 'value' || (mode === 'auto' && count <= 1)) return { name: '', value };
  return { name, value };
}

export interface StatLayout {
  padding: number;
  /** Name and value beside each other. */
  wide: boolean;
  titleSize: number;
  valueSize: number;
  percentSize: number;
  /** Pixels of the line at the bottom; 0 without one. */
  lineHeight: number;
}

export const titleLineHeight = 1.25;
export const valueLineHeight = 1.15;
/** Names are not larger than this, however much room there is. */
const mostTitle = 30;
/** Below this height a line would be in the way of the value. */
const leastForLine = 60;

interface Given {
  width: number;
  height: number;
  /** The widest of all names and values of the panel, so that all have one size; empty when they are not shown. */
  title: string;
  value: string;
  percent: string;
  hasLine: boolean;
  options: StatOptions;
  by?: Measure;
}

export function statLayout({ width, height, title, value, percent, hasLine, options, by }: Given): StatLayout {
  const padding = Math.max(2, Math.min(12, Math.round(Math.min(height, width) * 0.08)));
  const wide = title !== '' && value !== '' && options.wideLayout && options.justifyMode !== 'center' && width / height > 2.5;
  const lineHeight = hasLine && height >= leastForLine ? Math.round(height * (title === '' && value === '' ? 1 : wide ? 0.4 : 0.32)) : 0;
  const innerWidth = Math.max(1, width - 2 * padding);
  const innerHeight = Math.max(1, height - 2 * padding - (wide ? lineHeight * 0.4 : lineHeight * 0.85));
  const valueOptions = { lineHeight: valueLineHeight, weight: 500, by };
  const titleOptions = { lineHeight: titleLineHeight, weight: 400, least: 10, by };
  let titleSize = 0;
  let valueSize = 0;
  let percentSize = 0;
  if (wide) {
    const percentWidth = percent === '' ? 0 : 0.2;
    titleSize = options.titleSize ?? fittingSize(title, innerWidth * 0.58, innerHeight, { ...titleOptions, most: mostTitle });
    valueSize = options.valueSize ?? fittingSize(value, innerWidth * (0.4 - percentWidth / 2), innerHeight, valueOptions);
    percentSize = percent === '' ? 0 : (options.percentSize ?? Math.min(Math.max(8, Math.round(valueSize * 0.45)), fittingSize(percent, innerWidth * percentWidth * 0.8, innerHeight, valueOptions)));
    titleSize = Math.min(titleSize, options.titleSize ?? Math.max(10, valueSize));
    return { padding, wide, titleSize, valueSize, percentSize, lineHeight };
  }
  let left = innerHeight;
  if (title !== '') {
    titleSize = options.titleSize ?? fittingSize(title, innerWidth, innerHeight * (value === '' ? 1 : 0.3), { ...titleOptions, most: mostTitle });
    left -= titleSize * titleLineHeight;
  }
  if (value !== '') {
    // Beside a tall value the change stands on the same line, so it takes no height.
    const valueWidth = percent === '' ? innerWidth : innerWidth * 0.68;
    valueSize = options.valueSize ?? fittingSize(value, valueWidth, left, valueOptions);
    percentSize = percent === '' ? 0 : (options.percentSize ?? Math.min(Math.max(8, Math.round(valueSize * 0.5)), fittingSize(percent, innerWidth * 0.24, left, valueOptions)));
  }
  return { padding, wide, titleSize, valueSize, percentSize, lineHeight };
}
