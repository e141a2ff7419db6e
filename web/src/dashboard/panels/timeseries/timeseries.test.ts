import { describe, expect, test } from 'vitest';
import type { Field, Frame } from '../../frame';
import type { FieldConfig } from '../../model';
import { axisRange, groupAxes, powerMarks } from './axes';
import { clusters } from './annotations';
import { exemplarsOf } from './exemplars';
import type { Cell } from './join';
import { join, nearestIndex, sources } from './join';
import { extent, hasPointsIn, modelOf } from './model';
import { area, bars, barWidth, line, monotoneSlopes, type Point } from './paths';
import { stepsOnAxis, turned } from './paint';
import { lonely, runs, thin } from './runs';
import type { Stackable } from './stack';
import { between, stack } from './stack';
import { styleOf } from './style';
import { hovered, pointAt, tooltipOptions } from './tooltip';
import { zonesOf } from './zones';

const _ = undefined;
const frame = (values: unknown[], config: FieldConfig = {}, { times = values.map((_, index) => index * 10), name = 'a', stepMs = 10 } = {}): Frame => ({
  refId: 'A',
  length: values.length,
  fields: [
    { name: 'Time', type: 'time', values: times, config: {} },
    { name: 'Value', type: 'number', values, config, displayName: name, seriesIndex: 0 } as Field,
  ],
  meta: { kind: 'series', stepMs },
});

describe('style', () => {
  test.each<[string, FieldConfig['custom'], Partial<ReturnType<typeof styleOf>>]>([
    ['nothing', undefined, { draw: 'line', interpolation: 'linear', lineWidth: 1, fillOpacity: 0, spanNullsMs: 0, insertNullsMs: Infinity, dash: null, showPoints: 'auto', pointSize: 5, stack: 'none', axisPlacement: 'auto', distribution: 'linear' }],
    ['nonsense', { drawStyle: 'pie', lineWidth: 'thick', spanNulls: -5, lineStyle: { fill: 'zigzag' }, stacking: 7 }, { draw: 'line', lineWidth: 1, spanNullsMs: 0, dash: null, stack: 'none' }],
    ['all gaps', { spanNulls: true }, { spanNullsMs: Infinity }],
    ['some gaps', { spanNulls: 60_000, insertNulls: 5_000 }, { spanNullsMs: 60_000, insertNullsMs: 5_000 }],
    ['dashes', { lineStyle: { fill: 'dash', dash: [3, 1] } }, { dash: [3, 1], roundCap: false }],
    ['dots', { lineStyle: { fill: 'dot' } }, { dash: [0, 10], roundCap: true }],
    ['log', { scaleDistribution: { type: 'log', log: 10 } }, { distribution: 'log', logBase: 10 }],
    ['log without a base', { scaleDistribution: { type: 'log' } }, { logBase: 2 }],
  ])('%s', (_, custom, expected) => {
    expect(styleOf({ custom })).toMatchObject(expected);
  });
});

describe('joining', () => {
  test('series of one step stay as they are', () => {
    const times = [0, 10];
    expect(join([{ times, values: [1, 2] }, { times: [0, 10], values: [3, null] }])).toEqual({ times, values: [[1, 2], [3, null]] });
  });
  test('times of others are not points and no gaps', () => {
    expect(join([{ times: [0, 20], values: [1, 2] }, { times: [10, 20], values: [5, null] }])).toEqual({ times: [0, 10, 20], values: [[1, _, 2], [_, 5, null]] });
  });
  test('of two points at one time the later counts', () => {
    expect(join([{ times: [0, 0, 10], values: [1, 2, 3] }])).toEqual({ times: [0, 10], values: [[2, 3]] });
  });
  test('what is no finite number is a gap, times are sorted, booleans count', () => {
    const [found] = sources([frame([1, Number.NaN, Infinity, true, null, 'x'], {}, { times: [50, 10, 20, 30, 40, 60] })]);
    expect(found).toMatchObject({ times: [10, 20, 30, 40, 50, 60], values: [null, null, 1, null, 1, null] });
  });
  test('a number for no value stands in gaps', () => {
    expect(sources([frame([1, null, Number.NaN], { noValue: '0' })])[0]!.values).toEqual([1, 0, null]);
    expect(sources([frame([1, null], { noValue: 'nothing' })])[0]!.values).toEqual([1, null]);
  });
  test('frames without a time and exemplars are no series', () => {
    const timeless: Frame = { refId: 'A', length: 1, fields: [{ name: 'Value', type: 'number', values: [1], config: {} }] };
    expect(sources([timeless, { ...frame([1]), meta: { kind: 'exemplars' } }])).toEqual([]);
  });
  test.each([[0, 0], [4, 0], [5, 0], [6, 1], [99, 2], [-9, 0]])('the time nearest to %d', (at, expected) => {
    expect(nearestIndex([0, 10, 20], at)).toBe(expected);
  });
});

