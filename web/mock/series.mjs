// Made-up series for the mock server. It knows no PromQL: it looks for metric names in the expression.
import { apiDownAt, targets } from './world.mjs';

const host = { instance: '127.0.0.1:9090', job: 'node' };
const wave = (t, period, phase = 0) => Math.sin((t / period) * 2 * Math.PI + phase);
const noise = (t, seed) => {
  const x = Math.sin(Math.floor(t / 5) * 12.9898 + seed * 78.233) * 43758.5453;
  return x - Math.floor(x);
};
const Gi = 2 ** 30;

/** Calls between services: from, to, calls in a second, share that fails, seconds. */
const calls = [
  ['user', 'phoenix-load', 12, 0, 0.09],
  ['phoenix-load', 'phoenix-api', 11.8, 0.06, 0.071],
  ['phoenix-api', 'postgres', 31, 0.002, 0.012],
  ['phoenix-api', 'experiment-controller', 4, 0, 0.03],
  ['experiment-controller', 'postgres', 6, 0, 0.009],
  ['experiment-controller', 'phoenix-api', 0.4, 0, 0.05],
];
const slowness = ([, , seconds]) => seconds;
const between = (of) => () => calls.map(([client, server, ...figures]) => [{ client, server, ...(server === 'postgres' ? { connection_type: 'database' } : {}) }, (t) => of(figures) * (1 + 0.1 * wave(t, 300))]);
const answered = (of) => () => {
  const [all, most] = [new Map(), new Map()];
  for (const [, service, ...figures] of calls.filter(([, server]) => server !== 'postgres')) {
    all.set(service, (all.get(service) ?? 0) + of(figures));
    most.set(service, Math.max(most.get(service) ?? 0, of(figures)));
  }
  return [...(of === slowness ? most : all)].map(([service, value]) => [{ service }, (t) => value * (1 + 0.1 * wave(t, 300))]);
};

/** Expression pattern, then the series: labels and value by time in seconds (`null` for a gap). */
const table = [
  [/traces_service_graph_request_total/, between(([rate]) => rate)],
  [/traces_service_graph_request_failed_total/, between(([rate, failed]) => rate * failed)],
  [/traces_service_graph_request_server_seconds/, between(slowness)],
  [/traces_spanmetrics_calls_total.*STATUS_CODE_ERROR/, answered(([rate, failed]) => rate * failed)],
  [/traces_spanmetrics_calls_total/, answered(([rate]) => rate)],
  [/traces_spanmetrics_latency/, answered(slowness)],
  [/node_cpu_seconds_total/, () => [[{ instance: host.instance }, (t) => 0.22 + 0.1 * wave(t, 700) + 0.12 * noise(t, 1)]]],
  [/node_memory_MemAvailable/, () => [[host, (t) => 0.61 + 0.03 * wave(t, 2400) + 0.004 * noise(t, 2)]]],
  [/node_load1/, () => [[{ __name__: 'node_load1', ...host }, (t) => 1.1 + 0.6 * wave(t, 500) + 0.4 * noise(t, 3)]]],
  [/node_load5/, () => [[{ __name__: 'node_load5', ...host }, (t) => 1.0 + 0.35 * wave(t, 500, -0.7)]]],
  [/node_network_receive/, () => [[{ instance: host.instance }, (t) => 4.1e6 * (1 + 0.5 * wave(t, 300) + noise(t, 4))]]],
  [/node_network_transmit/, () => [[{ instance: host.instance }, (t) => 1.2e6 * (1 + 0.4 * wave(t, 420) + noise(t, 5))]]],
  [/node_disk_read/, () => [[{ instance: host.instance }, (t) => (noise(t, 6) > 0.85 ? 2.6e6 * noise(t, 7) : 4096)]]],
  [/node_disk_written/, () => [[{ instance: host.instance }, (t) => 9e5 * (0.6 + noise(t, 8))]]],
  [/node_filesystem/, () => [[{ device: '/dev/sda2', instance: host.instance }, () => 0.47], [{ device: '/dev/sdb1', instance: host.instance }, (t) => 0.936 + 0.002 * wave(t, 900)]]],
  [/node_pressure_cpu/, () => [[host, (t) => 0.03 + 0.05 * noise(t, 9)]]],
  [/node_pressure_memory/, () => [[host, () => 0]]],
  [/node_pressure_io/, () => [[host, (t) => 0.01 + 0.02 * noise(t, 10)]]],
  [/scrape_duration_seconds/, () => targets.map((target, index) => [{ __name__: 'scrape_duration_seconds', ...short(target) }, (t) => 0.002 + 0.003 * noise(t, 20 + index)])],
  [/process_resident_memory_bytes/, () => [[{ __name__: 'process_resident_memory_bytes', job: 'phoenix', instance: '127.0.0.1:9090' }, (t) => 0.11 * Gi + 5e6 * noise(t, 33)]]],
  [/gap/, () => [[{ __name__: 'gap' }, (t) => (Math.floor(t / 120) % 3 === 0 ? null : 5 + wave(t, 600))]]],
  [/many/, () => Array.from({ length: 180 }, (_, index) => [{ __name__: 'many', shard: String(index) }, (t) => index + 4 * wave(t, 600, index)])],
  [/\bup\b/, (text) => {
    const job = /job="([^"]+)"/.exec(text)?.[1];
    const zero = /==\s*0/.test(text);
    return targets
      .filter((target) => !job || target.labels.job === job)
      .map((target) => [{ __name__: 'up', ...short(target) }, (t) => {
        const value = target.labels.job === 'phoenix-api' && apiDownAt(t * 1000) ? 0 : 1;
        return zero && value !== 0 ? null : value;
      }]);
  }],
  [/rate\(|requests/, () => ['200', '404', '500'].map((code, index) => [{ code, job: 'phoenix-api' }, (t) => (apiDownAt(t * 1000) ? null : [42, 3, 0.4][index] * (1 + 0.3 * wave(t, 400, index) + 0.1 * noise(t, 40 + index)))])],
];
const short = (target) => ({ instance: target.labels.instance, job: target.labels.job });

