/** All frames as one table: rows that say the same in the columns of all frames become one where they do not contradict each other. */

import type { Field, Frame } from '../frame';
import type { Transform } from './frames';
import { commonMeta, mostRows, nameless, refIds, rowKey } from './frames';

interface Source {
  frame: Frame;
  /** Numbers of the result's columns, by the frame's. */
  columns: number[];
  values: unknown[][];
  keys: unknown[][];
}

/** How many rows are tried before a row is taken for a new one. */
const mostTries = 200;

/** Rows of the result that share their keys. */
interface Bucket {
  rows: number[];
  /** By frame: how many rows from the start have something of it already. */
  filled: number[];
}

export const merge: Transform = (all, _options, { problem }) => {
  const frames = all.filter(({ fields }) => fields.length > 0);
  if (frames.length < 2) return all;
  const { fields, sources } = layout(frames);
  const made: unknown[][] = fields.map(() => []);
  /** By row: the frames that wrote it, each of which may do so once. */
  const writers: Set<number>[] = [];
  const buckets = new Map<string, Bucket>();
  let length = 0;

  const fits = (source: Source, row: number, target: number) => {
    for (let at = 0; at < source.columns.length; at += 1) {
      const before = made[source.columns[at]!]![target];
      if (before !== undefined && !Object.is(before, source.values[at]![row])) return false;
    }
    return true;
  };

  for (const [number, source] of sources.entries()) {
    const seen = new Map<string, number>();
    for (let row = 0; row < source.frame.length; row += 1) {
      // The same row twice says nothing new.
      const whole = rowKey(source.values, row);
      if (seen.has(whole)) continue;
      const key = rowKey(source.keys, row);
      let bucket = buckets.get(key);
      if (!bucket) buckets.set(key, (bucket = { rows: [], filled: [] }));
      let at = bucket.filled[number] ?? 0;
      while (at < bucket.rows.length && writers[bucket.rows[at]!]!.has(number)) at += 1;
      bucket.filled[number] = at;
      let target = -1;
      for (let tried = 0; at < bucket.rows.length && tried < mostTries; at += 1, tried += 1) {
        const candidate = bucket.rows[at]!;
        if (!writers[candidate]!.has(number) && fits(source, row, candidate)) {
          target = candidate;
          break;
        }
      }
      if (target === -1) {
        if (length >= mostRows) {
          problem(`the merged table has more than ${mostRows} rows; the rest is left out`);
          break;
        }
        target = length;
        length += 1;
        bucket.rows.push(target);
        writers.push(new Set());
      }
      writers[target]!.add(number);
      seen.set(whole, target);
      for (let own = 0; own < source.columns.length; own += 1) made[source.columns[own]!]![target] = source.values[own]![row];
    }
  }
  for (const values of made) for (let row = 0; row < length; row += 1) values[row] ??= null;
  return [{ refId: `merge-${refIds(frames)}`, fields: fields.map((field, at) => ({ ...field, values: made[at]! })), length, meta: { ...commonMeta(frames), kind: 'table' } }];
};

/** The result's columns, one per name, and what each frame gives to them. */
function layout(frames: Frame[]): { fields: Field[]; sources: Source[] } {
  const places = new Map<string, number>();
  const fields: Field[] = [];
  const counts: number[] = [];
  const perFrame = frames.map((frame) => {
    const own = new Map<number, Field>();
    for (const field of frame.fields) {
      let place = places.get(field.name);
      if (place === undefined) {
        place = fields.length;
        places.set(field.name, place);
        counts.push(0);
        // Labels and legends are one series', the column is of all.
        fields.push({ ...field, values: [], labels: undefined, nanos: undefined });
      }
      if (!own.has(place)) counts[place]! += 1;
      own.set(place, field);
    }
    return own;
  });
  for (const [place, field] of fields.entries()) if (counts[place]! > 1) field.config = nameless(field.config);
  const sources = frames.map((frame, at): Source => {
    const own = [...perFrame[at]!];
    return {
      frame,
      columns: own.map(([place]) => place),
      values: own.map(([, field]) => field.values),
      keys: [...perFrame[at]!].filter(([place]) => counts[place] === frames.length).sort(([one], [other]) => one - other).map(([, field]) => field.values),
    };
  });
  return { fields, sources };
}
