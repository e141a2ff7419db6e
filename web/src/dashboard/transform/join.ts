/** Several frames side by side, by a column that they share. */

import type { Field, Frame } from '../frame';
import { textOf } from '../display/matchers';
import type { Run, Transform } from './frames';
import { commonMeta, keyOf, mostRows, Names, refIds, taken, timeField } from './frames';

interface Part {
  frame: Frame;
  by: Field;
}

/** What is not the column of the join. Names of frames become a label where nothing else tells fields apart. */
function others({ frame, by }: Part): Field[] {
  return frame.fields
    .filter((field) => field !== by)
    .map((field) => {
      const isNamed = field.config.displayName !== undefined || field.config.displayNameFromDS !== undefined;
      return frame.name && !isNamed ? { ...field, labels: { ...field.labels, name: frame.name } } : field;
    });
}

function joined(parts: Part[], by: Field, fields: Field[]): Frame {
  const frames = parts.map(({ frame }) => frame);
  return { refId: `joinByField-${refIds(frames)}`, fields: [by, ...fields], length: by.values.length, meta: commonMeta(frames) };
}

function sameValues(one: unknown[], other: unknown[]): boolean {
  if (one === other) return true;
  if (one.length !== other.length) return false;
  for (let at = 0; at < one.length; at += 1) if (one[at] !== other[at]) return false;
  return true;
}

/** Numbers, each greater than the one before it. */
const isRising = (values: unknown[]): boolean => {
  if (values.length > 0 && (typeof values[0] !== 'number' || Number.isNaN(values[0]))) return false;
  for (let at = 1; at < values.length; at += 1) if (!((values[at - 1] as number) < (values[at] as number))) return false;
  return true;
};

/** Every value of the column once: times and numbers in rising order, text in the order in which it comes. */
function outer(parts: Part[]): Frame {
  const first = parts[0]!;
  const isOrdered = parts.every(({ by }) => by.type === 'time' || by.type === 'number');
  if (parts.every(({ by }) => sameValues(by.values, first.by.values)) && isOrdered && isRising(first.by.values)) return joined(parts, first.by, parts.flatMap(others));
  const { values, rowsOf } = isOrdered && parts.every(({ by }) => isRising(by.values)) ? mergedRising(parts) : mergedAny(parts, isOrdered);
  const fields = parts.flatMap((part, at) => {
    const rows = rowsOf(at);
    return others(part).map((field) => taken(field, rows));
  });
  return joined(parts, { ...first.by, values, nanos: undefined }, fields);
}

interface Merged {
  values: unknown[];
  /** By part: the number of its row for each value, -1 for none. */
  rowsOf: (part: number) => Int32Array;
}

/** Times that rise, as those of series do, need no table of places. */
function mergedRising(parts: Part[]): Merged {
  const all = new Float64Array(parts.reduce((count, { by }) => count + by.values.length, 0));
  let count = 0;
  for (const { by } of parts) {
    all.set(by.values as number[], count);
    count += by.values.length;
  }
  all.sort();
  let unique = 0;
  for (let at = 0; at < all.length; at += 1) if (at === 0 || all[at] !== all[at - 1]) all[unique++] = all[at]!;
  const values = Array.from(all.subarray(0, unique));
  return {
    values,
    rowsOf: (part) => {
      const own = parts[part]!.by.values;
      const rows = new Int32Array(unique).fill(-1);
      let row = 0;
      for (let at = 0; at < unique && row < own.length; at += 1) {
        if (values[at] !== own[row]) continue;
        rows[at] = row;
        row += 1;
      }
      return rows;
    },
  };
}

/** The last row with a value stands for it. */
function mergedAny(parts: Part[], isOrdered: boolean): Merged {
  const places = new Map<unknown, number>();
  for (const { by } of parts) for (const value of by.values) places.set(value, 0);
  const values = [...places.keys()];
  if (isOrdered) values.sort((one, other) => rank(one) - rank(other));
  for (const [at, value] of values.entries()) places.set(value, at);
  return {
    values,
    rowsOf: (part) => {
      const rows = new Int32Array(values.length).fill(-1);
      for (const [row, value] of parts[part]!.by.values.entries()) rows[places.get(value)!] = row;
      return rows;
    },
  };
}

