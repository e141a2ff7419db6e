import { expect, test } from '../page';
import { tableOf } from '../gallery/readers';
import { answerQueries, measured, waiting, type Answered } from './answers';

const known: Record<string, Answered[]> = {
  cpu: [
    { labels: { host: 'a', zone: 'x' }, values: [10] },
    { labels: { host: 'b', zone: 'y' }, values: [30] },
    { labels: { host: 'c', zone: 'x' }, values: [20] },
  ],
  mem: [
    { labels: { host: 'a', zone: 'x' }, values: [100] },
    { labels: { host: 'b', zone: 'y' }, values: [300] },
  ],
  load: [
    { labels: { host: 'a' }, values: [1, 2, 3] },
    { labels: { host: 'b' }, values: [10, null, 20] },
  ],
  diff: [
    { labels: { host: 'a' }, values: [-1.5] },
    { labels: { host: 'b' }, values: [2.5] },
  ],
  texts: [{ labels: { json: '{"x":1,"y":{"z":"deep"}}', pairs: 'level=info code=200', list: 'p,q', path: '/api/items', size: '1536' }, values: [1] }],
  limits: [{ labels: {}, values: [2] }],
};

const prometheus = { type: 'prometheus', uid: 'prometheus' };
const one = (refId: string, expr: string) => ({ refId, expr, instant: true, range: false, format: 'table', datasource: prometheus });
const range = (refId: string, expr: string) => ({ refId, expr, instant: false, range: true, legendFormat: '{{host}}', datasource: prometheus });
const cpu = [one('A', 'cpu')];
const both = [one('A', 'cpu'), one('B', 'mem')];
const load = [range('A', 'load')];
const texts = [one('A', 'texts')];
const keep = (...names: string[]) => ({ id: 'filterFieldsByName', options: { include: { names } } });
const calculated = (options: object) => [keep('host', 'Value'), { id: 'calculateField', options }];
const extracted = (source: string, options: object) => [keep(source), { id: 'extractFields', options: { source, replace: true, ...options } }];

interface Step {
  name: string;
  targets: object[];
  by: object[];
  defaults?: object;
  shown: string[][];
}

