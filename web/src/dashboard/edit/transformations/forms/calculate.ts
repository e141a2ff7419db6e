import { isObject } from '../../../display/matchers';
import type { Json } from '../../../model';
import type { Choice } from '../../options/schema';
import { at } from '../../path';
import type { Input } from '../inputs';
import type { Form } from './parts';
import { calcsOf, calculations, choice, is, looksLikeNumber, mode, someOf } from './parts';

/** One of the two sides of a calculation: a field, all numbers, or one number for all rows. They cannot be names. */
const [aNumber, allNumbers] = [0, 1];

function operand(path: string, label: string, more: Choice[] = []): Input[] {
  const fixedOf = (written: Json | undefined): string | undefined => (isObject(written) ? (typeof written.fixed === 'string' ? written.fixed : undefined) : typeof written === 'string' && looksLikeNumber(written) ? written : undefined);
  return [
    {
      path,
      label,
      kind: 'field',
      types: ['number', 'boolean', 'time'],
      before: choice([null, 'Not chosen'], ...more.map(({ value, label: name }): [Json, string] => [value, name]), [aNumber, 'A number']),
      shown: (written, { fields }) => {
        if (typeof written === 'string' && written !== '' && (fields.some(({ name }) => name === written) || !looksLikeNumber(written))) return written;
        if (fixedOf(written) !== undefined) return aNumber;
        const matcher = isObject(written) && isObject(written.matcher) ? written.matcher : {};
        if (matcher.id === 'byType' && matcher.options === 'number') return allNumbers;
        return typeof matcher.options === 'string' && matcher.options !== '' ? matcher.options : null;
      },
      written: (shown) => {
        if (shown === aNumber) return { fixed: '1' };
        if (shown === allNumbers) return { matcher: { id: 'byType', options: 'number' } };
        return typeof shown === 'string' ? { matcher: { id: 'byName', options: shown } } : undefined;
      },
    },
    {
      path,
      label: `${label}: the number`,
      kind: 'text',
      when: (options) => fixedOf(at(options, path) as Json | undefined) !== undefined,
      shown: fixedOf,
      written: (shown) => ({ fixed: typeof shown === 'string' ? shown : '' }),
    },
  ];
}

