/** What several forms are made of. */

import { isObject } from '../../../display/matchers';
import { reducers } from '../../../display';
import type { Json, JsonObject } from '../../../model';
import type { Choice } from '../../options/schema';
import { at } from '../../path';
import type { Input, Offer, Part } from '../inputs';

export interface Form {
  id: string;
  name: string;
  /** In a sentence, what it does. */
  about: string;
  /** The options that it begins with. */
  begin: JsonObject;
  parts: Part[];
}

export const choice = (...pairs: [Json, string][]): Choice[] => pairs.map(([value, label]) => ({ value, label }));

/** Whether one of these stands at a path; `null` is what is not written. */
export const is =
  (path: string, ...values: Json[]) =>
  (within: JsonObject) =>
    values.includes((at(within, path) ?? null) as Json);

/** A choice of which the first holds when nothing is written. */
export const mode = (path: string, label: string, ...pairs: [Json, string][]): Input => ({ path, label, kind: 'select', choices: choice(...pairs), otherwise: pairs[0]![0] });

/** Calculations that a list shows; all others are known by the JSON and as tags. */
export const calculations: Choice[] = reducers.filter(({ id }) => !/^p\d/.test(id) || ['p50', 'p75', 'p90', 'p95', 'p99'].includes(id)).map(({ id, name }) => ({ value: id, label: name }));
export const calcsOf = (...ids: string[]): Choice[] => calculations.filter(({ value }) => ids.includes(value as string));

/** Letters of queries, which Grafana keeps with bars between. */
export const letters = (path: string, label: string): Input => ({
  path,
  label,
  kind: 'queries',
  shown: (written) => (typeof written === 'string' && written !== '' ? written.split('|') : []),
  written: (shown) => (Array.isArray(shown) && shown.length > 0 ? shown.join('|') : undefined),
});

/** A list that is not written while it is empty. */
export const someOf = (path: string, label: string, kind: 'fields' | 'labels'): Input => ({ path, label, kind, written: (shown) => (Array.isArray(shown) && shown.length > 0 ? shown : undefined) });

/** Of any transformation: the queries that it is about. What others gave passes by. */
export const onlyQueries: Input = {
  path: 'filter',
  label: 'Only for the queries',
  kind: 'queries',
  shown: (written) => (isObject(written) && written.id === 'byRefId' && typeof written.options === 'string' && written.options !== '' ? written.options.split('|') : []),
  written: (shown) => (Array.isArray(shown) && shown.length > 0 ? { id: 'byRefId', options: shown.join('|') } : undefined),
};

export const looksLikeNumber = (text: string) => text.trim() !== '' && Number.isFinite(Number(text));

/** The first field of a type, else the first. */
export const firstOf = ({ fields }: Offer, type: string) => (fields.find((field) => field.type === type) ?? fields[0])?.name ?? 'Value';
