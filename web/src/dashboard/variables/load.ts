/** Loads the options of a dashboard's variables and chooses among them, each as soon as what it is made of is known. */

import { errorText } from '../../api/request';
import type { Dashboard, Variable } from '../model';
import type { TimeSpan } from '../panel';
import { lengthMs, lengthText, niceInterval } from '../time';
import { loadFilters } from './adhoc';
import type { Wanted } from './choose';
import { allText, choose, currentOf } from './choose';
import type { Fetchers } from './fetchers';
import { serverFetchers } from './fetchers';
import { interpolate, interpolateQuery, variablesIn } from './interpolate';
import type { PlainOption } from './options';
import { customOptions, keptOptions, pickOptions, sortOptions } from './options';
import { orderOf } from './order';
import { ask, isEmptyQuery, queryTexts, readQuery } from './queries';
import type { Language } from './sources';
import { resolveDataSource, sourceName, sourcesOfType } from './sources';
import type { AdhocFilter, VariableState, VariableValue } from './state';
import { all, isAll, readFilter, withBuiltins } from './state';

export interface LoadedVariables {
  state: VariableState;
  /** What went wrong, by the variable's name. */
  problems: Record<string, string>;
}

export interface LoadOptions {
  timeZone: string;
  signal?: AbortSignal;
  /** What `$__interval` stands for in queries of variables, which have no panel; 15 s by default. */
  scrapeMs?: number;
  /** What was loaded before: only what a change reaches is loaded again. */
  previous?: LoadedVariables;
  /** Whether the range is another than that of `previous`. */
  isNewRange?: boolean;
  /** Called when a variable is known, before all are. */
  onVariable?: (name: string, value: VariableValue) => void;
}

/** The choices of an address or of a reader, by name; a name that is missing keeps what it had. */
export type Chosen = Record<string, string[] | undefined>;

interface Place {
  dashboard: Dashboard;
  /** What is known so far, with the builtins. */
  state: VariableState;
  span: TimeSpan;
  fetchers: Fetchers;
  signal?: AbortSignal;
  wanted: Wanted;
}

const same = (a: VariableValue | undefined, b: VariableValue | undefined) => a === b || JSON.stringify(a) === JSON.stringify(b);
/** Whether two values fill in the same. */
const fillsSame = (a: VariableValue | undefined, b: VariableValue | undefined) => JSON.stringify([a?.resolved ?? a?.value, a?.text, a?.filters]) === JSON.stringify([b?.resolved ?? b?.value, b?.text, b?.filters]);

/** Whether the options are asked for by what somebody types. */
export const isSearched = (variable: Variable): boolean => variable.type === 'query' && queryTexts(variable).some((text) => variablesIn(text).includes('__searchFilter'));

/** A pattern for what contains the text, in a form that stands in a query's quotes as it is. */
const containing = (text: string): string => (text === '' ? '.*' : `.*${text.replace(/[.*+?()|{}$\\^"\n[\]]/g, (letter) => (/[\\^"\n[\]]/.test(letter) ? '.' : `[${letter}]`))}.*`);

async function queryOptions(variable: Variable, place: Place, search = ''): Promise<PlainOption[]> {
  const { dashboard, span, fetchers, signal } = place;
  const filter = containing(search);
  const state: VariableState = isSearched(variable) ? { ...place.state, __searchFilter: { text: filter, value: filter } } : place.state;
  if (isEmptyQuery(variable)) return [];
  const source = resolveDataSource(variable.datasource, dashboard, state);
  if (source.kind === 'problem') throw new Error(source.problem);
  if (source.kind !== 'language') throw new Error('its data source has no labels to choose from');
  const asked = readQuery(variable, source.language, (text) => interpolateQuery(text, state));
  if ('error' in asked) throw new Error(asked.error);
  let values: string[];
  try {
    values = await ask(asked, source.language, span, fetchers, signal);
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === 'AbortError') throw cause;
    throw new Error(`${describeQuery(variable, state)} failed: ${errorText(cause)}`, { cause });
  }
  return sortOptions(pickOptions(values, interpolate(variable.regex ?? '', state, undefined, 'regex')), variable.sort);
}

