import { Button } from '@mantine/core';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { InstantSeries, QueryData, RangeSeries } from '../api/prometheus';
import { queryInstant } from '../api/prometheus';
import { quantity, sampleValue, unitOfMetric } from '../format/quantity';
import { exactTime } from '../format/time';
import { Empty, Failure, Loading } from '../parts/Answer';
import { seriesName } from '../promql/matcher';
import type { ExploreQuery } from '../url/explore';
import { AnswerNotes } from './AnswerNotes';
import { queryLetter } from './QueryRow';
import { Scroll } from '../parts/Scroll';

interface Props {
  queries: (ExploreQuery & { index: number })[];
  time: number | null;
  runs: number;
  every: number | null;
}

/** Rows shown until more are asked for. */
const fewRows = 300;

export function ExploreTable({ queries, time, runs, every }: Props) {
  return (
    <>
      {queries.map((query) => (
        <OneTable key={query.index} query={query} time={time} runs={runs} every={every} letter={queries.length > 1 ? queryLetter(query.index) : null} />
      ))}
    </>
  );
}

function OneTable({ query, time, runs, every, letter }: Omit<Props, 'queries'> & { query: ExploreQuery; letter: string | null }) {
  const answer = useQuery({
    queryKey: ['explore', 'instant', query.language, query.text, time, runs],
    queryFn: ({ signal }) => queryInstant(query.text, query.language, time, signal),
    refetchInterval: every === null ? false : every * 1000,
    placeholderData: keepPreviousData,
    staleTime: Infinity,
    refetchOnWindowFocus: false,
  });
  return (
    <section className="panel" aria-label={letter ? `Result of query ${letter}` : 'Result'}>
      {letter && (
        <header>
          <strong>{letter}</strong>
          <code className="dim">{query.text}</code>
        </header>
      )}
      {answer.error && (
        <div className="body">
          <Failure error={answer.error} retry={() => void answer.refetch()} />
        </div>
      )}
      {answer.isPending && (
        <div className="body">
          <Loading />
        </div>
      )}
      {answer.data && !answer.error && (
        <>
          <Result data={answer.data.data} />
          <div className="body">
            <AnswerNotes answer={answer.data} letter={null} />
          </div>
        </>
      )}
    </section>
  );
}

function Result({ data }: { data: QueryData }) {
  const [order, setOrder] = useState<'none' | 'descending' | 'ascending'>('none');
  const [all, setAll] = useState(false);
  if (data.resultType === 'scalar' || data.resultType === 'string') {
    return (
      <div className="body">
        <span className="dim">{data.resultType}</span> <code className="num">{data.result[1]}</code>
      </div>
    );
  }
  if (data.result.length === 0) {
    return (
      <Empty title="No series at this time">
        <p>Check the labels and the time, or see in Targets whether what should send this is up.</p>
      </Empty>
    );
  }
  if (data.resultType === 'matrix') return <MatrixRows rows={data.result} />;
  const value = (row: InstantSeries) => sampleValue(row.value?.[1] ?? row.histogram?.[1].count ?? 'NaN');
  const rows = order === 'none' ? data.result : [...data.result].sort((a, b) => (order === 'ascending' ? value(a) - value(b) : value(b) - value(a)));
  const next = { none: 'descending', descending: 'ascending', ascending: 'none' } as const;
  return (
    <Scroll label="Series">
      <table className="grid">
        <thead>
          <tr>
            <th>Series</th>
            <th className="num" aria-sort={order}>
              <button type="button" className="plain-button" onClick={() => setOrder(next[order])} title="Sort by value">
                Value {order === 'ascending' ? '↑' : order === 'descending' ? '↓' : '↕'}
              </button>
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.slice(0, all ? undefined : fewRows).map((row) => (
            <tr key={seriesName(row.metric)}>
              <td className="mono" style={{ overflowWrap: 'anywhere' }}>
                {seriesName(row.metric)}
              </td>
              <td className="num">{row.histogram ? <Histogram row={row} /> : <Value text={row.value![1]} name={row.metric.__name__} />}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {!all && rows.length > fewRows && (
        <div className="body row">
          <span>
            {fewRows} of {rows.length} series.
          </span>
          <Button variant="default" onClick={() => setAll(true)}>
            Show all
          </Button>
        </div>
      )}
    </Scroll>
  );
}

/** The value as the server wrote it, and in brackets what it means when that is easier to read. */
function Value({ text, name }: { text: string; name: string | undefined }) {
  const value = sampleValue(text);
  const unit = unitOfMetric(name);
  const helpful = Number.isFinite(value) && (unit !== 'none' ? Math.abs(value) >= 1 || value === 0 : Math.abs(value) >= 100_000);
  return (
    <>
      <span className="mono">{text}</span>
      {helpful && value !== 0 && <span className="dim"> ({quantity(value, unit)})</span>}
    </>
  );
}

function Histogram({ row }: { row: InstantSeries }) {
  const [, value] = row.histogram!;
  return (
    <span className="mono">
      count {value.count}, sum {value.sum}
    </span>
  );
}

/** A range selector's answer: each series with its raw samples. */
function MatrixRows({ rows }: { rows: RangeSeries[] }) {
  return (
    <Scroll label="Series">
      <table className="grid">
        <thead>
          <tr>
            <th>Series</th>
            <th>Samples</th>
          </tr>
        </thead>
        <tbody>
          {rows.slice(0, fewRows).map((row) => (
            <tr key={seriesName(row.metric)}>
              <td className="mono">{seriesName(row.metric)}</td>
              <td className="mono num">
                {(row.values ?? []).slice(-50).map(([time, value]) => (
                  <div key={time} className="nowrap">
                    {value} <span className="dim">at {exactTime(new Date(time * 1000))}</span>
                  </div>
                ))}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}
