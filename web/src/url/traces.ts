import { formatDuration, parseDuration } from '../format/duration';
import { parseMoment } from './explore';

/** What the search for traces shows, as its address keeps it. */
export interface TracesState {
  query: string;
  /** Whether the query is written by the form or by hand. */
  mode: 'form' | 'traceql';
  /** Seconds that are searched. */
  range: number;
  /** Where they end, in seconds since 1970; `null` for now. */
  end: number | null;
  /** The most traces to be found. */
  limit: number;
}

export const defaultTracesRange = 3_600;
export const limits = [20, 50, 100, 200, 500];

export function readTraces(params: URLSearchParams): TracesState {
  const limit = Number(params.get('limit'));
  return {
    query: params.get('q') ?? '',
    mode: params.get('mode') === 'traceql' ? 'traceql' : 'form',
    range: parseDuration(params.get('range') ?? '') ?? defaultTracesRange,
    end: parseMoment(params.get('end')),
    limit: limits.includes(limit) ? limit : 50,
  };
}

const rfc3339 = (seconds: number) => new Date(seconds * 1000).toISOString().replace('.000Z', 'Z');

export function writeTraces(state: TracesState): URLSearchParams {
  const params = new URLSearchParams();
  if (state.query !== '') params.set('q', state.query);
  if (state.mode !== 'form') params.set('mode', state.mode);
  if (state.range !== defaultTracesRange) params.set('range', formatDuration(state.range));
  if (state.end !== null) params.set('end', rfc3339(state.end));
  if (state.limit !== 50) params.set('limit', String(state.limit));
  return params;
}

/** A link to the traces of a query. */
export function tracesLink(query: string, more: Partial<TracesState> = {}): string {
  const written = writeTraces({ query, mode: 'form', range: defaultTracesRange, end: null, limit: 50, ...more }).toString();
  return written ? `/traces?${written}` : '/traces';
}

/** A link to one trace: its id, or the reference of one in an opened file. */
export function traceLink(ref: string, more: { span?: string; view?: string } = {}): string {
  const params = new URLSearchParams(Object.entries(more).filter(([, value]) => value) as [string, string][]).toString();
  return `/traces/${encodeURIComponent(ref)}${params ? `?${params}` : ''}`;
}

export const compareLink = (a: string, b?: string) => `/traces/compare?${new URLSearchParams({ a, ...(b ? { b } : {}) })}`;
