import { expect, test } from 'vitest';
import type { Field } from '../../frame';
import { afterClick, calcsOf, legendOptions, sorted } from './legend';

const items = (shown: Record<string, boolean>) => Object.entries(shown).map(([name, one]) => ({ name, shown: one }));

test.each<[string, Record<string, boolean>, string, boolean, string[]]>([
  ['a click leaves one alone', { a: true, b: true, c: true }, 'b', false, ['a', 'c']],
  ['a click on it again brings all back', { a: false, b: true, c: false }, 'b', false, []],
  ['a click on another changes over', { a: false, b: true, c: false }, 'c', false, ['a', 'b']],
  ['toggled away', { a: true, b: true }, 'a', true, ['a']],
  ['toggled back', { a: false, b: true }, 'a', true, []],
])('%s', (_, shown, name, toggle, expected) => {
  expect(afterClick(items(shown), name, toggle)).toEqual(expected);
});

const calc = (numeric: number) => [{ id: 'max', name: 'Max', text: String(numeric), numeric }];
const rows = [
  { name: 'node10', calcs: calc(2) },
  { name: 'node9', calcs: calc(Number.NaN) },
  { name: 'node1', calcs: calc(7) },
];
test.each<[string | null, boolean, string[]]>([
  [null, false, ['node10', 'node9', 'node1']],
  ['Max', true, ['node1', 'node10', 'node9']],
  ['max', false, ['node10', 'node1', 'node9']],
  ['Name', false, ['node1', 'node9', 'node10']],
  ['Unknown', false, ['node10', 'node9', 'node1']],
])('sorted by %s, descending %s', (by, descending, expected) => {
  expect(sorted(rows, by, descending).map(({ name }) => name)).toEqual(expected);
});

test('calculations: counts have no unit, shares have percent', () => {
  const field: Field = { name: 'a', type: 'number', values: [2, null, 3], config: { unit: 's' }, display: (value) => ({ text: String(value), suffix: ' s', numeric: Number(value) }) };
  expect(calcsOf(field, ['max', 'count', 'diffperc', 'allIsZero', 'nonsense']).map(({ name, text }) => `${name}=${text}`)).toEqual(['Max=3 s', 'Count=3', 'Difference percent=50%', 'All zeros=False', 'nonsense=']);
});

test.each([
  [undefined, { show: true, table: false, right: false }],
  [{ showLegend: false }, { show: false }],
  [{ displayMode: 'hidden' }, { show: false }],
  [{ displayMode: 'table', placement: 'right', width: 200, calcs: ['max', 3], sortBy: 'Max', sortDesc: true }, { table: true, right: true, width: 200, calcs: ['max'], sortBy: 'Max', sortDesc: true }],
])('options %j', (given, expected) => {
  expect(legendOptions(given)).toMatchObject(expected);
});
