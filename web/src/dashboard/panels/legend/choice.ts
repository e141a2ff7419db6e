/** Which series the reader has hidden or shown, where that differs from what the dashboard says. */

import type { JsonObject } from '../../model';

export type Choice = Record<string, boolean>;

/** As it was kept in the panel's options. */
export function chosenSeries(options: JsonObject): Choice {
  const kept = options.hiddenSeries;
  if (kept === null || typeof kept !== 'object' || Array.isArray(kept)) return {};
  return Object.fromEntries(Object.entries(kept).filter((entry): entry is [string, boolean] => typeof entry[1] === 'boolean'));
}

/** What to keep when the series of these names are to be hidden. */
export function hiddenChoice(series: { name: string; style: { hidden: { viz: boolean } } }[], names: string[]): Choice {
  const hidden = new Set(names);
  return Object.fromEntries(series.filter(({ name, style }) => hidden.has(name) !== style.hidden.viz).map(({ name }) => [name, hidden.has(name)]));
}
