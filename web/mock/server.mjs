// A stand-in for Phoenix: `npm run mock` serves the built UI and the APIs that it uses with made-up, changing data.
import { createReadStream, existsSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { randomUUID } from 'node:crypto';
import * as dashboards from './dashboards.mjs';
import * as logs from './logs.mjs';
import * as series from './series.mjs';
import * as traces from './traces.mjs';
import * as world from './world.mjs';

const dist = fileURLToPath(new URL('../dist/', import.meta.url));
const [host, port] = (process.env.LISTEN ?? '127.0.0.1:9099').split(':');
const types = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml', '.json': 'application/json' };
const policy = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:";

class Refused extends Error {
  constructor(status, message, kind) {
    super(message);
    this.status = status;
    this.kind = kind;
  }
}

const success = (data, more = {}) => ({ status: 'success', data, ...more });
const moment = (text, otherwise) => (text == null || text === '' ? otherwise : Number.isNaN(Number(text)) ? Date.parse(text) / 1000 : Number(text));

function checked(params) {
  const query = params.get('query') ?? '';
  const language = params.get('language') ?? 'promql';
  if (language !== 'promql') throw new Refused(422, `\`${language}\` is not acting yet`, 'execution');
  const [first] = series.diagnose(query);
  if (first) throw new Refused(400, `invalid parameter "query": 1:${first.start + 1}: parse error: ${first.message}`, 'bad_data');
  return query;
}

const pages = {
  'GET /api/v1/rules': () => success({ groups: world.rulesBody() }),
  'GET /api/v1/targets': () => success({ activeTargets: world.targets, droppedTargets: world.droppedTargets, droppedTargetCounts: { 'node-exporter': 2 } }),
  'GET /api/v1/labels': () => success(['__name__', 'alertname', 'code', 'instance', 'job', 'severity']),
  'GET /api/v1/metadata': () => success({ up: [{ type: 'gauge', help: 'Whether the last scrape succeeded', unit: '' }], node_load1: [{ type: 'gauge', help: '1m load average.', unit: '' }] }),
  'GET /api/v1/series': () => success(world.targets.map((target) => ({ __name__: 'up', ...target.labels }))),
  'GET /api/v1/status/buildinfo': () => success({ version: '0.1.0', revision: '32b0f05', branch: 'main', buildUser: '', buildDate: '', goVersion: '' }),
  'GET /api/v1/status/runtimeinfo': () => success({ startTime: world.home().started_at, CWD: '/srv/phoenix', reloadConfigSuccess: true, lastConfigTime: world.home().started_at, corruptionCount: 0, storageRetention: '15d' }),
  'GET /api/v1/status/config': () => success({ yaml: 'global:\n  scrape_interval: 5s\n  evaluation_interval: 5s\nscrape_configs:\n- job_name: phoenix\n  static_configs:\n  - targets: [127.0.0.1:9090]\n- job_name: phoenix-api\n  basic_auth:\n    username: probe\n    password: <secret>\n  static_configs:\n  - targets: [127.0.0.1:8081]\n' }),
  'GET /api/v1/status/flags': () => success({ 'config.file': 'phoenix.yaml', listen: '127.0.0.1:9090', 'data-dir': '/var/lib/phoenix', 'web.external-url': '' }),
  'GET /api/v1/status/tsdb': () =>
    success({
      headStats: { numSeries: 3412, chunkCount: 9120, numLabelPairs: 811, minTime: Date.now() - 7_200_000, maxTime: Date.now() },
      seriesCountByMetricName: [{ name: 'node_cpu_seconds_total', value: 64 }, { name: 'phoenix_api_request_duration_seconds_bucket', value: 48 }],
      labelValueCountByLabelName: [{ name: '__name__', value: 702 }, { name: 'le', value: 34 }],
      memoryInBytesByLabelName: [{ name: '__name__', value: 20912 }, { name: 'mountpoint', value: 812 }],
      seriesCountByLabelValuePair: [{ name: 'job=node-exporter', value: 1420 }, { name: 'job=postgres', value: 690 }],
    }),
  'GET /api/v2/silences': () => world.silences.map(world.withStatus),
  'GET /api/v2/alerts/groups': () => world.alertGroups(),
  'GET /api/phoenix/v1/home': () => world.home(),
  'GET /api/phoenix/v1/findings': () => world.findings(),
  'GET /api/phoenix/v1/on-call': () => ({ levels: world.levels(), upcoming: world.upcoming(), page_on: ['severity="critical"'], configured: true, warnings: [world.warnings[1]] }),
  'GET /api/phoenix/v1/inbox': () => ({ messages: world.messages }),
  'GET /api/phoenix/v1/demo': () => ({ faults: world.faults }),
  'POST /-/reload': () => '',
  ...logs.pages,
  ...traces.pages,
  ...dashboards.pages,
};

function query({ params }) {
  const text = checked(params);
  const time = moment(params.get('time'), Date.now() / 1000);
  const number = Number(text);
  if (!Number.isNaN(number)) return success({ resultType: 'scalar', result: [time, String(number)] });
  return success({ resultType: 'vector', result: series.instant(text, time) }, text.includes('rate(node_load') ? { infos: ['PromQL info: metric might not be a counter: "node_load1" (1:6)'] } : {});
}
pages['GET /api/v1/query'] = pages['POST /api/v1/query'] = query;
pages['GET /api/v1/query_range'] = pages['POST /api/v1/query_range'] = ({ params }) => {
  if (params.get('language') === 'logql') {
    const nanoseconds = (name) => String(Math.round(moment(params.get(name)) * 1000) * 1_000_000);
    return logs.queryRange({ params: new URLSearchParams({ query: params.get('query'), step: params.get('step'), start: nanoseconds('start'), end: nanoseconds('end') }) });
  }
  const text = checked(params);
  return success({ resultType: 'matrix', result: series.range(text, moment(params.get('start')), moment(params.get('end')), moment(params.get('step'))) }, text.includes('many') ? { warnings: ['PromQL warning: results may be incomplete'] } : {});
};
pages['POST /api/phoenix/v1/lint_query'] = () => ({ findings: [] });
pages['POST /api/phoenix/v1/parse_query'] = ({ body }) => {
  if (body.language === 'traceql') {
    const diagnostics = traces.diagnose(body.query);
    const ok = diagnostics.length === 0;
    return { ok, kind: ok ? (/\|\s*\w*(rate|_over_time)\(/.test(body.query) ? 'matrix' : 'traces') : null, formatted: ok ? body.query.replace(/\s*(&&|\|\||=|\|)\s*/g, ' $1 ').replace(/\s+/g, ' ') : null, diagnostics };
  }
  const diagnostics = series.diagnose(body.query);
  return { ok: diagnostics.length === 0, kind: diagnostics.length ? null : 'vector', formatted: diagnostics.length ? null : body.query.replace(/\s*([=<>]=|[<>+*/])\s*/g, ' $1 '), diagnostics };
};
pages['GET /api/v2/alerts'] = ({ params }) => {
  const filters = params.getAll('filter').map((text) => {
    const [, name, operator, value] = /^([^=!~]+)(=~|!~|!=|=)"((?:[^"\\]|\\.)*)"$/.exec(text) ?? [];
    if (!name) throw new Refused(400, `bad matcher format: ${text}`);
    return { name, value: value.replace(/\\(.)/g, '$1'), isRegex: operator.includes('~'), isEqual: !operator.startsWith('!') };
  });
  return world.notified().filter((alert) => filters.every((filter) => world.matches(filter, alert.labels)));
};
pages['POST /api/v2/silences'] = ({ body }) => {
  if (!body.comment) throw new Refused(400, 'invalid silence: comment missing');
  const id = randomUUID();
  const old = world.silences.find((each) => each.id === body.id);
  const made = { ...body, id: old?.id ?? id, updatedAt: new Date().toISOString() };
  if (old) Object.assign(old, made);
  else world.silences.push(made);
  world.changed('silences');
  return { silenceID: made.id };
};

