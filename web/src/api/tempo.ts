import type { KeyValue } from '../traces/otlp';
import { keyValues, valueText } from '../traces/otlp';
import { ApiError, request } from './request';

/** A span that a search found. */
export interface FoundSpan {
  spanID: string;
  name?: string;
  startTimeUnixNano: string;
  durationNanos?: string;
  attributes?: KeyValue[];
}

export interface FoundSet {
  spans?: FoundSpan[];
  matched?: number;
  attributes?: KeyValue[];
}

export interface FoundTrace {
  /** In full length, though servers may leave out zeros in front. */
  traceID: string;
  rootServiceName?: string;
  rootTraceName?: string;
  startTimeUnixNano: string;
  durationMs?: number;
  spanSets?: FoundSet[];
  spanSet?: FoundSet;
  serviceStats?: Record<string, { spanCount?: number; errorCount?: number }>;
}

export interface Found {
  traces: FoundTrace[];
  milliseconds: number;
  inspectedTraces: number;
  inspectedBytes: number;
}

/** Seconds since 1970. */
export interface Range {
  start: number;
  end: number;
}

const seconds = ({ start, end }: Range) => ({ start: String(Math.floor(start)), end: String(Math.ceil(end)) });

function get<T>(path: string, params: Record<string, string>, signal?: AbortSignal): Promise<T> {
  return request<T>(`/api/${path}?${new URLSearchParams(params)}`, { signal: signal ?? null });
}

/** Traces with spans that a query selects, `limit` at most; each with at most `spans` of these spans. */
export async function searchTraces(query: string, range: Range, limit: number, spans: number, signal?: AbortSignal): Promise<Found> {
  const began = performance.now();
  const body = await get<{ traces?: FoundTrace[]; metrics?: { inspectedTraces?: number | string; inspectedBytes?: number | string } }>(
    'search',
    { q: query, ...seconds(range), limit: String(limit), spss: String(spans) },
    signal,
  );
  if (typeof body !== 'object' || body === null) throw new ApiError('The answer to the search is not in Tempo’s format', 200);
  return {
    // What has its default value may be left out.
    traces: (body.traces ?? []).map((trace) => ({ ...trace, traceID: (trace.traceID ?? '').toLowerCase().padStart(32, '0'), startTimeUnixNano: trace.startTimeUnixNano ?? '0' })),
    milliseconds: performance.now() - began,
    inspectedTraces: Number(body.metrics?.inspectedTraces ?? 0),
    inspectedBytes: Number(body.metrics?.inspectedBytes ?? 0),
  };
}

/** A trace as the server holds it: OTLP's groups of spans under `trace`. */
export const fetchTrace = (id: string, signal?: AbortSignal) => request<unknown>(`/api/v2/traces/${encodeURIComponent(id)}`, { signal: signal ?? null });

export interface TagScope {
  name: string;
  tags: string[];
}

/** Names of attributes by scope; intrinsic fields are a scope of their own. */
export async function tagNames(range: Range, signal?: AbortSignal): Promise<TagScope[]> {
  const body = await get<{ scopes?: { name: string; tags?: string[] | null }[] }>('v2/search/tags', seconds(range), signal);
  return (body.scopes ?? []).map(({ name, tags }) => ({ name, tags: tags ?? [] }));
}

export interface TagValue {
  type: string;
  value: string;
}

/** Values of an attribute, of the spans that `query` selects when it is given. */
export async function tagValues(name: string, range: Range, query?: string, signal?: AbortSignal): Promise<TagValue[]> {
  const body = await get<{ tagValues?: TagValue[] | null }>(`v2/search/tag/${encodeURIComponent(name)}/values`, { ...seconds(range), ...(query ? { q: query } : {}) }, signal);
  return body.tagValues ?? [];
}

export interface TraceExemplar {
  traceId: string;
  spanId: string;
  /** Seconds since 1970. */
  time: number;
  value: number;
}

export interface TraceSeries {
  name: string;
  /** Seconds since 1970, and the value. */
  points: [number, number][];
  exemplars: TraceExemplar[];
}

interface WrittenSeries {
  labels?: unknown;
  promLabels?: string;
  samples?: { timestampMs?: string | number; value?: number | string }[];
  exemplars?: { labels?: unknown; timestampMs?: string | number; value?: number | string }[];
}

/** Numbers over time from a metrics query; `step` in seconds. */
export async function traceMetrics(query: string, range: Range, step: number, signal?: AbortSignal): Promise<{ series: TraceSeries[]; milliseconds: number }> {
  const began = performance.now();
  const body = await get<{ series?: WrittenSeries[] | null }>('metrics/query_range', { q: query, ...seconds(range), step: `${step}s` }, signal);
  const series = (body.series ?? []).map((each) => {
    const labels = keyValues(each.labels);
    return {
      name: labels.length > 0 ? `{${labels.map(({ key, value }) => `${key}=${JSON.stringify(valueText(value))}`).join(', ')}}` : (each.promLabels ?? ''),
      points: (each.samples ?? []).map(({ timestampMs, value }): [number, number] => [Number(timestampMs ?? 0) / 1000, Number(value ?? 0)]),
      exemplars: (each.exemplars ?? []).map((exemplar) => {
        const told = Object.fromEntries(keyValues(exemplar.labels).map(({ key, value }) => [key, valueText(value)]));
        return { traceId: told['trace:id'] ?? told.traceId ?? told.trace_id ?? '', spanId: told['span:id'] ?? told.spanId ?? told.span_id ?? '', time: Number(exemplar.timestampMs ?? 0) / 1000, value: Number(exemplar.value ?? 0) };
      }),
    };
  });
  return { series, milliseconds: performance.now() - began };
}
