import { formatMatchers, matchersOf } from '../promql/matcher';

/** A link to a new silence for exactly these labels. */
export function silenceLink(labels: Record<string, string>, comment?: string): string {
  const params = new URLSearchParams({ filter: formatMatchers(matchersOf(labels)) });
  if (comment) params.set('comment', comment);
  return `/silences/new?${params}`;
}