/** What is no number stands last. */
const rank = (value: unknown): number => (typeof value === 'number' && !Number.isNaN(value) ? value : Number.MAX_VALUE);

/** Every row with every row of the same value, as databases join. */
function tabular(parts: Part[], keepUnmatched: boolean, problem: (what: string) => void): Frame {
  // One number of a row per part: -1 where it has none.
  let rows: Int32Array[] = parts[0]!.by.values.map((_, row) => new Int32Array(parts.length).fill(-1).fill(row, 0, 1));
  for (let at = 1; at < parts.length; at += 1) {
    const places = new Map<string, number[]>();
    for (const [row, value] of parts[at]!.by.values.entries()) {
      const key = keyOf(value);
      const known = places.get(key);
      if (known) known.push(row);
      else places.set(key, [row]);
    }
    const next: Int32Array[] = [];
    const matched = new Set<string>();
    for (const row of rows) {
      const key = keyOf(valueAt(parts, row));
      const partners = places.get(key);
      matched.add(key);
      if (!partners) {
        if (keepUnmatched) next.push(row);
        continue;
      }
      for (const partner of partners) {
        const copy = row.slice();
        copy[at] = partner;
        next.push(copy);
      }
      if (next.length > mostRows) {
        problem(`the join has more than ${mostRows} rows; the rest is left out`);
        next.length = mostRows;
        break;
      }
    }
    if (keepUnmatched) {
      for (const [key, own] of places) if (!matched.has(key)) for (const row of own) if (next.length < mostRows) next.push(new Int32Array(parts.length).fill(-1).fill(row, at, at + 1));
    }
    rows = next;
  }
  const by: Field = { ...parts[0]!.by, values: rows.map((row) => valueAt(parts, row)), nanos: undefined };
  const fields = parts.flatMap((part, at) => {
    const own = Int32Array.from(rows, (row) => row[at]!);
    return others(part).map((field) => taken(field, own));
  });
  return joined(parts, by, fields);
}

function valueAt(parts: Part[], row: Int32Array): unknown {
  for (let at = 0; at < parts.length; at += 1) if (row[at]! >= 0) return parts[at]!.by.values[row[at]!];
  return null;
}

/** Frames joined by a column's name, or by their first time; `null` when none has it. Frames without it are left out. */
export function join(frames: Frame[], byName: string, mode: string, problem: (what: string) => void): Frame | null {
  const names = new Names(frames);
  const parts = frames.flatMap((frame): Part[] => {
    const by = byName === '' ? timeField(frame) : names.find(frame, byName);
    return by ? [{ frame, by }] : [];
  });
  if (parts.length === 0) return null;
  if (parts.length === 1) return joined(parts, parts[0]!.by, others(parts[0]!));
  if (mode === 'inner') return tabular(parts, false, problem);
  if (mode === 'outerTabular') return tabular(parts, true, problem);
  return outer(parts);
}

export const joinByField: Transform = (frames, options, run) => {
  const mode = textOf(options.mode) || 'outer';
  if (!['outer', 'inner', 'outerTabular'].includes(mode)) run.problem(`the kind of join ${JSON.stringify(mode)} is not known; it is taken as "outer"`);
  if (frames.length < 2) return frames;
  const made = join(frames, run.interpolate(textOf(options.byField)), mode, run.problem);
  return made === null ? frames : [made];
};

/** Series of one time each as a single table, for what calculates with several of them. */
export function asColumns(frames: Frame[], run: Run): Frame[] {
  if (frames.length < 2 || !frames.every((frame) => timeField(frame) !== undefined)) return frames;
  const made = join(frames, '', 'outer', run.problem);
  return made === null ? frames : [made];
}
