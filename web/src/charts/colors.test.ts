import { expect, test } from 'vitest';
import { mixed } from './colors';

test.each([
  ['#000000', '#ffffff', 0.5, '#808080'],
  ['#000000', '#fff', 0.5, '#808080'],
  ['#1f6f84', '#fff', 1, '#1f6f84'],
  ['#f00', '#151d1f', 0, '#151d1f'],
])('%s over %s', (color, ground, share, expected) => {
  expect(mixed(color, ground, share)).toBe(expected);
});
