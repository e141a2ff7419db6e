import { expect, test } from 'vitest';
import type { JsonObject } from '../model';
import type { Frame } from '../frame';
import { run, table } from './table';

const cpu = () => table({ Time: [9, 8, 7, 6], id: ['s1', 's2', 's1', 's2'], temp: [80, 90, 60, null], status: ['down', 'over', 'ok', 'ok'] });
const ab = () => table({ Time: [1, 2, 3], a: [10, 20, null], b: [2, 0, 4] });
const calc = (options: JsonObject): JsonObject => ({ replaceFields: true, ...options });

test.each<[string, string, JsonObject, Frame[], [string, unknown[]][][]]>([
  ['groupBy', 'groupBy', { fields: { id: { operation: 'groupby', aggregations: [] }, temp: { operation: 'aggregate', aggregations: ['mean', 'count', 'max'] }, status: { operation: 'aggregate', aggregations: ['last'] }, Time: { operation: null, aggregations: ['max'] } } }, [cpu()], [[
    ['id', ['s1', 's2']], ['temp (mean)', [70, 90]], ['temp (count)', [2, 2]], ['temp (max)', [80, 90]], ['status (last)', ['ok', 'ok']],
  ]]],
  ['groupBy two', 'groupBy', { fields: { a: { operation: 'groupby' }, b: { operation: 'groupby' } } }, [table({ a: ['x', 'x', 'x'], b: [1, null, 1], c: [1, 2, 3] })], [[['a', ['x', 'x']], ['b', [1, null]]]]],
  ['groupBy tells text from numbers', 'groupBy', { fields: { a: { operation: 'groupby' }, b: { operation: 'aggregate', aggregations: ['sum'] } } }, [table({ a: ['1', 1, 'a,b'], b: [1, 2, 3] })], [[['a', ['1', 1, 'a,b']], ['b (sum)', [1, 2, 3]]]]],
  ['groupBy leaves out frames without the column', 'groupBy', { fields: { a: { operation: 'groupby' } } }, [table({ b: [1] }), table({ a: ['x', 'x'] })], [[['a', ['x']]]]],

  ['calculate a row', 'calculateField', calc({ mode: 'reduceRow', reduce: { reducer: 'sum' } }), [ab()], [[['Time', [1, 2, 3]], ['Total', [12, 20, 4]]]]],
  ['calculate a row of some', 'calculateField', calc({ reduce: { reducer: 'mean', include: ['a'] }, alias: 'm' }), [ab()], [[['Time', [1, 2, 3]], ['m', [10, 20, null]]]]],
  ['calculate with two', 'calculateField', calc({ mode: 'binary', binary: { left: 'a', operator: '/', right: 'b' } }), [ab()], [[['Time', [1, 2, 3]], ['a / b', [5, Infinity, null]]]]],
  ['calculate with a number', 'calculateField', calc({ mode: 'binary', binary: { left: 'a', operator: '*', right: '100' } }), [ab()], [[['Time', [1, 2, 3]], ['a * 100', [1000, 2000, null]]]]],
  ['calculate with a variable', 'calculateField', calc({ mode: 'binary', binary: { left: 'b', operator: '-', right: { fixed: '$five' } }, alias: 'less' }), [ab()], [[['Time', [1, 2, 3]], ['less', [-3, -5, -1]]]]],
  ['calculate with matchers', 'calculateField', calc({ mode: 'binary', binary: { left: { matcher: { id: 'byName', options: 'a' } }, operator: '+', right: { matcher: { id: 'byName', options: 'b' } } } }), [ab()], [[['Time', [1, 2, 3]], ['a + b', [12, 20, null]]]]],
  ['calculate all numbers', 'calculateField', calc({ mode: 'binary', binary: { left: { matcher: { id: 'byType', options: 'number' } }, operator: '*', right: { fixed: '2' } } }), [ab()], [[['Time', [1, 2, 3]], ['a * 2', [20, 40, null]], ['b * 2', [4, 0, 8]]]]],
  ['calculate a comparison', 'calculateField', calc({ mode: 'binary', binary: { left: 'a', operator: '>', right: 'b' } }), [ab()], [[['Time', [1, 2, 3]], ['a > b', [true, true, null]]]]],
  ['calculate nothing by nothing', 'calculateField', calc({ mode: 'binary', binary: { left: 'b', operator: '/', right: 'b' } }), [ab()], [[['Time', [1, 2, 3]], ['b / b', [1, null, 1]]]]],
  ['calculate with a column that is not there', 'calculateField', calc({ mode: 'binary', binary: { left: 'a', operator: '/', right: 'zzz' } }), [ab()], [[['Time', [1, 2, 3]], ['a', [10, 20, null]], ['b', [2, 0, 4]]]]],
  ['calculate a column that is called like a number', 'calculateField', { mode: 'binary', replaceFields: true, binary: { left: '5', operator: '+', right: '1' } }, [table({ 5: [10] })], [[['5 + 1', [11]]]]],
  ['calculate of one', 'calculateField', calc({ mode: 'unary', unary: { operator: 'floor', fieldName: 'v' } }), [table({ v: [1.5, -1.5, null] })], [[['floor(v)', [1, -2, null]]]]],
  ['calculate so far', 'calculateField', calc({ mode: 'cumulativeFunctions', cumulative: { field: 'v', reducer: 'sum' } }), [table({ v: [1, null, 2, 3] })], [[['cumulative sum(v)', [1, 1, 3, 6]]]]],
  ['calculate the mean so far', 'calculateField', calc({ mode: 'cumulativeFunctions', cumulative: { field: 'v', reducer: 'mean' } }), [table({ v: [null, 1, 3, 5] })], [[['cumulative mean(v)', [null, 1, 2, 3]]]]],
  ['calculate a window', 'calculateField', calc({ mode: 'windowFunctions', window: { field: 'v', reducer: 'mean', windowSizeMode: 'fixed', windowSize: 2, windowAlignment: 'trailing' } }), [table({ v: [1, 3, 5, null, 9] })], [[['trailing moving mean(v)', [1, 2, 4, 5, 9]]]]],
  ['calculate a window in the middle', 'calculateField', calc({ mode: 'windowFunctions', window: { field: 'v', reducer: 'mean', windowSizeMode: 'fixed', windowSize: 3, windowAlignment: 'centered' } }), [table({ v: [1, 2, 6, 7] })], [[['centered moving mean(v)', [1.5, 3, 5, 6.5]]]]],
  ['calculate a window by share', 'calculateField', calc({ mode: 'windowFunctions', window: { field: 'v', reducer: 'variance', windowSize: 0.5, windowAlignment: 'trailing' } }), [table({ v: [1, 3, 3, 7] })], [[['trailing moving variance(v)', [0, 1, 0, 4]]]]],
  ['calculate past infinity', 'calculateField', calc({ mode: 'windowFunctions', window: { field: 'v', reducer: 'mean', windowSizeMode: 'fixed', windowSize: 2 } }), [table({ v: [1, Infinity, 3, 5] })], [[['trailing moving mean(v)', [1, Infinity, Infinity, 4]]]]],
  ['calculate numbers of rows', 'calculateField', { mode: 'index', index: { asPercentile: false } }, [table({ v: ['a', 'b'] })], [[['v', ['a', 'b']], ['Row', [0, 1]]]]],
  ['calculate joins series first', 'calculateField', { mode: 'binary', binary: { left: 'A', operator: '-', right: 'B' }, alias: 'diff', replaceFields: true }, [
    table({ Time: [1, 2], Value: [5, 6] }, { config: { displayNameFromDS: 'A' } }), table({ Time: [2, 3], Value: [1, 2] }, { config: { displayNameFromDS: 'B' } }),
  ], [[['Time', [1, 2, 3]], ['diff', [null, 5, null]]]]],

  ['extract JSON', 'extractFields', { source: 'line', format: 'json' }, [table({ Time: [1, 2, 3], line: ['{"a":1,"b":{"c":[5]}}', 'no', '{"a":2}'] })], [[
    ['Time', [1, 2, 3]], ['line', ['{"a":1,"b":{"c":[5]}}', 'no', '{"a":2}']], ['a', [1, null, 2]], ['b', [{ c: [5] }, null, null]],
  ]]],
  ['extract paths', 'extractFields', { source: 'line', format: 'json', jsonPaths: [{ path: 'b.c[0]', alias: 'c' }, { path: 'x.y' }, { path: 'none' }], replace: true, keepTime: true }, [table({ Time: [1, 2], line: ['{"b":{"c":[5]}}', '{"x.y":true}'] })], [[
    ['Time', [1, 2]], ['c', [5, null]], ['x.y', [null, true]], ['none', [null, null]],
  ]]],
  ['extract objects', 'extractFields', { source: 'labels', replace: true }, [table({ labels: [{ job: 'a' }, { job: 'b', zone: 'z' }] })], [[['job', ['a', 'b']], ['zone', [null, 'z']]]]],
  ['extract pairs', 'extractFields', { source: 'line', format: 'kvp', replace: true }, [table({ line: ['level=info took=1.5 msg="two \\"words\\"", path=/a?x=1', "b: 2; c='3'"] })], [[
    ['level', ['info', null]], ['took', [1.5, null]], ['msg', ['two "words"', null]], ['path', ['/a?x=1', null]], ['b', [null, 2]], ['c', [null, '3']],
  ]]],
  ['extract what it is', 'extractFields', { source: 'line', format: 'auto', replace: true }, [table({ line: ['{"a":1}', 'a=2'] })], [[['a', [1, 2]]]]],
  ['extract by a pattern', 'extractFields', { source: 'line', format: 'regexp', regExp: '/(?<verb>\\w+) (?<path>\\S+)/', replace: true }, [table({ line: ['GET /a', '-'] })], [[['verb', ['GET', null]], ['path', ['/a', null]]]]],
  ['extract a list', 'extractFields', { source: 'line', format: 'delimiter', delimiter: ',', replace: true }, [table({ line: ['a, b', 'b'] })], [[['a', [true, null]], ['b', [true, true]]]]],
  ['extract from what is not there', 'extractFields', { source: 'zzz', format: 'json', replace: true }, [table({ a: [1] })], [[['a', [1]]]]],

  ['reduce to rows', 'reduce', { reducers: ['first', 'lastNotNull', 'max'] }, [table({ Time: [1, 2], Temp: [12.5, 15.4] }), table({ Time: [1, 2], AQI: [6.5, null] }, { refId: 'B' })], [[
    ['Field', ['Temp', 'AQI']], ['First', [12.5, 6.5]], ['Last *', [15.4, 6.5]], ['Max', [15.4, 6.5]],
  ]]],
  ['reduce with the time', 'reduce', { reducers: ['max'], includeTimeField: true }, [table({ Time: [1, 2], Temp: [12, 15] })], [[['Field', ['Time', 'Temp']], ['Max', [2, 15]]]]],
  ['reduce with labels', 'reduce', { reducers: ['sum'], labelsToFields: true }, [table({ Time: [1], Value: [12] }, { labels: { job: 'a', zone: 'z' } }), table({ Time: [1], Value: [15] }, { labels: { job: 'b' } })], [[
    ['Field', ['Value', 'Value']], ['job', ['a', 'b']], ['zone', ['z', null]], ['Total', [12, 15]],
  ]]],
  ['reduce fields', 'reduce', { mode: 'reduceFields', reducers: ['last'] }, [table({ Time: [1, 2], Temp: [12, 15], Up: [1, 2] }), table({ Time: [1], AQI: [6] })], [[['Temp', [15]], ['Up', [2]]], [['AQI', [6]]]]],
  ['reduce fields twice', 'reduce', { mode: 'reduceFields', reducers: ['min', 'max'] }, [table({ Temp: [12, 15] })], [[['Temp Min', [12]], ['Temp Max', [15]]]]],

  ['sortBy', 'sortBy', { sort: [{ field: 'v', desc: true }] }, [table({ k: ['a', 'b', 'c', 'd'], v: [1, null, 3, 0] })], [[['k', ['c', 'a', 'd', 'b']], ['v', [3, 1, 0, null]]]]],
  ['sortBy text', 'sortBy', { sort: [{ field: 'k' }] }, [table({ k: ['v10', 'V2', 'v1', null], v: [1, 2, 3, 4] })], [[['k', ['v1', 'V2', 'v10', null]], ['v', [3, 2, 1, 4]]]]],
  ['sortBy keeps the order of the same', 'sortBy', { sort: [{ field: 'v' }] }, [table({ k: ['a', 'b', 'c'], v: [1, 1, 0] })], [[['k', ['c', 'a', 'b']], ['v', [0, 1, 1]]]]],
  ['sortBy what is not there', 'sortBy', { sort: [{ field: 'z' }] }, [table({ v: [2, 1] })], [[['v', [2, 1]]]]],
  ['limit', 'limit', { limitField: 2 }, [table({ v: [1, 2, 3] }), table({ w: [1] })], [[['v', [1, 2]]], [['w', [1]]]]],
  ['limit by a variable', 'limit', { limitField: '$five' }, [table({ v: [1, 2, 3, 4, 5, 6] })], [[['v', [1, 2, 3, 4, 5]]]]],
  ['limit from the end', 'limit', { limitField: -1 }, [table({ v: [1, 2, 3] })], [[['v', [3]]]]],
])('%s', (_name, id, options, frames, expected) => {
  const { tables, problems } = run(id, options, frames);
  expect(tables).toEqual(expected);
  expect(problems).toEqual([]);
});

