import type { HistogramValue } from '../../src/dashboard/frame';
import type { FieldConfig, JsonObject } from '../../src/dashboard/model';
import type { Case, Seen } from '../case';
import { panel, series, span, start, table } from '../case';

const red = '#ff0000';
const blue = '#0000ff';
const fixed = (name: string, color: string) => ({ matcher: { id: 'byName', options: name }, properties: [{ id: 'color', value: { mode: 'fixed', fixedColor: color } as never }] });
const two = [fixed('a', red), fixed('b', blue)];
const hundred: FieldConfig = { min: 0, max: 100 };
const bars = (name: string, options: JsonObject, seen: Seen, columns: Record<string, unknown[]> = { name: ['x', 'y'], a: [40, 20], b: [30, 60] }, defaults: FieldConfig = hundred): Case => ({
  name: `barchart: ${name}`,
  panel: panel('barchart', { defaults, options: { legend: { showLegend: false }, ...options }, custom: { fillOpacity: 100, lineWidth: 0 }, overrides: two }),
  frames: [table(columns)],
  span,
  height: 200,
  seen,
});
const gauges = (type: string, name: string, values: number[], { defaults = { ...hundred, unit: 'percent' }, options = {}, width = 560, height = 160 }: { defaults?: FieldConfig; options?: JsonObject; width?: number; height?: number }, seen: Seen): Case => ({ name: `${type}: ${name}`, panel: panel(type, { defaults, options }), frames: values.map((value, at) => series(`v${at}`, [value])), span, width, height, seen });
const slices = (name: string, options: JsonObject, seen: Seen): Case => ({
  name: `piechart: ${name}`,
  panel: panel('piechart', { options, defaults: { color: { mode: 'fixed', fixedColor: '#888888' } }, overrides: [fixed('half', red), fixed('third', blue)] }),
  frames: [series('third', [2]), series('half', [3]), series('sixth', [1])],
  span,
  width: 300,
  height: 200,
  seen,
});

/** Two minutes of counts of three buckets. */
const buckets = () => [{ refId: 'A', length: 2, fields: [{ name: 'Time', type: 'time' as const, values: [start + 60_000, start + 120_000], config: {} }, ...['0.1', '1', '+Inf'].map((le, row) => ({ name: le, type: 'number' as const, values: [[1, 4], [2, 5], [3, 6]][row]!, labels: { le }, config: { displayNameFromDS: le } }))], meta: { kind: 'heatmap' as const, stepMs: 60_000 } }];
const native = () => [{ refId: 'A', length: 1, fields: [{ name: 'Time', type: 'time' as const, values: [start + 60_000], config: {} }, { name: 'Value', type: 'other' as const, values: [{ count: 7, sum: 10, buckets: [[1, 2, 3], [2, 4, 4]] } satisfies HistogramValue], config: {} }], meta: { kind: 'heatmap' as const, stepMs: 60_000 } }];
const heat = (name: string, frames: Case['frames'], options: JsonObject, seen: Seen, minutes = 2): Case => ({ name: `heatmap: ${name}`, panel: panel('heatmap', { options }), frames, span: { from: start, to: start + minutes * 60_000 }, seen, height: 200 });

