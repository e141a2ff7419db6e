import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { noAnnotations } from '../annotations';
import type { Frame } from '../frame';
import type { Dashboard, Panel } from '../model';
import type { BoardInput, BoardSource, Place } from './board';
import { Board } from './board';
import { emptyPanelState } from './panel-state';

interface Asked {
  queries: string[];
  answer: (id: string, value: number) => void;
  done: () => void;
  fail: (error: Error) => void;
  signal: AbortSignal;
}

const panel = (id: number, more: Partial<Panel> = {}): Panel => ({ id, type: 'stat', gridPos: { x: 0, y: id, w: 24, h: 1 }, targets: [{ refId: 'A', expr: 'up' }], ...more });
const dashboard = (...panels: Panel[]): Dashboard => ({ uid: 'd', title: 'D', panels, templating: { list: [] } });
const input: BoardInput = { raw: { from: 'now-1h', to: 'now' }, zoneSetting: 'utc', chosen: {}, isDark: false, annotationsOn: {} };
const frame = (value: number): Frame => ({ refId: 'A', fields: [{ name: 'Value', type: 'number', values: [value], config: {} }], length: 1 });

function made(of: Dashboard, more: Partial<BoardSource<{ id: string }, number, null>> = {}, expected?: ConstructorParameters<typeof Board>[3]) {
  const asked: Asked[] = [];
  let now = 10_000_000;
  const source: BoardSource<{ id: string }, number, null> = {
    now: () => now,
    memory: () => null,
    variables: async () => ({ state: {}, problems: {} }),
    round: (shown) => ({
      queries: (shown.panel.targets ?? []).map(({ refId }) => ({ id: `${shown.key}/${refId}` })),
      prepare: (answers, place: Place) => ({ ...emptyPanelState, answered: true, frames: [...answers.values()].map(frame), range: place.span }),
    }),
    ask: (queries, onAnswer, signal) => new Promise<void>((resolve, reject) => asked.push({ queries: queries.map(({ id }) => id), answer: onAnswer, done: resolve, fail: reject, signal })),
    annotations: async () => noAnnotations,
    ...more,
  };
  const board = new Board(of, source, input, expected);
  const value = (key: string) => board.panelState(key).frames.map(({ fields }) => fields[0]!.values[0]);
  return { board, asked, value, pass: (ms: number) => (now += ms) };
}
const settled = () => vi.advanceTimersByTimeAsync(1);

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('panels that can be seen are asked for with one request, others when they come into view', async () => {
  const { board, asked, value } = made(dashboard(panel(1), panel(2), panel(3)));
  board.start();
  board.setVisible('1', true, 100);
  board.setVisible('2', true, 100);
  await settled();
  expect(asked.map(({ queries }) => queries)).toEqual([['1/A', '2/A']]);
  asked[0]!.answer('2/A', 7);
  expect([value('1'), value('2'), board.panelState('1').loading, board.panelState('2').loading]).toEqual([[], [7], true, false]);
  board.setVisible('3', true, 100);
  await settled();
  expect(asked[1]!.queries).toEqual(['3/A']);
  board.setVisible('2', true, 100);
  await settled();
  expect(asked).toHaveLength(2);
});

test('panels that are expected in sight are asked for before they are drawn, and not once more when they are', async () => {
  const widths: number[] = [];
  const round: BoardSource<{ id: string }, number, null>['round'] = (shown, _all, _place, width) => {
    widths.push(width);
    return { queries: [{ id: `${shown.key}/A` }], prepare: () => emptyPanelState };
  };
  const { board, asked } = made(dashboard(panel(1), panel(2)), { round }, () => new Map([['1', 300]]));
  board.start();
  await settled();
  expect([asked.map(({ queries }) => queries), widths]).toEqual([[['1/A']], [300]]);
  board.setVisible('1', true, 301);
  board.setVisible('2', true, 301);
  await settled();
  expect(asked.map(({ queries }) => queries)).toEqual([['1/A'], ['2/A']]);
  for (const each of asked) each.done();
  await settled();
  board.refresh();
  await settled();
  expect([asked.at(-1)!.queries, widths.slice(2)]).toEqual([['1/A', '2/A'], [301, 301]]);
});

test('a panel keeps what it shows until all of the new answer is there', async () => {
  const { board, asked, value } = made(dashboard(panel(1, { targets: [{ refId: 'A' }, { refId: 'B' }] })));
  board.start();
  board.setVisible('1', true, 100);
  await settled();
  asked[0]!.answer('1/A', 1);
  asked[0]!.answer('1/B', 2);
  asked[0]!.done();
  await settled();
  expect([value('1'), board.snapshot().busy]).toEqual([[1, 2], false]);
  board.refresh();
  await settled();
  asked[1]!.answer('1/A', 3);
  expect([value('1'), board.panelState('1').loading]).toEqual([[1, 2], true]);
  asked[1]!.answer('1/B', 4);
  expect([value('1'), board.panelState('1').loading]).toEqual([[3, 4], false]);
});

test('another range gives up what is on its way, and late answers do not count', async () => {
  const { board, asked, value } = made(dashboard(panel(1)));
  board.start();
  board.setVisible('1', true, 100);
  await settled();
  board.set({ ...input, raw: { from: 'now-6h', to: 'now' } });
  await settled();
  expect([asked.length, asked[0]!.signal.aborted, asked[1]!.signal.aborted]).toEqual([2, true, false]);
  asked[0]!.answer('1/A', 1);
  expect(value('1')).toEqual([]);
  asked[1]!.answer('1/A', 2);
  expect(value('1')).toEqual([2]);
  expect(board.panelState('1').range).toEqual({ from: 10_000_000 - 6 * 3_600_000, to: 10_000_000 });
});

