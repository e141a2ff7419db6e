import { describe, expect, test } from 'vitest';
import { applyFieldConfig } from '../../display';
import type { Frame } from '../../frame';
import type { FieldConfig, JsonObject } from '../../model';
import { barModel, categoryField, labelStep, placeBars, shortened } from './model';
import { barOptions } from './options';
import { roundStep, valueScale } from './scale';

const table = (columns: Record<string, unknown[]>): Frame => ({
  refId: 'A',
  length: Object.values(columns)[0]!.length,
  fields: Object.entries(columns).map(([name, values]) => ({ name, values, type: name === 'Time' ? 'time' : typeof values.find((value) => value != null) === 'number' ? 'number' : 'string', config: {} })),
});
const shown = (frames: Frame[], defaults: FieldConfig = {}) => applyFieldConfig(frames, { defaults: defaults as FieldConfig & JsonObject, overrides: [] }, { isDark: false, timeZone: 'UTC', interpolate: (text) => text, panelType: 'barchart' });
const model = (frames: Frame[], options: JsonObject = {}, defaults: FieldConfig = {}, hidden: string[] = []) => barModel(shown(frames, defaults), barOptions(options), false, 'UTC', (name) => (hidden.includes(name) ? true : undefined));
const drawn = (found: ReturnType<typeof barModel>) => found.series.map(({ name, drawn: values }) => [name, values]);

test.each([
  ['the first text', { Value: [1], Shop: ['a'] }, null, 'Shop'],
  ['else the time', { Value: [1], Time: [5] }, null, 'Time'],
  ['as asked for', { Shop: ['a'], Code: [7], Value: [1] }, 'Code', 'Code'],
  ['none', { Value: [1] }, null, undefined],
])('categories: %s', (_, columns, asked, expected) => {
  expect(categoryField(table(columns), asked)?.name).toBe(expected);
});

describe('model', () => {
  const shops = () => table({ Shop: ['a', 'b', 'a'], Sold: [1, null, 3], Back: [10, 20, 30] });
  test('rows of one frame stay apart', () => {
    const found = model([shops()]);
    expect(found.categories).toEqual(['a', 'b', 'a']);
    expect(drawn(found)).toEqual([['Sold', [1, null, 3]], ['Back', [10, 20, 30]]]);
  });
  test('rows of several frames meet', () => {
    const found = model([table({ Shop: ['a', 'b'], Sold: [1, 2] }), table({ Shop: ['b', 'c'], Back: [5, 6] })]);
    expect(found.categories).toEqual(['a', 'b', 'c']);
    expect(found.series.map(({ raw }) => raw)).toEqual([[1, 2, null], [null, 5, 6]]);
  });
  test('stacked, and without a hidden one', () => {
    expect(drawn(model([shops()], { stacking: 'normal' }))[1]).toEqual(['Back', [11, 20, 33]]);
    expect(drawn(model([shops()], { stacking: 'normal' }, {}, ['Sold']))[1]).toEqual(['Back', [10, 20, 30]]);
    expect(drawn(model([shops()], { stacking: 'percent' }))[0]).toEqual(['Sold', [1 / 11, null, 3 / 33]]);
  });
  test('colours by value are those of the bars', () => {
    const thresholds = { mode: 'absolute' as const, steps: [{ value: null, color: '#00ff00' }, { value: 15, color: '#ff0000' }] };
    const found = model([table({ Shop: ['a', 'b'], Sold: [10, 20] })], {}, { color: { mode: 'thresholds' }, thresholds });
    expect(found.series[0]!.colors).toEqual(['#00ff00', '#ff0000']);
  });
  test('a screen does not show ten thousand bars', () => {
    const found = model([table({ Shop: Array.from({ length: 10_000 }, (_, place) => `s${place}`), Sold: Array.from({ length: 10_000 }, () => 1) })]);
    expect([found.categories.length, found.left]).toEqual([1_000, 9_000]);
  });
});

describe('places', () => {
  const options = { groupWidth: 0.5, barWidth: 1, stacking: 'none' as const };
  const series = (...values: (number | null)[]) => ({ drawn: values, base: null });
  test('side by side in the middle of their band', () => {
    expect(placeBars([series(1, 2), series(3, null)], 2, 200, options).map(({ series: at, row, from, size }) => [at, row, from, size])).toEqual([[0, 0, 25, 25], [0, 1, 125, 25], [1, 0, 50, 25]]);
  });
  test('one series alone', () => {
    expect(placeBars([series(1)], 1, 100, options)).toEqual([{ series: 0, row: 0, from: 25, size: 50, low: 0, high: 1 }]);
  });
  test('stacked upon each other', () => {
    const found = placeBars([series(1), { drawn: [4], base: [1] }], 1, 100, { ...options, stacking: 'normal' });
    expect(found.map(({ from, low, high }) => [from, low, high])).toEqual([[25, 0, 1], [25, 1, 4]]);
  });
});

test.each([[5, 500, 50, 1], [50, 500, 50, 5], [0, 500, 50, 1]])('of %d labels on %d pixels that need %d each, every %dth', (count, length, need, expected) => {
  expect(labelStep(count, length, need)).toBe(expected);
});
test('shortened', () => {
  expect([shortened('abcdef', 3), shortened('abc', 3), shortened('abc', 0)]).toEqual(['abc…', 'abc', 'abc']);
});
test.each([[0, 100, 5, undefined, 20], [0, 99, 4, undefined, 25], [0, 3_600, 4, 's', 900], [0, 2 ** 30, 4, 'bytes', 2 ** 28]])('from %d to %d with %d marks in %s: %d', (low, high, most, unit, expected) => {
  expect(roundStep(low, high, most, unit, null)).toBe(expected);
});
test('an axis of values', () => {
  const found = model([table({ Shop: ['a'], Sold: [90] })]);
  const scale = valueScale(found.axes[0]!, found.series[0]!.field, 0, 90, 300, 34);
  expect([scale.low, scale.high, scale.place(0), scale.place(49.5), scale.place(1_000)]).toEqual([0, 99, 0, 0.5, 1]);
  expect(scale.marks.map(({ text }) => text)).toEqual(['0', '20', '40', '60', '80']);
});
