/** How many values lie in buckets of the same size. */

import type { Field, Frame } from '../frame';
import type { Transform } from './frames';
import { column, nameless, Names, refIds } from './frames';

/** No histogram has more buckets. */
const mostBuckets = 1_000;

/** A size out of 1, 2, 2.5 and 5 times a power of ten that makes about this many buckets. */
export function bucketSize(min: number, max: number, buckets: number): number {
  const wanted = (max - min) / Math.max(1, buckets);
  if (!(wanted > 0) || !Number.isFinite(wanted)) return 1;
  const power = 10 ** Math.floor(Math.log10(wanted));
  const step = [1, 2, 2.5, 5, 10].find((one) => one * power >= wanted * (1 - 1e-9)) ?? 10;
  return Number((step * power).toPrecision(12));
}

const numbersOf = (fields: Field[]): number[] => fields.flatMap(({ values }) => values.filter((value): value is number => typeof value === 'number' && Number.isFinite(value)));

export const histogram: Transform = (frames, options, { problem }) => {
  const names = new Names(frames);
  const fields = frames.flatMap((frame) => frame.fields.filter(({ type }) => type === 'number').map((field) => ({ field, name: names.of(field, frame) })));
  const numbers = numbersOf(fields.map(({ field }) => field));
  if (numbers.length === 0) return [];
  let [min, max] = [Infinity, -Infinity];
  for (const value of numbers) {
    if (value < min) min = value;
    if (value > max) max = value;
  }
  const given = Number(options.bucketSize ?? 0);
  const size = given > 0 ? given : bucketSize(min, max, Number(options.bucketCount ?? 0) || 30);
  const offset = Number(options.bucketOffset ?? 0) || 0;
  const place = (value: number) => Math.floor((value - offset) / size + 1e-9);
  const first = place(min);
  const count = place(max) - first + 1;
  if (!(count <= mostBuckets)) {
    problem(`buckets of ${size} would be ${count}; there are ${mostBuckets} at most`);
    return frames;
  }
  const edges = Array.from({ length: count + 1 }, (_, at) => Number(((first + at) * size + offset).toPrecision(12)));
  const counted = (of: Field[]) => {
    const counts = new Array<number>(count).fill(0);
    for (const value of numbersOf(of)) counts[place(value) - first]! += 1;
    return counts;
  };
  const config = { unit: fields[0]!.field.config.unit };
  const series: Field[] = options.combine === true
    ? [column('count', 'number', counted(fields.map(({ field }) => field)))]
    : fields.map(({ field, name }): Field => ({ ...column(name, 'number', counted([field]), { ...nameless(field.config), unit: undefined }), labels: undefined }));
  const made: Frame = { refId: `histogram-${refIds(frames)}`, fields: [column('xMin', 'number', edges.slice(0, -1), config), column('xMax', 'number', edges.slice(1), config), ...series], length: count, meta: { kind: 'table' } };
  return [made];
};
