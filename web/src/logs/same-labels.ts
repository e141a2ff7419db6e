import { labelNames, series } from '../api/loki';
import { selectorFor } from './edit';

/** Labels by which metrics and logs usually know the same thing, the most telling first. */
const shared = ['service_name', 'service', 'app', 'job', 'namespace', 'pod', 'container', 'instance', 'host', 'node', 'cluster'];

/**
 * A selector of the logs of whatever these labels belong to, in a range of nanoseconds; `null` when no stream has any
 * of them. Labels are given up from the least telling on until streams match.
 */
export async function logsOf(labels: Record<string, string>, start: bigint, end: bigint): Promise<string | null> {
  const known = new Set(await labelNames(start, end));
  const names = shared.filter((name) => labels[name] && known.has(name));
  // Logs often know a job or an app by the name of its service only.
  if (!labels.service_name && known.has('service_name')) {
    for (const name of ['service', 'app', 'job']) {
      if (labels[name] && !known.has(name)) {
        const selector = selectorFor({ service_name: labels[name] });
        if ((await series(selector, start, end)).length > 0) return selector;
      }
    }
  }
  for (let count = names.length; count > 0; count -= 1) {
    const selector = selectorFor(Object.fromEntries(names.slice(0, count).map((name) => [name, labels[name]!])));
    if ((await series(selector, start, end)).length > 0) return selector;
  }
  return null;
}