/** Routes with a part that varies. */
const patterns = [
  ...logs.patterns,
  ...traces.patterns,
  ...dashboards.patterns,
  ['GET', /^\/api\/v1\/label\/([^/]+)\/values$/, (_, name) => success(name === '__name__' ? series.metricNames : name === 'job' ? world.targets.map((target) => target.labels.job) : ['127.0.0.1:9090'])],
  ['GET', /^\/api\/v2\/silence\/(.+)$/, (_, id) => world.withStatus(found(world.silences.find((each) => each.id === id), `silence ${id} not found`))],
  ['DELETE', /^\/api\/v2\/silence\/(.+)$/, (_, id) => {
    const silence = found(world.silences.find((each) => each.id === id), `silence ${id} not found`);
    silence.endsAt = silence.updatedAt = new Date().toISOString();
    world.changed('silences');
    return '';
  }],
  ['GET', /^\/api\/phoenix\/v1\/incidents$/, ({ params }) => {
    const states = params.get('state')?.split(',');
    return { incidents: world.incidents.filter((each) => !states || states.includes(each.state)).sort((a, b) => b.opened_at.localeCompare(a.opened_at)), next: null };
  }],
  ['GET', /^\/api\/phoenix\/v1\/incidents\/([^/]+)$/, (_, id) => incident(id)],
  ['POST', /^\/api\/phoenix\/v1\/incidents\/([^/]+)\/(acknowledge|resolve|notes)$/, ({ body }, id, what) => {
    const one = incident(id);
    if (!body.who?.trim()) throw new Refused(400, '`who` is missing: say who you are, for the timeline');
    if (what === 'notes') return world.addNote(one, body.who, body.text);
    if (one.state === 'resolved') throw new Refused(409, `${id} is already resolved`);
    world.act(one, what === 'acknowledge' ? 'acknowledged' : 'resolved', body.who, body.note);
    return one;
  }],
  ['POST', /^\/api\/phoenix\/v1\/demo\/faults\/([^/]+)$/, ({ body }, name) => found(world.setFault(name, body.active), `there is no fault ${name}`)],
  ['GET', /^\/api\/phoenix\/v1\/targets\/relabel$/, ({ params }) => {
    const address = params.get('address');
    const active = world.targets.find((each) => each.scrapePool === params.get('pool') && each.discoveredLabels.__address__ === address);
    const dropped = world.droppedTargets.find((each) => each.discoveredLabels.__address__ === address);
    const target = found(active ?? dropped, 'no such target');
    const keep = { index: 0, action: 'keep', summary: active ? 'source_labels [__meta_environment] matched `|demo`' : 'source_labels [__meta_environment] gave `staging`, which does not match `|demo`', changed: {}, kept: Boolean(active) };
    return {
      targets: [
        {
          discovered_labels: target.discoveredLabels,
          labels: active ? active.labels : null,
          kept: Boolean(active),
          steps: active
            ? [keep, { index: 1, action: 'replace', summary: 'source_labels [__address__] matched `(.*)`, written to instance', changed: { instance: [null, address] }, kept: true }, { index: 2, action: 'labelmap', summary: 'names that match `__meta_(.+)` were copied', changed: Object.fromEntries(Object.entries(active.labels).filter(([name]) => !['instance', 'job'].includes(name)).map(([name, value]) => [name, [null, value]])), kept: true }]
            : [keep],
        },
      ],
    };
  }],
];
const found = (value, message) => {
  if (!value) throw new Refused(404, message);
  return value;
};
const incident = (id) => found(world.incidents.find((each) => each.id === id), `There is no incident ${id}`);

