import type { Trace } from './trace';

/** What spans of one service and name did in a trace. Times in nanoseconds. */
export interface Operation {
  service: string;
  name: string;
  count: number;
  errors: number;
  total: number;
  self: number;
  longest: number;
}

const none = (service: string, name: string): Operation => ({ service, name, count: 0, errors: 0, total: 0, self: 0, longest: 0 });
const keyOf = (service: string, name: string) => `${service}\u0000${name}`;

/** A trace by operation, those with most self time first. */
export function operations(trace: Trace): Operation[] {
  const found = new Map<string, Operation>();
  for (const { raw, duration, self } of trace.spans) {
    const { name, resource } = raw;
    const key = keyOf(resource.service, name);
    const operation = found.get(key) ?? found.set(key, none(resource.service, name)).get(key)!;
    operation.count += 1;
    operation.errors += raw.status === 'error' ? 1 : 0;
    operation.total += duration;
    operation.self += self;
    operation.longest = Math.max(operation.longest, duration);
  }
  return [...found.values()].sort((a, b) => b.self - a.self || a.service.localeCompare(b.service) || a.name.localeCompare(b.name));
}

export interface Difference {
  service: string;
  name: string;
  before: Operation;
  after: Operation;
  change: 'added' | 'removed' | 'both';
}

/** Two traces by operation; what differs most in time comes first. */
export function compare(before: Trace, after: Trace): Difference[] {
  const rows = new Map<string, Difference>();
  for (const operation of operations(before)) {
    const { service, name } = operation;
    rows.set(keyOf(service, name), { service, name, before: operation, after: none(service, name), change: 'removed' });
  }
  for (const operation of operations(after)) {
    const { service, name } = operation;
    const known = rows.get(keyOf(service, name));
    if (known) {
      known.after = operation;
      known.change = 'both';
    } else rows.set(keyOf(service, name), { service, name, before: none(service, name), after: operation, change: 'added' });
  }
  const size = (row: Difference) => Math.abs(row.after.total - row.before.total);
  return [...rows.values()].sort((a, b) => size(b) - size(a) || a.service.localeCompare(b.service) || a.name.localeCompare(b.name));
}
