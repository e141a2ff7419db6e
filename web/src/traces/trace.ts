import type { RawSpan } from './otlp';

/** A span in its place. Times are nanoseconds since the trace began. */
export interface Span {
  raw: RawSpan;
  begin: number;
  duration: number;
  /** The place of its parent in the trace's list; -1 for a root. */
  parent: number;
  depth: number;
  /** How many spans hang below it, itself included; they follow it in the list. */
  size: number;
  /** Nanoseconds of its duration in which none of its children ran. */
  self: number;
}

export interface Trace {
  id: string;
  /** Nanoseconds since 1970. */
  begin: bigint;
  /** Nanoseconds. */
  duration: number;
  /** Each parent before its children, siblings by their beginning. */
  spans: Span[];
  /** Names of services in the order in which they first appear. */
  services: string[];
  errors: number;
  /** What was wrong with the spans that came, in words. */
  problems: string[];
}

const count = (number: number, one: string, many: string) => `${number.toLocaleString('en')} ${number === 1 ? one : many}`;

/**
 * Hangs spans below their parents. A span whose parent is missing, or that is its own ancestor, becomes a root. Where
 * caller and callee share an id, as Zipkin's may, the callee hangs below the caller and takes the children, but those of
 * the caller's own service; of other spans with the same id, the first is whom children belong to. The number of steps
 * grows as n log n with the spans, whatever they say of each other; `work` counts them.
 */
export function buildTrace(raw: RawSpan[], work: { steps: number } = { steps: 0 }): Trace {
  const steps = building(raw, work);
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}

/** Milliseconds that building a trace may hold up the page at once. */
const turn = 12;

/** As `buildTrace`, in turns with all else that the page does. */
export async function buildTraceInTurns(raw: RawSpan[], signal?: AbortSignal): Promise<Trace> {
  const steps = building(raw, { steps: 0 });
  for (;;) {
    signal?.throwIfAborted();
    const from = performance.now();
    do {
      const { done, value } = steps.next();
      if (done) return value;
    } while (performance.now() - from < turn);
    await new Promise((resolve) => setTimeout(resolve));
  }
}

/** Spans between two places where building may rest. */
const together = 4_096;
const rests = (index: number) => (index + 1) % together === 0;

function* building(raw: RawSpan[], work: { steps: number }): Generator<undefined, Trace> {
  const first = new Map<string, number>();
  const callees = new Map<string, number>();
  let repeated = 0;
  let base = 0n;
  let untimed = 0;
  for (const [index, span] of raw.entries()) {
    if (rests(index)) yield;
    work.steps += 1;
    if (span.spanId === '') continue;
    const before = first.get(span.spanId);
    if (before === undefined) first.set(span.spanId, index);
    else if (callees.has(span.spanId)) repeated += 1;
    else if (calls(raw[before]!) && isCalled(span)) callees.set(span.spanId, index);
    else if (isCalled(raw[before]!) && calls(span)) {
      callees.set(span.spanId, before);
      first.set(span.spanId, index);
    } else repeated += 1;
  }
  for (const [index, span] of raw.entries()) {
    if (rests(index)) yield;
    if (span.begin === 0n) untimed += 1;
    else if (base === 0n || span.begin < base) base = span.begin;
  }

  const begins = new Float64Array(raw.length);
  const durations = new Float64Array(raw.length);
  let duration = 0;
  for (const [index, span] of raw.entries()) {
    if (rests(index)) yield;
    begins[index] = span.begin === 0n ? 0 : Number(span.begin - base);
    durations[index] = span.begin === 0n || span.end <= span.begin ? 0 : Number(span.end - span.begin);
    duration = Math.max(duration, begins[index] + durations[index]);
  }

  const parents = new Int32Array(raw.length).fill(-1);
  let orphans = 0;
  for (const [index, span] of raw.entries()) {
    if (rests(index)) yield;
    if (span.spanId !== '' && callees.get(span.spanId) === index) {
      parents[index] = first.get(span.spanId)!;
      continue;
    }
    if (span.parentId === '') continue;
    const parent = first.get(span.parentId);
    const callee = callees.get(span.parentId);
    if (parent === undefined) orphans += 1;
    else if (callee === undefined) parents[index] = parent;
    else {
      const { service } = span.resource;
      parents[index] = service === raw[parent]!.resource.service && service !== raw[callee]!.resource.service ? parent : callee;
    }
  }
  const cycles = cutCycles(parents, work);
  yield;

  // Files hold spans mostly by their beginnings; then there is nothing to sort, which cannot rest.
  const order = Uint32Array.from(raw, (_, index) => index);
  if (begins.some((begin, index) => index > 0 && begin < begins[index - 1]!)) {
    order.sort((a, b) => {
      work.steps += 1;
      return begins[a]! - begins[b]! || a - b;
    });
  }
  yield;
  const children: (number[] | undefined)[] = new Array<number[] | undefined>(raw.length);
  const roots: number[] = [];
  for (const [at, index] of order.entries()) {
    if (rests(at)) yield;
    const parent = parents[index]!;
    if (parent < 0) roots.push(index);
    else (children[parent] ??= []).push(index);
  }

  const spans: Span[] = [];
  const places = new Int32Array(raw.length);
  const waiting = roots.reverse();
  while (waiting.length > 0) {
    if (rests(spans.length)) yield;
    work.steps += 1;
    const index = waiting.pop()!;
    const parent = parents[index]! < 0 ? -1 : places[parents[index]!]!;
    places[index] = spans.length;
    spans.push({ raw: raw[index]!, begin: begins[index]!, duration: durations[index]!, parent, depth: parent < 0 ? 0 : spans[parent]!.depth + 1, size: 1, self: durations[index]! });
    const below = children[index];
    if (below) for (let at = below.length - 1; at >= 0; at -= 1) waiting.push(below[at]!);
  }
  // Where the children seen so far end; siblings come by their beginning, so one number is enough.
  const covered = new Float64Array(spans.length);
  for (const [place, span] of spans.entries()) {
    if (rests(place)) yield;
    covered[place] = span.begin;
    if (span.parent < 0) continue;
    const parent = spans[span.parent]!;
    const from = Math.max(span.begin, covered[span.parent]!);
    const to = Math.min(span.begin + span.duration, parent.begin + parent.duration);
    if (to > from) {
      parent.self -= to - from;
      covered[span.parent] = to;
    }
  }
  for (let place = spans.length - 1; place >= 0; place -= 1) {
    const span = spans[place]!;
    if (span.parent >= 0) spans[span.parent]!.size += span.size;
  }

  const services: string[] = [];
  const known = new Set<string>();
  let errors = 0;
  for (const { raw: span } of spans) {
    if (span.status === 'error') errors += 1;
    if (known.has(span.resource.service)) continue;
    known.add(span.resource.service);
    services.push(span.resource.service);
  }
  const problems = [
    orphans > 0 && `${count(orphans, 'span names a parent', 'spans name parents')} that did not arrive; they stand at the outermost level`,
    cycles > 0 && `${count(cycles, 'circle', 'circles')} of spans that are their own ancestors; each is cut at one span`,
    repeated > 0 && `${count(repeated, 'span has', 'spans have')} the id of another; children hang below the first`,
    untimed > 0 && `${count(untimed, 'span tells', 'spans tell')} no beginning; they stand at the trace’s`,
  ].filter((each) => each !== false);
  return { id: raw.find((span) => span.traceId)?.traceId ?? '', begin: base, duration, spans, services, errors, problems };
}

