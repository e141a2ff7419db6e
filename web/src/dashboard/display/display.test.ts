import { expect, test } from 'vitest';
import type { Field, FieldType, Frame } from '../frame';
import type { FieldConfig, Override } from '../model';
import { applyFieldConfig, displayText, seriesColor } from '.';

const field = (name: string, type: FieldType, values: unknown[], rest: Partial<Field> = {}): Field => ({ name, type, values, config: {}, ...rest });
const frame = (fields: Field[], refId = 'A', name?: string): Frame => ({ refId, name, fields, length: fields[0]?.values.length ?? 0 });
const applied = (frames: Frame[], defaults: FieldConfig = {}, overrides: Override[] = [], problems: string[] = []) =>
  applyFieldConfig(frames, { defaults, overrides } as Parameters<typeof applyFieldConfig>[1], { isDark: true, timeZone: 'UTC', now: 0, interpolate: (text) => text.replaceAll('$env', 'prod'), problems });
const shown = (value: unknown, type: FieldType, config: FieldConfig) => {
  const [only] = applied([frame([field('v', type, [value])])], config);
  const display = only!.fields[0]!.display!(value);
  return [displayText(display), display.color];
};

const [green, red, orange, blue] = ['#73BF69', '#F2495C', '#FF9830', '#5794F2'];
const steps = [{ value: null, color: 'green' }, { value: 10, color: 'orange' }, { value: 90, color: 'red' }];
const absolute: FieldConfig = { thresholds: { mode: 'absolute', steps } };

test.each<[unknown, FieldType, FieldConfig, string, string]>([
  [9.99, 'number', absolute, '9.99', green!],
  [10, 'number', absolute, '10', orange!],
  [90, 'number', { ...absolute, unit: 'percent' }, '90%', red!],
  [-5, 'number', absolute, '-5', green!],
  [null, 'number', { ...absolute, noValue: 'none' }, 'none', green!],
  [null, 'number', absolute, '', green!],
  [NaN, 'number', absolute, 'NaN', green!],
  [5, 'number', { min: 0, max: 10, thresholds: { mode: 'percentage', steps } }, '5', orange!],
  [9, 'number', { min: 0, max: 10, thresholds: { mode: 'percentage', steps } }, '9', red!],
  [95, 'number', {}, '95', red!],
  [1500, 'number', { unit: 'ms', decimals: 1 }, '1.5 s', red!],
  [1, 'number', { mappings: [{ type: 'value', options: { 1: { text: 'up', color: 'blue' } } }] }, 'up', blue!],
  [1, 'number', { unit: 's', mappings: [{ type: 'value', options: { 1: { color: 'blue' } } }] }, '1 s', blue!],
  [5, 'number', { mappings: [{ type: 'range', options: { from: null, to: 5, result: { text: 'low' } } }] }, 'low', green!],
  [5, 'number', { mappings: [{ type: 'range', options: { from: 6, to: null, result: { text: 'high' } } }] }, '5', green!],
  [NaN, 'number', { mappings: [{ type: 'special', options: { match: 'nan', result: { text: 'n/a', color: 'red' } } }] }, 'n/a', red!],
  [null, 'number', { mappings: [{ type: 'special', options: { match: 'null', result: { text: 'n/a' } } }], noValue: 'no' }, 'n/a', green!],
  [null, 'number', { mappings: [{ type: 'special', options: { match: 'null+nan', result: { text: '' } } }], noValue: 'no' }, '', green!],
  ['', 'string', { mappings: [{ type: 'special', options: { match: 'empty', result: { text: 'nothing' } } }] }, 'nothing', green!],
  ['pod-7', 'string', { mappings: [{ type: 'regex', options: { pattern: '/pod-(\\d+)/', result: { text: 'Pod $1' } } }] }, 'Pod 7', green!],
  ['a pod-7', 'string', { mappings: [{ type: 'regex', options: { pattern: 'pod-(\\d+)', result: { text: 'Pod $1' } } }] }, 'a pod-7', green!],
  ['constructor', 'string', { mappings: [{ type: 'value', options: {} }] }, 'constructor', green!],
  ['2048', 'string', { unit: 'bytes' }, '2 KiB', red!],
  ['2048', 'string', {}, '2048', green!],
  ['abc', 'string', { unit: 'bytes' }, 'abc', green!],
  [true, 'boolean', {}, 'True', green!],
  [false, 'boolean', { unit: 'bool_on_off' }, 'Off', red!],
  [true, 'boolean', { mappings: [{ type: 'special', options: { match: 'true', result: { text: 'yes', color: 'blue' } } }] }, 'yes', blue!],
  [0, 'time', {}, '1970-01-01 00:00:00.000', green!],
  [0, 'time', { unit: 'bytes' }, '1970-01-01 00:00:00.000', green!],
  [0, 'time', { unit: 'time:YYYY' }, '1970', green!],
  [[1, 'a'], 'other', {}, '1, a', green!],
  [{ a: 1 }, 'other', {}, '{"a":1}', green!],
  [42, 'number', { color: { mode: 'fixed', fixedColor: 'blue' } }, '42', blue!],
  [100, 'number', { min: 0, max: 100, color: { mode: 'continuous-GrYlRd' } }, '100', '#f2495c'],
  [0, 'number', { min: 0, max: 100, color: { mode: 'continuous-GrYlRd' } }, '0', '#73bf69'],
  [50, 'number', { min: 0, max: 100, color: { mode: 'palette-classic' } }, '50', green!],
])('%j of type %s with %j', (value, type, config, text, color) => {
  expect(shown(value, type, config)).toEqual([text, color]);
});

