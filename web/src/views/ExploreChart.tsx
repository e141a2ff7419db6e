import { Button, useComputedColorScheme } from '@mantine/core';
import { keepPreviousData, useQueries } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { useLocation } from 'wouter';
import { queryRange } from '../api/prometheus';
import { lineColor } from '../charts/colors';
import type { Line } from '../charts/grid';
import { onGrid, times } from '../charts/grid';
import { LazyChart } from '../charts/LazyChart';
import { formatDuration } from '../format/duration';
import type { Unit } from '../format/quantity';
import { quantity, unitOfMetric } from '../format/quantity';
import { exactTime } from '../format/time';
import { Empty, Failure, Loading } from '../parts/Answer';
import { Icon } from '../parts/Icon';
import { LogsButton } from '../parts/LogsButton';
import { ExemplarList, exemplarLink, useExemplars } from './Exemplars';
import { seriesName } from '../promql/matcher';
import type { ExploreQuery } from '../url/explore';
import { AnswerNotes } from './AnswerNotes';
import { queryLetter } from './QueryRow';

interface Props {
  queries: (ExploreQuery & { index: number })[];
  range: number;
  end: number | null;
  step: number;
  stacked: boolean;
  exemplars: boolean;
  runs: number;
  every: number | null;
  onZoom: (next: { range: number; end: number; step?: null }) => void;
}

/** Lines drawn until more are asked for, and the most that can be. */
const fewLines = 100;
const mostLines = 1_000;
/** Rows of the table that stands for the chart. */
const tableRows = 60;
const tableColumns = 12;

interface DrawnLine extends Line {
  metric: Record<string, string>;
}

