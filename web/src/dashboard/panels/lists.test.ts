/** Lists of alerts and dashboards, and what panels of traces and calls read from tables. */

import { expect, test } from 'vitest';
import type { DashboardSummary } from '../../api/dashboards';
import type { Incident } from '../../api/phoenix';
import type { Rule, RuleGroup } from '../../api/prometheus';
import { buildTrace } from '../../traces/trace';
import type { Frame } from '../frame';
import type { Order } from './alertlist/alerts';
import { alertsOf, filterOf, grouped, incidentOf, meets, ordered } from './alertlist/alerts';
import { carried, listsOf } from './dashlist/list';
import { graphOf } from './service-graph/graph';
import { spansOf } from './traces/spans';

const rule = (name: string, alerts: [state: 'firing' | 'pending', labels: Record<string, string>, since: string][], more: Partial<Rule> = {}): Rule => ({
  type: 'alerting',
  name,
  query: 'up == 0',
  labels: {},
  health: 'ok',
  evaluationTime: 0,
  lastEvaluation: '',
  alerts: alerts.map(([state, labels, activeAt]) => ({ state, labels: { alertname: name, ...labels }, annotations: {}, activeAt, value: '1' })),
  ...more,
});
const groups: RuleGroup[] = [
  {
    name: 'g',
    file: 'f',
    interval: 15,
    evaluationTime: 0,
    lastEvaluation: '',
    rules: [
      rule('Slow', [['pending', { job: 'api', severity: 'warning' }, '2026-03-10T10:00:00Z']]),
      rule('Down', [['firing', { job: 'web', severity: 'critical' }, '2026-03-10T12:00:00Z'], ['firing', { job: 'api', severity: 'critical' }, '2026-03-10T11:00:00Z']]),
      rule('Quiet', []),
      rule('Broken', [], { health: 'err' }),
      rule('recorded', [], { type: 'recording' }),
    ],
  },
];
const names = (options: Record<string, unknown>, order: Order = 1) => ordered(alertsOf(groups, filterOf(options, (text) => text.replace('$job', 'api'))), order).map(({ name, labels }) => `${name} ${labels.job ?? ''}`.trim());

test.each<[string, Record<string, unknown>, Order, string[]]>([
  ['what needs attention, by default', {}, 1, ['Broken', 'Down web', 'Down api', 'Slow api']],
  ['by name backwards', {}, 2, ['Slow api', 'Down web', 'Down api', 'Broken']],
  ['by importance', {}, 3, ['Down web', 'Down api', 'Broken', 'Slow api']],
  ['the longest first', {}, 4, ['Slow api', 'Down api', 'Down web', 'Broken']],
  ['the newest first', {}, 5, ['Down web', 'Down api', 'Slow api', 'Broken']],
  ['states that are asked for', { stateFilter: { firing: true, normal: true } }, 1, ['Down web', 'Down api', 'Quiet']],
  ['a part of the name', { alertName: 'LOW' }, 1, ['Slow api']],
  ['labels, with variables', { alertInstanceLabelFilter: '{job="$job", severity=~"c.*"}' }, 1, ['Down api']],
  ['labels that are not there', { alertInstanceLabelFilter: '{job!="api"}' }, 1, ['Broken', 'Down web']],
])('alerts: %s', (_, options, order, expected) => {
  expect(names(options, order)).toEqual(expected);
});

test('a filter that cannot be read is told', () => {
  expect(filterOf({ alertInstanceLabelFilter: '{job=' }, (text) => text).problem).toContain('{job=');
});

test.each([
  ['=', 'a', true],
  ['!=', 'a', false],
  ['=~', 'a|b', true],
  ['=~', 'b', false],
  ['!~', 'b', true],
  ['=~', '(', false],
] as const)('a label a %s %s: %s', (operator, value, expected) => {
  expect(meets({ x: 'a' }, { name: 'x', operator, value })).toBe(expected);
});

test('alerts in groups, and their incidents', () => {
  const alerts = ordered(alertsOf(groups, filterOf({}, (text) => text)), 1);
  expect(grouped(alerts, null).map(({ title, alerts: of }) => [title, of.length])).toEqual([['Broken', 1], ['Down', 2], ['Slow', 1]]);
  expect(grouped(alerts, ['job']).map(({ title, alerts: of }) => [title, of.length])).toEqual([['job=', 1], ['job=web', 1], ['job=api', 2]]);
  const incidents = [{ id: 'INC-1', labels: { alertname: 'Down' } }, { id: 'INC-2', labels: { alertname: 'Down', job: 'api' } }, { id: 'INC-3', labels: {} }] as unknown as Incident[];
  expect(alerts.map((alert) => incidentOf(alert, incidents)?.id)).toEqual([undefined, 'INC-1', 'INC-2', undefined]);
});

