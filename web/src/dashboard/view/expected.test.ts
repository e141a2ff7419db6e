import { expect, test } from 'vitest';
import type { Section, ShownPanel } from '../variables';
import type { Room } from './expected';
import { expectedInSight } from './expected';

const panel = (key: string, x: number, y: number, w: number, h: number) => ({ key, panel: { id: Number(key), type: 'timeseries', gridPos: { x, y, w, h } }, scoped: {} }) as ShownPanel;
const section = (key: string, panels: ShownPanel[], row: ShownPanel | null = null): Section => ({ key, row, isCollapsed: false, panels, height: 0 });
const row = panel('9', 0, 0, 24, 1);
/** 24 columns of 40 pixels with 8 between them. */
const room: Room = { top: 100, width: 24 * 40 + 23 * 8, height: 600, isNarrow: false };
const inSight = (sections: Section[], more: Partial<Room> = {}, folded: string[] = []) => [...expectedInSight(sections, { ...room, ...more }, ({ key }) => folded.includes(key))];

test.each<[string, Section[], Partial<Room>, string[], [string, number][]]>([
  ['side by side', [section('a', [panel('1', 0, 0, 12, 8), panel('2', 12, 0, 6, 8)])], {}, [], [['1', 12 * 48 - 10], ['2', 6 * 48 - 10]]],
  // Rows of 8 are 304 pixels with the gap: the third begins at 708, which is looked ahead to, the fourth at 1012.
  ['down to where it is looked ahead', [section('a', [0, 1, 2, 3].map((n) => panel(String(n), 0, 8 * n, 24, 8)))], {}, [], [['0', 1142], ['1', 1142], ['2', 1142]]],
  ['scrolled out of sight', [section('a', [0, 1].map((n) => panel(String(n), 0, 8 * n, 24, 8)))], { top: -500 }, [], [['1', 1142]]],
  ['below a title', [section('a', [panel('1', 0, 0, 24, 14)]), section('b', [panel('2', 0, 0, 24, 2)], row)], { height: 465 }, [], [['1', 1142], ['2', 1142]]],
  ['below a title that moves it out of sight', [section('a', [panel('1', 0, 0, 24, 14)]), section('b', [panel('2', 0, 0, 24, 2)], row)], { height: 464 }, [], [['1', 1142]]],
  ['folded rows have none', [section('a', [panel('1', 0, 0, 24, 2)], row), section('b', [panel('2', 0, 0, 24, 2)], row)], {}, ['a'], [['2', 1142]]],
  ['below each other on a phone', [section('a', [panel('1', 0, 0, 12, 8), panel('2', 12, 0, 12, 8), panel('3', 0, 8, 12, 8)])], { width: 360, height: 300, isNarrow: true }, [], [['1', 358], ['2', 358]]],
])('%s', (_, sections, more, folded, wanted) => expect(inSight(sections, more, folded)).toEqual(wanted));
