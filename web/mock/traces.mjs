// Made-up traces behind Tempo's API: the same traces for the same moments, whoever asks.
/** Seconds between traces. */
const every = 13;
const second = 1_000_000_000n;
const spansOfLargest = 100_000;
/** A trace of so many spans that a page which draws all of them would stand still. */
const largest = '000000000000000000000000000b1600';

const random = (seed) => {
  const x = Math.sin(seed * 12.9898) * 43758.5453;
  return x - Math.floor(x);
};
const hex = (number, digits) => Math.floor(number).toString(16).padStart(digits, '0').slice(-digits);
const base64 = (id) => Buffer.from(id, 'hex').toString('base64');
const text = (key, value) => ({ key, value: { stringValue: value } });
const whole = (key, value) => ({ key, value: { intValue: String(value) } });

const idOf = (index) => `00f1${hex(index * 7919, 8)}${'5eed'.repeat(3)}${hex(index, 8)}`;
const indexOf = (id) => (id.startsWith('00f1') && idOf(Number.parseInt(id.slice(-8), 16)) === id ? Number.parseInt(id.slice(-8), 16) : null);

/** The spans of one trace with times in microseconds after `begin`. */
function spansOf(index, seed = index) {
  const slow = random(seed) > 0.9 ? 6 : 1;
  const fails = random(seed + 1) > 0.88;
  const took = Math.round((18_000 + 60_000 * random(seed + 2)) * slow);
  const route = ['/api/v1/experiments', '/api/v1/experiments/{id}', '/health'][Math.floor(random(seed + 3) * 3)];
  let number = 0;
  const list = [];
  const add = (service, name, kind, parent, from, to, more = {}) => {
    number += 1;
    const span = { id: `${hex(seed * 31 + 7, 8)}${hex(number, 8)}`, service, name, kind, parent, from: Math.round(from), to: Math.round(to), ...more };
    list.push(span);
    return span;
  };
  const root = add('phoenix-load', `GET ${route}`, 'SPAN_KIND_CLIENT', null, 0, took, { error: fails, attributes: [text('http.request.method', 'GET'), text('http.route', route)] });
  const api = add('phoenix-api', `GET ${route}`, 'SPAN_KIND_SERVER', root, took * 0.03, took * 0.97, {
    error: fails,
    attributes: [text('http.request.method', 'GET'), text('http.route', route), whole('http.response.status_code', fails ? 500 : 200)],
    ...(fails ? { message: 'the database did not answer in time', events: [{ name: 'exception', at: took * 0.8, attributes: [text('exception.type', 'TimeoutError'), text('exception.message', 'no answer within 50 ms')] }] } : {}),
  });
  add('phoenix-api', 'authorize', 'SPAN_KIND_INTERNAL', api, took * 0.05, took * 0.15);
  const query = add('phoenix-api', 'SELECT experiments', 'SPAN_KIND_CLIENT', api, took * 0.18, took * 0.8, { error: fails, attributes: [text('db.system', 'postgresql'), text('db.statement', 'SELECT * FROM experiments WHERE state = $1')] });
  add('postgres', 'execute', 'SPAN_KIND_SERVER', query, took * 0.22, took * 0.75);
  add('phoenix-api', 'read cache', 'SPAN_KIND_INTERNAL', api, took * 0.2, took * 0.45);
  for (let at = 0; at < 3; at += 1) add('phoenix-api', 'encode row', 'SPAN_KIND_INTERNAL', api, took * (0.82 + at * 0.04), took * (0.85 + at * 0.04));
  return list;
}

const traceAt = (index, id = idOf(index), begin = BigInt(index * every) * second) => {
  const spans = spansOf(index);
  return { id, begin, spans, root: spans[0], duration: spans[0].to, error: spans.some((span) => span.error) };
};

function largeTrace() {
  const services = ['phoenix-load', 'phoenix-api', 'postgres', 'experiment-controller'];
  const spans = [{ id: hex(1, 16), service: services[0], name: 'everything', kind: 'SPAN_KIND_INTERNAL', parent: null, from: 0, to: spansOfLargest * 10 }];
  for (let number = 1; number < spansOfLargest; number += 1) {
    const parent = spans[Math.floor((number - 1) / 4)];
    const length = (parent.to - parent.from) / 4;
    const from = Math.round(parent.from + length * ((number - 1) % 4));
    spans.push({ id: hex(number + 1, 16), service: services[number % 4], name: `step ${number % 50}`, kind: 'SPAN_KIND_INTERNAL', parent, from, to: Math.round(from + length * 0.95), error: number % 997 === 0 });
  }
  return { id: largest, begin: BigInt(Math.floor(Date.now() / 1000) - 600) * second, spans };
}

