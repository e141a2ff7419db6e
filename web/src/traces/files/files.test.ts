import { expect, test } from 'vitest';
import type { RawSpan } from '../otlp';
import { attributesOf, eventsOf, linksOf, readSpans, valueText, writeOtlp } from '../otlp';
import { fileRef, parseRef } from '../opened';
import { buildTrace } from '../trace';
import { FileFault } from './fault';
import type { Part } from './held';
import { HeldFile } from './held';
import { jaeger, otlp, tempo, zipkin } from './samples';
import { parsed, readTraces } from './read';
import { Joined } from './wire';

const texts = (list: { key: string; value: object }[]) => Object.fromEntries(list.map(({ key, value }) => [key, valueText(value)]));
const tree = (spans: RawSpan[]) => buildTrace(spans).spans.map((span) => `${'  '.repeat(span.depth)}${span.raw.resource.service} ${span.raw.name} ${span.begin / 1e6}+${span.duration / 1e6}${span.raw.status === 'error' ? ' !' : ''}`);
const spanOf = (spans: RawSpan[], name: string) => spans.find((span) => span.name === name)!;

test('Jaeger: references make the tree, microseconds the times', () => {
  const { format, spans } = readTraces(jaeger);
  expect(format).toBe('Jaeger');
  expect(tree(spans)).toEqual(['frontend HTTP GET /dispatch 0+757.894', '  driver FindNearest 10.25+215.5', '    redis GetDriver 20+13 !', '  frontend report 300+5']);
  expect(new Set(spans.map((span) => span.traceId))).toEqual(new Set(['00000000000000003f1a2b3c4d5e6f70']));
  expect(spans.map((span) => [span.spanId, span.kind])).toEqual([
    ['03f1a2b3c4d5e6f7', 'server'],
    ['00000000000000b2', 'client'],
    ['00000000000000c3', 'unspecified'],
    ['00000000000000d4', 'unspecified'],
  ]);
  expect(spans[0]!.begin).toBe(1_733_130_000_000_123_000n);
});

test('Jaeger: tags by type, logs as events, references to elsewhere as links', () => {
  const { spans } = readTraces(jaeger);
  const root = spanOf(spans, 'HTTP GET /dispatch');
  expect(attributesOf(root)).toEqual([
    { key: 'sampler.param', value: { boolValue: true } },
    { key: 'http.status_code', value: { intValue: '200' } },
    { key: 'load', value: { doubleValue: 0.5 } },
    { key: 'body', value: { bytesValue: 'AQI=' } },
    { key: 'jaeger.warnings', value: { arrayValue: { values: [{ stringValue: 'clock skew' }] } } },
  ]);
  expect(eventsOf(root).map((event) => [event.name, event.time - root.begin, texts(event.attributes)])).toEqual([
    ['HTTP request received', 5_000n, { level: 'info', method: 'GET' }],
    ['(no name)', 6_000n, { message: 'no event' }],
  ]);
  expect([root.scope.name, root.scope.version]).toEqual(['net/http', '1.2']);
  expect(texts(root.resource.attributes)).toEqual({ 'service.name': 'frontend', 'host.name': 'm1', ip: '10.0.0.1' });
  const redis = spanOf(spans, 'GetDriver');
  expect([redis.status, redis.message, texts(attributesOf(redis))]).toEqual(['error', 'redis timeout', { driver: 'T7' }]);
  expect(linksOf(spanOf(spans, 'report')).map((link) => [link.traceId, link.spanId, texts(link.attributes)])).toEqual([
    ['00000000000000003f1a2b3c4d5e6f70', '03f1a2b3c4d5e6f7', { 'opentracing.ref_type': 'follows_from' }],
    ['aaaabbbbccccddddaaaabbbbccccdddd', '1111222233334444', { 'opentracing.ref_type': 'child_of' }],
  ]);
});

test.each([
  ['error', [{ key: 'error', type: 'bool', value: true }], 'error'],
  ['no error', [{ key: 'error', type: 'bool', value: false }], 'unset'],
  ['otel.status_code', [{ key: 'otel.status_code', type: 'string', value: 'OK' }], 'ok'],
  ['a server’s 404 is none', [{ key: 'span.kind', type: 'string', value: 'server' }, { key: 'http.status_code', type: 'int64', value: 404 }], 'unset'],
  ['a client’s 404 is one', [{ key: 'span.kind', type: 'string', value: 'client' }, { key: 'http.status_code', type: 'int64', value: 404 }], 'error'],
  ['503', [{ key: 'span.kind', type: 'string', value: 'server' }, { key: 'http.status_code', type: 'int64', value: 503 }], 'error'],
])('Jaeger: status by %s', (_, tags, status) => {
  const span = { traceID: '1', spanID: '2', operationName: 'x', startTime: 1, duration: 1, tags, process: { serviceName: 's' } };
  expect(readTraces({ data: [{ traceID: '1', spans: [span], processes: {} }] }).spans[0]!.status).toBe(status);
});

