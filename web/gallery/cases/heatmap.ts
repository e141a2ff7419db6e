import type { Frame, HistogramValue } from '../../src/dashboard/frame';
import type { JsonObject } from '../../src/dashboard/model';
import type { Case } from '../case';
import { hour, noise, panel, series, span, start, table, wave } from '../case';

const bounds = ['0.005', '0.01', '0.025', '0.05', '0.1', '0.25', '0.5', '1', '2.5', '5', '10', '+Inf'];
const buckets = (seed = 1): Frame[] => {
  const random = noise(seed);
  const count = 61;
  const fields: Frame['fields'] = bounds.map((le, row) => ({
    name: le,
    type: 'number',
    values: Array.from({ length: count }, (_, at) => {
      const middle = 5 + 2.5 * Math.sin(at / 9);
      const value = 90 * Math.exp(-((row - middle) ** 2) / 3) * (0.6 + 0.8 * random());
      return at > 30 && at < 34 ? null : value < 1 ? 0 : Math.round(value);
    }),
    labels: { le },
    config: { displayNameFromDS: le },
  }));
  return [{ refId: 'A', length: count, fields: [{ name: 'Time', type: 'time', values: Array.from({ length: count }, (_, at) => start + at * 60_000), config: {} }, ...fields], meta: { kind: 'heatmap', stepMs: 60_000 } }];
};
const native = (): Frame[] => {
  const random = noise(3);
  const values = Array.from({ length: 61 }, (_, at): HistogramValue => {
    const middle = 0.1 * 2 ** (2 * Math.sin(at / 10));
    const found = Array.from({ length: 24 }, (_, row): [number, number, number] => [0.005 * 2 ** (row / 3), 0.005 * 2 ** ((row + 1) / 3), Math.round(60 * Math.exp(-((Math.log2(0.005 * 2 ** (row / 3)) - Math.log2(middle)) ** 2)) * random())]);
    return { count: found.reduce((sum, [, , count]) => sum + count, 0), sum: 0, buckets: found };
  });
  return [{ refId: 'A', length: 61, fields: [{ name: 'Time', type: 'time', values: values.map((_, at) => start + at * 60_000), config: {} }, { name: 'Value', type: 'other', values, config: {} }], meta: { kind: 'heatmap', stepMs: 60_000 } }];
};
const many = () => Array.from({ length: 30 }, (_, place) => series(`node ${place}`, wave(241, { seed: place, base: 40 + place, reach: 15, jitter: 20, period: 120 }), { step: 15_000 }));
const one = (name: string, frames: Frame[], options: JsonObject = {}, rest: Partial<Case> = {}): Case => ({ name: `heatmap: ${name}`, panel: panel('heatmap', { title: name, options }), frames, span, ...rest });
const seconds: JsonObject = { yAxis: { unit: 's' }, cellGap: 1 };

export default [
  one('buckets of Prometheus', buckets(), seconds),
  one('buckets, spectral, linear', buckets(), { ...seconds, color: { mode: 'scheme', scheme: 'Spectral', scale: 'linear', steps: 12 } }),
  one('buckets, opacity', buckets(), { ...seconds, color: { mode: 'opacity', fill: 'dark-blue' }, legend: { show: false } }),
  one('buckets, reversed axis on the right', buckets(), { yAxis: { unit: 's', reverse: true, axisPlacement: 'right' } }),
  one('native histograms', native(), seconds),
  one('counted from series', many(), { calculate: true, calculation: { xBuckets: { mode: 'size', value: '2m' }, yBuckets: { mode: 'size', value: '5' } }, yAxis: { unit: 'percent' } }),
  one('counted by itself, logarithmic', many(), { calculate: true, calculation: { yBuckets: { mode: 'size', value: '4', scale: { type: 'log', log: 2 } } }, color: { scheme: 'Viridis' } }),
  one('rows by name', ['free', 'used', 'cached'].map((name, place) => series(name, wave(31, { seed: place, base: 30 }), { step: 120_000 })), { showValue: 'auto', cellGap: 2 }),
  one('annotations and exemplars', buckets(), { ...seconds, tooltip: { yHistogram: true } }, {
    annotations: [{ time: start + hour / 4, title: 'Deploy', color: '#5794F2' }],
    exemplars: [{ ...table({ Time: [start + 600_000, start + 1_500_000, start + 2_400_000], Value: [0.03, 0.4, 2], traceID: ['a'.repeat(32), 'b'.repeat(32), 'c'.repeat(32)] }), meta: { kind: 'exemplars' } }],
  }),
  one('no data', []),
] satisfies Case[];
