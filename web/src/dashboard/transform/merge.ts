/** All frames as one table: rows that say the same in the columns of all frames become one where they do not contradict each other. */

import type { Field, Frame } from '../frame';
import type { Transform } from './frames';
import { commonMeta, mostRows, nameless, refIds } from './frames';
import { Interner, PairIds, RowIds } from './row-ids';

interface Source {
  frame: Frame;
  /** Numbers of the result's columns, by the frame's. */
  columns: number[];
  values: unknown[][];
  /** The columns that all frames have. */
  keys: unknown[][];
}

/** Rows that a frame tries one after the other, for each row of both, before what fits is looked up instead. */
const triesPerRow = 4;

/** Rows of the result that a frame has not written to, found by what its rows must not contradict. */
class Open {
  /** Which of the frame's columns are written to: each kind of row, by a number made of them. */
  private readonly kinds = new Map<number, number[]>();
  private readonly values = new Interner();
  private readonly pairs = new PairIds();
  /** By kind, keys and values as one number: the first and the last row that is open. */
  private readonly first: number[] = [];
  private readonly last: number[] = [];
  /** By row: the next one of the same. */
  private readonly next: Int32Array;

  constructor(
    private readonly width: number,
    rows: number,
  ) {
    this.next = new Int32Array(rows).fill(-1);
  }

  add(row: number, key: number, valueOf: (own: number) => unknown): void {
    // No number of a pair is below 0.
    let number = -1;
    for (let own = 0; own < this.width; own += 1) if (valueOf(own) !== undefined) number = this.pairs.id(number, -2 - own);
    let kind = this.kinds.get(number);
    if (!kind) this.kinds.set(number, (kind = Array.from({ length: this.width }, (_, own) => own).filter((own) => valueOf(own) !== undefined)));
    let place = this.pairs.id(number, key);
    for (const own of kind) place = this.pairs.id(place, this.values.id(valueOf(own)));
    const before = this.last[place] ?? -1;
    if (before < 0 || this.first[place] === -1) this.first[place] = row;
    else this.next[before] = row;
    this.last[place] = row;
  }

  /** The first row that the frame's row fits, which is then no longer open; -1 when there is none. */
  take(key: number, valueOf: (own: number) => unknown): number {
    let [best, row] = [-1, Infinity];
    for (const [number, kind] of this.kinds) {
      let place = this.pairs.find(number, key);
      for (let at = 0; place >= 0 && at < kind.length; at += 1) {
        const value = this.values.find(valueOf(kind[at]!));
        place = value < 0 ? -1 : this.pairs.find(place, value);
      }
      const found = place < 0 ? -1 : (this.first[place] ?? -1);
      if (found >= 0 && found < row) [best, row] = [place, found];
    }
    if (best < 0) return -1;
    this.first[best] = this.next[row]!;
    return row;
  }
}

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
    let tries = triesPerRow * (this.length + source.frame.length);
    let index: Open | null = null;
    for (let row = 0; row < source.frame.length; row += 1) {
      // The same row twice says nothing new.
      if (seen.has(whole[row]!)) continue;
      seen.add(whole[row]!);
      const key = keys[row]!;
      let at = -1;
      if (tries > 0) {
        at = open.get(key) ?? this.first[key] ?? -1;
        while (at >= 0 && this.writer[at] === number) at = this.next[at]!;
        open.set(key, at);
        for (; at >= 0 && !(this.writer[at] !== number && this.fits(source, row, at)) && tries > 0; tries -= 1) at = this.next[at]!;
      }
      if (tries <= 0) {
        index ??= this.open(source, number);
        at = index.take(key, (own) => source.values[own]![row]);
      }
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

  private open(source: Source, number: number): Open {
    const index = new Open(source.columns.length, this.length);
    for (const [key, first] of this.first.entries()) {
      for (let at = first ?? -1; at >= 0; at = this.next[at]!) {
        const row = at;
        if (this.writer[row] !== number) index.add(row, key, (own) => this.values[source.columns[own]!]![row]);
      }
    }
    return index;
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
