import type { FieldConfig, JsonObject, Override } from '../../src/dashboard/model';
import type { Frame } from '../../src/dashboard/frame';
import type { Case } from '../case';
import { noise, panel, series, span, table } from '../case';

const bottom: JsonObject = { legend: { displayMode: 'list', placement: 'bottom', showLegend: true, calcs: [] }, tooltip: { mode: 'multi' } };
const shops = () => [table({ Shop: ['Berlin', 'Hamburg', 'Munich', 'Cologne', 'Frankfurt'], Sold: [120, 80, 95, 40, 66], Returned: [12, 9, 20, 4, 3] })];
const many = () => [table({ Service: Array.from({ length: 26 }, (_, place) => `service-with-a-long-name-${place}`), Requests: Array.from({ length: 26 }, (_, place) => (place * 37) % 101) })];
const one = (type: string, name: string, frames: Frame[], { options = {}, defaults, custom, overrides }: { options?: JsonObject; defaults?: FieldConfig; custom?: JsonObject; overrides?: Override[] } = {}, rest: Partial<Case> = {}): Case => ({
  name: `${type}: ${name}`,
  panel: panel(type, { title: name, options: { ...bottom, ...options }, defaults, custom, overrides }),
  frames,
  span,
  ...rest,
});
const thresholds: FieldConfig = { color: { mode: 'thresholds' }, thresholds: { mode: 'absolute', steps: [{ value: null, color: 'green' }, { value: 70, color: 'orange' }, { value: 100, color: 'red' }] } };
const normal = (seed: number, middle: number, count = 600) => {
  const random = noise(seed);
  return Array.from({ length: count }, () => middle + ((random() + random() + random() + random()) / 4 - 0.5) * 80);
};

export default [
  one('barchart', 'groups', shops()),
  one('barchart', 'horizontal', shops(), { options: { orientation: 'horizontal', showValue: 'always' } }),
  one('barchart', 'stacked', shops(), { options: { stacking: 'normal', showValue: 'auto' } }),
  one('barchart', 'stacked to 100 %, horizontal', shops(), { options: { stacking: 'percent', orientation: 'horizontal' } }),
  one('barchart', 'colours by thresholds, as areas too', [table({ Shop: ['Berlin', 'Hamburg', 'Munich'], Sold: [120, 80, 65] })], { defaults: thresholds, custom: { thresholdsStyle: { mode: 'dashed+area' } } }),
  one('barchart', 'gradients and round corners', shops(), { options: { barRadius: 0.5 }, custom: { gradientMode: 'opacity', lineWidth: 1 } }),
  one('barchart', 'long labels turned', many(), { options: { xTickLabelRotation: -45, xTickLabelMaxLength: 18 } }),
  one('barchart', 'long labels left out', many()),
  one('barchart', 'long labels, horizontal', many(), { options: { orientation: 'horizontal' } }, { height: 420 }),
  one('barchart', 'below zero', [table({ Month: ['Jan', 'Feb', 'Mar', 'Apr'], Balance: [20, -15, 5, -30] })], { options: { showValue: 'always' }, defaults: { unit: 'currencyEUR' } }),
  one('barchart', 'two units', [table({ Host: ['a', 'b', 'c'], Memory: [3e9, 2e9, 8e9], Share: [30, 20, 80] })], { overrides: [{ matcher: { id: 'byName', options: 'Memory' }, properties: [{ id: 'unit', value: 'bytes' }, { id: 'custom.axisLabel', value: 'Memory' }] }, { matcher: { id: 'byName', options: 'Share' }, properties: [{ id: 'unit', value: 'percent' }] }] }),
  one('barchart', 'by time', [series('requests', [3, 5, 2, 8, 6], { step: 600_000 })]),
  one('barchart', 'no text and no time', [table({ Value: [1, 2] })]),
  one('histogram', 'one', [series('latency', normal(1, 120))], { defaults: { unit: 'ms' } }),
  one('histogram', 'two, overlaid', [series('old', normal(1, 120)), series('new', normal(2, 90))], { defaults: { unit: 'ms' }, custom: { fillOpacity: 50 } }),
  one('histogram', 'two, stacked', [series('old', normal(1, 120)), series('new', normal(2, 90))], { defaults: { unit: 'ms' }, custom: { stacking: { mode: 'normal' } } }),
  one('histogram', 'combined, buckets of 20', [series('old', normal(1, 120)), series('new', normal(2, 90))], { options: { combine: true, bucketSize: 20, bucketOffset: 5 }, defaults: { unit: 'ms' } }),
] satisfies Case[];
