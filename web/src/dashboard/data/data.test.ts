import { beforeAll, afterEach, expect, test, vi } from 'vitest';
import type { Frame } from '../frame';
import type { Dashboard, Panel, Target } from '../model';
import type { Answer, Matrix, Query, Traces, Vector } from './answer';
import { framesOf, PanelMemory, panelRequest, preparePanel, refresh } from '.';
import type { PreparedTarget } from './targets';
import { loadTransform } from './transforming';

beforeAll(loadTransform);

const target = (more: Partial<PreparedTarget> = {}): PreparedTarget => ({ refId: 'A', target: { refId: 'A' }, language: 'promql', shape: 'series', query: 'rate(up[5m])', legend: '', ids: ['3/A'], stepMs: 1_000, valueName: 'Value', ...more });
const matrix = (series: Matrix['series'], points = 3): Matrix => ({ ids: ['3/A'], kind: 'matrix', start_ms: 10_000, step_ms: 1_000, points, series });
const vector = (series: Vector['series']): Vector => ({ ids: ['3/A'], kind: 'vector', time_ms: 12_000, series });
const table = (frame: Frame) => frame.fields.map(({ name, values }) => [name, ...values]);

test.each([
  ['', { __name__: 'up', job: 'a', b: 'c"d' }, 'up{b="c\\"d", job="a"}'],
  ['', { job: 'a' }, '{job="a"}'],
  ['', { __name__: 'up' }, 'up'],
  ['', {}, 'rate(up[5m])'],
  ['{{job}} on {{ instance }}!', { job: 'a', instance: 'h:1' }, 'a on h:1!'],
  ['{{missing}}x', { job: 'a' }, 'x'],
  ['{{missing}}', { job: 'a' }, undefined],
  ['plain', { job: 'a' }, 'plain'],
  ['__auto', { job: 'a' }, undefined],
  ['__auto', {}, 'rate(up[5m])'],
])('the legend %s names %o %s', (legend, labels: Record<string, string>, name) => {
  const [frame] = framesOf(matrix([{ labels, values: [1, 2, 3] }]), target({ legend }));
  expect([frame!.fields[1]!.config.displayNameFromDS, frame!.name]).toEqual([name, name]);
});

test('series of TraceQL are told apart by their labels', () => {
  const [frame] = framesOf(matrix([{ labels: { 'resource.service.name': 'a' }, values: [1, 2, 3] }]), target({ language: 'traceql' }));
  expect(frame!.name).toBeUndefined();
});

test('series of one answer share their times; nulls are points that do not exist', () => {
  const frames = framesOf(matrix([{ labels: { a: '1' }, values: [1.5, null, 'NaN'] }, { labels: { a: '2' }, values: ['+Inf', '-Inf', 0] }]), target());
  expect(frames.map(table)).toEqual([
    [['Time', 10_000, 11_000, 12_000], ['Value', 1.5, null, NaN]],
    [['Time', 10_000, 11_000, 12_000], ['Value', Infinity, -Infinity, 0]],
  ]);
  expect(frames[0]!.fields[0]!.values).toBe(frames[1]!.fields[0]!.values);
  expect(frames[0]!.meta).toEqual({ kind: 'series', query: 'rate(up[5m])', language: 'promql', stepMs: 1_000 });
});

test('an instant, a number and a text', () => {
  expect(framesOf(vector([{ labels: { a: '1' }, value: 7 }]), target()).map(table)).toEqual([[['Time', 12_000], ['Value', 7]]]);
  expect(framesOf({ ids: [], kind: 'scalar', time_ms: 5, value: 'NaN' }, target()).map(table)).toEqual([[['Time', 5], ['Value', NaN]]]);
  const [text] = framesOf({ ids: [], kind: 'string', time_ms: 5, value: 'hi' }, target());
  expect([table(text!), text!.fields[1]!.type]).toEqual([[['Time', 5], ['Value', 'hi']], 'string']);
});

