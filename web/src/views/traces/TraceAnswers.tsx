import { Button, Checkbox, NativeSelect } from '@mantine/core';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'wouter';
import type { FoundTrace } from '../../api/tempo';
import { searchTraces } from '../../api/tempo';
import { quantity } from '../../format/quantity';
import { exactTime } from '../../format/time';
import { Empty, Failure, Loading } from '../../parts/Answer';
import { Icon } from '../../parts/Icon';
import { State } from '../../parts/State';
import { valueText } from '../../traces/otlp';
import { asksForAll } from '../../traces/query';
import { shortId } from '../../traces/trace';
import { useParam } from '../../url/params';
import type { TracesState } from '../../url/traces';
import { compareLink, traceLink } from '../../url/traces';
import { DurationScatter } from './DurationScatter';
import { NoTraces } from './NoTraces';

interface Props {
  state: TracesState;
  runs: number;
  onChange: (next: Partial<TracesState>) => void;
}

/** Spans of each trace that the answer lists. */
const spansEach = 5;

const orders = {
  newest: { label: 'Newest first', by: (a: FoundTrace, b: FoundTrace) => (BigInt(b.startTimeUnixNano) > BigInt(a.startTimeUnixNano) ? 1 : -1) },
  longest: { label: 'Longest first', by: (a: FoundTrace, b: FoundTrace) => (b.durationMs ?? 0) - (a.durationMs ?? 0) },
  spans: { label: 'Most spans first', by: (a: FoundTrace, b: FoundTrace) => sumOf(b, 'spanCount') - sumOf(a, 'spanCount') },
  errors: { label: 'Most errors first', by: (a: FoundTrace, b: FoundTrace) => sumOf(b, 'errorCount') - sumOf(a, 'errorCount') },
};
type Order = keyof typeof orders;

export const sumOf = (trace: FoundTrace, what: 'spanCount' | 'errorCount') => Object.values(trace.serviceStats ?? {}).reduce((sum, each) => sum + (each[what] ?? 0), 0);
const setsOf = (trace: FoundTrace) => trace.spanSets ?? (trace.spanSet ? [trace.spanSet] : []);
/** A moment in nanoseconds as milliseconds. */
export const milliseconds = (nanoseconds: string) => Number(BigInt(nanoseconds) / 1_000_000n);

/** Traces that a query finds: over time and duration, and as a list. */
export function TraceAnswers({ state, runs, onChange }: Props) {
  const { range, end, limit } = state;
  const query = state.query.trim() === '' ? '{}' : state.query;
  const [sort, setSort] = useParam('sort', 'newest');
  const [chosen, setChosen] = useState<string[]>([]);
  const answer = useQuery({
    queryKey: ['traces', 'search', query, range, end, limit, runs],
    queryFn: async ({ signal }) => {
      const finish = end ?? Date.now() / 1000;
      const span = { start: finish - range, end: finish };
      return { ...(await searchTraces(query, span, limit, spansEach, signal)), span };
    },
    placeholderData: keepPreviousData,
    staleTime: Infinity,
    refetchInterval: false,
    refetchOnWindowFocus: false,
    retry: false,
  });
  const order = orders[sort as Order] ?? orders.newest;
  const traces = [...(answer.data?.traces ?? [])].sort(order.by);
  const choose = (id: string) => setChosen((before) => (before.includes(id) ? before.filter((each) => each !== id) : [...before, id].slice(-2)));

  return (
    <>
      {answer.error && <Failure error={answer.error} retry={() => void answer.refetch()} />}
      {answer.isPending && (
        <section className="panel">
          <div className="body">
            <Loading lines={6} />
          </div>
        </section>
      )}
      {answer.data && traces.length === 0 && !answer.error && (
        <section className="panel">
          {asksForAll(query) ? (
            <NoTraces range={range} onChange={onChange} />
          ) : (
            <Empty title="No trace matches">
              <p>Nothing in this range has spans that this query selects.</p>
              <Button variant="default" onClick={() => onChange({ range: Math.min(range * 4, 31_536_000) })}>
                Look four times as far back
              </Button>
            </Empty>
          )}
        </section>
      )}
      {answer.data && traces.length > 0 && (
        <>
          <DurationScatter traces={traces} start={answer.data.span.start} end={answer.data.span.end} />
          <section className="panel" aria-label="Traces" aria-busy={answer.isFetching}>
            <div className="row wrap traces-head">
              <span className="answer-facts" role="status">
                <span>
                  {traces.length.toLocaleString('en')} {traces.length === 1 ? 'trace' : 'traces'}
                  {traces.length >= limit && ', there may be more'}
                </span>
                <span>{answer.data.milliseconds.toFixed(0)} ms</span>
                {answer.data.inspectedBytes > 0 && <span>{quantity(answer.data.inspectedBytes, 'bytes')} looked at</span>}
              </span>
              <span className="grow" />
              {chosen.length === 2 ? (
                <Button component={Link} href={compareLink(chosen[0]!, chosen[1]!)} size="compact-sm">
                  Compare these two
                </Button>
              ) : (
                chosen.length === 1 && <span className="dim">Choose one more to compare</span>
              )}
              <NativeSelect aria-label="Order" value={sort in orders ? sort : 'newest'} data={Object.entries(orders).map(([value, { label }]) => ({ value, label }))} onChange={(event) => setSort(event.currentTarget.value)} />
            </div>
            <table className="grid cards traces-table">
              <thead>
                <tr>
                  <th className="fit">
                    <span className="hidden-text">Compare</span>
                  </th>
                  <th>Trace</th>
                  <th>Begin</th>
                  <th className="num">Duration</th>
                  <th className="num">Spans</th>
                  <th className="num">Errors</th>
                  <th className="num" title="Spans of the trace that the query selects">
                    Found
                  </th>
                </tr>
              </thead>
              <tbody>
                {traces.map((trace) => (
                  <TraceRow key={trace.traceID} trace={trace} chosen={chosen.includes(trace.traceID)} onChoose={() => choose(trace.traceID)} />
                ))}
              </tbody>
            </table>
          </section>
        </>
      )}
    </>
  );
}

