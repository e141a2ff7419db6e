import type { Frame } from '../../src/dashboard/frame';
import type { FieldConfig, JsonObject, Override } from '../../src/dashboard/model';
import type { Case, Seen } from '../case';
import { panel, series, span } from '../case';

/** Every ten minutes of the hour. */
const every = { step: 600_000 };
const values = [10, 20, 40, 30, null, 50, 60];
const red = '#ff0000';
const blue = '#0000ff';
const fixed = (color: string): FieldConfig => ({ color: { mode: 'fixed', fixedColor: color } });
const hundred: FieldConfig = { ...fixed(red), min: 0, max: 100 };
const thick: JsonObject = { lineWidth: 4, showPoints: 'never' };
const none: JsonObject = { legend: { showLegend: false } };
const named = (name: string, properties: Record<string, unknown>): Override => ({ matcher: { id: 'byName', options: name }, properties: Object.entries(properties).map(([id, value]) => ({ id, value: value as never })) });

interface More {
  frames?: Frame[];
  defaults?: FieldConfig;
  custom?: JsonObject;
  overrides?: Override[];
  options?: JsonObject;
}
const one = (name: string, { frames = [series('v', values, every)], defaults = hundred, custom, overrides, options = none }: More, seen: Seen): Case => ({ name: `lines: ${name}`, panel: panel('timeseries', { defaults, custom: { ...thick, ...custom }, overrides, options }), frames, span, height: 200, seen });
const pair = (a: (number | null)[], b: (number | null)[]) => [series('a', a, { step: 1_800_000 }), series('b', b, { step: 1_800_000 })];
const of = (name: string, color: string) => named(name, { color: { mode: 'fixed', fixedColor: color } });
const redAndBlue = [of('a', red), of('b', blue)];
const list = (calcs: string[]): JsonObject => ({ legend: { displayMode: 'list', placement: 'bottom', showLegend: true, calcs } });
const three = () => [series('low', [5, 5, 5], { step: 1_800_000 }), series('high', [90, 90, 90], { step: 1_800_000 }), series('zero', [0, 0, 0], { step: 1_800_000 })];
const tip = (mode: string, sort: string, more: JsonObject = {}): JsonObject => ({ ...none, tooltip: { mode, sort, ...more } });