test('Zipkin: client and server that share an id stand below each other', () => {
  const { format, spans } = readTraces(zipkin);
  expect(format).toBe('Zipkin');
  expect(tree(spans)).toEqual(['frontend get /api 0+40', '  backend get /api 5+30', '    backend select 10+20 !']);
  expect(spans.map((span) => [span.traceId, span.spanId, span.parentId, span.kind])).toEqual([
    ['5982fe77008310cc80f1da5e10147517', '90394f6bcffb5d13', '', 'client'],
    ['5982fe77008310cc80f1da5e10147517', '90394f6bcffb5d13', '', 'server'],
    ['5982fe77008310cc80f1da5e10147517', '00000000000000ab', '90394f6bcffb5d13', 'unspecified'],
  ]);
});

test('Zipkin: endpoints, tags and annotations', () => {
  const [client, server, local] = readTraces(zipkin).spans as [RawSpan, RawSpan, RawSpan];
  expect(texts(attributesOf(client))).toEqual({ 'http.path': '/api', 'net.host.ip': '127.0.0.1', 'peer.service': 'backend', 'net.peer.ip': '192.168.99.101', 'net.peer.port': '9000' });
  expect(texts(client.resource.attributes)).toEqual({ 'service.name': 'frontend', 'host.name': 'web-1' });
  expect(eventsOf(client).map((event) => [event.name, event.time - client.begin])).toEqual([['ws', 1_000_000n]]);
  expect(texts(attributesOf(server))).toEqual({ 'net.peer.ip': '::1' });
  expect([local.status, texts(attributesOf(local))]).toEqual(['error', { error: 'no such table', 'otel.zipkin.absentField.startTime': 'true' }]);
});

test('Zipkin: lists in a list are traces, short ids are filled up', () => {
  const span = (traceId: string) => ({ traceId, id: 'a', name: 'x', timestamp: 1, duration: 2 });
  const file = new HeldFile(JSON.stringify([[span('1'), { ...span('1'), id: 'b', parentId: 'a' }], [], [span('2')]]));
  expect(file.summaries.map((each) => [each.traceId, each.spans, each.service])).toEqual([
    ['00000000000000000000000000000001', 2, 'unknown service'],
    ['00000000000000000000000000000002', 1, 'unknown service'],
  ]);
});

test.each([
  ['OTLP', otlp],
  ['Tempo’s batches', tempo],
  ['Tempo’s answer', { trace: tempo }],
  ['Jaeger’s v3', { result: otlp }],
  ['what this page downloads', writeOtlp(readSpans(otlp))],
  ['a list', [otlp]],
])('OTLP in its covers: %s', (_, body) => {
  const { format, spans } = readTraces(body);
  expect(format).toBe('OTLP');
  expect(tree(spans)).toEqual(['api GET /users 0+0.5', '  api select 0.1+0.2 !']);
});

test('a trace of any format is the same after it was downloaded as OTLP', () => {
  for (const body of [jaeger, zipkin, otlp, tempo]) {
    const { spans } = readTraces(body);
    const again = readTraces(JSON.parse(JSON.stringify(writeOtlp(spans)))).spans;
    const facts = (each: RawSpan) => [each.traceId, each.spanId, each.parentId, each.name, each.kind, each.status, each.message, each.begin, each.end, each.resource.service, attributesOf(each), eventsOf(each), linksOf(each)];
    const sorted = (list: RawSpan[]) => list.map((each) => JSON.stringify(facts(each), (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value))).sort();
    expect(sorted(again)).toEqual(sorted(spans));
  }
});

test('lines of JSON, and lines that are none', () => {
  const line = JSON.stringify(otlp);
  expect(readTraces(parsed(`${line}\n${line}\n`)).spans).toHaveLength(4);
  expect(() => parsed(`${line}\n\n{"resource`)).toThrow(/^Line 3 of the file is no JSON/);
  expect(() => parsed('{ nothing')).toThrow(/^The file is no JSON/);
});

const jaegerWith = (more: object) => ({ data: [{ traceID: 'ab', spans: [{ traceID: 'ab', spanID: '1', operationName: 'GET', processID: 'p1', startTime: 1, duration: 1, ...more }], processes: { p1: { serviceName: 's' } } }] });
const zipkinWith = (more: object) => [{ traceId: 'ab', id: '1' }, { traceId: 'ab', id: '2', name: 'get', ...more }];
const otlpWith = (more: object) => ({ resourceSpans: [{ scopeSpans: [{ spans: [{ traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), name: 'GET', ...more }] }] }] });

