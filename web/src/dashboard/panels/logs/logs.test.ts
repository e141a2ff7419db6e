import { expect, test } from 'vitest';
import type { Frame } from '../../frame';
import type { Dedup } from './lines';
import { commonLabels, deduplicated, linesOf, ownLabelsOf } from './lines';

type Row = [nanoseconds: string, labels: Record<string, string>, line: string, types?: Record<string, string>];

function logs(...rows: Row[]): Frame {
  const field = (name: string, values: unknown[]) => ({ name, type: 'other' as const, values, config: {} });
  return {
    refId: 'A',
    length: rows.length,
    fields: [
      field('labels', rows.map(([, labels]) => labels)),
      { name: 'Time', type: 'time', values: rows.map(([time]) => Number(BigInt(time) / 1_000_000n)), config: {} },
      { name: 'Line', type: 'string', values: rows.map(([, , line]) => line), config: {} },
      { name: 'tsNs', type: 'string', values: rows.map(([time]) => time), config: {} },
      field('labelTypes', rows.map(([, labels, , types]) => types ?? Object.fromEntries(Object.keys(labels).map((name) => [name, 'I'])))),
    ],
    meta: { kind: 'logs', query: '{app="a"}' },
  };
}

const a = logs(['1700000000000000003', { app: 'a', level: 'WARN' }, 'three'], ['1700000000000000001', { app: 'a', detected_level: 'error' }, 'one']);
const b = logs(['1700000000000000002', { app: 'b', severity: 'Critical' }, 'two'], ['1700000000000000002', { app: 'b', severity: 'Critical' }, 'two']);

test('lines of several queries come in the order of their nanoseconds', () => {
  const told = (order: 'backward' | 'forward') => linesOf([a, b], order).map(({ line }) => line);
  expect([told('backward'), told('forward')]).toEqual([['three', 'two', 'two', 'one'], ['one', 'two', 'two', 'three']]);
  expect(linesOf([a, b], 'forward').map(({ level }) => level)).toEqual(['error', 'critical', 'critical', 'warn']);
  const keys = linesOf([a, b], 'forward').map(({ key }) => key);
  expect(new Set(keys).size).toBe(4);
});

test('a line knows where its labels come from', () => {
  const [line] = linesOf([logs(['1700000000000000000', { app: 'a', trace_id: 'x', path: '/' }, 'l', { app: 'I', trace_id: 'S', path: 'P' }])], 'backward');
  expect([line!.stream, line!.metadata, line!.parsed, line!.query]).toEqual([{ app: 'a' }, { trace_id: 'x' }, { path: '/' }, '{app="a"}']);
});

test('a table of texts is read as lines too', () => {
  const table: Frame = {
    refId: 'A',
    length: 2,
    fields: [
      { name: 'when', type: 'time', values: [1_700_000_000_000, 1_700_000_001_000.5], config: {} },
      { name: 'message', type: 'string', values: ['x', 'y'], config: {} },
      { name: 'status', type: 'number', values: [200, null], config: {} },
    ],
  };
  expect(linesOf([table], 'forward').map(({ time, line, labels }) => [time, line, labels])).toEqual([
    [1_700_000_000_000_000_000n, 'x', { status: '200' }],
    [1_700_000_001_000_500_000n, 'y', {}],
  ]);
  expect(linesOf([{ refId: 'A', length: 1, fields: [{ name: 'n', type: 'number', values: [1], config: {} }] }], 'forward')).toEqual([]);
});

const many = ['2026-03-10T12:00:00Z a 1', '2026-03-10T12:00:01Z a 1', '2026-03-10T12:00:02Z a 2', 'b', 'c', '2026-03-10T12:00:03Z a 1'];
test.each<[Dedup, [string, number][]]>([
  ['none', many.map((line) => [line, 0])],
  ['exact', [[many[0]!, 1], [many[2]!, 0], ['b', 0], ['c', 0], [many[5]!, 0]]],
  ['numbers', [[many[0]!, 2], ['b', 0], ['c', 0], [many[5]!, 0]]],
  ['signature', [[many[0]!, 2], ['b', 1], [many[5]!, 0]]],
])('repetitions by %s', (by, expected) => {
  const lines = linesOf([logs(...many.map((line, index): Row => [`170000000000000000${index}`, {}, line]))], 'forward');
  expect(deduplicated(lines, by).map(({ line, repeated }) => [line, repeated])).toEqual(expected);
});

test('labels that all share, and those of one', () => {
  const lines = linesOf([logs(['1', { app: 'a', pod: 'x', __error__: 'e' }, ''], ['2', { app: 'a', pod: 'y', __error__: 'e' }, ''])], 'forward');
  const common = commonLabels(lines);
  expect([common, ownLabelsOf(lines[0]!, common), commonLabels([])]).toEqual([{ app: 'a' }, { pod: 'x' }, {}]);
});
