/** One value of many: what stats, legends and transformations calculate. */

import type { Field } from '../frame';

export interface Reducer {
  id: string;
  name: string;
  description: string;
  /** Whether the result is in the field's unit; else it is counted, or is in `unit`. */
  keepsUnit: boolean;
  unit?: string;
}

const rows: [id: string, name: string, description: string, keepsUnit?: boolean, unit?: string][] = [
  ['lastNotNull', 'Last *', 'Last value that is a number'],
  ['last', 'Last', 'Last value'],
  ['firstNotNull', 'First *', 'First value that is a number'],
  ['first', 'First', 'First value'],
  ['min', 'Min', 'Least value'],
  ['max', 'Max', 'Greatest value'],
  ['mean', 'Mean', 'Average of all values'],
  ['median', 'Median', 'The value in the middle'],
  ['mode', 'Mode', 'The most frequent value'],
  ['variance', 'Variance', 'Mean square of the distances from the mean'],
  ['stdDev', 'StdDev', 'Standard deviation'],
  ['sum', 'Total', 'Sum of all values'],
  ['count', 'Count', 'Number of values', false],
  ['range', 'Range', 'Greatest less least value'],
  ['delta', 'Delta', 'Rises added up; a fall counts as the reset of a counter'],
  ['step', 'Step', 'Least distance between values'],
  ['diff', 'Difference', 'Last less first value'],
  ['diffperc', 'Difference percent', 'Change from the first to the last value', false, 'percentunit'],
  ['logmin', 'Min (above zero)', 'Least value above zero'],
  ['allIsZero', 'All zeros', 'Whether all values are 0', false, 'bool'],
  ['allIsNull', 'All nulls', 'Whether there is no value', false, 'bool'],
  ['changeCount', 'Change count', 'How often the value changes', false],
  ['distinctCount', 'Distinct count', 'Number of different values', false],
  ['uniqueValues', 'All unique values', 'List of the different values', false],
  ['allValues', 'All values', 'List of all values', false],
];
for (let percent = 1; percent <= 99; percent += 1) rows.push([`p${percent}`, `${percent}${ending(percent)} %`, `What ${percent} percent of the values do not exceed`]);

function ending(value: number): string {
  return Math.floor(value / 10) === 1 ? 'th' : (['th', 'st', 'nd', 'rd'][value % 10] ?? 'th');
}

export const reducers: Reducer[] = rows.map(([id, name, description, keepsUnit = true, unit]) => ({ id, name, description, keepsUnit, unit }));

const byId = new Map(reducers.map((one) => [one.id, one]));

export const reducerOf = (id: string): Reducer | undefined => byId.get(Object.hasOwn(otherIds, id) ? otherIds[id]! : id);

/** Names of old dashboards. */
const otherIds: Record<string, string> = { current: 'lastNotNull', avg: 'mean', total: 'sum', name: 'last', diff_perc: 'diffperc', none: 'lastNotNull' };

/** Whether nulls are left out of counts (`connected`) or stand for zeros (`null as zero`). */
const nullMode = (field: Field): string => field.config.nullValueMode ?? '';

const isValue = (value: unknown): boolean => value != null && !Number.isNaN(value);

/** Everything that one pass over the numbers gives; nulls and NaN are left out. */
interface Sums {
  sum: number;
  count: number;
  min: number;
  max: number;
  logmin: number;
  first: number | null;
  last: number | null;
  step: number;
  delta: number;
  onlyZeros: boolean;
}

const passes = new WeakMap<unknown[], { length: number; asZero: boolean; sums: Sums }>();

/** Columns shorter than this are gone through again rather than remembered: rows are columns too. */
const worthKeeping = 32;

/** Kept by the column, since a legend asks for several results of each. Columns do not change once they are made. */
function sumsOf(field: Field): Sums {
  const { values } = field;
  const asZero = nullMode(field) === 'null as zero';
  if (values.length < worthKeeping) return pass(values, asZero);
  const known = passes.get(values);
  if (known && known.length === values.length && known.asZero === asZero) return known.sums;
  const sums = pass(values, asZero);
  passes.set(values, { length: values.length, asZero, sums });
  return sums;
}

