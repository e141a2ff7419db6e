import { expect, test } from 'vitest';
import { criticalPath, pathBySpan } from './critical-path';
import { given } from './given';
import { buildTrace } from './trace';

const path = (text: string) => {
  const trace = buildTrace(given(text));
  return criticalPath(trace)
    .reverse()
    .map(({ span, from, to }) => `${trace.spans[span]!.raw.name} ${from / 1e6}-${to / 1e6}`)
    .join(', ');
};

test.each([
  ['a span alone', '1 - 0 100 a root', 'root 0-100'],
  ['children one after the other', '1 - 0 100 a root\n2 1 10 40 a one\n3 1 50 90 a two', 'root 0-10, one 10-40, root 40-50, two 50-90, root 90-100'],
  ['of children beside each other the one that ends last', '1 - 0 100 a root\n2 1 10 80 a long\n3 1 10 50 a short', 'root 0-10, long 10-80, root 80-100'],
  ['a child that overlaps the one waited for is not waited for', '1 - 0 100 a root\n2 1 10 60 a early\n3 1 50 90 a late', 'root 0-50, late 50-90, root 90-100'],
  ['grandchildren', '1 - 0 100 a root\n2 1 10 90 a child\n3 2 20 80 a grandchild', 'root 0-10, child 10-20, grandchild 20-80, child 80-90, root 90-100'],
  ['a child that outlives its parent counts until the parent ends', '1 - 0 50 a root\n2 1 10 80 a async\n3 2 60 70 a after\n4 - 0 80 a other', 'other 0-80'],
  ['a child that begins before its parent counts from the parent’s beginning', '1 - 0 100 a root\n2 1 20 100 a server\n3 2 10 60 a skewed', 'root 0-20, skewed 20-60, server 60-100'],
  ['roots with a gap between them', '1 - 0 20 a one\n2 - 50 90 a two', 'one 0-20, two 50-90'],
  ['spans without duration', '1 - 0 10 a root\n2 1 5 5 a mark', 'root 0-10'],
  ['a trace without duration', '1 - 3 3 a root', ''],
])('%s', (_, text, expected) => {
  expect(path(text)).toBe(expected);
});

test('a root that covers the trace is wholly on the path or below it, without overlap', () => {
  const lines = Array.from({ length: 400 }, (_, index) => {
    const from = (index * 37) % 900;
    return `${index + 2} ${index < 20 ? 1 : 2 + ((index * 7) % 20)} ${from} ${Math.min(1000, from + 1 + ((index * 53) % 90))} a s${index}`;
  });
  const segments = criticalPath(buildTrace(given(`1 - 0 1000 a root\n${lines.join('\n')}`))).reverse();
  let at = 0;
  for (const { from, to } of segments) {
    expect(from).toBe(at);
    expect(to).toBeGreaterThan(from);
    at = to;
  }
  expect(at).toBe(1_000_000_000);
  expect([...pathBySpan(segments).values()].flat()).toHaveLength(segments.length);
});

test('a chain of 100,000 spans needs no deep recursion', () => {
  const [one] = given('1 - 0 10 a op');
  const count = 100_000;
  const raw = Array.from({ length: count }, (_, index) => ({ ...one!, spanId: String(index), parentId: index === 0 ? '' : String(index - 1), begin: BigInt(1_000_000 + index), end: BigInt(2_000_000 - index) }));
  expect(criticalPath(buildTrace(raw))).toHaveLength(2 * count - 1);
});
