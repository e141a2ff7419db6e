import { formatDuration, parseDuration } from '../format/duration';
import { parseMoment } from './explore';

/** Everything that the logs view shows, as its address keeps it. */
export interface LogsState {
  query: string;
  /** Seconds. */
  range: number;
  /** The end in seconds since 1970; `null` for now. */
  end: number | null;
  order: 'backward' | 'forward';
  /** The entry that a link leads to: its time in nanoseconds and its mark. */
  at: string | null;
  live: boolean;
}

export const defaultLogsRange = 3_600;

export function readLogs(params: URLSearchParams): LogsState {
  return {
    query: params.get('q') ?? '',
    range: parseDuration(params.get('range') ?? '') ?? defaultLogsRange,
    end: parseMoment(params.get('end')),
    order: params.get('order') === 'forward' ? 'forward' : 'backward',
    at: /^\d{1,19}-[0-9a-z]+(-\d+)?$/.test(params.get('at') ?? '') ? params.get('at') : null,
    live: params.get('live') === '1',
  };
}

const rfc3339 = (seconds: number) => new Date(seconds * 1000).toISOString().replace('.000Z', 'Z');

export function writeLogs(state: LogsState): URLSearchParams {
  const params = new URLSearchParams();
  if (state.query !== '') params.set('q', state.query);
  if (state.range !== defaultLogsRange) params.set('range', formatDuration(state.range));
  if (state.end !== null) params.set('end', rfc3339(state.end));
  if (state.order === 'forward') params.set('order', 'forward');
  if (state.at !== null) params.set('at', state.at);
  if (state.live) params.set('live', '1');
  return params;
}

/** A link to the logs of a query. */
export function logsLink(query: string, more: Partial<LogsState> = {}): string {
  return `/logs?${writeLogs({ query, range: defaultLogsRange, end: null, order: 'backward', at: null, live: false, ...more }).toString()}`;
}

/** The range that holds an entry, a minute on both sides, for a link that still shows it when time has gone on. */
export function aroundEntry(key: string): { range: number; end: number } {
  const seconds = Number(BigInt(key.split('-')[0]!) / 1_000_000_000n);
  return { range: 120, end: seconds + 60 };
}
