import { expect, test } from 'vitest';
import type { Frame } from '../frame';
import { column } from './frames';
import { merge } from './merge';
import { PairIds } from './row-ids';

const run = { interpolate: (text: string) => text, problem: (what: string) => expect(what).toBe('') };
const table = (columns: Record<string, unknown[]>): Frame => ({ refId: 'A', length: Object.values(columns)[0]!.length, fields: Object.entries(columns).map(([name, values]) => column(name, 'number', values)) });

/** Small numbers without end, the same for a seed. */
function dice(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** The definition, row by row: the first row that says nothing else and that the frame has not written to. */
function plainly(frames: Frame[]): string[] {
  const shared = frames[0]!.fields.map(({ name }) => name).filter((name) => frames.every(({ fields }) => fields.some((field) => field.name === name)));
  const rows: { cells: Map<string, unknown>; writer: number }[] = [];
  frames.forEach((frame, number) => {
    const seen = new Set<string>();
    for (let at = 0; at < frame.length; at += 1) {
      const cells = new Map(frame.fields.map(({ name, values }) => [name, values[at]]));
      const text = JSON.stringify([...cells]);
      if (seen.has(text)) continue;
      seen.add(text);
      const fits = rows.find((row) => row.writer !== number && shared.every((name) => row.cells.get(name) === cells.get(name)) && [...cells].every(([name, value]) => !row.cells.has(name) || row.cells.get(name) === value));
      if (fits) {
        for (const [name, value] of cells) fits.cells.set(name, value);
        fits.writer = number;
      } else rows.push({ cells, writer: number });
    }
  });
  const names = [...new Set(frames.flatMap(({ fields }) => fields.map(({ name }) => name)))];
  return rows.map(({ cells }) => JSON.stringify(names.map((name) => cells.get(name) ?? null)));
}

test('random tables are merged as the definition says, also where what fits is looked up', () => {
  const seed = Number(process.env.PHOENIX_SEED ?? Date.now() % 1_000_000);
  const roll = dice(seed);
  for (let round = 0; round < 300; round += 1) {
    const names = ['k', 'a', 'b', 'c', 'd'];
    const frames = Array.from({ length: 2 + roll(4) }, () => {
      const own = names.filter((name) => name === 'k' || roll(2) === 0);
      const length = 1 + roll(40);
      return table(Object.fromEntries(own.map((name) => [name, Array.from({ length }, () => roll(name === 'k' ? 2 : 4))])));
    });
    const [made] = merge(frames, {}, run);
    const rows = Array.from({ length: made!.length }, (_, at) => JSON.stringify(made!.fields.map(({ values }) => values[at])));
    expect([seed, round, rows]).toEqual([seed, round, plainly(frames)]);
  }
});

test('no row is lost behind many that contradict it', () => {
  const count = 20_000;
  const numbers = Array.from({ length: count }, (_, at) => at);
  const same = numbers.map(() => 1);
  // Backwards, so that what fits is the last that would be tried.
  const [made] = merge([table({ k: same, a: numbers, b: numbers }), table({ k: same, a: [...numbers].reverse(), c: numbers }), table({ k: same, b: numbers })], {}, run);
  expect(made!.length).toBe(count);
  expect(made!.fields.find(({ name }) => name === 'c')!.values.slice(0, 2)).toEqual([count - 1, count - 2]);
});

test('pairs of numbers have numbers of their own', () => {
  const pairs = new PairIds();
  const ids = new Set<number>();
  for (let one = -40; one < 40; one += 1) for (let other = 0; other < 40; other += 1) ids.add(pairs.id(one, other));
  expect([ids.size, pairs.size, Math.max(...ids)]).toEqual([3_200, 3_200, 3_199]);
  expect([pairs.id(-40, 0), pairs.find(-40, 1), pairs.find(41, 0)]).toEqual([0, 1, -1]);
});
