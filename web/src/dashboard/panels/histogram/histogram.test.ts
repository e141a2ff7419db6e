import { describe, expect, test } from 'vitest';
import { applyFieldConfig } from '../../display';
import type { Frame } from '../../frame';
import type { JsonObject } from '../../model';
import { bucketsOf, readyBuckets } from './buckets';
import { histogramModel } from './model';

const auto = { size: null, offset: 0, count: 30 };
describe('buckets', () => {
  test.each<[string, unknown[][], Partial<typeof auto> | { size: number; offset?: number }, number[], number[][]]>([
    ['of a size', [[1, 2, 3, 11]], { size: 5 }, [0, 5, 10, 15], [[3, 0, 1]]],
    ['moved', [[1, 2, 3, 11]], { size: 5, offset: 2 }, [-3, 2, 7, 12], [[1, 2, 1]]],
    ['a bound belongs to the bucket above', [[0.1, 0.2, 0.3]], { size: 0.1 }, [0.1, 0.2, 0.3, 0.4], [[1, 1, 1]]],
    ['of several lists', [[1], [7, null, Number.NaN, Infinity, 'x']], { size: 5 }, [0, 5, 10], [[1, 0], [0, 1]]],
    ['below zero', [[-7, 3]], { size: 5 }, [-10, -5, 0, 5], [[1, 0, 1]]],
    ['of one value', [[50, 50]], {}, [50, 55], [[2]]],
    ['of zeros', [[0, 0]], {}, [0, 1], [[2]]],
  ])('%s', (_, lists, options, edges, counts) => {
    expect(bucketsOf(lists, { ...auto, ...options })).toEqual({ edges, counts, widened: false });
  });
  test('nothing', () => expect(bucketsOf([[null]], auto)).toBeNull());
  test('about thirty by themselves, none lost', () => {
    const list = Array.from({ length: 1_000 }, (_, place) => (place * 7_919) % 997);
    const found = bucketsOf([list], auto)!;
    expect(found.counts[0]!.length).toBeGreaterThan(9);
    expect(found.counts[0]!.length).toBeLessThan(32);
    expect(found.counts[0]!.reduce((sum, count) => sum + count, 0)).toBe(1_000);
  });
  test('too small a size is widened and told', () => {
    const found = bucketsOf([[0, 1e9]], { ...auto, size: 0.001 })!;
    expect([found.widened, found.edges.length <= 1_002]).toEqual([true, true]);
  });
});

const frame = (name: string, values: unknown[]): Frame => ({ refId: 'A', length: values.length, fields: [{ name: 'Time', type: 'time', values: values.map((_, index) => index), config: {} }, { name, type: 'number', values, config: {} }] });
const model = (frames: Frame[], options: JsonObject = {}, custom: JsonObject = {}) =>
  histogramModel(applyFieldConfig(frames, { defaults: { unit: 'ms', custom }, overrides: [] }, { isDark: false, timeZone: 'UTC', interpolate: (text) => text, panelType: 'histogram' }), options, false, () => undefined);

describe('model', () => {
  const two = () => [frame('old', [1, 6]), frame('new', [2, 3])];
  test('bounds have the unit of the values, counts have none', () => {
    const found = model(two(), { bucketSize: 5 })!;
    expect(found.edges).toEqual(['0 ms', '5 ms', '10 ms']);
    expect(found.series.map(({ name, raw, drawn, field }) => [name, raw, drawn, field.display!(2).suffix ?? ''])).toEqual([['old', [1, 1], [1, 1], ''], ['new', [2, 0], [2, null], '']]);
  });
  test('combined and stacked', () => {
    expect(model(two(), { bucketSize: 5, combine: true })!.series.map(({ raw }) => raw)).toEqual([[3, 1]]);
    expect(model(two(), { bucketSize: 5 }, { stacking: { mode: 'normal' } })!.series.map(({ drawn }) => drawn)).toEqual([[1, 1], [3, null]]);
  });
  test('no numbers', () => expect(model([{ refId: 'A', length: 0, fields: [] }])).toBeNull());
});

test('buckets made by a transformation are taken as they are', () => {
  const ready: Frame = { refId: 'A', length: 2, fields: ['xMin', 'xMax', 'count'].map((name, place) => ({ name, type: 'number' as const, values: [[0, 5], [5, 10], [3, 4]][place]!, config: {} })) };
  expect(readyBuckets(ready)).toMatchObject({ edges: [0, 5, 10], fields: [{ name: 'count' }] });
  expect(model([ready])!.series.map(({ raw }) => raw)).toEqual([[3, 4]]);
});
