/** What a legend lists: the series with what is calculated of them, sorted as asked for. */

import { displayOfResult, displayText, reduceField, reducerOf } from '../../display';
import type { Field } from '../../frame';
import type { Json, JsonObject } from '../../model';

export interface LegendOptions {
  show: boolean;
  table: boolean;
  right: boolean;
  /** Pixels, when it stands to the right. */
  width: number | null;
  calcs: string[];
  sortBy: string | null;
  sortDesc: boolean;
}

export function legendOptions(given: Json | undefined): LegendOptions {
  const legend: JsonObject = given !== null && typeof given === 'object' && !Array.isArray(given) ? given : {};
  return {
    show: legend.showLegend !== false && legend.displayMode !== 'hidden',
    table: legend.displayMode === 'table',
    right: legend.placement === 'right',
    width: typeof legend.width === 'number' && legend.width > 0 ? legend.width : null,
    calcs: Array.isArray(legend.calcs) ? legend.calcs.filter((calc): calc is string => typeof calc === 'string') : [],
    sortBy: typeof legend.sortBy === 'string' && legend.sortBy !== '' ? legend.sortBy : null,
    sortDesc: legend.sortDesc === true,
  };
}

export interface LegendItem {
  key: string;
  name: string;
  color: string;
  shown: boolean;
  /** Drawn with dashes or as bars: the mark says so. */
  mark?: 'line' | 'dash' | 'block';
  calcs: { id: string; name: string; text: string; numeric: number }[];
}

export const calcName = (id: string) => reducerOf(id)?.name ?? id;

export function calcsOf(field: Field, calcs: string[]): LegendItem['calcs'] {
  return calcs.map((id) => {
    const value = reduceField(field, id);
    const numeric = typeof value === 'number' ? value : Number.NaN;
    // Mappings are about values; beside a series' name a count is not one. Only the text is of interest, so the colours do not matter.
    const shown = reducerOf(id)?.keepsUnit === false ? { ...field, config: { ...field.config, mappings: undefined } } : field;
    return { id, name: calcName(id), text: value == null ? '' : displayText(displayOfResult(shown, id, { isDark: false })(value)), numeric };
  });
}

/** `by` is the name or the id of a calculation, or `Name`. Values that are none stand last. */
export function sorted<T extends Pick<LegendItem, 'name' | 'calcs'>>(items: T[], by: string | null, descending: boolean): T[] {
  if (by === null) return items;
  const turn = descending ? -1 : 1;
  const names = new Intl.Collator(undefined, { numeric: true });
  if (by === 'Name') return [...items].sort((a, b) => turn * names.compare(a.name, b.name));
  const value = (item: T) => item.calcs.find(({ id, name }) => id === by || name === by)?.numeric ?? Number.NaN;
  if (items.every((item) => Number.isNaN(value(item)))) return items;
  return [...items].sort((a, b) => {
    const [first, second] = [value(a), value(b)];
    if (Number.isNaN(first) || Number.isNaN(second)) return Number(Number.isNaN(first)) - Number(Number.isNaN(second));
    return turn * (first - second);
  });
}

/**
 * Which are hidden after a click. A plain click leaves that one alone, and on the only one left brings all back; with
 * ctrl or cmd it takes one away or back.
 */
export function afterClick(items: Pick<LegendItem, 'name' | 'shown'>[], name: string, toggle: boolean): string[] {
  const hidden = items.filter(({ shown }) => !shown).map((item) => item.name);
  if (toggle) return hidden.includes(name) ? hidden.filter((one) => one !== name) : [...hidden, name];
  const others = items.filter((item) => item.name !== name);
  const isAlone = items.some((item) => item.name === name && item.shown) && others.every(({ shown }) => !shown);
  return isAlone ? [] : [...new Set(others.map((item) => item.name))];
}