export default [
  one('each value in its place', {}, {
    asked: { v: values },
    drawn: { v: values },
    reach: [[0, 100]],
    ticks: [{ side: 'left', texts: ['0', '20', '40', '60', '80', '100'] }],
    // At the points, half way between two of them, and nowhere else.
    pixels: [[10, 20, red], [20, 40, red], [29, 31, red], [15, 30, red], [55, 55, red], [20, 60, null], [20, 20, null]],
  }),
  one('a gap stays open', {}, { pixels: [[35, 35, null], [40, 40, null], [45, 45, null]] }),
  one('a gap is crossed', { custom: { spanNulls: true } }, { pixels: [[35, 35, red], [40, 40, red], [45, 45, red]] }),
  one('a gap of twenty minutes is crossed below thirty', { custom: { spanNulls: 1_800_000 } }, { pixels: [[40, 40, red]] }),
  one('a gap of twenty minutes is left open above ten', { custom: { spanNulls: 600_000 } }, { pixels: [[40, 40, null]] }),
  one('a step before its point', { custom: { lineInterpolation: 'stepBefore' } }, { pixels: [[5, 20, red], [15, 40, red], [25, 30, red], [15, 20, null]] }),
  one('a step after its point', { custom: { lineInterpolation: 'stepAfter' } }, { pixels: [[5, 10, red], [15, 20, red], [25, 40, red], [15, 40, null]] }),
  one('smooth through its points', { custom: { lineInterpolation: 'smooth' } }, { pixels: [[10, 20, red], [20, 40, red], [55, 55, red]] }),
  one('bars from zero to their value', { custom: { drawStyle: 'bars', fillOpacity: 100, barAlignment: 0 } }, { pixels: [[10, 10, red], [20, 38, red], [20, 43, null], [40, 5, null], [15, 5, null]] }),
  one('bars after their time', { custom: { drawStyle: 'bars', fillOpacity: 100, barAlignment: 1, barWidthFactor: 0.5 } }, { pixels: [[12, 10, red], [8, 5, null], [17, 5, null]] }),
  one('points alone', { custom: { drawStyle: 'points', pointSize: 10 } }, { pixels: [[10, 20, red], [20, 40, red], [15, 30, null]] }),
  one('points upon the line', { custom: { lineWidth: 1, showPoints: 'always', pointSize: 12 } }, { pixels: [[20, 40, red], [20, 42, red], [50, 50, red]] }),
  one('a point alone between gaps is seen', { frames: [series('v', [null, null, 40, null, null, null, null], every)], custom: { showPoints: 'auto', pointSize: 8 } }, { pixels: [[20, 40, red]] }),
  one('filled down to zero', { frames: [series('v', [50, 50, 50], { step: 1_800_000 })], custom: { fillOpacity: 100, lineWidth: 0 } }, { pixels: [[20, 5, red], [20, 45, red], [20, 55, null]] }),
  one('filled with half of its colour', { frames: [series('v', [50, 50, 50], { step: 1_800_000 })], custom: { fillOpacity: 50, lineWidth: 0 } }, { pixels: [[20, 25, '#ff7f7f'], [20, 55, null]] }),
  one('filled below to another', { frames: pair([80, 80, 80], [30, 30, 30]), overrides: [...redAndBlue, named('a', { 'custom.fillBelowTo': 'b', 'custom.fillOpacity': 100 })] }, { pixels: [[20, 80, red], [20, 50, red], [20, 30, blue], [20, 15, null], [20, 90, null]] }),
  one('a gradient of its opacity', { frames: [series('v', [80, 80, 80], { step: 1_800_000 })], custom: { fillOpacity: 100, gradientMode: 'opacity', lineWidth: 4 } }, { pixels: [[20, 80, red], [20, 90, null]] }),
  one('a gradient by thresholds', {
    frames: [series('v', [10, 90], { step: 3_600_000 })],
    defaults: { min: 0, max: 100, color: { mode: 'thresholds' }, thresholds: { mode: 'absolute', steps: [{ value: null, color: blue }, { value: 50, color: red }] } },
    custom: { gradientMode: 'scheme' },
  }, { pixels: [[15, 30, blue], [22.5, 40, blue], [37.5, 60, red], [52.5, 80, red]] }),
  one('stacked', { frames: pair([10, 20, 30], [30, 30, 40]), overrides: redAndBlue, custom: { stacking: { mode: 'normal', group: 'A' } } }, { asked: { a: [10, 20, 30], b: [30, 30, 40] }, drawn: { a: [10, 20, 30], b: [40, 50, 70] }, pixels: [[15, 15, red], [30, 20, red], [15, 45, blue], [45, 60, blue], [30, 30, null]] }),
  one('stacked where one is missing', { frames: pair([10, null, 30], [30, 20, 40]), overrides: redAndBlue, custom: { stacking: { mode: 'normal', group: 'A' } } }, { drawn: { a: [10, null, 30], b: [40, 20, 70] } }),
  one('stacked to a hundred', { frames: pair([1, 3], [3, 1]), defaults: fixed(red), overrides: redAndBlue, custom: { stacking: { mode: 'percent', group: 'A' } } }, { asked: { a: [1, 3], b: [3, 1] }, drawn: { a: [0.25, 0.75], b: [1, 1] } }),
  one('stacked in two groups', { frames: [...pair([1, 1], [2, 2]), series('c', [4, 4], { step: 1_800_000 })], custom: { stacking: { mode: 'normal', group: 'A' } }, overrides: [named('b', { 'custom.stacking': { mode: 'normal', group: 'B' } })] }, { drawn: { a: [1, 1], b: [2, 2], c: [5, 5] } }),
  one('below zero by transform', { frames: pair([10, 20], [30, 40]), defaults: fixed(red), overrides: [named('b', { 'custom.transform': 'negative-Y' })] }, { asked: { b: [30, 40] }, drawn: { a: [10, 20], b: [-30, -40] } }),
  one('an axis of given ends', { defaults: { ...fixed(red), min: -20, max: 80 } }, { reach: [[-20, 80]], pixels: [[20, 40, red]] }),
  one('soft ends within which the data lies', { defaults: fixed(red), custom: { axisSoftMin: -50, axisSoftMax: 150 } }, { reach: [[-50, 150]], pixels: [[20, 40, red]] }),
  one('soft ends which the data passes', { defaults: fixed(red), custom: { axisSoftMin: 30, axisSoftMax: 40 } }, { reach: [[null, null]], pixels: [[10, 20, red], [55, 55, red]] }),
  // The data from -5 to 10 with a tenth of it around, to the next mark, mirrored.
  one('zero in the middle', { defaults: fixed(red), frames: [series('v', [10, -5, 10], { step: 1_800_000 })], custom: { axisCenteredZero: true } }, { reach: [[-12, 12]] }),
  one('logarithmic', { defaults: { ...fixed(red), min: 1, max: 1000 }, frames: [series('v', [1, 10, 100, 1000], { step: 1_200_000 })], custom: { scaleDistribution: { type: 'log', log: 10 } } }, { log: true, reach: [[1, 1000]], ticks: [{ side: 'left', texts: ['1', '10', '100', '1000'] }], pixels: [[20, 10, red], [40, 100, red], [30, 31.6, red]] }),
  one('two axes', { frames: pair([10, 20, 30], [1024, 2048, 1024]), defaults: { ...fixed(red), min: 0 }, overrides: [named('a', { unit: 'percent', max: 50 }), named('b', { unit: 'bytes', max: 4096, 'custom.axisPlacement': 'right' })] }, { reach: [[0, 50], [0, 4096]], ticks: [{ side: 'left', texts: ['0%', '10%', '20%', '30%', '40%', '50%'] }, { side: 'right', texts: ['0 B', '1 KiB', '2 KiB', '3 KiB', '4 KiB'] }] }),
  one('a hidden axis', { custom: { axisPlacement: 'hidden' } }, { ticks: [], pixels: [[20, 40, red]] }),
  one('thresholds as lines', { frames: [series('v', [10, 10], { step: 3_600_000 })], defaults: { ...hundred, thresholds: { mode: 'absolute', steps: [{ value: null, color: '#00ff00' }, { value: 70, color: blue }] } }, custom: { thresholdsStyle: { mode: 'line' } } }, { pixels: [[20, 70, blue], [20, 80, null], [20, 10, red]] }),
  // 10 + 20 + 40 + 30 + 50 + 60 = 210, a sixth of which is 35.
  one('a legend with calculations', { defaults: { ...hundred, unit: 'percent' }, options: list(['mean', 'lastNotNull', 'max', 'min', 'sum', 'first', 'range', 'diff']) }, { legend: ['v Mean: 35% Last *: 60% Max: 60% Min: 10% Total: 210% First: 10% Range: 50% Difference: 50%'] }),
  one('a legend as a table, the greatest first', { frames: three(), options: { legend: { displayMode: 'table', placement: 'bottom', showLegend: true, calcs: ['max', 'mean'], sortBy: 'Max', sortDesc: true } } }, { legend: [['Name', 'Max ↓', 'Mean'], ['high', '90', '90'], ['low', '5', '5'], ['zero', '0', '0']] }),
  one('a legend without', {}, { legend: [] }),
  one('a tooltip of the nearest', { frames: three(), options: tip('single', 'none') }, { tips: [{ at: [0.5, 0.1], says: ['2026-03-10 12:30:00', 'high', '90'] }, { at: [0.5, 0.93], says: ['2026-03-10 12:30:00', 'low', '5'] }] }),
  one('a tooltip of all as they come', { frames: three(), options: tip('multi', 'none') }, { tips: [{ at: [0.5, 0.5], says: ['2026-03-10 12:30:00', 'low', '5', 'high', '90', 'zero', '0'] }] }),
  one('a tooltip of all, the greatest first', { frames: three(), options: tip('multi', 'desc') }, { tips: [{ at: [0.5, 0.5], says: ['2026-03-10 12:30:00', 'high', '90', 'low', '5', 'zero', '0'] }] }),
  one('a tooltip of all, the least first, without zeros', { frames: three(), options: tip('multi', 'asc', { hideZeros: true }) }, { tips: [{ at: [0.5, 0.5], says: ['2026-03-10 12:30:00', 'low', '5', 'high', '90'] }] }),
  one('a tooltip by a clock of its own', { options: { ...tip('multi', 'none'), timezone: ['Asia/Tokyo'] } }, { tips: [{ at: [0.5, 0.5], says: ['2026-03-10 21:30:00', 'v', '30'] }] }),
] satisfies Case[];
