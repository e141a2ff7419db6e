import { isObject } from '../../../display/matchers';
import type { Form } from './parts';
import { choice, firstOf, is, mode, someOf } from './parts';

/** Forms of what changes fields. */
export const ofFields: Form[] = [
  {
    id: 'organize',
    name: 'Order, hide and rename fields',
    about: 'The fields in another order, without some, or under other names.',
    begin: { excludeByName: {}, indexByName: {}, renameByName: {}, includeByName: {} },
    parts: [
      mode('orderByMode', 'Order', ['manual', 'As put here'], ['auto', 'By name or label']),
      {
        kind: 'list',
        path: 'orderBy',
        label: 'Ordered by',
        item: 'Order',
        begin: () => ({ type: 'name', desc: false }),
        inputs: [
          { path: 'type', label: 'By', kind: 'select', choices: choice(['name', 'The name'], ['label', 'A label']), otherwise: 'name' },
          { path: 'labelName', label: 'Label', kind: 'label', when: is('type', 'label') },
          { path: 'desc', label: 'Backwards', kind: 'switch' },
        ],
        when: is('orderByMode', 'auto'),
      },
      {
        kind: 'each-field',
        label: 'Fields',
        order: 'indexByName',
        canOrder: (options) => options.orderByMode !== 'auto',
        inputs: (name) => [
          { path: ['excludeByName', name], label: 'Hide', kind: 'switch', written: (shown) => (shown === true ? true : undefined) },
          // Once some fields are named to be kept, all others are left out.
          { path: ['includeByName', name], label: 'Keep', kind: 'switch', when: (options) => Object.values(isObject(options.includeByName) ? options.includeByName : {}).includes(true) },
          { path: ['renameByName', name], label: 'New name', kind: 'text' },
        ],
      },
    ],
  },
  {
    id: 'filterFieldsByName',
    name: 'Keep fields by name',
    about: 'Only the fields that are named, or none of them.',
    begin: { include: { names: [] } },
    parts: [
      { path: 'byVariable', label: 'The names stand in a variable', kind: 'switch' },
      { path: 'include.variable', label: 'Variable', kind: 'text', when: is('byVariable', true) },
      { path: 'include.names', label: 'Keep', kind: 'fields', when: (options) => options.byVariable !== true },
      { path: 'include.pattern', label: 'Keep what matches', kind: 'text', when: (options) => options.byVariable !== true },
      someOf('exclude.names', 'Leave out', 'fields'),
      { path: 'exclude.pattern', label: 'Leave out what matches', kind: 'text' },
    ],
  },
  {
    id: 'renameByRegex',
    name: 'Rename by pattern',
    about: 'Names of fields by what a regular expression finds; $1 is its first group.',
    begin: { regex: '(.*)', renamePattern: '$1' },
    parts: [
      { path: 'regex', label: 'Regular expression', kind: 'text' },
      { path: 'renamePattern', label: 'New name', kind: 'text' },
    ],
  },
  {
    id: 'extractFields',
    name: 'Fields out of a text',
    about: 'New fields from JSON, pairs, a pattern or a list in each value of a field.',
    begin: { source: 'Line', format: 'auto' },
    parts: [
      { path: 'source', label: 'Field', kind: 'field' },
      mode('format', 'Format', ['auto', 'By itself'], ['json', 'JSON'], ['kvp', 'Pairs: key=value'], ['regexp', 'A regular expression'], ['delimiter', 'A list']),
      { path: 'regExp', label: 'Regular expression, such as /(?<name>.*)/', kind: 'text', when: is('format', 'regexp') },
      { path: 'delimiter', label: 'What stands between', kind: 'text', otherwise: ',', when: is('format', 'delimiter') },
      {
        kind: 'list',
        path: 'jsonPaths',
        label: 'Paths',
        item: 'Path',
        begin: () => ({ path: '', alias: '' }),
        inputs: [
          { path: 'path', label: 'Path', kind: 'text' },
          { path: 'alias', label: 'Name', kind: 'text' },
        ],
        when: is('format', 'auto', 'json', null),
      },
      { path: 'replace', label: 'Without the other fields', kind: 'switch' },
      { path: 'keepTime', label: 'With the time', kind: 'switch', when: is('replace', true) },
    ],
  },
  {
    id: 'convertFieldType',
    name: 'Change types',
    about: 'Text as numbers or times, and so on.',
    begin: { fields: {}, conversions: [] },
    parts: [
      {
        kind: 'list',
        path: 'conversions',
        label: 'Fields',
        item: 'Change',
        begin: (offer) => ({ targetField: firstOf(offer, 'string'), destinationType: 'number' }),
        inputs: [
          { path: 'targetField', label: 'Field', kind: 'field' },
          { path: 'destinationType', label: 'Becomes', kind: 'select', choices: choice(['number', 'Number'], ['string', 'Text'], ['time', 'Time'], ['boolean', 'Yes or no'], ['enum', 'One of a list'], ['other', 'JSON']) },
          { path: 'dateFormat', label: 'Format of the time', kind: 'text', when: is('destinationType', 'time', 'string') },
          { path: 'joinWith', label: 'Between the items of lists', kind: 'text', otherwise: ', ', when: is('destinationType', 'string') },
          { path: 'enumConfig.text', label: 'The list, by number', kind: 'lines', when: is('destinationType', 'enum') },
        ],
      },
    ],
  },
  {
    id: 'formatTime',
    name: 'Times as text',
    about: 'The times of a field written by a pattern.',
    begin: { outputFormat: 'YYYY-MM-DD HH:mm' },
    parts: [
      { path: 'timeField', label: 'Field', kind: 'field', types: ['time'] },
      { path: 'outputFormat', label: 'Format', kind: 'text' },
      { path: 'timezone', label: 'Zone (the dashboard\'s when there is none)', kind: 'text' },
    ],
  },
  {
    id: 'formatString',
    name: 'Text in another case',
    about: 'The texts of a field in another case, trimmed or cut.',
    begin: { outputFormat: 'Upper Case' },
    parts: [
      { path: 'stringField', label: 'Field', kind: 'field', types: ['string'] },
      { path: 'outputFormat', label: 'As', kind: 'select', choices: choice(...['Upper Case', 'Lower Case', 'Sentence Case', 'Title Case', 'Pascal Case', 'Camel Case', 'Snake Case', 'Kebab Case', 'Trim', 'Substring'].map((name): [string, string] => [name, name])) },
      { path: 'substringStart', label: 'From', kind: 'number', least: 0, otherwise: 0, when: is('outputFormat', 'Substring') },
      { path: 'substringEnd', label: 'To', kind: 'number', least: 0, otherwise: 100, when: is('outputFormat', 'Substring') },
    ],
  },
];
