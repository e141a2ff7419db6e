/** Conditions of variables of type `adhoc`. The grammars that put them into queries are loaded when there are any. */

import type { Dashboard } from '../model';
import { interpolate } from './interpolate';
import type { Language } from './sources';
import { resolveDataSource } from './sources';
import type { AdhocFilter, VariableState } from './state';

let put: ((query: string, language: Language, filters: AdhocFilter[]) => string) | undefined;

/** Loads what `withFilters` needs; loading variables waits for it where there are conditions. */
export async function loadFilters(): Promise<void> {
  put ??= (await import('./filters')).withFilters;
}

/** The query with these conditions in each of its selectors. */
export function withFilters(query: string, language: Language, filters: AdhocFilter[]): string {
  if (filters.length === 0) return query;
  // A query without its conditions would show other data than was asked for.
  if (!put) throw new Error('The conditions of this dashboard are not loaded yet');
  return put(query, language, filters);
}

/** The conditions for queries in a language: those of all adhoc variables of such a data source, and what they always say. */
export function filtersFor(language: Language, dashboard: Dashboard, state: VariableState): AdhocFilter[] {
  return (dashboard.templating?.list ?? []).flatMap((variable) => {
    if (variable.type !== 'adhoc') return [];
    const source = resolveDataSource(variable.datasource, dashboard, state);
    if (source.kind !== 'language' || source.language !== language) return [];
    return [...((variable.baseFilters ?? []) as AdhocFilter[]), ...(state[variable.name]?.filters ?? [])]
      .filter(({ key, operator }) => key && operator)
      .map((filter) => ({ ...filter, value: interpolate(String(filter.value ?? ''), state) }));
  });
}
