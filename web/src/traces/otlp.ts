/**
 * Spans out of JSON, and back: what the server answers (Tempo's JSON of the protobuf messages: ids in base64, kinds and
 * states by name, 64-bit numbers as texts) and what OTLP's JSON encoding says (ids in hex, enumerations as numbers),
 * which files hold. Nothing is taken for granted about the input; `files/` tells what is wrong with a file.
 */

export interface AnyValue {
  stringValue?: unknown;
  boolValue?: unknown;
  intValue?: unknown;
  doubleValue?: unknown;
  bytesValue?: unknown;
  arrayValue?: { values?: unknown };
  kvlistValue?: { values?: unknown };
}

export interface KeyValue {
  key: string;
  value: AnyValue;
}

export type Json = Record<string, unknown>;

/** What spans of one process share. */
export interface Resource {
  service: string;
  attributes: KeyValue[];
  source: Json;
}

export interface Scope {
  name: string;
  version: string;
  source: Json;
}

export const kinds = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'] as const;
export type Kind = (typeof kinds)[number];
export const states = ['unset', 'ok', 'error'] as const;
export type Status = (typeof states)[number];

/** One span as it was sent; ids in lower-case hex, times in nanoseconds since 1970, 0 when they are not told. */
export interface RawSpan {
  traceId: string;
  spanId: string;
  parentId: string;
  name: string;
  kind: Kind;
  begin: bigint;
  end: bigint;
  status: Status;
  message: string;
  resource: Resource;
  scope: Scope;
  /** The object that it was read from; attributes, events and links stay there until they are looked at. */
  source: Json;
}

/** The most spans that the page takes at once, from the server or from a file. */
export const mostSpans = 1_000_000;
/** How deep values of attributes may hold each other before the rest is left out. */
const deepest = 6;

export const object = (value: unknown): Json => (typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {});
const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
const text = (value: unknown): string => (typeof value === 'string' ? value : '');

/** An id in lower-case hex, from hex or base64. What is neither stays as it is. */
export function idOf(value: unknown): string {
  const given = text(value);
  if (/^0*$/.test(given)) return '';
  if (/^(?:[0-9a-fA-F]{16}|[0-9a-fA-F]{32})$/.test(given)) return given.toLowerCase();
  if (/^(?:[A-Za-z0-9+/]{11}=?|[A-Za-z0-9+/]{22}(?:==)?)$/.test(given)) {
    let hex = '';
    for (const char of atob(given)) hex += char.charCodeAt(0).toString(16).padStart(2, '0');
    return /^0*$/.test(hex) ? '' : hex;
  }
  return given;
}

/** A 64-bit time as text or number; what is none is 0. */
function nanoseconds(value: unknown): bigint {
  if (typeof value === 'string' && /^\d{1,20}$/.test(value)) return BigInt(value);
  if (typeof value === 'number' && Number.isFinite(value) && value > 0) return BigInt(Math.trunc(value));
  return 0n;
}

/** A value of an enumeration by name (`SPAN_KIND_SERVER`) or number. */
function named<T extends string>(value: unknown, names: readonly T[], prefix: string): T {
  if (typeof value === 'number') return names[value] ?? names[0]!;
  const name = text(value).replace(prefix, '').toLowerCase();
  return names.find((each) => each === name) ?? names[0]!;
}

export function keyValues(value: unknown): KeyValue[] {
  return list(value).flatMap((each) => {
    const { key, value: held } = object(each);
    return typeof key === 'string' ? [{ key, value: object(held) as AnyValue }] : [];
  });
}

/** An attribute's value for reading. */
export function valueText(value: AnyValue, depth = 0): string {
  if (typeof value.stringValue === 'string') return value.stringValue;
  for (const plain of [value.boolValue, value.intValue, value.doubleValue]) {
    if (typeof plain === 'string' || typeof plain === 'number' || typeof plain === 'boolean') return String(plain);
  }
  if (typeof value.bytesValue === 'string') return `base64:${value.bytesValue}`;
  if (value.arrayValue || value.kvlistValue) {
    if (depth >= deepest) return '…';
    if (value.arrayValue) return `[${list(value.arrayValue.values).map((each) => valueText(object(each) as AnyValue, depth + 1)).join(', ')}]`;
    return `{${keyValues(value.kvlistValue!.values).map((each) => `${each.key}: ${valueText(each.value, depth + 1)}`).join(', ')}}`;
  }
  return '';
}

export function attribute(attributes: KeyValue[], key: string): string {
  const found = attributes.find((each) => each.key === key);
  return found ? valueText(found.value) : '';
}

