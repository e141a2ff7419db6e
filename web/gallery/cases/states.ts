import type { Frame } from '../../src/dashboard/frame';
import type { Case } from '../case';
import { noise, panel, series, span, start, wave } from '../case';

const random = noise(11);
const upDown = (name: string, risk: number): Frame => {
  let up = 1;
  return series(name, Array.from({ length: 60 }, () => (up = random() < risk ? 1 - up : up)));
};
const pods = ['api', 'worker', 'scheduler', 'a-pod-with-a-long-name-7d9f8c'].map((name, index) => upDown(name, 0.04 * (index + 1)));
const mappings = [{ type: 'value' as const, options: { 1: { text: 'Up', color: 'green' }, 0: { text: 'Down', color: 'red' } } }];
const thresholds = { mode: 'absolute' as const, steps: [{ value: null, color: 'green' }, { value: 50, color: 'orange' }, { value: 75, color: 'red' }] };
const loads = [1, 2, 3].map((seed) => series(`cpu-${seed}`, wave(60, { seed, period: 30 + seed })));
const words: Frame = { refId: 'A', length: 5, fields: [{ name: 'Time', type: 'time', values: [0, 10, 25, 26, 50].map((at) => start + at * 60_000), config: {} }, { name: 'phase', type: 'string', values: ['build', 'test', 'deploy', null, 'idle'], config: {} }] };
const logs: Frame = {
  refId: 'A',
  length: 40,
  meta: { kind: 'logs', query: '{app="api"}', language: 'logql' },
  fields: [
    { name: 'labels', type: 'other', values: Array.from({ length: 40 }, (_, index) => ({ app: 'api', pod: `api-${index % 3}`, level: ['info', 'warn', 'error', 'debug'][index % 4]! })), config: {} },
    { name: 'Time', type: 'time', values: Array.from({ length: 40 }, (_, index) => start + index * 30_000), config: {} },
    { name: 'Line', type: 'string', values: Array.from({ length: 40 }, (_, index) => (index % 5 === 0 ? `{"message":"request ${index}","status":${200 + (index % 4) * 100},"path":"/api/items"}` : `level=info msg="a request that took its time and says so at length, so that the line has to be wrapped or cut" duration=${index}ms`)), config: {} },
    { name: 'tsNs', type: 'string', values: Array.from({ length: 40 }, (_, index) => `${start + index * 30_000}000000`), config: {} },
  ],
};
const repeated: Frame = { ...logs, length: 6, fields: logs.fields.map((field) => ({ ...field, values: field.values.slice(0, 6) })) };
repeated.fields[2]!.values = ['retry 1', 'retry 2', 'retry 3', 'done', 'retry 4', 'done'];

const ofTrace: Frame = { ...logs, length: 2, fields: logs.fields.map((field) => ({ ...field, values: field.name === 'Line' ? ['level=info trace_id=0123456789abcdef0123456789abcdef took=5ms', 'level=warn took=9ms'] : field.values.slice(0, 2) })) };
const tens = { step: 600_000 };
const [up, down] = ['#00aa00', '#aa0000'];
const own = [{ type: 'value' as const, options: { 1: { text: 'Up', color: up }, 0: { text: 'Down', color: down } } }];

