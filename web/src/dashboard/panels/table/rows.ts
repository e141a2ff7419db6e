/** Which rows a table shows, and in which order. */

import { displayText } from '../../display';
import type { Field } from '../../frame';
import { shownAs } from '../values';
import type { Column } from './columns';

export interface SortBy {
  /** The column's name. */
  displayName: string;
  desc?: boolean;
}

/** Texts that are let through, by the column's name. */
export type Filters = Readonly<Record<string, readonly string[] | undefined>>;

const collator = new Intl.Collator('en', { numeric: true, sensitivity: 'base' });

const isNothing = (value: unknown) => value === null || value === undefined || (typeof value === 'number' && Number.isNaN(value)) || value === '';

/** Smaller first; what is nothing comes last, whichever way is sorted. */
function compare(a: unknown, b: unknown, sign: 1 | -1): number {
  const [noA, noB] = [isNothing(a), isNothing(b)];
  if (noA || noB) return noA === noB ? 0 : noA ? 1 : -1;
  if (typeof a === 'number' && typeof b === 'number') return sign * (a < b ? -1 : a > b ? 1 : 0);
  if (typeof a === 'boolean' && typeof b === 'boolean') return sign * (Number(a) - Number(b));
  if (typeof a === 'object' || typeof b === 'object') return sign * collator.compare(lastOf(a), lastOf(b));
  return sign * collator.compare(String(a), String(b));
}

/** A series in a cell is sorted by its last value. */
function lastOf(value: unknown): string {
  const fields = typeof value === 'object' && value !== null ? (value as { fields?: Field[] }).fields : undefined;
  if (!Array.isArray(fields)) return typeof value === 'object' ? JSON.stringify(value) : String(value);
  return String(fields.find(({ type }) => type === 'number')?.values.findLast((each) => each !== null) ?? '');
}

/** A cell's text, as filters list it. */
export const cellText = (field: Field, row: number): string => displayText(shownAs(field, field.values[row]));

/** Numbers of the rows to show. Rows that are equal stay in the order in which they came. */
export function rowsOf(columns: Column[], length: number, sortBy: SortBy[], filters: Filters): number[] {
  let rows = Array.from({ length }, (_, row) => row);
  for (const { name, field } of columns) {
    const wanted = filters[name];
    if (!wanted) continue;
    const set = new Set(wanted);
    rows = rows.filter((row) => set.has(cellText(field, row)));
  }
  const keys = sortBy.flatMap(({ displayName, desc }) => {
    const column = columns.find(({ name }) => name === displayName) ?? columns.find(({ field }) => field.name === displayName);
    return column ? [{ values: column.field.values, sign: (desc ? -1 : 1) as 1 | -1 }] : [];
  });
  if (keys.length === 0) return rows;
  return rows.sort((a, b) => {
    for (const { values, sign } of keys) {
      const order = compare(values[a], values[b], sign);
      if (order !== 0) return order;
    }
    return a - b;
  });
}

/** What a click on a heading makes of the order: ascending, descending, then as it came. */
export function nextSort(sortBy: SortBy[], name: string, isAdded: boolean): SortBy[] {
  const known = sortBy.find(({ displayName }) => displayName === name);
  const rest = isAdded ? sortBy.filter(({ displayName }) => displayName !== name) : [];
  if (!known) return [...rest, { displayName: name, desc: false }];
  return known.desc ? rest : [...rest, { displayName: name, desc: true }];
}

/** The most texts that a filter lists. */
export const mostChoices = 1_000;

/** Different texts of a column in their order, and whether there are more. */
export function choicesOf(field: Field, length: number): { texts: string[]; more: boolean } {
  const texts = new Set<string>();
  for (let row = 0; row < length; row += 1) {
    texts.add(cellText(field, row));
    if (texts.size > mostChoices) break;
  }
  const more = texts.size > mostChoices;
  return { texts: [...texts].slice(0, mostChoices).sort(collator.compare), more };
}
