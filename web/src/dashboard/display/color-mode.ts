/** Which colour a field's values have, by the mode of its colour. */

import type { Field } from '../frame';
import type { ThresholdStep } from '../model';
import { colorByName, colorOf, paletteColor } from './colors';
import { reduceField } from './reduce';
import { continuousSchemes, schemeColor, shadeOf } from './schemes';
import { activeThreshold, defaultThresholds } from './thresholds';

const fallback = '#808080';

/** A value's place and what follows from it. */
export interface Scaled {
  /** 0 to 1 between min and max; outside of them for values outside. */
  percent: number;
  color: string;
  threshold?: ThresholdStep;
}

const modes = new Set(['fixed', 'shades', 'thresholds', 'palette-classic', 'palette-classic-by-name', ...Object.keys(continuousSchemes)]);
export const isColorMode = (mode: string): boolean => modes.has(mode);

/** Whether the colour goes by the value rather than by the series. */
export const isByValue = (mode: string): boolean => mode === 'thresholds' || mode.startsWith('continuous-');

/** The mode of kinds of panels that name none; `undefined` for those whose values have the colours of thresholds. */
export function defaultColorMode(panelType: string): string {
  switch (panelType) {
    case 'timeseries':
    case 'barchart':
    case 'histogram':
    case 'piechart':
    case 'trend':
    case 'xychart':
    case 'candlestick':
      return 'palette-classic';
    case 'state-timeline':
      return 'continuous-GrYlRd';
    default:
      return 'thresholds';
  }
}

/** The colour of a field whose mode does not look at values; `undefined` for modes that do. */
function ownColor(field: Field, mode: string, isDark: boolean): string | undefined {
  switch (mode) {
    case 'fixed':
      return colorOf(field.config.color?.fixedColor ?? fallback, isDark);
    case 'shades':
      return shadeOf(colorOf(field.config.color?.fixedColor ?? fallback, isDark), field.seriesIndex ?? 0);
    case 'palette-classic':
      return paletteColor(field.seriesIndex ?? 0, isDark);
    case 'palette-classic-by-name':
      return colorByName(field.displayName ?? field.name, isDark);
    default:
      return undefined;
  }
}

/** Place and colour of a field's values. `-Infinity` asks for the colour of no value. */
export function scaleOf(field: Field, isDark: boolean): (value: number) => Scaled {
  const mode = field.config.color?.mode ?? 'thresholds';
  const own = ownColor(field, mode, isDark);
  const thresholds = field.config.thresholds ?? defaultThresholds;
  const continuous = Object.hasOwn(continuousSchemes, mode);
  if (field.type === 'boolean' && own === undefined) {
    const [no, yes] = continuous ? [schemeColor(mode, 0, isDark)!, schemeColor(mode, 1, isDark)!] : [colorOf('red', isDark), colorOf('green', isDark)];
    return (value) => (value === 1 ? { percent: 1, color: yes } : { percent: 0, color: no });
  }
  const css = new Map<string, string>();
  const cssOf = (name: string) => {
    const known = css.get(name);
    if (known !== undefined) return known;
    const made = colorOf(name, isDark);
    css.set(name, made);
    return made;
  };
  let range: { min: number; max: number } | undefined;
  return (value) => {
    range ??= field.range?.() ?? { min: field.config.min ?? 0, max: field.config.max ?? 100 };
    const place = value === -Infinity ? 0 : (value - range.min) / (range.max - range.min);
    const percent = Number.isNaN(place) ? 0 : place;
    const threshold = activeThreshold(value, percent, thresholds);
    const color = own ?? (continuous ? schemeColor(mode, percent, isDark)! : cssOf(threshold?.color ?? fallback));
    return { percent, color, threshold };
  };
}

/** The colour of a line or a slice by its colour mode: its own, or that of its last, least or greatest value. */
export function seriesColor(field: Field, isDark: boolean): string {
  const mode = field.config.color?.mode ?? 'palette-classic';
  const own = ownColor(field, mode, isDark);
  if (own !== undefined) return own;
  if (!isByValue(mode)) return paletteColor(field.seriesIndex ?? 0, isDark);
  const calc = field.config.color?.seriesBy ?? 'last';
  const value = reduceField(field, calc === 'min' || calc === 'max' ? calc : 'lastNotNull');
  return scaleOf(field, isDark)(typeof value === 'number' ? value : Number(value ?? 0)).color;
}
