import type { Input, ListInput } from '../inputs';
import type { Form } from './parts';
import { choice, firstOf, is, letters, looksLikeNumber, mode } from './parts';

const conditions = choice(
  ['greater', 'Is greater than'],
  ['greaterOrEqual', 'Is at least'],
  ['lower', 'Is less than'],
  ['lowerOrEqual', 'Is at most'],
  ['equal', 'Is'],
  ['notEqual', 'Is not'],
  ['between', 'Is between'],
  ['substring', 'Contains'],
  ['notSubstring', 'Does not contain'],
  ['regex', 'Matches the pattern'],
  ['isNull', 'Is missing'],
  ['isNotNull', 'Is there'],
);
/** What a condition compares with is a number for fields of numbers, and a text for others, patterns and variables. */
const compared = (path: string, label: string, when: Input['when']): Input => ({
  path,
  label,
  kind: 'text',
  ...(when ? { when } : {}),
  shown: (written) => (written === undefined || written === null ? '' : String(written as string | number)),
  written: (shown, within, { fields }) => {
    const text = typeof shown === 'string' ? shown : '';
    const isNumber = fields.some(({ name, type }) => name === within.fieldName && type === 'number') && !is('config.id', 'regex', 'substring', 'notSubstring')(within);
    return isNumber && looksLikeNumber(text) ? Number(text) : text;
  },
});

const filters: ListInput = {
  kind: 'list',
  path: 'filters',
  label: 'Conditions',
  item: 'Condition',
  begin: (offer) => ({ fieldName: firstOf(offer, 'number'), config: { id: 'greater', options: { value: 0 } } }),
  inputs: [
    { path: 'fieldName', label: 'Field', kind: 'field' },
    { path: 'config.id', label: 'Condition', kind: 'select', choices: conditions },
    compared('config.options.value', 'Value', (filter) => !is('config.id', 'isNull', 'isNotNull', 'between', 'range')(filter)),
    compared('config.options.from', 'From', is('config.id', 'between', 'range')),
    compared('config.options.to', 'To', is('config.id', 'between', 'range')),
  ],
};

/** Forms of what orders and chooses rows, or whole tables. */
export const ofRows: Form[] = [
  {
    id: 'sortBy',
    name: 'Sort',
    about: 'Rows in the order of a field.',
    begin: { fields: {}, sort: [] },
    parts: [
      {
        kind: 'list',
        path: 'sort',
        label: 'Sorted by',
        item: 'Field',
        begin: (offer) => ({ field: firstOf(offer, 'number') }),
        inputs: [
          { path: 'field', label: 'Field', kind: 'field' },
          { path: 'desc', label: 'Greatest first', kind: 'switch' },
        ],
      },
    ],
  },
  { id: 'limit', name: 'Limit', about: 'The first rows, or the last for a number below 0.', begin: { limitField: 10 }, parts: [{ path: 'limitField', label: 'Rows', kind: 'number', otherwise: 10 }] },
  {
    id: 'filterByValue',
    name: 'Filter by value',
    about: 'Rows that meet conditions, or all others.',
    begin: { type: 'include', match: 'any', filters: [] },
    parts: [mode('type', 'Does', ['include', 'Keeps the rows'], ['exclude', 'Leaves out the rows']), mode('match', 'That meet', ['any', 'Any'], ['all', 'All']), filters],
  },
  { id: 'filterByRefId', name: 'Keep queries', about: 'Only what some of the queries gave.', begin: {}, parts: [letters('include', 'Keep'), letters('exclude', 'Leave out')] },
];
