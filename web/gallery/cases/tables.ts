import type { Case } from '../case';
import { hour, noise, panel, series, span, start, table, wave } from '../case';

const random = noise(7);
const names = ['api-server', 'scheduler', 'controller-manager', 'etcd', 'proxy', 'dns'];
const small = table({
  Time: names.map((_, index) => start + index * 60_000),
  pod: names,
  namespace: names.map((_, index) => (index % 2 ? 'kube-system' : 'default')),
  cpu: names.map(() => Math.round(random() * 1000) / 10),
  memory: names.map(() => Math.round(random() * 4e9)),
  ready: names.map((_, index) => index !== 3),
});
const thresholds = { mode: 'absolute' as const, steps: [{ value: null, color: 'green' }, { value: 50, color: 'orange' }, { value: 80, color: 'red' }] };
const byName = (options: string, ...properties: { id: string; value: unknown }[]) => ({ matcher: { id: 'byName', options }, properties }) as never;
const big = table({ id: Array.from({ length: 100_000 }, (_, index) => index), name: Array.from({ length: 100_000 }, (_, index) => `row ${index}`), value: Array.from({ length: 100_000 }, () => random() * 100) });

const cases: Case[] = [
  {
    name: 'table: units, colours, gauge',
    panel: panel('table', {
      defaults: { thresholds },
      overrides: [
        byName('cpu', { id: 'unit', value: 'percent' }, { id: 'custom.cellOptions', value: { type: 'gauge', mode: 'gradient' } }, { id: 'min', value: 0 }, { id: 'max', value: 100 }),
        byName('memory', { id: 'unit', value: 'bytes' }, { id: 'custom.cellOptions', value: { type: 'color-text' } }, { id: 'custom.width', value: 110 }),
        byName('ready', { id: 'custom.cellOptions', value: { type: 'color-background', mode: 'basic' } }, { id: 'mappings', value: [{ type: 'value', options: { true: { text: 'yes', color: 'green' }, false: { text: 'no', color: 'red' } } }] }, { id: 'custom.align', value: 'center' }),
        byName('pod', { id: 'links', value: [{ title: 'Pod', url: '/d/pod?var-pod=${__value.raw}&ns=${__data.fields.namespace}' }] }),
      ],
    }),
    frames: [small],
    span,
    width: 800,
  },
  {
    name: 'table: footer, sorted, large cells',
    panel: panel('table', { options: { cellHeight: 'md', footer: { show: true, reducer: ['sum', 'max'], fields: '' }, sortBy: [{ displayName: 'cpu', desc: true }] }, overrides: [byName('memory', { id: 'unit', value: 'bytes' }), byName('Time', { id: 'custom.hideFrom', value: { viz: true } })] }),
    frames: [small],
    span,
    height: 380,
  },
  {
    name: 'table: pages, filters, inspect',
    panel: panel('table', { options: { footer: { show: false, enablePagination: true } }, custom: { filterable: true, inspect: true } }),
    frames: [big],
    span,
  },
  { name: 'table: a hundred thousand rows', panel: panel('table', { options: { footer: { show: true, reducer: ['count'], countRows: true } } }), frames: [big], span },
  {
    name: 'table: whole rows coloured',
    panel: panel('table', { defaults: { thresholds }, overrides: [byName('cpu', { id: 'custom.cellOptions', value: { type: 'color-background', mode: 'basic', applyToRow: true } })] }),
    frames: [small],
    span,
  },
  {
    name: 'table: wrapped, JSON, pills, links, picture',
    panel: panel('table', {
      overrides: [
        byName('text', { id: 'custom.cellOptions', value: { type: 'auto', wrapText: true } }, { id: 'custom.width', value: 160 }),
        byName('object', { id: 'custom.cellOptions', value: { type: 'json-view' } }, { id: 'custom.inspect', value: true }),
        byName('tags', { id: 'custom.cellOptions', value: { type: 'pill' } }),
        byName('go', { id: 'custom.cellOptions', value: { type: 'data-links' } }, { id: 'links', value: [{ title: 'Logs', url: '/logs' }, { title: 'Traces', url: '/traces' }] }),
        byName('picture', { id: 'custom.cellOptions', value: { type: 'image' } }),
      ],
    }),
    frames: [table({ text: ['A sentence that is too long for its column and goes on.', 'short'], object: [{ a: 1, b: [1, 2] }, null], tags: ['a,b', '["x","y"]'], go: ['1', '2'], picture: ['https://example.com/a.png', 'javascript:alert(1)'] })],
    span,
    width: 800,
  },
  {
    name: 'table: gauges of cells, lines of cells',
    panel: panel('table', { defaults: { thresholds, min: 0, max: 100 }, overrides: [byName('lcd', { id: 'custom.cellOptions', value: { type: 'gauge', mode: 'lcd' } }), byName('basic', { id: 'custom.cellOptions', value: { type: 'gauge', mode: 'basic', valueDisplayMode: 'text' } }), byName('hidden', { id: 'custom.cellOptions', value: { type: 'gauge', mode: 'gradient', valueDisplayMode: 'hidden' } })] }),
    frames: [table({ name: ['a', 'b', 'c'], lcd: [20, 60, 95], basic: [20, 60, 95], hidden: [20, 60, 95], line: [1, 2, 3].map((seed) => series('x', wave(40, { seed }))) })],
    span,
    width: 800,
    height: 140,
  },
  {
    // 3 + 1 + 2 = 6; of the texts none is counted but as rows.
    name: 'table: sorted, with figures below',
    panel: panel('table', { options: { sortBy: [{ displayName: 'n', desc: true }], footer: { show: true, reducer: ['sum', 'mean'], fields: ['n'] } }, defaults: { unit: 's' } }),
    frames: [table({ name: ['c', 'a', 'b', 'none'], n: [3, 1, 2, null] })],
    span,
    seen: {
      table: [
        ['name', 'n'],
        ['c', '3 s'],
        ['b', '2 s'],
        ['a', '1 s'],
        ['none', ''],
      ],
      text: ['name', 'n', '↓', 'c', '3 s', 'b', '2 s', 'a', '1 s', 'none', 'Total', '6 s', 'Mean', '2 s'],
    },
  },
  {
    name: 'table: to be used',
    panel: panel('table', {
      title: 'Hosts',
      options: { footer: { show: false, enablePagination: true } },
      custom: { filterable: true },
      overrides: [
        byName('host', { id: 'links', value: [{ title: 'Host', url: '/d/host?var-host=${__value.raw}' }] }),
        byName('n', { id: 'links', value: [{ title: 'Logs', url: '/logs?n=${__value.raw}' }, { title: 'Traces of ${__data.fields.host}', url: '/traces?host=${__data.fields.host}' }, { title: 'No script', url: 'javascript:alert(1)' }] }),
        byName('object', { id: 'custom.cellOptions', value: { type: 'json-view' } }, { id: 'custom.inspect', value: true }),
      ],
    }),
    frames: [table({ host: ['b', 'a', 'd', 'c', 'e'], n: [2, 10, 10, 1, null], object: [{ a: 1 }, { a: 2 }, null, { a: [1, 2] }, null] })],
    span,
    // Three rows and what turns the pages.
    height: 30 + 3 * 30 + 30 + 15,
  },
  { name: 'table: several', panel: panel('table', {}), frames: [small, series('second', [1, 2, 3])], span },
  { name: 'table: no header, narrow', panel: panel('table', { options: { showHeader: false } }), frames: [small], span, width: 220, height: 120 },
  { name: 'table: many columns', panel: panel('table', {}), frames: [table(Object.fromEntries(Array.from({ length: 60 }, (_, index) => [`column ${index}`, [index, index + 1]])))], span, height: 120 },
  { name: 'table: no rows', panel: panel('table', { defaults: { noValue: 'Nothing was found' } }), frames: [table({ a: [], b: [] })], span, height: 120, seen: { text: ['a', 'b', 'Nothing was found'] } },
  { name: 'table: nothing', panel: panel('table', {}), frames: [], span: { from: start, to: start + hour }, height: 80 },
];
export default cases;
