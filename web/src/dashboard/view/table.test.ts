import { expect, test } from 'vitest';
import type { Field, Frame } from '../frame';
import { csvOf, tablesOf } from './table';

const field = (name: string, type: Field['type'], values: unknown[], more: Partial<Field> = {}): Field => ({ name, type, values, config: {}, ...more });
const frame = (refId: string, ...fields: Field[]): Frame => ({ refId, fields, length: fields[0]?.values.length ?? 0 });
const minute = (count: number) => Date.UTC(2026, 10, 22, 20, count);

const a = frame('A', field('Time', 'time', [minute(0), minute(1), minute(3)]), field('Value', 'number', [1, null, 0.1 + 0.2], { displayName: 'api, eu' }));
const b = frame('B', field('Time', 'time', [minute(1), minute(2)]), field('Value', 'number', [Infinity, NaN], { displayName: 'say "hi"' }));

test('one series', () => expect(csvOf(tablesOf([a])[0]!, false)).toBe('Time,"api, eu"\r\n2026-11-22T20:00:00.000Z,1\r\n2026-11-22T20:01:00.000Z,\r\n2026-11-22T20:03:00.000Z,0.30000000000000004\r\n'));

test('two series joined by time, gaps stay empty', () => {
  const [joined, ...single] = tablesOf([a, b]);
  expect(csvOf(joined!, false).split('\r\n')).toEqual([
    'Time,"api, eu","say ""hi"""',
    '2026-11-22T20:00:00.000Z,1,',
    '2026-11-22T20:01:00.000Z,,+Inf',
    '2026-11-22T20:02:00.000Z,,NaN',
    '2026-11-22T20:03:00.000Z,0.30000000000000004,',
    '',
  ]);
  expect(single.map(({ name }) => name)).toEqual(['api, eu', 'say "hi"']);
});

test('what has no time is not joined', () => expect(tablesOf([frame('A', field('x', 'string', ['a'])), b]).map(({ length }) => length)).toEqual([1, 2]));

test('formatted values are those of the panel', () => {
  const shown = frame('A', field('Size', 'number', [1024, null], { display: (value) => ({ text: String(Number(value) / 1024), suffix: ' KiB', numeric: Number(value) }) }), field('Lines', 'string', ['two\nlines', ' x ']));
  expect(csvOf(tablesOf([shown])[0]!, true)).toBe('Size,Lines\r\n1 KiB,"two\nlines"\r\n," x "\r\n');
});