test('percentages and scales go by the values of all fields, by the field, or by the unit', () => {
  const frames = () => [frame([field('a', 'number', [0, 50, null, NaN])]), frame([field('b', 'number', [100, 200])])];
  const percents = (config: FieldConfig) => applied(frames(), config).map(({ fields }) => fields[0]!.display!(50).percent);
  expect(percents({})).toEqual([0.25, 0.25]);
  expect(percents({ min: 50 })).toEqual([0, 0]);
  expect(percents({ fieldMinMax: true })).toEqual([1, -0.5]);
  expect(percents({ unit: 'percent' })).toEqual([0.5, 0.5]);
  expect(percents({ min: 100, max: 0 })).toEqual([0.5, 0.5]);
  expect(applied(frames(), {}).map(({ fields }) => fields[0]!.config.min)).toEqual([undefined, undefined]);
});

test('names of fields', () => {
  const names = (frames: Frame[], defaults: FieldConfig = {}, overrides: Override[] = []) => applied(frames, defaults, overrides).map(({ fields }) => fields.map(({ displayName }) => displayName));
  const series = (labels: Record<string, string>, config: FieldConfig = {}) => frame([field('Time', 'time', [0]), field('Value', 'number', [1], { labels, config })]);
  expect(names([series({ job: 'api' }), series({ job: 'web' })])).toEqual([['Time', 'api'], ['Time', 'web']]);
  expect(names([series({ job: 'api', zone: 'a' }), series({ job: 'web' })])).toEqual([['Time', '{job="api", zone="a"}'], ['Time', '{job="web"}']]);
  expect(names([series({})])).toEqual([['Time', 'Value']]);
  expect(names([series({ job: 'api' }, { displayNameFromDS: 'legend' })])).toEqual([['Time', 'legend']]);
  expect(names([series({ job: 'api' })], { displayName: '${__field.labels.job} in $env' })).toEqual([[' in prod', 'api in prod']]);
  expect(names([frame([field('a', 'number', [1]), field('a', 'number', [2])])])).toEqual([['a 1', 'a 2']]);
  expect(names([series({ job: '$env' })], {}, [{ matcher: { id: 'byType', options: 'number' }, properties: [{ id: 'displayName', value: '${__series.name}' }] }])).toEqual([['Time', '$env']]);
});

