import { isObject } from '../../../display/matchers';
import type { Form } from './parts';
import { calculations, choice, is, mode, someOf } from './parts';

/** What a column can be used as, by Grafana's ids. */
const uses = choice(['field.name', 'The name'], ['field.value', 'The value'], ['field.label', 'A label'], ['min', 'Min'], ['max', 'Max'], ['unit', 'The unit'], ['decimals', 'Decimals'], ['displayName', 'The name that is shown'], ['color', 'The colour'], ['threshold1', 'A threshold'], ['__ignore', 'Left out']);

/** Forms of what makes tables of others. */
export const ofTables: Form[] = [
  {
    id: 'joinByField',
    name: 'Join by a field',
    about: 'Tables side by side, row by row of one field.',
    begin: { byField: 'Time', mode: 'outer' },
    parts: [
      { path: 'byField', label: 'Field', kind: 'field', before: choice(['', 'The time']), otherwise: '' },
      mode('mode', 'Keeps', ['outer', 'All values, each once'], ['inner', 'Values that all have'], ['outerTabular', 'All rows with all rows of the same value']),
    ],
  },
  { id: 'merge', name: 'Merge into one table', about: 'All tables as one; rows that say the same in the fields of all become one.', begin: {}, parts: [] },
  {
    id: 'labelsToFields',
    name: 'Labels to fields',
    about: 'Labels of series as fields of one table, or a row for each label.',
    begin: { mode: 'columns' },
    parts: [
      mode('mode', 'Gives', ['columns', 'A field for each label'], ['rows', 'A row for each label']),
      someOf('keepLabels', 'Labels (all when none is named)', 'labels'),
      { path: 'valueLabel', label: 'Field of the value is named by', kind: 'label', before: choice([null, 'Not by a label']), when: is('mode', 'columns', null), written: (shown) => shown ?? undefined },
    ],
  },
  { id: 'seriesToRows', name: 'Series to rows', about: 'All points below each other: time, metric, value.', begin: {}, parts: [] },
  {
    id: 'concatenate',
    name: 'Concatenate',
    about: 'The fields of all tables in one; shorter ones end with nothing.',
    begin: { frameNameMode: 'field' },
    parts: [
      mode('frameNameMode', 'The name of a table', ['field', 'Stands before the names of fields'], ['label', 'Becomes a label'], ['drop', 'Is left out']),
      { path: 'frameNameLabel', label: 'Label', kind: 'text', otherwise: 'frame', when: is('frameNameMode', 'label') },
    ],
  },
  {
    id: 'rowsToFields',
    name: 'Rows to fields',
    about: 'Each row as a field: one column names it, one gives its value, others say how it is shown.',
    begin: { mappings: [] },
    parts: [
      {
        kind: 'list',
        path: 'mappings',
        label: 'Columns',
        item: 'Column',
        begin: ({ fields }) => ({ fieldName: fields[0]?.name ?? 'Value', handlerKey: 'field.name' }),
        inputs: [
          { path: 'fieldName', label: 'Column', kind: 'field' },
          {
            path: 'handlerKey',
            label: 'Is',
            kind: 'select',
            choices: uses,
          },
        ],
      },
    ],
  },
  {
    id: 'groupingToMatrix',
    name: 'Grouping to matrix',
    about: 'A column for each value of one field, a row for each of another, a third in the cells.',
    begin: {},
    parts: [
      { path: 'columnField', label: 'Columns', kind: 'field', otherwise: 'Time' },
      { path: 'rowField', label: 'Rows', kind: 'field', otherwise: 'Time' },
      { path: 'valueField', label: 'Cells', kind: 'field', otherwise: 'Value' },
      mode('emptyValue', 'Where there is nothing', ['empty', 'Empty'], ['null', 'Null'], ['zero', 'Zero'], ['true', 'True'], ['false', 'False']),
    ],
  },
  {
    id: 'transpose',
    name: 'Transpose',
    about: 'Rows become columns, named by the first column.',
    begin: {},
    parts: [
      { path: 'firstFieldName', label: 'Name of the first field', kind: 'text', otherwise: 'Field' },
      { path: 'restFieldsName', label: 'Name of the others', kind: 'text' },
    ],
  },
  {
    id: 'partitionByValues',
    name: 'Partition by values',
    about: 'A table for each combination of values of some fields.',
    begin: { fields: [] },
    parts: [
      { path: 'fields', label: 'Fields', kind: 'fields' },
      { path: 'keepFields', label: 'Keep these fields', kind: 'switch' },
      { path: 'naming.asLabels', label: 'The values become labels', kind: 'switch' },
      { path: 'naming.withNames', label: 'Names with the fields\' names', kind: 'switch', when: (options) => !is('naming.asLabels', true)(options) },
      { path: 'naming.append', label: 'Behind the name of the table', kind: 'switch', when: (options) => !is('naming.asLabels', true)(options) },
    ],
  },
  {
    id: 'prepareTimeSeries',
    name: 'Prepare time series',
    about: 'All series with one time, each by itself, or a row for each point.',
    begin: { format: 'wide' },
    parts: [mode('format', 'Gives', ['wide', 'One table with one time'], ['multi', 'A table for each series'], ['long', 'A row for each point'])],
  },
  {
    id: 'joinByLabels',
    name: 'Join by labels',
    about: 'A column for each value of one label, a row for each combination of others.',
    begin: {},
    parts: [
      { path: 'value', label: 'Label that names the columns', kind: 'label' },
      someOf('join', 'Labels of the rows (all others when none is named)', 'labels'),
    ],
  },
  {
    id: 'configFromData',
    name: 'Config from a query',
    about: 'The values of one query say how the fields of the others are shown.',
    begin: { configRefId: '', mappings: [] },
    parts: [
      { path: 'configRefId', label: 'The query', kind: 'query', before: choice(['', 'Not chosen']) },
      {
        path: 'applyTo',
        label: 'It is for',
        kind: 'select',
        shown: (written) => (isObject(written) && typeof written.id === 'string' ? written.id : null),
        written: (shown) => (typeof shown === 'string' ? { id: shown, options: '' } : undefined),
        choices: choice([null, 'All numbers'], ['byName', 'The field with the name'], ['byRegexp', 'Fields whose name matches'], ['byType', 'Fields of the type'], ['byFrameRefID', 'Fields of the query']),
      },
      { path: 'applyTo.options', label: 'Which', kind: 'text', when: (options) => !is('applyTo.id', null)(options) },
      {
        kind: 'list',
        path: 'mappings',
        label: 'Columns',
        item: 'Column',
        begin: ({ fields }) => ({ fieldName: fields[0]?.name ?? 'Value', handlerKey: 'max' }),
        inputs: [
          { path: 'fieldName', label: 'Column', kind: 'field' },
          { path: 'handlerKey', label: 'Is', kind: 'select', choices: uses.filter(({ value }) => !String(value).startsWith('field.')) },
          { path: 'reducerId', label: 'Calculation', kind: 'select', choices: calculations, otherwise: 'lastNotNull' },
        ],
      },
    ],
  },
];
