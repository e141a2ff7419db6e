import { describe, expect, test } from 'vitest';
import { formatValue } from '../display';
import { increments, momentText, tickTexts, timeTexts } from './ticks';

const shown = (unit: string | undefined, values: (number | null)[], decimals?: number) => tickTexts(values, (value, places) => formatValue(Number(value), unit, places), decimals);

describe('texts of values', () => {
  test.each<[string | undefined, (number | null)[], number | undefined, string[]]>([
    [undefined, [0, 20, 40], undefined, ['0', '20', '40']],
    [undefined, [0, 0.5, 1], undefined, ['0.0', '0.5', '1.0']],
    [undefined, [0.0025, 0.005], undefined, ['0.0025', '0.0050']],
    [undefined, [1, null, 2], undefined, ['1', '', '2']],
    ['percentunit', [0, 0.25], undefined, ['0%', '25%']],
    ['bytes', [0, 2 ** 29, 2 ** 30], undefined, ['0 B', '512 MiB', '1 GiB']],
    ['bytes', [2 ** 30, 1.5 * 2 ** 30], undefined, ['1.0 GiB', '1.5 GiB']],
    [undefined, [0, 0.5], 2, ['0.00', '0.50']],
  ])('%s %j', (unit, values, decimals, expected) => {
    expect(shown(unit, values, decimals)).toEqual(expected);
  });
});

describe('distances between marks', () => {
  test.each<[string | undefined, number | null, number[], number[]]>([
    [undefined, null, [0.1, 0.25, 2, 50], [3, 7]],
    [undefined, 0, [1, 2, 5, 10], [0.5, 0.1, 2.5]],
    [undefined, 1, [0.1, 0.5, 2.5], [0.25]],
    ['bytes', null, [1, 512, 1_024], [10, 1_000]],
    ['s', null, [0.5, 30, 60, 3_600], [100, 25, 1_000]],
    ['ms', null, [1, 500, 60_000], [100_000]],
  ])('%s with %s decimals', (unit, decimals, has, hasNot) => {
    const found = increments(unit, decimals);
    expect(has.filter((step) => !found.some((one) => Math.abs(one - step) < step * 1e-9))).toEqual([]);
    expect(hasNot.filter((step) => found.includes(step))).toEqual([]);
    expect([...found].sort((a, b) => a - b)).toEqual(found);
  });
});

const at = Date.UTC(2026, 2, 28, 22, 30);
const hour = 3_600_000;
describe('texts of times', () => {
  test.each<[string, number, number, string, string]>([
    ['milliseconds', 100, 1_000, 'UTC', '22:30:00.000'],
    ['seconds', 5_000, 60_000, 'UTC', '22:30:00'],
    ['minutes', 60_000, hour, 'UTC', '22:30'],
    ['another zone', 60_000, hour, 'Asia/Kolkata', '04:00'],
    ['days and hours', 6 * hour, 72 * hour, 'UTC', '03-28 22:30'],
    ['days', 24 * hour, 240 * hour, 'UTC', '03-28'],
    ['days of years', 24 * hour, 9_000 * hour, 'UTC', '2026-03-28'],
    ['months', 31 * 24 * hour, 9_000 * hour, 'UTC', '2026-03'],
  ])('%s', (_, step, span, zone, expected) => {
    expect(timeTexts([at], step, span, zone)).toEqual([expected]);
  });
  test('over the change of summer time', () => {
    expect([momentText(at + 2.25 * hour, 'Europe/Berlin'), momentText(at + 2.5 * hour, 'Europe/Berlin')]).toEqual(['2026-03-29 01:45:00', '2026-03-29 03:00:00']);
    expect(momentText(at + 7, 'UTC')).toBe('2026-03-28 22:30:00.007');
  });
});
