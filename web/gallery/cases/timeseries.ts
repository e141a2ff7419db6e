import type { Case } from '../case';
import { panel, series, span, wave } from '../case';

export default [
  {
    name: 'timeseries: two lines',
    panel: panel('timeseries', { defaults: { unit: 'percent' } }),
    frames: [series('one', wave(60)), series('two', wave(60, { seed: 2, shift: 10, base: 30 }))],
    span,
  },
] satisfies Case[];
