/** Which options hold: what the address says, what the dashboard keeps, else the first. */

import type { Variable, VariableOption } from '../model';
import type { PlainOption } from './options';
import type { VariableState, VariableValue } from './state';
import { all, isAll } from './state';
import { interpolate } from './interpolate';

/** The name under which all options are offered. */
export const allText = 'All';

const list = <T>(value: T | T[] | undefined | null): T[] => (value === undefined || value === null ? [] : Array.isArray(value) ? value : [value]);

/** The values of a choice that still exist, by value and else by text. */
function existing(wanted: string[], options: PlainOption[]): PlainOption[] {
  const byValue = new Map(options.map((option) => [option.value, option]));
  const byText = new Map(options.map((option) => [option.text, option]));
  return wanted.flatMap((each) => byValue.get(each) ?? byText.get(each) ?? []);
}

/** `kept`: taken only as far as it exists; `typed`: taken as it is, as from an address. */
export interface Wanted {
  values: string[];
  how: 'kept' | 'typed';
}

/** What the dashboard was saved with. */
export const currentOf = (variable: Variable): string[] => list(variable.current?.value).map((value) => String(value ?? ''));

/**
 * Chooses among options. All stands for the options as they are, or for the dashboard's own text for it; it is
 * the first choice where it is offered.
 */
export function choose(variable: Variable, options: PlainOption[], wanted: Wanted, state: VariableState): VariableValue {
  const offered: VariableOption[] = variable.includeAll ? [{ text: allText, value: all }, ...options] : options;
  const base = { type: variable.type, isPattern: Boolean(variable.multi || variable.includeAll), options: offered };
  const whole = (): VariableValue => ({
    ...base,
    text: variable.multi ? [allText] : allText,
    value: variable.multi ? [all] : all,
    ...(variable.allValue ? { resolved: interpolate(variable.allValue, state), isCustomAll: true } : { resolved: options.map(({ value }) => value) }),
  });
  const of = (picked: PlainOption[]): VariableValue => (variable.multi ? { ...base, text: picked.map(({ text }) => text), value: picked.map(({ value }) => value) } : { ...base, text: picked[0]?.text ?? '', value: picked[0]?.value ?? '' });

  const asksForAll = isAll(wanted.values) || (wanted.values.length === 1 && wanted.values[0] === allText && !options.some(({ value }) => value === allText));
  if (variable.includeAll && asksForAll) return whole();
  const found = existing(wanted.values, options);
  const isTyped = wanted.how === 'typed' && variable.allowCustomValue !== false;
  if (isTyped && wanted.values.length > 0 && !asksForAll) {
    // An empty value in an address says that nothing is chosen.
    if (variable.multi && wanted.values.length === 1 && wanted.values[0] === '' && found.length === 0) return of([]);
    const picked = wanted.values.map((value) => existing([value], options)[0] ?? { text: value, value });
    return of(picked);
  }
  if (found.length > 0) return of(variable.multi ? found : found.slice(0, 1));
  if (variable.includeAll) return whole();
  return of(options.slice(0, 1));
}
