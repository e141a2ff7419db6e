import { expect, test } from 'vitest';
import { applyFieldConfig } from '../../display';
import type { Frame } from '../../frame';
import type { FieldConfig, Panel } from '../../model';
import type { LaneOptions } from './states';
import { kindsOf, lanesOf, stateAt } from './states';
import { timeMarks } from './time-marks';

const minute = 60_000;
function frame(values: unknown[], { stepMs = minute, times }: { stepMs?: number | null; times?: number[] } = {}): Frame {
  const known = values.find((value) => value != null);
  const type = typeof known === 'number' ? 'number' : typeof known === 'boolean' ? 'boolean' : 'string';
  return {
    refId: 'A',
    length: values.length,
    fields: [
      { name: 'Time', type: 'time', values: times ?? values.map((_, index) => index * minute), config: {} },
      { name: 'up', type, values, config: {} },
    ],
    meta: { kind: 'series', stepMs: stepMs ?? undefined },
  };
}
const steps = (...values: (number | null)[]) => ({ mode: 'absolute' as const, steps: values.map((value, index) => ({ value, color: ['#00ff00', '#ffff00', '#ff0000'][index]! })) });
const thresholds: FieldConfig = { color: { mode: 'thresholds' }, thresholds: steps(null, 80) };
const upDown: FieldConfig = { ...thresholds, mappings: [{ type: 'value', options: { 1: { text: 'Up', color: '#00ff00' }, 0: { text: 'Down', color: '#ff0000' } } }] };

function lanes(frames: Frame[], defaults: FieldConfig, options: Partial<LaneOptions> = {}, type = 'state-timeline') {
  const shown = applyFieldConfig(frames, { defaults: { ...defaults }, overrides: [] } as unknown as Panel['fieldConfig'], { isDark: false, timeZone: 'UTC', interpolate: (text) => text, panelType: type });
  return lanesOf(shown, { merges: true, samples: false, span: { from: 0, to: 5 * minute }, isDark: false, ...options });
}
const told = (...given: Parameters<typeof lanes>) => lanes(...given).map(({ states }) => states.map(({ from, to, text }) => [from / minute, to / minute, text]));

test.each<[string, ReturnType<typeof told>[number], unknown[], FieldConfig, Partial<LaneOptions>?, Parameters<typeof frame>[1]?]>([
  ['equal states are one', [[0, 2, 'Up'], [2, 3, 'Down'], [3, 5, 'Up']], [1, 1, 0, 1, 1], upDown],
  ['unless they are not to be merged', [[0, 1, 'Up'], [1, 2, 'Up'], [2, 3, 'Down'], [3, 4, 'Up'], [4, 5, 'Up']], [1, 1, 0, 1, 1], upDown, { merges: false }],
  ['nulls are gaps', [[0, 1, 'Up'], [3, 5, 'Up']], [1, null, null, 1, 1], upDown],
  ['nulls that are mapped are states', [[0, 1, 'Up'], [1, 3, 'Gone'], [3, 5, 'Up']], [1, null, null, 1, 1], { ...upDown, mappings: [...upDown.mappings!, { type: 'special', options: { match: 'null', result: { text: 'Gone' } } }] }],
  ['nulls are bridged where asked for', [[0, 5, 'Up']], [1, null, null, 1, 1], { ...upDown, custom: { spanNulls: true } }],
  ['but only short ones', [[0, 1, 'Up'], [3, 5, 'Up']], [1, null, null, 1, 1], { ...upDown, custom: { spanNulls: minute } }],
  ['points that are missing are gaps too', [[0, 1, 'Up'], [4, 5, 'Up']], [1, 1], upDown, {}, { times: [0, 4 * minute] }],
  ['nothing is missing where no step is known', [[0, 5, 'Up']], [1, 1], upDown, {}, { times: [0, 4 * minute], stepMs: null }],
  ['numbers are merged by thresholds and named by them', [[0, 2, '< 80'], [2, 4, '80+'], [4, 5, '< 80']], [1, 79, 80, 95, 3], thresholds],
  ['numbers by themselves where they are not merged', [[0, 1, '1'], [1, 2, '79']], [1, 79], thresholds, { merges: false, span: { from: 0, to: 2 * minute } }],
  ['texts', [[0, 2, 'a'], [2, 3, 'b'], [3, 5, 'a']], ['a', 'a', 'b', 'a', 'a'], {}],
  ['yes and no', [[0, 2, 'True'], [2, 5, 'False']], [true, true, false, false, false], {}],
])('states: %s', (_, expected, values, defaults, options, more) => {
  expect(told([frame(values, more)], defaults, options)[0]).toEqual(expected);
});

test('a state that was last seen long ago is over', () => {
  expect(told([frame([1, 1])], upDown)).toEqual([[[0, 2, 'Up']]]);
});

test('samples stand by themselves around their times', () => {
  expect(told([frame([1, null, 0])], upDown, { samples: true, merges: false }, 'status-history')[0]).toEqual([[-0.5, 0.5, 'Up'], [1.5, 2.5, 'Down']]);
});

test('each field beside a time is a lane', () => {
  const two = frame([1, 0]);
  two.fields.push({ name: 'state', type: 'string', values: ['x', 'y'], config: {} });
  expect(lanes([two, frame([1])], {}).map(({ key }) => key)).toEqual(['0/1', '0/2', '1/1']);
  expect(lanes([{ refId: 'A', length: 1, fields: [{ name: 'x', type: 'number', values: [1], config: {} }] }], {})).toEqual([]);
});

test('the legend names what is seen', () => {
  const kinds = (...given: Parameters<typeof lanes>) => kindsOf(lanes(...given), false).map(({ text, color }) => `${text} ${color}`);
  expect(kinds([frame([1, 0, 1])], upDown)).toEqual(['Up #00ff00', 'Down #ff0000']);
  expect(kinds([frame([1, 90])], thresholds)).toEqual(['< 80 #00ff00', '80+ #ffff00']);
  expect(kinds([frame([1, 90])], { color: { mode: 'thresholds' }, thresholds: steps(null, 10, 50), unit: 'percent' })).toEqual(['< 10% #00ff00', '10%+ #ffff00', '50%+ #ff0000']);
  expect(kinds([frame([1, 2, 3])], { color: { mode: 'continuous-GrYlRd' } })).toEqual([]);
});

test('the state at a moment', () => {
  const [lane] = lanes([frame([1, null, 0])], upDown);
  expect([-1, 0, 59_999, 60_000, 120_000, 179_999, 180_000].map((at) => stateAt(lane!, at)?.text)).toEqual([undefined, 'Up', 'Up', undefined, 'Down', 'Down', undefined]);
});

const utc = (...at: [number, number, number, number?]) => Date.UTC(at[0], at[1] - 1, at[2], at[3] ?? 0);
test.each([
  ['UTC', utc(2026, 3, 10, 0), utc(2026, 3, 10, 6), 2 * 3_600_000, ['00:00', '02:00', '04:00', '06:00']],
  ['Asia/Kolkata', utc(2026, 3, 10, 0), utc(2026, 3, 10, 4), 3_600_000, ['00:30', '01:30', '02:30', '03:30']],
  ['Europe/Berlin', utc(2026, 3, 28, 12), utc(2026, 3, 30, 12), 86_400_000, ['23:00', '22:00']],
])('marks are round in %s', (zone, from, to, least, times) => {
  expect(timeMarks(from, to, least, zone).times.map((time) => new Date(time).toISOString().slice(11, 16))).toEqual(times);
});

test('an axis without length has no marks', () => {
  expect(timeMarks(5, 5, 1, 'UTC').times).toEqual([]);
});
