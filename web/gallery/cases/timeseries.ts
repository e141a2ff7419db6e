import type { Frame } from '../../src/dashboard/frame';
import type { FieldConfig, JsonObject, Override } from '../../src/dashboard/model';
import type { Case } from '../case';
import { hour, panel, series, span, start, table, wave } from '../case';

const colors = ['green', 'yellow', 'blue', 'orange', 'red', 'purple'];
const bottom: JsonObject = { legend: { displayMode: 'list', placement: 'bottom', showLegend: true, calcs: [] }, tooltip: { mode: 'multi', sort: 'desc' } };
const two = () => [series('one', wave(61)), series('two', wave(61, { seed: 2, shift: 10, base: 30 }))];
const four = () => ['user', 'system', 'iowait', 'steal'].map((name, place) => series(name, wave(61, { seed: place + 1, base: 40 / (place + 1), reach: 10 / (place + 1), jitter: 4, shift: place * 7 })));
const withGaps = () => {
  const values: (number | null)[] = wave(61, { jitter: 1 });
  for (const index of [10, 11, 20, 22, 40, 41, 42, 43, 44, 45]) values[index] = null;
  return [series('gaps', values)];
};
const steps: FieldConfig = {
  thresholds: { mode: 'absolute', steps: [{ value: null, color: 'green' }, { value: 50, color: 'yellow' }, { value: 70, color: 'red' }] },
};
const by = (name: string, properties: Record<string, unknown>): Override => ({ matcher: { id: 'byName', options: name }, properties: Object.entries(properties).map(([id, value]) => ({ id, value: value as never })) });

interface More {
  frames?: Frame[];
  defaults?: FieldConfig;
  custom?: JsonObject;
  overrides?: Override[];
  options?: JsonObject;
}
const one = (name: string, { frames = two(), defaults, custom, overrides, options = bottom }: More, rest: Partial<Case> = {}): Case => ({
  name: `timeseries: ${name}`,
  panel: panel('timeseries', { title: name, defaults, custom, overrides, options }),
  frames,
  span,
  ...rest,
});

/** More points than pixel columns; with a gap. */
const dense = (more: Parameters<typeof wave>[1] = {}) => {
  const values: (number | null)[] = wave(5_000, { period: 900, jitter: 12, ...more });
  values.fill(null, 3_000, 3_200);
  return values;
};
const denseSeries = (name: string, more: Parameters<typeof wave>[1] = {}) => series(name, dense(more), { step: 720 });

const spiky = Array.from({ length: 5_000 }, () => 1);
spiky[2_501] = 90;

