import { NativeSelect } from '@mantine/core';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useDeferredValue } from 'react';
import { Link } from 'wouter';
import { quantity } from '../../format/quantity';
import { exactTime } from '../../format/time';
import { Empty, Failure, Loading } from '../../parts/Answer';
import { TextFilter } from '../../parts/Filter';
import { PageHead } from '../../parts/PageHead';
import { State } from '../../parts/State';
import type { Order, Summary } from '../../traces/files/held';
import type { OpenedFile } from '../../traces/opened';
import { fileRef } from '../../traces/opened';
import { shortId } from '../../traces/trace';
import { useParam } from '../../url/params';
import { traceLink } from '../../url/traces';
import { FileNote } from './FileNote';
import { OpenButton, OpeningNote, useOpening } from './OpenFile';

/** Traces that are listed. */
const mostListed = 500;

const orders: { value: Order; label: string }[] = [
  { value: 'spans', label: 'Most spans first' },
  { value: 'longest', label: 'Longest first' },
  { value: 'newest', label: 'Newest first' },
  { value: 'errors', label: 'Most errors first' },
];

/** The traces of a file that holds more than one. */
export function FileTraces({ file }: { file: OpenedFile }) {
  const opening = useOpening();
  const [typed] = useParam('q');
  const search = useDeferredValue(typed);
  const [sort, setSort] = useParam('sort', 'spans');
  const order = orders.find((each) => each.value === sort)?.value ?? 'spans';
  const answer = useQuery({
    queryKey: ['files', 'list', file.number, search, order],
    queryFn: () => file.list(search, order, mostListed),
    placeholderData: keepPreviousData,
    staleTime: Infinity,
    structuralSharing: false,
    refetchInterval: false,
    refetchOnWindowFocus: false,
    retry: false,
  });
  const { data } = answer;
  return (
    <>
      <PageHead title={file.name} tab={`${file.name} (traces)`}>
        <OpenButton opening={opening} />
      </PageHead>
      <div className="stack">
        <OpeningNote opening={opening} />
        <FileNote file={file} />
        <div className="row wrap">
          <TextFilter label="Service, operation or trace ID" />
          <NativeSelect aria-label="Order" value={order} data={orders} onChange={(event) => setSort(event.currentTarget.value)} />
          {data && (
            <span className="dim num" role="status">
              {data.found === file.traces ? `${data.found.toLocaleString('en')} traces` : `${data.found.toLocaleString('en')} of ${file.traces.toLocaleString('en')} traces`}
              {data.found > data.first.length && `, the first ${data.first.length} are listed`}
            </span>
          )}
        </div>
        {answer.error && <Failure error={answer.error} />}
        <section className="panel" aria-label="Traces of the file" aria-busy={answer.isFetching}>
          {data === undefined ? (
            !answer.error && (
              <div className="body">
                <Loading lines={6} />
              </div>
            )
          ) : data.found === 0 ? (
            <Empty title="No trace matches" />
          ) : (
            <table className="grid cards traces-table">
              <thead>
                <tr>
                  <th>Trace</th>
                  <th>Begin</th>
                  <th className="num">Duration</th>
                  <th className="num">Spans</th>
                  <th className="num">Errors</th>
                </tr>
              </thead>
              <tbody>
                {data.first.map((trace) => (
                  <Row key={trace.traceId} file={file} trace={trace} />
                ))}
              </tbody>
            </table>
          )}
        </section>
      </div>
    </>
  );
}

function Row({ file, trace }: { file: OpenedFile; trace: Summary }) {
  const at = new Date(Number(trace.begin / 1_000_000n));
  return (
    <tr>
      <td className="main">
        <Link href={traceLink(fileRef(file.number, trace.traceId))} className="trace-name">
          <strong>{trace.service}</strong> {trace.name}
        </Link>
        <div className="dim">
          <code title={trace.traceId}>{shortId(trace.traceId)}</code> {trace.services.length > 1 && <span>{trace.services.length} services</span>}
        </div>
      </td>
      <td className="num nowrap" style={{ textAlign: 'left' }}>
        {trace.begin > 0n ? <time dateTime={at.toISOString()}>{exactTime(at)}</time> : '–'}
      </td>
      <td className="num nowrap" data-label="Duration">
        {quantity(trace.duration / 1e9, 'seconds')}
      </td>
      <td className="num" data-label="Spans">
        {trace.spans.toLocaleString('en')}
      </td>
      <td className="num" data-label="Errors">
        {trace.errors > 0 ? <State state="error" label={trace.errors.toLocaleString('en')} /> : 0}
      </td>
    </tr>
  );
}
