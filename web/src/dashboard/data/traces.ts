/** Traces as frames: what a search found, the spans of one trace, calls between services. */

import type { FoundSpan, FoundTrace } from '../../api/tempo';
import { attributesOf, keyValues, readSpans, valueText } from '../../traces/otlp';
import { serviceMap } from '../../traces/service-map';
import type { MapAnswers } from '../../traces/service-map';
import type { Field, FieldType, Frame } from '../frame';
import type { FieldConfig } from '../model';
import type { Answer, Trace, Traces } from './answer';
import { readNumber } from './answer';
import type { PreparedTarget } from './targets';

const field = (name: string, type: FieldType, values: unknown[], config: FieldConfig = {}): Field => ({ name, type, values, config });
const traceLinks = (url: string) => [{ title: 'Open the trace', url }];
const toTrace = traceLinks('/traces/${__value.raw}');
const milliseconds = (nanoseconds: string | undefined) => Number(BigInt(nanoseconds || '0') / 1_000_000n);
const idText = (id: string) => id.toLowerCase().padStart(32, '0');

const spansOf = ({ spanSets, spanSet }: FoundTrace): FoundSpan[] => (spanSets ?? (spanSet ? [spanSet] : [])).flatMap(({ spans }) => spans ?? []);

/** What a search found: a row for each trace, or for each span when the query wants `spans`. */
export function tracesFrames({ traces }: Traces, target: PreparedTarget): Frame[] {
  const meta: Frame['meta'] = { kind: 'traces', query: target.query, language: 'traceql' };
  const isSpans = target.target.tableType === 'spans' || target.target.tableType === 'raw';
  if (!isSpans) {
    const fields = [
      field('traceID', 'string', traces.map(({ traceID }) => idText(traceID)), { displayNameFromDS: 'Trace ID', links: toTrace }),
      field('startTime', 'time', traces.map(({ startTimeUnixNano: start }) => milliseconds(start)), { displayNameFromDS: 'Start time' }),
      field('traceService', 'string', traces.map(({ rootServiceName }) => rootServiceName ?? ''), { displayNameFromDS: 'Service' }),
      field('traceName', 'string', traces.map(({ rootTraceName }) => rootTraceName ?? ''), { displayNameFromDS: 'Name' }),
      // A trace of less than a millisecond has no duration told.
      field('traceDuration', 'number', traces.map(({ durationMs }) => durationMs ?? 0), { displayNameFromDS: 'Duration', unit: 'ms' }),
    ];
    return [{ refId: target.refId, name: 'Traces', fields, length: traces.length, meta }];
  }
  const rows = traces.flatMap((trace) => spansOf(trace).map((span) => ({ trace, span, attributes: Object.fromEntries(keyValues(span.attributes).map(({ key, value }) => [key, valueText(value)])) })));
  const names = [...new Set(rows.flatMap(({ attributes }) => Object.keys(attributes)))].sort();
  const fields = [
    field('traceIdHidden', 'string', rows.map(({ trace }) => idText(trace.traceID)), { displayNameFromDS: 'Trace ID', links: toTrace }),
    field('traceService', 'string', rows.map(({ trace }) => trace.rootServiceName ?? ''), { displayNameFromDS: 'Trace Service' }),
    field('traceName', 'string', rows.map(({ trace }) => trace.rootTraceName ?? ''), { displayNameFromDS: 'Trace Name' }),
    field('spanID', 'string', rows.map(({ span }) => span.spanID), { displayNameFromDS: 'Span ID', links: traceLinks('/traces/${__data.fields.traceIdHidden}?span=${__value.raw}') }),
    field('time', 'time', rows.map(({ span }) => milliseconds(span.startTimeUnixNano)), { displayNameFromDS: 'Start time' }),
    field('name', 'string', rows.map(({ span }) => span.name ?? ''), { displayNameFromDS: 'Name' }),
    ...names.map((name) => field(name, 'string', rows.map(({ attributes }) => attributes[name] ?? ''))),
    field('duration', 'number', rows.map(({ span }) => Number(span.durationNanos ?? 0)), { displayNameFromDS: 'Duration', unit: 'ns' }),
  ];
  return [{ refId: target.refId, name: 'Spans', fields, length: rows.length, meta }];
}