function pass(values: unknown[], asZero: boolean): Sums {
  let [sum, count, delta] = [0, 0, 0];
  let [min, max, logmin, step] = [Infinity, -Infinity, Infinity, Infinity];
  let first: number | null = null;
  let last: number | null = null;
  let onlyZeros = true;
  let rising = true;
  const end = values.length - 1;
  for (let at = 0; at <= end; at += 1) {
    const raw = values[at];
    const value = raw == null && asZero ? 0 : typeof raw === 'boolean' ? Number(raw) : raw;
    if (typeof value !== 'number' || value !== value) continue;
    sum += value;
    count += 1;
    if (value < min) min = value;
    if (value > max) max = value;
    if (value > 0 && value < logmin) logmin = value;
    if (value !== 0) onlyZeros = false;
    if (last === null) first = value;
    else {
      const distance = value - last;
      if (distance < step) step = distance;
      if (distance < 0) {
        // The counter began again; what it has reached counts with the next rise, or now when there is none.
        rising = false;
        if (at === end) delta += value;
      } else {
        delta += rising ? distance : value;
        rising = true;
      }
    }
    last = value;
  }
  return { sum, count, min, max, logmin, first, last, step, delta, onlyZeros };
}

function lastOf(values: unknown[]): unknown {
  for (let at = values.length - 1; at >= 0; at -= 1) if (isValue(values[at])) return values[at];
  return null;
}

function firstOf(values: unknown[]): unknown {
  for (let at = 0; at < values.length; at += 1) if (isValue(values[at])) return values[at];
  return null;
}

/** The mean of the squared distances, by Welford's way, which loses nothing to large means. */
function variance(values: unknown[], asZero: boolean): number | null {
  let [count, mean, squares] = [0, 0, 0];
  for (let at = 0; at < values.length; at += 1) {
    const raw = values[at];
    const value = raw == null && asZero ? 0 : raw;
    if (typeof value !== 'number' || value !== value) continue;
    count += 1;
    const distance = value - mean;
    mean += distance / count;
    squares += distance * (value - mean);
  }
  return count === 0 ? null : squares / count;
}

const orders = new WeakMap<unknown[], { length: number; asZero: boolean; sorted: Float64Array }>();

function sortedNumbers(field: Field): Float64Array {
  const { values } = field;
  const asZero = nullMode(field) === 'null as zero';
  const known = orders.get(values);
  if (known && known.length === values.length && known.asZero === asZero) return known.sorted;
  const numbers = new Float64Array(values.length);
  let count = 0;
  for (let at = 0; at < values.length; at += 1) {
    const raw = values[at];
    const value = raw == null && asZero ? 0 : raw;
    if (typeof value === 'number' && value === value) {
      numbers[count] = value;
      count += 1;
    }
  }
  const sorted = numbers.slice(0, count).sort();
  orders.set(values, { length: values.length, asZero, sorted });
  return sorted;
}

/** The value that `share` of the values do not exceed, by nearest rank. */
function percentile(field: Field, share: number): number | null {
  const numbers = sortedNumbers(field);
  if (numbers.length === 0) return null;
  return numbers[Math.min(numbers.length - 1, Math.round((numbers.length - 1) * share))]!;
}

function median(field: Field): number | null {
  const numbers = sortedNumbers(field);
  if (numbers.length === 0) return null;
  const half = Math.floor(numbers.length / 2);
  return numbers.length % 2 === 1 ? numbers[half]! : (numbers[half - 1]! + numbers[half]!) / 2;
}

function mode(values: unknown[]): unknown {
  const counts = new Map<unknown, number>();
  let [best, most]: [unknown, number] = [null, 0];
  for (const value of values) {
    if (!isValue(value)) continue;
    const count = (counts.get(value) ?? 0) + 1;
    counts.set(value, count);
    if (count > most) [best, most] = [value, count];
  }
  return best;
}

