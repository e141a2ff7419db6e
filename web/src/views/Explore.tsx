import { Button, NativeSelect, SegmentedControl, Switch } from '@mantine/core';
import { useCallback, useMemo, useState } from 'react';
import { useSearchParams } from 'wouter';
import { parseQuery } from '../api/phoenix';
import { formatDuration, parseDuration } from '../format/duration';
import { Empty } from '../parts/Answer';
import { Icon } from '../parts/Icon';
import { PageHead } from '../parts/PageHead';
import type { ExploreQuery, ExploreState } from '../url/explore';
import { emptyQuery, readExplore, stepFor, writeExplore } from '../url/explore';
import './Explore.css';
import { ExploreChart } from './ExploreChart';
import { ExploreTable } from './ExploreTable';
import { QueryRow } from './QueryRow';
import { ShareMenu } from './ShareMenu';
import { TimeRange } from './TimeRange';

const examples = [
  ['up', 'Which targets answer'],
  ['topk(5, scrape_duration_seconds)', 'The slowest scrapes'],
  ['rate(process_cpu_seconds_total[1m])', 'CPU used by each process'],
  ['sum by (job) (scrape_samples_scraped)', 'Samples per scrape, by job'],
] as const;

const refreshChoices = [
  { value: '', label: 'Off' },
  { value: '5s', label: '5 s' },
  { value: '15s', label: '15 s' },
  { value: '1m', label: '1 min' },
];