/** All spans of one trace. */
export function traceFrame({ trace }: Trace, target: PreparedTarget): Frame[] {
  const spans = readSpans(trace);
  const of = <T>(name: string, type: FieldType, value: (span: (typeof spans)[number]) => T, config?: FieldConfig) => field(name, type, spans.map(value), config);
  const fields = [
    of('traceID', 'string', ({ traceId }) => traceId),
    of('spanID', 'string', ({ spanId }) => spanId),
    of('parentSpanID', 'string', ({ parentId }) => parentId),
    of('operationName', 'string', ({ name }) => name),
    of('serviceName', 'string', ({ resource }) => resource.service),
    of('kind', 'string', ({ kind }) => kind),
    of('statusCode', 'string', ({ status }) => status),
    of('statusMessage', 'string', ({ message }) => message),
    of('startTime', 'time', ({ begin }) => Number(begin / 1_000n) / 1000),
    of('duration', 'number', ({ begin, end }) => Number(end - begin) / 1e6, { unit: 'ms' }),
    of('tags', 'other', (span) => attributesOf(span).map(({ key, value }) => ({ key, value: valueText(value) }))),
  ];
  return [{ refId: target.refId, name: 'Trace', fields, length: spans.length, meta: { kind: 'trace', query: target.query, language: 'traceql' } }];
}

/** Services and their calls: a frame of nodes and one of edges, by the metrics that spans leave. */
export function graphFrames(answers: ReadonlyMap<string, Answer>, target: PreparedTarget): Frame[] {
  const samples = (name: keyof MapAnswers) => {
    const answer = answers.get(target.ids.find((id) => id.endsWith(`:${name}`)) ?? '');
    return answer?.kind === 'vector' ? answer.series.map(({ labels, value }) => ({ metric: labels, value: readNumber(value) ?? NaN })) : [];
  };
  const map = serviceMap({ requests: samples('requests'), failed: samples('failed'), durations: samples('durations'), calls: samples('calls'), callErrors: samples('callErrors'), callDurations: samples('callDurations') });
  const meta: Frame['meta'] = { kind: 'graph', query: target.query, language: 'promql' };
  const nodes = [...map.nodes];
  const failing = ({ rate, failed }: { rate: number; failed: number }) => (rate > 0 ? Math.min(1, failed / rate) : 0);
  const edgeId = ({ client, server, connection }: { client: string; server: string; connection: string }) => [client, server, ...(connection ? [connection] : [])].join('_');
  return [
    {
      refId: target.refId,
      name: 'nodes',
      fields: [
        field('id', 'string', nodes.map(([name]) => name)),
        field('title', 'string', nodes.map(([name]) => name), { displayNameFromDS: 'Service name' }),
        field('mainstat', 'number', nodes.map(([, { p95 }]) => p95), { displayNameFromDS: 'p95 duration', unit: 's' }),
        field('secondarystat', 'number', nodes.map(([, { rate }]) => rate), { displayNameFromDS: 'Requests per second', unit: 'reqps' }),
        field('arc__success', 'number', nodes.map(([, each]) => 1 - failing(each)), { color: { mode: 'fixed', fixedColor: 'green' } }),
        field('arc__failed', 'number', nodes.map(([, each]) => failing(each)), { color: { mode: 'fixed', fixedColor: 'red' } }),
      ],
      length: nodes.length,
      meta,
    },
    {
      refId: target.refId,
      name: 'edges',
      fields: [
        field('id', 'string', map.edges.map(edgeId)),
        field('source', 'string', map.edges.map(({ client }) => client)),
        field('target', 'string', map.edges.map(({ server }) => server)),
        field('mainstat', 'number', map.edges.map(({ p95 }) => p95), { displayNameFromDS: 'p95 duration', unit: 's' }),
        field('secondarystat', 'number', map.edges.map(({ rate }) => rate), { displayNameFromDS: 'Requests per second', unit: 'reqps' }),
        field('failed', 'number', map.edges.map(({ failed }) => failed), { displayNameFromDS: 'Failed per second', unit: 'reqps' }),
        field('connection', 'string', map.edges.map(({ connection }) => connection)),
      ],
      length: map.edges.length,
      meta,
    },
  ];
}