/** Every transformation with what it makes of the answers above. */
const steps: Step[] = [
  { name: 'nothing', targets: cpu, by: [], shown: [['Time', 'host', 'zone', 'Value'], ['2026-03-10 12:00:00.000', 'a', 'x', '10'], ['2026-03-10 12:00:00.000', 'b', 'y', '30'], ['2026-03-10 12:00:00.000', 'c', 'x', '20']] },
  { name: 'organize', targets: cpu, by: [{ id: 'organize', options: { excludeByName: { Time: true }, indexByName: { zone: 0, Value: 1, host: 2 }, renameByName: { Value: 'CPU' } } }], shown: [['zone', 'CPU', 'host'], ['x', '10', 'a'], ['y', '30', 'b'], ['x', '20', 'c']] },
  { name: 'renameByRegex', targets: cpu, by: [keep('host', 'zone'), { id: 'renameByRegex', options: { regex: 'h(.*)', renamePattern: 'H$1 name' } }], shown: [['Host name', 'zone'], ['a', 'x'], ['b', 'y'], ['c', 'x']] },
  { name: 'filterFieldsByName by pattern', targets: cpu, by: [{ id: 'filterFieldsByName', options: { include: { pattern: '/^(host|Val)/' } } }], shown: [['host', 'Value'], ['a', '10'], ['b', '30'], ['c', '20']] },
  { name: 'filterFieldsByName without', targets: cpu, by: [{ id: 'filterFieldsByName', options: { exclude: { names: ['Time', 'zone'] } } }], shown: [['host', 'Value'], ['a', '10'], ['b', '30'], ['c', '20']] },
  { name: 'filterByRefId', targets: both, by: [{ id: 'filterByRefId', options: { include: 'B' } }, keep('host', 'Value #B')], shown: [['host', 'Value #B'], ['a', '100'], ['b', '300']] },
  { name: 'filterByValue', targets: cpu, by: [keep('host', 'Value'), { id: 'filterByValue', options: { type: 'include', match: 'all', filters: [{ fieldName: 'Value', config: { id: 'greater', options: { value: 15 } } }] } }], shown: [['host', 'Value'], ['b', '30'], ['c', '20']] },
  { name: 'filterByValue without any', targets: cpu, by: [keep('host', 'Value'), { id: 'filterByValue', options: { type: 'exclude', match: 'any', filters: [{ fieldName: 'Value', config: { id: 'lower', options: { value: 15 } } }, { fieldName: 'host', config: { id: 'regex', options: { value: '^c$' } } }] } }], shown: [['host', 'Value'], ['b', '30']] },
  { name: 'sortBy', targets: cpu, by: [keep('host', 'Value'), { id: 'sortBy', options: { sort: [{ field: 'Value', desc: true }] } }], shown: [['host', 'Value'], ['b', '30'], ['c', '20'], ['a', '10']] },
  { name: 'limit', targets: cpu, by: [keep('host', 'Value'), { id: 'limit', options: { limitField: 2 } }], shown: [['host', 'Value'], ['a', '10'], ['b', '30']] },
  { name: 'groupBy', targets: cpu, by: [{ id: 'groupBy', options: { fields: { zone: { operation: 'groupby', aggregations: [] }, Value: { operation: 'aggregate', aggregations: ['sum', 'max', 'count'] } } } }], shown: [['zone', 'Value (sum)', 'Value (max)', 'Value (count)'], ['x', '30', '20', '2'], ['y', '30', '30', '1']] },
  { name: 'groupingToMatrix', targets: cpu, by: [{ id: 'groupingToMatrix', options: { columnField: 'zone', rowField: 'host', valueField: 'Value' } }], shown: [['host\\zone', 'x', 'y'], ['a', '10', ''], ['b', '', '30'], ['c', '20', '']] },
  { name: 'calculateField of two', targets: cpu, by: calculated({ mode: 'binary', binary: { left: 'Value', operator: '*', right: '2' }, alias: 'double' }), shown: [['host', 'Value', 'double'], ['a', '10', '20'], ['b', '30', '60'], ['c', '20', '40']] },
  { name: 'calculateField of one', targets: [one('A', 'diff')], by: calculated({ mode: 'unary', unary: { operator: 'abs', fieldName: 'Value' }, alias: 'size' }), shown: [['host', 'Value', 'size'], ['a', '-1.50', '1.50'], ['b', '2.50', '2.50']] },
  { name: 'calculateField of a row', targets: both, by: [keep('host', 'Value #A', 'Value #B'), { id: 'joinByField', options: { byField: 'host', mode: 'outer' } }, { id: 'calculateField', options: { mode: 'reduceRow', reduce: { reducer: 'sum' }, alias: 'all' } }], shown: [['host', 'Value #A', 'Value #B', 'all'], ['a', '10', '100', '110'], ['b', '30', '300', '330'], ['c', '20', '', '20']] },
  { name: 'calculateField running', targets: cpu, by: calculated({ mode: 'cumulativeFunctions', cumulative: { field: 'Value', reducer: 'sum' }, alias: 'so far' }), shown: [['host', 'Value', 'so far'], ['a', '10', '10'], ['b', '30', '40'], ['c', '20', '60']] },
  { name: 'calculateField in a window', targets: cpu, by: calculated({ mode: 'windowFunctions', window: { field: 'Value', reducer: 'mean', windowSizeMode: 'fixed', windowSize: 2, windowAlignment: 'trailing' }, alias: 'mean of two' }), shown: [['host', 'Value', 'mean of two'], ['a', '10', '10'], ['b', '30', '20'], ['c', '20', '25']] },
  { name: 'calculateField the row’s number', targets: cpu, by: calculated({ mode: 'index', alias: 'row', replaceFields: true }), shown: [['row'], ['0'], ['1'], ['2']] },
  { name: 'joinByField of all', targets: both, by: [keep('host', 'Value #A', 'Value #B'), { id: 'joinByField', options: { byField: 'host', mode: 'outer' } }], shown: [['host', 'Value #A', 'Value #B'], ['a', '10', '100'], ['b', '30', '300'], ['c', '20', '']] },
  { name: 'joinByField of both', targets: both, by: [keep('host', 'Value #A', 'Value #B'), { id: 'joinByField', options: { byField: 'host', mode: 'inner' } }], shown: [['host', 'Value #A', 'Value #B'], ['a', '10', '100'], ['b', '30', '300']] },
  { name: 'merge', targets: both, by: [{ id: 'merge', options: {} }, { id: 'organize', options: { excludeByName: { Time: true } } }], shown: [['host', 'zone', 'Value #A', 'Value #B'], ['a', 'x', '10', '100'], ['b', 'y', '30', '300'], ['c', 'x', '20', '']] },
  { name: 'reduce to rows', targets: load, by: [{ id: 'reduce', options: { reducers: ['max', 'mean', 'lastNotNull', 'sum'] } }], shown: [['Field', 'Max', 'Mean', 'Last *', 'Total'], ['a', '3', '2', '3', '6'], ['b', '20', '15', '20', '30']] },
  { name: 'reduce to rows with labels', targets: load, by: [{ id: 'reduce', options: { reducers: ['max'], labelsToFields: true } }], shown: [['Field', 'host', 'Max'], ['Value', 'a', '3'], ['Value', 'b', '20']] },
  { name: 'reduce fields', targets: cpu, by: [keep('Value'), { id: 'reduce', options: { reducers: ['max'], mode: 'reduceFields' } }], shown: [['Value'], ['30']] },
  { name: 'seriesToRows', targets: load, by: [{ id: 'seriesToRows', options: {} }], shown: [['Time', 'Metric', 'Value'], ['2026-03-10 12:00:00', 'a', '3'], ['2026-03-10 12:00:00', 'b', '20'], ['2026-03-10 11:50:00', 'a', '2'], ['2026-03-10 11:40:00', 'a', '1'], ['2026-03-10 11:40:00', 'b', '10']] },
  { name: 'labelsToFields as rows', targets: [range('A', 'load')], by: [{ id: 'labelsToFields', options: { mode: 'rows' } }], shown: [['a label', 'a value'], ['host', 'a']] },
  { name: 'labelsToFields as columns', targets: load, by: [{ id: 'labelsToFields', options: { mode: 'columns' } }, { id: 'merge', options: {} }, { id: 'organize', options: { excludeByName: { Time: true } } }], shown: [['Value', 'host'], ['1', 'a'], ['2', 'a'], ['3', 'a'], ['10', 'b'], ['20', 'b']] },
  { name: 'prepareTimeSeries wide', targets: load, by: [{ id: 'prepareTimeSeries', options: { format: 'wide' } }], shown: [['Time', 'a', 'b'], ['2026-03-10 11:40:00', '1', '10'], ['2026-03-10 11:50:00', '2', ''], ['2026-03-10 12:00:00', '3', '20']] },
  { name: 'extractFields of JSON', targets: texts, by: extracted('json', { format: 'json', jsonPaths: [{ path: 'x' }, { path: 'y.z', alias: 'deep' }] }), shown: [['x', 'deep'], ['1', 'deep']] },
  { name: 'extractFields of pairs', targets: texts, by: extracted('pairs', { format: 'kvp' }), shown: [['level', 'code'], ['info', '200']] },
  { name: 'extractFields by a pattern', targets: texts, by: extracted('path', { format: 'regexp', regExp: '/^\\/(?<first>\\w+)\\/(?<second>\\w+)/' }), shown: [['first', 'second'], ['api', 'items']] },
  { name: 'extractFields by a sign', targets: texts, by: extracted('list', { format: 'delimiter', delimiter: ',' }), shown: [['p', 'q'], ['True', 'True']] },
  { name: 'convertFieldType', targets: texts, defaults: { unit: 'bytes' }, by: [keep('size'), { id: 'convertFieldType', options: { conversions: [{ targetField: 'size', destinationType: 'number' }] } }], shown: [['size'], ['1.50 KiB']] },
  { name: 'formatTime', targets: cpu, by: [keep('Time', 'host'), { id: 'formatTime', options: { timeField: 'Time', outputFormat: 'YYYY/MM', timezone: 'utc' } }], shown: [['Time', 'host'], ['2026/03', 'a'], ['2026/03', 'b'], ['2026/03', 'c']] },
  { name: 'formatString', targets: cpu, by: [keep('host', 'Value'), { id: 'formatString', options: { stringField: 'host', outputFormat: 'Upper Case' } }], shown: [['host', 'Value'], ['A', '10'], ['B', '30'], ['C', '20']] },
  { name: 'concatenate', targets: both, by: [keep('Value #A', 'Value #B'), { id: 'concatenate', options: { frameNameMode: 'drop' } }], shown: [['Value #A', 'Value #B'], ['10', '100'], ['30', '300'], ['20', '']] },
  { name: 'transpose', targets: cpu, by: [keep('host', 'Value'), { id: 'transpose', options: {} }], shown: [['Field', 'a', 'b', 'c'], ['Value', '10', '30', '20']] },
  { name: 'partitionByValues', targets: cpu, by: [keep('host', 'zone', 'Value'), { id: 'partitionByValues', options: { fields: ['zone'] } }], shown: [['x host', 'x'], ['a', '10'], ['c', '20']] },
  { name: 'rowsToFields', targets: cpu, by: [keep('host', 'Value'), { id: 'rowsToFields', options: { mappings: [{ fieldName: 'host', handlerKey: 'field.name' }, { fieldName: 'Value', handlerKey: 'field.value' }] } }], shown: [['a', 'b', 'c'], ['10', '30', '20']] },
  { name: 'configFromData', targets: [one('A', 'cpu'), one('B', 'limits')], by: [{ id: 'configFromData', options: { configRefId: 'B', mappings: [{ fieldName: 'Value #B', handlerKey: 'decimals', reducerId: 'lastNotNull' }] } }, keep('host', 'Value #A')], shown: [['host', 'Value #A'], ['a', '10.00'], ['b', '30.00'], ['c', '20.00']] },
  { name: 'histogram', targets: cpu, by: [keep('Value'), { id: 'histogram', options: { bucketSize: 15 } }], shown: [['xMin', 'xMax', 'Value'], ['0', '15', '1'], ['15', '30', '1'], ['30', '45', '1']] },
  { name: 'joinByLabels', targets: [range('A', 'cpu')], by: [{ id: 'joinByLabels', options: { value: 'zone', join: ['host'] } }], shown: [['host', 'x', 'y'], ['a', '10', ''], ['b', '', '30'], ['c', '20', '']] },
  { name: 'one that is off, one for a query alone', targets: both, by: [keep('host', 'Value #A', 'Value #B'), { id: 'limit', disabled: true, options: { limitField: 1 } }, { id: 'limit', filter: { id: 'byRefId', options: 'B' }, options: { limitField: 1 } }, { id: 'joinByField', options: { byField: 'host', mode: 'outer' } }], shown: [['host', 'Value #A', 'Value #B'], ['a', '10', '100'], ['b', '30', ''], ['c', '20', '']] },
];

