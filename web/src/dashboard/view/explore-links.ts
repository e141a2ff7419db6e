import { exploreLink, writeExplore } from '../../url/explore';
import { logsLink } from '../../url/logs';
import { traceLink, tracesLink } from '../../url/traces';
import type { TimeSpan } from '../panel';
import type { AskedQuery } from './panel-state';

export interface ExploreLink {
  name: string;
  href: string;
}

const seconds = (ms: number) => Math.round(ms / 1000);

/**
 * Where a panel's queries can be looked into, as they were asked: those of metrics together, those of logs and traces
 * one by one. `follows` keeps a range that ends now at the present.
 */
export function exploreLinks(queries: readonly AskedQuery[], span: TimeSpan, follows: boolean): ExploreLink[] {
  const when = { range: Math.max(1, seconds(span.to - span.from)), end: follows ? null : seconds(span.to) };
  // A query may be asked twice, as a range and for one moment.
  const asked = queries.filter((query, index) => query.kind !== 'exemplars' && queries.findIndex((other) => other.language === query.language && other.query === query.query) === index);
  const metrics = asked.filter(({ language, kind }) => language === 'promql' || (language === 'logql' && kind !== 'logs'));
  const links: ExploreLink[] = [];
  if (metrics.length === 1) links.push({ name: 'Explore', href: exploreLink(metrics[0]!.query, { language: metrics[0]!.language, tab: metrics[0]!.kind === 'instant' ? 'table' : 'chart', ...when }) });
  else if (metrics.length > 1) {
    const tab = metrics.every(({ kind }) => kind === 'instant') ? 'table' : 'chart';
    const state = { queries: metrics.map(({ query, language }) => ({ text: query, language, hidden: false })), tab, step: null, stacked: false, ...when } as const;
    links.push({ name: 'Explore', href: `/explore?${writeExplore({ ...state, queries: [...state.queries] })}` });
  }
  const logs = asked.filter(({ language, kind }) => language === 'logql' && kind === 'logs');
  for (const query of logs) links.push({ name: logs.length > 1 ? `Logs of ${query.refId}` : 'Logs', href: logsLink(query.query, when) });
  const traces = asked.filter(({ language }) => language === 'traceql');
  for (const query of traces) {
    const name = traces.length > 1 ? `Traces of ${query.refId}` : 'Traces';
    links.push({ name, href: query.kind === 'trace' ? traceLink(query.query.trim()) : tracesLink(query.query, { mode: 'traceql', ...when }) });
  }
  return links;
}
