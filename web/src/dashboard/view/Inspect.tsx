import { Button, Drawer, NativeSelect, Switch } from '@mantine/core';
import { useMemo, useState } from 'react';
import { Diagnostics } from '../../parts/Diagnostics';
import { Empty } from '../../parts/Answer';
import { Icon } from '../../parts/Icon';
import { fileName, saveFile } from '../../parts/save-file';
import { Scroll } from '../../parts/Scroll';
import type { Panel } from '../model';
import type { InspectTab } from './inspect-tabs';
import { inspectTabs } from './inspect-tabs';
import type { AskedQuery, PanelState } from './panel-state';
import { cellText, csvOf, tablesOf } from './table';


interface Props {
  panel: Panel;
  title: string;
  state: PanelState;
  tab: InspectTab;
  onTab: (tab: InspectTab) => void;
  onClose: () => void;
}

/** What a panel is made of: its data as a table, its queries with what they took, its JSON. */
export default function Inspect({ panel, title, state, tab, onTab, onClose }: Props) {
  return (
    <Drawer opened onClose={onClose} position="right" size="min(60rem, 100vw)" title={`Inspect: ${title}`} closeButtonProps={{ 'aria-label': 'Close' }}>
      <div className="tabs" role="tablist" aria-label="What to inspect">
        {Object.entries(inspectTabs).map(([value, name]) => (
          <button key={value} type="button" role="tab" id={`inspect-tab-${value}`} aria-selected={tab === value} aria-controls="inspect-tab-panel" className="inspect-tab" onClick={() => onTab(value as InspectTab)}>
            {name}
          </button>
        ))}
      </div>
      <div role="tabpanel" id="inspect-tab-panel" aria-labelledby={`inspect-tab-${tab}`}>
        {tab === 'data' && <Data state={state} title={title} />}
        {tab === 'query' && <Queries state={state} />}
        {tab === 'json' && <PanelJson panel={panel} title={title} />}
      </div>
    </Drawer>
  );
}

/** The most rows that are drawn; the file has them all. */
const drawnRows = 500;

function Data({ state, title }: { state: PanelState; title: string }) {
  const [index, setIndex] = useState(0);
  const [formatted, setFormatted] = useState(false);
  const tables = useMemo(() => tablesOf(state.frames), [state.frames]);
  const table = tables[index] ?? tables[0];
  if (!table) return <Empty title={state.loading ? 'The data is on its way' : 'There is no data'} />;
  return (
    <div className="stack">
      <div className="row wrap">
        {tables.length > 1 && <NativeSelect aria-label="Table" value={String(tables.indexOf(table))} onChange={(event) => setIndex(Number(event.currentTarget.value))} data={tables.map(({ name }, at) => ({ value: String(at), label: name }))} />}
        <Switch label="As the panel formats it" checked={formatted} onChange={(event) => setFormatted(event.currentTarget.checked)} />
        <span className="grow" />
        <Button variant="default" leftSection={<Icon name="download" size={13} />} onClick={() => saveFile(fileName(`${title} ${table.name}.csv`), csvOf(table, formatted), 'text/csv')}>
          Download CSV
        </Button>
      </div>
      <div className="panel">
        <Scroll label="Data">
          <table className="grid">
            <thead>
              <tr>
                {table.columns.map(({ name, field }, at) => (
                  <th key={at} className={field.type === 'number' ? 'num' : undefined}>
                    {name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {Array.from({ length: Math.min(table.length, drawnRows) }, (_, row) => (
                <tr key={row}>
                  {table.columns.map(({ field }, at) => (
                    <td key={at} className={field.type === 'number' ? 'num' : undefined}>
                      {cellText(field, row, formatted)}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </Scroll>
      </div>
      <span className="dim">{table.length > drawnRows ? `The first ${drawnRows} of ${table.length} rows; the file has them all.` : `${table.length} rows`}</span>
    </div>
  );
}

const count = (value: number | undefined) => (value ?? 0).toLocaleString('en');

function Queries({ state }: { state: PanelState }) {
  if (state.queries.length === 0) return <Empty title="This panel asks nothing" />;
  return (
    <div className="stack">
      {state.queries.map((query, index) => (
        <QueryFacts key={index} query={query} />
      ))}
      {state.problems.map((problem) => (
        <div key={problem} className="note warn">
          <Icon name="warning" />
          {problem}
        </div>
      ))}
    </div>
  );
}

function QueryFacts({ query }: { query: AskedQuery }) {
  const { stats, error } = query;
  return (
    <section className="panel" aria-label={`Query ${query.refId}`}>
      <header>
        <h3>{query.refId}</h3>
        <span className="dim">
          {query.language}, {query.kind}
        </span>
      </header>
      <div className="body stack tight">
        <pre className="code">{query.query}</pre>
        <dl className="facts">
          <dt>Range</dt>
          <dd className="num">
            {new Date(query.fromMs).toISOString()} to {new Date(query.toMs).toISOString()}
            {query.stepMs ? `, every ${query.stepMs / 1000} s` : ''}
          </dd>
          {stats && (
            <>
              <dt>Took</dt>
              <dd className="num">{stats.milliseconds === undefined ? '–' : `${Number(stats.milliseconds.toFixed(1))} ms`}</dd>
              <dt>Points</dt>
              <dd className="num">
                {count(stats.cached_points)} kept from before, {count(stats.computed_points)} worked out
              </dd>
            </>
          )}
          {query.found !== undefined && (
            <>
              <dt>Found</dt>
              <dd className="num">{count(query.found)}</dd>
            </>
          )}
        </dl>
        {error && (
          <div className="note bad">
            <Icon name="cross" />
            <div className="grow stack tight">
              {error.message}
              {error.diagnostics && error.diagnostics.length > 0 && <Diagnostics list={error.diagnostics} />}
            </div>
          </div>
        )}
        {[...query.warnings, ...query.infos].map((text) => (
          <div key={text} className="note warn">
            <Icon name="warning" />
            {text}
          </div>
        ))}
      </div>
    </section>
  );
}

function PanelJson({ panel, title }: { panel: Panel; title: string }) {
  const text = useMemo(() => JSON.stringify(panel, null, 2), [panel]);
  return (
    <div className="stack">
      <div className="row" style={{ justifyContent: 'flex-end' }}>
        <Button variant="default" leftSection={<Icon name="download" size={13} />} onClick={() => saveFile(fileName(`${title}.json`), text, 'application/json')}>
          Download
        </Button>
      </div>
      <pre className="code">{text}</pre>
    </div>
  );
}
