/** What a form of a transformation is made of: places in the options of Grafana's JSON, and what stands there. */

import { isObject } from '../../display/matchers';
import type { FieldType } from '../../frame';
import type { Json, JsonObject } from '../../model';
import type { Choice, Option } from '../options/schema';
import type { Path } from '../path';
import { at, withAt } from '../path';

/** What the frames that reach a step have to choose from. */
export interface Offer {
  fields: { name: string; type: FieldType }[];
  labels: string[];
  /** Letters of the queries. */
  queries: string[];
}

/** What is chosen from what reaches the step: one of it, or several. */
type Offered = 'field' | 'fields' | 'label' | 'labels' | 'query' | 'queries';

export interface Input {
  path: Path;
  label: string;
  kind: Offered | Extract<Option['kind'], 'select' | 'number' | 'text' | 'switch' | 'calcs' | 'lines'>;
  choices?: Choice[];
  /** Before what is offered, such as what holds when nothing is chosen. */
  before?: Choice[];
  otherwise?: Json;
  least?: number;
  most?: number;
  /** Only fields of these types are offered. */
  types?: FieldType[];
  /** `within` is what the path leads from: the options, or one of a list. */
  when?: (within: JsonObject) => boolean;
  /** What the input shows for what is written. */
  shown?: (written: Json | undefined, offer: Offer) => Json | undefined;
  /** What is written for what the input shows. */
  written?: (shown: Json | undefined, within: JsonObject, offer: Offer) => Json | undefined;
}

/** Several of the same. */
export interface ListInput {
  kind: 'list';
  path: Path;
  label: string;
  /** What one of them is called. */
  item: string;
  begin: (offer: Offer) => JsonObject;
  inputs: Input[];
  when?: (options: JsonObject) => boolean;
}

/** The same for each field that reaches the step. */
export interface FieldsInput {
  kind: 'each-field';
  label: string;
  inputs: (name: string) => Input[];
  /** Where the order of the fields is kept, by their names. */
  order?: Path;
  /** Whether the fields can be put into an order. */
  canOrder?: (options: JsonObject) => boolean;
}

export type Part = Input | ListInput | FieldsInput;

/** What an input shows. */
export function valueOf(input: Input, within: JsonObject, offer: Offer): Json | undefined {
  const written = at(within, input.path) as Json | undefined;
  return input.shown ? input.shown(written, offer) : written;
}

/** What is kept when an input shows something else. */
export function withValue(input: Input, within: JsonObject, shown: Json | undefined, offer: Offer): JsonObject {
  return withAt(within, input.path, input.written ? input.written(shown, within, offer) : shown);
}

/** More is too long to choose from; the JSON takes any name. */
export const mostOffered = 500;

const plain = (values: readonly string[]): Choice[] => values.slice(0, mostOffered).map((value) => ({ value, label: value }));

/** The input as the fields of options show it: what reaches the step are its choices. */
export function asOption(input: Input, offer: Offer): Omit<Option, 'path'> {
  const names = offer.fields.filter(({ type }) => input.types?.includes(type) ?? true).map(({ name }) => name);
  const { label, otherwise, least, most, before = [] } = input;
  const rest = { label, ...(otherwise === undefined ? {} : { otherwise }), ...(least === undefined ? {} : { least }), ...(most === undefined ? {} : { most }) };
  switch (input.kind) {
    case 'field':
      return { ...rest, kind: 'select', choices: [...before, ...plain(names)] };
    case 'label':
      return { ...rest, kind: 'select', choices: [...before, ...plain(offer.labels)] };
    case 'query':
      return { ...rest, kind: 'select', choices: [...before, ...plain(offer.queries)] };
    case 'fields':
      return { ...rest, kind: 'lines', choices: plain(names) };
    case 'labels':
      return { ...rest, kind: 'lines', choices: plain(offer.labels) };
    case 'queries':
      return { ...rest, kind: 'lines', choices: plain(offer.queries) };
    default:
      return { ...rest, kind: input.kind, ...(input.choices ? { choices: input.choices } : {}) };
  }
}

/** The objects of a list; what is none is left as it is in the JSON and not shown. */
export const itemsOf = (list: ListInput, options: JsonObject): JsonObject[] => {
  const found = at(options, list.path);
  return Array.isArray(found) ? (found as Json[]).filter(isObject) : [];
};

/** The names of fields in the order in which they are kept; those without a place stand behind. */
export function inOrder(names: readonly string[], places: unknown): string[] {
  const place = (name: string) => {
    const found = at(places, [name]);
    return typeof found === 'number' ? found : Number.MAX_SAFE_INTEGER;
  };
  return [...names].sort((one, other) => place(one) - place(other));
}

/** The options with a field one place earlier or later: every field has a number then, as Grafana writes it. */
export function movedField(input: FieldsInput, options: JsonObject, names: readonly string[], name: string, by: -1 | 1): JsonObject {
  const order = inOrder(names, at(options, input.order!));
  const from = order.indexOf(name);
  const to = from + by;
  if (from < 0 || to < 0 || to >= order.length) return options;
  [order[from], order[to]] = [order[to]!, order[from]!];
  return withAt(options, input.order!, Object.fromEntries(order.map((each, index) => [each, index])));
}
