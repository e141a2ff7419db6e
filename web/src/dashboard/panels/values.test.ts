import { expect, test } from 'vitest';
import { applyFieldConfig, displayText } from '../display';
import type { Frame } from '../frame';
import type { FieldConfig, Override, Panel } from '../model';
import type { ScopedVars } from '../panel';
import { arcPath, gaugeLayout, spotAt } from './gauge/arc';
import { barLayout } from './bargauge/layout';
import { bandsOf } from './parts/bands';
import { gridPlaces, places } from './parts/places';
import { sparkline } from './parts/sparkline';
import { fittingSize } from './parts/text-size';
import { percentText, slicePath, slicesOf } from './piechart/slices';
import { scopedOf } from './scoped';
import { statLayout, statOptions, textsOf } from './stat/layout';
import type { ReduceOptions } from './values';
import { changeText, displayedValues, hidesTitle, shareOf } from './values';

const interpolate = (text: string, scoped: ScopedVars = {}) => text.replace(/\$\{([^}]+)\}/g, (whole, name: string) => (scoped[name] ? String(scoped[name].text) : whole));

function shown(frames: Frame[], { defaults = {}, overrides = [], type = 'stat' }: { defaults?: FieldConfig; overrides?: Override[]; type?: string } = {}): Frame[] {
  return applyFieldConfig(frames, { defaults, overrides } as Panel['fieldConfig'], { isDark: false, timeZone: 'UTC', interpolate, panelType: type });
}

const series = (name: string, values: (number | null)[]): Frame => ({
  refId: 'A',
  name,
  length: values.length,
  fields: [
    { name: 'Time', type: 'time', values: values.map((_, index) => index * 1_000), config: {} },
    { name: 'Value', type: 'number', values, labels: { host: name }, config: { displayNameFromDS: name } },
  ],
});
const table: Frame = {
  refId: 'B',
  length: 3,
  fields: [
    { name: 'Time', type: 'time', values: [0, 0, 0], config: {} },
    { name: 'pod', type: 'string', values: ['a', 'b', 'c'], config: {} },
    { name: 'zone', type: 'string', values: ['x', 'y', ''], config: {} },
    { name: 'cpu', type: 'number', values: [0.5, 2, null], config: {} },
  ],
};
const two: Frame = { ...table, fields: [...table.fields, { name: 'memory', type: 'number', values: [10, 20, 30], config: {} }] };

/** Titles and texts of what is shown. */
const check = (frames: Frame[], options: ReduceOptions, config?: Parameters<typeof shown>[1]) => displayedValues(shown(frames, config), options, { isDark: false, interpolate }).map(({ title, display }) => [title, displayText(display)]);

test.each<[string, Frame[], ReduceOptions, [string, string][], Parameters<typeof shown>[1]?]>([
  ['the last number that is not null', [series('a', [1, 5, null]), series('b', [2, 3])], {}, [['a', '5'], ['b', '3']]],
  ['several calculations of each field', [series('a', [1, 5, 3])], { calcs: ['min', 'max', 'sum'] }, [['a', '1'], ['a', '5'], ['a', '9']]],
  ['fields by a pattern of their names', [series('abc', [1]), series('xbc', [2])], { fields: '/^a/' }, [['abc', '1']]],
  ['a field by its whole name', [series('abc', [1]), series('abcd', [2])], { fields: 'abc' }, [['abc', '1']]],
  ['texts where a pattern names them', [table], { fields: '/^pod$/' }, [['pod', 'c']]],
  ['no field for a pattern that cannot be read', [series('a', [1])], { fields: '/(/' }, []],
  ['every row, named by its texts', [table], { values: true }, [['a x', '0.500'], ['b y', '2'], ['c', '']]],
  ['every row of several numbers, named by both', [two], { values: true, fields: '/^memory$/' }, [['a x memory', '10'], ['b y memory', '20'], ['c memory', '30']]],
  ['no more rows than the limit', [two], { values: true, limit: 4 }, [['a x cpu', '0.500'], ['b y cpu', '2'], ['c cpu', ''], ['a x memory', '10']]],
  ['nothing without frames', [], {}, []],
  ['nothing of an empty table', [{ ...table, length: 0, fields: table.fields.map((field) => ({ ...field, values: [] })) }], { values: true }, []],
  ['nulls as the dashboard writes them', [series('a', [null])], {}, [['a', 'off']], { defaults: { noValue: 'off' } }],
  ['mappings', [series('a', [1])], {}, [['a', 'up']], { defaults: { mappings: [{ type: 'value', options: { 1: { text: 'up' } } }] } }],
  ['counts as plain numbers, shares and truths in their own unit', [series('a', [60, 60, 90])], { calcs: ['max', 'count', 'distinctCount', 'changeCount', 'diffperc', 'allIsZero', 'uniqueValues'] }, [['a', '1.500 mins'], ['a', '3'], ['a', '2'], ['a', '1'], ['a', '50%'], ['a', 'False'], ['a', '1.000 min, 1.500 mins']], { defaults: { unit: 's', decimals: 3 } }],
  ['names that the dashboard gives', [series('a', [1]), series('b', [2])], {}, [['host a', '1'], ['host b', '2']], { defaults: { displayName: 'host ${__field.labels.host}' } }],
  ['names that the row gives', [table], { values: true }, [['a', '0.500'], ['b', '2'], ['c', '']], { defaults: { displayName: '${__data.fields.pod}' } }],
  ['what is hidden is not shown', [series('a', [1]), series('b', [2])], {}, [['b', '2']], { overrides: [{ matcher: { id: 'byName', options: 'a' }, properties: [{ id: 'custom.hideFrom', value: { viz: true } }] }] }],
])('values: %s', (_, frames, options, expected, config) => {
  expect(check(frames, options, config)).toEqual(expected);
});

