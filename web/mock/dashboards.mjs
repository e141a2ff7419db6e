// Made-up dashboards, their folders and versions, and the answers to their queries.
import { randomUUID } from 'node:crypto';
import * as logs from './logs.mjs';
import * as series from './series.mjs';
import { changed } from './world.mjs';

const prometheus = { type: 'prometheus', uid: '${datasource}' };
const steps = (...list) => ({ mode: 'absolute', steps: list.map(([value, color]) => ({ value, color })) });
const defaults = (unit, more = {}) => ({ defaults: { unit, color: { mode: 'palette-classic' }, mappings: [], thresholds: steps([null, 'green'], [0.8, 'red']), ...more }, overrides: [] });
const asked = (refId, expr, more = {}) => ({ refId, datasource: prometheus, expr, legendFormat: '__auto', ...more });
const legend = { showLegend: true, displayMode: 'list', placement: 'bottom', calcs: [] };
const lines = (id, title, gridPos, targets, unit, more = {}) => ({
  id, type: 'timeseries', title, gridPos, datasource: prometheus, targets,
  fieldConfig: defaults(unit, { custom: { drawStyle: 'line', lineWidth: 1, fillOpacity: 10, showPoints: 'never', spanNulls: false, stacking: { mode: 'none', group: 'A' } } }),
  options: { legend, tooltip: { mode: 'multi', sort: 'desc' } }, ...more,
});
const reduced = (calc = 'lastNotNull') => ({ reduceOptions: { calcs: [calc], fields: '', values: false } });