test.each([
  ['nothing', [], 'The file holds no spans'],
  ['no spans', { resourceSpans: [] }, 'The file holds no spans'],
  ['another object', { a: 1, b: 2 }, 'This is no trace in a format that this page knows: its keys are `a`, `b`. Known are OTLP'],
  ['a number', 7, 'it is 7'],
  ['lists in lists in lists', [[[1]]], '[0]: This is no trace'],
  ['logs', { resourceLogs: [] }, 'it holds OTLP’s logs'],
  ['a search’s answer', { traces: [{ traceID: '1' }] }, 'names traces without their spans'],
  ['Jaeger’s error', { data: null, errors: [{ code: 404, msg: 'trace not found' }] }, 'Jaeger answered with an error instead of a trace: {"code":404,"msg":"trace not found"}'],
  ['formats mixed', [otlp, zipkin[0]], '[1]: this is in another format than what stands before it (OTLP)'],
  ['Jaeger: time', jaegerWith({ startTime: 'soon' }), 'data[0].spans[0] (GET, 1): `startTime` is no number of microseconds: "soon"'],
  ['Jaeger: negative duration', jaegerWith({ duration: -5 }), 'data[0].spans[0] (GET, 1): `duration` is no number of microseconds: -5'],
  ['Jaeger: no id', jaegerWith({ spanID: undefined }), 'data[0].spans[0] (GET): it has no `spanID`'],
  ['Jaeger: id', jaegerWith({ spanID: 'xyz' }), 'data[0].spans[0] (GET, xyz): `spanID` is no id of at most 16 hexadecimal digits: "xyz"'],
  ['Jaeger: process', jaegerWith({ processID: '__proto__' }), 'data[0].spans[0] (GET, 1): its `processID` "__proto__" is not among the trace’s `processes`'],
  ['Jaeger: no object', { data: [{ traceID: 'a', spans: [null], processes: {} }] }, 'data[0].spans[0]: an object is expected here, not null'],
  ['Jaeger: reference', jaegerWith({ references: [{ refType: 'CHILD_OF' }] }), 'data[0].spans[0] (GET, 1), `references[0]`: it has no `spanID`'],
  ['Jaeger: log', jaegerWith({ logs: [{ timestamp: 'x', fields: [] }] }), 'data[0].spans[0] (GET, 1), `logs[0]`: `timestamp` is no number'],
  ['Jaeger: tags', jaegerWith({ tags: {} }), 'data[0].spans[0] (GET, 1): `tags` is no list: {}'],
  ['Zipkin: kind', zipkinWith({ kind: 'BOTH' }), '[1] (get, 2): `kind` is none of CLIENT, SERVER, PRODUCER and CONSUMER: "BOTH"'],
  ['Zipkin: time', zipkinWith({ timestamp: 1e17 }), '[1] (get, 2): `timestamp` is no number of microseconds: 100000000000000000'],
  ['Zipkin: parent', zipkinWith({ parentId: 3 }), '[1] (get, 2): `parentId` is no text: 3'],
  ['Zipkin: trace', zipkinWith({ traceId: '0000' }), '[1] (get, 2): `traceId` is all zeros'],
  ['Zipkin: v1', zipkinWith({ binaryAnnotations: [] }), '[1] (get, 2): it has `binaryAnnotations`, as Zipkin’s format v1'],
  ['Zipkin: endpoint', zipkinWith({ localEndpoint: 'here' }), '[1] (get, 2), `localEndpoint`: an object is expected here, not "here"'],
  ['OTLP: id', otlpWith({ spanId: 'span-7' }), 'resourceSpans[0].scopeSpans[0].spans[0] (GET): `spanId` is no id of 16 hexadecimal digits: "span-7"'],
  ['OTLP: no trace', otlpWith({ traceId: '' }), 'resourceSpans[0].scopeSpans[0].spans[0] (GET): `traceId` is all zeros or empty'],
  ['OTLP: time', otlpWith({ endTimeUnixNano: '1e9' }), 'resourceSpans[0].scopeSpans[0].spans[0] (GET): `endTimeUnixNano` is no number of nanoseconds: "1e9"'],
  ['OTLP: spans', { batches: [{}, { scopeSpans: [{ spans: 7 }] }] }, 'batches[1].scopeSpans[0]: `spans` is no list: 7'],
  ['OTLP: in a list', [otlp, { trace: { resourceSpans: [3] } }], '[1].trace.resourceSpans[0]: an object is expected here, not 3'],
])('what is wrong is told, and where: %s', (_, body, message) => {
  expect(() => readTraces(body)).toThrow(FileFault);
  expect(() => readTraces(body)).toThrow(message);
});

