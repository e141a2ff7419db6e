/** From frames to the cells of a heatmap: buckets as they came, native histograms, or counted here from values. */

import type { Frame, HistogramValue } from '../../frame';
import type { TimeSpan } from '../../panel';
import { lengthMs, niceInterval } from '../../time';
import { roundStep } from '../barchart/scale';
import { join, sources } from '../timeseries/join';
import type { BucketOptions, HeatmapOptions } from './options';

/** What lies between two values in one step of time. */
export interface Cell {
  /** Place in `times`. */
  column: number;
  low: number;
  high: number;
  count: number;
}

export interface Cells {
  /** The end of each column; a column begins one `stepMs` before. */
  times: number[];
  stepMs: number;
  cells: Cell[];
  /** `rows` are at 0 to 1, 1 to 2 and so on, and have names; others stand at their values. */
  scale: 'rows' | 'linear' | 'log' | 'symlog';
  logBase: 2 | 10;
  linearThreshold: number;
  rows: { name: string; bound: number | null }[];
  /** Where the names stand. */
  layout: 'le' | 'ge' | 'unknown';
  /** What is not shown. */
  problems: string[];
}

/** A screen does not show more cells, and a page should not hold them. */
const mostCells = 400_000;

const boundOf = (name: string): number | null => {
  const text = name.trim();
  if (/^\+?Inf$/i.test(text)) return Infinity;
  if (/^-Inf$/i.test(text)) return -Infinity;
  return text !== '' && Number.isFinite(Number(text)) ? Number(text) : null;
};

/** The usual distance between times; of one time alone, `otherwise`. */
export function stepOf(times: number[], otherwise: number): number {
  if (times.length < 2) return otherwise;
  const distances = times.slice(1).map((time, index) => time - times[index]!);
  return Math.max(distances.sort((a, b) => a - b)[Math.floor(distances.length / 2)]!, 1);
}

const none: Pick<Cells, 'rows' | 'layout' | 'logBase' | 'linearThreshold'> = { rows: [], layout: 'unknown', logBase: 2, linearThreshold: 1 };

/** Rows of buckets: one field or one series each. Several histograms with the same buckets are added up. */
function rowsOf(frames: Frame[], options: HeatmapOptions): Cells | null {
  const found = sources(frames);
  if (found.length === 0) return null;
  const { times, values } = join(found);
  const isBuckets = frames.some(({ meta }) => meta?.kind === 'heatmap');
  const rows: { name: string; bound: number | null; values: (number | null | undefined)[] }[] = [];
  found.forEach(({ field }, index) => {
    const name = field.displayName ?? field.name;
    const bound = boundOf(field.labels?.le ?? name);
    const same = isBuckets ? rows.find((row) => (bound === null ? row.name === name : row.bound === bound)) : undefined;
    const own = values[index]!;
    if (same) same.values = same.values.map((value, at) => (value == null ? own[at] : value + (own[at] ?? 0)));
    else rows.push({ name, bound, values: own });
  });
  const isNumeric = rows.every(({ bound }) => bound !== null);
  if (isNumeric) rows.sort((a, b) => a.bound! - b.bound!);
  const cells: Cell[] = [];
  rows.forEach(({ values: own }, row) => own.forEach((count, column) => count != null && cells.push({ column, low: row, high: row + 1, count })));
  return {
    ...none,
    times,
    stepMs: frames.find(({ meta }) => meta?.stepMs)?.meta?.stepMs ?? stepOf(times, 60_000),
    cells,
    scale: 'rows',
    rows: rows.map(({ name, bound }) => ({ name, bound })),
    layout: options.layout === 'auto' ? (isNumeric ? 'le' : 'unknown') : options.layout,
    problems: [],
  };
}

const isHistogram = (value: unknown): value is HistogramValue => value !== null && typeof value === 'object' && Array.isArray((value as HistogramValue).buckets);

/** Native histograms: every bucket has its own bounds. */
function nativeOf(frames: Frame[]): Cells | null {
  const fields = frames.flatMap((frame) => {
    const time = frame.fields.find(({ type }) => type === 'time');
    return time ? frame.fields.filter(({ type, values }) => type === 'other' && values.some(isHistogram)).map((field) => ({ field, times: time.values as number[], frame })) : [];
  });
  if (fields.length === 0) return null;
  const times = [...new Set(fields.flatMap((one) => one.times))].sort((a, b) => a - b);
  const place = new Map(times.map((time, index) => [time, index]));
  const found = new Map<string, Cell>();
  let [least, isPositive] = [Infinity, true];
  for (const { field, times: own } of fields)
    field.values.forEach((value, index) => {
      if (!isHistogram(value) || found.size > mostCells) return;
      const column = place.get(own[index]!)!;
      for (const [low, high, count] of value.buckets) {
        if (!Number.isFinite(low) || !Number.isFinite(high) || !(high > low)) continue;
        isPositive &&= low > 0;
        if (high > 0) least = Math.min(least, high);
        const key = `${column} ${low} ${high}`;
        const same = found.get(key);
        if (same) same.count += count;
        else found.set(key, { column, low, high, count });
      }
    });
  return {
    ...none,
    times,
    stepMs: fields[0]!.frame.meta?.stepMs ?? stepOf(times, 60_000),
    cells: [...found.values()],
    scale: isPositive ? 'log' : 'symlog',
    linearThreshold: Number.isFinite(least) ? least : 1,
    problems: found.size > mostCells ? [`More than ${mostCells} cells: the rest is not shown.`] : [],
  };
}

