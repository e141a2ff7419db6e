import { describe, expect, test } from 'vitest';
import type { Dashboard, Panel } from '../model';
import { begin, step } from './draft';
import { addPanel, addRow, allPanels, changePanel, duplicatePanel, moveRow, moveToSection, newPanel, placePanel, removePanel } from './operations';
import { clamped, placed } from './place';

const panel = (id: number, x: number, y: number, w = 12, h = 8): Panel => ({ id, type: 'timeseries', title: `P${id}`, gridPos: { x, y, w, h } });
const row = (id: number, y: number, collapsed = false, panels: Panel[] = []): Panel => ({ id, type: 'row', title: `R${id}`, collapsed, gridPos: { x: 0, y, w: 24, h: 1 }, panels });
const board = (...panels: Panel[]): Dashboard => ({ uid: 'd', title: 'D', panels });

/** Each panel as `id x,y w×h`, folded ones in brackets behind their row. */
const drawn = (dashboard: Dashboard) => {
  const one = ({ id, gridPos: { x, y, w, h }, type, collapsed, panels }: Panel): string =>
    type === 'row' ? `row${id} ${y}${collapsed ? ` [${(panels ?? []).map(one).join('; ')}]` : ''}` : `${id} ${x},${y} ${w}×${h}`;
  return dashboard.panels.map(one);
};

describe('places on the grid', () => {
  test.each([
    [{ x: -3, y: -1, w: 6, h: 4 }, { x: 0, y: 0, w: 6, h: 4 }],
    [{ x: 22, y: 2, w: 6, h: 4 }, { x: 18, y: 2, w: 6, h: 4 }],
    [{ x: 0, y: 0, w: 40, h: 0 }, { x: 0, y: 0, w: 24, h: 2 }],
    [{ x: 1.4, y: 2.6, w: 1, h: 3.2 }, { x: 1, y: 3, w: 2, h: 3 }],
  ])('%j is within the columns', (given, want) => expect(clamped(given)).toEqual(want));

  test('what is moved takes its place, others make room and rise', () => {
    const items = [1, 2, 3].map((id, index) => ({ id, x: 0, y: index * 8, w: 12, h: 8 }));
    // The third goes to the top: the first two move down by its height.
    expect(placed(items, 3, { x: 0, y: 0, w: 12, h: 8 }).map(({ id, y }) => [id, y])).toEqual([[3, 0], [1, 8], [2, 16]]);
    // To the right there is room: nothing else moves, and it rises to the top.
    expect(placed(items, 3, { x: 12, y: 5, w: 12, h: 8 }).map(({ id, x, y }) => [id, x, y])).toEqual([[1, 0, 0], [3, 12, 0], [2, 0, 8]]);
    // Made wider, it pushes down what it then covers.
    expect(placed([{ id: 1, x: 0, y: 0, w: 12, h: 8 }, { id: 2, x: 12, y: 0, w: 12, h: 8 }], 1, { x: 0, y: 0, w: 24, h: 8 }).map(({ id, y }) => [id, y])).toEqual([[1, 0], [2, 8]]);
  });

  test('no two items ever overlap', () => {
    let seed = 12_345;
    const random = (below: number) => (seed = (seed * 1_103_515_245 + 12_345) & 0x7fffffff) % below;
    let items = Array.from({ length: 12 }, (_, id) => ({ id, x: (id % 3) * 8, y: Math.floor(id / 3) * 6, w: 8, h: 6 }));
    for (let turn = 0; turn < 300; turn += 1) {
      items = placed(items, random(12), { x: random(24), y: random(40), w: 1 + random(24), h: 1 + random(12) });
      const cells = new Set<number>();
      let covered = 0;
      for (const { x, y, w, h } of items) {
        covered += w * h;
        for (let column = x; column < x + w; column += 1) for (let line = y; line < y + h; line += 1) cells.add(line * 24 + column);
      }
      expect([turn, cells.size]).toEqual([turn, covered]);
      expect(Math.max(...items.map(({ x, w }) => x + w))).toBeLessThanOrEqual(24);
    }
  });
});

