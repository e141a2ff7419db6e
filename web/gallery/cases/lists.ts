import type { Frame } from '../../src/dashboard/frame';
import type { Case } from '../case';
import { panel, span, start } from '../case';

const at = new Date(start).toISOString();
const alert = (state: string, labels: Record<string, string>) => ({ state, labels, annotations: { summary: `${labels.instance} does not answer` }, activeAt: at, value: '1' });
const rules = {
  groups: [
    {
      name: 'hosts',
      rules: [
        { type: 'alerting', name: 'HostDown', health: 'ok', query: 'up == 0', alerts: [alert('firing', { alertname: 'HostDown', instance: 'web-1', severity: 'critical' }), alert('pending', { alertname: 'HostDown', instance: 'web-2', severity: 'critical' })] },
        { type: 'alerting', name: 'DiskFull', health: 'err', query: 'x', alerts: [] },
        { type: 'alerting', name: 'Quiet', health: 'ok', query: 'x', alerts: [] },
      ],
    },
  ],
};
const board = (uid: string, title: string, folder: string | null) => ({ uid, title, tags: ['infra'], folder: folder === null ? null : { uid: folder, title: folder }, source: 'file', version: 1, updated: at, problems: 0 });
const known: Case['known'] = [
  [['rules'], rules],
  [['incidents', 'list', ['open', 'acknowledged'], 200, undefined], { incidents: [{ id: 'INC-7', labels: { alertname: 'HostDown', instance: 'web-1' } }], next: null }],
  [['dashboards', 'list'], { dashboards: [board('a', 'Nodes', 'Infrastructure'), board('b', 'Shop front', null), board('c', 'Queues', 'Infrastructure')], folders: [] }],
];
const column = (name: string, values: unknown[], type: 'string' | 'number' | 'time' = 'string') => ({ name, type, values, config: {} });
const trace: Frame = {
  refId: 'A',
  length: 4,
  meta: { kind: 'trace', query: '0a' },
  fields: [
    column('traceID', Array(4).fill('0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a')),
    column('spanID', ['0000000000000001', '0000000000000002', '0000000000000003', '0000000000000004']),
    column('parentSpanID', ['', '0000000000000001', '0000000000000002', '0000000000000001']),
    column('operationName', ['GET /cart', 'load', 'SELECT', 'render']),
    column('serviceName', ['web', 'cart', 'db', 'web']),
    column('kind', ['server', 'server', 'client', 'internal']),
    column('statusCode', ['unset', 'unset', 'error', 'unset']),
    column('startTime', [start, start + 5, start + 10, start + 60], 'time'),
    column('duration', [100, 50, 30, 35], 'number'),
  ],
};
const found: Frame = {
  refId: 'A',
  length: 2,
  meta: { kind: 'traces' },
  fields: [
    { ...column('traceID', ['0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a', '0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b']), config: { displayNameFromDS: 'Trace ID', links: [{ title: 'Open', url: '/traces/${__value.raw}' }] } },
    column('startTime', [start, start + 1000], 'time'),
    column('traceService', ['web', 'cart']),
    { ...column('traceDuration', [123, 0.5], 'number'), config: { unit: 'ms' } },
  ],
};
const nodes: Frame = { refId: 'A', length: 3, meta: { kind: 'graph' }, fields: [column('id', ['web', 'cart', 'db']), column('title', ['web', 'cart', 'db']), column('mainstat', [0.12, 0.05, 0.01], 'number'), column('secondarystat', [20, 12, 40], 'number'), column('arc__failed', [0, 0.1, 0], 'number')] };
const edges: Frame = { refId: 'A', length: 2, meta: { kind: 'graph' }, fields: [column('id', ['1', '2']), column('source', ['web', 'cart']), column('target', ['cart', 'db']), column('mainstat', [0.05, 0.01], 'number'), column('secondarystat', [12, 40], 'number'), column('failed', [1.2, 0], 'number')] };

const cases: Case[] = [
  { name: 'alertlist: by default', panel: panel('alertlist', {}), frames: [], span, known, seen: { text: ['HostDown', '2', 'firing', '1 h ago', 'INC-7', 'web-1 does not answer', 'instance', '=', 'web-1', 'severity', '=', 'critical', 'pending', '1 h ago', 'web-2 does not answer', 'instance', '=', 'web-2', 'severity', '=', 'critical', 'DiskFull', 'evaluation fails'] } },
  { name: 'alertlist: by severity, all states', panel: panel('alertlist', { options: { groupMode: 'custom', groupBy: ['severity'], stateFilter: { firing: true, pending: true, normal: true, error: true } } }), frames: [], span, known, seen: { text: ['severity=critical', '2', 'firing', 'HostDown', '1 h ago', 'INC-7', 'web-1 does not answer', 'instance', '=', 'web-1', 'severity', '=', 'critical', 'pending', 'HostDown', '1 h ago', 'web-2 does not answer', 'instance', '=', 'web-2', 'severity', '=', 'critical', 'severity=', '2', 'evaluation fails', 'DiskFull', 'normal', 'Quiet'] } },
  { name: 'alertlist: count', panel: panel('alertlist', { options: { viewMode: 'stat' } }), frames: [], span, known, width: 160, height: 100, seen: { text: ['3'] } },
  { name: 'alertlist: none', panel: panel('alertlist', { options: { alertName: 'nothing' } }), frames: [], span, known, width: 260, height: 100 },
  { name: 'dashlist: search', panel: panel('dashlist', { options: { showSearch: true, showRecentlyViewed: true } }), frames: [], span, known, width: 300, seen: { links: [['Nodes', '/d/a/nodes'], ['Queues', '/d/c/queues'], ['Shop front', '/d/b/shop-front']] } },
  { name: 'dashlist: starred', panel: panel('dashlist', { options: { showStarred: true } }), frames: [], span, known, width: 300, height: 80 },
  { name: 'traces: one', panel: panel('traces', {}), frames: [trace], span, seen: { text: ['web', 'GET /cart', '100 ms', ',', '4', 'spans', ', 1 with errors', 'web', 'GET /cart', '100 ms', 'cart', 'load', '50 ms', 'db', 'SELECT', '30 ms', 'web', 'render', '35 ms'] } },
  { name: 'traces: found', panel: panel('traces', {}), frames: [found], span, height: 140, seen: { text: ['Trace ID', 'startTime', 'traceService', 'traceDuration', '0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a', '2026-03-10 12:00:00.000', 'web', '123 ms', '0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b', '2026-03-10 12:00:01.000', 'cart', '0.500 ms'], links: [['0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a', '/traces/0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a'], ['0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b', '/traces/0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b']] } },
  { name: 'nodeGraph: services', panel: panel('nodeGraph', {}), frames: [nodes, edges], span, width: 800, seen: { text: ['12', '/s', '· 10 % ✕', '50 ms', '40', '/s', '10 ms', 'Traces of web', 'web', '20/s', '· 120 ms', '0 %', 'errors', 'Traces of cart', 'cart', '12/s', '· 50 ms', '✕', '10 %', 'errors', 'Traces of db', 'db', '40/s', '· 10 ms', '0 %', 'errors'] } },
];
export default cases;