const board = {
  uid: 'e2e-transformations',
  title: 'Transformations of the browser tests',
  schemaVersion: 41,
  timezone: 'utc',
  time: { from: new Date(measured - 1_200_000).toISOString(), to: new Date(measured).toISOString() },
  templating: { list: [] },
  panels: steps.map(({ name, targets, by, defaults = {} }, at) => ({ id: at + 1, type: 'table', title: name, gridPos: { x: (at % 2) * 12, y: Math.floor(at / 2) * 6, w: 12, h: 6 }, datasource: prometheus, targets, transformations: by, fieldConfig: { defaults, overrides: [] }, options: {}, interval: '10m' })),
};

test('every transformation makes of the answers what is worked out by hand', async ({ page, request }) => {
  const made = await request.post('/api/phoenix/v1/dashboards', { data: { dashboard: board, overwrite: true } });
  expect(made.ok(), await made.text()).toBe(true);
  await answerQueries(page, known);
  // What is in sight is asked for and drawn: all of it is.
  await page.setViewportSize({ width: 1280, height: Math.ceil(steps.length / 2) * 250 + 300 });
  await page.goto(`/d/${board.uid}`);
  await expect(page.locator(waiting)).toHaveCount(0);
  for (const { name, shown } of steps) {
    const panel = page.getByRole('region', { name, exact: true });
    await expect(panel.getByRole('table')).toBeVisible();
    expect.soft(await tableOf(panel), name).toEqual(shown);
  }
});