describe('stacking', () => {
  const one = (values: Cell[], more: Partial<Stackable> = {}): Stackable => ({ values, group: 'A', percent: false, bars: false, ...more });
  const drawn = (series: Stackable[], times = [0, 1, 2]) => stack(series, times).map(({ values }) => values);
  test('each stands upon those before, gaps add nothing', () => {
    expect(drawn([one([1, 2, 3]), one([10, null, 30]), one([100, 100, 100])])).toEqual([[1, 2, 3], [11, null, 33], [111, 102, 133]]);
  });
  test('those below zero stack downward, apart', () => {
    expect(drawn([one([1, 1, 1]), one([-2, -2, 0]), one([3, 3, 3]), one([-1, null, -1])])).toEqual([[1, 1, 1], [-2, -2, 0], [4, 4, 4], [-3, null, -1]]);
  });
  test.each<[string, Cell[][], Cell[][], (number[] | null)[], boolean]>([
    ['of one series, each on its side', [[1, 1, 1], [2, -2, 2], [3, 3, -3], [-1, -1, -1]], [[1, 1, 1], [3, -2, 3], [6, 4, -3], [-1, -3, -4]], [null, [1, 0, 1], [3, 1, 0], [0, -2, -3]], false],
    ['zeros stay where their series was', [[-1, 1, 1], [-2, 0, 2], [0, 0, -1], [0, 3, 0]], [[-1, 1, 1], [-3, 0, 3], [-3, 0, -1], [0, 4, 3]], [null, [-1, 0, 1], [-3, 0, 0], [0, 1, 3]], false],
    ['gaps add nothing to either side', [[2, null, -2], [-1, -1, -1], [1, _, 1]], [[2, null, -2], [-1, -1, -3], [3, _, 1]], [null, [0, 0, -2], [2, 0, 0]], false],
    ['shares of each side', [[3, -1, 2], [1, 4, -6], [-5, -3, -2]], [[0.75, -0.25, 1], [1, 1, -0.75], [-1, -1, -1]], [null, [0.75, 0, 0], [0, -0.25, -0.75]], true],
  ])('of both signs: %s', (_, values, tops, bases, percent) => {
    const found = stack(values.map((each) => one(each, { percent, bars: true })), [0, 1, 2]);
    expect(found.map((each) => each.values)).toEqual(tops);
    expect(found.map(({ base }) => base)).toEqual(bases);
  });
  test('groups and unstacked series do not meet', () => {
    expect(drawn([one([1, 1, 1]), one([5, 5, 5], { group: 'B' }), one([2, 2, 2], { group: null }), one([1, 1, 1])])).toEqual([[1, 1, 1], [5, 5, 5], [2, 2, 2], [2, 2, 2]]);
  });
  test('shares of the sum; of nothing, none', () => {
    const percent = { percent: true };
    expect(drawn([one([1, 0, 5], percent), one([3, 0, null], percent)])).toEqual([[0.25, 0, 1], [1, 0, null]]);
  });
  test('a line has a height between its points, a bar has not', () => {
    expect(drawn([one([2, _, 4]), one([10, 10, 10])])[1]).toEqual([12, 13, 14]);
    expect(drawn([one([2, _, 4], { bars: true }), one([10, 10, 10], { bars: true })])[1]).toEqual([12, 10, 14]);
  });
  test('between points, not across gaps', () => {
    expect(between([0, _, 4, null, _, 6, _], [0, 1, 4, 5, 6, 7, 8])).toEqual([0, 1, 4, null, _, 6, _]);
  });
});

