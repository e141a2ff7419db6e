import { SegmentedControl, useComputedColorScheme } from '@mantine/core';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { Link } from 'wouter';
import type { IncidentDetail } from '../api/phoenix';
import { queryRange } from '../api/prometheus';
import type { Mark } from '../charts/Chart';
import { lineColor } from '../charts/colors';
import { onGrid, times } from '../charts/grid';
import { LazyChart } from '../charts/LazyChart';
import { unitOfMetric } from '../format/quantity';
import { Empty, Failure, Loading } from '../parts/Answer';
import { Expression } from '../parts/Expression';
import { seriesName } from '../promql/matcher';
import { threshold } from '../promql/threshold';
import { exploreLink, stepFor } from '../url/explore';

const seconds = (text: string) => new Date(text).getTime() / 1000;
/** Seconds shown before the beginning and after the end, at least. */
const least = 300;
/** The most lines drawn. */
const mostLines = 30;

/** From before the condition began to after the incident's end, or now. */
function span(incident: IncidentDetail, now: number): { start: number; end: number } {
  const began = seconds(incident.figures.condition_started_at ?? incident.opened_at);
  const finished = incident.resolved_at ? seconds(incident.resolved_at) : now;
  const room = Math.max(least, (finished - began) * 0.25);
  return { start: Math.floor(began - room), end: Math.ceil(incident.resolved_at ? Math.min(finished + room, now) : now) };
}

export function IncidentChart({ incident, expression }: { incident: IncidentDetail; expression: { language: string; text: string } }) {
  const split = useMemo(() => (expression.language === 'promql' ? threshold(expression.text) : null), [expression]);
  const [which, setWhich] = useState('own');
  const isDark = useComputedColorScheme('light') === 'dark';
  const text = split?.left ?? expression.text;
  const over = incident.state === 'resolved';
  const query = useQuery({
    queryKey: ['explore', 'incident', incident.id, incident.resolved_at, text],
    queryFn: async ({ signal }) => {
      const { start, end } = span(incident, Date.now() / 1000);
      const step = Math.max(1, stepFor(end - start, null));
      const last = start + Math.floor((end - start) / step) * step;
      return { ...(await queryRange(text, expression.language, start, last, step, signal)), start, end: last, step };
    },
    refetchInterval: over ? false : 5_000,
    placeholderData: keepPreviousData,
  });
  const { data } = query;

  const { at, lines, total } = useMemo(() => {
    if (data?.data.resultType !== 'matrix') return { at: [], lines: [], total: 0 };
    const at = times(data.start, data.end, data.step);
    const series = data.data.result;
    // A series belongs to the incident when one of its alerts has all the series' labels.
    const own = series.filter((each) =>
      incident.alerts.some((alert) => Object.entries(each.metric).every(([name, value]) => name === '__name__' || alert.labels[name] === undefined || alert.labels[name] === value)),
    );
    const chosen = which === 'own' && own.length > 0 ? own : series;
    const lines = chosen.slice(0, mostLines).map((each, color) => ({ key: seriesName(each.metric), name: seriesName(each.metric), color, values: onGrid(each, data.start, data.step, at.length), metric: each.metric }));
    return { at, lines, total: series.length };
  }, [data, incident.alerts, which]);

  const marks: Mark[] = [
    ...(incident.figures.condition_started_at ? [{ at: seconds(incident.figures.condition_started_at), label: 'condition', color: isDark ? '#efbf67' : '#7d5000' }] : []),
    { at: seconds(incident.opened_at), label: 'opened', color: isDark ? '#ff9a90' : '#a8201a' },
    ...(incident.acknowledged_at ? [{ at: seconds(incident.acknowledged_at), label: 'acknowledged', color: isDark ? '#72c3d4' : '#0d5a6c' }] : []),
    ...(incident.resolved_at ? [{ at: seconds(incident.resolved_at), label: 'resolved', color: isDark ? '#7fd3a0' : '#17663a' }] : []),
  ];
  const metric = lines[0]?.metric.__name__;
  return (
    <section className="panel" aria-labelledby="evidence">
      <header>
        <h2 id="evidence">The failing expression</h2>
        <span className="grow" />
        {total > lines.length || which === 'all' ? (
          <SegmentedControl
            aria-label="Which series"
            size="xs"
            value={which}
            onChange={setWhich}
            data={[
              { value: 'own', label: 'This incident' },
              { value: 'all', label: `All ${total}` },
            ]}
          />
        ) : null}
        <Link href={exploreLink(text, { language: expression.language, range: data ? data.end - data.start : 3_600, end: over && data ? data.end : null })}>Explore</Link>
      </header>
      <div className="body stack tight">
        <Expression text={expression.text} language={expression.language} end={over && data ? data.end : null} />
        {split && (
          <span className="dim">
            Drawn is the left side; it is bad while it is <code>{split.operator}</code> the dashed line at <span className="num">{String(split.value)}</span>.
          </span>
        )}
        {query.error && <Failure error={query.error} retry={() => void query.refetch()} />}
        {query.isPending && <Loading lines={5} />}
        {data && lines.length === 0 && !query.error && <Empty title="The expression gave nothing in this time" />}
        {data && lines.length > 0 && (
          <>
            <LazyChart
              label={`${text} around ${incident.id}, with the moments at which it was ${marks.map((mark) => mark.label).join(', ')}`}
              times={at}
              lines={lines}
              start={data.start}
              end={data.end}
              unit={unitOfMetric(metric)}
              height={220}
              thresholds={split && Number.isFinite(split.value) ? [split.value] : []}
              marks={marks}
            />
            <div className="tags">
              {lines.slice(0, 8).map((line) => (
                <span key={line.key} className="row" style={{ gap: '0.35rem' }}>
                  <span className="swatch" style={{ background: lineColor(line.color, isDark) }} />
                  <code>{line.name}</code>
                </span>
              ))}
            </div>
          </>
        )}
      </div>
    </section>
  );
}
