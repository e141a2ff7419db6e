/** The line below a table: sums and other figures of its columns. */

import type { JsonObject } from '../../model';
import { calcsOf } from '../legend/legend';
import type { Column } from './columns';

export interface FooterFigure {
  label: string;
  text: string;
}

const strings = (value: unknown): string[] => (Array.isArray(value) ? value.filter((each): each is string => typeof each === 'string') : typeof value === 'string' && value !== '' ? [value] : []);
const objectOf = (value: unknown): JsonObject => (typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : {});

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
    return calcsOf({ ...column.field, values }, ids).map(({ name, text }) => ({ label: name, text }));
  });
  return has ? figures : null;
}
