/** Conditions on a value, by Grafana's ids. */

import type { Field } from '../frame';
import type { JsonObject } from '../model';
import { textOf } from '../display/matchers';
import { numberOf, patternOf } from '../display';
import type { Run } from './frames';

const missing = (value: unknown) => value == null;

/** A test of a field's values; `null` when it is not known or lacks what it compares with. */
export function rowTest(field: Field, id: string, options: JsonObject, run: Run): ((value: unknown) => boolean) | null {
  const text = (key: string) => run.interpolate(textOf(options[key]));
  const number = (key: string) => {
    const given = options[key];
    const said = typeof given === 'number' ? given : numberOf(text(key));
    // A moment may be written as a date.
    return Number.isNaN(said) && field.type === 'time' ? Date.parse(text(key)) : said;
  };
  const compared = (compare: (value: number, limit: number) => boolean) => {
    const limit = number('value');
    return Number.isNaN(limit) ? null : (value: unknown) => !missing(value) && compare(numberOf(value), limit);
  };
  switch (id) {
    case 'isNull':
      return missing;
    case 'isNotNull':
      return (value) => !missing(value);
    case 'equal':
      return equals(field, text('value'), number('value'));
    case 'notEqual': {
      const same = equals(field, text('value'), number('value'));
      return (value) => !same(value);
    }
    case 'greater':
      return compared((value, limit) => value > limit);
    case 'greaterOrEqual':
      return compared((value, limit) => value >= limit);
    case 'lower':
      return compared((value, limit) => value < limit);
    case 'lowerOrEqual':
      return compared((value, limit) => value <= limit);
    case 'between':
    case 'range': {
      const [from, to] = [number('from'), number('to')];
      if (Number.isNaN(from) || Number.isNaN(to)) return null;
      return (value) => !missing(value) && numberOf(value) >= from && numberOf(value) <= to;
    }
    case 'substring':
    case 'notSubstring': {
      const part = text('value').toLowerCase();
      if (part === '') return null;
      return (value) => (!missing(value) && String(value).toLowerCase().includes(part)) === (id === 'substring');
    }
    case 'regex': {
      const regex = patternOf(text('value'), run.problem);
      return regex && ((value) => !missing(value) && String(value).search(regex) !== -1);
    }
    default:
      run.problem(`the condition ${JSON.stringify(id)} is not known`);
      return null;
  }
}

function equals(field: Field, text: string, number: number): (value: unknown) => boolean {
  if (field.type === 'number' || field.type === 'time') return Number.isNaN(number) ? (value) => String(value ?? '') === text : (value) => !missing(value) && numberOf(value) === number;
  return (value) => String(value ?? '') === text;
}
