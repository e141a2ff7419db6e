import type { RawSpan, Resource, Scope } from '../otlp';
import { byTrace } from '../trace';
import type { Format } from './read';
import { parsed, readTraces } from './read';

/** What a list says of a trace. Times are nanoseconds: since 1970, and how long. */
export interface Summary {
  traceId: string;
  service: string;
  name: string;
  begin: bigint;
  duration: number;
  spans: number;
  errors: number;
  /** Names of services in the order in which they stand in the file. */
  services: string[];
}

export const orders = ['spans', 'longest', 'newest', 'errors'] as const;
export type Order = (typeof orders)[number];

const by: Record<Order, (a: Summary, b: Summary) => number> = {
  spans: (a, b) => b.spans - a.spans,
  longest: (a, b) => b.duration - a.duration,
  newest: (a, b) => (a.begin === b.begin ? 0 : b.begin > a.begin ? 1 : -1),
  errors: (a, b) => b.errors - a.errors,
};

/** Some spans of a trace on their way to the page; resources and scopes are told by their numbers, so that they stay shared. */
export interface Part {
  spans: (Omit<RawSpan, 'resource' | 'scope'> & { resource: number; scope: number })[];
  resources: Resource[];
  scopes: Scope[];
  /** Where the next part begins; `null` after the last. */
  next: number | null;
}

/** Spans in one part: few enough that taking it over does not hold up the page. */
const spansEach = 2_000;

/** The traces of a file that was read. */
export class HeldFile {
  readonly format: Format;
  readonly summaries: Summary[];
  private readonly traces: Map<string, RawSpan[]>;

  constructor(text: string) {
    const { format, spans } = readTraces(parsed(text));
    this.format = format;
    this.traces = byTrace(spans);
    this.summaries = [...this.traces].map(([traceId, held]) => summary(traceId, held));
  }

  get spans(): number {
    return this.summaries.reduce((sum, each) => sum + each.spans, 0);
  }

  /** The first traces in which all words of `search` occur, and how many there are. */
  list(search: string, order: Order, most: number): { found: number; first: Summary[] } {
    const words = search.toLowerCase().split(/\s+/).filter(Boolean);
    const found = this.summaries.filter((each) => {
      const text = [each.traceId, each.name, ...each.services].join(' ').toLowerCase();
      return words.every((word) => text.includes(word));
    });
    return { found: found.length, first: found.sort(by[order]).slice(0, most) };
  }

  /** A part of a trace; `null` when the file has no such trace. */
  part(traceId: string, from: number): Part | null {
    const held = this.traces.get(traceId);
    if (!held) return null;
    const numbers = new Map<Resource | Scope, number>();
    const part: Part = { spans: [], resources: [], scopes: [], next: from + spansEach < held.length ? from + spansEach : null };
    const number = <T extends Resource | Scope>(one: T, list: T[]): number => numbers.get(one) ?? (numbers.set(one, list.push(one) - 1), list.length - 1);
    part.spans = held.slice(from, from + spansEach).map((span) => ({ ...span, resource: number(span.resource, part.resources), scope: number(span.scope, part.scopes) }));
    return part;
  }
}

function summary(traceId: string, spans: RawSpan[]): Summary {
  const services = new Set<string>();
  let [begin, end, errors] = [0n, 0n, 0];
  let root: RawSpan | undefined;
  let earliest = spans[0]!;
  for (const span of spans) {
    services.add(span.resource.service);
    if (span.status === 'error') errors += 1;
    if (span.end > end) end = span.end;
    if (span.parentId === '') root ??= span;
    if (span.begin === 0n) continue;
    if (begin === 0n || span.begin < begin) {
      begin = span.begin;
      earliest = span;
    }
  }
  const { resource, name } = root ?? earliest;
  return { traceId, service: resource.service, name, begin, duration: end > begin && begin > 0n ? Number(end - begin) : 0, spans: spans.length, errors, services: [...services] };
}