function events(request, response) {
  response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
  const tell = (topic, id) => response.write(`event: ${topic}\ndata: ${JSON.stringify(id ? { id } : {})}\n\n`);
  response.write(': hello\n\n');
  world.changes.on('change', tell);
  const beat = setInterval(() => response.write(': still here\n\n'), 15_000);
  request.on('close', () => {
    clearInterval(beat);
    world.changes.off('change', tell);
  });
}

function asset(path, response) {
  const file = join(dist, normalize(path));
  const name = file.startsWith(dist) && existsSync(file) && statSync(file).isFile() ? file : join(dist, 'index.html');
  if (!existsSync(name)) return answer(response, 404, 'Run `npm run build` first');
  response.writeHead(200, { 'Content-Type': types[extname(name)] ?? 'application/octet-stream', 'Content-Security-Policy': policy, 'X-Content-Type-Options': 'nosniff', 'Cache-Control': path.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache' });
  createReadStream(name).pipe(response);
}

/** Lines that come one after the other, as the answer to a dashboard's queries does. */
async function answerLines(response, { ndjson, delay }) {
  response.writeHead(200, { 'Content-Type': 'application/x-ndjson' });
  for (const [index, line] of ndjson.entries()) {
    if (index % 8 === 0) await new Promise((resolve) => setTimeout(resolve, delay));
    response.write(`${JSON.stringify(line)}\n`);
  }
  response.end();
}

function answer(response, status, body) {
  if (body?.ndjson) return answerLines(response, body);
  if (body?.json) return answer(response, body.status, body.json);
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  response.writeHead(status, { 'Content-Type': typeof body === 'string' ? 'text/plain' : 'application/json' });
  response.end(text);
}

async function read(request) {
  let text = '';
  for await (const part of request) {
    text += part;
    if (text.length > 1_000_000) throw new Refused(413, 'the body is larger than 1 MB');
  }
  return text;
}

createServer(async (request, response) => {
  const url = new URL(request.url, `http://${request.headers.host}`);
  const path = url.pathname;
  if (path === '/api/phoenix/v1/events') return events(request, response);
  if (!['/api/', '/loki/', '/-/'].some((prefix) => path.startsWith(prefix))) return asset(path, response);
  try {
    const text = request.method === 'GET' ? '' : await read(request);
    const json = request.headers['content-type']?.includes('json');
    if (['POST', 'PUT', 'DELETE'].includes(request.method) && !json && !/^\/(loki\/)?api\/v1\//.test(path)) throw new Refused(415, 'send Content-Type: application/json');
    const call = { params: json || request.method === 'GET' ? url.searchParams : new URLSearchParams(text), body: json && text ? JSON.parse(text) : {} };
    const page = pages[`${request.method} ${path}`];
    if (page) return answer(response, 200, page(call));
    for (const [method, pattern, handle] of patterns) {
      const match = method === request.method && pattern.exec(path);
      if (match) return answer(response, 200, handle(call, ...match.slice(1).map(decodeURIComponent)));
    }
    throw new Refused(404, `the mock has no ${request.method} ${path}`);
  } catch (error) {
    const status = error.status ?? 500;
    if (path.startsWith('/api/v1/')) return answer(response, status, { status: 'error', errorType: error.kind ?? 'internal', error: error.message });
    if (path.startsWith('/loki/') || /^\/api\/(search|metrics|v2\/(search|traces))/.test(path)) return answer(response, status, error.message);
    answer(response, status, path.startsWith('/api/v2/') ? JSON.stringify(error.message) : { error: error.message });
  }
}).listen(Number(port), host, () => console.log(`mock of Phoenix on http://${host}:${port}/`));
