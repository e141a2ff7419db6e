/** From a value to what is read: mapping first, then unit and colour. */

import type { DisplayValue, Field } from '../frame';
import { scaleOf } from './color-mode';
import { colorOf } from './colors';
import { mappedTo } from './mappings';
import { reducerOf } from './reduce';
import { displayText, isBooleanUnit, isDateUnit, unitFormat } from './units';

export interface DisplayContext {
  isDark: boolean;
  timeZone?: string;
  /** Milliseconds since 1970, for distances in time; by default when it is asked. */
  now?: number;
}

/** A value as a number; NaN for what is none. */
export function numberOf(value: unknown): number {
  if (typeof value === 'number') return value;
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (typeof value === 'string') return value.trim() === '' ? NaN : Number(value);
  return NaN;
}

/** A value as text where no unit says how. */
export function plainText(value: unknown): string {
  if (value == null) return '';
  if (typeof value === 'string') return value;
  if (Array.isArray(value)) return value.map(plainText).join(', ');
  if (typeof value === 'object') return JSON.stringify(value) ?? '';
  return String(value);
}

/** Values of a list that are written out. */
const mostListed = 20;

/** Times that lie within a minute are told apart by milliseconds. */
const closeMs = 60_000;

function unitOf(field: Field): string | undefined {
  const { unit } = field.config;
  if (field.type === 'time') return isDateUnit(unit) ? unit : 'dateTimeAsSystem';
  if (field.type === 'boolean') return isBooleanUnit(unit) ? unit : 'bool';
  if (field.type === 'string' || field.type === 'other') return unit === undefined || unit === '' ? 'string' : unit;
  return unit;
}

/** How a field's values are shown. Its config, type and place among the series have to be set. */
export function displayOf(field: Field, { isDark, timeZone, now }: DisplayContext): (value: unknown, decimals?: number | null) => DisplayValue {
  const { mappings = [], noValue = '', decimals: own } = field.config;
  const unit = unitOf(field);
  const format = unitFormat(unit);
  const isDate = isDateUnit(unit);
  const isText = unit === 'string';
  const { values } = field;
  const showMs = field.type === 'time' && values.length > 0 && Math.abs(numberOf(values[values.length - 1]) - numberOf(values[0])) < closeMs;
  const context = { timeZone, now, showMs };
  const scale = scaleOf(field, isDark);
  return (value, decimals) => {
    const moment = isDate && typeof value === 'string' && Number.isNaN(numberOf(value)) ? Date.parse(value) : value;
    const numeric = isText ? NaN : numberOf(moment);
    const mapped = mappings.length > 0 ? mappedTo(mappings, value) : undefined;
    const shown: DisplayValue = { text: mapped?.text ?? plainText(value), numeric };
    if (mapped?.color != null && mapped.color !== '') shown.color = colorOf(mapped.color, isDark);
    if (mapped?.icon) shown.icon = mapped.icon;
    if (!Number.isNaN(numeric)) {
      if (mapped?.text == null) Object.assign(shown, format(numeric, decimals ?? own, context));
      const { percent, color } = scale(numeric);
      shown.percent = percent;
      shown.color ??= color;
    }
    if (shown.text === '' && mapped?.text == null) shown.text = noValue;
    shown.color ??= scale(-Infinity).color;
    return shown;
  };
}

/**
 * How a field shows what is calculated of it. Counts are plain numbers, shares and truths have a unit of their own; the
 * decimals are those of the field's unit and do not count for them.
 */
export function displayOfResult(field: Field, calc: string, context: DisplayContext): (value: unknown) => DisplayValue {
  const reducer = reducerOf(calc);
  if (!reducer || reducer.keepsUnit) return field.display ?? displayOf(field, context);
  const { unit = 'none' } = reducer;
  const display = displayOf({ ...field, type: unit === 'bool' ? 'boolean' : 'number', config: { ...field.config, unit, decimals: undefined } }, context);
  const isList = calc === 'allValues' || calc === 'uniqueValues';
  return isList ? (value) => ({ ...display(null), text: (Array.isArray(value) ? value : [value]).slice(0, mostListed).map((each) => (field.display ? displayText(field.display(each)) : plainText(each))).join(', ') }) : display;
}