const cases: Case[] = [
  { name: 'state-timeline: mapped', panel: panel('state-timeline', { defaults: { mappings }, options: { legend: { showLegend: true, displayMode: 'list', placement: 'bottom' } } }), frames: pods, span },
  { name: 'state-timeline: thresholds', panel: panel('state-timeline', { defaults: { thresholds, unit: 'percent', color: { mode: 'thresholds' } }, options: { legend: { showLegend: true, displayMode: 'list', placement: 'right' } } }), frames: loads, span },
  { name: 'state-timeline: not merged, continuous', panel: panel('state-timeline', { defaults: { decimals: 0 }, options: { mergeValues: false, showValue: 'never' } }), frames: loads, span },
  { name: 'state-timeline: texts, in the middle, outlined', panel: panel('state-timeline', { custom: { lineWidth: 2, fillOpacity: 20 }, defaults: { color: { mode: 'palette-classic' } }, options: { alignValue: 'center', rowHeight: 0.6 } }), frames: [words], span, height: 120 },
  // The first three samples are up, which is one state; nothing is known of the sixth minute.
  { name: 'state-timeline: each state in its place', panel: panel('state-timeline', { defaults: { mappings: own }, options: { rowHeight: 1, legend: { showLegend: true, displayMode: 'list', placement: 'bottom' } } }), frames: [series('api', [1, 1, 1, 0, 0, null], tens), series('db', [0, 1, 0, 1, 1, 1], tens)], span, height: 140, seen: { states: { api: [['Up', 0, 30, up], ['Down', 30, 50, down]], db: [['Down', 0, 10, down], ['Up', 10, 20, up], ['Down', 20, 30, down], ['Up', 30, 60, up]] }, legend: ['Up', 'Down'] } },
  { name: 'state-timeline: links', panel: panel('state-timeline', { title: 'States', defaults: { mappings: own, links: [{ title: 'Logs of ${__field.labels.series}', url: '/logs?q=${__field.labels.series}&was=${__value.raw}' }, { title: 'No script', url: 'javascript:alert(1)' }] } }), frames: [series('api', [1, 1, 1, 0, 0, null], tens), series('db', [0, 1, 0, 1, 1, 1], tens)], span, height: 140 },
  { name: 'status-history: links', panel: panel('status-history', { title: 'Samples', defaults: { mappings: own, links: [{ title: 'Logs of ${__field.labels.series}', url: '/logs?q=${__field.labels.series}&was=${__value.raw}' }] } }), frames: [series('api', [1, 0, null, 1], { step: 1_200_000 })], span, height: 90 },
  { name: 'state-timeline: not merged', panel: panel('state-timeline', { defaults: { mappings: own }, options: { rowHeight: 1, mergeValues: false } }), frames: [series('api', [1, 1, 0], { step: 1_200_000 })], span, height: 90, seen: { states: { api: [['Up', 0, 20, up], ['Up', 20, 40, up], ['Down', 40, 60, down]] } } },
  { name: 'state-timeline: bands of thresholds', panel: panel('state-timeline', { defaults: { unit: 'percent', color: { mode: 'thresholds' }, thresholds: { mode: 'absolute', steps: [{ value: null, color: up }, { value: 50, color: down }] } }, options: { rowHeight: 1, legend: { showLegend: true, displayMode: 'list', placement: 'bottom' } } }), frames: [series('cpu', [10, 49, 50, 90, 20], { step: 720_000 })], span, height: 120, seen: { states: { cpu: [['< 50%', 0, 24, up], ['50%+', 24, 48, down], ['< 50%', 48, 60, up]] }, legend: ['< 50%', '50%+'] } },
  { name: 'status-history: each sample in its place', panel: panel('status-history', { defaults: { mappings: own }, options: { rowHeight: 1, colWidth: 1 } }), frames: [series('api', [1, 0, null, 1], { step: 1_200_000 })], span, height: 90, seen: { states: { api: [['Up', -10, 10, up], ['Down', 10, 30, down], ['Up', 50, 70, up]] } } },
  { name: 'state-timeline: pages', panel: panel('state-timeline', { defaults: { mappings }, options: { perPage: 2 } }), frames: pods, span },
  { name: 'state-timeline: nothing', panel: panel('state-timeline', {}), frames: [], span, height: 80 },
  { name: 'state-timeline: small', panel: panel('state-timeline', { defaults: { mappings } }), frames: pods, span, width: 150, height: 68 },
  { name: 'status-history: mapped', panel: panel('status-history', { defaults: { mappings, color: { mode: 'thresholds' } }, options: { colWidth: 0.8, showValue: 'never' } }), frames: pods.map((frame) => ({ ...frame, length: 30, fields: frame.fields.map((field) => ({ ...field, values: field.values.slice(0, 30) })) })), span },
  { name: 'status-history: numbers', panel: panel('status-history', { defaults: { thresholds, decimals: 0 }, options: { showValue: 'always', rowHeight: 1 } }), frames: [series('cpu', wave(12), { step: 300_000 })], span, height: 90 },

  { name: 'logs: times, wrapped', panel: panel('logs', { options: { showTime: true, wrapLogMessage: true, sortOrder: 'Descending' } }), frames: [logs], span },
  { name: 'logs: labels, common labels, oldest first', panel: panel('logs', { options: { showTime: false, showLabels: true, showCommonLabels: true, sortOrder: 'Ascending' } }), frames: [logs], span },
  { name: 'logs: laid out', panel: panel('logs', { options: { showTime: true, prettifyLogMessage: true, wrapLogMessage: true, enableLogDetails: false, sortOrder: 'Ascending' } }), frames: [logs], span },
  { name: 'logs: without repetitions', panel: panel('logs', { options: { dedupStrategy: 'numbers', sortOrder: 'Ascending' } }), frames: [repeated], span, height: 120, seen: { text: ['×3', 'retry 1', 'done', 'retry 4', 'done'] } },
  { name: 'logs: of a trace', panel: panel('logs', { title: 'Lines', options: { showTime: true, sortOrder: 'Ascending' } }), frames: [ofTrace], span, height: 320 },
  { name: 'logs: nothing', panel: panel('logs', {}), frames: [], span, height: 80, seen: { text: ['No logs'] } },
];
export default cases;
