import { expect, test } from 'vitest';
import type { Dashboard, Panel, Target } from '../model';
import { aligned, otherInterval, promqlInterval } from './interval';
import { panelRequest } from './request';
import type { PanelContext } from './targets';
import { scrapeIntervalOf } from './scrape';
import { searchQuery } from './tempo';

const hour = 3_600_000;
const from = Date.parse('2026-11-22T12:00:00Z');
const span = { from, to: from + 6 * hour };

const dashboard: Dashboard = { uid: 'd', title: 'A dashboard', panels: [] };
const context = (more: Partial<PanelContext> = {}): PanelContext => ({ dashboard, variables: {}, key: '3', span, raw: { from: 'now-6h', to: 'now' }, now: span.to, timeZone: 'UTC', isDark: true, width: 800, ...more });
const panel = (targets: Partial<Target>[], more: Partial<Panel> = {}): Panel => ({ id: 3, type: 'timeseries', gridPos: { x: 0, y: 0, w: 12, h: 8 }, targets: targets.map((target, at) => ({ refId: 'ABC'[at]!, ...target })) as Target[], ...more });
const ask = (target: Partial<Target>, more: Partial<Panel> = {}, ctx: Partial<PanelContext> = {}) => panelRequest(panel([target], more), context(ctx));

test.each([
  // Six hours over 800 points are 27 s, rounded to 30 s.
  [{ width: 800 }, 30_000, '1m'],
  // 1,000 pixels: 21.6 s → 20 s, and the scrape interval of 15 s is less.
  [{ width: 1_000 }, 20_000, '1m'],
  // 10 points: 36 min → 30 min; the rate's window is that and one scrape.
  [{ width: 10 }, 1_800_000, '1815s'],
  // 2,000 points: 10.8 s → 10 s, but nothing is scraped more often than every 15 s.
  [{ width: 2_000 }, 15_000, '1m'],
  [{ width: 2_000, panelInterval: '1m' }, 60_000, '75s'],
  [{ width: 2_000, panelInterval: '>2m' }, 120_000, '135s'],
  // The query's own least step is below the panel's and counts as its scrape interval.
  [{ width: 2_000, panelInterval: '1m', queryInterval: '5s' }, 10_000, '20s'],
  [{ width: 800, queryInterval: '2m' }, 120_000, '8m'],
  [{ width: 800, queryInterval: '$__interval' }, 30_000, '1m'],
  [{ width: 800, queryInterval: '$__rate_interval' }, 60_000, '1m'],
  [{ width: 800, intervalFactor: 2 }, 60_000, '75s'],
  // More than 11,000 points are refused: six hours in steps of 1 s are 21,600.
  [{ width: 50_000, queryInterval: '1s', scrapeMs: 1_000 }, 2_000, '4s'],
])('%o gives steps of %i ms and rates over %s', ({ width, ...rest }, stepMs, rate) => {
  const interval = promqlInterval({ span, maxDataPoints: width, scrapeMs: 15_000, ...rest });
  expect([interval.stepMs, interval.variables.__rate_interval!.value]).toEqual([stepMs, rate]);
});

test('steps of logs know of no scraping, and an instant looks at the whole range', () => {
  const settings = { span, maxDataPoints: 10_000, scrapeMs: 15_000 };
  const shown = (interval: ReturnType<typeof otherInterval>) => [interval.stepMs, interval.variables.__interval!.value, interval.variables.__auto!.value];
  expect(shown(otherInterval(settings, false))).toEqual([2_000, '2s', '2s']);
  expect(shown(otherInterval(settings, true))).toEqual([2_000, '2s', '6h']);
  expect(shown(otherInterval({ ...settings, queryInterval: '1m' }, false))).toEqual([60_000, '2s', '1m']);
  expect(shown(otherInterval({ ...settings, intervalFactor: 5 }, false))).toEqual([10_000, '2s', '10s']);
});

test('ranges lie on the grid of their step, days on those of the zone', () => {
  const at = (text: string) => Date.parse(text);
  const given = { from: at('2026-11-20T10:07:31Z'), to: at('2026-11-22T10:07:31Z') };
  const shown = (stepMs: number, offset: number) => Object.values(aligned(given, stepMs, offset)).map((ms) => new Date(ms).toISOString());
  expect(shown(60_000, 0)).toEqual(['2026-11-20T10:07:00.000Z', '2026-11-22T10:07:00.000Z']);
  expect(shown(86_400_000, hour)).toEqual(['2026-11-19T23:00:00.000Z', '2026-11-21T23:00:00.000Z']);
});

