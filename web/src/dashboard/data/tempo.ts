/** Queries for traces: what Grafana's editors of Tempo keep, as TraceQL. */

import { mapQueries } from '../../traces/service-map';
import { isDuration, isMetricsQuery, traceIdIn, writtenKey } from '../../traces/query';
import { parseMatchers, formatMatchers } from '../../promql/matcher';
import type { Target } from '../model';
import { aligned } from './interval';
import { offsetMs, lengthText } from '../time';
import { filtersFor, interpolate, interpolateTraceql, withFilters } from '../variables';
import type { Added, TargetPlace } from './targets';
import { prepare } from './targets';
import type { Query } from './answer';

/** Grafana's own limits, unless a query says otherwise. */
const defaultTraces = 20;

interface SearchFilter {
  tag?: unknown;
  operator?: unknown;
  scope?: unknown;
  value?: unknown;
  valueType?: unknown;
}

const text = (value: unknown): string => (typeof value === 'string' ? value : typeof value === 'number' ? String(value) : '');
const quoted = (value: string) => JSON.stringify(value);
const words = /^(status|kind|span:status|span:kind)$/;

function keyOf({ tag, scope }: SearchFilter): string {
  const name = text(tag);
  if (scope === 'intrinsic' || /^(name|status|statusMessage|kind|duration|rootName|rootServiceName|traceDuration|(span|trace|event|link):.*)$/.test(name)) return name;
  return writtenKey(scope === 'resource' || scope === 'span' || scope === 'event' || scope === 'link' || scope === 'instrumentation' ? `${scope}.${name}` : `.${name}`);
}

/** The conditions of the form as TraceQL; those without a value ask for nothing. */
export function searchQuery(filters: SearchFilter[], fill: (text: string) => string): string {
  const conditions = filters.flatMap((filter) => {
    const values = (Array.isArray(filter.value) ? filter.value : [filter.value]).map(text).filter((value) => value !== '').map(fill);
    if (text(filter.tag) === '' || values.length === 0) return [];
    const key = keyOf(filter);
    const given = text(filter.operator) || '=';
    if (values.length === 1) {
      const [value] = values as [string];
      const bare = words.test(key) || filter.valueType === 'keyword' || filter.valueType === 'int' || filter.valueType === 'float' || filter.valueType === 'bool' || (filter.valueType === 'duration' && isDuration(value)) || (/uration$/.test(key) && isDuration(value));
      return [`${key} ${given} ${bare && !given.includes('~') ? value : quoted(value)}`];
    }
    if (words.test(key)) return [`(${values.map((value) => `${key} ${given} ${value}`).join(given.startsWith('!') ? ' && ' : ' || ')})`];
    const operator = given === '=' ? '=~' : given === '!=' ? '!~' : given;
    return [`${key} ${operator} ${quoted(values.join('|'))}`];
  });
  return conditions.length === 0 ? '{}' : `{ ${conditions.join(' && ')} }`;
}

/** The metrics behind a service graph. A filter holds for calls, which alone know both sides. */
function graphTarget(place: TargetPlace): Added {
  const { key, span, target, state, context } = place;
  const written = (Array.isArray(target.serviceMapQuery) ? target.serviceMapQuery : [target.serviceMapQuery]).map((each) => interpolate(text(each), state, context.scoped).trim()).filter((each) => each !== '' && each !== '{}');
  const filter = written.map((each) => parseMatchers(each));
  if (filter.length > 1 || filter.some((each) => each === null)) return { queries: [], prepared: null, problem: `the filter \`${written.join(' ')}\` of its service graph cannot be read` };
  const range = lengthText(Math.max(1_000, Math.round((span.to - span.from) / 1000) * 1000));
  const matchers = filter[0] ? formatMatchers(filter[0]) : '';
  const queries = Object.entries(mapQueries(range))
    .filter(([name]) => matchers === '' || !name.startsWith('call'))
    .map(([name, query]): Query => ({ id: `${key}:${name}`, language: 'promql', kind: 'instant', query: matchers === '' ? query : query.replaceAll(/(traces_service_graph_\w+)\[/g, `$1${matchers.replaceAll('$', '$$$$')}[`), from_ms: span.from, to_ms: span.to }));
  return { queries, prepared: prepare(place, 'promql', 'service graph', 'graph', queries.map(({ id }) => id)) };
}

/** A query of Tempo's data source. */
export function tracesTarget(place: TargetPlace): Added {
  const { key, target, span, state, context, interval } = place;
  const fill = (written: string) => interpolateTraceql(written, state, context.scoped);
  const type = text(target.queryType) || 'traceql';
  if (type === 'serviceMap') return graphTarget(place);
  if (type === 'upload' || type === 'clear') return { queries: [], prepared: null, ...(type === 'upload' ? { problem: 'not shown: traces of a file' } : {}) };
  const base = { language: 'traceql', from_ms: span.from, to_ms: span.to } as const;
  const written = type === 'traceqlSearch' ? searchQuery(Array.isArray(target.filters) ? (target.filters as SearchFilter[]) : [], fill) : type === 'nativeSearch' ? nativeQuery(target, fill) : fill(text(target.query)).trim();
  if (written === '') return { queries: [], prepared: null };
  const id = type === 'traceqlSearch' ? null : traceIdIn(written);
  if (id !== null) return { queries: [{ ...base, id: key, kind: 'trace', query: id }], prepared: prepare(place, 'traceql', id, 'trace', [key]) };
  if (type === 'traceId') return { queries: [], prepared: null, problem: `\`${written}\` is no trace’s id` };
  const query = withFilters(written, 'traceql', filtersFor('traceql', context.dashboard, context.variables));
  if (isMetricsQuery(query)) {
    const step = text(target.step) !== '' ? interval.stepMs : Math.max(interval.stepMs, 1_000);
    const grid = aligned(span, step, offsetMs(span.to, context.timeZone));
    const asked: Query = target.metricsQueryType === 'instant' ? { ...base, id: key, kind: 'instant', query } : { ...base, id: key, kind: 'range', query, from_ms: grid.from, to_ms: grid.to, step_ms: step };
    return { queries: [asked], prepared: prepare(place, 'traceql', query, 'series', [key]) };
  }
  const limit = Number(target.limit) > 0 ? Math.floor(Number(target.limit)) : defaultTraces;
  return { queries: [{ ...base, id: key, kind: 'traces', query, limit }], prepared: prepare(place, 'traceql', query, 'traces', [key]) };
}

/** The older form: a service, a span's name, tags in logfmt, bounds of durations. */
function nativeQuery(target: Target, fill: (text: string) => string): string {
  const tags = [...fill(text(target.search)).matchAll(/([\w.:-]+)=(?:"([^"]*)"|(\S+))/g)].map(([, tag, quotedValue, value]): SearchFilter => ({ tag, value: quotedValue ?? value, scope: 'unscoped' }));
  return searchQuery(
    [
      { tag: 'service.name', scope: 'resource', value: target.serviceName },
      { tag: 'name', scope: 'intrinsic', value: target.spanName },
      { tag: 'duration', scope: 'intrinsic', operator: '>=', value: target.minDuration },
      { tag: 'duration', scope: 'intrinsic', operator: '<=', value: target.maxDuration },
      ...tags,
    ],
    fill,
  );
}
