/** The colours along a scale: where thresholds or a scheme change them. */

import { colorOf, defaultThresholds, thresholdSteps } from '../../display';
import type { Field } from '../../frame';
import { shownAs } from '../values';

export interface Band {
  /** Shares of the scale, 0 to 1. */
  from: number;
  to: number;
  color: string;
  /** The value at which it begins; minus infinity for the first. */
  value: number;
}

/** Steps of thresholds in their order, as shares of the scale and as values. */
export function bandsOf({ config }: Pick<Field, 'config'>, scale: { min: number; max: number }, isDark: boolean): Band[] {
  const thresholds = config.thresholds ?? defaultThresholds;
  const { mode } = thresholds;
  const length = scale.max - scale.min;
  const bands = thresholdSteps(thresholds).map(({ value, color }): Band => {
    const at = value === null ? -Infinity : mode === 'percentage' ? scale.min + (value / 100) * length : value;
    return { from: Math.min(1, Math.max(0, at === -Infinity ? 0 : (at - scale.min) / length || 0)), to: 1, color: colorOf(color, isDark), value: at };
  });
  bands.forEach((band, index) => {
    band.to = bands[index + 1]?.from ?? 1;
  });
  return bands;
}

/** Colours at even places of the scale, as values there would have. */
export function colorsAlong(field: Field, scale: { min: number; max: number }, count: number): string[] {
  return Array.from({ length: count }, (_, index) => shownAs(field, scale.min + ((index + 0.5) / count) * (scale.max - scale.min)).color ?? 'var(--accent)');
}