test('a query over a range, at its end, both, and with the traces behind it', () => {
  const grid = { from_ms: from, to_ms: span.to, step_ms: 30_000 };
  const base = { language: 'promql', query: 'rate(up[1m])' };
  expect(ask({ expr: 'rate(up[$__rate_interval])' }).queries).toEqual([{ ...base, id: '3/A', kind: 'range', ...grid }]);
  const at = { from_ms: from, to_ms: span.to };
  expect(ask({ expr: 'rate(up[$__rate_interval])', instant: true }).queries).toEqual([{ ...base, id: '3/A', kind: 'instant', ...at }]);
  expect(ask({ expr: 'rate(up[$__rate_interval])', instant: true, range: true, exemplar: true }).queries).toEqual([
    { ...base, id: '3/A', kind: 'range', ...grid },
    { ...base, id: '3/A:instant', kind: 'instant', ...at },
    { ...base, id: '3/A:exemplars', kind: 'exemplars', ...grid, to_ms: span.to + 30_000, step_ms: undefined },
  ]);
  expect(ask({ expr: 'up', hide: true }).queries).toEqual([]);
  expect(ask({ expr: '  ' })).toMatchObject({ queries: [], problems: [] });
  expect(ask({ expr: 'up' }, { type: 'text' }).queries).toEqual([]);
});

test('the panel’s points, its range and its shift shape its queries', () => {
  expect(ask({ expr: 'increase(a[$__range])' }, { maxDataPoints: 100, timeFrom: '1h', timeShift: '1d' }).queries).toEqual([
    // An hour over 100 points is 36 s, rounded to 30 s.
    { id: '3/A', language: 'promql', kind: 'range', query: 'increase(a[3600s])', from_ms: span.to - 25 * hour, to_ms: span.to - 24 * hour, step_ms: 30_000 },
  ]);
  expect(ask({ expr: 'a' }, { timeShift: '1x' }).problems).toEqual(['The panel’s shift `1x` is no number with a unit, such as `1d`']);
});

test('queries of other languages by their data source', () => {
  const loki = { datasource: { type: 'loki', uid: 'P8E80F9AEF21F6940' } };
  expect(ask({ expr: '{app="a"} |= "x"', maxLines: 50, ...loki }).queries).toEqual([{ id: '3/A', language: 'logql', kind: 'logs', query: '{app="a"} |= "x"', from_ms: from, to_ms: span.to, limit: 50, direction: 'backward' }]);
  expect(ask({ expr: 'sum(rate({app="a"}[$__auto]))', queryType: 'range', ...loki }).queries).toEqual([{ id: '3/A', language: 'logql', kind: 'range', query: 'sum(rate({app="a"}[30s]))', from_ms: from, to_ms: span.to, step_ms: 30_000 }]);
  expect(ask({ expr: 'sum(count_over_time({app="a"}[$__auto]))', queryType: 'instant', ...loki }).queries).toEqual([{ id: '3/A', language: 'logql', kind: 'instant', query: 'sum(count_over_time({app="a"}[6h]))', from_ms: from, to_ms: span.to }]);
  const tempo = { datasource: { type: 'tempo', uid: 'x' }, queryType: 'traceql' };
  const base = { id: '3/A', language: 'traceql', from_ms: from, to_ms: span.to };
  expect(ask({ query: '{ status = error }', limit: 7, ...tempo }).queries).toEqual([{ ...base, kind: 'traces', query: '{ status = error }', limit: 7 }]);
  expect(ask({ query: '4BF92F3577B34DA6A3CE929D0E0E4736', ...tempo }).queries).toEqual([{ ...base, kind: 'trace', query: '4bf92f3577b34da6a3ce929d0e0e4736' }]);
  expect(ask({ query: '{} | rate()', ...tempo }).queries).toEqual([{ ...base, kind: 'range', query: '{} | rate()', step_ms: 30_000 }]);
  expect(ask({ ...tempo, queryType: 'serviceMap', serviceMapQuery: '{client="shop"}' }).queries[0]).toEqual({
    ...{ ...base, language: 'promql' },
    id: '3/A:requests',
    kind: 'instant',
    query: 'sum by (client, server, connection_type) (rate(traces_service_graph_request_total{client="shop"}[6h]))',
  });
});

