/** Values of another type, or written another way. */

import type { Field, FieldType } from '../frame';
import type { JsonObject } from '../model';
import { isObject, textOf, textsOf } from '../display/matchers';
import { formatDate, numberOf, plainText } from '../display';
import type { Run, Transform } from './frames';
import { Names } from './frames';
import { parseDate } from './parse-date';

const zoneOf = (given: unknown, { timeZone }: Run): string | undefined => {
  const zone = textOf(given);
  return zone === '' || zone === 'browser' ? timeZone : zone;
};

function toNumber(value: unknown): number | null {
  if (value == null || value === '') return null;
  const number = numberOf(value);
  return Number.isNaN(number) && value !== 'NaN' ? null : number;
}

const no = new Set<unknown>([false, 0, '', 'false', '0', 'no', 'off']);

function toTime(value: unknown, pattern: string, zone: string | undefined): number | null {
  if (value == null || value === '') return null;
  if (typeof value === 'number') return value;
  const text = String(value);
  const read = pattern === '' ? (Number.isNaN(numberOf(text)) ? Date.parse(text) : numberOf(text)) : parseDate(text, pattern, zone);
  return Number.isNaN(read) ? null : read;
}

function converted(field: Field, conversion: JsonObject, run: Run): Field {
  const pattern = textOf(conversion.dateFormat);
  const zone = zoneOf(conversion.timezone, run);
  const as = (type: FieldType, of: (value: unknown) => unknown): Field => ({ ...field, type, values: field.values.map(of), nanos: undefined });
  switch (conversion.destinationType) {
    case 'number':
      return as('number', toNumber);
    case 'time':
      return as('time', (value) => toTime(value, pattern, zone));
    case 'boolean':
      return as('boolean', (value) => (value == null ? null : !no.has(typeof value === 'string' ? value.toLowerCase() : value)));
    case 'string': {
      const joined = conversion.joinWith === undefined ? ', ' : textOf(conversion.joinWith);
      return as('string', (value) => {
        if (value == null) return null;
        if (field.type === 'time' && typeof value === 'number') return pattern === '' ? formatDate(value, 'YYYY-MM-DD HH:mm:ss', zone) : formatDate(value, pattern, zone);
        return Array.isArray(value) ? value.map(plainText).join(joined) : plainText(value);
      });
    }
    case 'enum': {
      // A number is a place in the list of names; text is a name already.
      const names = isObject(conversion.enumConfig) ? textsOf(conversion.enumConfig.text) : [];
      return as('string', (value) => (value == null ? null : typeof value === 'number' ? (names[value] ?? String(value)) : plainText(value)));
    }
    case 'other':
      return as('other', (value) => {
        if (typeof value !== 'string') return value;
        try {
          return JSON.parse(value) as unknown;
        } catch {
          return value;
        }
      });
    default:
      run.problem(`the type ${JSON.stringify(conversion.destinationType)} is not known`);
      return field;
  }
}

export const convertFieldType: Transform = (frames, options, run) => {
  const conversions = (Array.isArray(options.conversions) ? options.conversions : []).filter(isObject).filter(({ destinationType }) => destinationType !== undefined && destinationType !== '');
  const names = new Names(frames);
  return frames.map((frame) => {
    const fields = [...frame.fields];
    for (const conversion of conversions) {
      const field = names.find(frame, textOf(conversion.targetField));
      const at = field ? frame.fields.indexOf(field) : -1;
      if (at !== -1) fields[at] = converted(fields[at]!, conversion, run);
    }
    return { ...frame, fields };
  });
};

/** Times as text, by a pattern. */
export const formatTime: Transform = (frames, options, run) => {
  const names = new Names(frames);
  const [pattern, zone] = [textOf(options.outputFormat), zoneOf(options.timezone, run)];
  return frames.map((frame) => {
    const wanted = names.find(frame, textOf(options.timeField));
    if (wanted?.type !== 'time' || pattern === '') return frame;
    const values = wanted.values.map((value) => (typeof value === 'number' ? formatDate(value, pattern, zone) : null));
    return { ...frame, fields: frame.fields.map((field) => (field === wanted ? { ...field, type: 'string', values, nanos: undefined } : field)) };
  });
};

const words = (text: string): string[] => text.replace(/([\p{Ll}\d])(\p{Lu})/gu, '$1 $2').split(/[^\p{L}\p{N}]+/u).filter((word) => word !== '');
const capital = (word: string): string => word.slice(0, 1).toUpperCase() + word.slice(1).toLowerCase();

const forms: Record<string, (text: string, from: number, to: number) => string> = {
  'upper case': (text) => text.toUpperCase(),
  'lower case': (text) => text.toLowerCase(),
  'sentence case': (text) => text.slice(0, 1).toUpperCase() + text.slice(1),
  'title case': (text) => text.split(' ').map((word) => word.slice(0, 1).toUpperCase() + word.slice(1)).join(' '),
  'pascal case': (text) => words(text).map(capital).join(''),
  'camel case': (text) => words(text).map((word, at) => (at === 0 ? word.toLowerCase() : capital(word))).join(''),
  'snake case': (text) => words(text).map((word) => word.toLowerCase()).join('_'),
  'kebab case': (text) => words(text).map((word) => word.toLowerCase()).join('-'),
  trim: (text) => text.trim(),
  substring: (text, from, to) => text.substring(from, to),
};

/** Text in another case, trimmed or cut. */
export const formatString: Transform = (frames, options, { problem }) => {
  const form = textOf(options.outputFormat).toLowerCase();
  const names = new Names(frames);
  if (!Object.hasOwn(forms, form)) {
    problem(`the format ${JSON.stringify(options.outputFormat)} is not known`);
    return frames;
  }
  const [from, to] = [Number(options.substringStart ?? 0), Number(options.substringEnd ?? 100)];
  return frames.map((frame) => {
    const wanted = names.find(frame, textOf(options.stringField));
    if (wanted?.type !== 'string') return frame;
    const values = wanted.values.map((value) => (typeof value === 'string' ? forms[form]!(value, from, to) : value));
    return { ...frame, fields: frame.fields.map((field) => (field === wanted ? { ...field, values } : field)) };
  });
};
