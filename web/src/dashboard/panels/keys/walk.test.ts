import { describe, expect, test } from 'vitest';
import type { Along, Ends, Track } from './walk';
import { firstSpot, nearestItem, walk } from './walk';

/** Positions of items; those below zero have nothing to point at. */
const track = (key: string, ...positions: number[]): Track => ({ key, count: positions.length, position: (item) => Math.abs(positions[item]!), has: (item) => positions[item]! >= 0 });
const tracks = [track('empty'), track('a', 1, 2, -3, 4, 9), track('gaps', -1, -2), track('b', 2, 8), track('none')];
const said = (key: string, from: [number, number], along: Along, ends?: Ends) => {
  const spot = walk(tracks, { track: from[0], item: from[1] }, key, along, ends);
  return spot && [spot.track, spot.item];
};

test.each([
  ['ArrowRight', [1, 1], [1, 3]],
  ['ArrowLeft', [1, 3], [1, 1]],
  ['ArrowLeft', [1, 0], null],
  ['ArrowRight', [1, 4], null],
  ['Home', [1, 4], [1, 0]],
  ['End', [1, 0], [1, 4]],
  ['ArrowDown', [1, 0], [3, 0]],
  ['ArrowDown', [1, 4], [3, 1]],
  ['ArrowDown', [3, 0], null],
  ['ArrowUp', [3, 1], [1, 4]],
  ['ArrowUp', [1, 0], null],
  ['Enter', [1, 0], undefined],
  ['a', [1, 0], undefined],
] as [string, [number, number], [number, number] | null | undefined][])('%s from %j beside each other: %j', (key, from, to) => expect(said(key, from, 'x')).toEqual(to));

test.each([
  ['ArrowUp', [1, 1], [1, 3]],
  ['ArrowDown', [1, 3], [1, 1]],
  ['ArrowRight', [1, 4], [3, 1]],
  ['ArrowLeft', [3, 0], [1, 1]],
  ['Home', [3, 1], [1, 4]],
  ['End', [1, 0], [3, 0]],
] as [string, [number, number], [number, number]][])('%s from %j in columns: %j', (key, from, to) => expect(said(key, from, 'y', 'tracks')).toEqual(to));

describe('the first', () => {
  test('is that of the first track that has any', () => expect(firstSpot(tracks)).toEqual({ track: 1, item: 0 }));
  test('or its last', () => expect(firstSpot(tracks, 'end')).toEqual({ track: 1, item: 4 }));
  test('is none where there is nothing', () => expect(firstSpot([track('a'), track('b', -1)])).toBeNull());
});

test('what a position lies in goes before what is nearest', () => {
  const wide = { ...track('wide', 50, 101), over: (position: number) => (position < 100 ? 0 : 1) };
  expect([nearestItem(wide, 99), nearestItem(track('same', 50, 101), 99)]).toEqual([0, 1]);
  expect(nearestItem(track('a', 1, 3), 2)).toBe(0);
});
