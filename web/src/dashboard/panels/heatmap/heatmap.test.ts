import { describe, expect, test } from 'vitest';
import type { Frame, HistogramValue } from '../../frame';
import { cellsOf, rowPlace, stepOf, valueEnds, visible } from './cells';
import { colorIndex, palette, schemes } from './colors';
import { cellText, rowName } from './names';
import { heatmapOptions } from './options';

const span = { from: 0, to: 100 };
const times = [10, 20, 30];
const rows = (columns: Record<string, (number | null)[]>, kind: 'heatmap' | 'series' = 'heatmap'): Frame => ({
  refId: 'A',
  length: 3,
  fields: [{ name: 'Time', type: 'time', values: times, config: {} }, ...Object.entries(columns).map(([name, values]) => ({ name, type: 'number' as const, values, config: {} }))],
  meta: { kind, stepMs: 10 },
});
const brief = (found: ReturnType<typeof cellsOf>) => found?.cells.map(({ column, low, high, count }) => [column, low, high, count]);

describe('rows of buckets', () => {
  test('ascend by their bound, which is the upper one; gaps are no cells', () => {
    const found = cellsOf([rows({ '10': [1, null, 3], '2': [4, 5, 6], '+Inf': [0, 0, 0] })], heatmapOptions({}), span)!;
    expect(found).toMatchObject({ scale: 'rows', layout: 'le', times, stepMs: 10 });
    expect(found.rows.map(({ name }) => name)).toEqual(['2', '10', '+Inf']);
    expect(brief(found)).toEqual([[0, 0, 1, 4], [1, 0, 1, 5], [2, 0, 1, 6], [0, 1, 2, 1], [2, 1, 2, 3], [0, 2, 3, 0], [1, 2, 3, 0], [2, 2, 3, 0]]);
  });
  test('several histograms are added up', () => {
    expect(brief(cellsOf([rows({ '1': [1, null, null] }), rows({ '1': [2, 3, null] })], heatmapOptions({}), span))).toEqual([[0, 0, 1, 3], [1, 0, 1, 3]]);
  });
  test('names that are no numbers keep their order', () => {
    const found = cellsOf([rows({ used: [1, 1, 1], free: [2, 2, 2] }, 'series')], heatmapOptions({}), span)!;
    expect([found.rows.map(({ name }) => name), found.layout]).toEqual([['used', 'free'], 'unknown']);
  });
  test('nothing', () => expect(cellsOf([], heatmapOptions({}), span)).toBeNull());
});

describe('native histograms', () => {
  const frame = (values: (HistogramValue | null)[]): Frame => ({ refId: 'A', length: 3, fields: [{ name: 'Time', type: 'time', values: times, config: {} }, { name: 'Value', type: 'other', values, config: {} }], meta: { kind: 'heatmap', stepMs: 10 } });
  const histogram = (...buckets: [number, number, number][]): HistogramValue => ({ count: 0, sum: 0, buckets });
  test('keep their own bounds', () => {
    const found = cellsOf([frame([histogram([1, 2, 3]), null, histogram([1, 1.5, 4], [1.5, 2, 5])])], heatmapOptions({}), span)!;
    expect([found.scale, brief(found)]).toEqual(['log', [[0, 1, 2, 3], [2, 1, 1.5, 4], [2, 1.5, 2, 5]]]);
  });
  test('with a bucket around zero the axis has two sides', () => {
    expect(cellsOf([frame([histogram([-0.001, 0.001, 3], [1, 2, 1]), null, null])], heatmapOptions({}), span)).toMatchObject({ scale: 'symlog', linearThreshold: 0.001 });
  });
  test('of two series are added up', () => {
    expect(brief(cellsOf([frame([histogram([1, 2, 3]), null, null]), frame([histogram([1, 2, 4]), null, null])], heatmapOptions({}), span))).toEqual([[0, 1, 2, 7]]);
  });
});