test.each<[string, Override['matcher'], string[]]>([
  ['byName', { id: 'byName', options: 'cpu' }, ['cpu']],
  ['byName of the legend', { id: 'byName', options: 'Memory used' }, ['mem']],
  ['byName of the field', { id: 'byName', options: 'mem' }, ['mem']],
  ['byNames', { id: 'byNames', options: { mode: 'include', names: ['cpu', 'host'] } }, ['host', 'cpu']],
  ['byNames but', { id: 'byNames', options: { mode: 'exclude', names: ['cpu'], prefix: 'All except:', readOnly: true } }, ['host', 'mem', 'ok']],
  ['byRegexp with slashes', { id: 'byRegexp', options: '/^m|CPU/i' }, ['cpu', 'mem']],
  ['byRegexp bare fits the whole', { id: 'byRegexp', options: 'Mem' }, []],
  ['byRegexp bare', { id: 'byRegexp', options: 'Mem.*' }, ['mem']],
  ['byRegexpOrNames', { id: 'byRegexpOrNames', options: { pattern: '/used$/', names: ['ok'] } }, ['mem', 'ok']],
  ['byType', { id: 'byType', options: 'number' }, ['cpu', 'mem']],
  ['byTypes', { id: 'byTypes', options: ['string', 'boolean'] }, ['host', 'ok']],
  ['byFrameRefID', { id: 'byFrameRefID', options: 'A' }, ['time', 'host', 'cpu', 'mem', 'ok']],
  ['of another query', { id: 'byFrameRefID', options: 'B' }, []],
  ['byValue', { id: 'byValue', options: { reducer: 'max', op: 'gte', value: 20 } }, ['mem']],
  ['byValue of nulls', { id: 'byValue', options: { reducer: 'allIsZero', op: 'eq', value: 1 } }, []],
  ['numeric', { id: 'numeric' }, ['cpu', 'mem']],
  ['time', { id: 'time' }, ['time']],
  ['firstTimeField', { id: 'firstTimeField' }, ['time']],
  ['anyOf', { id: 'anyOf', options: [{ id: 'byName', options: 'cpu' }, { id: 'time' }] }, ['time', 'cpu']],
  ['allOf', { id: 'allOf', options: [{ id: 'numeric' }, { id: 'byRegexp', options: '/used/' }] }, ['mem']],
  ['invert', { id: 'invert', options: { id: 'byType', options: 'number' } }, ['time', 'host', 'ok']],
])('the matcher %s', (_name, matcher, expected) => {
  const table = frame([
    field('time', 'time', [0, 1]), field('host', 'string', ['a', 'b']), field('cpu', 'number', [1, 2]),
    field('mem', 'number', [10, 20], { config: { displayNameFromDS: 'Memory used' } }), field('ok', 'boolean', [true, false]),
  ]);
  const problems: string[] = [];
  const [only] = applied([table], {}, [{ matcher, properties: [{ id: 'unit', value: 'matched' }] }], problems);
  expect(only!.fields.filter(({ config }) => config.unit === 'matched').map(({ name }) => name)).toEqual(expected);
  expect(problems).toEqual([]);
});

test('overrides set what is deep without touching what was given, and say what they do not know', () => {
  const defaults: FieldConfig = { unit: 's', custom: { lineWidth: 1, hideFrom: { legend: false, viz: false } } };
  const before = structuredClone(defaults);
  const problems: string[] = [];
  const made = applied([frame([field('a', 'number', [1]), field('b', 'number', [1])])], defaults, [
    { matcher: { id: 'byName', options: 'a' }, properties: [{ id: 'custom.hideFrom.viz', value: true }, { id: 'custom.transform', value: 'negative-Y' }, { id: 'unit', value: null }, { id: 'displayName', value: 'A' }] },
    { matcher: { id: 'byName', options: 'a' }, properties: [{ id: 'custom.lineWidth', value: 3 }] },
    { matcher: { id: 'byMoon' }, properties: [] },
    { matcher: { id: 'byName', options: 'b' }, properties: [{ id: 'sparkle', value: 1 }, { id: 'custom.__proto__.x', value: 1 }] },
    { matcher: { id: 'byRegexp', options: '/(/' }, properties: [] },
  ], problems);
  const [a, b] = made[0]!.fields;
  expect(a!.config.custom).toEqual({ lineWidth: 3, hideFrom: { legend: false, viz: true }, transform: 'negative-Y' });
  expect([a!.config.unit, a!.displayName, b!.config.unit]).toEqual([undefined, 'A', 's']);
  expect(b!.config.custom).toEqual(before.custom);
  expect(defaults).toEqual(before);
  expect(problems).toEqual([
    'override 3: the matcher "byMoon" is not known',
    'override 4: the property "sparkle" is not known',
    'override 4: the property "custom.__proto__.x" is not known',
    'override 5: the regular expression "/(/" cannot be read: Invalid regular expression: /(/: Unterminated group',
  ]);
});

test('colours of series', () => {
  const colors = (color: FieldConfig['color'], rest: FieldConfig = absolute) =>
    applied([frame([field('t', 'time', [0, 1]), field('a', 'number', [5, 95, null]), field('b', 'number', [95, 5])])], { ...rest, color })[0]!.fields.slice(1).map((one) => seriesColor(one, true));
  expect(colors(undefined)).toEqual([green, '#F2CC0C']);
  expect(colors({ mode: 'palette-classic' })).toEqual([green, '#F2CC0C']);
  expect(colors({ mode: 'fixed', fixedColor: 'semi-dark-red' })).toEqual(['#E02F44', '#E02F44']);
  expect(colors({ mode: 'thresholds' })).toEqual([red, green]);
  expect(colors({ mode: 'thresholds', seriesBy: 'min' })).toEqual([green, green]);
  expect(colors({ mode: 'thresholds', seriesBy: 'max' })).toEqual([red, red]);
  expect(colors({ mode: 'continuous-BlPu' }, { min: 5, max: 95 })).toEqual(['#b877d9', '#5794f2']);
});
