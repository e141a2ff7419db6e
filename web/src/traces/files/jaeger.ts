import type { AnyValue, KeyValue, RawSpan, Resource } from '../otlp';
import { kinds } from '../otlp';
import { FileFault, Fields, quoted } from './fault';
import type { Foreign, Known } from './foreign';
import { rawSpan, Tags } from './foreign';

/**
 * The JSON of Jaeger's query service, which its UI downloads: `{"data": [{traceID, spans, processes}]}`, times in
 * microseconds. What tags mean is as in the OpenTelemetry collector:
 * https://github.com/open-telemetry/opentelemetry-collector-contrib/tree/main/pkg/translator/jaeger
 */
export function readJaeger(answer: Fields, at: string, known: Known, add: (span: RawSpan) => void) {
  if (!answer.has('data')) {
    const [first] = answer.list('errors');
    if (first !== undefined) throw new FileFault(at, `Jaeger answered with an error instead of a trace: ${quoted(first)}`);
  }
  answer.list('data').forEach((trace, number) => {
    const where = `${at}data[${number}]`;
    readTrace(Fields.of(trace, () => where), known, add);
  });
}

/** One trace: `{traceID, spans, processes}`. */
export function readTrace(trace: Fields, known: Known, add: (span: RawSpan) => void) {
  const processes = trace.object('processes');
  const resources = new Map<string, Resource>();
  const resourceOf = (span: Fields): Resource => {
    if (span.has('process')) return known.resource(processAttributes(span.object('process')));
    const name = span.text('processID');
    const made = resources.get(name);
    if (made) return made;
    if (!Object.hasOwn(processes.json, name)) span.wrong(`its \`processID\` ${quoted(name)} is not among the trace’s \`processes\``);
    const resource = known.resource(processAttributes(processes.object(name)));
    resources.set(name, resource);
    return resource;
  };
  trace.list('spans').forEach((given, number) => {
    const where = () => {
      const { operationName, spanID } = Object(given) as Record<string, unknown>;
      const told = [operationName, spanID].filter((each) => typeof each === 'string' && each !== '').join(', ');
      return `${trace.where()}.spans[${number}]${told ? ` (${told})` : ''}`;
    };
    const span = Fields.of(given, where);
    const tags = new Tags(keyValues(span, 'tags'));
    const scope = known.scope(tags);
    add(rawSpan(foreign(span, trace, tags), resourceOf(span), scope));
  });
}

function foreign(span: Fields, trace: Fields, tags: Tags): Foreign {
  const traceId = span.has('traceID') ? span.ownId('traceID', 32) : trace.ownId('traceID', 32);
  const references = span.list('references').map((each, number) => {
    const reference = Fields.of(each, () => `${span.where()}, \`references[${number}]\``);
    return { type: reference.text('refType'), traceId: reference.id('traceID', 32) || traceId, spanId: reference.ownId('spanID', 16) };
  });
  // The parent is the one that is named; else the first reference within the trace, those of children first.
  const inTrace = references.filter((each) => each.traceId === traceId);
  const parentId = span.id('parentSpanID', 16) || (inTrace.find((each) => each.type === 'CHILD_OF') ?? inTrace[0])?.spanId || '';
  const kind = kinds.indexOf((tags.takeText('span.kind') ?? '') as (typeof kinds)[number]);
  const warnings = span.list('warnings').filter((each) => typeof each === 'string');
  const made: Foreign = {
    traceId,
    spanId: span.ownId('spanID', 16),
    parentId,
    name: span.text('operationName'),
    kind: Math.max(kind, 0),
    begin: span.micros('startTime'),
    duration: span.micros('duration'),
    status: statusOf(tags, kinds[kind] === 'server'),
    tags,
    events: span.list('logs').map((each, number) => {
      const log = Fields.of(each, () => `${span.where()}, \`logs[${number}]\``);
      const fields = new Tags(keyValues(log, 'fields'));
      return { time: log.micros('timestamp'), name: fields.takeText('event') ?? '', attributes: fields.list };
    }),
    links: references
      .filter((each) => !(each.type === 'CHILD_OF' && each.spanId === parentId))
      .map((each) => ({ traceId: each.traceId, spanId: each.spanId, attributes: [{ key: 'opentracing.ref_type', value: { stringValue: each.type.toLowerCase() } }] })),
  };
  if (warnings.length > 0) tags.add('jaeger.warnings', { arrayValue: { values: warnings.map((stringValue) => ({ stringValue })) } });
  return made;
}

function processAttributes(process: Fields): KeyValue[] {
  const tags = keyValues(process, 'tags');
  if (!tags.some((each) => each.key === 'host.name')) for (const each of tags) if (each.key === 'hostname') each.key = 'host.name';
  const service = process.text('serviceName');
  return service === '' || service === 'OTLPResourceNoServiceName' ? tags : [{ key: 'service.name', value: { stringValue: service } }, ...tags];
}

function keyValues(holder: Fields, name: string): KeyValue[] {
  return holder.list(name).map((each, number) => {
    const tag = Fields.of(each, () => `${holder.where()}, \`${name}[${number}]\``);
    return { key: tag.text('key'), value: valueOf(tag.json.type, tag.json.value) };
  });
}

/** A tag's value by its type; one that does not fit its type stays what it is. */
function valueOf(type: unknown, value: unknown): AnyValue {
  const isNumber = typeof value === 'number' || (typeof value === 'string' && value.trim() !== '' && Number.isFinite(Number(value)));
  if (typeof value === 'boolean' || (type === 'bool' && (value === 'true' || value === 'false'))) return { boolValue: value === true || value === 'true' };
  if (type === 'int64' && isNumber) return { intValue: String(value) };
  if (type === 'float64' && isNumber) return { doubleValue: Number(value) };
  if (type === 'binary' && typeof value === 'string') return { bytesValue: value };
  if (typeof value === 'number' && type !== 'string') return Number.isSafeInteger(value) ? { intValue: String(value) } : { doubleValue: value };
  if (value == null) return {};
  return { stringValue: typeof value === 'string' ? value : JSON.stringify(value) };
}

/** How the span ended: as the tag `error` says, or `otel.status_code`, or a status of HTTP. */
function statusOf(tags: Tags, isServer: boolean): Foreign['status'] {
  const words = (message: string | undefined) => (message ? { message } : {});
  const error = tags.get('error');
  if (error?.boolValue === true || error?.stringValue === 'true') {
    tags.take('error');
    tags.take('otel.status_code');
    return { code: 2, ...words(tags.takeText('otel.status_description') ?? tags.text('http.status_message')) };
  }
  const told = tags.takeText('otel.status_code');
  if (told !== undefined) {
    const code = ['OK', 'ERROR'].indexOf(told.toUpperCase()) + 1;
    return { ...(code > 0 ? { code } : {}), ...words(tags.takeText('otel.status_description')) };
  }
  const http = tags.get('http.status_code');
  const code = Number(http?.intValue ?? http?.stringValue ?? Number.NaN);
  // https://opentelemetry.io/docs/specs/semconv/http/http-spans/#status
  const isError = code >= 400 && code <= 499 ? !isServer : code < 100 || code > 399;
  return isError ? { code: 2, ...words(tags.text('http.status_message')) } : {};
}