const filter = (fieldName: string, id: string, options: JsonObject = {}) => ({ fieldName, config: { id, options } });
test.each<[string, JsonObject[], string, string, number[]]>([
  ['lower', [filter('temp', 'lower', { value: 30 })], 'include', 'all', [2, 3, 5]],
  ['lower, excluded', [filter('temp', 'lower', { value: 30 })], 'exclude', 'all', [1, 4]],
  ['a number as text', [filter('temp', 'lowerOrEqual', { value: '28' })], 'include', 'any', [2, 3, 5]],
  ['greater', [filter('temp', 'greater', { value: 28 })], 'include', 'any', [1]],
  ['greaterOrEqual', [filter('temp', 'greaterOrEqual', { value: 28 })], 'include', 'any', [1, 2]],
  ['between', [filter('temp', 'between', { from: 26, to: 32 })], 'include', 'any', [1, 2, 3]],
  ['isNull', [filter('temp', 'isNull')], 'include', 'any', [4]],
  ['isNotNull', [filter('temp', 'isNotNull')], 'include', 'any', [1, 2, 3, 5]],
  ['equal', [filter('temp', 'equal', { value: 28 })], 'include', 'any', [2]],
  ['equal to a variable', [filter('temp', 'equal', { value: '$five' })], 'include', 'any', [5]],
  ['notEqual', [filter('name', 'notEqual', { value: 'b' })], 'include', 'any', [1, 3, 4, 5]],
  ['equal text', [filter('name', 'equal', { value: 'b' })], 'include', 'any', [2]],
  ['regex', [filter('name', 'regex', { value: '/^[ab]$/' })], 'include', 'any', [1, 2]],
  ['substring', [filter('name', 'substring', { value: 'C' })], 'include', 'any', [3, 4]],
  ['notSubstring', [filter('name', 'notSubstring', { value: 'c' })], 'include', 'any', [1, 2, 5]],
  ['all', [filter('temp', 'greater', { value: 25 }), filter('name', 'substring', { value: 'c' })], 'include', 'all', [3]],
  ['any', [filter('temp', 'greater', { value: 31 }), filter('name', 'substring', { value: 'c' })], 'include', 'any', [1, 3, 4]],
  ['a field that is not there', [filter('zzz', 'isNull')], 'include', 'any', [1, 2, 3, 4, 5]],
  ['nothing to compare with', [filter('temp', 'lower', { value: '' })], 'include', 'any', [1, 2, 3, 4, 5]],
])('filterByValue: %s', (_name, filters, type, match, rows) => {
  const { tables, problems } = run('filterByValue', { filters, type, match }, [table({ row: [1, 2, 3, 4, 5], temp: [32, 28, 26, null, 5], name: ['a', 'b', 'c', 'cc', 'd'] })]);
  expect(tables[0]![0]![1]).toEqual(rows);
  expect(problems).toEqual([]);
});