function describeQuery(variable: Variable, state: VariableState): string {
  const { query } = variable;
  const text = typeof query === 'string' ? query : typeof query === 'object' && query !== null && !Array.isArray(query) ? [query.query, query.label].find((each) => typeof each === 'string' && each !== '') : '';
  return typeof text === 'string' && text !== '' ? `\`${interpolateQuery(text, state)}\`` : 'its query';
}

/** The lengths of a variable of type `interval`, and what the automatic one comes to. */
function interval(variable: Variable, place: Place): VariableValue {
  const { wanted, span } = place;
  const options = customOptions(typeof variable.query === 'string' ? variable.query : '').filter(({ value }) => value !== 'auto');
  if (!variable.auto) return choose({ ...variable, multi: false, includeAll: false }, options, wanted, place.state);
  const marks = ['$__auto', 'auto', `$__auto_interval_${variable.name}`];
  const auto = marks[2]!;
  const offered = [{ text: 'auto', value: auto }, ...options];
  const values = wanted.values.map((each) => (marks.includes(each) ? auto : each));
  const chosen = choose({ ...variable, multi: false, includeAll: false }, offered, { ...wanted, values }, place.state);
  if (chosen.value !== auto) return chosen;
  const count = Number(variable.auto_count) > 0 ? Number(variable.auto_count) : 30;
  const least = lengthMs(String(variable.auto_min ?? '10s')) ?? 10_000;
  return { ...chosen, resolved: lengthText(Math.max(least, niceInterval((span.to - span.from) / count))) };
}

const plain = (variable: Variable, value: string): VariableValue => ({ type: variable.type, text: value, value });

/** A variable's value; throws why it has none. */
async function load(variable: Variable, place: Place): Promise<VariableValue> {
  const { state, wanted, dashboard } = place;
  const query = typeof variable.query === 'string' ? variable.query : '';
  switch (variable.type) {
    case 'query': {
      const isKept = variable.refresh === 0 && keptOptions(variable.options).length > 0;
      // What was found by a search need not be among the options without one.
      return choose(isSearched(variable) ? { ...variable, allowCustomValue: true } : variable, isKept ? keptOptions(variable.options) : await queryOptions(variable, place), wanted, state);
    }
    case 'custom': {
      const filled = interpolate(query, state);
      const isJson = variable.valuesFormat === 'json';
      const options = isJson ? jsonOptions(filled) : customOptions(filled);
      return choose(variable, options.length === 0 ? keptOptions(variable.options) : options, wanted, state);
    }
    case 'interval':
      return interval(variable, place);
    case 'textbox':
      return plain(variable, wanted.values[0] ?? query);
    case 'constant':
      return plain(variable, query || (currentOf(variable)[0] ?? ''));
    case 'snapshot': {
      const taken = currentOf(variable);
      return taken.length > 1 ? { type: variable.type, text: taken, value: taken, isPattern: true } : plain(variable, taken[0] ?? '');
    }
    case 'switch': {
      const options = keptOptions(variable.options);
      return choose({ ...variable, multi: false, includeAll: false }, options.length > 0 ? options : customOptions('true,false'), wanted, state);
    }
    case 'datasource': {
      const type = query || variable.type;
      const own = sourcesOfType(type);
      if (own.length === 0) throw new Error(`not shown: ${sourceName(type)}`);
      const pattern = interpolate(variable.regex ?? '', state, undefined, 'regex');
      const all = own.map(({ uid, name }) => ({ text: name, value: uid }));
      // A pattern for names of another place that leaves none of ours must not leave the dashboard empty.
      const picked = pickOptions(own.map(({ name }) => name), pattern).map(({ text }) => text);
      const options = all.filter(({ text }) => picked.includes(text));
      return choose({ ...variable, allowCustomValue: false }, options.length > 0 ? options : all, { values: wanted.values, how: 'kept' }, state);
    }
    case 'adhoc':
      return { type: 'adhoc', text: '', value: '', filters: wanted.how === 'typed' ? wanted.values.flatMap((each) => readFilter(each) ?? []) : ((variable.filters ?? []) as AdhocFilter[]).filter(({ key }) => key) };
    case 'groupby': {
      const source = resolveDataSource(variable.datasource, dashboard, state);
      if (source.kind !== 'language') throw new Error(source.kind === 'problem' ? source.problem : 'its data source has no labels to choose from');
      const names = await ask({ kind: 'names', match: null }, source.language as Language, place.span, place.fetchers, place.signal);
      const chosen = wanted.values.filter((each) => each !== '');
      return { type: 'groupby', text: chosen, value: chosen, resolved: chosen.join(','), options: names.map((name) => ({ text: name, value: name })) };
    }
    default:
      throw new Error(`variables of type \`${variable.type}\` are not shown`);
  }
}

