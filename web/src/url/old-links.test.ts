import { expect, test } from 'vitest';
import { readExplore } from './explore';
import { redirectOldLink } from './old-links';

const redirect = (address: string) => redirectOldLink(new URL(address, 'http://phoenix.test'));

test.each([
  ['/', null],
  ['/alerts?state=firing', null],
  ['/explore?q0=up', null],
  ['/config', '/status?tab=config'],
  ['/flags', '/status?tab=flags'],
  ['/tsdb-status', '/status?tab=tsdb'],
  ['/service-discovery', '/targets?show=discovered'],
  ['/classic/alerts', '/alerts'],
  ['/classic/targets?search=node', '/targets?search=node'],
  ['/classic/config', '/status?tab=config'],
  ['/targets/', '/targets'],
  ['/#/alerts', '/alerts?tab=notifications'],
  ['/#/alerts?silenced=false&filter=%7Bjob%3D%22api%22%7D', '/alerts?tab=notifications&filter=%7Bjob%3D%22api%22%7D'],
  ['/#/silences', '/silences'],
  ['/#/silences/new?filter=%7Balertname%3D%22Down%22%7D', '/silences/new?filter=%7Balertname%3D%22Down%22%7D'],
  ['/#/silences/abc-1', '/silences/abc-1'],
  ['/#/silences/abc-1/edit', '/silences/abc-1?edit=1'],
  ['/#/status', '/status'],
  ['/#main', null],
])('%s leads to %s', (from, to) => {
  expect(redirect(from)).toBe(to);
});

const graph = (query: string) => {
  const target = redirect(`/graph?${query}`);
  expect(target).toMatch(/^\/explore\?/);
  return readExplore(new URL(target!, 'http://phoenix.test').searchParams);
};

test('a graph link of Prometheus 2 keeps what it shows', () => {
  const state = graph('g0.expr=rate(a%5B5m%5D)&g0.tab=0&g0.stacked=1&g0.range_input=2h&g0.end_input=2026-11-22%2020%3A15%3A00&g0.step_input=30');
  expect(state).toMatchObject({ tab: 'chart', range: 7_200, end: Date.UTC(2026, 10, 22, 20, 15) / 1000, step: 30, stacked: true, mixed: false });
  expect(state.queries).toEqual([{ text: 'rate(a[5m])', language: 'promql', hidden: false }]);
});

test('a graph link of Prometheus 3 keeps what it shows', () => {
  expect(graph('g0.expr=up&g0.tab=graph&g0.display_mode=stacked&g0.res_type=fixed&g0.res_step=15s&g0.range_input=1d')).toMatchObject({ tab: 'chart', range: 86_400, end: null, step: 15, stacked: true });
  expect(graph('g0.expr=up&g0.tab=table&g0.moment_input=2026-11-22%2020%3A15%3A00')).toMatchObject({ tab: 'table', end: Date.UTC(2026, 10, 22, 20, 15) / 1000 });
  expect(graph('g0.expr=up&g0.tab=graph&g0.res_type=auto&g0.res_density=medium&g0.step_input=9').step).toBeNull();
});

test('panels of their own settings become one chart and say so', () => {
  const state = graph('g0.expr=a&g0.tab=0&g0.range_input=1h&g1.expr=b&g1.tab=0&g1.range_input=2h');
  expect(state.queries.map((query) => query.text)).toEqual(['a', 'b']);
  expect(state).toMatchObject({ range: 3_600, mixed: true });
});
