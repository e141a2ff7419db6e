import type { ValueMapping } from '../../src/dashboard/model';
import type { Case } from '../case';
import { panel, series, span, table } from '../case';

const mappings: ValueMapping[] = [
  { type: 'value', options: { 1: { text: 'Up', color: '#006600' }, 0: { text: 'Down', color: '#aa0000' }, idle: { text: 'asleep' } } },
  { type: 'range', options: { from: 10, to: 20, result: { text: 'some', color: '#aa5500' } } },
  { type: 'range', options: { from: 1000, to: null, result: { text: 'very many' } } },
  { type: 'regex', options: { pattern: '/^web-(\\d+)$/', result: { text: 'server $1' } } },
  { type: 'special', options: { match: 'nan', result: { text: 'no number' } } },
  { type: 'special', options: { match: 'null', result: { text: 'nothing' } } },
  { type: 'special', options: { match: 'empty', result: { text: '(empty)' } } },
  { type: 'special', options: { match: 'true', result: { text: 'yes' } } },
  { type: 'special', options: { match: 'false', result: { text: 'no' } } },
];
const numbers = [1, 0, 9.9, 10, 20, 20.1, 1000, NaN, null];
const texts = ['web-12', 'web-x', 'idle', '', 'other', 'web-1 ', null, 'true', '10'];
const flags = [true, false, true, false, null, true, true, true, true];

export default [
  {
    name: 'mappings: in cells',
    panel: panel('table', { defaults: { mappings } }),
    frames: [table({ number: numbers, text: texts, flag: flags })],
    span,
    height: 320,
    seen: {
      table: [
        ['number', 'text', 'flag'],
        ['Up', 'server 12', 'yes'],
        ['Down', 'web-x', 'no'],
        ['9.90', 'asleep', 'yes'],
        ['some', '(empty)', 'no'],
        ['some', 'other', 'nothing'],
        ['20.1', 'web-1 ', 'yes'],
        ['very many', 'nothing', 'yes'],
        ['no number', 'yes', 'yes'],
        ['nothing', 'some', 'yes'],
      ],
    },
  },
  {
    name: 'mappings: texts and colours of single values',
    panel: panel('stat', { defaults: { mappings, unit: 's', thresholds: { mode: 'absolute', steps: [{ value: null, color: '#333333' }] } }, options: { graphMode: 'none' } }),
    frames: [1, 0, 15, 5, null].map((value, at) => series(`s${at}`, [value])),
    span,
    height: 90,
    seen: { values: ['Up', 'Down', 'some', '5 s', 'nothing'], colors: ['#006600', '#aa0000', '#aa5500', '#333333'] },
  },
  {
    name: 'mappings: in a tooltip and a legend',
    panel: panel('timeseries', { defaults: { mappings }, options: { legend: { displayMode: 'list', placement: 'bottom', calcs: ['lastNotNull', 'max'] }, tooltip: { mode: 'multi' } } }),
    frames: [series('web', [1, 0, 15], { step: 1_800_000 })],
    span,
    seen: { legend: ['web Last *: some Max: some'], tips: [{ at: [0.02, 0.5], says: ['2026-03-10 12:00:00', 'web', 'Up'] }, { at: [0.5, 0.5], says: ['2026-03-10 12:30:00', 'web', 'Down'] }] },
  },
] satisfies Case[];
