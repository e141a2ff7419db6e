import { expect, test } from 'vitest';
import type { ExploreState } from './explore';
import { parseMoment, readExplore, stepFor, writeExplore } from './explore';

test('what is written is what is read', () => {
  const state: ExploreState = {
    queries: [
      { text: 'sum(a) == 0 # ü & "=', language: 'promql', hidden: false },
      { text: '{job="x"}', language: 'logql', hidden: true },
    ],
    tab: 'table',
    range: 5_400,
    end: 1_763_842_500,
    step: 0.25,
    stacked: true,
    mixed: false,
  };
  expect(readExplore(new URLSearchParams(writeExplore(state).toString()))).toEqual(state);
});

test('an empty address has one empty query', () => {
  expect(readExplore(new URLSearchParams()).queries).toHaveLength(1);
});

test.each([
  ['1763842500.5', 1_763_842_500.5],
  ['2026-11-22 20:15:00', Date.UTC(2026, 10, 22, 20, 15) / 1000],
  ['2026-11-22T20:15:00+01:00', Date.UTC(2026, 10, 22, 19, 15) / 1000],
  ['nonsense', null],
  [null, null],
])('the moment %s', (text, seconds) => {
  expect(parseMoment(text)).toBe(seconds);
});

test('no step asks for more points than the server gives', () => {
  expect(stepFor(3_600, null)).toBe(14);
  expect(stepFor(60, null)).toBe(0.25);
  expect(86_400 * 30 / stepFor(86_400 * 30, 1)).toBeLessThanOrEqual(11_000);
});
