// Made-up logs behind Loki's API: the same lines for the same moment, whoever asks.
const services = ['phoenix-api', 'experiment-controller', 'postgres', 'phoenix'];
const levels = ['info', 'info', 'info', 'debug', 'info', 'warn', 'info', 'error'];
const paths = ['/api/v1/experiments', '/api/v1/experiments/42', '/health'];
const second = 1_000_000_000n;
/** Seconds between lines. */
const every = 7;

function lineAt(index) {
  const n = Math.abs(Math.imul(index, 2654435761)) >>> 3;
  const service = services[n % services.length];
  const level = levels[(n >>> 4) % levels.length];
  const time = BigInt(index * every) * second + BigInt(n % 1_000_000_000);
  const trace = n.toString(16).padStart(8, '0').repeat(4).slice(0, 32);
  const fields = { level, path: paths[(n >>> 7) % 3], status: level === 'error' ? '500' : '200', duration_ms: String((n % 900) / 8), trace_id: trace };
  const line =
    service === 'phoenix-api'
      ? JSON.stringify({ '@timestamp': new Date(Number(time / 1_000_000n)).toISOString(), message: level === 'error' ? 'request failed' : 'request done', ...fields })
      : service === 'postgres'
        ? `LOG:  checkpoint complete: wrote ${n % 400} buffers (0.${n % 10}%); 0 WAL file(s) added\n\tsync files=${n % 9}`
        : `level=${level} msg="state of experiment ${n % 90} looked at" took=${n % 70}ms trace_id=${trace}`;
  return { time: String(time), line, level, fields, stream: { service_name: service, job: service, instance: `127.0.0.1:808${n % 3}` } };
}

const bounds = (params) => {
  const now = BigInt(Date.now()) * 1_000_000n;
  const start = BigInt(params.get('start') ?? now - 3600n * second);
  const end = BigInt(params.get('end') ?? now);
  return { start, end, first: Number(start / second) / every, last: Math.min(Number(end / second), Date.now() / 1000) / every };
};

/** Lines of a range that pass the selector's equalities and the line filters. */
function* lines(params, query) {
  const { start, end, first, last } = bounds(params);
  const selector = /\{([^}]*)\}/.exec(query)?.[1] ?? '';
  const equal = [...selector.matchAll(/(\w+)="([^"]*)"/g)];
  const contains = [...query.matchAll(/\|=\s*"([^"]*)"/g)].map((match) => match[1]);
  for (let index = Math.floor(first); index <= last; index += 1) {
    const one = lineAt(index);
    const time = BigInt(one.time);
    if (time < start || time >= end) continue;
    if (equal.every(([, name, value]) => one.stream[name] === value) && contains.every((text) => one.line.includes(text))) yield one;
  }
}

const success = (data) => ({ status: 'success', data });

export function queryRange({ params }) {
  const query = params.get('query') ?? '';
  const bad = query.indexOf('|| ');
  if (bad >= 0) throw Object.assign(new Error(`parse error at line 1, col ${bad + 1}: syntax error: unexpected |`), { status: 400 });
  if (!query.trimStart().startsWith('{')) {
    const step = Number(params.get('step') ?? 60);
    const { start, end } = bounds(params);
    const byLevel = new Map();
    const from = Number(start / second);
    for (const one of lines(new URLSearchParams({ start: String(start - BigInt(step) * second), end: String(end) }), query)) {
      const at = from + Math.ceil((Number(BigInt(one.time) / second) - from) / step) * step;
      const values = byLevel.get(one.level) ?? byLevel.set(one.level, new Map()).get(one.level);
      values.set(at, (values.get(at) ?? 0) + 1);
    }
    return success({ resultType: 'matrix', result: [...byLevel].map(([level, values]) => ({ metric: { detected_level: level }, values: [...values].sort((a, b) => a[0] - b[0]).map(([at, count]) => [at, String(count)]) })) });
  }
  const all = [...lines(params, query)];
  if (params.get('direction') !== 'forward') all.reverse();
  const parsed = /\|\s*(json|logfmt)/.test(query);
  const streams = new Map();
  for (const one of all.slice(0, Number(params.get('limit') ?? 100))) {
    const key = JSON.stringify(one.stream);
    const stream = streams.get(key) ?? streams.set(key, { stream: one.stream, values: [] }).get(key);
    stream.values.push([one.time, one.line, { structuredMetadata: { detected_level: one.level }, ...(parsed ? { parsed: one.fields } : {}) }]);
  }
  return { ...success({ resultType: 'streams', encodingFlags: ['categorize-labels'], result: [...streams.values()], stats: { summary: { totalBytesProcessed: all.length * 180, totalLinesProcessed: all.length } } }) };
}

const distinct = (params, query, of) => [...new Set([...lines(params, query)].map(of))].sort();

export const pages = {
  'POST /loki/api/v1/query_range': queryRange,
  'GET /loki/api/v1/query_range': queryRange,
  'GET /loki/api/v1/labels': () => success(['instance', 'job', 'service_name']),
  'GET /loki/api/v1/series': ({ params }) => success(distinct(params, params.get('match[]') ?? '', (one) => JSON.stringify(one.stream)).map((text) => JSON.parse(text))),
  'GET /loki/api/v1/index/volume': ({ params }) => {
    const name = params.get('targetLabels');
    const sums = new Map();
    for (const one of lines(params, '')) sums.set(one.stream[name], (sums.get(one.stream[name]) ?? 0) + one.line.length);
    return success({ resultType: 'vector', result: [...sums].sort((a, b) => b[1] - a[1]).map(([value, bytes]) => ({ metric: { [name]: value }, value: [Date.now() / 1000, String(bytes)] })) });
  },
  'GET /loki/api/v1/detected_fields': () => ({
    fields: [
      { label: 'path', type: 'string', cardinality: 3, parsers: ['json'], jsonPath: ['path'] },
      { label: 'status', type: 'int', cardinality: 2, parsers: ['json'], jsonPath: ['status'] },
      { label: 'took', type: 'duration', cardinality: 61, parsers: ['logfmt'] },
    ],
  }),
};

export const patterns = [
  ['GET', /^\/loki\/api\/v1\/label\/([^/]+)\/values$/, ({ params }, name) => success(distinct(params, '', (one) => one.stream[name] ?? ''))],
  ['GET', /^\/loki\/api\/v1\/detected_field\/([^/]+)\/values$/, (_, name) => ({ values: name === 'status' ? ['200', '500'] : name === 'path' ? paths : ['12ms', '40ms'] })],
];