describe('runs', () => {
  const none = { spanNullsMs: 0, insertNullsMs: Infinity };
  const times = [0, 10, 20, 30, 40, 50];
  test.each<[string, Cell[], typeof none, number[][]]>([
    ['null breaks', [1, null, 2, 3, null, null], none, [[0], [2, 3]]],
    ['other times do not', [1, _, 2, _, _, 3], none, [[0, 2, 5]]],
    ['any gap crossed', [1, null, 2, null, null, 3], { ...none, spanNullsMs: Infinity }, [[0, 2, 5]]],
    ['short gaps crossed', [1, null, 2, null, null, 3], { ...none, spanNullsMs: 25 }, [[0, 2], [5]]],
    ['far points are not joined', [1, _, 2, _, _, 3], { ...none, insertNullsMs: 25 }, [[0, 2], [5]]],
    ['nothing', [null, _, null], none, []],
  ])('%s', (_, values, gaps, expected) => {
    expect(runs(values, times, 0, values.length - 1, gaps)).toEqual(expected);
    expect(lonely(values, times, gaps)).toEqual(expected.filter((run) => run.length === 1).map((run) => run[0]));
  });
});

describe('thinning', () => {
  const count = 20_000;
  const run = Array.from({ length: count }, (_, index) => index);
  const column = (index: number) => Math.floor((index * 400) / count);
  test('a spike and a dip of one point survive, and so do the ends', () => {
    for (const place of [1, 77, 9_999, 13_337, count - 2]) {
      const values = run.map(() => 5 as Cell);
      values[place] = 99;
      values[(place + 4_321) % count] = -99;
      const kept = thin(run, values, column);
      expect(kept.length).toBeLessThanOrEqual(4 * 400);
      expect([...kept].sort((a, b) => a - b)).toEqual(kept);
      const shown = kept.map((index) => values[index]!);
      expect([Math.max(...shown), Math.min(...shown), kept[0], kept[kept.length - 1]]).toEqual([99, -99, 0, count - 1]);
    }
  });
  test('least and greatest of every column are kept', () => {
    let state = 42;
    const values = run.map(() => (state = (state * 1_103_515_245 + 12_345) % 2_147_483_648));
    const of = (indexes: number[]) => {
      const ends = new Map<number, [number, number]>();
      for (const index of indexes) {
        const [low, high] = ends.get(column(index)) ?? [Infinity, -Infinity];
        ends.set(column(index), [Math.min(low, values[index]!), Math.max(high, values[index]!)]);
      }
      return ends;
    };
    expect(of(thin(run, values, column))).toEqual(of(run));
  });
  test('few points stay as they are', () => {
    const few = [0, 1, 2, 3];
    expect(thin(few, [1, 2, 3, 4], (index) => index * 10)).toBe(few);
  });
});

describe('paths', () => {
  const record = () => {
    const said: string[] = [];
    const tell = (name: string) => (...numbers: number[]) => void said.push(`${name} ${numbers.map((value) => Math.round(value * 100) / 100).join(' ')}`.trim());
    return { said, pen: { moveTo: tell('M'), lineTo: tell('L'), bezierCurveTo: tell('C'), rect: tell('R'), closePath: tell('Z') } };
  };
  const points: Point[] = [[0, 0], [10, 5], [20, 5]];
  test.each([
    ['linear' as const, ['M 0 0', 'L 10 5', 'L 20 5']],
    ['stepAfter' as const, ['M 0 0', 'L 10 0', 'L 10 5', 'L 20 5', 'L 20 5']],
    ['stepBefore' as const, ['M 0 0', 'L 0 5', 'L 10 5', 'L 10 5', 'L 20 5']],
  ])('%s', (interpolation, expected) => {
    const { said, pen } = record();
    line(pen, points, interpolation);
    expect(said).toEqual(expected);
  });
  test('one point is a dot', () => {
    const { said, pen } = record();
    line(pen, [[3, 4]], 'smooth');
    expect(said).toEqual(['M 3 4', 'L 3.5 4']);
  });
  test('an area goes back along the line below', () => {
    const { said, pen } = record();
    area(pen, points, [[0, 9], [10, 8], [20, 9]], 'stepAfter');
    expect(said).toEqual(['M 0 0', 'L 10 0', 'L 10 5', 'L 20 5', 'L 20 5', 'L 20 9', 'L 20 8', 'L 10 8', 'L 10 9', 'L 0 9', 'Z']);
  });
  test('a smooth curve stays between its points', () => {
    expect(monotoneSlopes([[0, 0], [1, 10], [2, 10], [3, 0]])).toEqual([10, 0, 0, -10]);
    expect(monotoneSlopes([[0, 0], [1, 1], [2, 2]])).toEqual([1, 1, 1]);
  });
  test.each([[0 as const, 'R 8 2 4 8'], [1 as const, 'R 10 2 4 8'], [-1 as const, 'R 6 2 4 8']])('bars at %d', (alignment, expected) => {
    const { said, pen } = record();
    bars(pen, [[10, 2], [30, 10]], [[10, 10], [30, 10]], 4, alignment, 0);
    expect(said).toEqual([expected]);
  });
  test('widths of bars', () => {
    expect([barWidth(20, 0.6, 200), barWidth(2_000, 0.6, 200), barWidth(0.2, 0.6, 200)]).toEqual([12, 200, 1]);
  });
});

