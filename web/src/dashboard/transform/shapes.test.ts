import { expect, test } from 'vitest';
import type { JsonObject } from '../model';
import type { Frame } from '../frame';
import { bucketSize } from './histogram';
import { parseDate } from './parse-date';
import { run, table } from './table';

const series = (labels: Record<string, string>, times: number[], values: (number | null)[], refId = 'A'): Frame => {
  const frame = table({ Time: times, Value: values }, { labels, refId, config: { nullValueMode: 'connected' } });
  return { ...frame, meta: { kind: 'series' } };
};

test.each<[string, string, JsonObject, Frame[], [string, unknown[]][][]]>([
  ['labelsToFields', 'labelsToFields', {}, [series({ Server: 'A', DC: 'EU' }, [1], [1]), series({ Server: 'B', DC: 'EU' }, [1], [2])], [[['Time', [1, 1]], ['Value', [1, 2]], ['Server', ['A', 'B']], ['DC', ['EU', 'EU']]]]],
  ['labelsToFields with a label as the name', 'labelsToFields', { valueLabel: 'Server' }, [series({ Server: 'A', DC: 'EU' }, [1], [1]), series({ Server: 'B', DC: 'EU' }, [1], [2])], [[['Time', [1]], ['A', [1]], ['DC', ['EU']], ['B', [2]]]]],
  ['labelsToFields of some', 'labelsToFields', { keepLabels: ['DC'] }, [series({ Server: 'A', DC: 'EU' }, [1], [1])], [[['Time', [1]], ['Value', [1]], ['DC', ['EU']]]]],
  ['labelsToFields of different ones', 'labelsToFields', {}, [series({ Server: 'A' }, [1], [10]), series({ DC: 'EU' }, [1], [20])], [[['Time', [1, 1]], ['Value', [10, 20]], ['Server', ['A', null]], ['DC', [null, 'EU']]]]],
  ['labelsToFields has no rows for gaps', 'labelsToFields', {}, [series({ s: 'A' }, [1, 2, 3], [1, null, 3])], [[['Time', [1, 3]], ['Value', [1, 3]], ['s', ['A', 'A']]]]],
  ['labelsToFields in rows', 'labelsToFields', { mode: 'rows', keepLabels: ['DC', 'Server'] }, [series({ Server: 'A', DC: 'EU', x: 'y' }, [1], [1])], [[['label', ['Server', 'DC']], ['value', ['A', 'EU']]].map(([name, values]) => [`{DC="EU", Server="A", x="y"} ${name as string}`, values] as [string, unknown[]])]],
  ['joinByLabels', 'joinByLabels', { value: 'what' }, [series({ what: 'Temp', cluster: 'A', job: 'J1' }, [1, 2], [10, 200]), series({ what: 'Temp', cluster: 'B', job: 'J1' }, [1, 2], [10, 200]), series({ what: 'Speed', cluster: 'B', job: 'J1' }, [22, 28], [22, 77])], [[
    ['cluster', ['A', 'A', 'B', 'B']], ['job', ['J1', 'J1', 'J1', 'J1']], ['Temp', [10, 200, 10, 200]], ['Speed', [null, null, 22, 77]],
  ]]],
  ['joinByLabels with chosen labels', 'joinByLabels', { value: 'what', join: ['cluster'] }, [series({ what: 'Temp', cluster: 'A', job: 'J1' }, [1], [10]), series({ what: 'Speed', cluster: 'A', job: 'J2' }, [1], [22])], [[['cluster', ['A']], ['Temp', [10]], ['Speed', [22]]]]],
  ['seriesToRows', 'seriesToRows', {}, [series({ s: 'T' }, [9, 7, 5], [25, 22, null]), series({ s: 'H' }, [9, 8], [24, 29])], [[['Time', [9, 9, 8, 7]], ['Metric', ['T', 'H', 'H', 'T']], ['Value', [25, 24, 29, 22]]]]],
  ['concatenate', 'concatenate', {}, [table({ Temp: [15.4], Up: [1] }), table({ AQI: [3.2, 4] })], [[['Temp', [15.4, null]], ['Up', [1, null]], ['AQI', [3.2, 4]]]]],
  ['concatenate with names', 'concatenate', { frameNameMode: 'field' }, [table({ a: [1], b: [2] }, { name: 'x' }), table({ a: [3] }, { name: 'y' })], [[['x · a', [1]], ['x · b', [2]], ['y', [3]]]]],
  ['transpose', 'transpose', {}, [table({ Env: ['prod', 'dev'], Jan: [1, 2], Feb: [3, null] })], [[['Field', ['Jan', 'Feb']], ['prod', [1, 3]], ['dev', [2, null]]]]],
  ['transpose of several kinds', 'transpose', { firstFieldName: 'What' }, [table({ Env: ['prod'], Jan: [1], ok: [true], s: ['x'] })], [[['What', ['Jan', 'ok', 's']], ['prod', ['1', 'true', 'x']]]]],
  ['groupingToMatrix', 'groupingToMatrix', { columnField: 'status', rowField: 'id', valueField: 'cpu' }, [table({ id: ['s1', 's2', 's3'], cpu: [82, 88.6, 59.6], status: ['OK', 'OK', 'Shutdown'] })], [[['id\\status', ['s1', 's2', 's3']], ['OK', [82, 88.6, null]], ['Shutdown', [null, null, 59.6]]]]],
  ['groupingToMatrix with zeros', 'groupingToMatrix', { columnField: 'status', rowField: 'id', valueField: 'cpu', emptyValue: 'zero' }, [table({ id: ['s1', 's3'], cpu: [82, 59.6], status: ['OK', 'Bad'] })], [[['id\\status', ['s1', 's3']], ['OK', [82, 0]], ['Bad', [0, 59.6]]]]],
  ['partitionByValues', 'partitionByValues', { fields: ['Region'] }, [table({ Time: [2, 2, 1], Region: ['US', 'EU', 'US'], Value: [15, 29, 13] })], [[['Time', [2, 1]], ['US', [15, 13]]], [['Time', [2]], ['EU', [29]]]]],
  ['partitionByValues by labels', 'partitionByValues', { fields: ['Region'], naming: { asLabels: true }, keepFields: true }, [table({ Time: [2, 2], Region: ['US', 'EU'], Value: [15, 29] })], [
    [['Time', [2]], ['Region US', ['US']], ['US', [15]]], [['Time', [2]], ['Region EU', ['EU']], ['EU', [29]]],
  ]],
  ['prepareTimeSeries wide', 'prepareTimeSeries', { format: 'wide' }, [table({ Time: [1, 2], a: [1, 2] }), table({ Time: [2], b: [3] })], [[['Time', [1, 2]], ['a', [1, 2]], ['b', [null, 3]]]]],
  ['prepareTimeSeries multi', 'prepareTimeSeries', { format: 'multi' }, [table({ Time: [1, 1, 2], host: ['x', 'y', 'x'], a: [1, 2, 3] })], [[['Time', [1, 2]], ['a x', [1, 3]]], [['Time', [1]], ['a y', [2]]]]],
  ['prepareTimeSeries long', 'prepareTimeSeries', { format: 'long' }, [series({ h: 'x' }, [1, 3], [1, 3]), series({ h: 'y' }, [2], [2])], [[['time', [1, 2, 3]], ['Value', [1, 2, 3]], ['h', ['x', 'y', 'x']]]]],
  ['rowsToFields', 'rowsToFields', {}, [table({ Name: ['A', 'B'], DC: ['US', 'EU'], Value: [100, 200] })], [[['A US', [100]], ['B EU', [200]]]]],
  ['rowsToFields with other columns', 'rowsToFields', { mappings: [{ fieldName: 'id', handlerKey: 'field.name' }, { fieldName: 'n', handlerKey: 'field.value' }, { fieldName: 'x', handlerKey: '__ignore' }] }, [table({ x: ['q'], v: [1], id: ['A'], n: [5] })], [[['A', [5]]]]],
  ['convertFieldType to numbers', 'convertFieldType', { conversions: [{ targetField: 'v', destinationType: 'number' }] }, [table({ v: ['1', '2.5', 'x', '', null, 'NaN'] })], [[['v', [1, 2.5, null, null, null, NaN]]]]],
  ['convertFieldType to text', 'convertFieldType', { conversions: [{ targetField: 'v', destinationType: 'string' }, { targetField: 'Time', destinationType: 'string', dateFormat: 'YYYY' }] }, [table({ v: [1, null], Time: [0, 1e12] })], [[['v', ['1', null]], ['Time', ['1970', '2001']]]]],
  ['convertFieldType to times', 'convertFieldType', { conversions: [{ targetField: 'v', destinationType: 'time' }] }, [table({ v: ['2026-11-23T00:00:00Z', 'x', null, '1000'] })], [[['v', [1795392000000, null, null, 1000]]]]],
  ['convertFieldType to times by a pattern', 'convertFieldType', { conversions: [{ targetField: 'v', destinationType: 'time', dateFormat: 'DD.MM.YYYY HH:mm' }] }, [table({ v: ['23.11.2026 01:00', '2026'] })], [[['v', [1795395600000, null]]]]],
  ['convertFieldType to booleans', 'convertFieldType', { conversions: [{ targetField: 'v', destinationType: 'boolean' }] }, [table({ v: ['true', 'False', '', 'x', null] })], [[['v', [true, false, false, true, null]]]]],
  ['convertFieldType of a list of names', 'convertFieldType', { conversions: [{ targetField: 'v', destinationType: 'enum', enumConfig: { text: ['off', 'on'] } }] }, [table({ v: [1, 0, 7] })], [[['v', ['on', 'off', '7']]]]],
  ['formatTime', 'formatTime', { timeField: 'Time', outputFormat: 'YYYY-MM', timezone: 'utc' }, [table({ Time: [0, 1e12], v: [1, 2] })], [[['Time', ['1970-01', '2001-09']], ['v', [1, 2]]]]],
  ['formatString', 'formatString', { stringField: 's', outputFormat: 'Snake Case' }, [table({ s: ['Hello World', 'someText', null] })], [[['s', ['hello_world', 'some_text', null]]]]],
  ['formatString cut', 'formatString', { stringField: 's', outputFormat: 'Substring', substringStart: 1, substringEnd: 3 }, [table({ s: ['Hello'] })], [[['s', ['el']]]]],
  ['histogram', 'histogram', { bucketSize: 1 }, [table({ A: [1, 2, 3], B: [3, 3, null] })], [[['xMin', [1, 2, 3]], ['xMax', [2, 3, 4]], ['A', [1, 1, 1]], ['B', [0, 0, 2]]]]],
  ['histogram of all', 'histogram', { bucketSize: 0.1, combine: true }, [table({ A: [0.1, 0.2, 0.3] }), table({ A: [0.3] })], [[['xMin', [0.1, 0.2, 0.3]], ['xMax', [0.2, 0.3, 0.4]], ['count', [1, 1, 2]]]]],
])('%s', (_name, id, options, frames, expected) => {
  const { tables, problems } = run(id, options, frames);
  expect(tables).toEqual(expected);
  expect(problems).toEqual([]);
});