function jsonOptions(text: string): PlainOption[] {
  const read: unknown = JSON.parse(text);
  if (!Array.isArray(read)) throw new Error('its options are no list in JSON');
  return read.map((each: unknown) => {
    if (typeof each !== 'object' || each === null) return { text: String(each), value: String(each) };
    const { text: shown, value } = each as { text?: unknown; value?: unknown };
    return { text: String(shown ?? value), value: String(value ?? shown) };
  });
}

/** What stands for a variable whose options could not be loaded: what was chosen, or what the dashboard was saved with. */
function fallback(variable: Variable, wanted: Wanted): VariableValue {
  const kept = keptOptions(variable.options);
  const values = wanted.values.length > 0 ? wanted.values : kept.slice(0, 1).map(({ value }) => value);
  const base = { type: variable.type, isPattern: Boolean(variable.multi || variable.includeAll), options: kept };
  if (isAll(values)) return { ...base, text: allText, value: variable.multi ? [all] : all, ...(variable.allValue ? { resolved: variable.allValue, isCustomAll: true } : { resolved: kept.map(({ value }) => value) }) };
  return variable.multi ? { ...base, text: values, value: values } : { ...base, text: values[0] ?? '', value: values[0] ?? '' };
}

/** What queries of variables know beside other variables. */
function withIntervals(state: VariableState, dashboard: Dashboard, span: TimeSpan, { scrapeMs = 15_000, timeZone }: Pick<LoadOptions, 'scrapeMs' | 'timeZone'>): VariableState {
  const [scrape, rate] = [lengthText(scrapeMs), lengthText(4 * scrapeMs)];
  return { __interval: { text: scrape, value: scrape }, __rate_interval: { text: rate, value: rate }, ...withBuiltins(state, { dashboard, span, timeZone }) };
}

/** The options of a variable with `$__searchFilter` for what somebody types. */
export function searchOptions(variable: Variable, search: string, dashboard: Dashboard, loaded: LoadedVariables, span: TimeSpan, options: Pick<LoadOptions, 'scrapeMs' | 'timeZone' | 'signal'>, fetchers: Fetchers = serverFetchers): Promise<PlainOption[]> {
  return queryOptions(variable, { dashboard, state: withIntervals(loaded.state, dashboard, span, options), span, fetchers, signal: options.signal, wanted: { values: [], how: 'kept' } }, search);
}

/** Whether a new range changes what a variable holds. */
const followsRange = (variable: Variable) => (variable.type === 'query' && (variable.refresh ?? 1) === 2) || (variable.type === 'interval' && variable.auto === true);

/**
 * Loads variables in the order of their dependence, those that do not depend on each other at once. `chosen` is what the
 * address or the reader says; a variable whose own choice and whose dependencies stay as in `previous` stays the same
 * object. A failure is told under the variable's name and stops no other.
 */
