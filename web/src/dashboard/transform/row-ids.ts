/** Numbers for what rows say, so that rows are compared without making a text of each. */

import { keyOf } from './frames';

/** Text and numbers are told apart by the map itself; what is compared by its content needs a key. */
const asKey = (value: unknown): unknown => (value == null ? null : typeof value === 'object' ? keyOf(value) + '\u0000' : value);

/** Gives the same number to the same value, from 0 on. Missing values are one value. */
export class Interner {
  private readonly known = new Map<unknown, number>();

  /** How many different values there were. */
  get size(): number {
    return this.known.size;
  }

  id(value: unknown): number {
    const key = asKey(value);
    let id = this.known.get(key);
    if (id === undefined) {
      id = this.known.size;
      this.known.set(key, id);
    }
    return id;
  }

  /** -1 for a value that has no number. */
  find(value: unknown): number {
    return this.known.get(asKey(value)) ?? -1;
  }
}

/** Gives the same number to the same two numbers, from 0 on: a table of hashes, since a map of pairs would make an object of each. */
export class PairIds {
  private slots = new Int32Array(1 << 10).fill(-1);
  private one = new Int32Array(1 << 9);
  private other = new Int32Array(1 << 9);
  size = 0;

  id(one: number, other: number): number {
    const slot = this.slot(one, other);
    const found = this.slots[slot]!;
    if (found >= 0) return found;
    const id = this.size;
    if (id === this.one.length) {
      this.grow();
      return this.id(one, other);
    }
    this.size += 1;
    this.slots[slot] = id;
    this.one[id] = one;
    this.other[id] = other;
    return id;
  }

  /** -1 for a pair that has no number. */
  find(one: number, other: number): number {
    return this.slots[this.slot(one, other)]!;
  }

  private slot(one: number, other: number): number {
    const most = this.slots.length - 1;
    let hash = Math.imul(one, 0x9e3779b1) ^ Math.imul(other, 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
    let slot = (hash ^ (hash >>> 13)) & most;
    for (let id = this.slots[slot]!; id >= 0 && (this.one[id] !== one || this.other[id] !== other); id = this.slots[slot]!) slot = (slot + 1) & most;
    return slot;
  }

  private grow(): void {
    const [one, other] = [this.one, this.other];
    this.slots = new Int32Array(this.slots.length * 2).fill(-1);
    this.one = new Int32Array(one.length * 2);
    this.other = new Int32Array(one.length * 2);
    this.one.set(one);
    this.other.set(other);
    for (let id = 0; id < this.size; id += 1) this.slots[this.slot(one[id]!, other[id]!)] = id;
  }
}

/** Numbers rows by their values in several columns; those of tables with the same columns can be compared. */
export class RowIds {
  private readonly columns: Interner[];
  /** By column but the first: pairs of the number so far and the column's own. */
  private readonly pairs: PairIds[];

  constructor(width: number) {
    this.columns = Array.from({ length: width }, () => new Interner());
    this.pairs = Array.from({ length: Math.max(width - 1, 0) }, () => new PairIds());
  }

  /** How many different rows there were. */
  get size(): number {
    return (this.pairs[this.pairs.length - 1] ?? this.columns[0])?.size ?? 1;
  }

  /** A number for each row of these columns. */
  of(values: unknown[][], length: number): Int32Array {
    const ids = new Int32Array(length);
    for (const [at, own] of this.columns.entries()) {
      const column = values[at]!;
      const pair = this.pairs[at - 1];
      for (let row = 0; row < length; row += 1) ids[row] = pair ? pair.id(ids[row]!, own.id(column[row])) : own.id(column[row]);
    }
    return ids;
  }
}