const calls = ({ kind }: RawSpan) => kind === 'client' || kind === 'producer';
const isCalled = ({ kind }: RawSpan) => kind === 'server' || kind === 'consumer';

/** Makes a root of one span of each circle; answers with how many there were. */
function cutCycles(parents: Int32Array, work: { steps: number }): number {
  const walks = new Int32Array(parents.length);
  let cycles = 0;
  for (let from = 0; from < parents.length; from += 1) {
    let at = from;
    while (at >= 0 && walks[at] === 0) {
      work.steps += 1;
      walks[at] = from + 1;
      at = parents[at]!;
    }
    if (at >= 0 && walks[at] === from + 1) {
      parents[at] = -1;
      cycles += 1;
    }
  }
  return cycles;
}

/** Spans of several traces apart, those with most spans first. */
export function byTrace(spans: RawSpan[]): Map<string, RawSpan[]> {
  const traces = new Map<string, RawSpan[]>();
  for (const span of spans) {
    const held = traces.get(span.traceId);
    if (held) held.push(span);
    else traces.set(span.traceId, [span]);
  }
  return new Map([...traces].sort((a, b) => b[1].length - a[1].length));
}

/** The span that speaks for the trace: the first that names no parent, or else the first. */
export const rootOf = (trace: Trace): Span | undefined => trace.spans.find((span) => span.parent < 0 && span.raw.parentId === '') ?? trace.spans[0];

/** A trace’s id for lists: its second half where the first is zeros, as of ids of 64 bits, or else its first. */
export const shortId = (id: string) => (id.startsWith('0'.repeat(16)) ? id.slice(16) : `${id.slice(0, 16)}…`);

/** How addresses name a span: by its id, and by its number among those that share it where it is not the first. */
export function spanRef(trace: Trace, place: number): string {
  const { spanId } = trace.spans[place]!.raw;
  let number = 0;
  for (let at = 0; at <= place; at += 1) if (trace.spans[at]!.raw.spanId === spanId) number += 1;
  return spanId === '' || number === 1 ? spanId : `${spanId}.${number}`;
}

/** The place of the span that an address names; -1 when it is not there. */
export function placeOf(trace: Trace, ref: string): number {
  const [id, number = '1'] = ref.split('.');
  let left = Number(number);
  return trace.spans.findIndex(({ raw }) => raw.spanId === id && (left -= 1) === 0);
}
