/** Fills variables into texts: `$x`, `${x}`, `${x:csv}`, `${x.text}`, `[[x]]`. */

import type { ScopedVars } from '../panel';
import { escapeRegex, formatVariable } from './formats';
import type { VariableState, VariableValue } from './state';
import { isAll } from './state';

interface Found {
  whole: string;
  start: number;
  name: string;
  /** What follows the name: `.text`, `.labels["job"]`. */
  path: string;
  format: string;
}

/** A dot and a name, or something in brackets; label names in them are quoted. */
const pattern = /\$(\w+)|\[\[(\w+)(?::([^\]]+))?\]\]|\$\{(\w+)((?:\.[^.:[\]{}]+|\[[^\]]*\])*)(?::([^}]+))?\}/g;

function found(text: string): Found[] {
  return [...text.matchAll(pattern)].map((match) => ({
    whole: match[0],
    start: match.index,
    name: match[1] ?? match[2] ?? match[4]!,
    path: match[5] ?? '',
    format: match[3] ?? match[6] ?? '',
  }));
}

/** The names that a text may fill in, whether they exist or not. */
export function variablesIn(text: string): string[] {
  if (!text.includes('$') && !text.includes('[[')) return [];
  return [...new Set(found(text).map(({ name }) => name))];
}

/** `a["b c"].d` and `a[0]` as the keys of scoped values write them: `a.b c.d`, `a.0`. */
const plainPath = (path: string) => path.replace(/\[\s*(?:"([^"]*)"|'([^']*)'|([^\]]*))\s*\]/g, (_, double?: string, single?: string, bare?: string) => `.${double ?? single ?? bare ?? ''}`);

function lookUp({ name, path }: Found, state: VariableState, scoped?: ScopedVars): VariableValue | undefined {
  const of = (key: string): VariableValue | undefined => {
    const general = Object.hasOwn(state, key) ? state[key] : undefined;
    const special = scoped?.[key];
    // One value of a repeated panel is written as its variable's values are.
    return special ? { ...special, isPattern: general?.isPattern } : general;
  };
  if (path === '') return of(name);
  const whole = of(`${name}${path}`) ?? of(`${name}${plainPath(path)}`);
  if (whole) return whole;
  const variable = of(name);
  if (!variable) return undefined;
  const wanted = plainPath(path).slice(1);
  if (wanted === 'text') return { ...variable, value: variable.text, resolved: undefined };
  if (wanted === 'value') return variable;
  // A field of something that is written as JSON, such as a switch with several properties.
  const held = Array.isArray(variable.value) ? variable.value[Number(wanted)] : undefined;
  return held === undefined ? undefined : { text: held, value: held };
}

/** How a text's place takes values; `null` leaves them to `glob`. */
export type PlaceFormat = (variable: VariableValue, text: string, at: number) => string | null;

const zoneIn = (state: VariableState) => String(state.__timezone?.value ?? 'UTC');
const shownText = (variable: VariableValue) => (isAll(variable.value) ? 'All' : variable.text);

/** How deep a dashboard's own text for all options may name other variables. */
const deepest = 8;

function fill(text: string, state: VariableState, scoped: ScopedVars | undefined, format: string | PlaceFormat | undefined, depth: number): string {
  if (!text.includes('$') && !text.includes('[[')) return text;
  let filled = '';
  let last = 0;
  for (const each of found(text)) {
    const variable = lookUp(each, state, scoped);
    if (!variable) continue;
    filled += text.slice(last, each.start);
    last = each.start + each.whole.length;
    const asked = each.format || (typeof format === 'string' ? format : '');
    const value = variable.resolved ?? variable.value;
    const given = { name: each.name, text: shownText(variable), value, timeZone: zoneIn(state) };
    if (asked === 'text') filled += formatVariable(given, asked);
    else if (asked === 'queryparam' && isAll(variable.value)) filled += formatVariable({ ...given, value: '$__all' }, asked);
    else if (variable.isCustomAll && !/^(percentencode|uriencode|customqueryparam)/.test(asked)) filled += depth < deepest ? fill(String(value), state, scoped, format, depth + 1) : String(value);
    else if (asked !== '') filled += formatVariable(given, asked);
    else filled += (typeof format === 'function' ? format(variable, text, each.start) : null) ?? formatVariable(given, 'glob');
  }
  return filled + text.slice(last);
}

/**
 * Fills in all variables that are known; unknown names stay as they are. `format` holds where the text itself asks for
 * none: `text` for titles, nothing for most.
 */
export function interpolate(text: string, state: VariableState, scoped?: ScopedVars, format?: string): string {
  return fill(text, state, scoped, format, 0);
}

/** Which string of a query a place lies in: its quote, or nothing. */
function quoteAt(text: string, at: number): string {
  let quote = '';
  for (let place = 0; place < at; place += 1) {
    const sign = text[place]!;
    if (quote === '') {
      if (sign === '"' || sign === "'" || sign === '`') quote = sign;
      else if (sign === '#') {
        const end = text.indexOf('\n', place);
        place = end < 0 ? at : end;
      }
    } else if (sign === '\\' && quote !== '`') place += 1;
    else if (sign === quote) quote = '';
  }
  return quote;
}

/** Values of a query's regular expression: escaped, and once more for the string that they stand in. */
const queryPlace: PlaceFormat = (variable, text, at) => {
  const value = variable.resolved ?? variable.value;
  if (!variable.isPattern && !Array.isArray(value)) return value;
  const isRaw = quoteAt(text, at) === '`';
  const escaped = (Array.isArray(value) ? value : [value]).map((each) => (isRaw ? escapePattern(each) : escapePattern(each).replaceAll('\\', '\\\\').replaceAll('"', '\\"')));
  return escaped.length === 1 ? escaped[0]! : `(${escaped.join('|')})`;
};

/** RE2 has no use for an escaped slash, which a string of PromQL could not hold either. */
const escapePattern = (text: string) => escapeRegex(text).replaceAll('\\/', '/');

/** Fills variables into a query in PromQL or LogQL, as Grafana's data sources do: several values become `(a|b)`. */
export function interpolateQuery(text: string, state: VariableState, scoped?: ScopedVars): string {
  return fill(text, state, scoped, queryPlace, 0);
}

/** TraceQL takes several values as a regular expression too, without brackets. */
export function interpolateTraceql(text: string, state: VariableState, scoped?: ScopedVars): string {
  return fill(text, state, scoped, (variable) => {
    const value = variable.resolved ?? variable.value;
    return Array.isArray(value) ? value.join('|') : value;
  }, 0);
}
