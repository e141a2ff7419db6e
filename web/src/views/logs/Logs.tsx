import { Button, SegmentedControl } from '@mantine/core';
import { lazy, Suspense, useCallback, useMemo, useState } from 'react';
import { useSearchParams } from 'wouter';
import { parseQuery } from '../../api/phoenix';
import { addFilter, addLineFilter, isLogQuery } from '../../logs/edit';
import { Icon } from '../../parts/Icon';
import { PageHead } from '../../parts/PageHead';
import type { LogsState } from '../../url/logs';
import { readLogs, writeLogs } from '../../url/logs';
import { exploreLink } from '../../url/explore';
import { TimeRange } from '../TimeRange';
import '../Explore.css';
import './Logs.css';
import { LiveTail } from './LiveTail';
import { LogAnswers } from './LogAnswers';
import { LogStart } from './LogStart';

const LogqlEditor = lazy(() => import('../../editor/LogqlEditor'));

/** What a click in the answer asks for. */
export interface FilterBy {
  where: 'stream' | 'metadata' | 'parsed' | 'line';
  name: string;
  value: string;
  negated: boolean;
  parser?: string;
}

export default function Logs() {
  const [params, setParams] = useSearchParams();
  const state = useMemo(() => readLogs(params), [params]);
  const [edited, setEdited] = useState<{ asked: string; draft: string }>({ asked: state.query, draft: state.query });
  const draft = edited.asked === state.query ? edited.draft : state.query;
  const [runs, setRuns] = useState(0);
  const setDraft = (text: string) => setEdited({ asked: state.query, draft: text });

  const change = useCallback((next: Partial<LogsState>) => setParams((before) => writeLogs({ ...readLogs(before), at: null, ...next })), [setParams]);
  const run = (text: string) => {
    setRuns((count) => count + 1);
    if (text !== state.query) change({ query: text });
  };
  const filter = ({ where, name, value, negated, parser }: FilterBy) =>
    change({ query: where === 'line' ? addLineFilter(state.query, value, negated) : addFilter(state.query, where, name, value, negated, parser), live: false });
  const format = async () => {
    if (draft.trim() === '') return;
    const { formatted } = await parseQuery(draft, 'logql');
    if (formatted) setDraft(formatted);
  };

  const isLogs = isLogQuery(state.query);
  return (
    <>
      <PageHead title="Logs">
        {state.query !== '' && !isLogs && (
          <Button component="a" variant="default" href={exploreLink(state.query, { language: 'logql', range: state.range, end: state.end })} leftSection={<Icon name="explore" size={13} />}>
            Chart in Explore
          </Button>
        )}
      </PageHead>
      <div className="stack">
        <section aria-label="Query" className="query-row logs-query">
          <div>
            <Suspense fallback={<textarea className="small-input" style={{ width: '100%', display: 'block', resize: 'none' }} aria-label="Query" value={draft} onChange={(event) => setDraft(event.currentTarget.value)} />}>
              <LogqlEditor label="Query" value={draft} onChange={setDraft} onRun={run} />
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
        <div className="explore-bar">
          <TimeRange range={state.range} end={state.end} instant={false} onChange={(next) => change({ ...next, live: false })} />
          <SegmentedControl
            aria-label="Order"
            value={state.order}
            disabled={state.live}
            onChange={(order) => change({ order: order as LogsState['order'] })}
            data={[
              { value: 'backward', label: 'Newest first' },
              { value: 'forward', label: 'Oldest first' },
            ]}
          />
          <Button
            variant={state.live ? 'filled' : 'default'}
            disabled={!isLogs}
            aria-pressed={state.live}
            onClick={() => change({ live: !state.live, end: null })}
            leftSection={<Icon name={state.live ? 'close' : 'play'} size={13} />}
          >
            {state.live ? 'Stop live tail' : 'Live tail'}
          </Button>
        </div>
        {state.query.trim() === '' ? (
          <LogStart range={state.range} end={state.end} onPick={(query) => run(query)} />
        ) : state.live && isLogs ? (
          <LiveTail key={`${state.query} ${runs}`} query={state.query} onFilter={filter} />
        ) : (
          <LogAnswers state={state} runs={runs} onFilter={filter} onChange={change} />
        )}
      </div>
    </>
  );
}