export default [
  one('two lines in percent', { defaults: { unit: 'percent' } }),
  one('area', { custom: { fillOpacity: 25, lineWidth: 2 } }),
  one('stacked', { frames: four(), defaults: { unit: 'percent' }, custom: { fillOpacity: 60, lineWidth: 1, stacking: { mode: 'normal', group: 'A' } } }),
  one('stacked to 100 %', { frames: four(), custom: { fillOpacity: 60, lineWidth: 0, stacking: { mode: 'percent', group: 'A' } } }),
  one('stacked bars', { frames: four(), custom: { drawStyle: 'bars', fillOpacity: 80, lineWidth: 1, stacking: { mode: 'normal', group: 'A' } } }),
  one('stacked, of both signs', { frames: four().slice(0, 3).map((each, place) => series(['in', 'out', 'error'][place]!, each.fields[1]!.values.map((value, at) => Math.round((value as number) / 3) * (Math.floor((at + place * 8) / 12) % 2 === 0 ? 1 : -1)))), custom: { drawStyle: 'bars', fillOpacity: 80, stacking: { mode: 'normal', group: 'A' } } }),
  one('stacked areas of both signs', { frames: four().slice(0, 3).map((each, place) => series(['in', 'out', 'error'][place]!, each.fields[1]!.values.map((value, at) => Math.round((value as number) / 3) * (Math.floor((at + place * 8) / 12) % 2 === 0 ? 1 : -1)))), custom: { fillOpacity: 50, stacking: { mode: 'normal', group: 'A' } } }),
  one('negative below zero, by transform', { frames: [...four().slice(0, 2), ...four().slice(2)], defaults: { unit: 'Bps' }, custom: { fillOpacity: 30, stacking: { mode: 'normal', group: 'A' } }, overrides: [by('iowait', { 'custom.transform': 'negative-Y' }), by('steal', { 'custom.transform': 'negative-Y' })] }),
  one('smooth', { frames: [series('smooth', wave(16, { jitter: 30 }), { step: 240_000 })], custom: { lineInterpolation: 'smooth', fillOpacity: 20, showPoints: 'always' } }),
  one('step before', { frames: [series('stepBefore', wave(16, { jitter: 30 }), { step: 240_000 })], custom: { lineInterpolation: 'stepBefore', fillOpacity: 20, showPoints: 'always' } }),
  one('step after', { frames: [series('stepAfter', wave(16, { jitter: 30 }), { step: 240_000 })], custom: { lineInterpolation: 'stepAfter', fillOpacity: 20, showPoints: 'always' } }),
  one('bars', { frames: [series('bars', wave(31, { jitter: 30 }), { step: 120_000 })], custom: { drawStyle: 'bars', fillOpacity: 40, lineWidth: 1 } }),
  one('bars after, narrow', { frames: [series('bars', wave(31, { jitter: 30 }), { step: 120_000 })], custom: { drawStyle: 'bars', fillOpacity: 100, lineWidth: 0, barAlignment: 1, barWidthFactor: 0.2 } }),
  one('points', { custom: { drawStyle: 'points', pointSize: 6 } }),
  one('gaps left open', { frames: withGaps(), custom: { fillOpacity: 20 } }),
  one('gaps crossed', { frames: withGaps(), custom: { fillOpacity: 20, spanNulls: true } }),
  one('gaps below three minutes crossed', { frames: withGaps(), custom: { fillOpacity: 20, spanNulls: 180_001 } }),
  one('points without showPoints', { frames: withGaps(), custom: { showPoints: 'never' } }),
  one('dashes and dots', { frames: four().slice(0, 3), custom: { lineWidth: 2 }, overrides: [by('user', { 'custom.lineStyle': { fill: 'dash', dash: [10, 10] } }), by('system', { 'custom.lineStyle': { fill: 'dot', dash: [0, 10] } })] }),
  one('gradient of opacity', { custom: { gradientMode: 'opacity', fillOpacity: 60 } }),
  one('gradient of hue', { custom: { gradientMode: 'hue', fillOpacity: 60 } }),
  one('gradient by thresholds', { frames: [series('scheme', wave(61))], defaults: { ...steps, color: { mode: 'thresholds' } }, custom: { gradientMode: 'scheme', fillOpacity: 30, lineWidth: 2 } }),
  one('gradient by value', { frames: [series('scheme', wave(61))], defaults: { color: { mode: 'continuous-GrYlRd' }, min: 0, max: 100 }, custom: { gradientMode: 'scheme', fillOpacity: 40, lineWidth: 2 } }),
  one('thresholds as lines', { defaults: steps, custom: { thresholdsStyle: { mode: 'line' } } }),
  one('thresholds dashed and area', { defaults: steps, custom: { thresholdsStyle: { mode: 'dashed+area' } } }),
  one('fill below to', { frames: [series('max', wave(61, { base: 70 })), series('min', wave(61, { base: 20, reach: 10, seed: 4 }))], overrides: [by('max', { 'custom.fillBelowTo': 'min', 'custom.fillOpacity': 30 })] }),
  one('two units, two axes', { frames: [series('memory', wave(61, { base: 3e9, reach: 1e9, jitter: 1e8 })), series('share', wave(61, { base: 50, seed: 5 }))], overrides: [by('memory', { unit: 'bytes', 'custom.axisLabel': 'Memory' }), by('share', { unit: 'percent', 'custom.axisColorMode': 'series', 'custom.axisLabel': 'Share' })] }),
  one('axis hidden, soft ends', { custom: { axisPlacement: 'hidden', axisSoftMin: 0, axisSoftMax: 200 } }),
  one('axis right, border, no grid', { custom: { axisPlacement: 'right', axisBorderShow: true, axisGridShow: false } }),
  one('zero in the middle', { frames: [series('a', wave(61, { base: 10, reach: 20 }))], custom: { axisCenteredZero: true, fillOpacity: 20 } }),
  one('logarithmic', { frames: [series('log', wave(61).map((value) => 10 ** (value / 15)))], defaults: { unit: 'short' }, custom: { scaleDistribution: { type: 'log', log: 10 } } }),
  one('symmetric logarithmic', { frames: [series('symlog', wave(61, { base: 0, reach: 4 }).map((value) => Math.sign(value) * 10 ** Math.abs(value)))], custom: { scaleDistribution: { type: 'symlog', log: 10, linearThreshold: 10 } } }),
  one('seconds', { frames: [series('p99', wave(61, { base: 400, reach: 300 }))], defaults: { unit: 's' } }),
  one('no decimals', { frames: [series('count', wave(61, { base: 1, reach: 1, jitter: 0 }).map(Math.round))], defaults: { decimals: 0 }, custom: { drawStyle: 'bars', fillOpacity: 50 } }),
  one('flat at zero', { frames: [series('errors', Array.from({ length: 61 }, () => 0))], defaults: { unit: 'reqps' } }),
  one('hidden from view', { frames: four(), overrides: [by('user', { 'custom.hideFrom': { viz: true, legend: false, tooltip: false } }), by('steal', { 'custom.hideFrom': { viz: false, legend: true, tooltip: true } })] }),
  one('constant', { frames: four().slice(0, 2), overrides: [by('system', { 'custom.transform': 'constant', 'custom.lineStyle': { fill: 'dash' } })] }),
  one('legend as table below', { frames: four(), defaults: { unit: 'percent' }, options: { legend: { displayMode: 'table', placement: 'bottom', showLegend: true, calcs: ['mean', 'lastNotNull', 'max'], sortBy: 'Max', sortDesc: true } } }),
  one('legend as table right', { frames: four(), defaults: { unit: 'percent' }, options: { legend: { displayMode: 'table', placement: 'right', showLegend: true, calcs: ['lastNotNull', 'max'] } } }, { width: 700 }),
  one('legend right', { frames: four(), options: { legend: { displayMode: 'list', placement: 'right', showLegend: true, calcs: [], width: 140 } } }),
  one('legend with values', { frames: four(), options: { legend: { displayMode: 'list', placement: 'bottom', showLegend: true, calcs: ['lastNotNull', 'max'] } } }),
  one('no legend', { options: { legend: { showLegend: false } } }),
  one('forty series', { frames: Array.from({ length: 40 }, (_, place) => series(`node-${place}.example.org:9100 {job="node"}`, wave(61, { seed: place, base: 20 + place, reach: 10, shift: place }))) }),
  one('thousands of annotations', { options: { ...bottom, legend: { showLegend: false } } }, { annotations: [...Array.from({ length: 3_000 }, (_, at) => ({ time: start + at * 1_200, color: 'orange', title: `moment ${at}` })), ...Array.from({ length: 900 }, (_, at) => ({ time: start + (at % 30) * 60_000, timeEnd: start + (at % 30) * 60_000 + 60_000 + at * 2_000, color: 'rgb(0, 120, 255)', title: `span ${at}` }))] }),
  one('annotations', { options: { ...bottom, legend: { showLegend: false } } }, {
    annotations: [
      { time: start + hour / 4, title: 'Deploy', text: 'web 1.2.3', tags: ['deploy', 'web'], color: '#5794F2' },
      { time: start + hour / 2, timeEnd: start + (hour * 2) / 3, title: 'HighErrorRate', text: 'fired', color: '#F2495C' },
    ],
  }),
  one('exemplars', { defaults: { unit: 's' }, frames: [series('p99', wave(61, { base: 0.5, reach: 0.2, jitter: 0.1 }))] }, {
    exemplars: [{ ...table({ Time: Array.from({ length: 30 }, (_, place) => start + place * 120_000), Value: Array.from({ length: 30 }, (_, place) => 0.15 + (place % 5) * 0.2), traceID: Array.from({ length: 30 }, (_, place) => `${place}`.padStart(32, '0')) }), meta: { kind: 'exemplars' } }],
  }),
  one('two queries with other times', { frames: [series('each minute', wave(61, { jitter: 1 })), series('each seven minutes', wave(9, { period: 5, seed: 3, jitter: 1 }), { step: 420_000, from: start + 11_000, refId: 'B' })], custom: { showPoints: 'always' } }),
  one('one point', { frames: [series('once', [null, null, 5, null])] }),
  one('spike of one point in 5,000', { frames: [series('spike', spiky, { step: 720 })], defaults: { min: 0 } }),
  one('a hundred thousand points', { frames: Array.from({ length: 20 }, (_, place) => series(`series ${place}`, wave(5_000, { seed: place, base: place * 10, period: 700, jitter: 8 }), { step: 720 })) }, { width: 1100, height: 360 }),
  one('dense: thick lines with areas', { frames: [denseSeries('noisy'), denseSeries('calm', { seed: 3, base: 20, reach: 15, jitter: 0.2 })], custom: { fillOpacity: 25, lineWidth: 3 } }),
  one('dense: stacked areas without lines', { frames: ['a', 'b', 'c'].map((name, place) => denseSeries(name, { seed: place, shift: place * 200 })), custom: { fillOpacity: 60, lineWidth: 0, stacking: { mode: 'normal', group: 'A' } } }),
  one('dense: stacked with lines', { frames: ['a', 'b', 'c'].map((name, place) => denseSeries(name, { seed: place, shift: place * 200, jitter: 3 })), custom: { fillOpacity: 40, lineWidth: 1, stacking: { mode: 'normal', group: 'A' } } }),
  one('dense: around zero, gap crossed', { frames: [denseSeries('both', { base: 0, reach: 30 })], custom: { fillOpacity: 40, lineWidth: 1, spanNulls: true, lineInterpolation: 'stepAfter' } }),
  one('dense: filled below to', { frames: [denseSeries('max', { base: 70, reach: 10 }), denseSeries('min', { base: 25, reach: 10, seed: 4 })], overrides: [by('max', { 'custom.fillBelowTo': 'min', 'custom.fillOpacity': 30 })] }),
  one('dense: gradient and dashes', { frames: [denseSeries('gradient', { jitter: 1 }), denseSeries('dashes', { seed: 2, base: 90, jitter: 0 })], custom: { gradientMode: 'opacity', fillOpacity: 60, lineWidth: 2 }, overrides: [by('dashes', { 'custom.lineStyle': { fill: 'dash', dash: [10, 10] } })] }),
  one('dense: fixed ends, values beyond', { frames: [denseSeries('cut')], defaults: { min: 40, max: 60 }, custom: { fillOpacity: 30, lineWidth: 2 } }),
  one('dense: logarithmic', { frames: [series('log', wave(5_000, { period: 900 }).map((value) => 10 ** (value / 15)), { step: 720 })], custom: { scaleDistribution: { type: 'log', log: 10 }, fillOpacity: 20 } }),
  one('seven days', { frames: [series('week', wave(169, { period: 24 }), { step: hour })] }, { span: { from: start, to: start + 168 * hour }, timeZone: 'Europe/Berlin' }),
  one('two zones', { options: { ...bottom, timezone: ['utc', 'Asia/Tokyo'] } }),
  one('a number for gaps', { frames: withGaps(), defaults: { noValue: '0' }, custom: { fillOpacity: 20 } }),
  one('links', { defaults: { links: [{ title: 'Logs of ${__field.labels.series} at ${__value.time}', url: '/logs?q=${__field.labels.series}&at=${__value.time}' }, { title: 'No script', url: 'javascript:alert(1)' }] } }),
  one('small', { defaults: { unit: 'percent' } }, { width: 220, height: 110 }),
  one('no data', { frames: [] }),
  one('outside of the range', {}, { span: { from: start + 5 * hour, to: start + 6 * hour } }),
  one('colours by name', { frames: four(), overrides: four().map(({ name }, place) => by(name!, { color: { mode: 'fixed', fixedColor: colors[place] } })) }),
] satisfies Case[];
