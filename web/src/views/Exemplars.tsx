import { useQueries } from '@tanstack/react-query';
import { useMemo } from 'react';
import { Link } from 'wouter';
import type { Exemplar } from '../api/prometheus';
import { queryExemplars } from '../api/prometheus';
import { errorText } from '../api/request';
import type { ChartPoint } from '../charts/Chart';
import { quantity, unitOfMetric } from '../format/quantity';
import { exactTime } from '../format/time';
import { seriesName } from '../promql/matcher';
import { traceIdIn } from '../traces/query';
import type { ExploreQuery } from '../url/explore';
import { traceLink } from '../url/traces';

export interface FoundExemplars {
  /** Those that name a trace, the newest first. */
  list: (Exemplar & { trace: string; span: string })[];
  points: ChartPoint[];
  failed: string | null;
  loading: boolean;
}

/** The names under which exemplars tell their trace and span. */
const traceNames = ['trace_id', 'traceID', 'traceId', 'TraceID'];
const spanNames = ['span_id', 'spanID', 'spanId', 'SpanID'];
/** Exemplars that are drawn and listed; of more, the newest. */
const most = 500;

const told = (labels: Record<string, string>, names: string[]) => labels[names.find((name) => labels[name]) ?? ''] ?? '';

export const exemplarLink = ({ trace, span }: { trace: string; span: string }) => traceLink(trace, { span });

/** The exemplars behind the PromQL of these queries, in seconds since 1970. */
export function useExemplars(queries: ExploreQuery[], start: number, end: number): FoundExemplars {
  const asked = queries.filter((query) => query.language === 'promql');
  const answers = useQueries({
    queries: asked.map(({ text }) => ({
      queryKey: ['explore', 'exemplars', text, start, end],
      enabled: Number.isFinite(start),
      queryFn: ({ signal }: { signal: AbortSignal }) => queryExemplars(text, start, end, signal),
      staleTime: Infinity,
      refetchInterval: false as const,
      refetchOnWindowFocus: false,
      retry: false,
    })),
  });
  const version = answers.map((answer) => answer.dataUpdatedAt).join();
  const list = useMemo(() => {
    const found = answers.flatMap((answer) => answer.data ?? []).flatMap((each) => {
      const trace = traceIdIn(told(each.labels, traceNames));
      return trace ? [{ ...each, trace, span: told(each.labels, spanNames) }] : [];
    });
    return found.sort((a, b) => b.time - a.time).slice(0, most);
    // `version` stands for the answers.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [version]);
  const points = useMemo(() => list.map(({ time, value }) => ({ at: time, value })), [list]);
  const error = answers.find((answer) => answer.error)?.error;
  return { list, points, failed: error ? errorText(error) : null, loading: answers.some((answer) => answer.isFetching) };
}

/** The traces behind the chart, for those who do not click its points. */
export function ExemplarList({ found }: { found: FoundExemplars }) {
  if (found.failed !== null) return <span className="dim">No exemplars: {found.failed}</span>;
  if (found.list.length === 0) return <span className="dim">{found.loading ? 'Looking for exemplars…' : 'These series have no exemplars with a trace in this range.'}</span>;
  return (
    <details>
      <summary className="dim" style={{ cursor: 'pointer' }}>
        Exemplars: {found.list.length === most ? `the newest ${most}` : found.list.length} traces behind these series
      </summary>
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a region that scrolls must be reachable by key */}
      <div className="scroll" tabIndex={0} role="region" aria-label="Exemplars" style={{ maxHeight: '18rem', overflowY: 'auto' }}>
        <table className="grid">
          <thead>
            <tr>
              <th>Time</th>
              <th className="num">Value</th>
              <th>Trace</th>
              <th>Series</th>
            </tr>
          </thead>
          <tbody>
            {found.list.map((each, index) => (
              <tr key={index}>
                <td className="num nowrap">{exactTime(new Date(each.time * 1000))}</td>
                <td className="num nowrap">{quantity(each.value, unitOfMetric(each.series.__name__?.replace(/_(bucket|sum)$/, '')))}</td>
                <td>
                  <Link href={exemplarLink(each)}>
                    <code>{each.trace}</code>
                  </Link>
                </td>
                <td>
                  <code className="dim">{seriesName(each.series)}</code>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}