export async function loadVariables(dashboard: Dashboard, chosen: Chosen, span: TimeSpan, fetchers: Fetchers = serverFetchers, options: LoadOptions = { timeZone: 'UTC' }): Promise<LoadedVariables> {
  const variables = dashboard.templating?.list ?? [];
  const { needs, circles } = orderOf(variables);
  const { previous, signal } = options;
  const state: VariableState = {};
  const problems: Record<string, string> = {};
  const loading = new Map<string, Promise<void>>();
  /** What is known by now, with what every dashboard knows. */
  const known = () => withIntervals(state, dashboard, span, options);

  const wish = (variable: Variable, isFollowing: boolean): Wanted => {
    const typed = chosen[variable.name];
    const before = previous?.state[variable.name];
    const values = (each: VariableValue) => (Array.isArray(each.value) ? each.value : [each.value]);
    if (!typed) return before && before.type !== 'adhoc' ? { values: values(before), how: 'kept' } : { values: currentOf(variable), how: 'kept' };
    // After a change elsewhere, a choice of before holds only as far as it is still offered.
    const isOld = before !== undefined && JSON.stringify(values(before)) === JSON.stringify(typed);
    return { values: typed, how: isOld && isFollowing && variable.type !== 'textbox' ? 'kept' : 'typed' };
  };

  const one = async (variable: Variable): Promise<void> => {
    const { name } = variable;
    const before = previous?.state[name];
    const circle = circles.get(name);
    const settle = (value: VariableValue) => {
      state[name] = same(value, before) ? before! : value;
      options.onVariable?.(name, state[name]);
    };
    if (circle) {
      problems[name] = `the variables depend on each other: ${circle}`;
      settle(fallback(variable, wish(variable, false)));
      return;
    }
    const needed = needs.get(name) ?? [];
    await Promise.all(needed.map((each) => loading.get(each)));
    const isReached = !before || needed.some((each) => !fillsSame(state[each], previous?.state[each])) || (options.isNewRange === true && followsRange(variable));
    const wanted = wish(variable, isReached && before !== undefined);
    if (!isReached && !problemBefore(previous, name)) {
      const typed = chosen[name];
      if (!typed || variable.type === 'constant' || variable.type === 'snapshot') {
        settle(before);
        return;
      }
      // Another choice among the same options.
      if (before.options && variable.type !== 'interval' && variable.type !== 'groupby') {
        const offered = keptOptions(before.options);
        settle(choose(variable.type === 'datasource' ? { ...variable, allowCustomValue: false } : variable, offered, wanted, known()));
        return;
      }
    }
    try {
      settle(await load(variable, { dashboard, state: known(), span, fetchers, signal, wanted }));
    } catch (cause) {
      if (cause instanceof DOMException && cause.name === 'AbortError') throw cause;
      problems[name] = errorText(cause);
      settle(fallback(variable, wanted));
    }
  };

  // Every variable finds the promises of those that it needs, whatever the order in the dashboard.
  const start = (variable: Variable): Promise<void> => {
    const known = loading.get(variable.name);
    if (known) return known;
    for (const name of circles.has(variable.name) ? [] : (needs.get(variable.name) ?? [])) {
      const needed = variables.find((each) => each.name === name);
      if (needed) void start(needed);
    }
    const running = one(variable);
    loading.set(variable.name, running);
    return running;
  };
  await Promise.all(variables.map(start));
  if (variables.some((each) => each.type === 'adhoc' && ((each.baseFilters as AdhocFilter[] | undefined)?.length || state[each.name]?.filters?.length))) await loadFilters();
  // In the dashboard's order, whatever came first.
  return { state: Object.fromEntries(variables.map(({ name }) => [name, state[name]!])), problems };
}

const problemBefore = (previous: LoadedVariables | undefined, name: string) => previous?.problems[name] !== undefined;