test('a table has a row for each point, a column for each label', () => {
  const shape = 'table' as const;
  const [instant] = framesOf(vector([{ labels: { b: 'x', a: '1' }, value: 7 }, { labels: { b: 'y', le: '+Inf' }, value: 'NaN' }]), target({ shape, valueName: 'Value #A' }));
  expect(table(instant!)).toEqual([['Time', 12_000, 12_000], ['a', '1', ''], ['b', 'x', 'y'], ['le', null, Infinity], ['Value #A', 7, NaN]]);
  expect(instant!.fields.map(({ type }) => type)).toEqual(['time', 'string', 'string', 'number', 'number']);
  const [range] = framesOf(matrix([{ labels: { a: '1' }, values: [1, null, 3] }, { labels: { a: '2' }, values: [null, 5, null] }]), target({ shape }));
  expect(table(range!)).toEqual([['Time', 10_000, 12_000, 11_000], ['a', '1', '1', '2'], ['Value', 1, 3, 5]]);
  const [empty] = framesOf(vector([]), target({ shape }));
  expect(table(empty!)).toEqual([['Time'], ['Value']]);
});

test('buckets are sorted by their bounds and lose what lies below them', () => {
  const answer = matrix([
    { labels: { le: '+Inf' }, values: [10, 20, null] },
    { labels: { le: '0.5' }, values: [3, 12, 4] },
    { labels: { le: '10' }, values: [9, 11, 5] },
  ]);
  const [frame] = framesOf(answer, target({ shape: 'heatmap', legend: '{{le}}' }));
  expect(table(frame!)).toEqual([['Time', 10_000, 11_000, 12_000], ['0.5', 3, 12, 4], ['10', 6, 0, 1], ['+Inf', 1, 9, null]]);
  expect([frame!.meta!.kind, frame!.fields[2]!.config.displayNameFromDS]).toEqual(['heatmap', '10']);
  const plain = framesOf(matrix([{ labels: { a: '1' }, values: [1, 2, 3] }]), target({ shape: 'heatmap' }));
  expect(plain.map(table)).toEqual([[['Time', 10_000, 11_000, 12_000], ['Value', 1, 2, 3]]]);
});

test('histograms stand beside numbers', () => {
  const answer = matrix([{ labels: { a: '1' }, values: [null, 2, null], histograms: [[0, { count: 3, sum: 'NaN', buckets: [[0, 1, 2], [1, '+Inf', 1]] }]] }]);
  const frames = framesOf(answer, target());
  expect(frames.map((frame) => [frame.fields[1]!.type, frame.fields[1]!.values])).toEqual([
    ['number', [null, 2, null]],
    ['other', [{ count: 3, sum: NaN, buckets: [[0, 1, 2], [1, Infinity, 1]] }, null, null]],
  ]);
});

test('lines of logs keep nanoseconds, their labels and what these are', () => {
  const entry = { time_ns: '1763842504123456789', labels: { app: 'a' }, metadata: { trace_id: 'f' }, line: 'hello' };
  const [frame] = framesOf({ ids: [], kind: 'logs', entries: [entry, entry] }, target({ language: 'logql', shape: 'logs' }));
  expect(frame!.fields.map(({ name }) => name)).toEqual(['labels', 'Time', 'Line', 'tsNs', 'labelTypes', 'id']);
  const [labels, time, line, text, types, id] = frame!.fields;
  expect([labels!.values[0], time!.values[0], time!.nanos![0], line!.values[0], text!.values[0], types!.values[0]]).toEqual([{ app: 'a', trace_id: 'f' }, 1_763_842_504_123, 456_789, 'hello', entry.time_ns, { app: 'I', trace_id: 'S' }]);
  expect(id!.values[1]).toBe(`${String(id!.values[0])}_1`);
});

