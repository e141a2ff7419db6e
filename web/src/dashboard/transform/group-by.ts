/** Rows with the same values as one, the others' values calculated. */

import type { Field, FieldType, Frame } from '../frame';
import type { JsonObject } from '../model';
import { isObject, textsOf } from '../display/matchers';
import { isReducer, reduceField } from '../display';
import type { Transform } from './frames';
import { column, nameless, Names, taken, typeOf } from './frames';
import { RowIds } from './row-ids';

/** What a calculation gives for a field of a type. */
export function resultType(calc: string, field: Field, values: unknown[]): FieldType {
  switch (calc) {
    case 'count':
    case 'changeCount':
    case 'distinctCount':
      return 'number';
    case 'allIsNull':
    case 'allIsZero':
      return 'boolean';
    case 'allValues':
    case 'uniqueValues':
      return 'other';
    case 'last':
    case 'lastNotNull':
    case 'first':
    case 'firstNotNull':
    case 'min':
    case 'max':
    case 'mode':
      return field.type === 'other' ? typeOf(values) : field.type;
    default:
      return field.type === 'number' || field.type === 'time' ? 'number' : typeOf(values);
  }
}

export const groupBy: Transform = (frames, options, { problem }) => {
  const rules: JsonObject = isObject(options.fields) ? options.fields : {};
  const rule = (name: string) => (Object.hasOwn(rules, name) && isObject(rules[name]) ? rules[name] : undefined);
  const names = new Names(frames);
  return frames.flatMap((frame): Frame[] => {
    const named = frame.fields.map((field) => ({ field, name: names.of(field, frame), rule: rule(names.of(field, frame)) ?? rule(field.name) }));
    const keys = named.filter((one) => one.rule?.operation === 'groupby');
    if (keys.length === 0) return [];
    const groups = grouped(keys.map(({ field }) => field.values), frame.length);
    const firsts = groups.map((rows) => rows[0]!);
    const fields: Field[] = keys.map(({ field, name }) => ({ ...taken({ ...field, labels: undefined }, firsts), name, config: nameless(field.config) }));
    for (const one of named) {
      if (one.rule?.operation !== 'aggregate') continue;
      const parts = groups.map((rows) => taken(one.field, rows));
      for (const calc of textsOf(one.rule.aggregations)) {
        if (!isReducer(calc)) {
          problem(`the calculation ${JSON.stringify(calc)} is not known`);
          continue;
        }
        const values = parts.map((part) => reduceField(part, calc));
        fields.push(column(`${one.name} (${calc})`, resultType(calc, one.field, values), values));
      }
    }
    return [{ refId: frame.refId, name: frame.name, fields, length: groups.length, meta: { ...frame.meta, kind: 'table' } }];
  });
};

/** Numbers of rows by the values of columns, in the order in which they come. */
export function grouped(columns: unknown[][], length: number): number[][] {
  const ids = new RowIds(columns.length).of(columns, length);
  const groups: number[][] = [];
  for (let row = 0; row < length; row += 1) (groups[ids[row]!] ??= []).push(row);
  return groups;
}
