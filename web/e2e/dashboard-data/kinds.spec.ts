import type { Locator } from '@playwright/test';
import type { Case, Seen } from '../../gallery/case';
import { readers } from '../gallery/readers';
import { expect, test } from '../page';
import { answerQueries, measured, waiting, type Answered } from './answers';

/** From 11:40 to 12:00 in steps of ten minutes. */
const known: Record<string, Answered[]> = {
  load: [
    { labels: { host: 'a' }, values: [1, 2, 3] },
    { labels: { host: 'b' }, values: [10, 20, 30] },
  ],
  cpu: [
    { labels: { host: 'a' }, values: [10] },
    { labels: { host: 'b' }, values: [30] },
  ],
  // Each bucket counts what is in those below it as well.
  buckets: [
    { labels: { le: '0.1' }, values: [1, 2, 3] },
    { labels: { le: '1' }, values: [3, 5, 7] },
    { labels: { le: '+Inf' }, values: [4, 7, 10] },
  ],
  up: [{ labels: { host: 'a' }, values: [1, 1, 0] }],
};

const prometheus = { type: 'prometheus', uid: 'prometheus' };
const range = (expr: string, more: object = {}) => ({ refId: 'A', expr, instant: false, range: true, legendFormat: '{{host}}', datasource: prometheus, ...more });
const limits = { min: 0, max: 60 };
const last = { reduceOptions: { calcs: ['lastNotNull'] } };
const mappings = [{ type: 'value', options: { 1: { text: 'Up' }, 0: { text: 'Down' } } }];

interface Shown {
  type: string;
  target: object;
  defaults?: object;
  options?: object;
  seen: Seen;
}

/** What each kind shows of a server's answers. */
const kinds: Shown[] = [
  { type: 'timeseries', target: range('load'), seen: { drawn: { a: [1, 2, 3], b: [10, 20, 30] }, x: [-20, -10, 0].map((minutes) => measured + minutes * 60_000), legend: ['a', 'b'] } },
  { type: 'stat', target: range('load'), options: { ...last, graphMode: 'none' }, seen: { values: ['3', '30'], names: ['a', 'b'] } },
  { type: 'gauge', target: range('load'), defaults: limits, options: last, seen: { values: ['3', '30'], names: ['a', 'b'], filled: [0.05, 0.5] } },
  { type: 'bargauge', target: range('load'), defaults: limits, options: { ...last, displayMode: 'basic', orientation: 'horizontal' }, seen: { values: ['3', '30'], names: ['a', 'b'], filled: [0.05, 0.5] } },
  // 30 and 3 of 33.
  { type: 'piechart', target: range('load'), options: last, seen: { label: 'piechart. b: 30 (91%), a: 3 (9%)' } },
  { type: 'barchart', target: range('cpu', { instant: true, range: false, format: 'table' }), options: { xField: 'host' }, seen: { x: ['a', 'b'], drawn: { Value: [10, 30] } } },
  { type: 'histogram', target: range('load'), options: { bucketSize: 10 }, seen: { x: ['0', '10', '20', '30'], asked: { a: [3, 0, 0, 0], b: [0, 1, 1, 1] } } },
  { type: 'heatmap', target: range('buckets', { format: 'heatmap', legendFormat: '{{le}}' }), seen: { drawn: { 'up to 0.1': [1, 2, 3], '0.1 to 1': [2, 3, 4], '1 to +Inf': [1, 2, 3] } } },
  { type: 'table', target: range('cpu', { instant: true, range: false, format: 'table' }), seen: { table: [['Time', 'host', 'Value'], ['2026-03-10 12:00:00.000', 'a', '10'], ['2026-03-10 12:00:00.000', 'b', '30']] } },
];

const board = {
  uid: 'e2e-kinds',
  title: 'Kinds of the browser tests',
  schemaVersion: 41,
  timezone: 'utc',
  time: { from: new Date(measured - 1_200_000).toISOString(), to: new Date(measured).toISOString() },
  templating: { list: [] },
  panels: [
    ...kinds.map(({ type, target, defaults = {}, options = {} }, at) => ({ id: at + 1, type, title: type, gridPos: { x: (at % 3) * 8, y: Math.floor(at / 3) * 8, w: 8, h: 8 }, datasource: prometheus, targets: [target], fieldConfig: { defaults, overrides: [] }, options, interval: '10m' })),
    ...['state-timeline', 'status-history'].map((type, at) => ({ id: 20 + at, type, title: type, gridPos: { x: at * 12, y: 24, w: 12, h: 6 }, datasource: prometheus, targets: [range('up')], fieldConfig: { defaults: { mappings }, overrides: [] }, options: {}, interval: '10m' })),
  ],
};

const states = (panel: Locator) =>
  panel.locator('canvas[data-states]').evaluate((node) => (node as HTMLCanvasElement & { __states: () => { name: string; states: { from: number; to: number; text: string }[] }[] }).__states().map(({ name, states }) => [name, ...states.map(({ from, to, text }) => [text, from, to])]));

test('every kind shows the numbers of the server’s answers', async ({ page, request }) => {
  const made = await request.post('/api/phoenix/v1/dashboards', { data: { dashboard: board, overwrite: true } });
  expect(made.ok(), await made.text()).toBe(true);
  await answerQueries(page, known);
  await page.setViewportSize({ width: 1280, height: 1600 });
  await page.goto(`/d/${board.uid}`);
  await expect(page.locator(waiting)).toHaveCount(0);
  const panel = (name: string) => page.getByRole('region', { name, exact: true });
  for (const { type, seen } of kinds) {
    await expect(panel(type).locator('canvas, svg[role], .stat, [role="table"], .bar-gauge').first()).toBeVisible();
    for (const key of Object.keys(seen) as (keyof Seen)[]) {
      expect.soft(await readers[key](panel(type), { seen } as Case, page), `${type}: ${key}`).toEqual(seen[key]);
    }
  }
  const at = (minutes: number) => measured + minutes * 60_000;
  expect(await states(panel('state-timeline'))).toEqual([['a', ['Up', at(-20), at(0)], ['Down', at(0), at(0)]]]);
  expect(await states(panel('status-history'))).toEqual([['a', ['Up', at(-25), at(-15)], ['Up', at(-15), at(-5)], ['Down', at(-5), at(5)]]]);
});
