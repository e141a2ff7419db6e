/** All frames as one table: rows that say the same in the columns of all frames become one where they do not contradict each other. */

import type { Field, Frame } from '../frame';
import type { Transform } from './frames';
import { commonMeta, mostRows, nameless, refIds } from './frames';
import { RowIds } from './row-ids';

interface Source {
  frame: Frame;
  /** Numbers of the result's columns, by the frame's. */
  columns: number[];
  values: unknown[][];
  /** The columns that all frames have. */
  keys: unknown[][];
}

/** How many rows are tried before a row is taken for a new one. */
const mostTries = 200;

/** The result as it grows. Rows with the same keys hang together as a list. */
class Table {
  readonly values: unknown[][];
  length = 0;
  /** By number of a row. */
  private readonly next: number[] = [];
  /** By number of a row: the frame that wrote to it last. Frames come one after another, and each writes once. */
  private readonly writer: number[] = [];
  /** By number of keys. */
  private readonly first: number[] = [];
  private readonly last: number[] = [];

  constructor(width: number) {
    this.values = Array.from({ length: width }, () => []);
  }

  /** Takes all rows of a frame; `false` when there are too many. */
  add(source: Source, number: number, keys: Int32Array): boolean {
    const seen = new Set<number>();
    const whole = new RowIds(source.values.length).of(source.values, source.frame.length);
    // By number of keys: the first row that this frame has not written to.
    const open = new Map<number, number>();
    for (let row = 0; row < source.frame.length; row += 1) {
      // The same row twice says nothing new.
      if (seen.has(whole[row]!)) continue;
      seen.add(whole[row]!);
      const key = keys[row]!;
      let at = open.get(key) ?? this.first[key] ?? -1;
      while (at >= 0 && this.writer[at] === number) at = this.next[at]!;
      open.set(key, at);
      for (let tried = 0; at >= 0 && !(this.writer[at] !== number && this.fits(source, row, at)); tried += 1) at = tried < mostTries ? this.next[at]! : -1;
      if (at < 0) {
        if (this.length >= mostRows) return false;
        at = this.append(key);
        if (open.get(key) === -1) open.set(key, at);
      }
      this.writer[at] = number;
      for (let own = 0; own < source.columns.length; own += 1) this.values[source.columns[own]!]![at] = source.values[own]![row];
    }
    return true;
  }

  /** Every cell that nobody wrote to. */
  fill(): void {
    for (const values of this.values) for (let row = 0; row < this.length; row += 1) values[row] ??= null;
  }

  private append(key: number): number {
    const at = this.length;
    this.length += 1;
    this.next[at] = -1;
    this.writer[at] = -1;
    for (const values of this.values) values[at] = undefined;
    const before = this.last[key];
    if (before === undefined) this.first[key] = at;
    else this.next[before] = at;
    this.last[key] = at;
    return at;
  }

  private fits(source: Source, row: number, target: number): boolean {
    for (let own = 0; own < source.columns.length; own += 1) {
      const before = this.values[source.columns[own]!]![target];
      if (before !== undefined && !Object.is(before, source.values[own]![row])) return false;
    }
    return true;
  }
}

export const merge: Transform = (all, _options, { problem }) => {
  const frames = all.filter(({ fields }) => fields.length > 0);
  if (frames.length < 2) return all;
  const { fields, sources } = layout(frames);
  const table = new Table(fields.length);
  const ids = new RowIds(sources[0]!.keys.length);
  for (const [number, source] of sources.entries()) {
    if (table.add(source, number, ids.of(source.keys, source.frame.length))) continue;
    problem(`the merged table has more than ${mostRows} rows; the rest is left out`);
    break;
  }
  table.fill();
  return [{ refId: `merge-${refIds(frames)}`, fields: fields.map((field, at) => ({ ...field, values: table.values[at]! })), length: table.length, meta: { ...commonMeta(frames), kind: 'table' } }];
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
    const own = [...perFrame[at]!].sort(([one], [other]) => one - other);
    return {
      frame,
      columns: own.map(([place]) => place),
      values: own.map(([, field]) => field.values),
      keys: own.filter(([place]) => counts[place] === frames.length).map(([, field]) => field.values),
    };
  });
  return { fields, sources };
}