test('25 rows at most, unless the panel says otherwise', () => {
  const long: Frame = { refId: 'A', length: 40, fields: [{ name: 'x', type: 'number', values: Array.from({ length: 40 }, (_, index) => index), config: {} }] };
  expect(displayedValues(shown([long]), { values: true }, { isDark: false, interpolate })).toHaveLength(25);
  expect(displayedValues(shown([long]), { values: true, limit: 30 }, { isDark: false, interpolate })).toHaveLength(30);
});

test('a value knows its scale, its line and its change', () => {
  const [first, second] = displayedValues(shown([series('a', [4, 8, 6]), series('b', [-1, 2, 20])]), { calcs: ['last'] }, { isDark: false, interpolate });
  expect([first!.min, first!.max, first!.change, first!.line?.values]).toEqual([-1, 20, 0.5, [4, 8, 6]]);
  expect([second!.change, changeText(second!.change!)]).toEqual([-21, '-2,100%']);
  const [share] = displayedValues(shown([series('a', [0.25])], { defaults: { unit: 'percentunit' } }), {}, { isDark: false, interpolate });
  expect([share!.min, share!.max]).toEqual([0, 1]);
});

test('rows of one field differ in colour where colours go by the palette', () => {
  const colors = (mode: string) => displayedValues(shown([two], { type: 'piechart', defaults: { color: { mode } } }), { values: true, fields: '/memory/' }, { isDark: false, interpolate }).map(({ display }) => display.color);
  expect(new Set(colors('palette-classic')).size).toBe(3);
  expect(new Set(colors('thresholds')).size).toBe(1);
});

test('one value needs no name of its own', () => {
  const values = (defaults: FieldConfig, ...names: string[]) => displayedValues(shown(names.map((name) => series(name, [1])), { defaults }), {}, { isDark: false, interpolate });
  expect([hidesTitle(values({}, 'a')), hidesTitle(values({ displayName: 'x' }, 'a')), hidesTitle(values({}, 'a', 'b'))]).toEqual([true, false, false]);
});

test.each([
  [0.125, '12.5%'],
  [-0.03124, '-3.12%'],
  [1.6666, '167%'],
  [0, '0%'],
])('a change of %f is %s', (change, text) => {
  expect(changeText(change)).toBe(text);
});

test.each([
  [5, 0, 10, 0.5],
  [-5, 0, 10, 0],
  [20, 0, 10, 1],
  [3, 3, 3, 0],
  [Infinity, 0, 10, 1],
])('%f lies between %f and %f at %f', (value, min, max, share) => {
  expect(shareOf(value, { min, max })).toBe(share);
});