test('traces as rows, or their spans', () => {
  const answer: Traces = {
    ids: [],
    kind: 'traces',
    traces: [{ traceID: 'AB12', rootServiceName: 'shop', rootTraceName: 'GET /', startTimeUnixNano: '1763842504123456789', durationMs: 12, spanSets: [{ matched: 1, spans: [{ spanID: 'cd', name: 'x', startTimeUnixNano: '1763842504124000000', durationNanos: '2500', attributes: [{ key: 'k', value: { stringValue: 'v' } }] }] }] }],
  };
  const of = (tableType?: string) => framesOf(answer, target({ language: 'traceql', shape: 'traces', target: { refId: 'A', tableType } as Target }))[0]!;
  const id = '0000000000000000000000000000ab12';
  expect(table(of())).toEqual([['traceID', id], ['startTime', 1_763_842_504_123], ['traceService', 'shop'], ['traceName', 'GET /'], ['traceDuration', 12]]);
  expect(table(of('spans'))).toEqual([['traceIdHidden', id], ['traceService', 'shop'], ['traceName', 'GET /'], ['spanID', 'cd'], ['time', 1_763_842_504_124], ['name', 'x'], ['k', 'v'], ['duration', 2_500]]);
});

test('marks of traces carry all labels', () => {
  const [frame] = framesOf({ ids: [], kind: 'exemplars', series: [{ labels: { job: 'a' }, exemplars: [{ labels: { trace_id: 'f' }, value: 2, time_ms: 20 }, { labels: { trace_id: 'e' }, value: 1, time_ms: 10 }] }] }, target({ shape: 'exemplars' }));
  expect(table(frame!)).toEqual([['Time', 10, 20], ['Value', 1, 2], ['job', 'a', 'a'], ['trace_id', 'e', 'f']]);
});

const dashboard: Dashboard = { uid: 'd', title: 'D', panels: [] };
const panel: Panel = {
  id: 3,
  type: 'timeseries',
  gridPos: { x: 0, y: 0, w: 12, h: 8 },
  targets: [{ refId: 'A', expr: 'a', legendFormat: '{{job}}', exemplar: true }, { refId: 'B', expr: 'b', legendFormat: '$name' }],
  fieldConfig: { defaults: { unit: 's' }, overrides: [{ matcher: { id: 'byName', options: 'one' }, properties: [{ id: 'unit', value: 'bytes' }] }] },
  transformations: [{ id: 'organize', options: {} }],
};
const request = (more: Partial<Panel> = {}, shown = panel) =>
  panelRequest({ ...shown, ...more }, { dashboard, variables: { name: { text: 'one', value: 'one' } }, key: '3', span: { from: 0, to: 3_600_000 }, raw: { from: 'now-1h', to: 'now' }, now: 3_600_000, timeZone: 'UTC', isDark: true, width: 500 });
const answerOf = (id: string, more: Partial<Matrix> = {}): Answer => ({ ...matrix([{ labels: { job: `job ${id}` }, values: [1, 2, 3] }]), ids: [id], ...more });

test('a panel gets its frames with names and units, and what went wrong', () => {
  const prepared = preparePanel(request(), new Map<string, Answer>([
    ['3/A', answerOf('3/A', { warnings: ['a warning'] })],
    ['3/B', answerOf('3/B')],
    ['3/A:exemplars', { ids: [], error: { type: 'bad_data', message: 'broken' } }],
  ]));
  expect(prepared.frames.map((frame) => [frame.refId, frame.fields[1]!.displayName, frame.fields[1]!.config.unit])).toEqual([['A', 'job 3/A', 's'], ['B', 'one', 'bytes']]);
  expect([prepared.isComplete, prepared.notices, prepared.errors, prepared.problems]).toEqual([true, ['a warning'], [{ refId: 'A', query: 'a', message: 'broken', diagnostics: [] }], []]);
});

test('what has not changed stays the same object', () => {
  const memory = new PanelMemory();
  const first = preparePanel(request({}, panel), new Map([['3/A', answerOf('3/A')]]), memory);
  expect([first.frames.length, first.isComplete]).toEqual([1, false]);
  const shown = request();
  const all = () => new Map([['3/A', answerOf('3/A')], ['3/B', answerOf('3/B')]]);
  const second = preparePanel(shown, all(), memory);
  expect(second).not.toBe(first);
  // The same answers once more, as new objects that took longer.
  const third = preparePanel(shown, new Map([...all()].map(([id, answer]) => [id, { ...answer, stats: { milliseconds: 9 } } as Answer])), memory);
  expect(third).toBe(second);
  const changed = preparePanel(shown, new Map([...all(), ['3/B', answerOf('3/B', { start_ms: 11_000 })]]), memory);
  expect(changed).not.toBe(second);
  expect(changed.frames[0]!.fields[1]!.values).toBe(second.frames[0]!.fields[1]!.values);
});