/** Milliseconds of each column. */
function columnMs({ mode, value }: BucketOptions, span: TimeSpan): number {
  const length = span.to - span.from;
  if (mode === 'count' && Number(value) >= 1) return Math.max(length / Math.min(Number(value), 1_000), 1);
  // A bare number is milliseconds here.
  const asked = value === '' ? null : /^\d+(\.\d+)?$/.test(value) ? Number(value) : lengthMs(value);
  return Math.max(asked ?? niceInterval(length / 30), length / 2_000, 1);
}

/** Counts values: how many lie in each range of values within each span of time. */
export function counted(frames: Frame[], options: HeatmapOptions, span: TimeSpan): Cells | null {
  const found = sources(frames.filter(({ meta }) => meta?.kind !== 'exemplars'));
  let [low, high] = [Infinity, -Infinity];
  const isLog = options.y.log !== null;
  for (const { values, times } of found)
    values.forEach((value, index) => {
      if (value == null || times[index]! < span.from || times[index]! > span.to || (isLog && value <= 0)) return;
      low = Math.min(low, value);
      high = Math.max(high, value);
    });
  if (low > high) return null;
  const stepMs = columnMs(options.x, span);
  const first = Math.floor(span.from / stepMs);
  const times = Array.from({ length: Math.max(Math.ceil(span.to / stepMs) - first, 1) }, (_, index) => (first + 1 + index) * stepMs);
  const base = options.y.log ?? 2;
  const asked = Number(options.y.value);
  let bounds: (row: number) => number;
  let rowOf: (value: number) => number;
  if (isLog) {
    // The size tells into how many parts each power is split.
    const parts = asked >= 1 ? Math.min(Math.round(asked), 50) : 1;
    rowOf = (value) => Math.floor((Math.log(value) / Math.log(base)) * parts + 1e-9);
    bounds = (row) => base ** (row / parts);
  } else {
    const automatic = () => (low === high ? Math.abs(low) / 10 || 1 : roundStep(low, high, 20, undefined, null));
    const size = options.y.mode === 'count' && asked >= 1 ? (high - low) / Math.min(asked, 500) || automatic() : asked > 0 ? Math.max(asked, (high - low) / 1_000) : automatic();
    // Of a number of buckets the lowest begins at the least value, and the greatest value is in the last.
    const from = options.y.mode === 'count' && asked >= 1 ? low : 0;
    const last = Math.round((high - from) / size) - 1;
    rowOf = (value) => (from !== 0 && value === high ? Math.max(last, 0) : Math.floor((value - from) / size + 1e-9));
    bounds = (row) => Number((from + row * size).toPrecision(12));
  }
  const counts = new Map<number, Cell>();
  const lowest = rowOf(low);
  for (const { values, times: own } of found)
    values.forEach((value, index) => {
      const at = own[index]!;
      if (value == null || at < span.from || at > span.to || (isLog && value <= 0)) return;
      const column = Math.min(Math.floor(at / stepMs) - first, times.length - 1);
      const row = rowOf(value);
      const key = (row - lowest) * times.length + column;
      const same = counts.get(key);
      if (same) same.count += 1;
      else if (counts.size < mostCells) counts.set(key, { column, low: bounds(row), high: bounds(row + 1), count: 1 });
    });
  return { ...none, times, stepMs, cells: [...counts.values()], scale: isLog ? 'log' : 'linear', logBase: base, problems: [] };
}

/** `null` when there is nothing to show. */
export function cellsOf(frames: Frame[], options: HeatmapOptions, span: TimeSpan): Cells | null {
  const shown = frames.filter(({ meta }) => meta?.kind !== 'exemplars');
  const native = nativeOf(shown);
  if (native) {
    if (sources(shown).length > 0) native.problems.push('Beside native histograms there are series; those are not shown.');
    return native;
  }
  return options.calculate ? counted(shown, options, span) : rowsOf(shown, options);
}

/** The ends of the axis of values. */
export function valueEnds({ cells, scale, rows }: Cells, { axis }: HeatmapOptions): [number, number] {
  if (scale === 'rows') return [0, Math.max(rows.length, 1)];
  let [low, high] = [Infinity, -Infinity];
  for (const cell of cells) {
    low = Math.min(low, cell.low);
    high = Math.max(high, cell.high);
  }
  if (low > high) [low, high] = [0, 1];
  if (axis.min !== null && (scale !== 'log' || axis.min > 0)) low = axis.min;
  if (axis.max !== null) high = axis.max;
  return low < high ? [low, high] : [low, low + Math.max(Math.abs(low), 1)];
}

/** Cells that are shown, and the ends of their counts. */
export function visible({ cells }: Cells, { hideTo, hideFrom, color }: HeatmapOptions): { cells: Cell[]; low: number; high: number } {
  const shown = cells.filter(({ count }) => count > hideTo && count < hideFrom);
  let [low, high] = [Infinity, -Infinity];
  for (const { count } of shown) {
    low = Math.min(low, count);
    high = Math.max(high, count);
  }
  return { cells: shown, low: color.min ?? (low > high ? 0 : low), high: color.max ?? (low > high ? 1 : high) };
}

/** Where a value stands on an axis of rows: in the middle of the row whose bounds it lies between. */
export function rowPlace({ rows, layout }: Pick<Cells, 'rows' | 'layout'>, value: number): number {
  const bounds = rows.map(({ bound }) => bound ?? Number.NaN);
  const row = layout === 'ge' ? bounds.findLastIndex((bound) => value >= bound) : bounds.findIndex((bound) => value <= bound);
  return row < 0 ? Number.NaN : row + 0.5;
}