describe('axes', () => {
  const axis = (config: FieldConfig) => ({ config, style: styleOf(config) });
  const sides = (configs: FieldConfig[]) => groupAxes(configs.map(axis)).map(({ side, members }) => [side, members]);
  test.each<[string, FieldConfig[], unknown]>([
    ['one unit, one axis', [{ unit: 's' }, { unit: 's' }], [['left', [0, 1]]]],
    ['other units to the right', [{ unit: 's' }, { unit: 'bytes' }, { unit: 's' }, {}], [['left', [0, 2]], ['right', [1]], ['right', [3]]]],
    ['a side of its own', [{ unit: 's' }, { unit: 's', custom: { axisPlacement: 'right' } }], [['left', [0]], ['right', [1]]]],
    ['hidden', [{ unit: 's', custom: { axisPlacement: 'hidden' } }, { unit: 'bytes' }], [[null, [0]], ['left', [1]]]],
    ['other ends', [{ min: 0 }, { min: 1 }], [['left', [0]], ['right', [1]]]],
  ])('%s', (_, configs, expected) => {
    expect(sides(configs)).toEqual(expected);
  });

  const range = (config: FieldConfig, low: number | null, high: number | null) => axisRange(groupAxes([axis(config)])[0]!, low, high);
  test.each<[string, FieldConfig, number | null, number | null, [number, number]]>([
    ['zero is near', {}, 1, 90, [0, 99]],
    ['zero is far', {}, 95, 105, [94, 106]],
    ['flat at zero', {}, 0, 0, [0, 1]],
    ['nothing', {}, null, null, [0, 1]],
    ['fixed ends', { min: 10, max: 20 }, 0, 100, [10, 20]],
    ['a fixed end beyond all', { min: 200 }, 0, 100, [200, 400]],
    ['soft ends hold', { custom: { axisSoftMin: 0, axisSoftMax: 100 } }, 40, 50, [0, 100]],
    ['soft ends give way', { custom: { axisSoftMin: 0, axisSoftMax: 10 } }, -5, 50, [-11, 56]],
    ['zero in the middle', { custom: { axisCenteredZero: true } }, -5, 20, [-23, 23]],
    ['bars start from zero', { custom: { drawStyle: 'bars' } }, 60, 90, [0, 99]],
    ['stacks start from zero', { custom: { stacking: { mode: 'normal' } } }, 60, 90, [0, 99]],
    ['shares', { custom: { stacking: { mode: 'percent' } } }, 0.2, 0.9, [0, 1]],
    ['logarithmic', { custom: { scaleDistribution: { type: 'log', log: 10 } } }, 3, 4_000, [1, 10_000]],
    ['logarithmic of nothing above zero', { custom: { scaleDistribution: { type: 'log', log: 10 } } }, -3, 0, [1, 10]],
  ])('%s', (_, config, low, high, expected) => {
    expect(range(config, low, high)).toEqual(expected);
  });

  test.each([
    ['log' as const, 10, 1, 10_000, 9, [1, 10, 100, 1_000, 10_000]],
    ['log' as const, 10, 2, 500, 9, [10, 100]],
    ['log' as const, 2, 0.25, 4, 9, [0.25, 0.5, 1, 2, 4]],
    ['log' as const, 10, 1, 10_000, 3, [1, 100, 10_000]],
    ['symlog' as const, 10, -100, 1_000, 9, [-100, -10, -1, 0, 1, 10, 100, 1_000]],
  ])('%s marks of base %d from %d to %d', (distribution, logBase, low, high, most, expected) => {
    expect(powerMarks({ distribution, logBase: logBase as 2 | 10, linearThreshold: 1 }, low, high, most)).toEqual(expected);
  });
});

