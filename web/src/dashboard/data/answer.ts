/** Queries of a dashboard and their answers, as `POST /api/phoenix/v1/dashboards/query` takes and gives them. */

import type { Diagnostic } from '../../api/request';
import type { FoundTrace } from '../../api/tempo';
import type { Language } from '../variables';

export type QueryKind = 'range' | 'instant' | 'logs' | 'traces' | 'trace' | 'exemplars';

export interface Query {
  /** The panel's key and the query's `refId`, such as `3/A`. */
  id: string;
  language: Language;
  kind: QueryKind;
  query: string;
  from_ms: number;
  to_ms: number;
  step_ms?: number;
  limit?: number;
  direction?: 'backward' | 'forward';
}

type Labels = Record<string, string>;
/** JSON has no NaN and no infinity: they are texts. */
export type WrittenNumber = number | string | null;

export interface WrittenHistogram {
  count: WrittenNumber;
  sum: WrittenNumber;
  buckets: [WrittenNumber, WrittenNumber, WrittenNumber][];
}

export interface Stats {
  milliseconds?: number;
  cached_points?: number;
  computed_points?: number;
}

interface Common {
  ids: string[];
  warnings?: string[];
  infos?: string[];
  stats?: Stats;
  error?: undefined;
}

export interface MatrixSeries {
  labels: Labels;
  values: WrittenNumber[];
  histograms?: [number, WrittenHistogram][];
}

export type Matrix = Common & { kind: 'matrix'; start_ms: number; step_ms: number; points: number; series: MatrixSeries[] };
export type Vector = Common & { kind: 'vector'; time_ms: number; series: { labels: Labels; value?: WrittenNumber; histogram?: WrittenHistogram }[] };
export type Single = Common & { kind: 'scalar' | 'string'; time_ms: number; value: WrittenNumber };
export type Logs = Common & { kind: 'logs'; entries: { time_ns: string; labels: Labels; metadata?: Labels; line: string }[] };
export type Traces = Common & { kind: 'traces'; traces: FoundTrace[] };
export type Trace = Common & { kind: 'trace'; trace: unknown };
export type Exemplars = Common & { kind: 'exemplars'; series: { labels: Labels; exemplars: { labels: Labels; value: WrittenNumber; time_ms: number }[] }[] };

export interface Failure {
  ids: string[];
  kind?: undefined;
  error: { type: string; message: string; diagnostics?: Diagnostic[] };
}

export type Answer = Matrix | Vector | Single | Logs | Traces | Trace | Exemplars | Failure;

/** A number as it was written. */
export function readNumber(value: WrittenNumber | undefined): number | null {
  if (typeof value === 'number') return value;
  if (value === null || value === undefined) return null;
  if (value === '+Inf' || value === 'Inf') return Infinity;
  if (value === '-Inf') return -Infinity;
  return Number(value);
}

function sameValue(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a)) return Array.isArray(b) && a.length === b.length && a.every((each, at) => sameValue(each, b[at]));
  const [keys, others] = [Object.keys(a), Object.keys(b)];
  return keys.length === others.length && keys.every((key) => sameValue((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key]));
}

/** Whether two answers tell the same, however long they took. */
export function sameAnswer(a: Answer | undefined, b: Answer | undefined): boolean {
  if (a === b) return true;
  if (!a || !b) return false;
  return sameValue({ ...a, ids: null, stats: null }, { ...b, ids: null, stats: null });
}
