import { expect, test } from 'vitest';
import type { Field } from '../frame';
import { extent, isReducer, reduceField, reducers } from '.';

const of = (values: unknown[], nullValueMode?: string): Field => ({ name: 'v', type: 'number', values, config: { nullValueMode } });

// 2, null, 5, 3, NaN, 5, 10: without null and NaN 2, 5, 3, 5, 10.
const sample = [2, null, 5, 3, NaN, 5, 10];

test.each<[string, unknown]>([
  ['first', 2], ['firstNotNull', 2], ['last', 10], ['lastNotNull', 10], ['min', 2], ['max', 10], ['sum', 25], ['mean', 5], ['median', 5], ['mode', 5],
  // Distances from 5: -3, 0, -2, 0, 5; their squares are 38.
  ['variance', 7.6], ['stdDev', Math.sqrt(7.6)], ['count', 7], ['range', 8], ['step', -2], ['diff', 8], ['diffperc', 4], ['logmin', 2],
  // Up 3; 3 after the fall does not count until the next rise, which is counted as from zero; up 5.
  ['delta', 13],
  ['allIsZero', false], ['allIsNull', false], ['changeCount', 6], ['distinctCount', 6], ['uniqueValues', [2, null, 5, 3, NaN, 10]], ['allValues', sample],
  // Sorted 2 3 5 5 10: ranks 0 to 4.
  ['p1', 2], ['p10', 2], ['p25', 3], ['p50', 5], ['p75', 5], ['p90', 10], ['p99', 10],
  ['current', 10], ['avg', 5], ['total', 25], ['nonsense', null], ['p0', null], ['p100', null],
])('%s', (calc, expected) => {
  const result = reduceField(of(sample), calc);
  if (typeof expected === 'number') expect(result).toBeCloseTo(expected, 12);
  else expect(result).toEqual(expected);
});

test.each<[unknown[], string, string | undefined, unknown]>([
  [[], 'mean', undefined, null], [[], 'sum', undefined, null], [[], 'count', undefined, 0], [[], 'last', undefined, null], [[], 'allIsNull', undefined, true], [[], 'max', undefined, null], [[], 'median', undefined, null],
  [[null, null], 'sum', undefined, null], [[null], 'allIsNull', undefined, true], [[null], 'lastNotNull', undefined, null], [[null, NaN], 'variance', undefined, null],
  [[1, 2, null], 'last', undefined, null], [[1, 2, null], 'last', 'connected', 2], [[1, 2, null], 'last', 'null as zero', 0], [[1, 2, null], 'lastNotNull', 'null as zero', 0],
  [[null, 2], 'first', undefined, null], [[null, 2], 'first', 'connected', 2], [[null, 2], 'first', 'null as zero', 0],
  [[1, 2, NaN], 'lastNotNull', undefined, 2], [[1, 2, NaN], 'last', undefined, NaN],
  [[4, null], 'mean', undefined, 4], [[4, null], 'mean', 'connected', 4], [[4, null], 'mean', 'null as zero', 2], [[4, null], 'min', 'null as zero', 0], [[4, null], 'median', 'null as zero', 2],
  [[4, null], 'count', 'connected', 1], [[4, null], 'distinctCount', 'connected', 1], [[4, null], 'changeCount', 'connected', 0], [[4, null, 4], 'changeCount', undefined, 2],
  [[0, 0], 'allIsZero', undefined, true], [[0, null], 'allIsZero', undefined, true], [[null], 'allIsZero', undefined, false],
  [[10, 20, 5, 6], 'delta', undefined, 16], [[10, 20, 5], 'delta', undefined, 15], [[7], 'delta', undefined, 0], [[1], 'step', undefined, null], [[1, 4, 6], 'step', undefined, 2],
  [[0, 5], 'diffperc', undefined, Infinity], [[0, 0], 'diffperc', undefined, NaN], [[-4, -2], 'diffperc', undefined, -0.5],
  [[-1, 0, 3], 'logmin', undefined, 3], [[-1, 0], 'logmin', undefined, null], [[1, 3], 'median', undefined, 2],
  [[1, Infinity], 'max', undefined, Infinity], [[1, Infinity], 'mean', undefined, Infinity],
  [['a', null, 'b'], 'lastNotNull', undefined, 'b'], [['a', 'b'], 'sum', undefined, null], [['a', 'b', 'a'], 'distinctCount', undefined, 2], [['a', 'a', 'b'], 'mode', undefined, 'a'],
  [[true, false, true], 'sum', undefined, 2], [[true, false], 'last', undefined, false],
])('%j by %s with nulls %s', (values, calc, mode, expected) => {
  expect(reduceField(of(values, mode), calc)).toEqual(expected);
});

test('large means do not hide small variances', () => {
  expect(reduceField(of([1e9 + 4, 1e9 + 7, 1e9 + 13, 1e9 + 16]), 'variance')).toBe(22.5);
});

test('the list of calculations is what can be calculated', () => {
  expect(reducers.every(({ id }) => isReducer(id))).toBe(true);
  for (const { id } of reducers) expect(reduceField(of(sample), id), id).not.toBeNull();
  expect(reducers.find(({ id }) => id === 'p95')?.name).toBe('95th %');
  expect(reducers.filter(({ keepsUnit }) => !keepsUnit).map(({ id }) => id)).toEqual(['count', 'diffperc', 'allIsZero', 'allIsNull', 'changeCount', 'distinctCount', 'uniqueValues', 'allValues']);
});

test('the extent leaves out what is not finite', () => {
  expect([extent(of([3, -1, null])), extent(of([3, Infinity, NaN])), extent(of([NaN, -Infinity])), extent(of([]))]).toEqual([[-1, 3], [3, 3], undefined, undefined]);
});