test('a refresh while one runs is left out; the range moves on with the next', async () => {
  const { board, asked, pass } = made(dashboard(panel(1)));
  board.start();
  board.setVisible('1', true, 100);
  await settled();
  board.refresh();
  await settled();
  expect(asked).toHaveLength(1);
  asked[0]!.answer('1/A', 1);
  asked[0]!.done();
  await settled();
  pass(30_000);
  board.refresh();
  await settled();
  expect([asked.length, board.snapshot().span.to]).toEqual([2, 10_030_000]);
});

test('what failed is told, and the next round asks again', async () => {
  const { board, asked, value } = made(dashboard(panel(1)));
  board.start();
  board.setVisible('1', true, 100);
  await settled();
  asked[0]!.fail(new Error('gone'));
  await settled();
  expect([board.snapshot().error, board.snapshot().busy, board.panelState('1').loading]).toEqual(['gone', false, false]);
  board.refresh();
  await settled();
  asked[1]!.answer('1/A', 5);
  asked[1]!.done();
  await settled();
  expect([board.snapshot().error, value('1')]).toEqual([null, [5]]);
});

test('a range that cannot be read is told and nothing is asked', async () => {
  const { board, asked } = made(dashboard(panel(1)));
  board.start();
  board.setVisible('1', true, 100);
  await settled();
  board.set({ ...input, raw: { from: 'now-1x', to: 'now' } });
  await settled();
  expect(asked).toHaveLength(1);
  expect(board.snapshot().error).toMatch(/-1x/);
});

test('a panel without queries is ready at once, a failure to prepare one stays with it', async () => {
  const { board } = made(dashboard(panel(1, { targets: [] }), panel(2, { targets: [] })), {
    round: (shown) => ({
      queries: [],
      prepare: (_, place) => {
        if (shown.panel.id === 2) throw new Error('broken');
        return { ...emptyPanelState, answered: true, range: place.span };
      },
    }),
  });
  board.start();
  board.setVisible('1', true, 100);
  board.setVisible('2', true, 100);
  await settled();
  expect([board.panelState('1').answered, board.panelState('2').problems[0]]).toEqual([true, 'This panel’s data cannot be made ready: broken']);
  expect(board.snapshot().busy).toBe(false);
});

test('annotations go to the panels that they are for, and stay the same objects', async () => {
  const { board } = made(dashboard(panel(1, { targets: [] }), panel(2, { targets: [] }), panel(3, { targets: [] })), {
    annotations: async () => ({
      placed: [{ annotation: { time: 1, color: 'red' } }, { annotation: { time: 2, color: 'red' }, filter: { ids: [2] } }, { annotation: { time: 3, color: 'red' }, panel: 3 }],
      problems: ['one is missing'],
      byPanel: new Map(),
    }),
  });
  board.start();
  for (const key of ['1', '2', '3']) board.setVisible(key, true, 100);
  await settled();
  const times = (key: string) => board.panelState(key).annotations.map(({ time }) => time);
  expect([times('1'), times('2'), times('3')]).toEqual([[1], [1, 2], [1, 3]]);
  expect(board.snapshot().annotationProblems).toEqual(['one is missing']);
  const before = board.panelState('1').annotations;
  board.refresh();
  await settled();
  expect(board.panelState('1').annotations).toBe(before);
});

test('annotations are asked for anew when the server tells of others', async () => {
  let time = 1;
  const { board, asked } = made(dashboard(panel(1, { targets: [] })), { annotations: async () => ({ placed: [{ annotation: { time: (time += 1), color: 'red' } }], problems: [], byPanel: new Map() }) });
  board.start();
  board.setVisible('1', true, 100);
  await settled();
  const times = () => board.panelState('1').annotations.map((each) => each.time);
  expect(times()).toEqual([2]);
  const before = asked.length;
  board.refreshAnnotations();
  await settled();
  // Without a query of the panels.
  expect([times(), asked.length]).toEqual([[3], before]);
});

test('nothing is told after the end', async () => {
  const { board, asked } = made(dashboard(panel(1)));
  let told = 0;
  board.start();
  board.watchPanel('1', () => (told += 1));
  board.setVisible('1', true, 100);
  await settled();
  const before = told;
  board.stop();
  expect(asked[0]!.signal.aborted).toBe(true);
  asked[0]!.answer('1/A', 1);
  await settled();
  expect(told).toBe(before);
});

test('what comes at once is told once', async () => {
  const { board, asked } = made(dashboard(...Array.from({ length: 100 }, (_, at) => panel(at + 1))));
  const turns: number[] = [];
  let turn = 0;
  board.start();
  for (let key = 1; key <= 100; key += 1) {
    board.setVisible(String(key), true, 100);
    board.watchPanel(String(key), () => turns.push(turn));
  }
  await settled();
  turns.length = 0;
  for (let key = 1; key <= 100; key += 1) {
    // Each line of an answer is read in a step of its own, with no turn of the page between.
    await Promise.resolve();
    asked[0]!.answer(`${key}/A`, key);
  }
  expect(turns).toEqual([]);
  turn = 1;
  await settled();
  expect(turns).toEqual(new Array(100).fill(1));
});