const overview = {
  uid: 'platform-overview', title: 'Platform overview', description: 'What the demo platform does', tags: ['demo', 'platform'], timezone: 'browser', editable: true, graphTooltip: 1,
  time: { from: 'now-1h', to: 'now' }, refresh: '', schemaVersion: 42, version: 3,
  timepicker: { refresh_intervals: ['5s', '10s', '30s', '1m', '5m', '15m', '30m', '1h', '2h', '1d'] },
  links: [{ title: 'Demo dashboards', type: 'dashboards', tags: ['demo'], asDropdown: true, includeVars: true, keepTime: true }],
  annotations: { list: [{ name: 'Annotations & Alerts', type: 'dashboard', builtIn: 1, enable: true, hide: true, iconColor: 'rgba(0, 211, 255, 1)', datasource: { type: 'grafana', uid: '-- Grafana --' } }] },
  templating: {
    list: [
      { name: 'datasource', type: 'datasource', label: 'Data source', query: 'prometheus', current: { text: 'Prometheus', value: 'prometheus' }, hide: 0 },
      { name: 'job', type: 'query', label: 'Job', description: 'The job that was scraped', datasource: prometheus, query: { query: 'label_values(up, job)', refId: 'PrometheusVariableQueryEditor-VariableQuery' }, definition: 'label_values(up, job)', refresh: 1, multi: true, includeAll: true, sort: 1, current: { text: ['All'], value: ['$__all'] } },
      { name: 'window', type: 'custom', label: 'Window', query: '1m,5m,15m', current: { text: '5m', value: '5m' }, options: ['1m', '5m', '15m'].map((value) => ({ text: value, value, selected: value === '5m' })) },
      { name: 'search', type: 'textbox', label: 'Lines with', query: '', current: { text: '', value: '' } },
      { name: 'Filters', type: 'adhoc', datasource: prometheus, filters: [] },
    ],
  },
  panels: [
    { id: 1, type: 'stat', title: 'Targets up', gridPos: { x: 0, y: 0, w: 4, h: 4 }, datasource: prometheus, targets: [asked('A', 'sum(up{job=~"$job"})', { instant: true, range: false })], fieldConfig: defaults('short', { thresholds: steps([null, 'red'], [1, 'green']), color: { mode: 'thresholds' } }), options: { ...reduced(), colorMode: 'value', graphMode: 'none', textMode: 'auto', justifyMode: 'auto', orientation: 'auto' } },
    { id: 2, type: 'gauge', title: 'CPU', description: 'The share of time in which a processor is **not** idle.', gridPos: { x: 4, y: 0, w: 4, h: 4 }, datasource: prometheus, targets: [asked('A', 'avg(1 - rate(node_cpu_seconds_total{mode="idle"}[$window]))', { instant: true, range: false })], fieldConfig: defaults('percentunit', { min: 0, max: 1, color: { mode: 'thresholds' } }), options: { ...reduced(), showThresholdLabels: false, showThresholdMarkers: true } },
    { id: 3, type: 'stat', title: 'Requests', gridPos: { x: 8, y: 0, w: 4, h: 4 }, datasource: prometheus, targets: [asked('A', 'sum(rate(requests_total[$__rate_interval]))')], fieldConfig: defaults('reqps', { color: { mode: 'fixed', fixedColor: 'blue' } }), options: { ...reduced(), colorMode: 'value', graphMode: 'area', textMode: 'auto', justifyMode: 'auto', orientation: 'auto' } },
    { id: 4, type: 'bargauge', title: 'Filesystems', gridPos: { x: 12, y: 0, w: 6, h: 4 }, datasource: prometheus, targets: [asked('A', 'node_filesystem_used', { instant: true, range: false, legendFormat: '{{device}}' })], fieldConfig: defaults('percentunit', { min: 0, max: 1, color: { mode: 'thresholds' } }), options: { ...reduced(), orientation: 'horizontal', displayMode: 'basic', showUnfilled: true, valueMode: 'color' } },
    { id: 5, type: 'text', title: 'About', gridPos: { x: 18, y: 0, w: 6, h: 4 }, options: { mode: 'markdown', content: 'Jobs shown: **$job**.\n\nSee the [rules](/rules).' } },
    lines(6, 'Requests by code', { x: 0, y: 4, w: 12, h: 8 }, [asked('A', 'sum by (code) (rate(requests_total[$__rate_interval]))', { legendFormat: '{{code}}' })], 'reqps', { links: [{ title: 'Rules', url: '/rules' }] }),
    lines(7, 'Load of $job', { x: 12, y: 4, w: 12, h: 8 }, [asked('A', 'node_load1', { legendFormat: '1 min' }), asked('B', 'node_load5', { legendFormat: '5 min' })], 'short'),
    lines(8, 'A query that fails', { x: 0, y: 12, w: 8, h: 6 }, [asked('A', 'sums(up)')], 'short'),
    { id: 9, type: 'marcusolsson-treemap-panel', title: 'A kind that is not there', gridPos: { x: 8, y: 12, w: 8, h: 6 }, datasource: prometheus, targets: [asked('A', 'up', { instant: true, range: false, format: 'table' })], options: {}, fieldConfig: { defaults: {}, overrides: [] } },
    { id: 10, type: 'table', title: 'Targets', gridPos: { x: 16, y: 12, w: 8, h: 6 }, datasource: prometheus, targets: [asked('A', 'up{job=~"$job"}', { instant: true, range: false, format: 'table' })], fieldConfig: defaults('none'), options: { showHeader: true, cellHeight: 'sm', footer: { show: false, reducer: ['sum'], fields: '' } }, transformations: [{ id: 'organize', options: { excludeByName: { Time: true, __name__: true }, indexByName: {}, renameByName: { Value: 'Up' } } }] },
    { id: 11, type: 'row', title: 'Logs', gridPos: { x: 0, y: 18, w: 24, h: 1 }, collapsed: false, panels: [] },
    { id: 12, type: 'logs', title: 'Lines of phoenix-api', gridPos: { x: 0, y: 19, w: 24, h: 8 }, datasource: { type: 'loki', uid: 'loki' }, targets: [{ refId: 'A', datasource: { type: 'loki', uid: 'loki' }, expr: '{service_name="phoenix-api"} |= "$search"', queryType: 'range', maxLines: 100 }], options: { showTime: true, wrapLogMessage: true, sortOrder: 'Descending', enableLogDetails: true, dedupStrategy: 'none' }, fieldConfig: { defaults: {}, overrides: [] } },
    {
      id: 13, type: 'row', title: 'Job $job', gridPos: { x: 0, y: 27, w: 24, h: 1 }, collapsed: true, repeat: 'job',
      panels: [lines(14, 'Up: $job', { x: 0, y: 28, w: 12, h: 6 }, [asked('A', 'up{job=~"$job"}')], 'short'), lines(15, 'Scrape duration', { x: 12, y: 28, w: 12, h: 6 }, [asked('A', 'scrape_duration_seconds{job=~"$job"}')], 's')],
    },
  ],
};
const host = {
  uid: 'host', title: 'Host', tags: ['demo', 'host'], timezone: 'utc', editable: true, graphTooltip: 0, time: { from: 'now-6h', to: 'now' }, refresh: '30s', schemaVersion: 42, version: 1, links: [], annotations: { list: [] }, templating: { list: [] },
  panels: [
    lines(1, 'CPU', { x: 0, y: 0, w: 12, h: 8 }, [asked('A', 'rate(node_cpu_seconds_total[$__rate_interval])')], 'percentunit'),
    lines(2, 'Memory', { x: 12, y: 0, w: 12, h: 8 }, [asked('A', 'node_memory_MemAvailable_bytes')], 'percentunit'),
    lines(3, 'Network', { x: 0, y: 8, w: 24, h: 8 }, [asked('A', 'rate(node_network_receive_bytes_total[$__rate_interval])', { legendFormat: 'received' }), asked('B', 'rate(node_network_transmit_bytes_total[$__rate_interval])', { legendFormat: 'sent' })], 'Bps'),
  ],
};

