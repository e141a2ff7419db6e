/** Calculations over the rows before, or around, each row. */

/** The sum or the mean of all rows so far; a row without a number adds nothing. */
export function cumulative(values: (number | null)[], calc: string): (number | null)[] {
  let [sum, count] = [0, 0];
  return values.map((value) => {
    if (value !== null) {
      sum += value;
      count += 1;
    }
    return calc === 'sum' ? sum : count === 0 ? null : sum / count;
  });
}

/** Mean and squares of the distances from it, by Welford's update and its reverse; infinite numbers are counted apart. */
class Moments {
  private count = 0;
  private mean = 0;
  private squares = 0;
  private up = 0;
  private down = 0;

  add(value: number): void {
    if (this.isInfinite(value, 1)) return;
    this.count += 1;
    const distance = value - this.mean;
    this.mean += distance / this.count;
    this.squares += distance * (value - this.mean);
  }

  remove(value: number): void {
    if (this.isInfinite(value, -1)) return;
    this.count -= 1;
    if (this.count === 0) {
      this.mean = 0;
      this.squares = 0;
      return;
    }
    const distance = value - this.mean;
    this.mean -= distance / this.count;
    this.squares -= distance * (value - this.mean);
  }

  result(calc: string): number | null {
    if (this.up + this.down > 0) return calc !== 'mean' || (this.up > 0 && this.down > 0) ? null : this.up > 0 ? Infinity : -Infinity;
    if (this.count === 0) return null;
    if (calc === 'mean') return this.mean;
    const variance = Math.max(0, this.squares / this.count);
    return calc === 'variance' ? variance : Math.sqrt(variance);
  }

  private isInfinite(value: number, step: number): boolean {
    if (Number.isFinite(value)) return false;
    if (value > 0) this.up += step;
    else this.down += step;
    return true;
  }
}

/** Windows up to this size are calculated anew for each row. */
const small = 64;

/** Mean, variance or standard deviation of a window of rows that ends with each row or has it in the middle; smaller at the ends. */
export function moving(values: (number | null)[], rows: number, alignment: 'trailing' | 'centered', calc: string): (number | null)[] {
  const after = alignment === 'centered' ? Math.floor((rows - 1) / 2) : 0;
  const before = rows - 1 - after;
  // What rounding loses in adding and taking away again stays within one window.
  const everyRows = rows <= small ? 1 : rows;
  const made = new Array<number | null>(values.length);
  let moments = new Moments();
  let [from, to] = [0, 0];
  for (let row = 0; row < values.length; row += 1) {
    const [first, end] = [Math.max(0, row - before), Math.min(values.length, row + after + 1)];
    if (row % everyRows === 0) {
      moments = new Moments();
      [from, to] = [first, first];
    }
    for (; to < end; to += 1) if (values[to] !== null) moments.add(values[to]!);
    for (; from < first; from += 1) if (values[from] !== null) moments.remove(values[from]!);
    made[row] = moments.result(calc);
  }
  return made;
}
