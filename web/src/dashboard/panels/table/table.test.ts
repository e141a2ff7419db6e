import { expect, test } from 'vitest';
import { applyFieldConfig } from '../../display';
import type { Frame } from '../../frame';
import type { JsonObject, Override, Panel } from '../../model';
import { columnsOf, widthsOf } from './columns';
import { footerOf } from './footer';
import { choicesOf, nextSort, rowsOf } from './rows';
import { jsonText, pillsOf } from './values';

const frame: Frame = {
  refId: 'A',
  length: 5,
  fields: [
    { name: 'pod', type: 'string', values: ['b', 'a10', 'a9', '', 'c'], config: {} },
    { name: 'cpu', type: 'number', values: [3, null, 1, 2, NaN], config: {} },
    { name: 'memory', type: 'number', values: [1024, 2048, 1024, 4096, 0], config: { unit: 'bytes' } },
    { name: 'ready', type: 'boolean', values: [true, false, true, true, false], config: {} },
  ],
};
const set = (name: string, ...properties: { id: string; value: never }[]): Override => ({ matcher: { id: 'byName', options: name }, properties });
const shown = (overrides: Override[] = []) => applyFieldConfig([frame], { defaults: {}, overrides } as Panel['fieldConfig'], { isDark: false, timeZone: 'UTC', interpolate: (text) => text, panelType: 'table' })[0]!;
const columns = columnsOf(shown());

test.each<[string, { displayName: string; desc?: boolean }[], number[]]>([
  ['as they came', [], [0, 1, 2, 3, 4]],
  ['by texts with numbers in them, nothing last', [{ displayName: 'pod' }], [2, 1, 0, 4, 3]],
  ['by numbers, null and NaN last', [{ displayName: 'cpu' }], [2, 3, 0, 1, 4]],
  ['falling, null and NaN still last', [{ displayName: 'cpu', desc: true }], [0, 3, 2, 1, 4]],
  ['by two columns', [{ displayName: 'memory' }, { displayName: 'pod' }], [4, 2, 0, 1, 3]],
  ['no before yes', [{ displayName: 'ready' }], [1, 4, 0, 2, 3]],
  ['by a column that is not there', [{ displayName: 'x' }], [0, 1, 2, 3, 4]],
])('rows are sorted %s', (_, sortBy, rows) => {
  expect(rowsOf(columns, frame.length, sortBy, {})).toEqual(rows);
});

test('filters go by what is read', () => {
  expect(rowsOf(columns, 5, [], { memory: ['1 KiB'] })).toEqual([0, 2]);
  expect(rowsOf(columns, 5, [], { memory: ['1 KiB'], pod: ['b', 'c'] })).toEqual([0]);
  expect(choicesOf(columns[2]!.field, 5)).toEqual({ texts: ['0 B', '1 KiB', '2 KiB', '4 KiB'], more: false });
  const many = { ...columns[1]!.field, values: Array.from({ length: 5_000 }, (_, index) => index), display: undefined };
  expect(choicesOf(many, 5_000)).toMatchObject({ more: true });
});

test('a click turns the order', () => {
  const once = nextSort([], 'a', false);
  expect(once).toEqual([{ displayName: 'a', desc: false }]);
  const twice = nextSort(once, 'a', false);
  expect(twice).toEqual([{ displayName: 'a', desc: true }]);
  expect(nextSort(twice, 'a', false)).toEqual([]);
  expect(nextSort(twice, 'b', false)).toEqual([{ displayName: 'b', desc: false }]);
  expect(nextSort(twice, 'b', true)).toEqual([{ displayName: 'a', desc: true }, { displayName: 'b', desc: false }]);
});

const footer = (options: JsonObject, rows = [0, 1, 2, 3, 4], overrides: Override[] = []) => footerOf(columnsOf(shown(overrides)), rows, { footer: options })?.map((figures) => figures.map(({ label, text }) => `${label} ${text}`));
test.each<[string, JsonObject, string[][] | undefined, number[]?]>([
  ['none', { show: false, reducer: ['sum'] }, undefined],
  ['sums of the numbers', { show: true, reducer: ['sum'] }, [[], ['Total 6'], ['Total 8 KiB'], []]],
  ['of the rows that are let through', { show: true, reducer: ['sum'] }, [[], ['Total 4'], ['Total 2 KiB'], []], [0, 2]],
  ['of chosen columns', { show: true, reducer: ['max'], fields: ['memory'] }, [[], [], ['Max 4 KiB'], []]],
  ['several', { show: true, reducer: ['min', 'max'], fields: ['memory'] }, [[], [], ['Min 0 B', 'Max 4 KiB'], []]],
  ['counts are in no unit', { show: true, reducer: ['count'] }, [[], ['Count 5'], ['Count 5'], []]],
  ['rows', { show: true, reducer: ['count'], countRows: true }, [['Count 3'], [], [], []], [0, 1, 2]],
])('the footer: %s', (_, options, expected, rows) => {
  expect(footer(options, rows)).toEqual(expected);
});

test('a footer of a column of its own', () => {
  expect(footer({}, [0, 3], [set('memory', { id: 'custom.footer', value: { reducers: ['mean'] } as never })])).toEqual([[], [], ['Mean 2.50 KiB'], []]);
});

test('columns are what the dashboard says', () => {
  const made = columnsOf(
    shown([
      set('pod', { id: 'custom.align', value: 'center' as never }, { id: 'custom.width', value: 80 as never }, { id: 'custom.filterable', value: true as never }),
      set('cpu', { id: 'custom.cellOptions', value: { type: 'lcd-gauge' } as never }, { id: 'displayName', value: 'CPU' as never }),
      set('memory', { id: 'custom.cellOptions', value: { type: 'color-background', applyToRow: true, mode: 'gradient' } as never }),
      set('ready', { id: 'custom.hideFrom', value: { viz: true } as never }),
    ]),
  );
  expect(made.map(({ name, align, width, kind, filterable, isOfRow, cell }) => [name, align, width, kind, filterable, isOfRow, cell.mode])).toEqual([
    ['pod', 'center', 80, 'auto', true, false, undefined],
    ['CPU', 'right', undefined, 'gauge', false, false, 'lcd'],
    ['memory', 'right', undefined, 'color-background', false, true, 'gradient'],
  ]);
});

test.each([
  [[{ leastWidth: 50 }, { leastWidth: 50 }], 200, [100, 100]],
  [[{ width: 30, leastWidth: 50 }, { leastWidth: 50 }], 200, [30, 170]],
  [[{ leastWidth: 150 }, { leastWidth: 50 }, { leastWidth: 50 }], 300, [150, 75, 75]],
  [[{ leastWidth: 150 }, { leastWidth: 150 }], 200, [150, 150]],
  [[{ width: 5, leastWidth: 50 }], 200, [24]],
  [[{ leastWidth: 10 }, { leastWidth: 10 }, { leastWidth: 10 }], 100, [33, 33, 34]],
])('columns %j share %i pixels as %j', (given, available, widths) => {
  expect(widthsOf(given, available)).toEqual(widths);
});

test('values that are more than a text', () => {
  expect([jsonText({ a: [1] }), jsonText('{ "a": 1 }'), jsonText('no json'), jsonText(undefined)]).toEqual(['{"a":[1]}', '{"a":1}', 'no json', '']);
  expect([pillsOf('a, b'), pillsOf('["x","y, z"]'), pillsOf(['q', 1]), pillsOf(null), pillsOf('[broken')]).toEqual([['a', 'b'], ['x', 'y, z'], ['q', '1'], [], ['[broken']]);
});
