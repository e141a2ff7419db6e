import { describe, expect, test } from 'vitest';
import type { Columns } from './columns';
import { columnsOf, fillColumns, level, strokeColumns, widened } from './columns';
import type { Interpolation } from './style';

const bounds = { left: 0, right: 9, top: -100, bottom: 100 };
type Place = [x: number, y: number];
const of = (points: Place[], interpolation: Interpolation = 'linear') => columnsOf(points.map((_, index) => index), (index) => points[index]![0], (index) => points[index]![1], interpolation, bounds);
const spans = ({ low, high }: Columns) => [...low].map((from, place) => (from > high[place]! ? null : [from, high[place]!]));

describe('columns', () => {
  test.each<[string, Place[], Interpolation, number, unknown]>([
    ['the least and the greatest of a column', [[1.1, 5], [1.2, -3], [1.9, 2]], 'linear', 1, [[-3, 5]]],
    ['the way between two points', [[0, 0], [2.5, 5]], 'linear', 0, [[0, 2], [2, 4], [4, 5]]],
    ['held until the next point', [[0, 0], [2.5, 5]], 'stepAfter', 0, [[0, 0], [0, 0], [0, 5]]],
    ['from the point before on', [[0, 0], [2.5, 5]], 'stepBefore', 0, [[0, 5], [5, 5], [5, 5]]],
    ['straight where it is smooth', [[0, 0], [2, 4]], 'smooth', 0, [[0, 2], [2, 4], [4, 4]]],
    ['from far left and to far right', [[-1_000_000, 0], [1_000_000, 0]], 'linear', 0, Array.from({ length: 10 }, () => [0, 0])],
    ['not beyond what can be seen', [[3, -1e9], [3.5, Infinity]], 'linear', 3, [[-100, 100]]],
    ['what is no number is left out', [[3, NaN], [4, 1]], 'linear', 3, [null, [1, 1]]],
  ])('%s', (_, points, interpolation, from, expected) => {
    const columns = of(points, interpolation);
    expect([columns.from, spans(columns)]).toEqual([from, expected]);
  });

  test('no point of many is lost, wherever it lies', () => {
    // A pseudorandom walk with one spike.
    let state = 7;
    const random = () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
    const points = Array.from({ length: 3_000 }, (_, index): Place => [index / 300, index === 1_234 ? -90 : 20 * random()]);
    for (const interpolation of ['linear', 'smooth', 'stepBefore', 'stepAfter'] as const) {
      const { from, low, high } = of(points, interpolation);
      for (const [x, y] of points) {
        const place = Math.floor(x) - from;
        expect(low[place]!).toBeLessThanOrEqual(y);
        expect(high[place]!).toBeGreaterThanOrEqual(y);
      }
      expect(low.indexOf(-90)).toBe(4);
    }
  });

  test.each([[1, [[-0.5, 0.5], [-0.5, 0.5], [8.5, 9.5], [-0.5, 0.5]]], [2, [[-1, 1], [-1, 10], [-1, 10], [-1, 1]]], [3, [[-1.5, 1.5], [-1.5, 10.5], [-1.5, 10.5], [-1.5, 10.5]]]])('of a line of %d pixels', (width, expected) => {
    const columns = { from: 0, low: Float64Array.of(0, 0, 9, 0), high: Float64Array.of(0, 0, 9, 0) };
    expect(spans(widened(columns, width))).toEqual(expected);
  });
});

describe('paths of columns', () => {
  const record = () => {
    const said: string[] = [];
    const tell = (name: string) => (...numbers: number[]) => void said.push(`${name} ${numbers.join(' ')}`.trim());
    return { said, pen: { moveTo: tell('M'), lineTo: tell('L'), bezierCurveTo: tell('C'), rect: tell('R'), closePath: tell('Z') } };
  };
  const columns = (...list: [number, number][]): Columns => ({ from: 10, low: Float64Array.from(list, ([low]) => low), high: Float64Array.from(list, ([, high]) => high) });
  const nothing: [number, number] = [Infinity, -Infinity];

  test('an upright stroke for each that is covered', () => {
    const { said, pen } = record();
    strokeColumns(pen, columns([1, 4], nothing, [2, 3]), 0.5);
    expect(said).toEqual(['M 10 0.5', 'L 10 3.5', 'M 12 1.5', 'L 12 2.5']);
  });
  test.each<[string, Columns, Columns | number, string[]]>([
    ['down to a level', columns([1, 4], [1, 3], [2, 3]), 9, ['M 10 1', 'L 12 1', 'L 12 2', 'L 13 2', 'L 13 9', 'L 10 9', 'Z']],
    ['up to a level', columns([5, 7]), 2, ['M 10 2', 'L 11 2', 'L 11 7', 'L 10 7', 'Z']],
    ['on both sides of a level', columns([1, 7]), 4, ['M 10 1', 'L 11 1', 'L 11 7', 'L 10 7', 'Z']],
    ['upon another, which ends where this begins', columns([1, 4]), columns([3, 6]), ['M 10 1', 'L 11 1', 'L 11 3', 'L 10 3', 'Z']],
    ['below another', columns([5, 9]), columns([3, 6]), ['M 10 6', 'L 11 6', 'L 11 9', 'L 10 9', 'Z']],
    ['nothing between', columns([4, 4]), 4, []],
    ['in parts', columns([1, 1], nothing, [1, 1]), 2, ['M 10 1', 'L 11 1', 'L 11 2', 'L 10 2', 'Z', 'M 12 1', 'L 13 1', 'L 13 2', 'L 12 2', 'Z']],
  ])('an area %s', (_, line, base, expected) => {
    const { said, pen } = record();
    fillColumns(pen, line, typeof base === 'number' ? level(line, base, bounds) : base, 0);
    expect(said).toEqual(expected);
  });
});
