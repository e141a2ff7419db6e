import { expect, test } from 'vitest';
import { formatDuration, parseDuration } from './duration';
import { quantity, sampleValue, unitOfMetric } from './quantity';
import { length, relativeTime } from './time';

test.each([
  ['1h30m', 5_400],
  ['90', 90],
  ['250ms', 0.25],
  ['1d12h', 129_600],
  ['1.5h', 5_400],
  ['30m1h', null],
  ['0s', null],
  ['', null],
  ['1x', null],
])('the duration %s', (text, seconds) => {
  expect(parseDuration(text)).toBe(seconds);
});

test('durations are written as they are read', () => {
  for (const seconds of [0.25, 15, 90, 3_600, 5_400, 86_400, 90_061]) expect(parseDuration(formatDuration(seconds))).toBe(seconds);
});

test.each([
  [0, 'none', '0'],
  [0.829, 'none', '0.829'],
  [-0.99999, 'none', '-1'],
  [1_234_567, 'none', '1.23M'],
  [999_700, 'none', '1M'],
  [0.0000021, 'none', '2.1µ'],
  [1_536, 'bytes', '1.5 KiB'],
  [0.5, 'ratio', '50 %'],
  [0.0123, 'seconds', '12.3 ms'],
  [7_200, 'seconds', '2 h'],
  [NaN, 'none', 'NaN'],
  [-Infinity, 'bytes', '-Inf'],
] as const)('%f of %s is %s', (value, unit, text) => {
  expect(quantity(value, unit)).toBe(text);
});

test('what a sample says and what its name promises', () => {
  expect(['1e-05', '+Inf', '-Inf', 'NaN'].map(sampleValue)).toEqual([0.00001, Infinity, -Infinity, NaN]);
  expect(['a_bytes', 'a_seconds', 'a_timestamp_seconds', 'a_bytes_total', undefined].map(unitOfMetric)).toEqual(['bytes', 'seconds', 'none', 'none', 'none']);
});

test('lengths and distances in time', () => {
  expect([0.0123, 9.8, 45, 200, 90_000].map(length)).toEqual(['12 ms', '9.8 s', '45 s', '3 min 20 s', '1 d 1 h']);
  const now = new Date('2026-11-22T20:00:00Z');
  const at = (text: string) => relativeTime(new Date(text), now);
  expect([at('2026-11-22T20:00:00Z'), at('2026-11-22T19:56:10Z'), at('2026-11-22T22:00:00Z'), at('2026-11-15T20:00:00Z')]).toEqual(['just now', '3 min ago', 'in 2 h', '7 d ago']);
});