export default function Explore() {
  const [params, setParams] = useSearchParams();
  const state = useMemo(() => readExplore(params), [params]);
  const refresh = params.get('refresh') ?? '';
  const asked = JSON.stringify(state.queries.map(({ text }) => text));
  // What is in the editors; it reaches the address, and is asked for, only when run. When the address changes
  // under the editors, by a link or by going back, the drafts made for the former one no longer count.
  const [edited, setEdited] = useState<{ asked: string; drafts: (string | undefined)[] }>({ asked, drafts: [] });
  const drafts = edited.asked === asked ? edited.drafts : [];
  const [runs, setRuns] = useState(0);

  const change = useCallback(
    (next: Partial<ExploreState>, extra?: { refresh?: string }) =>
      setParams((before) => {
        const written = writeExplore({ ...readExplore(before), ...next });
        const kept = extra?.refresh ?? before.get('refresh') ?? '';
        if (kept) written.set('refresh', kept);
        return written;
      }),
    [setParams],
  );

  const draftOf = (index: number) => drafts[index] ?? state.queries[index]?.text ?? '';
  const withDrafts = (): ExploreQuery[] => state.queries.map((query, index) => ({ ...query, text: draftOf(index) }));
  const run = (index?: number, text?: string) => {
    const queries = withDrafts().map((query, at) => (at === index && text !== undefined ? { ...query, text } : query));
    setRuns((count) => count + 1);
    if (queries.some((query, at) => query.text !== state.queries[at]!.text)) change({ queries });
  };
  const setQuery = (index: number, next: Partial<ExploreQuery>) => change({ queries: withDrafts().map((query, at) => (at === index ? { ...query, ...next } : query)) });
  const setDraft = (index: number, text: string) =>
    setEdited((before) => ({ asked, drafts: state.queries.map((_, at) => (at === index ? text : before.asked === asked ? before.drafts[at] : undefined)) }));
  const format = async (index: number) => {
    const text = draftOf(index);
    if (text.trim() === '') return;
    const { formatted } = await parseQuery(text, state.queries[index]!.language);
    if (formatted) setDraft(index, formatted);
  };

  const step = stepFor(state.range, state.step);
  const shown = state.queries.map((query, index) => ({ ...query, index })).filter((query) => !query.hidden && query.text.trim() !== '');
  const every = parseDuration(refresh);

  return (
    <>
      <PageHead title="Explore">
        <ShareMenu state={state} />
      </PageHead>
      <div className="stack">
        <section aria-label="Queries" className="stack tight">
          {state.queries.map((query, index) => (
            <QueryRow
              key={index}
              index={index}
              query={query}
              draft={draftOf(index)}
              alone={state.queries.length === 1}
              onDraft={(text) => setDraft(index, text)}
              onRun={(text) => run(index, text)}
              onLanguage={(language) => setQuery(index, { language })}
              onToggle={() => setQuery(index, { hidden: !query.hidden })}
              onRemove={() => change({ queries: withDrafts().filter((_, at) => at !== index) })}
              onFormat={() => format(index)}
            />
          ))}
          <div className="row wrap">
            <Button onClick={() => run()} leftSection={<Icon name="play" size={13} />}>
              Run
            </Button>
            <Button variant="default" leftSection={<Icon name="plus" size={13} />} onClick={() => change({ queries: [...withDrafts(), emptyQuery] })}>
              Add query
            </Button>
          </div>
        </section>

        {state.mixed && (
          <div className="note warn">
            <Icon name="info" />
            <span className="grow">This old link had panels with settings of their own; here all queries share the first panel’s range, resolution and view.</span>
            <Button variant="default" size="compact-xs" onClick={() => change({ mixed: false })}>
              Understood
            </Button>
          </div>
        )}

        <div className="explore-bar">
          <SegmentedControl
            aria-label="View"
            value={state.tab}
            onChange={(tab) => change({ tab: tab as ExploreState['tab'] })}
            data={[
              { value: 'chart', label: 'Chart' },
              { value: 'table', label: 'Table' },
            ]}
          />
          <TimeRange range={state.range} end={state.end} instant={state.tab === 'table'} onChange={change} />
          {state.tab === 'chart' && (
            <>
              <StepInput key={state.step} step={state.step} chosen={step} onChange={(value) => change({ step: value })} />
              <Switch label="Stacked" checked={state.stacked} onChange={(event) => change({ stacked: event.currentTarget.checked })} />
              <Switch label="Exemplars" checked={state.exemplars ?? false} onChange={(event) => change({ exemplars: event.currentTarget.checked })} />
            </>
          )}
          <div className="row">
            <label className="dim" htmlFor="refresh">
              Refresh
            </label>
            <NativeSelect
              id="refresh"
              data={refreshChoices}
              value={refresh}
              disabled={state.end !== null}
              onChange={(event) => {
                const value = event.currentTarget.value;
                setParams((before) => {
                  const next = new URLSearchParams(before);
                  if (value) next.set('refresh', value);
                  else next.delete('refresh');
                  return next;
                });
              }}
            />
          </div>
        </div>

        {shown.length === 0 ? (
          <section className="panel">
            <Empty title={state.queries.some((query) => query.text.trim() !== '') ? 'All queries are hidden' : 'Write an expression above, or begin with one of these'}>
              <ul className="examples">
                {examples.map(([text, what]) => (
                  <li key={text}>
                    <button type="button" className="plain-button" onClick={() => run(0, text)}>
                      <code>{text}</code> <span className="dim">{what}</span>
                    </button>
                  </li>
                ))}
              </ul>
            </Empty>
          </section>
        ) : state.tab === 'chart' ? (
          <ExploreChart queries={shown} range={state.range} end={state.end} step={step} stacked={state.stacked} exemplars={state.exemplars ?? false} runs={runs} every={state.end === null ? every : null} onZoom={change} />
        ) : (
          <ExploreTable queries={shown} time={state.end} runs={runs} every={state.end === null ? every : null} />
        )}
      </div>
    </>
  );
}

function StepInput({ step, chosen, onChange }: { step: number | null; chosen: number; onChange: (step: number | null) => void }) {
  const [text, setText] = useState(step === null ? '' : formatDuration(step));
  const wrong = text.trim() !== '' && parseDuration(text) === null;
  const take = () => {
    if (!wrong && parseDuration(text) !== step) onChange(parseDuration(text));
  };
  return (
    <label className="row">
      <span className="dim">Step</span>
      <input
        className={`small-input ${wrong ? 'wrong' : ''}`}
        value={text}
        aria-invalid={wrong}
        title={wrong ? 'A duration such as 15s or 1m' : 'Seconds between points; empty chooses by the range'}
        placeholder={`auto (${formatDuration(chosen)})`}
        onChange={(event) => setText(event.currentTarget.value)}
        onBlur={take}
        onKeyDown={(event) => event.key === 'Enter' && take()}
      />
    </label>
  );
}
