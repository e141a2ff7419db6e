import { queryOptions } from '@tanstack/react-query';
import { sampleValue } from '../format/quantity';
import { ApiError, request, send } from './request';

type Labels = Record<string, string>;
/** Seconds since 1970 and the value as text, since JSON has no NaN. */
export type Point = [number, string];

export interface HistogramValue {
  count: string;
  sum: string;
  buckets?: [number, string, string, string][];
}

export interface InstantSeries {
  metric: Labels;
  value?: Point;
  histogram?: [number, HistogramValue];
}

export interface RangeSeries {
  metric: Labels;
  values?: Point[];
  histograms?: [number, HistogramValue][];
}

export type QueryData =
  | { resultType: 'vector'; result: InstantSeries[] }
  | { resultType: 'matrix'; result: RangeSeries[] }
  | { resultType: 'scalar'; result: Point }
  | { resultType: 'string'; result: Point };

interface Envelope<T> {
  status: 'success' | 'error';
  data: T;
  warnings?: string[];
  infos?: string[];
}

/** An answer with what the server remarked about it and how long it took, seen from here. */
export interface Answer<T> {
  data: T;
  warnings: string[];
  infos: string[];
  milliseconds: number;
}

export interface RuleAlert {
  labels: Labels;
  annotations: Labels;
  state: 'firing' | 'pending';
  activeAt: string;
  value: string;
  keepFiringSince?: string;
}

export interface Rule {
  type: 'alerting' | 'recording';
  name: string;
  query: string;
  labels?: Labels;
  health: 'ok' | 'err' | 'unknown';
  lastError?: string;
  evaluationTime: number;
  lastEvaluation: string;
  state?: 'firing' | 'pending' | 'inactive' | 'unknown';
  duration?: number;
  keepFiringFor?: number;
  annotations?: Labels;
  alerts?: RuleAlert[];
  language?: string;
}

export interface RuleGroup {
  name: string;
  file: string;
  interval: number;
  evaluationTime: number;
  lastEvaluation: string;
  rules: Rule[];
}

export interface Target {
  discoveredLabels: Labels;
  labels: Labels;
  scrapePool: string;
  scrapeUrl: string;
  globalUrl: string;
  lastError: string;
  lastScrape: string;
  lastScrapeDuration: number;
  health: 'up' | 'down' | 'unknown';
  scrapeInterval: string;
  scrapeTimeout: string;
}

export interface Targets {
  activeTargets: Target[];
  droppedTargets: { discoveredLabels: Labels; scrapePool?: string }[];
  droppedTargetCounts?: Record<string, number>;
}

export interface TsdbStatus {
  headStats: Record<string, number>;
  seriesCountByMetricName: { name: string; value: number }[];
  labelValueCountByLabelName: { name: string; value: number }[];
  memoryInBytesByLabelName: { name: string; value: number }[];
  seriesCountByLabelValuePair: { name: string; value: number }[];
}

async function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  return (await request<Envelope<T>>(`/api/v1/${path}`, { signal: signal ?? null })).data;
}

async function ask(path: string, params: URLSearchParams, signal?: AbortSignal): Promise<Answer<QueryData>> {
  const began = performance.now();
  const body = await request<Envelope<QueryData>>(`/api/v1/${path}`, { method: 'POST', body: params, signal: signal ?? null });
  if (body?.status !== 'success') throw new ApiError('The answer to the query is not in Prometheus’ format', 200);
  return { data: body.data, warnings: body.warnings ?? [], infos: body.infos ?? [], milliseconds: performance.now() - began };
}

/** Evaluates at one moment, `time` in seconds since 1970; now when left out. */
export function queryInstant(query: string, language: string, time: number | null, signal?: AbortSignal) {
  const params = new URLSearchParams({ query, language });
  if (time !== null) params.set('time', String(time));
  return ask('query', params, signal);
}

/** Evaluates over a range; all in seconds. */
export function queryRange(query: string, language: string, start: number, end: number, step: number, signal?: AbortSignal) {
  const params = new URLSearchParams({ query, language, start: String(start), end: String(end), step: String(step) });
  return ask('query_range', params, signal);
}

export interface Exemplar {
  labels: Labels;
  value: number;
  /** Seconds since 1970. */
  time: number;
  series: Labels;
}

/** Exemplars of the series that an expression names; times in seconds. */
export async function queryExemplars(query: string, start: number, end: number, signal?: AbortSignal): Promise<Exemplar[]> {
  const params = new URLSearchParams({ query, start: String(start), end: String(end) });
  const data = await get<{ seriesLabels: Labels; exemplars: { labels: Labels; value: string; timestamp: number }[] }[] | null>(`query_exemplars?${params}`, signal);
  return (data ?? []).flatMap(({ seriesLabels, exemplars }) => exemplars.map(({ labels, value, timestamp }) => ({ labels, value: sampleValue(value), time: timestamp, series: seriesLabels })));
}

export const rules = queryOptions({ queryKey: ['rules'], queryFn: ({ signal }) => get<{ groups: RuleGroup[] }>('rules', signal) });
export const targets = queryOptions({ queryKey: ['targets', 'list'], queryFn: ({ signal }) => get<Targets>('targets', signal) });

const status = <T>(name: string) =>
  queryOptions({ queryKey: ['config', 'status', name], queryFn: ({ signal }) => get<T>(`status/${name}`, signal) });
export const buildInfo = status<Record<string, string>>('buildinfo');
export const runtimeInfo = status<Record<string, string | number | boolean>>('runtimeinfo');
export const configText = status<{ yaml: string }>('config');
export const flags = status<Record<string, string>>('flags');
export const tsdb = status<TsdbStatus>('tsdb');

export const reload = () => send<unknown>('POST', '/-/reload');
