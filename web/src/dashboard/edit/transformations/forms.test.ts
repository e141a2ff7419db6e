import { describe, expect, test } from 'vitest';
import type { Json, JsonObject } from '../../model';
import { transform, transformationIds } from '../../transform';
import { table } from '../../transform/table';
import { formOf, forms, onlyQueries } from './forms';
import type { Input, Offer, Part } from './inputs';
import { asOption, inOrder, itemsOf, movedField, valueOf, withValue } from './inputs';
import { withAt } from '../path';
import { offerOf, stepsOf } from './steps';

const cpu = table({ Time: [1, 2, 3], host: ['a', 'b', 'c'], Value: [10, 30, 20] });
const mem = table({ Time: [1, 2, 3], host: ['a', 'b', 'c'], 'mem.used': [1, 2, 3] }, { refId: 'B', name: 'mem' });
const load = table({ Time: [1, 2], Value: [1, 2] }, { labels: { job: 'api', zone: 'x' } });
const other = table({ Time: [1, 2], Value: [3, 4] }, { labels: { job: 'db', zone: 'y' }, refId: 'B' });
const lines = table({ Time: [1], Line: ['{"code":500}'] });
const context = { interpolate: (text: string) => text, timeZone: 'UTC' };

/** What somebody does with a form: an input by its label, alone, in one of a list or in a field's line. */
type Act = { set: string; to: Json; of?: [list: string, index: number] | string } | { add: string } | { move: string; by: -1 | 1 };

const find = <T extends Part>(parts: readonly Part[], label: string): T => {
  const found = parts.find((part) => part.label === label);
  if (!found) throw new Error(`the form has no ${label}: ${parts.map((part) => part.label).join(', ')}`);
  return found as T;
};

/** Sets an input that can be seen now, to what its control can give. */
function set(inputs: readonly Input[], label: string, to: Json, within: JsonObject, offer: Offer): JsonObject {
  const seen = inputs.filter((input) => input.label === label && input.when?.(within) !== false);
  expect(seen, `${label} is there once`).toHaveLength(1);
  const option = asOption(seen[0]!, offer);
  if (option.kind === 'select') expect(option.choices!.map(({ value }) => value), label).toContain(to);
  const made = withValue(seen[0]!, within, to ?? undefined, offer);
  expect(valueOf(seen[0]!, made, offer) ?? option.otherwise ?? (option.kind === 'lines' ? [] : null), `${label} shows what was chosen`).toEqual(to);
  return made;
}

function filled(id: string, acts: Act[], offer: Offer): JsonObject {
  const form = formOf(id)!;
  let options = form.begin;
  for (const act of acts) {
    if ('add' in act) {
      const list = find<Extract<Part, { kind: 'list' }>>(form.parts, act.add);
      options = withAt(options, list.path, [...itemsOf(list, options), list.begin(offer)]);
    } else if ('move' in act) {
      const fields = find<Extract<Part, { kind: 'each-field' }>>(form.parts, 'Fields');
      options = movedField(fields, options, offer.fields.map(({ name }) => name), act.move, act.by);
    } else if (typeof act.of === 'string') {
      options = set(find<Extract<Part, { kind: 'each-field' }>>(form.parts, 'Fields').inputs(act.of), act.set, act.to, options, offer);
    } else if (act.of) {
      const [label, index] = act.of;
      const list = find<Extract<Part, { kind: 'list' }>>(form.parts, label);
      options = withAt(options, list.path, itemsOf(list, options).map((item, at) => (at === index ? set(list.inputs, act.set, act.to, item, offer) : item)));
    } else {
      options = set(form.parts.filter((part): part is Input => part.kind !== 'list' && part.kind !== 'each-field'), act.set, act.to, options, offer);
    }
  }
  return options;
}

interface Case {
  id: string;
  acts: Act[];
  /** As Grafana keeps it. */
  options: JsonObject;
  frames?: (typeof cpu)[];
  /** The fields that come out, by name. */
  gives: string[];
}