test('variables of a value', () => {
  const [frame] = shown([{ ...two, name: 'frame' }], { defaults: { unit: 'percent' } });
  const scoped = scopedOf(frame!, frame!.fields[3]!, 1);
  const texts = (names: string[]) => names.map((name) => scoped[name]?.value);
  expect(texts(['__field.name', '__value.raw', '__value.text', '__value.numeric', '__value.time', '__data.fields.pod', '__data.fields.1', '__data.fields.memory.text', '__data.fields.memory.numeric', '__cell_2', '__series.name', '__data.refId', '__field.displayName'])).toEqual(['cpu', '2', '2%', '2', '0', 'b', 'b', '20%', '20', 'y', 'frame', 'B', 'frame cpu']);
  const [lines] = shown([series('h1', [3])]);
  expect(scopedOf(lines!, lines!.fields[1]!, undefined, 3)['__field.labels.host']?.value).toBe('h1');
  // A point of a chart stands at its own time; without a name of the frame the series is called as its field.
  const point = scopedOf(lines!, lines!.fields[1]!, undefined, 3, 90_000);
  expect(['__value.time', '__series.name', '__field.name'].map((name) => point[name]?.value)).toEqual(['90000', lines!.fields[1]!.displayName, lines!.fields[1]!.name]);
});

test.each([
  [{ textMode: 'auto' }, 1, '', '5'],
  [{ textMode: 'auto' }, 2, 'n', '5'],
  [{ textMode: 'value' }, 2, '', '5'],
  [{ textMode: 'value_and_name' }, 1, 'n', '5'],
  [{ textMode: 'name' }, 2, '', 'n'],
  [{ textMode: 'none' }, 2, '', ''],
  [{}, 1, '', '5'],
])('a stat with %j of %i values writes %j and %j', (options, count, name, value) => {
  expect(textsOf(statOptions(options).textMode, count, 'n', '5')).toEqual({ name, value });
});

const by = (text: string) => text.length * 0.6;
test.each([
  [86, 30, 'Root file system', '68.0 GiB'],
  [240, 120, '', '37.9%'],
  [40, 22, '', '12,345'],
  [600, 60, 'a name', '1'],
  [120, 300, 'a name', 'a long value of words'],
])('texts of a stat fit %i by %i', (width, height, title, value) => {
  for (const wideLayout of [true, false]) {
    const layout = statLayout({ width, height, title, value, percent: '', hasLine: true, options: statOptions({ wideLayout }), by });
    const lines = layout.wide ? Math.max(layout.titleSize * 1.25, layout.valueSize * 1.15) : layout.titleSize * 1.25 + layout.valueSize * 1.15;
    expect(lines + layout.padding * 2).toBeLessThanOrEqual(Math.max(height, layout.titleSize * 1.25 + layout.valueSize * 1.15 + 2 * layout.padding) + 1);
    if (layout.valueSize > 8) expect(by(value) * layout.valueSize).toBeLessThanOrEqual(width);
  }
});

test('a text takes the size that its place allows', () => {
  expect(fittingSize('abcd', 98, 1_000, { by })).toBe(40);
  expect(fittingSize('abcd', 1_000, 24, { by })).toBe(20);
  expect(fittingSize('abcd', 2, 2, { by })).toBe(8);
});

test.each([
  [600, 300, 1, 1, 1],
  [600, 300, 2, 2, 1],
  [300, 600, 2, 1, 2],
  [600, 300, 8, 4, 2],
  [400, 400, 9, 3, 3],
])('a grid of %i by %i for %i has %i columns and %i rows', (width, height, count, columns, rows) => {
  expect(gridPlaces(width, height, count, 0)).toEqual({ columns, rows, width: width / columns, height: height / rows });
});

test('places follow the orientation, and are no smaller than they may be', () => {
  expect(places(600, 300, 3, 'horizontal', { gap: 0 })).toEqual({ columns: 1, rows: 3, width: 600, height: 100 });
  expect(places(600, 300, 3, 'vertical', { gap: 0 })).toEqual({ columns: 3, rows: 1, width: 200, height: 300 });
  expect(places(600, 300, 3, 'auto', { gap: 0 })).toEqual({ columns: 3, rows: 1, width: 200, height: 300 });
  expect(places(300, 600, 3, 'auto', { gap: 0 })).toEqual({ columns: 1, rows: 3, width: 300, height: 200 });
  expect(places(600, 300, 100, 'horizontal', { least: { width: 0, height: 16 } }).height).toBe(16);
});

test('a line keeps its gaps and its highest point', () => {
  expect(sparkline({ times: [0, 1, 2, 3, 4], values: [0, 10, null, 10, 0] }, 40, 20)?.line).toBe('M0 18.5L10 1.5M30 1.5L40 18.5');
  expect(sparkline({ times: [0, 1], values: [null, null] }, 40, 20)).toBeNull();
  expect(sparkline({ times: [0], values: [1] }, 40, 20)).toBeNull();
  const values = Array.from({ length: 10_000 }, (_, index) => (index === 7_777 ? 100 : 0));
  const drawn = sparkline({ times: values.map((_, index) => index), values }, 100, 50)!;
  expect(drawn.line.length).toBeLessThan(10_000);
  expect(drawn.line).toContain(' 1.5');
});

