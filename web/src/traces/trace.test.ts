import { expect, test } from 'vitest';
import { given } from './given';
import type { RawSpan } from './otlp';
import { ancestors, matching, visibleRows } from './rows';
import { buildTrace, buildTraceInTurns, byTrace, placeOf, rootOf, shortId, spanRef } from './trace';

/** A trace as its tree, a span a line: indented name, beginning, duration and time in itself in milliseconds. */
const drawn = (text: string) => {
  const trace = buildTrace(given(text));
  return {
    tree: trace.spans.map((span) => `${'  '.repeat(span.depth)}${span.raw.name} ${span.begin / 1e6} ${span.duration / 1e6} ${span.self / 1e6}`),
    problems: trace.problems,
  };
};

test('children hang below their parents by their beginnings, whatever the order of arrival', () => {
  expect(
    drawn(`
      3 1 50 90 api second
      4 3 60 70 db  read
      2 1 10 40 api first
      1 - 0 100 web root
    `),
  ).toEqual({ tree: ['root 0 100 30', '  first 10 30 30', '  second 50 40 30', '    read 60 10 10'], problems: [] });
});

test('time in itself leaves out what children cover, once where they overlap and only inside of the parent', () => {
  expect(
    drawn(`
      1 - 10 110 web root
      2 1 0 30   api early
      3 1 20 60  api overlapping
      4 1 30 50  api inside
      5 1 90 200 api late
    `).tree[0],
  ).toBe('root 10 100 30');
});

test('a missing parent makes a root and is told', () => {
  expect(
    drawn(`
      2 9 10 20 api orphan
      3 2 12 15 api child
      1 - 0 5 web root
    `),
  ).toEqual({ tree: ['root 0 5 5', 'orphan 10 10 7', '  child 12 3 3'], problems: ['1 span names a parent that did not arrive; they stand at the outermost level'] });
});

test.each([
  ['a span that is its own parent', '1 1 0 10 a self', 1],
  ['two that are each other’s', '1 2 0 10 a one\n2 1 1 9 a two', 1],
  ['a circle with a tail and a second circle', '1 3 0 10 a one\n2 1 1 9 a two\n3 2 2 8 a three\n4 2 3 7 a tail\n8 9 0 1 b x\n9 8 0 1 b y', 2],
])('%s is cut and all spans are shown', (_, text, circles) => {
  const raw = given(text);
  const trace = buildTrace(raw);
  expect(trace.spans).toHaveLength(raw.length);
  expect(trace.problems).toEqual([expect.stringMatching(new RegExp(`^${circles} circles? of spans`))]);
  trace.spans.forEach((span, place) => expect(span.parent).toBeLessThan(place));
});

test('spans with the same id are all shown, children below the first', () => {
  expect(
    drawn(`
      1 - 0 10 web client
      1 - 1 9  api server
      2 1 2 8  api work
    `),
  ).toEqual({ tree: ['client 0 10 4', '  work 2 6 6', 'server 1 8 8'], problems: ['1 span has the id of another; children hang below the first'] });
});

/** As `given`, with the kinds of the spans in their order. */
const ofKinds = (text: string, ...kinds: RawSpan['kind'][]) => given(text).map((span, index) => ({ ...span, kind: kinds[index] ?? span.kind }));

test.each([
  ['client first', 'client', 'server'],
  ['producer and consumer', 'producer', 'consumer'],
] as const)('caller and callee that share an id stand below each other: %s', (_, caller, callee) => {
  const shared = ofKinds(
    `
      2 1 10 90 web GET
      2 1 20 80 api GET
      1 - 0 100 web root
      3 2 30 40 db  read
      4 2 30 35 api parse
      5 2 12 15 web connect
    `,
    caller,
    callee,
  );
  const tree = ['root', '  GET web', '    connect web', '    GET api', '      read db', '      parse api'];
  for (const order of [shared, [shared[1]!, shared[0]!, ...shared.slice(2)]]) {
    const trace = buildTrace(order);
    expect(trace.spans.map((span) => `${'  '.repeat(span.depth)}${span.raw.name}${span.raw.name === 'root' ? '' : ` ${span.raw.resource.service}`}`)).toEqual(tree);
    expect(trace.problems).toEqual([]);
    expect(trace.spans.map((_, place) => placeOf(trace, spanRef(trace, place)))).toEqual([0, 1, 2, 3, 4, 5]);
    expect(spanRef(trace, 3)).toBe('2.2');
  }
});

test('a third span with a shared id is told', () => {
  expect(buildTrace(ofKinds('1 - 0 9 a x\n1 - 1 8 b x\n1 - 2 7 c x', 'client', 'server', 'server')).problems).toEqual(['1 span has the id of another; children hang below the first']);
});

test('ids in lists tell what differs', () => {
  expect(shortId('5b8efff798038103d269b633813fc60c')).toBe('5b8efff798038103…');
  expect(shortId('0000000000000000d269b633813fc60c')).toBe('d269b633813fc60c');
});

