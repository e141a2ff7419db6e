import { expect, test } from 'vitest';
import { boxes, flame } from './flame';
import { given } from './given';
import { compare, operations } from './operations';
import { seriesLines } from './series';
import { buildTrace } from './trace';

const trace = buildTrace(
  given(`
    1 - 0 100 web root
    2 1 0 40  api read
    3 1 20 60 api read !
    4 1 70 90 api write
    5 2 10 20 db  query
  `),
);

test('a flame graph adds up spans of the same operation on the same way', () => {
  expect(flame(trace).map(({ name, parent, count, errors, self, total }) => [name, parent, count, errors, self / 1e6, total / 1e6])).toEqual([
    ['root', -1, 1, 0, 20, 120],
    ['read', 0, 2, 1, 70, 80],
    ['query', 1, 1, 0, 10, 10],
    ['write', 0, 1, 0, 20, 20],
  ]);
});

test('boxes stay inside of the one above, the widest first; narrow and deep ones are left out', () => {
  const frames = flame(trace);
  const told = (base: number, least: number, levels: number) => boxes(frames, base, least, levels).map((box) => `${frames[box.frame]!.name} ${box.level} ${box.left.toFixed(3)}+${box.width.toFixed(3)}`);
  expect(told(-1, 0, 9)).toEqual(['root 0 0.000+1.000', 'read 1 0.000+0.667', 'write 1 0.667+0.167', 'query 2 0.000+0.083']);
  expect(told(-1, 0.1, 9)).toEqual(['root 0 0.000+1.000', 'read 1 0.000+0.667', 'write 1 0.667+0.167']);
  expect(told(-1, 0, 2)).toHaveLength(3);
  expect(told(1, 0, 9)).toEqual(['read 0 0.000+1.000', 'query 1 0.000+0.125']);
  expect(boxes(flame(buildTrace(given('1 - 0 0 a x'))), -1, 0, 9)).toEqual([]);
});

test('operations, and what differs between two traces', () => {
  expect(operations(trace).map((row) => `${row.name} ${row.count} ${row.errors} ${row.total / 1e6} ${row.longest / 1e6}`)).toEqual(['read 2 1 80 40', 'write 1 0 20 20', 'root 1 0 100 100', 'query 1 0 10 10']);
  const after = buildTrace(given('1 - 0 150 web root\n2 1 0 40 api read\n3 1 50 55 api cache'));
  expect(compare(trace, after).map((row) => [row.name, row.change, row.before.count, row.after.count, (row.after.total - row.before.total) / 1e6])).toEqual([
    ['root', 'both', 1, 1, 50],
    ['read', 'both', 2, 1, -40],
    ['write', 'removed', 1, 0, -20],
    ['query', 'removed', 1, 0, -10],
    ['cache', 'added', 0, 1, 5],
  ]);
});

test('series with different moments share one axis', () => {
  const { times, lines } = seriesLines(
    [
      { name: 'a', points: [[20, 2], [10, 1]], exemplars: [] },
      { name: '', points: [[30, 3], [20, Number.NaN]], exemplars: [] },
    ],
    '{} | rate()',
  );
  expect(times).toEqual([10, 20, 30]);
  expect(lines.map(({ name, values }) => [name, values])).toEqual([
    ['a', [1, 2, null]],
    ['{} | rate()', [null, null, 3]],
  ]);
});