function TraceRow({ trace, chosen, onChoose }: { trace: FoundTrace; chosen: boolean; onChoose: () => void }) {
  const [open, setOpen] = useState(false);
  const sets = setsOf(trace);
  const found = sets.reduce((sum, set) => sum + (set.matched ?? set.spans?.length ?? 0), 0);
  const errors = sumOf(trace, 'errorCount');
  const spans = sumOf(trace, 'spanCount');
  const services = Object.keys(trace.serviceStats ?? {});
  const at = new Date(milliseconds(trace.startTimeUnixNano));
  const name = `${trace.rootServiceName || 'root not yet received'}: ${trace.rootTraceName || '–'}`;
  return (
    <>
      <tr>
        <td className="fit">
          <Checkbox size="xs" checked={chosen} onChange={onChoose} aria-label={`Compare ${name} of ${exactTime(at)}`} />
        </td>
        <td className="main">
          <Link href={traceLink(trace.traceID)} className="trace-name">
            <strong>{trace.rootServiceName || 'root not yet received'}</strong> {trace.rootTraceName}
          </Link>
          <div className="dim">
            <code>{shortId(trace.traceID)}</code> {services.length > 1 && <span>{services.length} services</span>}
          </div>
        </td>
        <td className="num nowrap" style={{ textAlign: 'left' }}>
          <time dateTime={at.toISOString()}>{exactTime(at)}</time>
        </td>
        <td className="num nowrap" data-label="Duration">
          {quantity((trace.durationMs ?? 0) / 1000, 'seconds')}
        </td>
        <td className="num" data-label="Spans">
          {spans || '–'}
        </td>
        <td className="num" data-label="Errors">
          {errors > 0 ? <State state="error" label={String(errors)} /> : 0}
        </td>
        <td className="num" data-label="Found">
          {found > 0 && (
            <Button variant="subtle" color="gray" size="compact-xs" aria-expanded={open} onClick={() => setOpen(!open)} rightSection={<Icon name="right" size={11} />} aria-label={`${found} found spans of ${name}`}>
              {found}
            </Button>
          )}
        </td>
      </tr>
      {open && (
        <tr>
          <td />
          <td colSpan={6} className="main">
            <ul className="found-spans">
              {sets.flatMap((set) => set.spans ?? []).map((span) => (
                <li key={span.spanID}>
                  <Link href={traceLink(trace.traceID, { span: span.spanID.padStart(16, '0') })}>{span.name || span.spanID}</Link>{' '}
                  <span className="num">{quantity(Number(span.durationNanos ?? 0) / 1e9, 'seconds')}</span>{' '}
                  {(span.attributes ?? []).map((each) => (
                    <span className="tag" key={each.key}>
                      <b>{each.key}=</b>
                      {valueText(each.value)}
                    </span>
                  ))}
                </li>
              ))}
            </ul>
          </td>
        </tr>
      )}
    </>
  );
}
