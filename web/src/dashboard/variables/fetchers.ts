/** Where the options of variables come from. Tests and previews give other ones. */

import * as loki from '../../api/loki';
import type { InstantSeries } from '../../api/prometheus';
import { queryInstant } from '../../api/prometheus';
import { request } from '../../api/request';
import { tagNames, tagValues } from '../../api/tempo';
import type { TimeSpan } from '../panel';

type Labels = Record<string, string>;

/** Asks one kind of store for labels and their values in a range. `match` is a selector, nothing for all. */
export interface LabelFetcher {
  names(match: string | null, span: TimeSpan, signal?: AbortSignal): Promise<string[]>;
  values(name: string, match: string | null, span: TimeSpan, signal?: AbortSignal): Promise<string[]>;
}

export interface Fetchers {
  promql: LabelFetcher & {
    series(match: string, span: TimeSpan, signal?: AbortSignal): Promise<Labels[]>;
    /** Evaluates at the end of the range. */
    query(expression: string, span: TimeSpan, signal?: AbortSignal): Promise<{ series: InstantSeries[] } | { value: string }>;
  };
  logql: LabelFetcher;
  traceql: LabelFetcher;
}

const range = ({ from, to }: TimeSpan, match: string | null) => {
  const params = new URLSearchParams({ start: String(from / 1000), end: String(to / 1000) });
  if (match !== null) params.set('match[]', match);
  return params.toString();
};
const ask = async <T>(path: string, signal?: AbortSignal): Promise<T[]> => (await request<{ data?: T[] | null }>(`/api/v1/${path}`, { signal: signal ?? null }))?.data ?? [];
const nanoseconds = (ms: number) => BigInt(Math.round(ms)) * 1_000_000n;
const seconds = ({ from, to }: TimeSpan) => ({ start: from / 1000, end: to / 1000 });

/** A name of an attribute with its scope, as the search for its values wants it. */
const scopedTag = (name: string) => (/^(\.|resource\.|span\.|event\.|link\.|instrumentation\.|trace:|span:|event:|link:)/.test(name) || /^(name|status|statusMessage|kind|duration|rootName|rootServiceName|traceDuration)$/.test(name) ? name : `.${name}`);

/** The server's own answers. */
export const serverFetchers: Fetchers = {
  promql: {
    names: (match, span, signal) => ask<string>(`labels?${range(span, match)}`, signal),
    values: (name, match, span, signal) => ask<string>(`label/${encodeURIComponent(name)}/values?${range(span, match)}`, signal),
    series: (match, span, signal) => ask<Labels>(`series?${range(span, match)}`, signal),
    async query(expression, span, signal) {
      const { data } = await queryInstant(expression, 'promql', span.to / 1000, signal);
      if (data.resultType === 'vector') return { series: data.result };
      if (data.resultType === 'matrix') throw new Error('The expression gives a range of values; variables take those of one moment');
      return { value: data.result[1] };
    },
  },
  logql: {
    // Loki knows names of labels for all streams only.
    names: (_, span, signal) => loki.labelNames(nanoseconds(span.from), nanoseconds(span.to), signal),
    values: (name, match, span, signal) => loki.labelValues(name, nanoseconds(span.from), nanoseconds(span.to), match ?? undefined, signal),
  },
  traceql: {
    async names(_, span, signal) {
      const scopes = await tagNames(seconds(span), signal);
      return [...new Set(scopes.flatMap(({ tags }) => tags))];
    },
    async values(name, match, span, signal) {
      return (await tagValues(scopedTag(name), seconds(span), match ?? undefined, signal)).map(({ value }) => value);
    },
  },
};
