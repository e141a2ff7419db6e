/** The line below a table: sums and other figures of its columns. */

import { displayText, formatValue, reduceField, reducers } from '../../display';
import type { Field } from '../../frame';
import type { JsonObject } from '../../model';
import { shownAs, textOf } from '../values';
import type { Column } from './columns';

export interface FooterFigure {
  label: string;
  text: string;
}

const strings = (value: unknown): string[] => (Array.isArray(value) ? value.filter((each): each is string => typeof each === 'string') : typeof value === 'string' && value !== '' ? [value] : []);
const objectOf = (value: unknown): JsonObject => (typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : {});

export const reducerName = (id: string) => reducers.find((each) => each.id === id)?.name ?? id;

/** A figure in words. What counts rather than measures is not in the field's unit. */
function figureText(field: Field, id: string, value: unknown): string {
  const reducer = reducers.find((each) => each.id === id);
  if (!reducer || reducer.keepsUnit) return textOf(shownAs(field, value));
  if (typeof value === 'number') return displayText(formatValue(value, reducer.unit ?? 'none'));
  return Array.isArray(value) ? value.map(String).join(', ') : String(value ?? '');
}

/**
 * What stands below each column; `null` when the table has no footer. Newer dashboards name reducers in each column's
 * own configuration, older ones once for the table.
 */
export function footerOf(columns: Column[], rows: number[], options: JsonObject): FooterFigure[][] | null {
  const whole = objectOf(options.footer);
  const isShown = whole.show === true;
  const ofTable = isShown ? strings(whole.reducer) : [];
  const chosen = strings(whole.fields);
  const countsRows = isShown && whole.countRows === true && ofTable[0] === 'count';
  let has = isShown;
  const figures = columns.map((column, at): FooterFigure[] => {
    const own = strings(objectOf(column.field.config.custom?.footer).reducers);
    if (own.length > 0) has = true;
    if (countsRows) return at === 0 ? [{ label: 'Count', text: String(rows.length) }] : [];
    const isChosen = chosen.length > 0 ? chosen.includes(column.name) || chosen.includes(column.field.name) : column.field.type === 'number';
    const ids = own.length > 0 ? own : isChosen ? ofTable : [];
    if (ids.length === 0) return [];
    const values = rows.map((row) => column.field.values[row]);
    return ids.map((id) => {
      const value = reduceField({ ...column.field, values }, id);
      return { label: reducerName(id), text: figureText(column.field, id, value) };
    });
  });
  return has ? figures : null;
}
