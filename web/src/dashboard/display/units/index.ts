/** Grafana's units: how a number of bytes, seconds or requests is written. */

import type { DisplayValue } from '../../frame';
import { catalog, unknownUnit } from './catalog';
import { dated } from './date';
import type { Decimals, Format, FormatContext } from './number';
import { count, currency, fullCurrency, plain, si, siPower, truth } from './number';

export { formatDate } from './date';
export { autoDecimals, fixed } from './number';
export type { FormatContext } from './number';

/** For choosing a unit. */
export const unitIds: { id: string; name: string; group: string }[] = catalog.flatMap(([group, rows]) => rows.map(([id, name]) => ({ id, name, group })));

const byId = new Map<string, Format>(catalog.flatMap(([, rows]) => rows.map(([id, , format]): [string, Format] => [id, format])));

/** Ids of older dashboards, and letters that look alike. */
export const otherUnitIds: Record<string, string> = {
  us: 'µs', μs: 'µs', μfarad: 'µfarad', μhenry: 'µhenry', currencyµBTC: 'currencyμBTC', conµgm3: 'conμgm3', conµgNm3: 'conμgNm3',
  farenheit: 'fahrenheit', percent100: 'percent', dateTimeAsIsoSmart: 'dateTimeAsIsoNoDateIfToday', dateTimeAsUSSmart: 'dateTimeAsUSNoDateIfToday',
};

/** What stands before the colon of a custom unit. */
const custom: Record<string, (rest: string) => Format> = {
  prefix: (rest) => plain(rest, true),
  suffix: (rest) => plain(rest.trimStart()),
  time: (rest) => dated(rest),
  si: (given) => {
    const rest = given.trimStart();
    const power = siPower(rest.slice(0, 1));
    // `si: m` is metres, not thousandths of nothing.
    return power === 0 || rest.length < 2 ? si(rest) : si(rest.slice(1), power);
  },
  count: (rest) => count(rest.trimStart()),
  currency: (rest) => {
    if (!rest.startsWith('financial:')) return currency(rest);
    const [, symbol = '', place] = rest.split(':');
    return fullCurrency(symbol, place === 'suffix');
  },
  bool: (rest) => {
    const at = rest.indexOf('/');
    return at === -1 ? truth(rest, '-') : truth(rest.slice(0, at), rest.slice(at + 1));
  },
};

const made = new Map<string, Format>();
/** Units come from dashboards: what is kept of custom ones has a bound. */
const mostMade = 1_000;

/** The format of a unit's id; what is no id is written after the number. */
export function unitFormat(unit: string | undefined): Format {
  const id = unit === undefined || unit === '' ? 'none' : unit;
  const known = byId.get(id) ?? byId.get(Object.hasOwn(otherUnitIds, id) ? otherUnitIds[id]! : '') ?? made.get(id);
  if (known) return known;
  const colon = id.indexOf(':');
  const kind = colon > 0 ? id.slice(0, colon) : '';
  const make = Object.hasOwn(custom, kind) ? custom[kind] : undefined;
  const format = make ? make(id.slice(colon + 1)) : unknownUnit(id);
  if (made.size >= mostMade) made.clear();
  made.set(id, format);
  return format;
}

/** Whether values of the unit are moments in milliseconds. */
export const isDateUnit = (unit: string | undefined): boolean => unit !== undefined && (unit.startsWith('dateTime') || unit.startsWith('time:'));

export const isBooleanUnit = (unit: string | undefined): boolean => unit !== undefined && /^bool(_|:|$)/.test(unit);

/** A number by its unit. `decimals` is chosen by the number's size when there is none; NaN is `NaN`, infinity `∞`. */
export function formatValue(value: number, unit: string | undefined, decimals?: Decimals, context: FormatContext = {}): DisplayValue {
  return { ...unitFormat(unit)(value, decimals, context), numeric: value };
}

/** The whole text: prefix, number, suffix. */
export const displayText = ({ prefix = '', text, suffix = '' }: DisplayValue): string => `${prefix}${text}${suffix}`;
