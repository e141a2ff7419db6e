import { Button, CopyButton, SegmentedControl } from '@mantine/core';
import { useMemo } from 'react';
import { Link, useParams } from 'wouter';
import { ApiError } from '../../api/request';
import { quantity } from '../../format/quantity';
import { exactTime } from '../../format/time';
import { Empty, Failure, Loading } from '../../parts/Answer';
import { Icon } from '../../parts/Icon';
import { PageHead } from '../../parts/PageHead';
import { State } from '../../parts/State';
import { criticalPath, pathBySpan } from '../../traces/critical-path';
import { downloadTrace } from '../../traces/download';
import { fileRef, parseRef } from '../../traces/opened';
import type { Trace as TraceData } from '../../traces/trace';
import { rootOf } from '../../traces/trace';
import { useParam } from '../../url/params';
import { compareLink, traceLink } from '../../url/traces';
import { FileNote } from './FileNote';
import { FileTraces } from './FileTraces';
import { FlameGraph } from './FlameGraph';
import { OpenButton, OpeningNote, useOpening } from './OpenFile';
import { OperationsTable } from './OperationsTable';
import { TraceLogs } from './TraceLogs';
import './Traces.css';
import type { LoadedTrace } from './use-trace';
import { useTrace } from './use-trace';
import { WaterfallView } from './WaterfallView';

export default function Trace() {
  const { id = '' } = useParams();
  const loaded = useTrace(id);
  const { trace, file } = loaded;
  if (file && parseRef(id)?.traceId === null) return <FileTraces key={id} file={file} />;
  if (trace && trace.spans.length > 0) return <TraceView key={id} reference={id} trace={trace} loaded={loaded} />;
  return <NotShown reference={id} loaded={loaded} />;
}

/** What stands in the place of a trace while there is none, and why. */
function NotShown({ reference, loaded: { error, loading, file, again } }: { reference: string; loaded: LoadedTrace }) {
  const opening = useOpening();
  const local = parseRef(reference);
  const inStore = local?.traceId;
  return (
    <>
      <PageHead title="Trace" tab="Trace">
        <OpenButton opening={opening} />
      </PageHead>
      <OpeningNote opening={opening} />
      {loading ? (
        <Loading lines={10} />
      ) : local && !file ? (
        <Empty title="The file of this trace is no longer open">
          <p>What is opened from a file stays in this page and is gone when the page is loaded again. Open the file once more.</p>
        </Empty>
      ) : error && !(error instanceof ApiError && error.status === 404) ? (
        <Failure error={error} retry={again} />
      ) : local ? (
        <Empty title="This trace is not in the file">
          <p>
            {file!.name} holds no span of <code>{inStore}</code>.
          </p>
          <Button variant="default" component={Link} href={traceLink(inStore ?? '')}>
            Look among the stored traces
          </Button>
        </Empty>
      ) : (
        <Empty title="This trace is not here">
          <p>
            No span of <code>{reference}</code> is stored: its spans may not have arrived yet, sampling may have left them out, or retention has removed them.
          </p>
          <Button variant="default" onClick={again}>
            Look again
          </Button>
        </Empty>
      )}
      <p>
        <Link href="/traces">All traces</Link>
      </p>
    </>
  );
}

const views = [
  { value: 'waterfall', label: 'Waterfall' },
  { value: 'flame', label: 'Flame graph' },
  { value: 'operations', label: 'Operations' },
];

function TraceView({ reference, trace, loaded }: { reference: string; trace: TraceData; loaded: LoadedTrace }) {
  const [view, setView] = useParam('view', 'waterfall');
  const opening = useOpening();
  const { file } = loaded;
  const segments = useMemo(() => criticalPath(trace), [trace]);
  const path = useMemo(() => pathBySpan(segments), [segments]);
  const root = rootOf(trace)!;
  const name = `${root.raw.resource.service} ${root.raw.name}`;
  const depth = useMemo(() => trace.spans.reduce((most, span) => Math.max(most, span.depth), 0) + 1, [trace]);
  return (
    <>
      <PageHead title={name} tab={`${root.raw.name} (trace)`}>
        {!file && <TraceLogs services={trace.services} traceId={trace.id} begin={trace.begin} duration={trace.duration} label="Logs" />}
        <Button component={Link} href={compareLink(reference)} variant="default">
          Compare
        </Button>
        <Button variant="default" onClick={() => downloadTrace(trace)} leftSection={<Icon name="download" size={13} />} title="As OTLP in JSON">
          Download
        </Button>
        {file ? (
          <OpenButton opening={opening} />
        ) : (
          <Button variant="default" onClick={loaded.again} leftSection={<Icon name="again" size={13} />} title="Spans may still arrive">
            Reload
          </Button>
        )}
      </PageHead>
      <OpeningNote opening={opening} />
      <div className="stack">
        {file && (
          <FileNote file={file}>
            {file.traces > 1 && (
              <Button variant="default" size="compact-xs" component={Link} href={traceLink(fileRef(file.number, null))}>
                All {file.traces.toLocaleString('en')} traces
              </Button>
            )}
          </FileNote>
        )}
        <div className="row wrap trace-facts">
          <CopyButton value={trace.id}>
            {({ copied, copy }) => (
              <button type="button" className="plain-button" onClick={copy} title="Copy the trace’s id" aria-label={`Copy the id ${trace.id}`}>
                <code>{trace.id}</code> <Icon name={copied ? 'check' : 'copy'} size={12} />
              </button>
            )}
          </CopyButton>
          {trace.begin > 0n && (
            <span>
              <span className="dim">Begin</span> <time className="num">{exactTime(new Date(Number(trace.begin / 1_000_000n)))}</time>
            </span>
          )}
          <span>
            <span className="dim">Duration</span> <strong className="num">{quantity(trace.duration / 1e9, 'seconds')}</strong>
          </span>
          <span>
            <span className="dim">Spans</span> <span className="num">{trace.spans.length.toLocaleString('en')}</span>
          </span>
          <span>
            <span className="dim">Services</span> <span className="num">{trace.services.length}</span>
          </span>
          <span>
            <span className="dim">Depth</span> <span className="num">{depth.toLocaleString('en')}</span>
          </span>
          {trace.errors > 0 && <State state="error" label={`${trace.errors.toLocaleString('en')} ${trace.errors === 1 ? 'error' : 'errors'}`} />}
        </div>
        {loaded.error != null && <Failure error={loaded.error} title="This may be out of date" retry={loaded.again} />}
        {(loaded.partial || trace.problems.length > 0) && (
          <div className="note warn" role="status">
            <Icon name="warning" />
            <ul className="problems">
              {loaded.partial && <li>The server gave a part of this trace: {loaded.partial}</li>}
              {trace.problems.map((problem) => (
                <li key={problem}>{problem}</li>
              ))}
            </ul>
          </div>
        )}
        <div className="row wrap">
          <SegmentedControl aria-label="View" value={views.some((each) => each.value === view) ? view : 'waterfall'} onChange={setView} data={views} />
        </div>
        {view === 'flame' ? <FlameGraph trace={trace} /> : view === 'operations' ? <OperationsTable trace={trace} path={path} /> : <WaterfallView trace={trace} path={path} file={file} />}
      </div>
    </>
  );
}