/** A trace as the server writes it: ids in base64, kinds and states by name, what has its default left out. */
function written({ id, begin, spans }) {
  const moment = (microseconds) => String(begin + BigInt(Math.round(microseconds)) * 1000n);
  const groups = new Map();
  for (const span of spans) (groups.get(span.service) ?? groups.set(span.service, []).get(span.service)).push(span);
  return {
    trace: {
      resourceSpans: [...groups].map(([service, held]) => ({
        resource: { attributes: [text('service.name', service), text('service.version', '0.1.0'), text('host.name', 'demo')] },
        scopeSpans: [
          {
            scope: { name: `${service}/tracing` },
            spans: held.map((span) => ({
              traceId: base64(id),
              spanId: base64(span.id),
              ...(span.parent ? { parentSpanId: base64(span.parent.id) } : {}),
              name: span.name,
              kind: span.kind,
              startTimeUnixNano: moment(span.from),
              endTimeUnixNano: moment(span.to),
              ...(span.attributes ? { attributes: span.attributes } : {}),
              ...(span.events ? { events: span.events.map((event) => ({ name: event.name, timeUnixNano: moment(event.at), attributes: event.attributes })) } : {}),
              status: span.error ? { code: 'STATUS_CODE_ERROR', message: span.message ?? '' } : {},
            })),
          },
        ],
      })),
    },
  };
}

const refused = (status, message) => Object.assign(new Error(message), { status });

function bounds(params) {
  const now = Date.now() / 1000;
  const start = Number(params.get('start') ?? now - 3600);
  const end = Math.min(Number(params.get('end') ?? now), now);
  return { first: Math.ceil(start / every), last: Math.floor(end / every), start, end };
}

const microseconds = { ns: 0.001, us: 1, ms: 1000, s: 1_000_000, m: 60_000_000 };

/** What a query asks of spans, as far as the mock understands it. */
function conditions(query) {
  const bad = [...query].filter((char) => char === '{').length !== [...query].filter((char) => char === '}').length;
  if (bad) throw refused(400, `invalid TraceQL query: parse error at line 1, col ${query.length}: syntax error: unexpected $end`);
  const equal = (key) => new RegExp(`(?<![.\\w])${key}\\s*=\\s*"([^"]*)"`).exec(query)?.[1];
  const service = equal('resource\\.service\\.name');
  const name = equal('name');
  const fails = /status\s*=\s*error/.test(query);
  const [, least, unit] = /duration\s*>=?\s*([\d.]+)(ns|us|ms|s|m)/.exec(query) ?? [];
  const attribute = /span\.([\w.]+)\s*=\s*"?([^"\s}]+)"?/.exec(query);
  return (span) =>
    (!service || span.service === service) &&
    (!name || span.name === name) &&
    (!fails || span.error) &&
    (!least || span.to - span.from >= Number(least) * microseconds[unit]) &&
    (!attribute || (span.attributes ?? []).some(({ key, value }) => key === attribute[1] && Object.values(value)[0] === attribute[2]));
}

function search({ params }) {
  const passes = conditions(params.get('q') ?? '{}');
  const { first, last } = bounds(params);
  const traces = [];
  for (let index = last; index >= first && traces.length < Number(params.get('limit') ?? 20); index -= 1) {
    const trace = traceAt(index);
    const found = trace.spans.filter(passes);
    if (found.length === 0) continue;
    const serviceStats = {};
    for (const span of trace.spans) {
      const stats = (serviceStats[span.service] ??= { spanCount: 0 });
      stats.spanCount += 1;
      if (span.error) stats.errorCount = (stats.errorCount ?? 0) + 1;
    }
    const spans = found.slice(0, Number(params.get('spss') ?? 3)).map((span) => ({ spanID: span.id, name: span.name, startTimeUnixNano: String(trace.begin + BigInt(span.from) * 1000n), durationNanos: String((span.to - span.from) * 1000), attributes: [text('service.name', span.service)] }));
    traces.push({
      // Tempo leaves out zeros in front.
      traceID: trace.id.replace(/^0+/, ''),
      rootServiceName: trace.root.service,
      rootTraceName: trace.root.name,
      startTimeUnixNano: String(trace.begin),
      durationMs: Math.round(trace.duration / 1000),
      spanSets: [{ spans, matched: found.length }],
      serviceStats,
    });
  }
  return { traces, metrics: { inspectedTraces: last - first, inspectedBytes: String((last - first) * 2400), totalBlocks: 1 } };
}

/** The trace of an id: one of the search's, one that a made-up line of the logs tells, or the large one. */
function byId(id) {
  if (id === largest) return largeTrace();
  const index = indexOf(id);
  if (index !== null) return traceAt(index);
  if (id === id.slice(0, 8).repeat(4)) return traceAt(Number.parseInt(id.slice(0, 8), 16) % 100_000, id, BigInt(Math.floor(Date.now() / 1000) - 90) * second);
  throw refused(404, 'trace not found');
}

