import type { Json, Override } from '../../src/dashboard/model';
import type { Case } from '../case';
import { panel, series, span, start, table } from '../case';

const over = (id: string, options: Json, properties: Record<string, unknown>): Override => ({ matcher: { id, options }, properties: Object.entries(properties).map(([name, value]) => ({ id: name, value: value as never })) });
const stat = (name: string, overrides: Override[], frames: Case['frames'], seen: Case['seen']): Case => ({ name: `overrides: ${name}`, panel: panel('stat', { options: { graphMode: 'none', textMode: 'value_and_name' }, overrides }), frames, span, height: 110, seen });
const four = () => [series('cpu', [10, 20]), series('mem_free', [2048, 1024]), series('mem_used', [1024, 3072], { refId: 'B' }), series('load', [99, 3], { refId: 'B' })];

export default [
  stat('by name', [over('byName', 'cpu', { unit: 'percent', displayName: 'Processor' })], four(), { names: ['Processor', 'mem_free', 'mem_used', 'load'], values: ['20%', '1024', '3072', '3'] }),
  stat('by several names', [over('byNames', { mode: 'include', names: ['cpu', 'load'] } as never, { unit: 'percent' })], four(), { values: ['20%', '1024', '3072', '3%'] }),
  stat('by pattern', [over('byRegexp', '/^mem_/', { unit: 'bytes' })], four(), { values: ['20', '1 KiB', '3 KiB', '3'] }),
  stat('by query', [over('byFrameRefID', 'B', { unit: 's' })], four(), { values: ['20', '1024', '51.2 mins', '3 s'] }),
  // The greatest of `load` is 99, its last is 3.
  stat('by value', [over('byValue', { reducer: 'max', op: 'lt', value: 100 }, { color: { mode: 'fixed', fixedColor: '#aa0000' } }), over('byValue', { reducer: 'lastNotNull', op: 'lte', value: 3 }, { unit: 'percent' })], four(), { values: ['20', '1024', '3072', '3%'], colors: ['#aa0000', '#56a64b', '#56a64b', '#aa0000'].map((color, at) => (at === 1 || at === 2 ? '#e02f44' : color)) }),
  stat('the last one counts', [over('byRegexp', '/./', { unit: 'percent', decimals: 2 }), over('byName', 'cpu', { unit: 's' })], four(), { values: ['20.00 s', '1024.00%', '3072.00%', '3.00%'] }),
  {
    name: 'overrides: by type',
    panel: panel('table', { overrides: [over('byType', 'time', { unit: 'time:HH:mm' }), over('byType', 'number', { unit: 'percent', decimals: 1 }), over('byType', 'string', { displayName: 'Text' }), over('byType', 'boolean', { mappings: [{ type: 'special', options: { match: 'true', result: { text: 'on' } } }] })] }),
    frames: [table({ Time: [start, start + 60_000], number: [1.26, 2], text: ['a', 'b'], flag: [true, false] })],
    span,
    height: 120,
    seen: {
      table: [
        ['Time', 'number', 'Text', 'flag'],
        ['12:00', '1.3%', 'a', 'on'],
        ['12:01', '2.0%', 'b', 'False'],
      ],
    },
  },
  {
    name: 'overrides: of cells',
    panel: panel('table', {
      defaults: { thresholds: { mode: 'absolute', steps: [{ value: null, color: '#00aa00' }, { value: 10, color: '#aa0000' }] } },
      overrides: [over('byName', 'load', { 'custom.cellOptions': { type: 'color-background', mode: 'basic' } }), over('byName', 'secret', { 'custom.hideFrom': { viz: true } })],
    }),
    frames: [table({ host: ['a', 'b'], load: [9, 10], secret: ['x', 'y'] })],
    span,
    height: 120,
    seen: {
      table: [
        ['host', 'load'],
        ['a', '9'],
        ['b', '10'],
      ],
      cells: [
        [null, '#00aa00'],
        [null, '#aa0000'],
      ],
    },
  },
  {
    name: 'overrides: hidden from legend, tooltip and picture',
    panel: panel('timeseries', {
      options: { legend: { displayMode: 'list', placement: 'bottom' }, tooltip: { mode: 'multi' } },
      overrides: [over('byName', 'a', { 'custom.hideFrom': { viz: false, legend: true, tooltip: false } }), over('byName', 'b', { 'custom.hideFrom': { viz: false, legend: false, tooltip: true } }), over('byName', 'c', { 'custom.hideFrom': { viz: true, legend: false, tooltip: false } })],
    }),
    frames: ['a', 'b', 'c', 'd'].map((name, at) => series(name, [at, at, at], { step: 1_800_000 })),
    span,
    seen: { legend: ['b', 'c', 'd'], tips: [{ at: [0.5, 0.5], says: ['2026-03-10 12:30:00', 'a', '0', 'd', '3'] }] },
  },
] satisfies Case[];