const folders = [{ uid: 'demo', title: 'Demo' }, { uid: 'team-a', title: 'Team A', parent_uid: null }];
const began = new Date(Date.now() - 86_400_000).toISOString();
const kept = new Map();
const keep = (dashboard, more) => kept.set(dashboard.uid, { folder_uid: null, source: 'state', file: null, created: began, updated: began, updated_by: null, ...more, versions: [{ version: dashboard.version ?? 1, created: began, created_by: null, message: 'as it came', dashboard }] });
keep(overview, { source: 'file', file: 'dashboards/platform/overview.json', folder_uid: 'demo' });
keep(host, { folder_uid: 'demo', updated_by: 'ada' });
keep({ ...host, uid: 'empty', title: 'Nothing yet', tags: [], refresh: '', panels: [] }, {});

/** Kinds that the mock takes for known. */
const kinds = new Set(['timeseries', 'barchart', 'histogram', 'heatmap', 'stat', 'gauge', 'bargauge', 'table', 'piechart', 'text', 'logs', 'traces', 'alertlist', 'dashlist', 'state-timeline', 'status-history', 'row']);
const every = (panels) => panels.flatMap((panel) => [panel, ...(panel.panels ?? [])]);
const report = (dashboard) =>
  every(dashboard.panels ?? []).flatMap((panel, index) =>
    kinds.has(panel.type) ? [] : [{ severity: 'error', panel: { id: panel.id, title: panel.title ?? '', type: panel.type }, path: `/panels/${index}/type`, message: `panels of type \`${panel.type}\` cannot be shown`, help: 'Use a table or a bar gauge.' }],
  );
