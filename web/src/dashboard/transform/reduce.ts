/** Each field as one value: a row per field, or a frame of one row. */

import type { Field, Frame } from '../frame';
import { textsOf } from '../display/matchers';
import { isReducer, reduceField, reducerOf } from '../display';
import type { Transform } from './frames';
import { column, Names, refIds, typeOf } from './frames';
import { resultType } from './group-by';

const nameOf = (calc: string): string => reducerOf(calc)?.name ?? calc;

export const reduce: Transform = (frames, options, { problem }) => {
  const calcs = textsOf(options.reducers).filter((calc) => {
    if (!isReducer(calc)) problem(`the calculation ${JSON.stringify(calc)} is not known`);
    return isReducer(calc);
  });
  if (calcs.length === 0) return frames;
  const wanted = (field: Field) => options.includeTimeField === true || field.type !== 'time';
  return options.mode === 'reduceFields' ? reduceFields(frames, calcs, wanted) : seriesToRows(frames, calcs, wanted, options.labelsToFields === true);
};

function seriesToRows(frames: Frame[], calcs: string[], wanted: (field: Field) => boolean, withLabels: boolean): Frame[] {
  const names = new Names(frames);
  const all = frames.flatMap((frame) => frame.fields.filter(wanted).map((field) => ({ field, name: withLabels ? field.name : names.of(field, frame) })));
  const fields: Field[] = [column('Field', 'string', all.map(({ name }) => name))];
  if (withLabels) {
    const labels = new Set(all.flatMap(({ field }) => Object.keys(field.labels ?? {})));
    for (const label of labels) fields.push(column(label, 'string', all.map(({ field }) => field.labels?.[label] ?? null)));
  }
  for (const calc of calcs) {
    const values = all.map(({ field }) => reduceField(field, calc));
    const types = new Set(all.map(({ field }, at) => resultType(calc, field, [values[at]])));
    // Of fields of several kinds, what their values are decides.
    fields.push(column(nameOf(calc), types.size === 1 ? [...types][0]! : typeOf(values), values));
  }
  return [{ refId: `reduce-${refIds(frames)}`, fields, length: all.length, meta: { kind: 'table' } }];
}

function reduceFields(frames: Frame[], calcs: string[], wanted: (field: Field) => boolean): Frame[] {
  return frames.flatMap((frame): Frame[] => {
    const fields = frame.fields.filter(wanted).flatMap((field) =>
      calcs.map((calc): Field => {
        const values = [reduceField(field, calc)];
        const made: Field = { ...field, values, type: resultType(calc, field, values), nanos: undefined };
        // Several results of a field are told apart by a label.
        return calcs.length === 1 ? made : { ...made, labels: { ...field.labels, reducer: nameOf(calc) }, config: { ...field.config, ...apart(field, calc) } };
      }),
    );
    return fields.length === 0 ? [] : [{ ...frame, fields, length: 1 }];
  });
}

/** A name that somebody gave would hide the label. */
function apart({ config }: Field, calc: string): { displayName?: string; displayNameFromDS?: string } {
  if (config.displayName !== undefined) return { displayName: `${config.displayName} ${nameOf(calc)}` };
  return config.displayNameFromDS === undefined ? {} : { displayNameFromDS: `${config.displayNameFromDS} ${nameOf(calc)}` };
}