describe('model', () => {
  test('negative-Y and a constant', () => {
    const model = modelOf([frame([1, null, 3], { custom: { transform: 'negative-Y' } }), frame([null, 7, 3], { custom: { transform: 'constant' } })], false, () => _);
    expect(model.lines.map(({ drawn, raw }) => [drawn, raw])).toEqual([[[-1, null, -3], [1, null, 3]], [[7, 7, 7], [null, 7, 3]]]);
  });
  test('a hidden series is not stacked upon', () => {
    const stacked = { custom: { stacking: { mode: 'normal', group: 'A' } } };
    const frames = [frame([1, 1], stacked, { name: 'a' }), frame([2, 2], stacked, { name: 'b' })];
    expect(modelOf(frames, false, () => _).lines[1]!.drawn).toEqual([3, 3]);
    expect(modelOf(frames, false, (name) => name === 'a').lines[1]!.drawn).toEqual([2, 2]);
  });
  test('series of other units are not stacked upon each other', () => {
    const stacked = (unit: string) => ({ unit, custom: { stacking: { mode: 'normal', group: 'A' } } });
    expect(modelOf([frame([1], stacked('s')), frame([2], stacked('bytes'))], false, () => _).lines[1]!.drawn).toEqual([2]);
  });
  test('filled down to another series', () => {
    const model = modelOf([frame([5, 6], { custom: { fillBelowTo: 'low' } }, { name: 'high' }), frame([1, null], {}, { name: 'low' })], false, () => _);
    expect(model.lines[0]!.base).toEqual([1, null]);
  });
  test('points in the range', () => {
    const model = modelOf([frame([null, 1, null, 2])], false, () => _);
    expect([hasPointsIn(model, 0, 9), hasPointsIn(model, 0, 10), hasPointsIn(model, 31, 99)]).toEqual([false, true, false]);
    expect(extent(model)).toEqual({ from: 10, to: 30 });
  });
});

describe('tooltip', () => {
  const link = () => ({ href: '', title: '', targetBlank: false });
  const model = modelOf([frame([1, 5], {}, { name: 'a' }), frame([2, 0], {}, { name: 'b' }), frame([null, 9], { custom: { hideFrom: { tooltip: true } } }, { name: 'c' })], false, () => _);
  const names = (options: Parameters<typeof tooltipOptions>[0], index: number) => hovered(model, index, tooltipOptions(options), (line, at) => Math.abs(line.drawn[at]! - 4), link).rows.map(({ name }) => name);
  test.each([
    ['the nearest alone', {}, 1, ['a']],
    ['all', { mode: 'multi' }, 0, ['a', 'b']],
    ['sorted', { mode: 'multi', sort: 'desc' }, 0, ['b', 'a']],
    ['without zeros', { mode: 'multi', hideZeros: true }, 1, ['a']],
  ])('%s', (_, options, index, expected) => {
    expect(names(options, index)).toEqual(expected);
  });
  test.each<[Cell[], number, number]>([
    [[1, _, 3], 1, 0],
    [[_, _, 3], 0, -1],
    [[1, null, 3], 1, 1],
  ])('a point of %j for place %d', (raw, index, expected) => {
    expect(pointAt({ raw, frame: frame([], {}, { stepMs: 15 }) }, [0, 10, 30], index)).toBe(expected);
  });
  test('of stacked bars only those are listed that have a point at the time', () => {
    const bars = { custom: { drawStyle: 'bars', stacking: { mode: 'normal', group: 'A' } } };
    const apart = modelOf([frame([1, 5], bars, { name: 'a', times: [0, 40] }), frame([2, 7], bars, { name: 'b', times: [20, 40] })], false, () => _);
    const at = (index: number) => hovered(apart, index, tooltipOptions({ mode: 'multi' }), () => 0, link).rows.map(({ name, value }) => `${name} ${value}`);
    expect([at(0), at(1), at(2)]).toEqual([['a 1'], ['b 2'], ['a 5', 'b 7']]);
    expect(apart.lines.map(({ drawn }) => drawn)).toEqual([[1, _, 5], [_, 2, 12]]);
  });
  test('of a hundred series those near the pointer are listed', () => {
    const many = modelOf(Array.from({ length: 100 }, (_, place) => frame([place], {}, { name: String(place) })), false, () => _);
    const { rows, more } = hovered(many, 0, tooltipOptions({ mode: 'multi' }), (line, at) => Math.abs(line.drawn[at]! - 50), link);
    expect([rows.length, more, rows.some(({ name, near }) => name === '50' && near)]).toEqual([32, 68, true]);
  });
});

