import { expect, test } from 'vitest';
import type { Panel } from '../model';
import { compact, pixels } from './layout';

const panel = (id: number, x: number, y: number, w: number, h: number): Panel => ({ id, type: 'stat', gridPos: { x, y, w, h } });
const places = (panels: Panel[]) => compact(panels.map((each) => ({ panel: each }))).map(({ item: { panel: { id } }, x, y, w, h }) => [id, x, y, w, h]);

test.each([
  ['side by side stay', [panel(1, 0, 0, 12, 8), panel(2, 12, 0, 12, 8)], [[1, 0, 0, 12, 8], [2, 12, 0, 12, 8]]],
  ['a gap above closes', [panel(1, 0, 5, 12, 8), panel(2, 0, 20, 6, 2)], [[1, 0, 0, 12, 8], [2, 0, 8, 6, 2]]],
  ['one that overlaps goes below', [panel(1, 0, 0, 12, 8), panel(2, 6, 4, 12, 4)], [[1, 0, 0, 12, 8], [2, 6, 8, 12, 4]]],
  ['each falls only to what is above it', [panel(1, 0, 0, 12, 8), panel(2, 12, 0, 12, 3), panel(3, 12, 8, 12, 3)], [[1, 0, 0, 12, 8], [2, 12, 0, 12, 3], [3, 12, 3, 12, 3]]],
  ['too wide and too far right are cut', [panel(1, 20, 0, 40, 8), panel(2, 20, 8, 8, 1)], [[1, 0, 0, 24, 8], [2, 16, 8, 8, 1]]],
  ['sizes of nothing are the least', [panel(1, -3, -1, 0, 0)], [[1, 0, 0, 1, 1]]],
])('%s', (_, panels, expected) => expect(places(panels)).toEqual(expected));

test('eight rows are 296 pixels', () => expect(pixels(8)).toBe(296));