const refused = (status, message) => Object.assign(new Error(message), { status });
const found = (uid) => {
  const one = kept.get(uid);
  if (!one) throw refused(404, `there is no dashboard with the uid \`${uid}\``);
  return one;
};
const newest = (one) => one.versions[one.versions.length - 1];
const folderOf = (uid) => {
  const folder = folders.find((each) => each.uid === uid);
  return folder ? { uid: folder.uid, title: folder.title } : null;
};
const shown = (one) => {
  const { dashboard, version } = newest(one);
  const { source, file, created, updated, updated_by } = one;
  return { dashboard, meta: { uid: dashboard.uid, source, file, folder: folderOf(one.folder_uid), version, created, updated, updated_by }, report: report(dashboard) };
};
const add = (one, dashboard, message) => {
  const version = newest(one).version + 1;
  one.updated = new Date().toISOString();
  one.versions.push({ version, created: one.updated, created_by: 'you', message: message ?? '', dashboard: { ...dashboard, version } });
  changed('dashboards');
  return shown(one);
};
function read(body) {
  const dashboard = body.dashboard ?? body;
  if (!Array.isArray(dashboard.panels)) throw refused(400, 'this is no dashboard: there are no `panels`');
  const { __inputs = [], ...rest } = dashboard;
  delete rest.__requires;
  const whole = { schemaVersion: 42, tags: [], links: [], annotations: { list: [] }, templating: { list: [] }, time: { from: 'now-6h', to: 'now' }, ...rest };
  return { dashboard: whole, report: report(whole), inputs: __inputs };
}

