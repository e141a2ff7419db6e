/** Queries of variables: what they ask for, in Grafana's short forms and as its editors keep them. */

import { formatMatcher } from '../../promql/matcher';
import { sampleValue } from '../../format/quantity';
import { BoundedRegExp } from '../display';
import type { JsonObject, Variable } from '../model';
import type { TimeSpan } from '../panel';
import type { Fetchers } from './fetchers';
import type { Language } from './sources';

export type Asked =
  | { kind: 'names'; match: string | null; filter?: string }
  | { kind: 'values'; label: string; match: string | null }
  /** Names of metrics that a pattern finds anywhere in them. */
  | { kind: 'metrics'; filter: string }
  | { kind: 'result'; expression: string }
  | { kind: 'series'; match: string };

const text = (value: unknown): string => (typeof value === 'string' ? value : '');
const object = (value: unknown): JsonObject => (typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : {});

/** All texts of a variable's query that variables may stand in. */
export function queryTexts(variable: Variable): string[] {
  const { query } = variable;
  if (typeof query === 'string') return [query];
  const walk = (value: unknown): string[] => (typeof value === 'string' ? [value] : Array.isArray(value) ? value.flatMap(walk) : typeof value === 'object' && value !== null ? Object.values(value).flatMap(walk) : []);
  return walk(query);
}

/** Whether a variable's query asks for nothing. */
export const isEmptyQuery = (variable: Variable): boolean => queryTexts(variable).every((each) => each.trim() === '') && object(variable.query).type === undefined;

/** Reads a call such as `label_values(…)`; everything else is a selector of series. */
function readCall(written: string): Asked | null {
  const call = /^\s*([a-z_]+)\s*\((.*)\)\s*$/s.exec(written);
  if (!call) return null;
  const [, name, inside = ''] = call;
  const argument = inside.trim();
  if (name === 'label_names') return { kind: 'names', match: null, ...(argument ? { filter: argument } : {}) };
  if (name === 'metrics') return { kind: 'metrics', filter: argument };
  if (name === 'query_result') return { kind: 'result', expression: argument };
  if (name !== 'label_values') return null;
  const parts = /^(?:(.*\S)\s*,\s*)?("?)([^\s,(){}"]+)\2\s*,?$/s.exec(argument);
  return parts ? { kind: 'values', label: parts[3]!, match: parts[1] ?? null } : null;
}

interface LabelFilter {
  label?: unknown;
  op?: unknown;
  value?: unknown;
}

/** What the editor of Prometheus keeps in fields where its text is missing. */
function readFields(query: JsonObject): Asked | null {
  const label = text(query.label);
  const filters = (Array.isArray(query.labelFilters) ? (query.labelFilters as LabelFilter[]) : []).filter((each) => text(each.label) !== '');
  const matchers = filters.map((each) => formatMatcher({ name: text(each.label), operator: text(each.op) as '=', value: text(each.value) })).join(', ');
  const match = `${text(query.metric)}${matchers ? `{${matchers}}` : ''}` || null;
  switch (query.qryType) {
    case 0:
      return { kind: 'names', match: null, ...(text(query.match) ? { filter: text(query.match) } : {}) };
    case 1:
      return label ? { kind: 'values', label, match } : null;
    case 2:
      return { kind: 'metrics', filter: text(query.metricRegex) || text(query.metric) };
    case 3:
      return text(query.varQuery) ? { kind: 'result', expression: text(query.varQuery) } : null;
    case 4:
      return text(query.seriesQuery) ? { kind: 'series', match: text(query.seriesQuery) } : null;
    default:
      return null;
  }
}

/** What a variable's query asks for once `fill` has put values into its texts; the error says what cannot be read. */
export function readQuery(variable: Variable, language: Language, fill: (text: string) => string): Asked | { error: string } {
  const query = typeof variable.query === 'string' ? { query: variable.query } : object(variable.query);
  const written = fill(text(query.query)).trim();
  if (language === 'promql') {
    if (written === '') return readFields(JSON.parse(fillDeep(query, fill)) as JsonObject) ?? { error: 'The query is empty' };
    const asked = readCall(written);
    if (asked) return asked;
    if (/^(label_values|label_names|metrics|query_result)\s*\(/.test(written)) return { error: `\`${written}\` is no complete call: \`label_values(metric, label)\`` };
    return query.qryType === 3 ? { kind: 'result', expression: written } : { kind: 'series', match: written };
  }
  // Loki's and Tempo's editors keep 0 for names and 1 for values.
  if (query.type === 0 || query.type === '0') return { kind: 'names', match: null };
  if (query.type === 1 || query.type === '1') {
    const label = fill(text(query.label)).trim();
    return label ? { kind: 'values', label, match: fill(text(query.stream)).trim() || null } : { error: 'The query does not say which label' };
  }
  const asked = readCall(written);
  if (asked && (asked.kind === 'names' || asked.kind === 'values')) return asked;
  return { error: written === '' ? 'The query is empty' : `\`${written}\` is neither \`label_names()\` nor \`label_values(label)\`` };
}

/** The object with all its texts filled in, as JSON. */
const fillDeep = (value: JsonObject, fill: (text: string) => string): string => JSON.stringify(value, (_, each: unknown) => (typeof each === 'string' ? fill(each) : each));

/** Labels by name, since patterns that pick out of them go by their order. */
const labelText = (labels: Record<string, string>) => {
  const { __name__: name = '', ...rest } = labels;
  return `${name}{${Object.keys(rest).sort().map((key) => `${key}="${rest[key]}"`).join(',')}}`;
};

/** How many series become options at most: more cannot be looked through, and would stop the page. */
const mostOptions = 50_000;

/** Asks the server; the texts come in its order. */
export async function ask(asked: Asked, language: Language, span: TimeSpan, fetchers: Fetchers, signal?: AbortSignal): Promise<string[]> {
  const from = fetchers[language];
  switch (asked.kind) {
    case 'names': {
      if (asked.filter === undefined) return from.names(asked.match, span, signal);
      return from.names(`{__name__=~${JSON.stringify(`.*(?:${asked.filter}).*`)}}`, span, signal);
    }
    case 'values':
      return from.values(asked.label, asked.match, span, signal);
    case 'metrics': {
      const filter = new BoundedRegExp(asked.filter);
      return (await from.values('__name__', null, span, signal)).filter((name) => filter.test(name));
    }
    case 'result': {
      const answer = await fetchers.promql.query(asked.expression, span, signal);
      if ('value' in answer) return [answer.value];
      return answer.series.slice(0, mostOptions).flatMap(({ metric, value }) => (value ? [`${labelText(metric)} ${sampleText(value[1])} ${Math.round(value[0] * 1000)}`] : []));
    }
    case 'series':
      return (await fetchers.promql.series(asked.match, span, signal)).slice(0, mostOptions).map(labelText);
  }
}

/** Numbers of samples as people write them in patterns: `1`, not `1e+00`. */
const sampleText = (value: string) => {
  const number = sampleValue(value);
  return Number.isFinite(number) ? String(number) : value;
};