export default [
  // A group of two bars stands in the middle of its band.
  bars('each bar as high as its value', { groupWidth: 1, barWidth: 1 }, { x: ['x', 'y'], drawn: { a: [40, 20], b: [30, 60] }, reach: [[0, 100]], pixels: [[0.25, 38, red], [0.25, 42, null], [0.75, 28, blue], [0.75, 32, null], [1.25, 18, red], [1.25, 22, null], [1.75, 58, blue], [1.75, 62, null]], text: ['40', '20', '30', '60', 'x', 'y', '0', '25', '50', '75', '100'] }),
  bars('each bar as long as its value', { orientation: 'horizontal', groupWidth: 1, barWidth: 1 }, { drawn: { a: [40, 20], b: [30, 60] }, reach: [[0, 100]] }),
  bars('on top of each other', { stacking: 'normal' }, { asked: { a: [40, 20], b: [30, 60] }, drawn: { a: [40, 20], b: [70, 80] }, pixels: [[0.5, 38, red], [0.5, 42, blue], [0.5, 68, blue], [0.5, 72, null], [1.5, 18, red], [1.5, 22, blue], [1.5, 78, blue], [1.5, 82, null]] }),
  // 40 of 70 and 20 of 80.
  bars('as parts of a whole', { stacking: 'percent' }, { drawn: { a: [4 / 7, 0.25], b: [1, 1] } }, undefined, {}),
  bars('values upon bars', { showValue: 'always', groupWidth: 1 }, { text: ['40%', '20%', '30%', '60%', 'x', 'y', '0%', '25%', '50%', '75%', '100%'] }, undefined, { ...hundred, unit: 'percent' }),
  bars('down from zero', { groupWidth: 1, barWidth: 1 }, { reach: [[-50, 50]], pixels: [[0.5, -20, red], [0.5, -45, null], [0.5, 5, null], [1.5, 20, red], [1.5, -5, null]] }, { name: ['x', 'y'], a: [-40, 30] }, { min: -50, max: 50 }),
  bars('what its tooltip says', { tooltip: { mode: 'multi', sort: 'desc' } }, { tips: [{ at: [0.75, 0.5], says: ['y', 'b', '60', 'a', '20'] }] }),

  // 1, 2, 2, 3, 3, 3 and 11 in buckets of 5: six below 5, none from 5 to 10, one from 10 to 15.
  { name: 'histogram: counts', panel: panel('histogram', { options: { bucketSize: 5, legend: { showLegend: false } }, custom: { fillOpacity: 100 } }), frames: [series('v', [1, 2, 2, 3, 3, 3, 11])], span, seen: { asked: { v: [6, 0, 1] }, x: ['0', '5', '10'] } },
  { name: 'histogram: buckets from two', panel: panel('histogram', { options: { bucketSize: 5, bucketOffset: 2, legend: { showLegend: false } } }), frames: [series('v', [1, 2, 2, 3, 3, 3, 11])], span, seen: { asked: { v: [1, 5, 1] }, x: ['-3', '2', '7'] } },

  heat('counts of buckets', buckets(), { yAxis: { unit: 's' } }, { drawn: { 'up to 100 ms': [1, 4], '100 ms to 1 s': [2, 5], '1 s to +Inf': [3, 6] }, tips: [{ at: [0.75, 0.5], says: ['2026-03-10 12:01:00 to 2026-03-10 12:02:00', 'Bucket', '100 ms to 1 s', 'Count', '5'] }, { at: [0.25, 0.9], says: ['2026-03-10 12:00:00 to 2026-03-10 12:01:00', 'Bucket', 'up to 100 ms', 'Count', '1'] }] }),
  heat('counts of native buckets', native(), {}, { drawn: { '1 to 2': [3], '2 to 4': [4] } }, 1),
  heat('counts up to two left out', buckets(), { yAxis: { unit: 's' }, filterValues: { le: 2 } }, { drawn: { 'up to 100 ms': [null, 4], '100 ms to 1 s': [null, 5], '1 s to +Inf': [3, 6] } }),

  gauges('gauge', 'filled by share', [0, 25, 50, 100], {}, { values: ['0%', '25%', '50%', '100%'], filled: [0, 0.25, 0.5, 1] }),
  gauges('gauge', 'beyond its ends', [-10, 130], {}, { values: ['-10%', '130%'], filled: [0, 1] }),
  gauges('gauge', 'on a scale of its own', [15], { defaults: { min: 10, max: 20, unit: 's' }, width: 200 }, { values: ['15 s'], filled: [0.5] }),
  gauges('bargauge', 'basic, filled by share', [0, 25, 50, 100], { options: { displayMode: 'basic', orientation: 'horizontal' } }, { values: ['0%', '25%', '50%', '100%'], names: ['v0', 'v1', 'v2', 'v3'], filled: [0, 0.25, 0.5, 1] }),
  gauges('bargauge', 'gradient, standing, filled by share', [10, 75], { options: { displayMode: 'gradient', orientation: 'vertical' }, height: 240 }, { values: ['10%', '75%'], filled: [0.1, 0.75] }),
  gauges('bargauge', 'cells that are lit', [0, 25, 50, 100], { options: { displayMode: 'lcd', orientation: 'horizontal' } }, { values: ['0%', '25%', '50%', '100%'], filled: [0, 0.25, 0.5, 1] }),
  gauges('bargauge', 'ends from the data', [20, 40, 60], { defaults: {}, options: { displayMode: 'basic', orientation: 'horizontal' } }, { values: ['20', '40', '60'], filled: [0, 0.5, 1] }),

  slices('slices by share', { legend: { showLegend: true, displayMode: 'list', placement: 'bottom', values: ['value', 'percent'] } }, { slices: { [red]: 1 / 2, [blue]: 1 / 3, '#888888': 1 / 6 }, legend: ['half Value: 3 Percent: 50%', 'third Value: 2 Percent: 33%', 'sixth Value: 1 Percent: 17%'], label: 'Panel. half: 3 (50%), third: 2 (33%), sixth: 1 (17%)' }),
  slices('a ring, the smallest first', { pieType: 'donut', sort: 'asc', legend: { showLegend: true, displayMode: 'table', placement: 'right', values: ['percent'] } }, { slices: { [red]: 1 / 2, [blue]: 1 / 3, '#888888': 1 / 6 }, legend: [['Name', 'Percent'], ['sixth', '17%'], ['third', '33%'], ['half', '50%']] }),
  {
    name: 'piechart: links',
    panel: panel('piechart', { title: 'Parts', options: { legend: { showLegend: true, displayMode: 'list', placement: 'bottom', values: ['percent'] } }, defaults: { links: [{ title: 'Logs of ${__field.labels.series}', url: '/logs?q=${__field.labels.series}&n=${__value.raw}' }, { title: 'No script', url: 'javascript:alert(1)' }] } }),
    frames: [series('third', [2]), series('half', [3]), series('sixth', [1])],
    span,
    width: 300,
    height: 200,
  },
  slices('labels upon slices', { displayLabels: ['name', 'value', 'percent'], legend: { showLegend: false } }, { text: ['half', '3', '50%', 'third', '2', '33%', 'sixth', '1', '17%'] }),

  { name: 'stat: calculations', panel: panel('stat', { options: { graphMode: 'none', reduceOptions: { calcs: ['mean', 'max', 'first'] } } }), frames: [series('v', [10, 20, null, 30])], span, height: 100, seen: { values: ['20', '30', '10'] } },
  { name: 'stat: change over time', panel: panel('stat', { options: { graphMode: 'none', showPercentChange: true } }), frames: [series('v', [50, 60, 75])], span, width: 240, height: 100, seen: { values: ['75'], text: ['75', '▲ 50%'] } },
  { name: 'stat: each row', panel: panel('stat', { options: { graphMode: 'none', reduceOptions: { values: true, limit: 2 } } }), frames: [table({ name: ['a', 'b', 'c'], v: [1, 2, 3] })], span, height: 100, seen: { values: ['1', '2'], names: ['a', 'b'] } },
] satisfies Case[];
