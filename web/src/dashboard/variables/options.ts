/** Options of variables: picked out of answers by a pattern, sorted, read from lists that people wrote. */

import { readPattern } from '../display';
import type { VariableOption } from '../model';

export interface PlainOption {
  text: string;
  value: string;
}

/**
 * What a pattern takes out of the server's values: the whole value where it has no group, the first group, or the
 * groups `text` and `value`. A pattern with the flag `g` takes all that it finds in a value.
 */
export function pickOptions(values: string[], pattern: string): PlainOption[] {
  const regex = pattern.trim() === '' ? null : readPattern(pattern.trim());
  const picked = new Map<string, PlainOption>();
  const add = (text: string, value: string) => {
    if (!picked.has(value)) picked.set(value, { text, value });
  };
  for (const each of values) {
    if (!regex) {
      add(each, each);
      continue;
    }
    regex.lastIndex = 0;
    const matches = regex.global ? [...each.matchAll(regex)] : [regex.exec(each)].filter((match) => match !== null);
    if (matches.length === 0) continue;
    const named = (name: string) => matches.map((match) => match.groups?.[name]).find((group) => group !== undefined);
    const [text, value] = [named('text'), named('value')];
    if (text !== undefined || value !== undefined) add((text ?? value)!, (value ?? text)!);
    else if (matches[0]!.length === 1) add(each, each);
    else for (const match of matches) if (match[1] !== undefined) add(match[1], match[1]);
  }
  return [...picked.values()];
}

const natural = new Intl.Collator('en', { numeric: true, sensitivity: 'base' });
const plainly = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
const firstNumber = (text: string) => Number(/\d+(?:\.\d+)?/.exec(text)?.[0] ?? -1);

/** Grafana's orders: 1 and 2 by letters, 3 and 4 by the first number, 5 and 6 without regard to case, 7 and 8 naturally; even ones fall. */
export function sortOptions(options: PlainOption[], sort: number | undefined): PlainOption[] {
  const order = Math.ceil((sort ?? 0) / 2);
  const compare: ((a: string, b: string) => number) | undefined = [undefined, plainly, (a: string, b: string) => firstNumber(a) - firstNumber(b), (a: string, b: string) => plainly(a.toLowerCase(), b.toLowerCase()), natural.compare][order];
  if (!compare) return options;
  const sorted = [...options].sort((a, b) => compare(a.text, b.text));
  return sort! % 2 === 0 ? sorted.reverse() : sorted;
}

/** `a, b, name : value`, with `\,` for a comma within an option. */
export function customOptions(query: string): PlainOption[] {
  return [...query.matchAll(/(?:\\,|[^,])+/g)].flatMap(([part]) => {
    const plain = part.replaceAll('\\,', ',');
    const pair = /^\s*(.+)\s:\s(.+)$/s.exec(plain);
    const text = (pair?.[1] ?? plain).trim();
    return text === '' ? [] : [{ text, value: (pair?.[2] ?? plain).trim() }];
  });
}

const single = (value: string | string[]) => (Array.isArray(value) ? (value[0] ?? '') : value);

/** Options that the dashboard keeps, without the one for all. */
export const keptOptions = (options: VariableOption[] | undefined): PlainOption[] =>
  (options ?? []).map(({ text, value }) => ({ text: String(single(text) ?? ''), value: String(single(value) ?? '') })).filter(({ value }) => value !== '$__all');
