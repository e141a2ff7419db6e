import { expect, test } from 'vitest';
import type { JsonObject } from '../model';
import type { Frame } from '../frame';
import { transform } from '.';
import { run, table } from './table';

const series = (legend: string, columns: Record<string, unknown[]>, refId = 'A') => table(columns, { refId, config: { displayNameFromDS: legend } });
const jobs = () => [
  table({ Time: [3, 2, 1], Job: ['node', 'pg', 'pg'], Uptime: [25, 12, 34] }),
  table({ Time: [3, 2, 0], Server: ['s1', 's2', 's3'], Errors: [15, 5, 10] }, { refId: 'B' }),
];

test.each<[string, string, JsonObject, Frame[], [string, unknown[]][][]]>([
  ['outer join by time', 'joinByField', {}, jobs(), [[
    ['Time', [0, 1, 2, 3]], ['Job', [null, 'pg', 'pg', 'node']], ['Uptime', [null, 34, 12, 25]], ['Server', ['s3', null, 's2', 's1']], ['Errors', [10, null, 5, 15]],
  ]]],
  ['its old name', 'seriesToColumns', { byField: 'Time' }, jobs(), [[
    ['Time', [0, 1, 2, 3]], ['Job', [null, 'pg', 'pg', 'node']], ['Uptime', [null, 34, 12, 25]], ['Server', ['s3', null, 's2', 's1']], ['Errors', [10, null, 5, 15]],
  ]]],
  ['inner join by time', 'joinByField', { mode: 'inner' }, jobs(), [[
    ['Time', [3, 2]], ['Job', ['node', 'pg']], ['Uptime', [25, 12]], ['Server', ['s1', 's2']], ['Errors', [15, 5]],
  ]]],
  ['series of the same times', 'joinByField', { byField: 'Time', mode: 'outer' }, [series('a', { Time: [1, 2], Value: [1, 2] }), series('b', { Time: [1, 2], Value: [3, 4] })], [[['Time', [1, 2]], ['a', [1, 2]], ['b', [3, 4]]]]],
  ['three series', 'joinByField', {}, [series('a', { Time: [1, 3], Value: [1, 3] }), series('b', { Time: [2, 3], Value: [12, 13] }), series('c', { Time: [1], Value: [21] })], [[
    ['Time', [1, 2, 3]], ['a', [1, null, 3]], ['b', [null, 12, 13]], ['c', [21, null, null]],
  ]]],
  ['outer join by text keeps the order', 'joinByField', { byField: 'pod' }, [table({ pod: ['z', 'a'], cpu: [1, 2] }), table({ pod: ['m', 'a'], mem: [3, 4] })], [[['pod', ['z', 'a', 'm']], ['cpu', [1, 2, null]], ['mem', [null, 4, 3]]]]],
  ['frames without the column are left out', 'joinByField', { byField: 'pod' }, [table({ pod: ['a'], cpu: [1] }), table({ node: ['x'], mem: [3] }), table({ pod: ['a'], net: [2] })], [[['pod', ['a']], ['cpu', [1]], ['net', [2]]]]],
  ['nobody has the column', 'joinByField', { byField: 'pod' }, [table({ a: [1] }), table({ b: [2] })], [[['a', [1]]], [['b', [2]]]]],
  ['a single frame', 'joinByField', { byField: 'pod' }, [table({ a: [1], pod: ['x'] })], [[['a', [1]], ['pod', ['x']]]]],
  ['inner join multiplies', 'joinByField', { byField: 'k', mode: 'inner' }, [table({ k: ['a', 'a', 'b'], x: [1, 2, 3] }), table({ k: ['a', 'a', 'c'], y: [7, 8, 9] })], [[['k', ['a', 'a', 'a', 'a']], ['x', [1, 1, 2, 2]], ['y', [7, 8, 7, 8]]]]],
  ['tabular outer join keeps all rows', 'joinByField', { byField: 'k', mode: 'outerTabular' }, [table({ k: ['a', 'a', 'b'], x: [1, 2, 3] }), table({ k: ['a', 'c'], y: [7, 9] })], [[['k', ['a', 'a', 'b', 'c']], ['x', [1, 2, 3, null]], ['y', [7, 7, null, 9]]]]],
  ['names of frames tell columns apart', 'joinByField', {}, [table({ Time: [1], Value: [1] }, { name: 'a' }), table({ Time: [1], Value: [2] }, { name: 'b' })], [[['Time', [1]], ['a', [1]], ['b', [2]]]]],
  ['columns of one name are counted', 'joinByField', { byField: 'pod' }, [table({ Time: [9], pod: ['a'], job: ['x'], 'Value #A': [1] }), table({ Time: [8], pod: ['a'], job: ['y'], 'Value #B': [2] })], [[
    ['pod', ['a']], ['Time 1', [9]], ['job 1', ['x']], ['Value #A', [1]], ['Time 2', [8]], ['job 2', ['y']], ['Value #B', [2]],
  ]]],
  ['merge', 'merge', {}, [table({ Time: [3, 2], Job: ['node', 'pg'], Uptime: [25, 12] }), table({ Time: [3, 2], Job: ['node', 'pg'], Errors: [15, 5] })], [[['Time', [3, 2]], ['Job', ['node', 'pg']], ['Uptime', [25, 12]], ['Errors', [15, 5]]]]],
  ['merge keeps what has no partner', 'merge', {}, [table({ k: ['a', 'b'], x: [1, 2] }), table({ k: ['b', 'c'], y: [3, 4] })], [[['k', ['a', 'b', 'c']], ['x', [1, 2, null]], ['y', [null, 3, 4]]]]],
  ['merge of contradictions', 'merge', {}, [table({ k: ['a', 'a'], x: [1, 2] }), table({ k: ['a'], y: [3] })], [[['k', ['a', 'a']], ['x', [1, 2]], ['y', [3, null]]]]],
  ['merge says the same once', 'merge', {}, [table({ k: ['a', 'a'], x: [1, 1] }), table({ k: ['a', 'a', 'a'], y: [3, 4, 3] })], [[['k', ['a', 'a']], ['x', [1, null]], ['y', [3, 4]]]]],
  ['merge of a column that only some share', 'merge', {}, [table({ k: ['a'], s: [1] }), table({ k: ['a'], s: [2] }), table({ k: ['a'], z: [9] })], [[['k', ['a', 'a']], ['s', [1, 2]], ['z', [9, null]]]]],
  ['merge of series', 'merge', {}, [series('a', { Time: [1, 2], Value: [5, 6] }), series('b', { Time: [1, 2], Value: [5, 7] })], [[['Time', [1, 2, 2]], ['Value', [5, 6, 7]]]]],
  ['merge without anything in common', 'merge', {}, [table({ a: [1, 2] }), table({ b: [3, 4] })], [[['a', [1, 2]], ['b', [3, 4]]]]],
  ['merge of one', 'merge', {}, [table({ a: [1, 1] })], [[['a', [1, 1]]]]],
])('%s', (_name, id, options, frames, expected) => {
  const { tables, problems } = run(id, options, frames);
  expect(tables).toEqual(expected);
  expect(problems).toEqual([]);
});

test('series of the same times are joined without a copy', () => {
  const frames = [series('a', { Time: [1, 2], Value: [1, 2] }), series('b', { Time: [1, 2], Value: [3, 4] })];
  const [made] = transform(frames, [{ id: 'joinByField' }], { interpolate: (text) => text }).frames;
  expect(made!.fields.map(({ values }) => values)).toEqual([frames[0]!.fields[0]!.values, frames[0]!.fields[1]!.values, frames[1]!.fields[1]!.values]);
  expect(made!.fields[1]!.values).toBe(frames[0]!.fields[1]!.values);
});

test('a join that multiplies without end is cut off and says so', () => {
  const rows = 1_000;
  const same = (name: string) => table({ k: new Array(rows).fill('a'), [name]: Array.from({ length: rows }, (_, row) => row) });
  const { frames, problems } = run('joinByField', { byField: 'k', mode: 'inner' }, [same('x'), same('y')]);
  expect(frames[0]!.length).toBe(500_000);
  expect(problems).toEqual(['transformation 1 (joinByField): the join has more than 500000 rows; the rest is left out']);
});