test('addresses of spans that are not there', () => {
  const trace = buildTrace(given('1 - 0 10 web root\n- 1 1 2 web nameless'));
  expect(['9', '1.2', '1.x', '', '.1'].map((ref) => placeOf(trace, ref))).toEqual([-1, -1, -1, 1, 1]);
  expect(spanRef(trace, 1)).toBe('');
});

test('spans without an id, without times, and that end before they begin', () => {
  const { tree, problems } = drawn(`
      - - 5 9 web nameless
      1 - - - web timeless
      2 - 8 2 web backwards
    `);
  expect(tree).toEqual(['timeless 0 0 0', 'nameless 0 4 4', 'backwards 3 0 0'].sort((a, b) => ['nameless', 'timeless', 'backwards'].indexOf(a.split(' ')[0]!) - ['nameless', 'timeless', 'backwards'].indexOf(b.split(' ')[0]!)));
  expect(problems).toEqual(['1 span tells no beginning; they stand at the trace’s']);
});

test('an empty list is an empty trace', () => {
  expect(buildTrace([])).toMatchObject({ spans: [], duration: 0, services: [], errors: 0 });
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

function many(count: number, parentOf: (index: number) => number): RawSpan[] {
  const [one] = given('1 - 0 10 a op');
  return Array.from({ length: count }, (_, index) => ({ ...one!, spanId: String(index), parentId: parentOf(index) < 0 ? '' : String(parentOf(index)), begin: BigInt(1_000_000 + index), end: BigInt(2_000_000 - index) }));
}

const spans = 100_000;
test.each([
  ['as one chain', (index: number) => index - 1],
  ['as one chain that arrives last first', (index: number) => (index === spans - 1 ? -1 : index + 1)],
  ['as one circle', (index: number) => (index + 1) % spans],
  ['all below one', (index: number) => (index === 0 ? -1 : 0)],
  ['as four children each', (index: number) => (index === 0 ? -1 : Math.floor((index - 1) / 4))],
])('100,000 spans %s build in n log n steps', (_, parentOf) => {
  const work = { steps: 0 };
  const trace = buildTrace(many(spans, parentOf), work);
  expect(trace.spans).toHaveLength(spans);
  expect(work.steps).toBeLessThan(spans * (3 + Math.ceil(Math.log2(spans))));
  expect(trace.spans[0]!.size).toBe(spans);
});

test('built in turns it is the same, and ends when nobody wants it', async () => {
  const raw = many(20_000, (index) => Math.floor((index - 1) / 4));
  expect(await buildTraceInTurns(raw)).toEqual(buildTrace(raw));
  const own = new AbortController();
  own.abort();
  await expect(buildTraceInTurns(raw, own.signal)).rejects.toThrow('aborted');
});

test.each([1, 2, 3, 4, 5, 6, 7, 8])('any parents give a tree that holds every span once (seed %i)', (seed) => {
  const next = random(seed);
  const raw = many(300, () => Math.floor(next() * 330) - 20);
  const trace = buildTrace(raw);
  expect(new Set(trace.spans.map((span) => span.raw.spanId)).size).toBe(raw.length);
  trace.spans.forEach((span, place) => {
    expect(span.parent).toBeLessThan(place);
    if (span.parent >= 0) {
      const parent = trace.spans[span.parent]!;
      expect(span.depth).toBe(parent.depth + 1);
      expect(place + span.size).toBeLessThanOrEqual(span.parent + parent.size);
    }
    expect(span.self).toBeGreaterThanOrEqual(0);
    expect(span.self).toBeLessThanOrEqual(span.duration);
  });
});

const tree = buildTrace(
  given(`
    1 - 0 100 web root
    2 1 10 40 api list
    3 2 12 20 db  read
    4 2 22 30 db  write !
    5 1 50 90 api render
  `),
);

test.each([
  ['all', [], null, [0, 1, 2, 3, 4]],
  ['below a collapsed one, none', [1], null, [0, 1, 4]],
  ['below the collapsed root, none', [0, 1], null, [0]],
  ['those kept, with what stands above them', [], [3], [0, 1, 3]],
  ['those kept below a collapsed one', [1], [3], [0, 1]],
  ['none kept', [], [], []],
])('rows: %s', (_, collapsed, kept, rows) => {
  expect(visibleRows(tree, new Set(collapsed), kept && new Set(kept))).toEqual(rows);
});

test('search looks at names, services and states, for all words', () => {
  expect(matching(tree, 'DB')).toEqual([2, 3]);
  expect(matching(tree, 'db error')).toEqual([3]);
  expect(matching(tree, '  ')).toEqual([]);
  expect(ancestors(tree, 3)).toEqual([1, 0]);
});

test('a file’s spans fall apart into traces, and the root speaks for one', () => {
  const raw = given('1 - 0 1 a x\n2 1 0 1 a y\n3 9 0 1 a z');
  raw[2] = { ...raw[2]!, traceId: 'e'.repeat(32) };
  expect([...byTrace(raw)].map(([id, held]) => [id[0], held.length])).toEqual([
    ['f', 2],
    ['e', 1],
  ]);
  expect(rootOf(tree)?.raw.name).toBe('root');
  expect(rootOf(buildTrace(given('2 9 0 1 a orphan\n1 - 5 6 a true-root')))?.raw.name).toBe('true-root');
});
