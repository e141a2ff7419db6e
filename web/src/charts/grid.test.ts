import { expect, test } from 'vitest';
import { onGrid, stack, times } from './grid';

test('a missing point, a NaN and a point off the range are gaps', () => {
  const at = times(100, 104, 1);
  const series = { metric: {}, values: [[99, '9'], [100, '1'], [102, '3'], [103, 'NaN'], [104, '+Inf']] as [number, string][] };
  expect(at).toEqual([100, 101, 102, 103, 104]);
  expect(onGrid(series, 100, 1, at.length)).toEqual([1, null, 3, null, null]);
});

test('fractions of seconds find their place', () => {
  expect(times(0, 1, 0.1)).toHaveLength(11);
});

test('stacking skips gaps', () => {
  expect(stack([[1, null, 2], [10, 20, null], [100, 100, 100]])).toEqual([[1, null, 2], [11, 20, null], [111, 120, 102]]);
});