/** A generator of numbers from 0 to 1 that a seed repeats: mulberry32. */
function random(seed: number) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const hostile: unknown[] = [null, true, -1, 1e300, Number.NaN, '', 'x', '0', '__proto__', [], [[]], {}, { key: 1 }, [null], '9'.repeat(50)];

test.each(['Jaeger', 'Zipkin', 'OTLP', 'Tempo'] as const)('whatever stands in a file is read or refused with a fault: %s', (name) => {
  const original = { Jaeger: jaeger, Zipkin: zipkin, OTLP: otlp, Tempo: tempo }[name];
  let refused = 0;
  for (let seed = 1; seed <= 1_000; seed += 1) {
    const next = random(seed);
    const body = JSON.parse(JSON.stringify(original)) as object;
    for (let changes = 1 + Math.floor(next() * 3); changes > 0; changes -= 1) {
      let at = body as Record<string, unknown>;
      for (;;) {
        const keys = Object.keys(at);
        const key = keys[Math.floor(next() * keys.length)];
        if (key === undefined) break;
        const below = at[key];
        if (typeof below === 'object' && below !== null && next() < 0.85) {
          at = below as Record<string, unknown>;
          continue;
        }
        if (next() < 0.2) delete at[key];
        else at[key] = structuredClone(hostile[Math.floor(next() * hostile.length)]);
        break;
      }
    }
    try {
      const { spans } = readTraces(body);
      expect(buildTrace(spans).spans).toHaveLength(spans.length);
      for (const span of spans) [attributesOf(span), eventsOf(span), linksOf(span)].flat();
    } catch (error) {
      if (!(error instanceof FileFault)) throw new Error(`seed ${seed}: ${String(error)} for ${JSON.stringify(body)}`, { cause: error });
      refused += 1;
    }
  }
  // Both happen, or the changes change nothing.
  expect(refused).toBeGreaterThan(100);
  expect(refused).toBeLessThan(900);
});

test('a trace of many parts is whole on the page, its processes still shared', () => {
  const many = Array.from({ length: 4_500 }, (_, index) => ({ traceId: 'ab', id: (index + 1).toString(16), name: `n${index}`, timestamp: 5 + index, duration: 1, localEndpoint: { serviceName: index % 2 ? 'a' : 'b' } }));
  const file = new HeldFile(JSON.stringify(many));
  const id = file.summaries[0]!.traceId;
  const joined = new Joined();
  let parts = 0;
  for (let from: number | null = 0; from !== null; parts += 1) {
    const part: Part = structuredClone(file.part(id, from))!;
    joined.add(part);
    from = part.next;
  }
  expect(parts).toBe(3);
  expect(joined.spans.map((span) => span.name)).toEqual(many.map((span) => span.name));
  expect(new Set(joined.spans.map((span) => span.resource)).size).toBe(2);
  expect(new Set(joined.spans.map((span) => span.scope)).size).toBe(1);
  expect(file.part('none', 0)).toBeNull();
});

test('the list of a file: what it tells, how it is searched and ordered', () => {
  const span = (traceId: string, id: string, from: number, duration: number, service: string, more: object = {}) => ({ traceId, id, name: `op-${service}`, timestamp: from, duration, localEndpoint: { serviceName: service }, ...more });
  const file = new HeldFile(
    JSON.stringify([span('1', 'b', 20, 5, 'db', { parentId: 'a' }), span('1', 'a', 10, 30, 'web'), span('2', 'a', 50, 100, 'web', { tags: { error: 'true' } }), span('3', 'c', 5, 1, 'orphan', { parentId: '9' })]),
  );
  expect(file.spans).toBe(4);
  const [first] = file.list('', 'spans', 10).first;
  expect(first).toEqual({ traceId: '1'.padStart(32, '0'), service: 'web', name: 'op-web', begin: 10_000n, duration: 30_000, spans: 2, errors: 0, services: ['db', 'web'] });
  const ids = (search: string, order: 'spans' | 'longest' | 'newest' | 'errors', most = 10) => file.list(search, order, most).first.map((each) => Number(each.traceId));
  expect([ids('', 'longest'), ids('', 'newest'), ids('', 'errors')[0]]).toEqual([[2, 1, 3], [2, 1, 3], 2]);
  expect([ids('WEB', 'newest'), ids('web db', 'newest'), ids('nothing', 'newest'), ids('0003', 'newest')]).toEqual([[2, 1], [1], [], [3]]);
  expect(file.list('', 'newest', 1)).toMatchObject({ found: 3, first: [{ traceId: '2'.padStart(32, '0') }] });
});

test('references to files and their traces', () => {
  expect(parseRef(fileRef(3, 'ab'))).toEqual({ number: 3, traceId: 'ab' });
  expect(parseRef(fileRef(1, null))).toEqual({ number: 1, traceId: null });
  expect(parseRef('5b8efff798038103d269b633813fc60c')).toBeNull();
});