describe('counted', () => {
  const calculate = (x: object, y: object) => heatmapOptions({ calculate: true, calculation: { xBuckets: x as never, yBuckets: y as never } });
  const values = rows({ a: [1, 12, 19], b: [3, 14, null] }, 'series');
  test('by sizes', () => {
    const found = cellsOf([values], calculate({ mode: 'size', value: '20' }, { mode: 'size', value: '10' }), span)!;
    expect([found.times, found.stepMs, found.scale]).toEqual([[20, 40, 60, 80, 100], 20, 'linear']);
    expect(brief(found)).toEqual([[0, 0, 10, 2], [1, 10, 20, 3]]);
  });
  test('by numbers: the greatest value is in the last', () => {
    const found = cellsOf([values], calculate({ mode: 'count', value: 1 }, { mode: 'count', value: 2 }), span)!;
    expect(brief(found)).toEqual([[0, 1, 10, 2], [0, 10, 19, 3]]);
  });
  test('by powers, without what is not above zero', () => {
    const found = cellsOf([rows({ a: [1, 3, 0], b: [4, 8, -5] }, 'series')], calculate({ mode: 'count', value: 1 }, { scale: { type: 'log', log: 2 } }), span)!;
    expect(brief(found)?.sort((a, b) => a[1]! - b[1]!)).toEqual([[0, 1, 2, 1], [0, 2, 4, 1], [0, 4, 8, 1], [0, 8, 16, 1]]);
  });
  test('only what lies in the range, and every value once', () => {
    const found = cellsOf([values], calculate({}, {}), { from: 0, to: 20 })!;
    expect(found.cells.reduce((sum, { count }) => sum + count, 0)).toBe(4);
  });
});

test.each([[[], 5, 5], [[3], 7, 7], [[0, 10, 20, 60], 1, 10]])('the step of %j', (given, otherwise, expected) => expect(stepOf(given, otherwise)).toBe(expected));

test('cells without counts are left out, and ends of the colours may be given', () => {
  const found = cellsOf([rows({ '1': [0, 2, 9] })], heatmapOptions({}), span)!;
  expect(visible(found, heatmapOptions({}))).toMatchObject({ cells: [{ count: 2 }, { count: 9 }], low: 2, high: 9 });
  expect(visible(found, heatmapOptions({ color: { min: '0', max: 100 }, filterValues: { le: 2 } }))).toMatchObject({ cells: [{ count: 9 }], low: 0, high: 100 });
});

test('ends of the axis', () => {
  const counted = cellsOf([rows({ a: [1, 12, 19] }, 'series')], heatmapOptions({ calculate: true, calculation: { yBuckets: { mode: 'size', value: '10' } } }), span)!;
  expect(valueEnds(counted, heatmapOptions({}))).toEqual([0, 20]);
  expect(valueEnds(counted, heatmapOptions({ yAxis: { min: '5', max: 50 } }))).toEqual([5, 50]);
});

describe('names', () => {
  const found = cellsOf([rows({ '0.5': [1, 1, 1], '2.5': [1, 1, 1], '+Inf': [1, 1, 1] })], heatmapOptions({}), span)!;
  const inSeconds = heatmapOptions({ yAxis: { unit: 's' } });
  test('of rows', () => expect(found.rows.map((row) => rowName(row, inSeconds))).toEqual(['500 ms', '2.5 s', '+Inf']));
  test('of buckets', () => expect([0, 1, 2].map((row) => cellText(found, { column: 0, low: row, high: row + 1, count: 1 }, inSeconds))).toEqual(['up to 500 ms', '500 ms to 2.5 s', '2.5 s to +Inf']));
  test('with lower bounds', () => expect(cellText({ ...found, layout: 'ge' }, { column: 0, low: 1, high: 2, count: 1 }, inSeconds)).toBe('2.5 s to +Inf'));
  test.each([[0.2, 0.5], [0.5, 0.5], [1, 1.5], [99, 2.5]])('%d stands at %d', (value, expected) => expect(rowPlace(found, value)).toBe(expected));
});

describe('colours', () => {
  test.each([[0, 0], [25, 5], [100, 9], [-5, 0], [200, 9]])('of %d', (count, expected) => expect(colorIndex(count, 0, 100, 10, 0.5)).toBe(expected));
  test('of equal counts', () => expect(colorIndex(3, 3, 3, 10, 0.5)).toBe(9));
  test('small counts are near the ground', () => {
    const color = heatmapOptions({ color: { scheme: 'Oranges', steps: 9 } }).color;
    const [light, dark] = [palette(color, false), palette(color, true)];
    expect([light.length, light[0], dark[0]]).toEqual([9, dark[8], light[8]]);
    expect(palette({ ...color, reverse: true }, false)).toEqual(dark);
  });
  test('every scheme gives as many colours as asked for', () => {
    for (const scheme of Object.keys(schemes)) expect(new Set(palette({ ...heatmapOptions({}).color, scheme, steps: 16 }, true)).size).toBeGreaterThan(10);
  });
});
