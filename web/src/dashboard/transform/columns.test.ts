import { expect, test } from 'vitest';
import type { JsonObject } from '../model';
import type { Frame } from '../frame';
import { run, table } from './table';

const servers = () => table({ Time: [1, 2], host: ['a', 'b'], cpu: [10, 20], mem: [3, null] });

test.each<[string, string, JsonObject, Frame[], [string, unknown[]][][]]>([
  ['organize renames, orders, leaves out', 'organize', { excludeByName: { Time: true, mem: false }, indexByName: { mem: 0, host: 2, cpu: 1 }, renameByName: { cpu: 'CPU $five', mem: '' } }, [servers()], [[['mem', [3, null]], ['CPU 5', [10, 20]], ['host', ['a', 'b']]]]],
  ['organize puts what has no number last', 'organize', { indexByName: { mem: 0 } }, [servers()], [[['mem', [3, null]], ['Time', [1, 2]], ['host', ['a', 'b']], ['cpu', [10, 20]]]]],
  ['organize with a choice', 'organize', { includeByName: { host: true, cpu: true, mem: false } }, [servers()], [[['host', ['a', 'b']], ['cpu', [10, 20]]]]],
  ['organize in automatic order', 'organize', { orderByMode: 'auto', orderBy: [{ type: 'name', desc: true }] }, [table({ v2: [1], v10: [2], v1: [3] })], [[['v10', [2]], ['v2', [1]], ['v1', [3]]]]],
  ['organize knows legends', 'organize', { renameByName: { legend: 'new' } }, [table({ Time: [1], Value: [2] }, { config: { displayNameFromDS: 'legend' } })], [[['Time', [1]], ['new', [2]]]]],
  ['organize is not fooled by what objects have', 'organize', { renameByName: {}, excludeByName: {} }, [table({ constructor: [1], toString: [2] })], [[['constructor', [1]], ['toString', [2]]]]],
  ['renameByRegex', 'renameByRegex', { regex: '([^.]+)\\..+', renamePattern: '$1' }, [table({ 'web-01.example.com': [1], plain: [2] })], [[['web-01', [1]], ['plain', [2]]]]],
  ['renameByRegex everywhere', 'renameByRegex', { regex: '/a/g', renamePattern: 'o' }, [table({ banana: [1] })], [[['bonono', [1]]]]],
  ['renameByRegex without a pattern', 'renameByRegex', { regex: '', renamePattern: 'x' }, [table({ a: [1] })], [[['a', [1]]]]],
  ['filterFieldsByName includes names', 'filterFieldsByName', { include: { names: ['host', 'cpu'] } }, [servers()], [[['host', ['a', 'b']], ['cpu', [10, 20]]]]],
  ['filterFieldsByName includes a pattern', 'filterFieldsByName', { include: { pattern: '/^(host|m)/' } }, [servers()], [[['host', ['a', 'b']], ['mem', [3, null]]]]],
  ['filterFieldsByName excludes', 'filterFieldsByName', { exclude: { names: ['Time'], pattern: 'm.*' } }, [servers()], [[['host', ['a', 'b']], ['cpu', [10, 20]]]]],
  ['filterFieldsByName by a variable', 'filterFieldsByName', { byVariable: true, include: { variable: '$name' } }, [servers()], [[['cpu', [10, 20]]]]],
  ['filterFieldsByName drops empty frames', 'filterFieldsByName', { include: { names: ['x'] } }, [servers(), table({ x: [1] })], [[['x', [1]]]]],
  ['filterFieldsByName without a choice', 'filterFieldsByName', { include: {} }, [table({ x: [1] })], [[['x', [1]]]]],
  ['filterFields', 'filterFields', { include: { id: 'numeric' } }, [servers()], [[['cpu', [10, 20]], ['mem', [3, null]]]]],
  ['filterByRefId one', 'filterByRefId', { include: 'B' }, [table({ a: [1] }), table({ b: [2] }, { refId: 'B' })], [[['b', [2]]]]],
  ['filterByRefId several', 'filterByRefId', { include: '/^(?:B|C)$/' }, [table({ a: [1] }), table({ b: [2] }, { refId: 'B' }), table({ c: [2] }, { refId: 'C' })], [[['b', [2]]], [['c', [2]]]]],
  ['filterByRefId excludes', 'filterByRefId', { exclude: 'A|C' }, [table({ a: [1] }), table({ b: [2] }, { refId: 'B' })], [[['b', [2]]]]],
])('%s', (_name, id, options, frames, expected) => {
  const { tables, problems } = run(id, options, frames);
  expect(tables).toEqual(expected);
  expect(problems).toEqual([]);
});

test('what is switched off, for other data, of other frames, or not known', () => {
  const frames = () => [table({ a: [1, 2] }), table({ b: [1, 2] }, { refId: 'B' }), table({ c: [1, 2] }, { refId: 'C' })];
  const limit = { limitField: 1 };
  const all = [[['a', [1, 2]]], [['b', [1, 2]]], [['c', [1, 2]]]];
  expect(run('limit', limit, frames(), { disabled: true }).tables).toEqual(all);
  expect(run('limit', limit, frames(), { topic: 'annotations' }).tables).toEqual(all);
  expect(run('limit', limit, frames(), { topic: 'series' }).tables).toEqual([[['a', [1]]], [['b', [1]]], [['c', [1]]]]);
  expect(run('limit', limit, frames(), { filter: { id: 'byRefId', options: 'B' } }).tables).toEqual([[['a', [1, 2]]], [['c', [1, 2]]], [['b', [1]]]]);
  expect(run('limit', limit, frames(), { filter: { id: 'byRefId', options: 'A|C' } }).tables).toEqual([[['a', [1]]], [['b', [1, 2]]], [['c', [1]]]]);
  const unknown = run('conjure', {}, frames());
  expect([unknown.tables, unknown.problems]).toEqual([all, ['transformation 1 (conjure): it is not known']]);
  expect(run('constructor', {}, frames()).problems).toEqual(['transformation 1 (constructor): it is not known']);
  expect(run('renameByRegex', { regex: '(' }, frames()).problems).toEqual(['transformation 1 (renameByRegex): the regular expression "(" cannot be read: Invalid regular expression: /^($/: Unterminated group']);
});