export function ExploreChart({ queries, range, end, step, stacked, exemplars, runs, every, onZoom }: Props) {
  const [, navigate] = useLocation();
  const [all, setAll] = useState(false);
  const [off, setOff] = useState<ReadonlySet<string>>(new Set());
  const [highlighted, setHighlighted] = useState<string | null>(null);
  const isDark = useComputedColorScheme('light') === 'dark';

  const answers = useQueries({
    queries: queries.map(({ text, language }) => ({
      queryKey: ['explore', 'range', language, text, range, end, step, runs],
      queryFn: async ({ signal }: { signal: AbortSignal }) => {
        const finish = end ?? Date.now() / 1000;
        // Both ends stand on whole steps, so that renewing moves points instead of changing them all.
        const last = end === null ? Math.floor(finish / step) * step : finish;
        const start = last - Math.floor(range / step + 1e-9) * step;
        return { ...(await queryRange(text, language, start, last, step, signal)), start, end: last };
      },
      refetchInterval: every === null ? (false as const) : every * 1000,
      placeholderData: keepPreviousData,
      staleTime: Infinity,
      refetchOnWindowFocus: false,
    })),
  });

  const ready = answers.map((answer) => answer.data);
  const start = Math.min(...ready.flatMap((data) => (data ? [data.start] : [])));
  const finish = Math.max(...ready.flatMap((data) => (data ? [data.end] : [])));
  const version = answers.map((answer) => answer.dataUpdatedAt).join();
  const asked = queries.map((query) => `${query.index} ${query.text}`).join('\n');

  const { at, lines, histograms } = useMemo(() => {
    const at = Number.isFinite(start) ? times(start, finish, step) : [];
    const lines: DrawnLine[] = [];
    let histograms = 0;
    ready.forEach((data, place) => {
      if (data?.data.resultType !== 'matrix') return;
      for (const series of data.data.result) {
        if (series.histograms?.length) histograms += 1;
        if (!series.values?.length) continue;
        const letter = queries.length > 1 ? `${queryLetter(queries[place]!.index)} ` : '';
        const name = seriesName(series.metric);
        lines.push({
          key: `${queries[place]!.index} ${name}`,
          name: letter + (name === '{}' ? queries[place]!.text : name),
          metric: series.metric,
          color: lines.length,
          values: onGrid(series, start, step, at.length),
        });
      }
    });
    return { at, lines, histograms };
    // `version` and `asked` stand for the answers and the queries.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [version, asked, start, finish, step]);

  const found = useExemplars(exemplars ? queries : [], start, finish);

  const listed = lines.slice(0, all ? mostLines : fewLines);
  const drawn = useMemo(() => listed.filter((line) => !off.has(line.key)), [listed.length, lines, off]); // eslint-disable-line react-hooks/exhaustive-deps
  const units = new Set(lines.map((line) => unitOfMetric(line.metric.__name__)));
  const unit: Unit = units.size === 1 ? [...units][0]! : 'none';

  const toggle = (key: string, alone: boolean) => {
    if (!alone) {
      const next = new Set(off);
      if (!next.delete(key)) next.add(key);
      setOff(next);
      return;
    }
    const others = listed.filter((line) => line.key !== key).map((line) => line.key);
    const isAlone = !off.has(key) && others.every((other) => off.has(other));
    setOff(new Set(isAlone ? [] : others));
  };

  const loading = answers.some((answer) => answer.isPending);
  return (
    <section className="panel explore-chart" aria-label="Chart">
      {answers.map((answer, place) =>
        answer.error ? (
          <div key={place} className="body">
            <Failure error={answer.error} title={queries.length > 1 ? `Query ${queryLetter(queries[place]!.index)}` : undefined} retry={() => void answer.refetch()} />
          </div>
        ) : null,
      )}
      {loading && lines.length === 0 && (
        <div className="body">
          <Loading lines={6} />
        </div>
      )}
      {!loading && lines.length === 0 && !answers.some((answer) => answer.error) && (
        <Empty title={histograms > 0 ? 'Native histograms are not drawn' : 'No series in this range'}>
          <p>{histograms > 0 ? 'The table shows them; histogram_quantile(0.9, …) makes a line of them.' : 'Widen the range, check the labels, or see in Targets whether what should send this is up.'}</p>
        </Empty>
      )}
      {lines.length > 0 && (
        <>
          <LazyChart
            label={`Chart of ${queries.map((query) => query.text).join(', ')}; the same values stand in the table below it`}
            times={at}
            lines={drawn}
            start={start}
            end={finish}
            unit={unit}
            stacked={stacked}
            height={340}
            highlighted={highlighted}
            points={found.points}
            onPoint={(index) => navigate(exemplarLink(found.list[index]!))}
            onZoom={(from, to) => {
              const length = Math.max(Math.round(to - from), 5);
              onZoom({ range: length, end: Math.round(from) + length });
            }}
          />
          <div className="legend">
            <table className="grid">
              <thead>
                <tr>
                  <th>Series ({lines.length})</th>
                  <th className="num">Least</th>
                  <th className="num">Most</th>
                  <th className="num">Last</th>
                  <th className="fit">
                    <span className="hidden-text">Logs</span>
                  </th>
                </tr>
              </thead>
              <tbody onMouseLeave={() => setHighlighted(null)}>
                {listed.map((line) => (
                  <LegendRow key={line.key} line={line} metric={line.metric} range={range} end={end} unit={unit} off={off.has(line.key)} color={lineColor(line.color, isDark)} onToggle={(alone) => toggle(line.key, alone)} onEnter={() => setHighlighted(off.has(line.key) || listed.length === 1 ? null : line.key)} />
                ))}
              </tbody>
            </table>
          </div>
          {lines.length > listed.length && (
            <div className="body row wrap">
              <span>
                {listed.length} of {lines.length} series are drawn.
              </span>
              {!all && (
                <Button variant="default" onClick={() => setAll(true)}>
                  Draw {lines.length > mostLines ? `the first ${mostLines}` : 'all'}
                </Button>
              )}
            </div>
          )}
        </>
      )}
      {ready.some((data) => data !== undefined) && (
      <div className="body stack tight">
        {ready.map((data, place) =>
          data ? <AnswerNotes key={place} letter={queries.length > 1 ? queryLetter(queries[place]!.index) : null} answer={data} extra={`${formatDuration(step)} between points`} /> : null,
        )}
        {exemplars && <ExemplarList found={found} />}
        {drawn.length > 0 && <ValuesTable at={at} lines={drawn} unit={unit} />}
      </div>
      )}
    </section>
  );
}

interface LegendProps {
  line: Line;
  metric: Record<string, string>;
  range: number;
  end: number | null;
  unit: Unit;
  off: boolean;
  color: string;
  onToggle: (alone: boolean) => void;
  onEnter: () => void;
}

function LegendRow({ line, metric, range, end, unit, off, color, onToggle, onEnter }: LegendProps) {
  let least = Infinity;
  let most = -Infinity;
  let last: number | null = null;
  for (const value of line.values) {
    if (value === null) continue;
    least = Math.min(least, value);
    most = Math.max(most, value);
    last = value;
  }
  const show = (value: number | null) => (value === null || !Number.isFinite(value) ? '–' : quantity(value, unit));
  return (
    <tr onMouseEnter={onEnter}>
      <td>
        <button
          type="button"
          className={off ? 'off' : ''}
          aria-pressed={!off}
          title="Click hides or shows the line; with Ctrl, Shift or Alt it is shown alone"
          onFocus={onEnter}
          onClick={(event) => onToggle(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey)}
        >
          <span className="swatch" style={{ background: color }} />
          <span className="mono">{line.name}</span>
        </button>
      </td>
      <td className="num">{show(least)}</td>
      <td className="num">{show(most)}</td>
      <td className="num">{show(last)}</td>
      <td className="fit">{Object.keys(metric).some((name) => name !== '__name__') && <LogsButton labels={metric} range={range} end={end} size="compact-xs" of={line.name} />}</td>
    </tr>
  );
}

/** The chart's values for those who cannot see it: at most sixty moments, evenly chosen. */
function ValuesTable({ at, lines, unit }: { at: number[]; lines: Line[]; unit: Unit }) {
  const [open, setOpen] = useState(false);
  const every = Math.max(1, Math.ceil(at.length / tableRows));
  const columns = lines.slice(0, tableColumns);
  return (
    <details onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary className="dim">
        <span className="row" style={{ gap: '0.25rem', cursor: 'pointer' }}>
          <span className="turn" style={{ display: 'inline-flex' }}>
            <Icon name="right" size={12} />
          </span>
          The chart as a table
        </span>
      </summary>
      {open && (
        // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a region that scrolls must be reachable by key
        <div className="scroll" tabIndex={0} role="region" aria-label="Values of the chart">
          <table className="grid">
            <thead>
              <tr>
                <th>Time</th>
                {columns.map((line) => (
                  <th key={line.key} className="num" style={{ whiteSpace: 'normal' }}>
                    {line.name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {at.map((time, index) =>
                index % every === 0 ? (
                  <tr key={time}>
                    <td className="num nowrap">{exactTime(new Date(time * 1000))}</td>
                    {columns.map((line) => (
                      <td key={line.key} className="num">
                        {line.values[index] == null ? '–' : quantity(line.values[index], unit)}
                      </td>
                    ))}
                  </tr>
                ) : null,
              )}
            </tbody>
          </table>
          {lines.length > columns.length && <div className="dim">The first {columns.length} of {lines.length} series.</div>}
        </div>
      )}
    </details>
  );
}
