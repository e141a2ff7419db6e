/** Numbers for what rows say, so that rows are compared without making a text of each. */

import { keyOf } from './frames';

/** Gives the same number to the same value, from 0 on. Missing values are one value. */
export class Interner {
  private readonly known = new Map<unknown, number>();

  /** How many different values there were. */
  get size(): number {
    return this.known.size;
  }

  id(value: unknown): number {
    // Text and numbers are told apart by the map itself; what is compared by its content needs a key.
    const key = value == null ? null : typeof value === 'object' ? keyOf(value) + '\u0000' : value;
    let id = this.known.get(key);
    if (id === undefined) {
      id = this.known.size;
      this.known.set(key, id);
    }
    return id;
  }
}

/** Numbers rows by their values in several columns; those of tables with the same columns can be compared. */
export class RowIds {
  private readonly columns: Interner[];
  /** By column: pairs of the number so far and the column's own. */
  private readonly pairs: Interner[];

  constructor(width: number) {
    this.columns = Array.from({ length: width }, () => new Interner());
    this.pairs = Array.from({ length: width }, () => new Interner());
  }

  /** How many different rows there were. */
  get size(): number {
    return this.pairs.length === 0 ? 1 : this.pairs[this.pairs.length - 1]!.size;
  }

  /** A number for each row of these columns. */
  of(values: unknown[][], length: number): Int32Array {
    const ids = new Int32Array(length);
    for (let at = 0; at < this.columns.length; at += 1) {
      const [column, own, pair] = [values[at]!, this.columns[at]!, this.pairs[at]!];
      // Both numbers are below 2^26, so that their pair is a whole number that a double holds exactly.
      for (let row = 0; row < length; row += 1) ids[row] = pair.id(ids[row]! * 67_108_864 + own.id(column[row]));
    }
    return ids;
  }
}