const board = (uid: string, title: string, tags: string[], folder: string | null): DashboardSummary => ({ uid, title, tags, folder: folder === null ? null : { uid: folder, title: folder }, source: 'state', version: 1, updated: '', problems: 0 });
const boards = [board('c', 'Nodes 10', ['infra', 'linux'], 'ops'), board('a', 'Nodes 9', ['infra'], null), board('b', 'Shop', ['linux'], 'team')];
test.each<[string, Record<string, unknown>, [string, string[]][]]>([
  ['nothing unless it is asked for', {}, []],
  ['all by name', { showSearch: true }, [['Search', ['a', 'c', 'b']]]],
  ['by a part of the title', { showSearch: true, query: 'nodes' }, [['Search', ['a', 'c']]]],
  ['by all tags', { showSearch: true, tags: ['infra', 'linux'] }, [['Search', ['c']]]],
  ['by folder', { showSearch: true, folderUID: 'team' }, [['Search', ['b']]]],
  ['in no folder', { showSearch: true, folderUID: 'general' }, [['Search', ['a']]]],
  ['no more than asked for', { showSearch: true, maxItems: 1 }, [['Search', ['a']]]],
  ['those last looked at, in that order', { showRecentlyViewed: true }, [['Recently viewed', ['b', 'a']]]],
])('dashboards: %s', (_, options, expected) => {
  expect(listsOf(boards, ['b', 'gone', 'a'], options, (text) => text).map(({ heading, dashboards }) => [heading, dashboards.map(({ uid }) => uid)])).toEqual(expected);
});

test('links take along what they are asked to', () => {
  const search = 'from=now-1h&to=now&var-a=1&var-a=2&kiosk=1';
  expect([carried(search, {}), carried(search, { keepTime: true }), carried(search, { includeVars: true })]).toEqual(['', '?from=now-1h&to=now', '?var-a=1&var-a=2']);
});

const column = (name: string, values: unknown[]): Frame['fields'][number] => ({ name, type: 'other', values, config: {} });

test('spans of a table are a trace', () => {
  const frame: Frame = {
    refId: 'A',
    length: 3,
    fields: [
      column('traceID', ['0a', '0a', '0a']),
      column('spanID', ['01', '02', '03']),
      column('parentSpanID', ['', '01', '01']),
      column('operationName', ['GET /', 'query', '']),
      column('serviceName', ['web', 'db', 'web']),
      column('kind', ['server', 'client', 'x']),
      column('statusCode', ['unset', 'error', 'ok']),
      column('startTime', [1_700_000_000_000, 1_700_000_000_001.5, 1_700_000_000_002]),
      column('duration', [10, 2.25, null]),
    ],
  };
  const trace = buildTrace(spansOf(frame));
  expect(trace.spans.map(({ raw, begin, duration, parent }) => [raw.resource.service, raw.name, raw.kind, raw.status, begin, duration, parent])).toEqual([
    ['web', 'GET /', 'server', 'unset', 0, 10_000_000, -1],
    ['db', 'query', 'client', 'error', 1_500_000, 2_250_000, 0],
    ['web', '(no name)', 'unspecified', 'ok', 2_000_000, 0, 0],
  ]);
});

test('nodes and edges are services and calls', () => {
  const nodes: Frame = { refId: 'A', length: 2, fields: [column('id', ['1', '2']), column('title', ['web', 'db']), column('mainstat', [0.5, null]), column('secondarystat', [10, 4]), column('arc__failed', [0.1, 0])] };
  const edges: Frame = { refId: 'A', length: 2, fields: [column('id', ['1_2', '2_3']), column('source', ['1', '2']), column('target', ['2', 'disk']), column('mainstat', [0.2, NaN]), column('secondarystat', [4, 1]), column('failed', [1, null]), column('connection', ['', 'database'])] };
  const graph = graphOf([nodes, edges])!;
  expect([...graph.nodes]).toEqual([['web', { rate: 10, failed: 1, p95: 0.5 }], ['db', { rate: 4, failed: 0, p95: null }], ['disk', { rate: 0, failed: 0, p95: null }]]);
  expect(graph.edges).toEqual([{ client: 'web', server: 'db', connection: '', rate: 4, failed: 1, p95: 0.2 }, { client: 'db', server: 'disk', connection: 'database', rate: 1, failed: 0, p95: null }]);
  expect(graphOf([])).toBeNull();
});