const cases: Case[] = [
  {
    id: 'organize',
    acts: [{ set: 'Hide', to: true, of: 'Time' }, { set: 'New name', to: 'CPU', of: 'Value' }, { move: 'Value', by: -1 }, { move: 'Value', by: -1 }],
    options: { excludeByName: { Time: true }, indexByName: { Value: 0, Time: 1, host: 2 }, renameByName: { Value: 'CPU' }, includeByName: {} },
    gives: ['CPU', 'host'],
  },
  { id: 'organize', acts: [{ set: 'Hide', to: true, of: 'mem.used' }, { set: 'New name', to: 'Node', of: 'host' }], options: { excludeByName: { 'mem.used': true }, indexByName: {}, renameByName: { host: 'Node' }, includeByName: {} }, frames: [{ ...mem, name: undefined }], gives: ['Time', 'Node'] },
  { id: 'organize', acts: [{ set: 'Order', to: 'auto' }, { add: 'Ordered by' }, { set: 'Backwards', to: true, of: ['Ordered by', 0] }], options: { excludeByName: {}, indexByName: {}, renameByName: {}, includeByName: {}, orderByMode: 'auto', orderBy: [{ type: 'name', desc: true }] }, gives: ['Value', 'Time', 'host'] },
  { id: 'joinByField', acts: [{ set: 'Field', to: 'host' }, { set: 'Keeps', to: 'inner' }], options: { byField: 'host', mode: 'inner' }, frames: [cpu, { ...mem, name: undefined }], gives: ['host', 'Time 1', 'Value', 'Time 2', 'mem.used'] },
  {
    id: 'groupBy',
    acts: [{ set: 'Does', to: 'groupby', of: 'host' }, { set: 'Does', to: 'aggregate', of: 'Value' }, { set: 'Calculations', to: ['sum', 'max'], of: 'Value' }, { set: 'Does', to: 'groupby', of: 'Time' }, { set: 'Does', to: null, of: 'Time' }],
    options: { fields: { host: { aggregations: [], operation: 'groupby' }, Value: { aggregations: ['sum', 'max'], operation: 'aggregate' } } },
    gives: ['host', 'Value (sum)', 'Value (max)'],
  },
  { id: 'extractFields', acts: [{ set: 'Field', to: 'Line' }, { set: 'Format', to: 'json' }, { add: 'Paths' }, { set: 'Path', to: 'code', of: ['Paths', 0] }, { set: 'Name', to: 'status', of: ['Paths', 0] }, { set: 'Without the other fields', to: true }, { set: 'With the time', to: true }], options: { source: 'Line', format: 'json', jsonPaths: [{ path: 'code', alias: 'status' }], replace: true, keepTime: true }, frames: [lines], gives: ['Time', 'status'] },
  { id: 'extractFields', acts: [{ set: 'Format', to: 'regexp' }, { set: 'Regular expression, such as /(?<name>.*)/', to: '/(?<found>\\d+)/' }], options: { source: 'Line', format: 'regexp', regExp: '/(?<found>\\d+)/' }, frames: [lines], gives: ['Time', 'Line', 'found'] },
  { id: 'extractFields', acts: [{ set: 'Format', to: 'delimiter' }, { set: 'What stands between', to: ':' }], options: { source: 'Line', format: 'delimiter', delimiter: ':' }, frames: [lines], gives: ['Time', 'Line', '{"code"', '500}'] },
  { id: 'filterFieldsByName', acts: [{ set: 'Keep', to: ['host', 'Value'] }, { set: 'Leave out', to: ['host'] }], options: { include: { names: ['host', 'Value'] }, exclude: { names: ['host'] } }, gives: ['Value'] },
  { id: 'filterFieldsByName', acts: [{ set: 'Keep what matches', to: '/^V/' }, { set: 'Leave out what matches', to: 'host' }], options: { include: { names: [], pattern: '/^V/' }, exclude: { pattern: 'host' } }, gives: ['Value'] },
  { id: 'filterFieldsByName', acts: [{ set: 'The names stand in a variable', to: true }, { set: 'Variable', to: 'host' }], options: { byVariable: true, include: { names: [], variable: 'host' } }, gives: ['host'] },
  { id: 'merge', acts: [], options: {}, frames: [cpu, { ...mem, name: undefined }], gives: ['Time', 'host', 'Value', 'mem.used'] },
  { id: 'calculateField', acts: [{ set: 'Left', to: 'Value' }, { set: 'Operator', to: '*' }, { set: 'Right', to: 0 }, { set: 'Right: the number', to: '2' }, { set: 'Name of the new field', to: 'double' }], options: { mode: 'binary', binary: { left: { matcher: { id: 'byName', options: 'Value' } }, operator: '*', right: { fixed: '2' } }, alias: 'double' }, gives: ['Time', 'host', 'Value', 'double'] },
  { id: 'calculateField', acts: [{ set: 'Left', to: 1 }, { set: 'Right', to: 'Value' }, { set: 'Without the other fields', to: true }], options: { mode: 'binary', binary: { operator: '+', left: { matcher: { id: 'byType', options: 'number' } }, right: { matcher: { id: 'byName', options: 'Value' } } }, alias: '', replaceFields: true }, gives: ['Time', 'Value + Value'] },
  { id: 'calculateField', acts: [{ set: 'Calculated', to: 'reduceRow' }, { set: 'Calculation', to: 'max' }, { set: 'Fields (all numbers when none is named)', to: ['Value'] }], options: { mode: 'reduceRow', reduce: { reducer: 'max', include: ['Value'] }, binary: { operator: '+' }, alias: '' }, gives: ['Time', 'host', 'Value', 'Max'] },
  { id: 'calculateField', acts: [{ set: 'Calculated', to: 'unary' }, { set: 'Function', to: 'round' }, { set: 'Field', to: 'Value' }], options: { mode: 'unary', unary: { operator: 'round', fieldName: 'Value' }, binary: { operator: '+' }, alias: '' }, gives: ['Time', 'host', 'Value', 'round(Value)'] },
  { id: 'calculateField', acts: [{ set: 'Calculated', to: 'cumulativeFunctions' }, { set: 'Field', to: 'Value' }, { set: 'Calculation', to: 'mean' }], options: { mode: 'cumulativeFunctions', cumulative: { field: 'Value', reducer: 'mean' }, binary: { operator: '+' }, alias: '' }, gives: ['Time', 'host', 'Value', 'cumulative mean(Value)'] },
  {
    id: 'calculateField',
    acts: [{ set: 'Calculated', to: 'windowFunctions' }, { set: 'Field', to: 'Value' }, { set: 'Calculation', to: 'stdDev' }, { set: 'Rows', to: 'centered' }, { set: 'Size is', to: 'fixed' }, { set: 'Size', to: 3 }],
    options: { mode: 'windowFunctions', window: { field: 'Value', reducer: 'stdDev', windowAlignment: 'centered', windowSizeMode: 'fixed', windowSize: 3 }, binary: { operator: '+' }, alias: '' },
    gives: ['Time', 'host', 'Value', 'centered moving stdDev(Value)'],
  },
  { id: 'calculateField', acts: [{ set: 'Calculated', to: 'index' }, { set: 'As a share of all rows', to: true }], options: { mode: 'index', index: { asPercentile: true }, binary: { operator: '+' }, alias: '' }, gives: ['Time', 'host', 'Value', 'Row'] },
  { id: 'reduce', acts: [{ set: 'Calculations', to: ['max', 'p95'] }, { set: 'Labels as fields', to: true }], options: { reducers: ['max', 'p95'], mode: 'seriesToRows', labelsToFields: true }, frames: [load, other], gives: ['Field', 'job', 'zone', 'Max', '95th %'] },
  { id: 'reduce', acts: [{ set: 'Gives', to: 'reduceFields' }, { set: 'With the time', to: true }], options: { reducers: ['lastNotNull'], mode: 'reduceFields', includeTimeField: true }, gives: ['Time', 'host', 'Value'] },
  { id: 'sortBy', acts: [{ add: 'Sorted by' }, { set: 'Greatest first', to: true, of: ['Sorted by', 0] }], options: { fields: {}, sort: [{ field: 'Value', desc: true }] }, gives: ['Time', 'host', 'Value'] },
  { id: 'limit', acts: [{ set: 'Rows', to: -2 }], options: { limitField: -2 }, gives: ['Time', 'host', 'Value'] },
  { id: 'renameByRegex', acts: [{ set: 'Regular expression', to: '^Val(.*)' }, { set: 'New name', to: 'Iss$1' }], options: { regex: '^Val(.*)', renamePattern: 'Iss$1' }, gives: ['Time', 'host', 'Issue'] },
  { id: 'labelsToFields', acts: [{ set: 'Labels (all when none is named)', to: ['job'] }, { set: 'Field of the value is named by', to: 'zone' }], options: { mode: 'columns', keepLabels: ['job'], valueLabel: 'zone' }, frames: [load, other], gives: ['Time', 'x', 'job', 'y'] },
  { id: 'labelsToFields', acts: [{ set: 'Labels (all when none is named)', to: ['job'] }, { set: 'Labels (all when none is named)', to: [] }, { set: 'Gives', to: 'rows' }], options: { mode: 'rows' }, frames: [load], gives: ['{job="api", zone="x"} label', '{job="api", zone="x"} value'] },
  { id: 'seriesToRows', acts: [], options: {}, frames: [load], gives: ['Time', 'Metric', 'Value'] },
  {
    id: 'filterByValue',
    acts: [{ set: 'Does', to: 'exclude' }, { set: 'That meet', to: 'all' }, { add: 'Conditions' }, { set: 'Condition', to: 'between', of: ['Conditions', 0] }, { set: 'From', to: '15', of: ['Conditions', 0] }, { set: 'To', to: '25', of: ['Conditions', 0] }, { add: 'Conditions' }, { set: 'Field', to: 'host', of: ['Conditions', 1] }, { set: 'Condition', to: 'regex', of: ['Conditions', 1] }, { set: 'Value', to: '^c$', of: ['Conditions', 1] }],
    options: { type: 'exclude', match: 'all', filters: [{ fieldName: 'Value', config: { id: 'between', options: { value: 0, from: 15, to: 25 } } }, { fieldName: 'host', config: { id: 'regex', options: { value: '^c$' } } }] },
    gives: ['Time', 'host', 'Value'],
  },
  { id: 'filterByRefId', acts: [{ set: 'Keep', to: ['A', 'B'] }, { set: 'Leave out', to: ['B'] }], options: { include: 'A|B', exclude: 'B' }, frames: [cpu, mem], gives: ['Time', 'host', 'Value'] },
  { id: 'convertFieldType', acts: [{ add: 'Fields' }, { set: 'Field', to: 'host', of: ['Fields', 0] }, { set: 'Becomes', to: 'time', of: ['Fields', 0] }, { set: 'Format of the time', to: 'YYYY', of: ['Fields', 0] }], options: { fields: {}, conversions: [{ targetField: 'host', destinationType: 'time', dateFormat: 'YYYY' }] }, gives: ['Time', 'host', 'Value'] },
  { id: 'convertFieldType', acts: [{ add: 'Fields' }, { set: 'Becomes', to: 'string', of: ['Fields', 0] }, { set: 'Between the items of lists', to: '; ', of: ['Fields', 0] }, { add: 'Fields' }, { set: 'Field', to: 'Value', of: ['Fields', 1] }, { set: 'Becomes', to: 'enum', of: ['Fields', 1] }, { set: 'The list, by number', to: ['no', 'yes'], of: ['Fields', 1] }], options: { fields: {}, conversions: [{ targetField: 'host', destinationType: 'string', joinWith: '; ' }, { targetField: 'Value', destinationType: 'enum', enumConfig: { text: ['no', 'yes'] } }] }, gives: ['Time', 'host', 'Value'] },
  { id: 'concatenate', acts: [{ set: 'The name of a table', to: 'label' }, { set: 'Label', to: 'from' }], options: { frameNameMode: 'label', frameNameLabel: 'from' }, frames: [{ ...cpu, name: 'cpu' }, mem], gives: ['Time cpu', 'host cpu', 'cpu', 'Time mem', 'host mem', 'mem.used mem'] },
  { id: 'rowsToFields', acts: [{ add: 'Columns' }, { set: 'Column', to: 'host', of: ['Columns', 0] }, { add: 'Columns' }, { set: 'Column', to: 'Value', of: ['Columns', 1] }, { set: 'Is', to: 'field.value', of: ['Columns', 1] }], options: { mappings: [{ fieldName: 'host', handlerKey: 'field.name' }, { fieldName: 'Value', handlerKey: 'field.value' }] }, gives: ['a', 'b', 'c'] },
  { id: 'groupingToMatrix', acts: [{ set: 'Columns', to: 'host' }, { set: 'Where there is nothing', to: 'zero' }], options: { columnField: 'host', emptyValue: 'zero' }, gives: ['Time\\host', 'a', 'b', 'c'] },
  { id: 'transpose', acts: [{ set: 'Name of the first field', to: 'What' }], options: { firstFieldName: 'What' }, frames: [{ ...cpu, fields: cpu.fields.slice(1) }], gives: ['What', 'a', 'b', 'c'] },
  { id: 'partitionByValues', acts: [{ set: 'Fields', to: ['host'] }, { set: 'Names with the fields\' names', to: true }, { set: 'Keep these fields', to: true }], options: { fields: ['host'], naming: { withNames: true }, keepFields: true }, frames: [{ ...cpu, length: 1, fields: cpu.fields.map((field) => ({ ...field, values: field.values.slice(0, 1) })) }], gives: ['Time', 'host=a host', 'host=a'] },
  { id: 'prepareTimeSeries', acts: [{ set: 'Gives', to: 'long' }], options: { format: 'long' }, frames: [load, other], gives: ['time', 'Value', 'job', 'zone'] },
  { id: 'joinByLabels', acts: [{ set: 'Label that names the columns', to: 'job' }, { set: 'Labels of the rows (all others when none is named)', to: ['zone'] }], options: { value: 'job', join: ['zone'] }, frames: [load, other], gives: ['zone', 'api', 'db'] },
  { id: 'formatTime', acts: [{ set: 'Field', to: 'Time' }, { set: 'Format', to: 'HH:mm' }, { set: 'Zone (the dashboard\'s when there is none)', to: 'utc' }], options: { outputFormat: 'HH:mm', timeField: 'Time', timezone: 'utc' }, gives: ['Time', 'host', 'Value'] },
  { id: 'formatString', acts: [{ set: 'Field', to: 'host' }, { set: 'As', to: 'Substring' }, { set: 'From', to: 1 }, { set: 'To', to: 2 }], options: { outputFormat: 'Substring', stringField: 'host', substringStart: 1, substringEnd: 2 }, gives: ['Time', 'host', 'Value'] },
  { id: 'histogram', acts: [{ set: 'Size of a bucket', to: 10 }, { set: 'The first begins at', to: 5 }, { set: 'All fields together', to: true }, { set: 'Buckets', to: 20 }], options: { bucketSize: 10, bucketOffset: 5, combine: true, bucketCount: 20 }, gives: ['xMin', 'xMax', 'count'] },
  { id: 'configFromData', acts: [{ set: 'The query', to: 'B' }, { set: 'It is for', to: 'byName' }, { set: 'Which', to: 'Value' }, { add: 'Columns' }, { set: 'Column', to: 'mem.used', of: ['Columns', 0] }, { set: 'Is', to: 'min', of: ['Columns', 0] }, { set: 'Calculation', to: 'max', of: ['Columns', 0] }], options: { configRefId: 'B', applyTo: { id: 'byName', options: 'Value' }, mappings: [{ fieldName: 'mem.used', handlerKey: 'min', reducerId: 'max' }] }, frames: [cpu, { ...mem, name: undefined }], gives: ['Time', 'host', 'Value'] },
];

