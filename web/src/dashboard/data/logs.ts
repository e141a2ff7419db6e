/** Lines of logs as a frame with the columns that Grafana's has. */

import { mark } from '../../logs/entries';
import type { Frame } from '../frame';
import type { Logs } from './answer';
import type { PreparedTarget } from './targets';

export function logsFrame(answer: Logs, target: PreparedTarget): Frame[] {
  const { entries } = answer;
  const seen = new Map<string, number>();
  const ids = entries.map(({ time_ns: time, labels, line }) => {
    const base = `${time}_${mark(`${JSON.stringify(labels)}${line}`)}`;
    const count = seen.get(base) ?? 0;
    seen.set(base, count + 1);
    return count === 0 ? base : `${base}_${count}`;
  });
  const times = entries.map(({ time_ns: time }) => Number(BigInt(time) / 1_000_000n));
  const nanos = entries.map(({ time_ns: time }) => Number(BigInt(time) % 1_000_000n));
  const field = <T>(name: string, type: 'string' | 'other', values: T[]) => ({ name, type, values, config: {} });
  return [
    {
      refId: target.refId,
      fields: [
        field('labels', 'other', entries.map(({ labels, metadata }) => (metadata && Object.keys(metadata).length > 0 ? { ...labels, ...metadata } : labels))),
        { name: 'Time', type: 'time', values: times, nanos, config: {} },
        field('Line', 'string', entries.map(({ line }) => line)),
        field('tsNs', 'string', entries.map(({ time_ns: time }) => time)),
        // `I`: an indexed label of the stream, `S`: structured metadata.
        field('labelTypes', 'other', entries.map(({ labels, metadata }) => Object.fromEntries([...Object.keys(labels).map((name) => [name, 'I']), ...Object.keys(metadata ?? {}).map((name) => [name, 'S'])]))),
        field('id', 'string', ids),
      ],
      length: entries.length,
      meta: { kind: 'logs', query: target.query, language: 'logql' },
    },
  ];
}