afterEach(() => vi.unstubAllGlobals());

const queries: Query[] = ['a', 'b', 'c'].map((id) => ({ id, language: 'promql', kind: 'instant', query: id, from_ms: 0, to_ms: 1 }));

/** Answers the request with these pieces of a stream; `fail` ends it as a broken connection does. */
async function run(pieces: (string | Uint8Array)[], { status = 200, fail = false } = {}) {
  const encoder = new TextEncoder();
  vi.stubGlobal('fetch', async () =>
    new Response(
      new ReadableStream({
        start(controller) {
          for (const piece of pieces) controller.enqueue(typeof piece === 'string' ? encoder.encode(piece) : piece);
          if (fail) controller.error(new TypeError('network error'));
          else controller.close();
        },
      }),
      { status },
    ),
  );
  const got: [string, unknown][] = [];
  await refresh(queries, (id, answer) => got.push([id, answer.error?.message ?? (answer as Vector).series]));
  return got;
}

test('answers come line by line, in any order and any pieces', async () => {
  const b = '{"ids":["b","c"],"kind":"vector","time_ms":1,"series":[{"labels":{"x":"ü"},"value":1}]}\n';
  const a = '{"ids":["a"],"kind":"vector","time_ms":1,"series":[]}';
  const series = [{ labels: { x: 'ü' }, value: 1 }];
  const expected = [['b', series], ['c', series], ['a', []]];
  expect(await run([b, `${a}\n{"done":true}\n`])).toEqual(expected);
  const bytes = new TextEncoder().encode(`${b}\n${a}\n{"done":true}`);
  expect(await run(Array.from(bytes, (_, at) => bytes.slice(at, at + 1)))).toEqual(expected);
});

test('each query is told when its answer does not come', async () => {
  const line = '{"ids":["a"],"kind":"vector","time_ms":1,"series":[]}\n';
  const cut = 'The answer was cut off before this query was done';
  expect(await run([line])).toEqual([['a', []], ['b', cut], ['c', cut]]);
  expect(await run([line, '{"done":true}\n'])).toEqual([['a', []], ['b', cut], ['c', cut]]);
  const lost = expect.stringContaining('the connection ended') as string;
  expect((await run([line], { fail: true })).at(-1)).toEqual(['c', lost]);
  expect((await run([line, '{broken\n'])).at(-1)).toEqual(['c', expect.stringContaining('cannot be read') as string]);
  expect(await run(['{"status":"error","errorType":"bad_data","error":"too many"}'], { status: 400 })).toEqual([['a', 'too many'], ['b', 'too many'], ['c', 'too many']]);
  expect((await run(['<html>'], { status: 502 }))[0]).toEqual(['a', 'The server answered 502']);
});

test('a request that is ended gives no answers more', async () => {
  const abort = new AbortController();
  vi.stubGlobal('fetch', async () => {
    abort.abort();
    throw new DOMException('ended', 'AbortError');
  });
  const got: string[] = [];
  await expect(refresh(queries, (id) => got.push(id), abort.signal)).rejects.toThrow('ended');
  expect(got).toEqual([]);
});

test('more queries than the server takes at once are several requests', async () => {
  const sizes: number[] = [];
  vi.stubGlobal('fetch', async (_: string, init: RequestInit) => {
    const { queries: asked } = JSON.parse(String(init.body)) as { queries: Query[] };
    sizes.push(asked.length);
    return new Response(`${JSON.stringify({ ids: asked.map(({ id }) => id), kind: 'vector', time_ms: 1, series: [] })}\n{"done":true}\n`);
  });
  const got: string[] = [];
  await refresh(Array.from({ length: 1_001 }, (_, at) => ({ ...queries[0]!, id: String(at) })), (id) => got.push(id));
  expect([sizes, got.length]).toEqual([[500, 500, 1], 1_001]);
});