test('thresholds divide a scale', () => {
  const steps = [{ value: null, color: '#00ff00' }, { value: 50, color: '#ff0000' }];
  const bands = (mode: 'absolute' | 'percentage', min: number, max: number) => bandsOf({ config: { thresholds: { mode, steps } } }, { min, max }, false).map(({ from, to, color }) => [from, to, color]);
  expect(bands('absolute', 0, 200)).toEqual([[0, 0.25, '#00ff00'], [0.25, 1, '#ff0000']]);
  expect(bands('percentage', 0, 200)).toEqual([[0, 0.5, '#00ff00'], [0.5, 1, '#ff0000']]);
  expect(bands('absolute', 60, 100)).toEqual([[0, 0, '#00ff00'], [0, 1, '#ff0000']]);
});

const sliced = (sort: 'asc' | 'desc' | 'none', hidden: string[] = []) => {
  const values = displayedValues(shown([series('a', [1]), series('b', [3]), series('c', [NaN]), series('d', [-2])]), { calcs: ['last'] }, { isDark: false, interpolate });
  return slicesOf(values, sort, new Set(hidden)).map(({ each, share, percent }) => [each.title, share, percent]);
};
test('slices are parts of the sum of what is shown', () => {
  expect(sliced('desc')).toEqual([['b', 0.75, '75%'], ['a', 0.25, '25%'], ['d', 0, '0%']]);
  expect(sliced('asc').map(([title]) => title)).toEqual(['d', 'a', 'b']);
  expect(sliced('none').map(([title]) => title)).toEqual(['a', 'b', 'd']);
  expect(sliced('desc', ['b'])).toEqual([['b', 0, '–'], ['a', 1, '100%'], ['d', 0, '0%']]);
  expect([percentText(1 / 3, undefined), percentText(1 / 3, 2), percentText(2 / 3, 1)]).toEqual(['33%', '33.33%', '66.7%']);
});

test('arcs of pies and gauges begin and end where they should', () => {
  expect(slicePath(0, 0.25, 10, 0)).toBe('M0 -10A10 10 0 0 1 10 0L0 0Z');
  expect(slicePath(0, 1, 10, 5)).toContain('A5 5');
  expect(slicePath(0.5, 0.5, 10, 0)).toBe('');
  const top = spotAt(0.5, 10, { x: 0, y: 0 });
  expect([Math.round(top.x), Math.round(top.y)]).toEqual([0, -10]);
  expect(spotAt(0, 10, { x: 0, y: 0 }).x).toBeCloseTo(-spotAt(1, 10, { x: 0, y: 0 }).x);
  expect(arcPath(0, 0, 10, 5, { x: 0, y: 0 })).toBe('');
});

test.each([
  [200, 160],
  [75, 75],
  [600, 100],
  [100, 600],
])('a gauge stays inside of %i by %i', (width, height) => {
  for (const hasLabels of [true, false]) {
    const { middle, ring, titleSize, titleTop } = gaugeLayout(width, height, { hasTitle: true, hasMarkers: true, hasLabels });
    expect(middle.x - ring).toBeGreaterThanOrEqual(0);
    expect(middle.y - ring).toBeGreaterThanOrEqual(0);
    expect(spotAt(0, ring, middle).y).toBeLessThanOrEqual(titleTop + 1);
    expect(titleTop + titleSize * 1.25).toBeLessThanOrEqual(height + 1);
  }
});

test.each([
  [{ width: 300, height: 20, direction: 'horizontal' as const, placement: 'auto' }, 'left'],
  [{ width: 300, height: 60, direction: 'horizontal' as const, placement: 'auto' }, 'top'],
  [{ width: 300, height: 60, direction: 'horizontal' as const, placement: 'left' }, 'left'],
  [{ width: 300, height: 60, direction: 'horizontal' as const, placement: 'hidden' }, 'hidden'],
  [{ width: 60, height: 300, direction: 'vertical' as const, placement: 'auto' }, 'bottom'],
])('a bar with %j has its name at its %s', (given, place) => {
  const layout = barLayout({ ...given, name: 'a name', value: '12.5%', by });
  expect(layout.name).toBe(place);
  const across = given.direction === 'vertical' ? layout.barHeight + layout.nameRoom + layout.valueRoom - given.height : layout.barWidth + layout.valueRoom + (place === 'left' ? layout.nameRoom : 0) - given.width;
  expect(across).toBe(0);
});
