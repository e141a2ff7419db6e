/** Variables: their options, their values, and texts that they are filled into. */

export { filtersFor, withFilters } from './adhoc';
export type { Fetchers, LabelFetcher } from './fetchers';
export { serverFetchers } from './fetchers';
export { interpolate, interpolateQuery, interpolateTraceql, variablesIn } from './interpolate';
export type { Chosen, LoadedVariables, LoadOptions } from './load';
export { isSearched, loadVariables, searchOptions } from './load';
export type { Section, ShownPanel } from './repeat';
export { chosenValues, repeatPanels, sections } from './repeat';
export type { Language, OwnSource, Source } from './sources';
export { ownSources, resolveDataSource, sourceName, sourceOfTarget, sourcesOfType } from './sources';
export type { AdhocFilter, Surroundings, VariableState, VariableValue } from './state';
export { all, builtins, isAll, readFilter, readVariables, withBuiltins, writeFilter, writeVariables } from './state';
