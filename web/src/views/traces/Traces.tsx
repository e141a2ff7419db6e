import { Button, NativeSelect, SegmentedControl } from '@mantine/core';
import { lazy, Suspense, useCallback, useMemo, useState } from 'react';
import { useSearchParams } from 'wouter';
import { parseQuery } from '../../api/phoenix';
import { Icon } from '../../parts/Icon';
import { isMetricsQuery, readForm } from '../../traces/query';
import type { TracesState } from '../../url/traces';
import { limits, readTraces, writeTraces } from '../../url/traces';
import { TimeRange } from '../TimeRange';
import '../Explore.css';
import { SearchFields } from './SearchFields';
import { TraceAnswers } from './TraceAnswers';
import { TraceMetrics } from './TraceMetrics';
import './Traces.css';
import { TracesHead } from './TraceTabs';

const TraceqlEditor = lazy(() => import('../../editor/TraceqlEditor'));

export default function Traces() {
  const [params, setParams] = useSearchParams();
  const state = useMemo(() => readTraces(params), [params]);
  const [edited, setEdited] = useState<{ asked: string; draft: string }>({ asked: state.query, draft: state.query });
  const draft = edited.asked === state.query ? edited.draft : state.query;
  const setDraft = (text: string) => setEdited({ asked: state.query, draft: text });
  const [runs, setRuns] = useState(0);
  // What the form cannot show stays where it can be read.
  const form = useMemo(() => readForm(state.query), [state.query]);
  const mode = form === null ? 'traceql' : state.mode;

  const change = useCallback(
    (next: Partial<TracesState>) =>
      setParams((before) => {
        const written = writeTraces({ ...readTraces(before), ...next });
        const sort = before.get('sort');
        if (sort) written.set('sort', sort);
        return written;
      }),
    [setParams],
  );
  const run = (query: string) => {
    setRuns((count) => count + 1);
    if (query !== state.query) change({ query });
  };
  const format = async () => {
    if (draft.trim() === '') return;
    const { formatted } = await parseQuery(draft, 'traceql');
    if (formatted) setDraft(formatted);
  };

  return (
    <>
      <TracesHead here="search" />
      <div className="stack">
        <div className="explore-bar">
          <SegmentedControl
            aria-label="How to ask"
            value={mode}
            onChange={(value) => change({ mode: value as TracesState['mode'] })}
            data={[
              { value: 'form', label: 'Form', disabled: form === null },
              { value: 'traceql', label: 'TraceQL' },
            ]}
          />
          <TimeRange range={state.range} end={state.end} instant={false} onChange={change} />
          <div className="row">
            <label className="dim" htmlFor="traces-limit">
              At most
            </label>
            <NativeSelect id="traces-limit" value={String(state.limit)} data={limits.map((each) => ({ value: String(each), label: `${each} traces` }))} onChange={(event) => change({ limit: Number(event.currentTarget.value) })} />
          </div>
          {form === null && state.mode === 'form' && <span className="dim">This query says more than the form can show.</span>}
        </div>
        {mode === 'form' ? (
          <SearchFields key={state.query} form={form!} range={state.range} end={state.end} onSearch={run} />
        ) : (
          <section aria-label="Query" className="query-row traces-query">
            <div>
              <Suspense fallback={<textarea className="small-input" style={{ width: '100%', display: 'block', resize: 'none' }} aria-label="Query" value={draft} onChange={(event) => setDraft(event.currentTarget.value)} />}>
                <TraceqlEditor label="Query" value={draft} onChange={setDraft} onRun={run} />
              </Suspense>
            </div>
            <div className="buttons">
              <Button variant="subtle" color="gray" size="compact-sm" onClick={() => void format().catch(() => undefined)} title="Write the query in the usual layout">
                Format
              </Button>
              <Button size="compact-sm" onClick={() => run(draft)} leftSection={<Icon name="play" size={13} />}>
                Run
              </Button>
            </div>
          </section>
        )}
        {isMetricsQuery(state.query) ? <TraceMetrics state={state} runs={runs} onChange={change} /> : <TraceAnswers state={state} runs={runs} onChange={change} />}
      </div>
    </>
  );
}
