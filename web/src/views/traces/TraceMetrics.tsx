import { useComputedColorScheme } from '@mantine/core';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { Link } from 'wouter';
import { traceMetrics } from '../../api/tempo';
import { lineColor } from '../../charts/colors';
import { LazyChart } from '../../charts/LazyChart';
import { quantity } from '../../format/quantity';
import { exactTime } from '../../format/time';
import { Empty, Failure, Loading } from '../../parts/Answer';
import { givesSeconds } from '../../traces/query';
import { seriesLines } from '../../traces/series';
import { stepFor } from '../../url/explore';
import type { TracesState } from '../../url/traces';
import { traceLink } from '../../url/traces';

interface Props {
  state: TracesState;
  runs: number;
  onChange: (next: Partial<TracesState>) => void;
}

/** Series that are drawn, and exemplars that are listed. */
const mostLines = 200;
const mostExemplars = 100;

/** What a metrics query gives, as a chart, and the traces that stand behind its numbers. */
export function TraceMetrics({ state, runs, onChange }: Props) {
  const { query, range, end } = state;
  const isDark = useComputedColorScheme('light') === 'dark';
  const [highlighted, setHighlighted] = useState<string | null>(null);
  const answer = useQuery({
    queryKey: ['traces', 'metrics', query, range, end, runs],
    queryFn: async ({ signal }) => {
      const step = Math.max(1, Math.ceil(stepFor(range, null)));
      const last = Math.floor((end ?? Date.now() / 1000) / step) * step;
      const span = { start: last - Math.floor(range / step) * step, end: last };
      return { ...(await traceMetrics(query, span, step, signal)), ...span };
    },
    placeholderData: keepPreviousData,
    staleTime: Infinity,
    refetchInterval: false,
    refetchOnWindowFocus: false,
    retry: false,
  });
  const { times, lines } = useMemo(() => seriesLines((answer.data?.series ?? []).slice(0, mostLines), query), [answer.data, query]);
  const exemplars = useMemo(() => (answer.data?.series ?? []).flatMap((series) => series.exemplars.map((each) => ({ ...each, series: series.name }))).filter((each) => each.traceId).sort((a, b) => b.value - a.value), [answer.data]);
  const unit = givesSeconds(query) ? 'seconds' : 'none';
  const data = answer.data;
  return (
    <section className="panel explore-chart" aria-label="Chart" aria-busy={answer.isFetching}>
      {answer.error && (
        <div className="body">
          <Failure error={answer.error} retry={() => void answer.refetch()} />
        </div>
      )}
      {answer.isPending && (
        <div className="body">
          <Loading lines={6} />
        </div>
      )}
      {data && lines.length === 0 && !answer.error && (
        <Empty title="No numbers in this range">
          <p>No span of this range passes the query.</p>
        </Empty>
      )}
      {data && lines.length > 0 && (
        <>
          <LazyChart
            label={`Chart of ${query}; the last values stand in the table below it`}
            times={times}
            lines={lines}
            start={data.start}
            end={data.end}
            unit={unit}
            height={320}
            highlighted={highlighted}
            onZoom={(from, to) => {
              const length = Math.max(Math.round(to - from), 5);
              onChange({ range: length, end: Math.round(from) + length });
            }}
          />
          <div className="legend">
            <table className="grid">
              <thead>
                <tr>
                  <th>Series ({data.series.length})</th>
                  <th className="num">Most</th>
                  <th className="num">Last</th>
                </tr>
              </thead>
              <tbody onMouseLeave={() => setHighlighted(null)}>
                {lines.map((line) => {
                  const known = line.values.filter((value): value is number => value !== null);
                  return (
                    <tr key={line.key} onMouseEnter={() => setHighlighted(lines.length > 1 ? line.key : null)}>
                      <td>
                        <span className="row">
                          <span className="swatch" style={{ background: lineColor(line.color, isDark) }} />
                          <span className="mono">{line.name}</span>
                        </span>
                      </td>
                      <td className="num">{known.length > 0 ? quantity(known.reduce((most, value) => Math.max(most, value), -Infinity), unit) : '–'}</td>
                      <td className="num">{known.length > 0 ? quantity(known[known.length - 1]!, unit) : '–'}</td>
                    </tr>
                  );
                })}
              </tbody>
            </table>
          </div>
          <div className="body stack tight">
            <span className="answer-facts dim" role="status">
              <span>{data.milliseconds.toFixed(0)} ms</span>
              {data.series.length > mostLines && <span>{mostLines} of {data.series.length} series are drawn</span>}
            </span>
            {exemplars.length > 0 && (
              <details>
                <summary className="dim" style={{ cursor: 'pointer' }}>
                  Traces behind these numbers ({exemplars.length.toLocaleString('en')})
                </summary>
                <ul className="found-spans">
                  {exemplars.slice(0, mostExemplars).map((each, index) => (
                    <li key={index}>
                      <Link href={traceLink(each.traceId.padStart(32, '0'), { span: each.spanId })}>
                        <code>{each.traceId.slice(0, 16)}…</code>
                      </Link>{' '}
                      <span className="num">{quantity(each.value, unit)}</span> <span className="dim num">{exactTime(new Date(each.time * 1000))}</span> <code className="dim">{each.series}</code>
                    </li>
                  ))}
                </ul>
              </details>
            )}
          </div>
        </>
      )}
    </section>
  );
}
