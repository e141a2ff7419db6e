/** Puts conditions into every selector of a query. The languages' grammars find the selectors; see `adhoc.ts`. */

import { parser as logqlParser } from '@grafana/lezer-logql';
import { parser as traceqlParser } from '@grafana/lezer-traceql';
import type { SyntaxNode, Tree } from '@lezer/common';
import { parser as promqlParser } from '@prometheus-io/lezer-promql';
import { quoted } from '../../logs/edit';
import { quote } from '../../promql/matcher';
import { writtenKey } from '../../traces/query';
import { escapeRegex } from './formats';
import type { Language } from './sources';
import type { AdhocFilter } from './state';

/** A piece of text to put into a place. */
interface Insert {
  at: number;
  text: string;
}

const plainName = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

/** Operators as matchers write them; lists become a regular expression. */
function matcher({ operator, value, values }: AdhocFilter): { operator: string; value: string } {
  if (operator === '=|' || operator === '!=|') return { operator: operator === '=|' ? '=~' : '!~', value: (values ?? [value]).map((each) => escapeRegex(each).replaceAll('\\/', '/')).join('|') };
  return { operator, value };
}

/** Filters that a language's selectors can say; comparisons of numbers have no matcher. */
const isMatcher = ({ operator }: AdhocFilter) => ['=', '!=', '=~', '!~', '=|', '!=|'].includes(operator);

/** All nodes of a name. Without all of them a query would show what the conditions leave out. */
function nodes(tree: Tree, name: string): SyntaxNode[] {
  const found: SyntaxNode[] = [];
  tree.iterate({
    enter(node) {
      if (node.type.isError) throw new Error('The dashboard’s conditions cannot be put into it, since it cannot be read');
      if (node.name === name) found.push(node.node);
    },
  });
  return found;
}

/** Puts matchers before the closing brace of a list of matchers. */
function inBraces(text: string, from: number, to: number, matchers: string): Insert {
  const inside = text.slice(from + 1, to - 1).trimEnd();
  const separator = inside.trim() === '' || inside.endsWith(',') ? '' : ', ';
  return { at: from + 1 + inside.length, text: `${separator}${matchers}` };
}

function insert(text: string, inserts: Insert[]): string {
  return [...inserts].sort((a, b) => b.at - a.at).reduce((whole, { at, text: piece }) => whole.slice(0, at) + piece + whole.slice(at), text);
}

function promql(query: string, filters: AdhocFilter[]): string {
  const matchers = filters
    .filter(isMatcher)
    .map((filter) => {
      const { operator, value } = matcher(filter);
      return `${plainName.test(filter.key) ? filter.key : quote(filter.key)}${operator}${quote(value)}`;
    })
    .join(', ');
  if (matchers === '') return query;
  return insert(
    query,
    nodes(promqlParser.parse(query), 'VectorSelector').map((selector) => {
      const braces = selector.getChild('LabelMatchers');
      return braces ? inBraces(query, braces.from, braces.to, matchers) : { at: selector.to, text: `{${matchers}}` };
    }),
  );
}

function logql(query: string, filters: AdhocFilter[]): string {
  const matchers = filters
    .filter(isMatcher)
    .map((filter) => {
      const { operator, value } = matcher(filter);
      return `${filter.key}${operator}${quoted(value)}`;
    })
    .join(', ');
  if (matchers === '') return query;
  return insert(
    query,
    nodes(logqlParser.parse(query), 'Selector').map(({ from, to }) => inBraces(query, from, to, matchers)),
  );
}

function traceql(query: string, filters: AdhocFilter[]): string {
  const conditions = filters
    .map((filter) => {
      const { operator, value } = matcher(filter);
      const key = /^(resource|span|event|link|instrumentation|trace)[.:]|^\.|^(name|status|kind|duration|rootName|rootServiceName)$/.test(filter.key) ? filter.key : `.${filter.key}`;
      return `${writtenKey(key)} ${operator} ${/^(status|kind|duration)$/.test(key) ? value : quoted(value)}`;
    })
    .join(' && ');
  if (conditions === '') return query;
  return insert(
    query,
    nodes(traceqlParser.parse(query), 'SpansetFilter').flatMap(({ from, to }) => {
      const inside = query.slice(from + 1, to - 1);
      if (inside.trim() === '') return [{ at: from + 1, text: ` ${conditions} ` }];
      // Brackets keep an `||` inside together.
      return [
        { at: from + 1, text: ' (' },
        { at: to - 1, text: `) && ${conditions} ` },
      ];
    }),
  );
}

/** The query with these conditions in each of its selectors; throws when it cannot be read. */
export function withFilters(query: string, language: Language, filters: AdhocFilter[]): string {
  if (filters.length === 0) return query;
  return { promql, logql, traceql }[language](query, filters);
}