function metrics({ params }) {
  const query = params.get('q') ?? '';
  const passes = conditions(query);
  const step = Number.parseFloat(params.get('step') ?? '60');
  const { start, end } = bounds(params);
  const isDuration = /_over_time\(\s*(span:)?duration/.test(query);
  const grouped = /by\s*\(\s*([\w.:]+)\s*\)/.exec(query)?.[1];
  const series = new Map();
  for (let index = Math.ceil(start / every); index <= end / every; index += 1) {
    const trace = traceAt(index);
    const at = Math.floor((index * every) / step) * step;
    for (const span of trace.spans.filter(passes)) {
      const key = grouped === 'resource.service.name' ? span.service : grouped ? span.name : 'all';
      const values = series.get(key) ?? series.set(key, new Map()).get(key);
      const held = values.get(at) ?? values.set(at, []).get(at);
      held.push({ trace, span, seconds: (span.to - span.from) / 1e6 });
    }
  }
  return {
    series: [...series].map(([key, values]) => ({
      labels: grouped ? [text(grouped, key)] : [text('__name__', 'rate')],
      promLabels: grouped ? `{${grouped}="${key}"}` : '{__name__="rate"}',
      samples: [...values].map(([at, held]) => ({ timestampMs: String(at * 1000), value: isDuration ? Math.max(...held.map((each) => each.seconds)) : held.length / step })),
      exemplars: [...values.values()].slice(0, 4).map(([{ trace, span, seconds }]) => ({ labels: [text('trace:id', trace.id), text('span:id', span.id)], timestampMs: String(trace.begin / 1_000_000n), value: seconds })),
    })),
  };
}

const values = {
  'resource.service.name': ['phoenix-api', 'phoenix-load', 'postgres'],
  'span:name': ['GET /api/v1/experiments', 'GET /health', 'SELECT experiments', 'authorize', 'execute'],
  name: ['GET /api/v1/experiments', 'GET /health', 'SELECT experiments', 'authorize', 'execute'],
  'span.http.route': ['/api/v1/experiments', '/api/v1/experiments/{id}', '/health'],
  'span.db.system': ['postgresql'],
};

export const pages = {
  'GET /api/search': search,
  'GET /api/metrics/query_range': metrics,
  'GET /api/v2/search/tags': () => ({
    scopes: [
      { name: 'resource', tags: ['host.name', 'service.name', 'service.version'] },
      { name: 'span', tags: ['db.statement', 'db.system', 'http.request.method', 'http.response.status_code', 'http.route'] },
      { name: 'intrinsic', tags: ['duration', 'kind', 'name', 'status'] },
    ],
  }),
  'GET /api/v1/query_exemplars': ({ params }) => ({
    status: 'success',
    data: /bucket|requests|rate/.test(params.get('query') ?? '')
      ? [
          {
            seriesLabels: { __name__: 'phoenix_api_request_duration_seconds_bucket', job: 'phoenix-api', le: '0.1' },
            exemplars: [...Array(8).keys()].map((number) => {
              const trace = traceAt(Math.floor(Number(params.get('end')) / every) - 1 - number * 4);
              return { labels: { trace_id: trace.id, span_id: trace.root.id }, value: String(trace.duration / 1e6), timestamp: Number(trace.begin / 1_000_000n) / 1000 };
            }),
          },
        ]
      : [],
  }),
};

export const patterns = [
  ['GET', /^\/api\/v2\/traces\/([0-9a-f]+)$/, (_, id) => written(byId(id.padStart(32, '0')))],
  ['GET', /^\/api\/v2\/search\/tag\/([^/]+)\/values$/, (_, name) => ({ tagValues: name.endsWith('status_code') ? ['200', '500'].map((value) => ({ type: 'int', value })) : (values[name] ?? []).map((value) => ({ type: 'string', value })) })],
];

/** Findings as the real parser would give them, for a few kinds of mistakes; offsets in bytes. */
export function diagnose(query) {
  const open = query.lastIndexOf('{');
  if (open >= 0 && query.indexOf('}', open) < 0) return [{ severity: 'error', message: 'This brace is never closed', help: 'Add `}`.', start: open, end: open + 1 }];
  const unknown = /\|\s*(rates|counts)\s*\(/.exec(query);
  if (unknown) return [{ severity: 'error', message: `There is no function \`${unknown[1]}\``, help: 'Did you mean `rate`?', start: query.indexOf(unknown[1]), end: query.indexOf(unknown[1]) + unknown[1].length }];
  return [];
}
