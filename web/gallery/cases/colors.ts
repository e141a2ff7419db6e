import type { FieldConfig } from '../../src/dashboard/model';
import type { Case, Seen } from '../case';
import { panel, series, span } from '../case';

// The names of Grafana's palette on a light ground.
const green = '#56a64b';
const own = ['#00aa00', '#aa5500', '#aa0000'] as const;
const steps = (mode: 'absolute' | 'percentage', ...values: [number, number]): FieldConfig => ({ thresholds: { mode, steps: [{ value: null, color: own[0] }, { value: values[0], color: own[1] }, { value: values[1], color: own[2] }] } });

const stats = (name: string, defaults: FieldConfig, values: number[], seen: Seen, options = {}): Case => ({
  name: `colours: ${name}`,
  panel: panel('stat', { options: { graphMode: 'none', ...options }, defaults }),
  frames: values.map((value, at) => series(`s${at}`, [value])),
  span,
  height: 90,
  seen,
});
const lines = (name: string, defaults: FieldConfig, seen: Seen): Case => ({
  name: `colours: ${name}`,
  panel: panel('timeseries', { defaults, custom: { lineWidth: 3 } }),
  frames: [series('up', [10, 90], { step: 1_800_000 }), series('down', [60, 5], { step: 1_800_000 })],
  span,
  height: 120,
  seen,
});

export default [
  stats('absolute thresholds, at and around a step', steps('absolute', 50, 80), [-5, 49.9, 50, 79.9, 80, 500], { colors: [own[0], own[0], own[1], own[1], own[2], own[2]] }),
  // Half of 100 to 300 is 200, nine tenths of it 280.
  stats('thresholds in percent of the scale', { ...steps('percentage', 50, 90), min: 100, max: 300 }, [100, 199, 200, 279, 280], { colors: [own[0], own[0], own[1], own[1], own[2]] }),
  // Without ends the scale goes from the least to the greatest: 20 to 120.
  stats('thresholds in percent of the data', steps('percentage', 50, 90), [20, 69, 70, 109, 120], { colors: [own[0], own[0], own[1], own[1], own[2]] }),
  stats('backgrounds', steps('absolute', 50, 80), [10, 60, 90], { grounds: [...own] }, { colorMode: 'background_solid' }),
  stats('texts without colour', steps('absolute', 50, 80), [10, 60, 90], { colors: ['#1b2423', '#1b2423', '#1b2423'] }, { colorMode: 'none' }),
  stats('fixed', { color: { mode: 'fixed', fixedColor: '#123456' } }, [1, 2], { colors: ['#123456', '#123456'] }),
  stats('fixed by name', { color: { mode: 'fixed', fixedColor: 'semi-dark-red' } }, [1], { colors: ['#c4162a'] }),
  stats('palette', { color: { mode: 'palette-classic' } }, [1, 1, 1], { colors: [green, '#e0b400', '#5794f2'] }),
  // A spline runs through the colours: in the middle a sixth of each end and four sixths of the yellow.
  stats('green, yellow, red', { color: { mode: 'continuous-GrYlRd' }, min: 0, max: 100 }, [0, 50, 100], { colors: [green, '#d5ac20', '#e02f44'] }),
  stats('blue, yellow, red', { color: { mode: 'continuous-BlYlRd' }, min: 0, max: 100 }, [0, 50, 100], { colors: ['#1250b0', '#caad58', '#ad0317'] }),
  lines('lines by their last value', { ...steps('absolute', 50, 80), color: { mode: 'thresholds' } }, { lines: { up: own[2], down: own[0] } }),
  lines('lines by their least value', { ...steps('absolute', 50, 80), color: { mode: 'thresholds', seriesBy: 'min' } }, { lines: { up: own[0], down: own[0] } }),
  lines('lines by their greatest value', { ...steps('absolute', 50, 80), color: { mode: 'thresholds', seriesBy: 'max' } }, { lines: { up: own[2], down: own[1] } }),
  lines('lines by the palette', { color: { mode: 'palette-classic' } }, { lines: { up: green, down: '#e0b400' } }),
] satisfies Case[];
