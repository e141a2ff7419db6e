import { expect, test } from 'vitest';
import { shifted, zoomedIn, zoomedOut } from './shift';

const hour = 3_600_000;
const now = 1_000 * hour;

test.each([
  ['earlier', -1 as const, { from: String(now - hour / 2), to: String(now + hour / 2) }],
  ['later', 1 as const, { from: String(now + hour / 2), to: String(now + 1.5 * hour) }],
])('%s by half the range', (_, direction, expected) => expect(shifted({ from: now, to: now + hour }, direction)).toEqual(expected));

test.each([
  ['following the present', { from: 'now-6h', to: 'now' }, { from: now - 6 * hour, to: now }, { from: 'now-12h', to: 'now' }],
  ['minutes into hours', { from: 'now-30m', to: 'now' }, { from: now - hour / 2, to: now }, { from: 'now-1h', to: 'now' }],
  ['in the past, around its middle', { from: 'x', to: 'y' }, { from: now - 10 * hour, to: now - 8 * hour }, { from: String(now - 11 * hour), to: String(now - 7 * hour) }],
  ['up to now, not beyond it', { from: 'x', to: 'y' }, { from: now - 2 * hour, to: now }, { from: String(now - 4 * hour), to: String(now) }],
  ['a range of the calendar becomes one of dates', { from: 'now/d', to: 'now' }, { from: now - 4 * hour, to: now }, { from: String(now - 8 * hour), to: String(now) }],
])('twice the range, %s', (_, raw, span, expected) => expect(zoomedOut(raw, span, now)).toEqual(expected));

test.each([
  ['following the present', { from: 'now-6h', to: 'now' }, { from: now - 6 * hour, to: now }, { from: 'now-3h', to: 'now' }],
  ['hours into minutes', { from: 'now-1h', to: 'now' }, { from: now - hour, to: now }, { from: 'now-30m', to: 'now' }],
  ['around its middle', { from: 'x', to: 'y' }, { from: now - 10 * hour, to: now - 8 * hour }, { from: String(now - 9.5 * hour), to: String(now - 8.5 * hour) }],
  ['not below a second', { from: 'now-1s', to: 'now' }, { from: now - 1_000, to: now }, { from: 'now-1s', to: 'now' }],
])('half the range, %s', (_, raw, span, expected) => expect(zoomedIn(raw, span)).toEqual(expected));
