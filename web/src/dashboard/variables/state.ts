/** What variables hold, and the values that every dashboard has without asking. */

import type { Dashboard, VariableOption } from '../model';
import type { TimeSpan } from '../panel';

/** What stands for all options of a variable. */
export const all = '$__all';

export interface AdhocFilter {
  key: string;
  /** `=`, `!=`, `=~`, `!~`, `=|`, `!=|`, `<`, `>`. */
  operator: string;
  value: string;
  /** Of `=|` and `!=|`. */
  values?: string[];
}

export interface VariableValue {
  /** As it is chosen: what is shown, and what stands for it. `$__all` is all options. */
  text: string | string[];
  value: string | string[];
  /** What is filled in, where it is not `value`: the options behind `$__all`, the length of an automatic interval. */
  resolved?: string | string[];
  /** Whether `resolved` is the dashboard's own text for all options, which is filled in as it stands. */
  isCustomAll?: boolean;
  type?: string;
  /** Whether more than one value may stand: queries then take it as a regular expression. */
  isPattern?: boolean;
  options?: VariableOption[];
  /** Of a variable of type `adhoc`: conditions for every selector of its data source. */
  filters?: AdhocFilter[];
}

/** The values of all variables by name. */
export type VariableState = Record<string, VariableValue>;

/** Whether all options are chosen. */
export const isAll = (value: string | string[]): boolean => (Array.isArray(value) ? value.includes(all) : value === all);

export interface Surroundings {
  dashboard: Pick<Dashboard, 'uid' | 'title'>;
  span: TimeSpan;
  /** The range as it is written, for links. */
  raw?: { from: string; to: string };
  timeZone: string;
  /** Who looks, when that is known. */
  user?: string;
}

/** Variables that hold in a whole dashboard: its range, its name, all choices as a part of an address. */
export function builtins({ dashboard, span, raw, timeZone, user = '' }: Surroundings, state: VariableState): VariableState {
  const rangeMs = span.to - span.from;
  const seconds = Math.round(rangeMs / 1000);
  const one = (value: string | number): VariableValue => ({ text: String(value), value: String(value) });
  const verbatim = (value: string): VariableValue => ({ ...one(value), resolved: value, isCustomAll: true });
  return {
    __from: one(span.from),
    __to: one(span.to),
    __range: one(`${seconds}s`),
    __range_s: one(seconds),
    __range_ms: one(rangeMs),
    __timezone: one(timeZone),
    __dashboard: one(dashboard.title),
    '__dashboard.uid': one(dashboard.uid),
    '__dashboard.title': one(dashboard.title),
    __org: one('1'),
    '__org.id': one('1'),
    '__org.name': one('Phoenix'),
    __user: one(user),
    '__user.login': one(user),
    '__user.id': one('0'),
    '__user.email': one(''),
    '__url_time_range': verbatim(new URLSearchParams({ from: raw?.from ?? String(span.from), to: raw?.to ?? String(span.to) }).toString()),
    '__all_variables': verbatim(writeVariables(state).toString()),
  };
}

/** A state with its builtins; `state` itself does not change. */
export const withBuiltins = (state: VariableState, surroundings: Surroundings): VariableState => ({ ...builtins(surroundings, state), ...state });

/** The choices as parameters of an address: `var-job=api&var-job=web`. */
export function writeVariables(state: VariableState): URLSearchParams {
  const params = new URLSearchParams();
  for (const [name, each] of Object.entries(state)) {
    if (name.startsWith('__') || each.type === 'constant' || each.type === 'snapshot') continue;
    if (each.filters) {
      // Conditions that were taken away must not come back with the dashboard's own.
      if (each.filters.length === 0) params.append(`var-${name}`, '');
      for (const filter of each.filters) params.append(`var-${name}`, writeFilter(filter));
    } else if (isAll(each.value)) params.append(`var-${name}`, all);
    else if (Array.isArray(each.value)) {
      // No choice is a choice, too: an empty value keeps the first option from being taken.
      if (each.value.length === 0) params.append(`var-${name}`, '');
      for (const value of each.value) params.append(`var-${name}`, value);
    } else params.append(`var-${name}`, each.value);
  }
  return params;
}

/** The choices that an address makes, by the names of variables. */
export function readVariables(params: URLSearchParams): Record<string, string[]> {
  const chosen: Record<string, string[]> = {};
  for (const [key, value] of params) if (key.startsWith('var-') && key.length > 4) (chosen[key.slice(4)] ??= []).push(value);
  return chosen;
}

const escaped: [plain: string, written: string][] = [
  ['|', '__gfp__'],
  [',', '__gfc__'],
  ['#', '__gfh__'],
];
const escapeFilter = (text: string) => escaped.reduce((sum, [plain, written]) => sum.replaceAll(plain, written), text);
const unescapeFilter = (text: string) => escaped.reduce((sum, [plain, written]) => sum.replaceAll(written, plain), text);

/** A condition as Grafana's addresses hold it: `key|=|value`. */
export const writeFilter = ({ key, operator, value, values }: AdhocFilter): string => [key, operator, ...(values ?? [value])].map(escapeFilter).join('|');

export function readFilter(text: string): AdhocFilter | null {
  const [key, operator, ...values] = text.split('|').map((part) => unescapeFilter(part.split(',')[0] ?? ''));
  if (!key || !operator || values.length === 0) return null;
  return operator.endsWith('|') ? { key, operator, value: values[0]!, values } : { key, operator, value: values[0]! };
}