test('what Phoenix cannot ask is a problem, and the other queries are asked', () => {
  const mixed = panel([{ expr: 'up', datasource: { type: 'prometheus', uid: 'p' } }, { datasource: { type: 'influxdb', uid: 'i' } }, { datasource: { type: '__expr__', uid: '__expr__' } }], { datasource: { type: 'datasource', uid: '-- Mixed --' } });
  const request = panelRequest(mixed, context());
  expect([request.queries.map(({ id }) => id), request.problems]).toEqual([['3/A'], ['Query B: not shown: InfluxDB', 'Query C: not shown: expressions of Grafana’s server']]);
});

test('a panel shows another panel’s data', () => {
  const source = panel([{ expr: 'up' }, { expr: 'down', hide: true }], { id: 8, maxDataPoints: 10 });
  const shown: Panel = panel([{ panelId: 8, datasource: { type: 'datasource', uid: '-- Dashboard --' } }], { datasource: { type: 'datasource', uid: '-- Dashboard --' } });
  const request = panelRequest(shown, context({ dashboard: { ...dashboard, panels: [source, shown] } }));
  expect([request.panel.id, request.queries.map(({ id, query, step_ms: step }) => [id, query, step])]).toEqual([3, [['3/A', 'up', 1_800_000]]]);
  const circle = { ...shown, targets: [{ ...shown.targets![0]!, panelId: 3 }] };
  expect(panelRequest(circle, context({ dashboard: { ...dashboard, panels: [circle] } })).problems).toEqual(['Panels show each other’s data in a circle']);
  expect(panelRequest(shown, context()).problems).toEqual(['Query A: the panel whose data it shows does not exist']);
});

test('values of tables are told apart only where there are several', () => {
  const names = (targets: Partial<Target>[]) => panelRequest(panel(targets), context()).targets.map(({ valueName }) => valueName);
  expect(names([{ expr: 'a', format: 'table' }, { expr: 'b' }])).toEqual(['Value', 'Value']);
  expect(names([{ expr: 'a', format: 'table' }, { expr: 'b', format: 'table' }, { expr: 'c', format: 'table', hide: true }])).toEqual(['Value #A', 'Value #B']);
});

test.each([
  [[{ tag: 'service.name', scope: 'resource', operator: '=', value: ['shop', 'pay'] }], '{ resource.service.name =~ "shop|pay" }'],
  [[{ tag: 'name', scope: 'span', operator: '=', value: 'GET /', valueType: 'string' }, { tag: 'status', scope: 'intrinsic', value: 'error', valueType: 'keyword' }], '{ name = "GET /" && status = error }'],
  [[{ tag: 'duration', operator: '>', value: '100ms', valueType: 'duration' }, { tag: 'http.status_code', scope: 'span', operator: '>=', value: '500', valueType: 'int' }], '{ duration > 100ms && span.http.status_code >= 500 }'],
  [[{ tag: 'x', scope: 'unscoped', value: [] }, { tag: '', value: 'y' }], '{}'],
])('the form %o is %s', (filters, query) => {
  expect(searchQuery(filters, (text) => text)).toBe(query);
});

test.each([
  ['global:\n  scrape_interval: 2s # often\n  scrape_timeout: 1s\n', 2_000],
  ['a: 1\n---\nglobal:\n  resolve_timeout: 5m\n---\nglobal:\n  external_labels:\n    a: b\n\n  scrape_interval: "30s"\nscrape_configs:\n  - scrape_interval: 5s\n', 30_000],
  ['global: {scrape_timeout: 1s, scrape_interval: 1m}\n', 60_000],
  ['global:\n  evaluation_interval: 1s\nscrape_configs:\n  - job_name: a\n    scrape_interval: 5s\n', 60_000],
  ['# scrape_interval: 1s\nlisten: x\n', null],
  ['', null],
])('%j scrapes every %s ms', (yaml, ms) => {
  expect(scrapeIntervalOf(yaml)).toBe(ms);
});