function changes(values: unknown[], skipNulls: boolean, asZero: boolean): number {
  let count = 0;
  let before: unknown;
  let any = false;
  for (const raw of values) {
    if (raw == null && skipNulls) continue;
    const value = raw == null && asZero ? 0 : raw;
    if (any && !Object.is(before, value)) count += 1;
    before = value;
    any = true;
  }
  return count;
}

/** Whether there is such a calculation. */
export const isReducer = (calc: string): boolean => known.has(calc) || Object.hasOwn(otherIds, calc);
const known = new Set(reducers.map(({ id }) => id));

/**
 * A field's values as one, by the id of a calculation; `null` when there is no value or no such calculation.
 * Nulls and NaN are left out of everything but `first`, `last`, `count`, `changeCount`, `distinctCount` and the lists.
 */
export function reduceField(field: Field, calc: string): unknown {
  const id = Object.hasOwn(otherIds, calc) ? otherIds[calc]! : calc;
  const { values } = field;
  const nulls = nullMode(field);
  const [skipNulls, asZero] = [nulls === 'connected', nulls === 'null as zero'];
  switch (id) {
    case 'lastNotNull':
      return asZero && values.length > 0 ? (values[values.length - 1] ?? 0) : lastOf(values);
    case 'firstNotNull':
      return asZero && values.length > 0 ? (values[0] ?? 0) : firstOf(values);
    case 'last':
      return skipNulls ? lastOf(values) : (values[values.length - 1] ?? (asZero && values.length > 0 ? 0 : null));
    case 'first':
      return skipNulls ? firstOf(values) : (values[0] ?? (asZero && values.length > 0 ? 0 : null));
    case 'count':
      return skipNulls ? values.reduce((count: number, value) => count + (value == null ? 0 : 1), 0) : values.length;
    case 'allIsNull':
      return values.every((value) => value == null);
    case 'changeCount':
      return changes(values, skipNulls, asZero);
    case 'distinctCount':
      return distinct(values, skipNulls, asZero).length;
    case 'uniqueValues':
      return distinct(values, skipNulls, asZero);
    case 'allValues':
      return values;
    case 'mode':
      return mode(values);
    case 'median':
      return median(field);
    case 'variance':
      return variance(values, asZero);
    case 'stdDev': {
      const square = variance(values, asZero);
      return square === null ? null : Math.sqrt(square);
    }
    default:
      return /^p[1-9]\d?$/.test(id) ? percentile(field, Number(id.slice(1)) / 100) : ofSums(sumsOf(field), id);
  }
}

function distinct(values: unknown[], skipNulls: boolean, asZero: boolean): unknown[] {
  const seen = new Set<unknown>();
  for (const value of values) if (value != null) seen.add(value);
    else if (!skipNulls) seen.add(asZero ? 0 : null);
  return [...seen];
}

function ofSums(sums: Sums, id: string): unknown {
  const { count, first, last } = sums;
  if (id === 'allIsZero') return count > 0 && sums.onlyZeros;
  if (id === 'sum') return count === 0 ? null : sums.sum;
  if (count === 0 || first === null || last === null) return null;
  switch (id) {
    case 'min':
      return sums.min;
    case 'max':
      return sums.max;
    case 'mean':
      return sums.sum / count;
    case 'range':
      return sums.max - sums.min;
    case 'delta':
      return sums.delta;
    case 'step':
      return count < 2 ? null : sums.step;
    case 'diff':
      return last - first;
    case 'diffperc':
      return (last - first) / first;
    case 'logmin':
      return sums.logmin === Infinity ? null : sums.logmin;
    default:
      return null;
  }
}

/** The least and the greatest finite number of a field; `undefined` when it has none. */
export function extent(field: Field): [min: number, max: number] | undefined {
  const sums = sumsOf(field);
  if (sums.count === 0) return undefined;
  if (Number.isFinite(sums.min) && Number.isFinite(sums.max)) return [sums.min, sums.max];
  let [min, max] = [Infinity, -Infinity];
  for (const value of field.values) {
    if (typeof value !== 'number' || !Number.isFinite(value)) continue;
    if (value < min) min = value;
    if (value > max) max = value;
  }
  return min <= max ? [min, max] : undefined;
}
