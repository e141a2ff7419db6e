/** Which fields an override, or a part of a transformation, is about. */

import type { Field, Frame } from '../frame';
import type { Json, JsonObject } from '../model';
import { patternOf } from './pattern';
import { isReducer, reduceField } from './reduce';

/** `name` is what the field is called before overrides. */
export type FieldMatch = (field: Field, frame: Frame, name: string) => boolean;

export interface Matcher {
  id: string;
  options?: Json;
}

const nothing: FieldMatch = () => false;

export const isObject = (value: unknown): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value);
export const textOf = (value: unknown): string => (typeof value === 'string' ? value : value == null ? '' : String(value));
export const textsOf = (value: unknown): string[] => (Array.isArray(value) ? value.map(textOf) : typeof value === 'string' ? [value] : []);

const named =
  (names: Set<string>): FieldMatch =>
  (field, _frame, name) =>
    names.has(name) || names.has(field.name);

/** The names of lists: an array, or Grafana's `{mode, names}`. */
function byNames(options: Json | undefined): FieldMatch {
  if (!isObject(options)) return named(new Set(textsOf(options)));
  const match = named(new Set(textsOf(options.names)));
  // What a click into a legend keeps hides all others, but never the time.
  return options.mode === 'exclude' ? (field, frame, name) => field.type !== 'time' && !match(field, frame, name) : match;
}

function byRegexp(text: string, problem: (what: string) => void): FieldMatch {
  const regex = patternOf(text, problem);
  return regex ? (_field, _frame, name) => name.search(regex) !== -1 : nothing;
}

/** Comparisons of a number, by Grafana's ids. */
export const comparisons: Record<string, (value: number, with_: number) => boolean> = {
  gte: (value, other) => value >= other,
  gt: (value, other) => value > other,
  lte: (value, other) => value <= other,
  lt: (value, other) => value < other,
  eq: (value, other) => value === other,
  neq: (value, other) => value !== other,
};
const signs: Record<string, string> = { '>=': 'gte', '>': 'gt', '<=': 'lte', '<': 'lt', '==': 'eq', '=': 'eq', '===': 'eq', '!=': 'neq', '!==': 'neq' };

function byValue(options: Json | undefined, problem: (what: string) => void): FieldMatch {
  if (!isObject(options)) return nothing;
  const reducer = textOf(options.reducer) || 'lastNotNull';
  const op = textOf(options.op) || 'gte';
  const id = Object.hasOwn(signs, op) ? signs[op]! : op;
  const compare = Object.hasOwn(comparisons, id) ? comparisons[id] : undefined;
  const limit = Number(options.value ?? 0);
  if (!isReducer(reducer)) problem(`the calculation ${JSON.stringify(reducer)} is not known`);
  if (!compare) problem(`the comparison ${JSON.stringify(op)} is not known`);
  if (!compare || !isReducer(reducer)) return nothing;
  return (field) => {
    if (field.type !== 'number') return false;
    const value = reduceField(field, reducer);
    // Booleans are 1 and 0: "all nulls" = 1.
    return value != null && compare(Number(value), limit);
  };
}

function several(options: Json | undefined, problem: (what: string) => void): FieldMatch[] {
  const list = Array.isArray(options) ? options : [];
  return list.filter((one) => isObject(one) && typeof one.id === 'string').map((one) => fieldMatch(one as unknown as Matcher, problem));
}

/** Nested `invert` of `invert` and so on: more is no dashboard that a person made. */
const deepest = 20;
let depth = 0;

/** A matcher by Grafana's id. One that is not known matches nothing and is a problem. */
export function fieldMatch(matcher: Matcher, problem: (what: string) => void): FieldMatch {
  if (depth >= deepest) {
    problem(`matchers are nested more than ${deepest} deep`);
    return nothing;
  }
  depth += 1;
  try {
    return read(matcher, problem);
  } finally {
    depth -= 1;
  }
}

function read({ id, options }: Matcher, problem: (what: string) => void): FieldMatch {
  switch (id) {
    case 'byName':
      return named(new Set([textOf(options)]));
    case 'byNames':
      return byNames(options);
    case 'byRegexp':
    case 'byRegex':
      return byRegexp(textOf(options), problem);
    case 'byRegexpOrNames': {
      if (!isObject(options)) return nothing;
      const match = named(new Set(textsOf(options.names)));
      const pattern = textOf(options.pattern);
      const regexp = pattern === '' ? nothing : byRegexp(pattern, problem);
      return (field, frame, name) => match(field, frame, name) || regexp(field, frame, name);
    }
    case 'byType':
      return (field) => field.type === options || (Array.isArray(options) && options.includes(field.type));
    case 'byTypes': {
      const types = textsOf(options);
      return (field) => types.includes(field.type);
    }
    case 'numeric':
      return (field) => field.type === 'number';
    case 'time':
      return (field) => field.type === 'time';
    case 'firstTimeField':
      return (field, frame) => field.type === 'time' && frame.fields.find(({ type }) => type === 'time') === field;
    case 'first':
      return (field, frame) => frame.fields[0] === field;
    case 'byFrameRefID':
      return (_field, frame) => frame.refId === options;
    case 'byValue':
      return byValue(options, problem);
    case 'anyOf':
    case 'any': {
      const all = several(options, problem);
      return (field, frame, name) => all.some((match) => match(field, frame, name));
    }
    case 'allOf':
    case 'all': {
      const all = several(options, problem);
      return (field, frame, name) => all.every((match) => match(field, frame, name));
    }
    case 'invert': {
      if (!isObject(options)) return nothing;
      const match = fieldMatch(options as unknown as Matcher, problem);
      return (field, frame, name) => !match(field, frame, name);
    }
    case 'anything':
    case 'always':
      return () => true;
    case 'never':
      return nothing;
    default:
      problem(`the matcher ${JSON.stringify(id)} is not known`);
      return nothing;
  }
}