describe('what a form writes is what Grafana keeps, and what is heeded', () => {
  test.each(cases.map((each, index) => ({ ...each, index })))('$index $id', ({ id, acts, options, frames = [cpu], gives }) => {
    const made = filled(id, acts, offerOf(frames));
    expect(made).toEqual(options);
    const result = transform(frames, [{ id, options: made }], context);
    expect(result.problems).toEqual([]);
    expect(offerOf(result.frames).fields.map(({ name }) => name)).toEqual(gives);
  });
});

test('every transformation has a form, or is another name of one that has', () => {
  expect(transformationIds.filter((id) => !formOf(id))).toEqual(['filterFields', 'noop']);
  expect(forms.filter(({ id }) => !cases.some((each) => each.id === id)).map(({ id }) => id)).toEqual([]);
  expect(new Set(forms.map(({ name }) => name)).size).toBe(forms.length);
});

test('what older dashboards wrote is shown as what it means', () => {
  const offer = offerOf([cpu]);
  const [left] = formOf('calculateField')!.parts.filter((part): part is Input => part.label === 'Left');
  const shown = (written: Json) => valueOf(left!, { mode: 'binary', binary: { left: written } }, offer);
  expect([shown('Value'), shown('2'), shown({ fixed: '2' }), shown({ matcher: { id: 'byName', options: 'gone' } }), shown(''), shown('$name')]).toEqual(['Value', 0, 0, 'gone', null, '$name']);
});

