/** The values that stat, gauge, bar gauge and pie chart show: one per field, or one per row. */

import { displayOfResult, paletteColor, patternOf, plainText, reduceField, seriesColor } from '../display';
import type { DisplayValue, Field, Frame } from '../frame';
import type { PanelProps, ScopedVars } from '../panel';
import { scopedOf } from './scoped';

export interface ReduceOptions {
  /** Ids of reducers; the last value that is not null when left out. */
  calcs?: string[];
  /** Empty for fields of numbers, else a regular expression of names: `/^Value$/`. */
  fields?: string;
  /** Every row instead of one number of each field. */
  values?: boolean;
  /** The most rows. */
  limit?: number;
}

export interface DisplayedValue {
  title: string;
  value: unknown;
  display: DisplayValue;
  field: Field;
  frame: Frame;
  /** Where the field stands, for keys. */
  key: string;
  /** The row, where every row is shown. */
  row?: number;
  calc?: string;
  /** The ends of the scale: those of the field, else those of all numbers. */
  min: number;
  max: number;
  /** What stands behind one number: the whole field over time. */
  line?: { times: number[]; values: (number | null)[] };
  /** By how much the last value differs from the first, as a share of the first. */
  change?: number;
  scoped: ScopedVars;
}

/** Rows that are shown when the panel does not say. */
export const mostValues = 25;

type Interpolate = PanelProps['interpolate'];

interface Given {
  isDark: boolean;
  interpolate: Interpolate;
}

export const nameOf = (field: Field) => field.displayName ?? field.name;

export const isHidden = (field: Field) => (field.config.custom?.hideFrom as { viz?: boolean } | undefined)?.viz === true;

/** A value as the field shows it. */
export function shownAs(field: Field, value: unknown): DisplayValue {
  if (field.display) return field.display(value);
  return { text: plainText(value), numeric: typeof value === 'number' ? value : NaN };
}

/** The ends of a field's scale. */
export const scaleOf = (field: Field): { min: number; max: number } => field.range?.() ?? { min: field.config.min ?? 0, max: field.config.max ?? 100 };

/** Where a value lies on its scale, 0 to 1. */
export function shareOf(value: number, { min, max }: { min: number; max: number }): number {
  const share = (value - min) / (max - min);
  return Number.isNaN(share) ? 0 : Math.min(1, Math.max(0, share));
}

/** Patterns may carry a place from the last text that they were tried on. */
function matches(pattern: RegExp, text: string): boolean {
  pattern.lastIndex = 0;
  return pattern.test(text);
}

/** What a row is called: the texts beside the number, and the number's own name where it is one of several. */
function nameOfRow(field: Field, { fields }: Frame, row: number): string {
  const texts: string[] = [];
  let others = 0;
  for (const other of fields) {
    if (other === field) continue;
    if (other.type === 'number') others += 1;
    else if (other.type === 'string') {
      const { text } = shownAs(other, other.values[row] ?? '');
      if (text !== '') texts.push(text);
    }
  }
  if (others > 0 || texts.length === 0) texts.push(nameOf(field));
  return texts.join(' ');
}

/** A name that only the value's own place can fill in, such as `${__data.fields.pod}`. */
const isOfValue = /\$\{?__(data|cell|calc|value|field)/;

/** The values to show, in the order of the fields. Empty where no field is chosen or there are no rows. */
export function displayedValues(frames: Frame[], options: ReduceOptions, { isDark, interpolate }: Given): DisplayedValue[] {
  const calcs = options.calcs && options.calcs.length > 0 ? options.calcs : ['lastNotNull'];
  const wanted = options.fields ? patternOf(interpolate(options.fields)) : undefined;
  const limit = options.limit && options.limit > 0 ? options.limit : mostValues;
  const found: DisplayedValue[] = [];
  for (const [frameIndex, frame] of frames.entries()) {
    const time = frame.fields.find(({ type }) => type === 'time');
    for (const [fieldIndex, field] of frame.fields.entries()) {
      if (isHidden(field) || wanted === null) continue;
      if (wanted === undefined ? field.type !== 'number' : !matches(wanted, nameOf(field))) continue;
      const key = `${frameIndex}/${fieldIndex}`;
      const scale = scaleOf(field);
      const template = field.config.displayName;
      const title = (otherwise: string, scoped: ScopedVars) => (template && isOfValue.test(template) ? interpolate(template, scoped) : template ? nameOf(field) : otherwise);
      if (options.values) {
        for (let row = 0; row < frame.length; row += 1) {
          if (found.length >= limit) return found;
          const value = field.values[row];
          const scoped = scopedOf(frame, field, row);
          const display = inPalette(field, shownAs(field, value), found.length, isDark);
          found.push({ title: title(nameOfRow(field, frame, row), scoped), value, display, field, frame, key: `${key}/${row}`, row, ...scale, scoped });
        }
        continue;
      }
      const change = field.type === 'number' ? reduceField(field, 'diffperc') : undefined;
      for (const calc of calcs) {
        const value = reduceField(field, calc);
        const scoped: ScopedVars = { ...scopedOf(frame, field, undefined, value), __calc: { text: calc, value: calc } };
        found.push({
          title: title(nameOf(field), scoped),
          value,
          display: field.display ? displayOfResult(field, calc, { isDark })(value) : shownAs(field, value),
          field,
          frame,
          key: `${key}/${calc}`,
          calc,
          ...scale,
          ...(time && time !== field && field.type === 'number' ? { line: { times: time.values as number[], values: field.values as (number | null)[] } } : {}),
          ...(typeof change === 'number' && Number.isFinite(change) ? { change } : {}),
          scoped,
        });
      }
    }
  }
  return found;
}

/** Rows of one field take the palette's colours one after the other, but for what a mapping colours. */
function inPalette(field: Field, display: DisplayValue, index: number, isDark: boolean): DisplayValue {
  const mode = field.config.color?.mode;
  if (mode !== 'palette-classic') return display;
  return display.color === undefined || display.color === seriesColor(field, isDark) ? { ...display, color: paletteColor(index, isDark) } : display;
}

/** One value needs no name, but for one that was given on purpose. */
export function hidesTitle(values: DisplayedValue[]): boolean {
  return values.length === 1 && !values[0]!.field.config.displayName;
}

/** A share as a percentage of three digits: `+12.5%` is `12.5%`, `-0.0312` is `-3.12%`. */
export const changeText = (change: number) => change.toLocaleString('en', { style: 'percent', maximumSignificantDigits: 3 });