test('rows configure fields', () => {
  const { frames } = run('rowsToFields', {}, [table({ Name: ['A'], Value: [1], Max: [10], unit: ['bytes'], color: ['red'] })]);
  expect(frames[0]!.fields[0]!.config).toEqual({ max: 10, unit: 'bytes', color: { mode: 'fixed', fixedColor: 'red' } });
  const { frames: configured } = run('configFromData', { configRefId: 'C', mappings: [{ fieldName: 'limit', handlerKey: 'threshold1' }, { fieldName: 'top', handlerKey: 'max', reducerId: 'max' }] }, [table({ a: [1], s: ['x'] }), table({ limit: [5, 7], top: [9, 8] }, { refId: 'C' })]);
  expect(configured.length).toBe(1);
  expect(configured[0]!.fields.map(({ config }) => config)).toEqual([{ thresholds: { mode: 'absolute', steps: [{ value: null, color: 'green' }, { value: 7, color: 'red' }] }, max: 9 }, {}]);
});

test('series keep their gaps where they stay series, and have no rows for them where they become tables', () => {
  const gaps = () => [series({ s: 'A' }, [1, 2, 3], [1, null, 3]), series({ s: 'B' }, [1, 2, 3], [4, 5, null])];
  const values = (id: string, options: JsonObject = {}) => run(id, options, gaps()).tables.map((columns) => columns.map(([, list]) => list));
  expect(values('renameByRegex', { regex: 'A', renamePattern: 'x' })).toEqual([[[1, 2, 3], [1, null, 3]], [[1, 2, 3], [4, 5, null]]]);
  expect(values('joinByField')).toEqual([[[1, 2, 3], [1, null, 3], [4, 5, null]]]);
  expect(values('joinByField', { mode: 'inner' })).toEqual([[[1], [1], [4]]]);
  expect(values('limit', { limitField: 2 })).toEqual([[[1, 3], [1, 3]], [[1, 2], [4, 5]]]);
  expect(values('reduce', { reducers: ['count', 'last', 'mean'] })).toEqual([[['A', 'B'], [2, 2], [3, 5], [2, 4.5]]]);
});

