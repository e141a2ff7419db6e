/** The bar chart's options with their defaults. */

import type { Json, JsonObject } from '../../model';

export interface BarOptions {
  xField: string | null;
  orientation: 'auto' | 'vertical' | 'horizontal';
  stacking: 'none' | 'normal' | 'percent';
  showValue: 'auto' | 'always' | 'never';
  /** Shares of the room there is, 0 to 1. */
  barWidth: number;
  groupWidth: number;
  /** A share of half the bar's width. */
  barRadius: number;
  colorByField: string | null;
  fullHighlight: boolean;
  /** Degrees. */
  labelRotation: number;
  labelMaxLength: number;
  /** Pixels between labels of categories; 0 shows as many as fit. */
  labelSpacing: number;
  valueSize: number;
  /** Bars of several series stand in one place. */
  overlaid?: boolean;
}

const share = (value: Json | undefined, otherwise: number) => (typeof value === 'number' && value >= 0 && value <= 1 ? value : otherwise);
const number = (value: Json | undefined, otherwise: number) => (typeof value === 'number' && Number.isFinite(value) ? value : otherwise);
const name = (value: Json | undefined) => (typeof value === 'string' && value !== '' ? value : null);

export function barOptions(options: JsonObject): BarOptions {
  const text = options.text !== null && typeof options.text === 'object' && !Array.isArray(options.text) ? options.text : {};
  return {
    xField: name(options.xField),
    orientation: options.orientation === 'horizontal' || options.orientation === 'vertical' ? options.orientation : 'auto',
    stacking: options.stacking === 'normal' || options.stacking === 'percent' ? options.stacking : 'none',
    showValue: options.showValue === 'always' || options.showValue === 'never' ? options.showValue : 'auto',
    barWidth: share(options.barWidth, 0.97),
    groupWidth: share(options.groupWidth, 0.7),
    barRadius: share(options.barRadius, 0),
    colorByField: name(options.colorByField),
    fullHighlight: options.fullHighlight === true,
    labelRotation: Math.min(Math.max(number(options.xTickLabelRotation, 0), -90), 90),
    labelMaxLength: number(options.xTickLabelMaxLength, 0),
    labelSpacing: number(options.xTickLabelSpacing, 0),
    valueSize: Math.min(Math.max(number(text.valueSize, 11), 6), 60),
  };
}