test('what is not known is said', () => {
  const problems = (id: string, options: JsonObject) => run(id, options, [table({ Time: [1], a: [1] })]).problems.map((text) => text.replace(/^transformation 1 /, ''));
  expect(problems('calculateField', { mode: 'magic' })).toEqual(['(calculateField): the mode "magic" is not known']);
  expect(problems('calculateField', { mode: 'binary', binary: { left: 'a', operator: '^', right: 'a' } })).toEqual(['(calculateField): the operator "^" is not known']);
  expect(problems('reduce', { reducers: ['best'] })).toEqual(['(reduce): the calculation "best" is not known']);
  expect(problems('groupBy', { fields: { Time: { operation: 'groupby' }, a: { operation: 'aggregate', aggregations: ['best'] } } })).toEqual(['(groupBy): the calculation "best" is not known']);
  expect(problems('filterByValue', { filters: [filter('a', 'prime')] })).toEqual(['(filterByValue): the condition "prime" is not known']);
  expect(problems('extractFields', { source: 'a', format: 'xml' })).toEqual(['(extractFields): the format "xml" is not known']);
  expect(problems('limit', { limitField: 'many' })).toEqual(['(limit): the limit "many" is no number']);
  expect(problems('joinByField', { mode: 'sideways' })).toEqual(['(joinByField): the kind of join "sideways" is not known; it is taken as "outer"']);
});

test('large windows give what small ones do', () => {
  const values = Array.from({ length: 1_000 }, (_, at) => (at % 97 === 5 ? null : 1e9 + ((at * 7919) % 1013)));
  const { frames } = run('calculateField', { mode: 'windowFunctions', replaceFields: true, window: { field: 'v', reducer: 'stdDev', windowSizeMode: 'fixed', windowSize: 100, windowAlignment: 'centered' } }, [table({ v: values })]);
  for (const row of [0, 3, 150, 500, 999]) {
    const window = values.slice(Math.max(0, row - 50), row + 50).filter((value) => value !== null);
    const mean = window.reduce((sum, value) => sum + value, 0) / window.length;
    const expected = Math.sqrt(window.reduce((sum, value) => sum + (value - mean) ** 2, 0) / window.length);
    expect(frames[0]!.fields[0]!.values[row]).toBeCloseTo(expected, 6);
  }
});