test.each([
  [0, 30, 30, 1], [0, 100, 30, 5], [0, 1, 30, 0.05], [5, 5, 30, 1], [0, 7, 10, 1], [0, 1e9, 30, 5e7],
])('from %f to %f in about %d buckets', (min, max, buckets, size) => {
  expect(bucketSize(min, max, buckets)).toBe(size);
});

test.each<[string, string, string | undefined, string]>([
  ['2026-11-23 10:20:30.456', 'YYYY-MM-DD HH:mm:ss.SSS', 'UTC', '2026-11-23T10:20:30.456Z'],
  ['11/23/26 1:05 pm', 'MM/DD/YY h:mm a', 'America/New_York', '2026-11-23T18:05:00.000Z'],
  ['12:00 am Nov 3rd 2026', 'hh:mm a MMM Do YYYY', 'UTC', '2026-11-03T00:00:00.000Z'],
  ['2026-11-23T10:20:30+02:00', 'YYYY-MM-DDTHH:mm:ssZ', 'UTC', '2026-11-23T08:20:30.000Z'],
  ['1795392000', 'X', undefined, '2026-11-23T00:00:00.000Z'],
  ['2026-07-01 00:00', 'YYYY-MM-DD HH:mm', 'Europe/Berlin', '2026-06-30T22:00:00.000Z'],
  ['day 5', '[day] D', 'UTC', `${new Date().getUTCFullYear()}-01-05T00:00:00.000Z`],
])('%s by %s in %s', (text, pattern, zone, expected) => {
  expect(new Date(parseDate(text, pattern, zone)).toISOString()).toBe(expected);
});

test('what is no moment', () => {
  expect(['2026-02-30', '2026-13-01', 'x', ''].map((text) => parseDate(text, 'YYYY-MM-DD', 'UTC'))).toEqual([NaN, NaN, NaN, NaN]);
});
