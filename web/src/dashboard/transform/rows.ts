/** Order and choice of rows. */

import type { Field, Frame } from '../frame';
import type { JsonObject } from '../model';
import { isObject, textOf } from '../display/matchers';
import type { Transform } from './frames';
import { Names, takenRows } from './frames';
import { rowTest } from './row-tests';

const naturally = new Intl.Collator('en', { numeric: true });

const isMissing = (value: unknown) => value == null || Number.isNaN(value);

/** What is missing stands last, in both directions. */
function comparer(field: Field, descending: boolean): (one: number, other: number) => number {
  const { values } = field;
  const sign = descending ? -1 : 1;
  return (one, other) => {
    const [a, b] = [values[one], values[other]];
    if (isMissing(a) || isMissing(b)) return Number(isMissing(a)) - Number(isMissing(b));
    if (typeof a === 'string' || typeof b === 'string') return sign * naturally.compare(String(a), String(b));
    return sign * (Number(a) - Number(b));
  };
}

/** The first rule that has a field of the frame decides, as in Grafana; the others come after it where rows are alike. */
export const sortBy: Transform = (frames, options, { interpolate }) => {
  const rules = (Array.isArray(options.sort) ? options.sort : []).filter(isObject);
  const names = new Names(frames);
  return frames.map((frame) => {
    const compare = rules.flatMap((rule) => {
      const field = names.find(frame, interpolate(textOf(rule.field)));
      return field ? [comparer(field, rule.desc === true)] : [];
    });
    if (compare.length === 0) return frame;
    const rows = Array.from({ length: frame.length }, (_, row) => row);
    rows.sort((one, other) => {
      for (const by of compare) {
        const sign = by(one, other);
        if (sign !== 0) return sign;
      }
      return one - other;
    });
    return takenRows(frame, rows);
  });
};

/** The first rows, or the last ones for a negative number. */
export const limit: Transform = (frames, options, { interpolate, problem }) => {
  const given = options.limitField ?? options.limit ?? 10;
  const count = Math.trunc(Number(typeof given === 'string' ? interpolate(given) : given));
  if (Number.isNaN(count)) {
    problem(`the limit ${JSON.stringify(given)} is no number`);
    return frames;
  }
  return frames.map((frame) => {
    if (Math.abs(count) >= frame.length) return frame;
    const [from, to] = count < 0 ? [frame.length + count, frame.length] : [0, count];
    return {
      ...frame,
      fields: frame.fields.map((field) => ({ ...field, values: field.values.slice(from, to), nanos: field.nanos?.slice(from, to) })),
      length: to - from,
    };
  });
};

/** Rows that meet any or all of the conditions, or all others. A condition of a field that a frame does not have is left out. */
export const filterByValue: Transform = (frames, options, run) => {
  const filters = (Array.isArray(options.filters) ? options.filters : []).filter(isObject);
  const [excludes, all] = [options.type === 'exclude', options.match === 'all'];
  const names = new Names(frames);
  return frames.map((frame) => {
    const tests = filters.flatMap((filter) => {
      const field = names.find(frame, run.interpolate(textOf(filter.fieldName)));
      const config: JsonObject = isObject(filter.config) ? filter.config : {};
      const test = field ? rowTest(field, textOf(config.id), isObject(config.options) ? config.options : {}, run) : null;
      return field && test ? [{ values: field.values, test }] : [];
    });
    return tests.length === 0 ? frame : matching(frame, tests, all, excludes);
  });
};

function matching(frame: Frame, tests: { values: unknown[]; test: (value: unknown) => boolean }[], all: boolean, excludes: boolean): Frame {
  const rows: number[] = [];
  for (let row = 0; row < frame.length; row += 1) {
    const met = all ? tests.every(({ values, test }) => test(values[row])) : tests.some(({ values, test }) => test(values[row]));
    if (met !== excludes) rows.push(row);
  }
  return rows.length === frame.length ? frame : takenRows(frame, rows);
}
