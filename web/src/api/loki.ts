import { ApiError, request } from './request';
import type { InstantSeries, RangeSeries } from './prometheus';

type Labels = Record<string, string>;

/** What an entry has beside its stream's labels. */
interface EntryLabels {
  structuredMetadata?: Labels;
  parsed?: Labels;
}

/** Entries that share their stream's labels; the time is in nanoseconds, as text, since it exceeds what a number keeps. */
export interface LogStream {
  stream: Labels;
  values: [time: string, line: string, labels?: EntryLabels][];
}

export type LogData =
  | { resultType: 'streams'; result: LogStream[] }
  | { resultType: 'matrix'; result: RangeSeries[] }
  | { resultType: 'vector'; result: InstantSeries[] };

export interface LogAnswer {
  data: LogData;
  milliseconds: number;
  /** Lines that filters looked at, and their bytes. */
  lines: number;
  bytes: number;
}

export interface DetectedField {
  label: string;
  type: string;
  cardinality: number;
  parsers: string[] | null;
  jsonPath?: string[];
}

export type Direction = 'backward' | 'forward';

interface Envelope<T> {
  status: string;
  data?: T;
}

interface Stats {
  summary?: { totalLinesProcessed?: number; totalBytesProcessed?: number };
}

/** Tells the labels of streams, structured metadata and parsed fields apart. */
const headers = { 'X-Loki-Response-Encoding-Flags': 'categorize-labels' };

function ask<T>(path: string, params: Record<string, string>, signal?: AbortSignal): Promise<T> {
  return request<T>(`/loki/api/v1/${path}`, { method: 'POST', headers, body: new URLSearchParams(params), signal: signal ?? null });
}

function get<T>(path: string, params: Record<string, string>, signal?: AbortSignal): Promise<T> {
  return request<T>(`/loki/api/v1/${path}?${new URLSearchParams(params).toString()}`, { signal: signal ?? null });
}

/** Evaluates over a range. Times are nanoseconds since 1970. */
export async function queryLogs(
  query: string,
  range: { start: bigint; end: bigint; limit?: number; direction?: Direction; stepSeconds?: number },
  signal?: AbortSignal,
): Promise<LogAnswer> {
  const began = performance.now();
  const params: Record<string, string> = { query, start: String(range.start), end: String(range.end), direction: range.direction ?? 'backward' };
  if (range.limit !== undefined) params.limit = String(range.limit);
  if (range.stepSeconds !== undefined) params.step = String(range.stepSeconds);
  const body = await ask<Envelope<LogData & { stats?: Stats }>>('query_range', params, signal);
  if (body?.status !== 'success' || !body.data) throw new ApiError('The answer to the query is not in Loki’s format', 200);
  const summary = body.data.stats?.summary;
  return { data: body.data, milliseconds: performance.now() - began, lines: summary?.totalLinesProcessed ?? 0, bytes: summary?.totalBytesProcessed ?? 0 };
}

const scope = (start: bigint, end: bigint) => ({ start: String(start), end: String(end) });

/** Names of labels of streams in the range. */
export async function labelNames(start: bigint, end: bigint, signal?: AbortSignal): Promise<string[]> {
  return (await get<Envelope<string[]>>('labels', scope(start, end), signal)).data ?? [];
}

/** Values of a label of the streams in the range, or of those that match `query`. */
export async function labelValues(name: string, start: bigint, end: bigint, query?: string, signal?: AbortSignal): Promise<string[]> {
  const params = query ? { ...scope(start, end), query } : scope(start, end);
  return (await get<Envelope<string[]>>(`label/${encodeURIComponent(name)}/values`, params, signal)).data ?? [];
}

/** Labels of streams that match. */
export async function series(matcher: string, start: bigint, end: bigint, signal?: AbortSignal): Promise<Labels[]> {
  return (await get<Envelope<Labels[]>>('series', { ...scope(start, end), 'match[]': matcher }, signal)).data ?? [];
}

/** Bytes by value of some labels, most first. */
export async function volume(query: string, labels: string[], start: bigint, end: bigint, signal?: AbortSignal): Promise<InstantSeries[]> {
  const params = { ...scope(start, end), query, targetLabels: labels.join(','), limit: '200' };
  const body = await get<Envelope<{ result?: InstantSeries[] }>>('index/volume', params, signal);
  return body.data?.result ?? [];
}

/** Fields of the newest lines that a query gives. */
export async function detectedFields(query: string, start: bigint, end: bigint, signal?: AbortSignal): Promise<DetectedField[]> {
  const body = await get<{ fields?: DetectedField[] | null }>('detected_fields', { ...scope(start, end), query, line_limit: '1000', limit: '200' }, signal);
  return body?.fields ?? [];
}

/** The most frequent values of one of these fields. */
export async function detectedValues(name: string, query: string, start: bigint, end: bigint, signal?: AbortSignal): Promise<string[]> {
  const body = await get<{ values?: string[] | null }>(`detected_field/${encodeURIComponent(name)}/values`, { ...scope(start, end), query, line_limit: '1000', limit: '20' }, signal);
  return body?.values ?? [];
}

/** One message of the live tail. */
export interface TailMessage {
  streams: LogStream[] | null;
  dropped_entries?: { labels: Labels; timestamp: string }[] | null;
}

/** Opens the live tail; `onEnd` tells why it ended, or nothing when it was closed from here. */
export function openTail(query: string, onMessage: (message: TailMessage) => void, onEnd: (reason?: string) => void): () => void {
  const address = new URL('/loki/api/v1/tail', location.href);
  address.protocol = address.protocol === 'https:' ? 'wss:' : 'ws:';
  address.search = new URLSearchParams({ query, limit: '100' }).toString();
  const socket = new WebSocket(address);
  let closed = false;
  socket.onmessage = (event) => onMessage(JSON.parse(String(event.data)) as TailMessage);
  socket.onclose = (event) => {
    if (!closed) onEnd(event.reason || 'The connection ended');
  };
  return () => {
    closed = true;
    socket.close();
  };
}