test('thresholds in percent go by the ends of the field, else of the axis', () => {
  const thresholds = { mode: 'percentage' as const, steps: [{ value: null, color: '#000' }, { value: 50, color: '#fff' }] };
  expect(stepsOnAxis({ config: { thresholds } }, 0, 10, false).map(({ value }) => value)).toEqual([-Infinity, 5]);
  expect(stepsOnAxis({ config: { thresholds, min: 100, max: 200 } }, 0, 10, false).map(({ value }) => value)).toEqual([-Infinity, 150]);
});

test.each([[undefined, ['Asia/Tokyo']], [[], ['Asia/Tokyo']], [['utc', ''], ['UTC', 'Asia/Tokyo']], [['utc', 'UTC', 3], ['UTC']]])('zones of %j', (asked, expected) => {
  expect(zonesOf(asked, 'Asia/Tokyo')).toEqual(expected);
});

test('a turned hue', () => {
  expect([turned('#ff0000', 120, 0), turned('#808080', 90, 0.1), turned('#00ff00', -30, 0)]).toEqual(['hsl(120 100% 50%)', 'hsl(90 0% 60%)', 'hsl(90 100% 50%)']);
});

test('exemplars know their trace', () => {
  const frames: Frame[] = [
    {
      refId: 'A',
      length: 2,
      fields: [
        { name: 'Time', type: 'time', values: [1, 2], config: {} },
        { name: 'Value', type: 'number', values: [0.5, null], config: {} },
        { name: 'trace_id', type: 'string', values: ['abc', 'def'], config: {} },
        { name: 'pod', type: 'string', values: ['x', 'y'], config: {} },
      ],
      meta: { kind: 'exemplars' },
    },
  ];
  expect(exemplarsOf(frames)).toEqual([{ time: 1, value: 0.5, labels: { trace_id: 'abc', pod: 'x' }, traceId: 'abc' }]);
});

test('annotations near each other share a mark, spans do not', () => {
  const at = (time: number, timeEnd?: number) => ({ time, timeEnd, color: 'red' });
  const found = (...list: ReturnType<typeof at>[]) => {
    const { marks, left } = clusters(list, { from: 0, to: 1_000 }, 1_000, 8);
    return [marks.map((mark) => [mark.left, mark.width, mark.list.length]), left];
  };
  expect(found(at(500), at(502), at(2_000), at(600, 900), at(-50, 10))).toEqual([[[0, 10, 1], [500, 0, 2], [600, 300, 1]], 0]);
  // Spans that begin and end together, and a moment within them.
  expect(found(at(600, 900), at(601, 901), at(600), at(600, 950))).toEqual([[[600, 300, 2], [600, 0, 1], [600, 350, 1]], 0]);
  // However many moments there are, none is without a mark.
  const [many, none] = found(...Array.from({ length: 5_000 }, (_, place) => at(place / 5))) as [number[][], number];
  expect([many.length, many.reduce((sum, mark) => sum + mark[2]!, 0), none]).toEqual([125, 5_000, 0]);
  // Spans of all lengths: the newest have marks, the others are counted.
  const [newest, left] = found(...Array.from({ length: 1_000 }, (_, place) => at(Math.floor(place / 40) * 20, Math.floor(place / 40) * 20 + 20 + (place % 40) * 12))) as [number[][], number];
  expect([newest.length, left, newest.reduce((sum, mark) => sum + mark[2]!, 0) + left]).toEqual([300, expect.any(Number), 1_000]);
  expect(left).toBeGreaterThan(0);
});