describe('changes of a dashboard', () => {
  const two = board(panel(1, 0, 0), panel(2, 12, 0), row(3, 8), panel(4, 0, 9), row(5, 17, true, [panel(6, 0, 18)]));

  test('moving keeps to the section', () => {
    expect(drawn(placePanel(two, 2, { x: 0, y: 0, w: 12, h: 8 }))).toEqual(['2 0,0 12×8', '1 0,8 12×8', 'row3 16', '4 0,17 12×8', 'row5 25 [6 0,26 12×8]']);
  });

  test('resizing moves what lies below, sections too', () => {
    expect(drawn(placePanel(two, 1, { x: 0, y: 0, w: 12, h: 10 }))).toEqual(['1 0,0 12×10', '2 12,0 12×8', 'row3 10', '4 0,11 12×8', 'row5 19 [6 0,20 12×8]']);
  });

  test('a panel moves into another section, folded or not, and back above the rows', () => {
    expect(drawn(moveToSection(two, 1, 3))).toEqual(['2 12,0 12×8', 'row3 8', '4 0,9 12×8', '1 0,17 12×8', 'row5 25 [6 0,26 12×8]']);
    expect(drawn(moveToSection(two, 1, 5))).toEqual(['2 12,0 12×8', 'row3 8', '4 0,9 12×8', 'row5 17 [6 0,18 12×8; 1 0,26 12×8]']);
    expect(drawn(moveToSection(two, 4, null))).toEqual(['1 0,0 12×8', '2 12,0 12×8', '4 0,8 12×8', 'row3 16', 'row5 17 [6 0,18 12×8]']);
  });

  test('a panel is added at the top, with an id of its own', () => {
    const { dashboard, id } = addPanel(two, newPanel());
    expect(id).toBe(7);
    expect(drawn(dashboard).slice(0, 3)).toEqual(['7 0,0 12×8', '2 12,0 12×8', '1 0,8 12×8']);
    expect(drawn(addPanel(board(), newPanel()).dashboard)).toEqual(['1 0,0 12×8']);
  });

  test('a copy stands beside the panel, or below it', () => {
    expect(drawn(duplicatePanel(board(panel(1, 0, 0)), 1)!.dashboard)).toEqual(['1 0,0 12×8', '2 12,0 12×8']);
    expect(drawn(duplicatePanel(board(panel(1, 0, 0, 24)), 1)!.dashboard)).toEqual(['1 0,0 24×8', '2 0,8 24×8']);
    expect(duplicatePanel(two, 99)).toBeNull();
    const folded = duplicatePanel(two, 6)!;
    expect(drawn(folded.dashboard).at(-1)).toBe('row5 17 [6 0,18 12×8; 7 12,18 12×8]');
  });

  test('removing closes the gap; a removed row leaves its panels, or takes them along', () => {
    expect(drawn(removePanel(two, 1))).toEqual(['2 12,0 12×8', 'row3 8', '4 0,9 12×8', 'row5 17 [6 0,18 12×8]']);
    expect(drawn(removePanel(two, 3))).toEqual(['1 0,0 12×8', '2 12,0 12×8', '4 0,8 12×8', 'row5 16 [6 0,17 12×8]']);
    expect(drawn(removePanel(two, 3, false))).toEqual(['1 0,0 12×8', '2 12,0 12×8', 'row5 8 [6 0,9 12×8]']);
  });

  test('rows are added and moved with their panels', () => {
    expect(drawn(addRow(board(panel(1, 0, 0)), 'More'))).toEqual(['1 0,0 12×8', 'row2 8']);
    expect(drawn(moveRow(two, 5, -1))).toEqual(['1 0,0 12×8', '2 12,0 12×8', 'row5 8 [6 0,9 12×8]', 'row3 9', '4 0,10 12×8']);
    expect(moveRow(two, 3, -1)).toBe(two);
    expect(moveRow(two, 5, 1)).toBe(two);
  });

  test('a panel of a folded row is changed in its place, and nothing else is made anew', () => {
    const changed = changePanel(two, 6, (each) => ({ ...each, title: 'Other' }));
    expect(allPanels(changed.panels).find(({ id }) => id === 6)?.title).toBe('Other');
    expect(changed.panels[0]).toBe(two.panels[0]);
    expect(changePanel(two, 99, (each) => each)).toBe(two);
  });
});

describe('steps of a draft', () => {
  const titled = (title: string) => (dashboard: Dashboard) => ({ ...dashboard, title });
  test('changes about the same thing are one step', () => {
    let state = begin(board());
    for (const title of ['A', 'AB', 'ABC']) state = step(state, { type: 'change', change: titled(title), about: 'title' });
    expect([state.present.title, state.past.length]).toEqual(['ABC', 1]);
    state = step(state, { type: 'change', change: titled('X') });
    state = step(state, { type: 'undo' });
    expect(state.present.title).toBe('ABC');
    state = step(state, { type: 'undo' });
    expect(state.present.title).toBe('D');
    expect(step(state, { type: 'undo' })).toBe(state);
    state = step(step(state, { type: 'redo' }), { type: 'redo' });
    expect(state.present.title).toBe('X');
    expect(step(state, { type: 'redo' })).toBe(state);
  });
});
