import { expect, test } from 'vitest';
import { formatMatchers, matchersOf, parseMatchers, seriesName } from './matcher';
import { indexOfByte } from './positions';
import { threshold } from './threshold';

test.each([
  ['up == 0', { left: 'up', operator: '==', value: 0 }],
  ['rate(errors{code=~"5.."}[5m]) / rate(all[5m]) > 5e-2', { left: 'rate(errors{code=~"5.."}[5m]) / rate(all[5m])', operator: '>', value: 0.05 }],
  ['a{x="> 3"} <= -1', { left: 'a{x="> 3"}', operator: '<=', value: -1 }],
  ['a{x!="b"} != 1', { left: 'a{x!="b"}', operator: '!=', value: 1 }],
  ['ratio_or_not > 1', { left: 'ratio_or_not', operator: '>', value: 1 }],
  ['up == 0 and on () b', null],
  ['a > b', null],
  ['3 > a', { left: '', operator: '', value: 0 }],
  ['(up == 0)', null],
  ['a > bool 3', null],
  ['a > 1 < 5', null],
  ['vector(1)', null],
])('%s split at its threshold', (text, expected) => {
  const found = threshold(text);
  if (expected?.left === '') expect(found).toBeNull();
  else expect(found).toEqual(expected);
});

test('byte offsets become positions in the editor', () => {
  const text = 'aü€𝄞b';
  expect([0, 1, 3, 6, 10, 11, 99].map((offset) => indexOfByte(text, offset))).toEqual([0, 1, 2, 3, 5, 6, 6]);
});

test.each(['{a="b"}', '{alertname="Down", job=~"x|y", path!~"C:\\\\.*", quoted="say \\"hi\\""}', '{"utf-8 näme"!="v"}'])('matchers %s survive reading and writing', (text) => {
  expect(formatMatchers(parseMatchers(text)!)).toBe(text);
});

test('matchers are read with and without braces and quotes, and refused when broken', () => {
  expect(parseMatchers('a=b,c!=d')).toEqual([
    { name: 'a', operator: '=', value: 'b' },
    { name: 'c', operator: '!=', value: 'd' },
  ]);
  expect(parseMatchers('{a="b"')).toBeNull();
  expect(parseMatchers('just words')).toBeNull();
});

test('names of alerts come first, names of metrics before the braces', () => {
  expect(formatMatchers(matchersOf({ b: '1', alertname: 'X' }))).toBe('{alertname="X", b="1"}');
  expect(seriesName({ __name__: 'up', job: 'a"b' })).toBe('up{job="a\\"b"}');
  expect(seriesName({})).toBe('{}');
});