/** Forms of what calculates. */
export const calculating: Form[] = [
  {
    id: 'calculateField',
    name: 'Add a calculated field',
    about: 'A new field, calculated row by row.',
    begin: { mode: 'binary', binary: { operator: '+' }, alias: '' },
    parts: [
      mode('mode', 'Calculated', ['reduceRow', 'Over the fields of a row'], ['binary', 'Of two fields'], ['unary', 'Of one field'], ['cumulativeFunctions', 'Over the rows so far'], ['windowFunctions', 'Over the rows around'], ['index', 'The number of the row']),
      { path: 'reduce.reducer', label: 'Calculation', kind: 'select', choices: calculations, otherwise: 'sum', when: is('mode', 'reduceRow', null) },
      { ...someOf('reduce.include', 'Fields (all numbers when none is named)', 'fields'), types: ['number', 'boolean'], when: is('mode', 'reduceRow', null) },
      ...operand('binary.left', 'Left', choice([allNumbers, 'Each field of numbers'])).map((input): Input => ({ ...input, when: (options) => options.mode === 'binary' && (input.when?.(options) ?? true) })),
      { path: 'binary.operator', label: 'Operator', kind: 'select', choices: choice(...(['+', '-', '*', '/', '**', '%', '==', '!=', '>', '<', '>=', '<='] as const).map((sign): [Json, string] => [sign, sign])), otherwise: '+', when: is('mode', 'binary') },
      ...operand('binary.right', 'Right').map((input): Input => ({ ...input, when: (options) => options.mode === 'binary' && (input.when?.(options) ?? true) })),
      { path: 'unary.operator', label: 'Function', kind: 'select', choices: choice(['abs', 'Absolute value'], ['exp', 'Power of e'], ['ln', 'Natural logarithm'], ['floor', 'Rounded down'], ['ceil', 'Rounded up'], ['round', 'Rounded'], ['trunc', 'Without the fraction']), otherwise: 'abs', when: is('mode', 'unary') },
      { path: 'unary.fieldName', label: 'Field', kind: 'field', types: ['number'], when: is('mode', 'unary') },
      { path: 'cumulative.field', label: 'Field', kind: 'field', types: ['number'], when: is('mode', 'cumulativeFunctions') },
      { path: 'cumulative.reducer', label: 'Calculation', kind: 'select', choices: calcsOf('sum', 'mean'), otherwise: 'sum', when: is('mode', 'cumulativeFunctions') },
      { path: 'window.field', label: 'Field', kind: 'field', types: ['number'], when: is('mode', 'windowFunctions') },
      { path: 'window.reducer', label: 'Calculation', kind: 'select', choices: calcsOf('mean', 'stdDev', 'variance'), otherwise: 'mean', when: is('mode', 'windowFunctions') },
      { path: 'window.windowAlignment', label: 'Rows', kind: 'select', choices: choice(['trailing', 'Up to the row'], ['centered', 'Around the row']), otherwise: 'trailing', when: is('mode', 'windowFunctions') },
      { path: 'window.windowSizeMode', label: 'Size is', kind: 'select', choices: choice(['percentage', 'A share of all rows'], ['fixed', 'A number of rows']), otherwise: 'percentage', when: is('mode', 'windowFunctions') },
      { path: 'window.windowSize', label: 'Size', kind: 'number', least: 0, otherwise: 0.1, when: is('mode', 'windowFunctions') },
      { path: 'index.asPercentile', label: 'As a share of all rows', kind: 'switch', when: is('mode', 'index') },
      { path: 'alias', label: 'Name of the new field', kind: 'text' },
      { path: 'replaceFields', label: 'Without the other fields', kind: 'switch' },
    ],
  },
  {
    id: 'reduce',
    name: 'Reduce',
    about: 'Each field as a few figures.',
    begin: { reducers: ['lastNotNull'], mode: 'seriesToRows' },
    parts: [
      mode('mode', 'Gives', ['seriesToRows', 'A row for each field'], ['reduceFields', 'Each field as one value']),
      { path: 'reducers', label: 'Calculations', kind: 'calcs' },
      { path: 'includeTimeField', label: 'With the time', kind: 'switch' },
      { path: 'labelsToFields', label: 'Labels as fields', kind: 'switch', when: is('mode', 'seriesToRows', null) },
    ],
  },
  {
    id: 'groupBy',
    name: 'Group by',
    about: 'Rows with the same values as one row, with calculations over the others. Fields that are neither are left out.',
    begin: { fields: {} },
    parts: [
      {
        kind: 'each-field',
        label: 'Fields',
        inputs: (name) => [
          {
            path: ['fields', name],
            label: 'Does',
            kind: 'select',
            choices: choice([null, 'Is left out'], ['groupby', 'Makes groups'], ['aggregate', 'Is calculated']),
            shown: (written) => (isObject(written) && typeof written.operation === 'string' ? written.operation : null),
            written: (shown, options) => (typeof shown === 'string' ? { aggregations: at(options, ['fields', name, 'aggregations']) as Json ?? [], operation: shown } : undefined),
          },
          { path: ['fields', name, 'aggregations'], label: 'Calculations', kind: 'calcs', when: (options) => at(options, ['fields', name, 'operation']) === 'aggregate' },
        ],
      },
    ],
  },
  {
    id: 'histogram',
    name: 'Histogram',
    about: 'How many values lie in buckets of the same size.',
    begin: {},
    parts: [
      { path: 'bucketCount', label: 'Buckets', kind: 'number', least: 1, otherwise: 30 },
      { path: 'bucketSize', label: 'Size of a bucket', kind: 'number', least: 0 },
      { path: 'bucketOffset', label: 'The first begins at', kind: 'number', otherwise: 0 },
      { path: 'combine', label: 'All fields together', kind: 'switch' },
    ],
  },
];