export const metricNames = ['up', 'scrape_duration_seconds', 'scrape_samples_scraped', 'process_resident_memory_bytes', 'node_load1', 'node_load5', 'node_cpu_seconds_total', 'node_memory_MemAvailable_bytes', 'phoenix_api_requests_total', 'gap', 'many'];

const seriesFor = (text) => table.find(([pattern]) => pattern.test(text))?.[1](text) ?? [];
const written = (value) => (Number.isNaN(value) ? 'NaN' : String(value));

export function range(text, start, end, step) {
  const number = Number(text);
  const series = text.trim() !== '' && !Number.isNaN(number) ? [[{}, () => number]] : seriesFor(text);
  return series
    .map(([metric, at]) => {
      const values = [];
      for (let index = 0; start + index * step <= end + 1e-6; index += 1) {
        const time = Math.round((start + index * step) * 1000) / 1000;
        const value = at(time);
        if (value !== null) values.push([time, written(value)]);
      }
      return { metric, values };
    })
    .filter((each) => each.values.length > 0);
}

export function instant(text, time) {
  return seriesFor(text)
    .map(([metric, at]) => ({ metric, value: [time, at(time)] }))
    .filter((each) => each.value[1] !== null)
    .map((each) => ({ ...each, value: [time, written(each.value[1])] }));
}

/** Findings as the real parser would give them, for a few kinds of mistakes; offsets in bytes. */
export function diagnose(text) {
  const bytes = (index) => Buffer.byteLength(text.slice(0, index));
  const at = (index, length, message, help) => [{ severity: 'error', message, help, start: bytes(index), end: bytes(index + length) }];
  if (text.trim() === '') return at(0, 0, 'There is no expression', 'Write one, such as `up`.');
  const open = [...text].filter((c) => c === '(').length;
  const close = [...text].filter((c) => c === ')').length;
  if (open > close) return at(text.lastIndexOf('('), 1, 'This bracket is never closed', 'Add `)`.');
  const unknown = /\b(sums|rat|avgs)\s*\(/.exec(text);
  if (unknown) return at(unknown.index, unknown[1].length, `There is no function \`${unknown[1]}\``, 'Did you mean `rate`?');
  if (/rate\([^[\])]*\)/.test(text)) return at(text.indexOf('rate('), 4, '`rate` needs a range, such as `[5m]`');
  return [];
}