test('fields are put in order by the numbers that they have', () => {
  expect(inOrder(['a', 'b', 'c', 'constructor'], { c: 0, a: 2 })).toEqual(['c', 'a', 'b', 'constructor']);
  const fields = formOf('organize')!.parts.find((part) => part.kind === 'each-field')!;
  expect(movedField(fields, {}, ['a', 'b'], 'a', -1)).toEqual({});
  expect(movedField(fields, {}, ['a', 'b'], 'a', 1)).toEqual({ indexByName: { b: 0, a: 1 } });
});

test('the queries that a step is about are kept as a filter', () => {
  const step = withValue(onlyQueries, { id: 'reduce', options: {} }, ['A', 'C'], offerOf([]));
  expect(step).toEqual({ id: 'reduce', options: {}, filter: { id: 'byRefId', options: 'A|C' } });
  expect(valueOf(onlyQueries, step, offerOf([]))).toEqual(['A', 'C']);
  expect(withValue(onlyQueries, step, [], offerOf([]))).toEqual({ id: 'reduce', options: {} });
});

test('each step offers what comes out of the one before, and steps one by one are the whole', () => {
  const transformations = [
    { id: 'organize', options: { renameByName: { Value: 'CPU' } } },
    { id: 'sortBy', disabled: true, options: { sort: [{ field: 'CPU' }] } },
    { id: 'calculateField', options: { mode: 'unary', unary: { operator: 'sqrt', fieldName: 'CPU' } } },
    { id: 'limit', options: { limitField: 1 } },
  ];
  const steps = stepsOf([cpu], transformations, context);
  expect(steps.map(({ offer }) => offer.fields.map(({ name }) => name).join())).toEqual(['Time,host,Value', 'Time,host,CPU', 'Time,host,CPU', 'Time,host,CPU']);
  expect(steps.map(({ problems }) => problems)).toEqual([[], [], ['the operator "sqrt" is not known'], []]);
  expect(steps.at(-1)!.frames).toEqual(transform([cpu], transformations, context).frames);
});