export function resourceOf(value: unknown): Resource {
  const source = object(value);
  const attributes = keyValues(source.attributes);
  return { attributes, source, service: attribute(attributes, 'service.name') || 'unknown service' };
}

export function scopeOf(value: unknown): Scope {
  const source = object(value);
  return { name: text(source.name), version: text(source.version), source };
}

/** The spans of an answer or a file, in the order in which they stand there. Throws when it holds no list of spans. */
export function readSpans(body: unknown): RawSpan[] {
  const whole = object(body);
  const outer = Array.isArray(body) ? { resourceSpans: body.flatMap((each) => groupsOf(object(each)) ?? []) } : { resourceSpans: groupsOf(whole) ?? groupsOf(object(whole.trace)) };
  if (outer.resourceSpans === undefined) throw new Error('This is no trace in OTLP’s JSON: it has no `resourceSpans`');
  const spans: RawSpan[] = [];
  for (const group of outer.resourceSpans) {
    const { resource: given, scopeSpans, instrumentationLibrarySpans } = object(group);
    const resource = resourceOf(given);
    for (const one of list(scopeSpans ?? instrumentationLibrarySpans)) {
      const { scope: scoped, instrumentationLibrary, spans: held } = object(one);
      const scope = scopeOf(scoped ?? instrumentationLibrary);
      for (const each of list(held)) {
        if (spans.length >= mostSpans) throw new Error(`There are more than ${mostSpans.toLocaleString('en')} spans, which is the most that this page shows`);
        spans.push(spanOf(object(each), resource, scope));
      }
    }
  }
  return spans;
}

/** The list of groups under its present or its former name. */
function groupsOf(holder: Json): unknown[] | undefined {
  const groups = holder.resourceSpans ?? holder.batches;
  return Array.isArray(groups) ? groups : undefined;
}

export function spanOf(source: Json, resource: Resource, scope: Scope): RawSpan {
  const status = object(source.status);
  return {
    traceId: idOf(source.traceId),
    spanId: idOf(source.spanId),
    parentId: idOf(source.parentSpanId),
    name: text(source.name) || '(no name)',
    kind: named(source.kind, kinds, 'SPAN_KIND_'),
    begin: nanoseconds(source.startTimeUnixNano),
    end: nanoseconds(source.endTimeUnixNano),
    status: named(status.code, states, 'STATUS_CODE_'),
    message: text(status.message),
    resource,
    scope,
    source,
  };
}

export interface SpanEvent {
  name: string;
  time: bigint;
  attributes: KeyValue[];
}

export interface SpanLink {
  traceId: string;
  spanId: string;
  attributes: KeyValue[];
}

export const attributesOf = (span: RawSpan): KeyValue[] => keyValues(span.source.attributes);

export const eventsOf = (span: RawSpan): SpanEvent[] =>
  list(span.source.events).map((each) => {
    const event = object(each);
    return { name: text(event.name) || '(no name)', time: nanoseconds(event.timeUnixNano), attributes: keyValues(event.attributes) };
  });

export const linksOf = (span: RawSpan): SpanLink[] =>
  list(span.source.links).map((each) => {
    const link = object(each);
    return { traceId: idOf(link.traceId), spanId: idOf(link.spanId), attributes: keyValues(link.attributes) };
  });

/** Spans in OTLP's JSON encoding: ids in hex, enumerations as numbers; all else as it was. */
export function writeOtlp(spans: RawSpan[]): Json {
  const groups = new Map<Resource, Map<Scope, Json[]>>();
  for (const span of spans) {
    const scopes = groups.get(span.resource) ?? groups.set(span.resource, new Map()).get(span.resource)!;
    const held = scopes.get(span.scope) ?? scopes.set(span.scope, []).get(span.scope)!;
    const rest = { ...span.source };
    delete rest.parentSpanId;
    held.push({
      ...rest,
      traceId: span.traceId,
      spanId: span.spanId,
      ...(span.parentId ? { parentSpanId: span.parentId } : {}),
      kind: kinds.indexOf(span.kind),
      ...(span.source.status ? { status: { ...object(span.source.status), code: states.indexOf(span.status) } } : {}),
      ...(Array.isArray(span.source.links) ? { links: span.source.links.map((link) => ({ ...object(link), traceId: idOf(object(link).traceId), spanId: idOf(object(link).spanId) })) } : {}),
    });
  }
  return {
    resourceSpans: [...groups].map(([resource, scopes]) => ({
      resource: resource.source,
      scopeSpans: [...scopes].map(([scope, held]) => ({ scope: scope.source, spans: held })),
    })),
  };
}