const query = ({ body }) => ({ ndjson: [...body.queries.map(answered), { done: true }], delay: 40 });
function answered(asked) {
  const ids = [asked.id];
  const stats = { milliseconds: 3 + (asked.query.length % 9), cached_points: 0, computed_points: 0 };
  try {
    if (asked.kind === 'logs') {
      const { data } = logs.queryRange({ params: new URLSearchParams({ query: asked.query, start: `${asked.from_ms}000000`, end: `${asked.to_ms}000000`, limit: String(asked.limit ?? 100), direction: asked.direction ?? 'backward' }) });
      const entries = data.result.flatMap(({ stream, values }) => values.map(([time_ns, line, more]) => ({ time_ns, line, labels: stream, metadata: more.structuredMetadata })));
      return { ids, kind: 'logs', entries: entries.sort((a, b) => (a.time_ns < b.time_ns ? 1 : -1)), warnings: [], infos: [], stats };
    }
    if (asked.kind === 'exemplars') return { ids, kind: 'exemplars', series: [], warnings: [], infos: [], stats };
    if (asked.language !== 'promql') return { ids, kind: 'traces', traces: [], warnings: [], infos: [], stats };
    const [first] = series.diagnose(asked.query);
    if (first) return { ids, error: { type: 'bad_data', message: first.message, diagnostics: [{ line: 1, column: first.start + 1, ...first }] } };
    const number = asked.query.trim() === '' ? NaN : Number(asked.query);
    if (asked.kind === 'instant') {
      const time = asked.to_ms / 1000;
      if (!Number.isNaN(number)) return { ids, kind: 'scalar', time_ms: asked.to_ms, value: number, warnings: [], infos: [], stats };
      const one = series.instant(asked.query, time);
      return { ids, kind: 'vector', time_ms: asked.to_ms, series: summed(asked.query, one.map(({ metric, value }) => ({ labels: metric, values: [Number(value[1])] }))).map(({ labels, values }) => ({ labels, value: values[0] })), warnings: [], infos: [], stats };
    }
    const points = Math.floor((asked.to_ms - asked.from_ms) / asked.step_ms) + 1;
    const found = series.range(asked.query, asked.from_ms / 1000, asked.to_ms / 1000, asked.step_ms / 1000).map(({ metric, values }) => {
      const grid = new Array(points).fill(null);
      for (const [time, value] of values) grid[Math.round((time * 1000 - asked.from_ms) / asked.step_ms)] = Number(value);
      return { labels: metric, values: grid };
    });
    stats.computed_points = points * found.length;
    return { ids, kind: 'matrix', start_ms: asked.from_ms, step_ms: asked.step_ms, points, series: summed(asked.query, found), warnings: asked.query.includes('many') ? ['PromQL warning: results may be incomplete'] : [], infos: [], stats };
  } catch (error) {
    return { ids, error: { type: 'bad_data', message: error.message } };
  }
}
/** `sum(…)` over everything gives one series, as it should. */
function summed(text, list) {
  if (!/^\s*sum\s*\(/.test(text) || list.length === 0) return list;
  const values = list[0].values.map((_, at) => list.reduce((sum, each) => (each.values[at] === null ? sum : (sum ?? 0) + each.values[at]), null));
  return [{ labels: {}, values }];
}

const native = '/api/phoenix/v1';
export const pages = {
  [`GET ${native}/dashboards`]: () => ({
    dashboards: [...kept.values()].map((one) => {
      const { dashboard, meta, report } = shown(one);
      return { uid: meta.uid, title: dashboard.title, tags: dashboard.tags ?? [], folder: meta.folder, source: meta.source, file: meta.file, version: meta.version, updated: meta.updated, updated_by: meta.updated_by, problems: report.filter(({ severity }) => severity !== 'info').length };
    }),
    folders,
  }),
  [`POST ${native}/dashboards/query`]: query,
  [`POST ${native}/dashboards/read`]: ({ body }) => read(body),
  [`POST ${native}/dashboards`]: ({ body }) => {
    const { dashboard } = read(body.dashboard);
    const uid = dashboard.uid || randomUUID().slice(0, 14);
    const there = kept.get(uid);
    if (there && !body.overwrite) throw refused(409, `a dashboard with the uid \`${uid}\` is there already: \`${newest(there).dashboard.title}\``);
    if (there?.source === 'file') throw refused(409, `this dashboard is the file ${there.file}; save it as a copy, or edit the file`);
    if (there) return add(there, { ...dashboard, uid }, body.message);
    keep({ ...dashboard, uid, version: 1 }, { folder_uid: body.folder_uid ?? null, created: new Date().toISOString(), updated: new Date().toISOString() });
    changed('dashboards');
    return { status: 201, json: shown(kept.get(uid)) };
  },
  [`POST ${native}/folders`]: ({ body }) => {
    const folder = { uid: randomUUID().slice(0, 14), title: body.title, parent_uid: body.parent_uid ?? null };
    folders.push(folder);
    changed('dashboards');
    return { status: 201, json: folder };
  },
  [`GET ${native}/annotations`]: () => ({ annotations: [{ id: 1, time_ms: Date.now() - 1_500_000, time_end_ms: null, text: 'Version 1.4.2 is out', tags: ['deploy'], dashboard_uid: null, panel_id: null, created_by: 'ci' }] }),
};

const uid = `^${native}/dashboards/([^/]+)`;
export const patterns = [
  ['GET', new RegExp(`${uid}$`), (_, id) => shown(found(id))],
  ['PUT', new RegExp(`${uid}$`), ({ body }, id) => {
    const one = found(id);
    if (one.source === 'file') throw refused(409, `this dashboard is the file ${one.file}; save it as a copy, or edit the file`);
    if (body.version !== newest(one).version) throw refused(409, `version ${newest(one).version} came between: load the dashboard again, or save it as a copy`);
    if (body.folder_uid !== undefined) one.folder_uid = body.folder_uid;
    return add(one, body.dashboard, body.message);
  }],
  ['DELETE', new RegExp(`${uid}$`), (_, id) => {
    found(id);
    kept.delete(id);
    changed('dashboards');
    return '';
  }],
  ['GET', new RegExp(`${uid}/versions$`), (_, id) => ({ versions: found(id).versions.map(({ version, created, created_by, message }) => ({ version, created, created_by, message })).reverse() })],
  ['GET', new RegExp(`${uid}/versions/(\\d+)$`), (_, id, version) => ({ dashboard: found(id).versions.find((each) => each.version === Number(version)).dashboard })],
  ['POST', new RegExp(`${uid}/restore$`), ({ body }, id) => add(found(id), found(id).versions.find((each) => each.version === body.version).dashboard, `restored version ${body.version}`)],
  ['GET', new RegExp(`${uid}/export$`), (_, id) => newest(found(id)).dashboard],
  ['DELETE', new RegExp(`^${native}/folders/([^/]+)$`), (_, id) => {
    folders.splice(folders.findIndex((each) => each.uid === id), 1);
    changed('dashboards');
    return '';
  }],
];
