import { keepPreviousData, useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { Button } from '@mantine/core';
import { useMemo } from 'react';
import { Link } from 'wouter';
import { queryLogs, series } from '../../api/loki';
import { quantity } from '../../format/quantity';
import { isLogQuery, selectorOf } from '../../logs/edit';
import type { Entry } from '../../logs/entries';
import { entriesOf, joined } from '../../logs/entries';
import { Empty, Failure, Loading } from '../../parts/Answer';
import { exploreLink } from '../../url/explore';
import type { LogsState } from '../../url/logs';
import { LogFields } from './LogFields';
import { LogHistogram } from './LogHistogram';
import { LogLines } from './LogLines';
import type { FilterBy } from './Logs';

interface Props {
  state: LogsState;
  runs: number;
  onFilter: (filter: FilterBy) => void;
  onChange: (next: Partial<LogsState>) => void;
}

/** Entries of one page. */
const pageSize = 500;
const second = 1_000_000_000n;

/** The range of a state in nanoseconds, from whole seconds; the end is one past the last moment. */
export function nanoseconds(state: { range: number; end: number | null }): { start: bigint; end: bigint } {
  const end = BigInt(Math.ceil(state.end ?? Date.now() / 1000)) * second;
  return { start: end - BigInt(Math.ceil(state.range)) * second, end: end + 1n };
}

export function LogAnswers({ state, runs, onFilter, onChange }: Props) {
  const { query, range, end, order } = state;
  const isLogs = isLogQuery(query);
  const span = useMemo(() => nanoseconds({ range, end }), [range, end, query, runs]); // eslint-disable-line react-hooks/exhaustive-deps
  const pages = useInfiniteQuery({
    queryKey: ['logs', query, range, end, order, runs],
    enabled: isLogs,
    initialPageParam: null as bigint | null,
    queryFn: async ({ pageParam, signal }) => {
      const bounds = order === 'backward' ? { start: span.start, end: pageParam ?? span.end } : { start: pageParam ?? span.start, end: span.end };
      const answer = await queryLogs(query, { ...bounds, limit: pageSize, direction: order }, signal);
      return { answer, entries: answer.data.resultType === 'streams' ? entriesOf(answer.data.result, order) : [] };
    },
    // The next page begins with the moment of the last entry, which other entries may share; what comes twice is left out.
    getNextPageParam: ({ entries }) => {
      const last = entries.at(-1);
      if (entries.length < pageSize || !last) return undefined;
      return order === 'backward' ? last.time + 1n : last.time;
    },
    placeholderData: keepPreviousData,
    staleTime: Infinity,
    refetchOnWindowFocus: false,
  });

  const entries = useMemo(() => (pages.data?.pages ?? []).reduce<Entry[]>((all, page) => joined(all, page.entries), []), [pages.data]);
  const facts = pages.data?.pages.at(-1)?.answer;

  if (!isLogs) {
    return (
      <section className="panel">
        <Empty title="This query gives numbers, not lines">
          <p>
            <Link href={exploreLink(query, { language: 'logql', range, end })}>Show it as a chart in Explore</Link>
          </p>
        </Empty>
      </section>
    );
  }
  return (
    <>
      <LogHistogram query={query} range={range} end={end} runs={runs} onZoom={(next) => onChange(next)} />
      {pages.error && <Failure error={pages.error} retry={() => void pages.refetch()} />}
      <div className="logs-body">
        <LogFields query={query} span={span} runs={runs} onFilter={onFilter} />
        <section className="panel logs-panel" aria-label="Lines" aria-busy={pages.isFetching}>
          {pages.data ? (
            entries.length > 0 ? (
              <LogLines
                entries={entries}
                state={state}
                onFilter={onFilter}
                head={
                  facts && (
                    <span className="answer-facts" role="status">
                      <span>
                        {entries.length.toLocaleString('en')} {entries.length === 1 ? 'line' : 'lines'}
                      </span>
                      <span>{facts.milliseconds.toFixed(0)} ms</span>
                      {facts.bytes > 0 && <span>{quantity(facts.bytes, 'bytes')} looked at</span>}
                    </span>
                  )
                }
                foot={
                  pages.hasNextPage ? (
                    <Button variant="default" loading={pages.isFetchingNextPage} onClick={() => void pages.fetchNextPage()}>
                      {order === 'backward' ? 'Older lines' : 'Later lines'}
                    </Button>
                  ) : (
                    <span className="dim">These are all lines of this range.</span>
                  )
                }
              />
            ) : (
              <Nothing query={query} span={span} onChange={onChange} range={range} />
            )
          ) : (
            !pages.error && <Loading lines={8} />
          )}
        </section>
      </div>
    </>
  );
}

/** No line: says whether there are streams at all. */
function Nothing({ query, span, range, onChange }: { query: string; span: { start: bigint; end: bigint }; range: number; onChange: Props['onChange'] }) {
  const selector = selectorOf(query);
  const streams = useQuery({
    queryKey: ['logs', 'streams', selector, String(span.end), String(span.start)],
    enabled: selector !== null,
    queryFn: ({ signal }) => series(selector!, span.start, span.end, signal),
  });
  const count = streams.data?.length;
  return (
    <Empty title="No line matches">
      <p className="dim">
        {count === undefined
          ? 'Nothing in this range passes the query.'
          : count === 0
            ? 'No stream has lines under this selector in this range.'
            : `${count} ${count === 1 ? 'stream matches' : 'streams match'} the selector ${selector}, but none of their lines passes the rest of the query.`}
      </p>
      <Button variant="default" onClick={() => onChange({ range: Math.min(range * 4, 31_536_000) })}>
        Look four times as far back
      </Button>
    </Empty>
  );
}
