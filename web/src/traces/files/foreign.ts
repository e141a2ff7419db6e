import type { AnyValue, Json, KeyValue, RawSpan, Resource, Scope } from '../otlp';
import { resourceOf, scopeOf, spanOf } from '../otlp';

/** Spans of formats that have tags where OTLP has fields of its own become what the server makes of them when they are sent to it. */

/** The tags of a span, from which those are taken that have a meaning. */
export class Tags {
  constructor(readonly list: KeyValue[]) {}

  get(key: string): AnyValue | undefined {
    return this.list.find((each) => each.key === key)?.value;
  }

  text(key: string): string | undefined {
    const value = this.get(key)?.stringValue;
    return typeof value === 'string' ? value : undefined;
  }

  take(key: string): AnyValue | undefined {
    const at = this.list.findIndex((each) => each.key === key);
    return at < 0 ? undefined : this.list.splice(at, 1)[0]!.value;
  }

  takeText(key: string): string | undefined {
    const value = this.take(key);
    return value && (typeof value.stringValue === 'string' ? value.stringValue : '');
  }

  add(key: string, value: AnyValue) {
    this.list.push({ key, value });
  }
}

export interface Foreign {
  traceId: string;
  spanId: string;
  parentId: string;
  name: string;
  /** The number of one of OTLP’s kinds. */
  kind: number;
  /** Nanoseconds. */
  begin: bigint;
  duration: bigint;
  status: { code?: number; message?: string };
  tags: Tags;
  events: { time: bigint; name: string; attributes: KeyValue[] }[];
  links: { traceId: string; spanId: string; attributes: KeyValue[] }[];
}

/** A span in OTLP’s JSON, which is what is looked at and downloaded. */
export function rawSpan(span: Foreign, resource: Resource, scope: Scope): RawSpan {
  const traceState = span.tags.takeText('w3c.tracestate');
  const source: Json = {
    traceId: span.traceId,
    spanId: span.spanId,
    parentSpanId: span.parentId,
    name: span.name,
    kind: span.kind,
    startTimeUnixNano: String(span.begin),
    endTimeUnixNano: String(span.begin + span.duration),
    status: span.status,
    attributes: span.tags.list,
    ...(traceState ? { traceState } : {}),
    ...(span.events.length > 0 ? { events: span.events.map(({ time, ...rest }) => ({ timeUnixNano: String(time), ...rest })) } : {}),
    ...(span.links.length > 0 ? { links: span.links } : {}),
  };
  return spanOf(source, resource, scope);
}

/** Resources and scopes that say the same are one, however many spans name them. */
export class Known {
  private readonly resources = new Map<string, Resource>();
  private readonly scopes = new Map<string, Scope>();

  resource(attributes: KeyValue[]): Resource {
    const key = JSON.stringify(attributes);
    return this.resources.get(key) ?? this.resources.set(key, resourceOf({ attributes })).get(key)!;
  }

  /** Takes the scope out of the tags. */
  scope(tags: Tags): Scope {
    const [name, version] = tags.get('otel.scope.name') ? ['otel.scope.name', 'otel.scope.version'] : ['otel.library.name', 'otel.library.version'];
    const given = { name: tags.takeText(name) ?? '', version: tags.takeText(version) ?? '' };
    const key = JSON.stringify(given);
    return this.scopes.get(key) ?? this.scopes.set(key, scopeOf(given)).get(key)!;
  }
}
