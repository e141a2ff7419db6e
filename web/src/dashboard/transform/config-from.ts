/** Rows that say how fields are shown: names, values, limits, units, colours, labels. */

import { plainText, reduceField } from '../display';
import type { Field, Frame } from '../frame';
import { fieldMatch, isObject, textOf } from '../display/matchers';
import type { Matcher } from '../display/matchers';
import type { FieldConfig, JsonObject, ThresholdStep } from '../model';
import type { Run, Transform } from './frames';
import { Names } from './frames';
import { split } from './filter-fields';

/** What a column is used as, by its name in the options or by its own name. */
const uses = new Set(['field.name', 'field.value', 'field.label', 'max', 'min', 'unit', 'decimals', 'displayName', 'color', 'threshold1', 'mappings.value', 'mappings.color', 'mappings.text', '__ignore']);

interface Mapping {
  fieldName: string;
  handlerKey: string;
  reducerId: string;
}

const mappingsOf = (options: JsonObject): Mapping[] =>
  (Array.isArray(options.mappings) ? options.mappings : []).filter(isObject).map((one) => ({ fieldName: textOf(one.fieldName), handlerKey: textOf(one.handlerKey), reducerId: textOf(one.reducerId) || 'lastNotNull' }));

/** Puts one value of a table into a config. */
function put(config: FieldConfig, use: string, value: unknown): void {
  if (value == null || value === '') return;
  switch (use) {
    case 'min':
    case 'max':
    case 'decimals':
      if (Number.isFinite(Number(value))) config[use] = Number(value);
      break;
    case 'unit':
    case 'displayName':
      config[use] = plainText(value);
      break;
    case 'color':
      config.color = { mode: 'fixed', fixedColor: plainText(value) };
      break;
    case 'threshold1': {
      const first: ThresholdStep = { value: null, color: 'green' };
      if (Number.isFinite(Number(value))) config.thresholds = { mode: 'absolute', steps: [first, { value: Number(value), color: 'red' }] };
      break;
    }
  }
}

function handlerOf(name: string, mappings: Mapping[], run: Run): string | undefined {
  const mapping = mappings.find(({ fieldName }) => fieldName === name);
  if (!mapping) return ['min', 'max', 'unit', 'decimals', 'displayname', 'color', 'threshold1'].includes(name.toLowerCase()) ? (name.toLowerCase() === 'displayname' ? 'displayName' : name.toLowerCase()) : undefined;
  if (mapping.handlerKey !== '' && !uses.has(mapping.handlerKey)) run.problem(`the use ${JSON.stringify(mapping.handlerKey)} of ${JSON.stringify(name)} is not known`);
  if (mapping.handlerKey.startsWith('mappings.')) run.problem('mappings of values out of rows are not made');
  return mapping.handlerKey === '' ? undefined : mapping.handlerKey;
}

/** Each row becomes a field of one value; other columns become its config and labels. */
export const rowsToFields: Transform = (frames, options, run) => {
  const mappings = mappingsOf(options);
  const names = new Names(frames);
  return frames.map((frame): Frame => {
    const columns = frame.fields.map((field) => ({ field, name: names.of(field, frame), use: handlerOf(names.of(field, frame), mappings, run) }));
    const name = (columns.find(({ use }) => use === 'field.name') ?? columns.find(({ field, use }) => field.type === 'string' && use === undefined))?.field;
    const value = (columns.find(({ use }) => use === 'field.value') ?? columns.find(({ field, use }) => field.type === 'number' && use === undefined))?.field;
    if (!name || !value) return frame;
    const rest = columns.filter(({ field, use }) => field !== name && field !== value && use !== '__ignore');
    const fields = name.values.map((said, row): Field => {
      const config: FieldConfig = { ...value.config, displayName: undefined, displayNameFromDS: undefined };
      const labels: Record<string, string> = {};
      for (const { field, name: own, use } of rest) {
        if (use === undefined ? field.type === 'string' : use === 'field.label') labels[own] = plainText(field.values[row]);
        else if (use !== undefined) put(config, use, field.values[row]);
      }
      return { name: plainText(said), type: value.type, values: [value.values[row]], config, labels: Object.keys(labels).length > 0 ? labels : undefined };
    });
    return { ...frame, fields, length: 1 };
  });
};

/** One query's row configures the fields of the others. */
export const configFromData: Transform = (frames, options, run) => {
  const { chosen, others } = split(frames, { id: 'byRefId', options: textOf(options.configRefId) || 'config' }, run);
  const [source] = chosen;
  if (!source || others.length === 0) return frames;
  const names = new Names(frames);
  const mappings = mappingsOf(options);
  const config: FieldConfig = {};
  for (const field of source.fields) {
    const name = names.of(field, source);
    const use = handlerOf(name, mappings, run);
    if (use !== undefined) put(config, use, reduceField(field, mappings.find(({ fieldName }) => fieldName === name)?.reducerId ?? 'lastNotNull'));
  }
  const match = isObject(options.applyTo) ? fieldMatch(options.applyTo as unknown as Matcher, run.problem) : (field: Field) => field.type === 'number';
  return others.map((frame) => ({ ...frame, fields: frame.fields.map((field) => (match(field, frame, names.of(field, frame)) ? { ...field, config: { ...field.config, ...config } } : field)) }));
};
