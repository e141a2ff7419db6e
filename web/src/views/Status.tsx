import { Button } from '@mantine/core';
import type { UseQueryOptions } from '@tanstack/react-query';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { Home } from '../api/phoenix';
import { home } from '../api/phoenix';
import { buildInfo, configText, flags, reload, runtimeInfo, tsdb } from '../api/prometheus';
import { exactTime } from '../format/time';
import { quantity } from '../format/quantity';
import { Answered, Failure } from '../parts/Answer';
import { Diagnostics } from '../parts/Diagnostics';
import { contains, TextFilter } from '../parts/Filter';
import { Icon } from '../parts/Icon';
import { PageHead } from '../parts/PageHead';
import { Scroll } from '../parts/Scroll';
import { State } from '../parts/State';
import { Tabs } from '../parts/Tabs';
import { Ago } from '../parts/Time';
import { useParam } from '../url/params';

export default function Status() {
  const [tab] = useParam('tab', 'overview');
  const client = useQueryClient();
  const again = useMutation({ mutationFn: reload, onSettled: () => client.invalidateQueries() });
  return (
    <>
      <PageHead title="Status">
        {again.isSuccess && <State state="ok" label="Reloaded" />}
        <Button variant="default" leftSection={<Icon name="again" size={13} />} loading={again.isPending} onClick={() => again.mutate()}>
          Reload the configuration
        </Button>
      </PageHead>
      {again.error && (
        <div style={{ marginBottom: '0.75rem' }}>
          <Failure title="The configuration was not loaded; the one from before stays in use" error={again.error} />
        </div>
      )}
      <Tabs
        label="Status"
        here={tab}
        tabs={[
          { value: 'overview', label: 'Overview', href: '/status' },
          { value: 'config', label: 'Configuration', href: '/status?tab=config' },
          { value: 'flags', label: 'Flags', href: '/status?tab=flags' },
          { value: 'tsdb', label: 'Storage', href: '/status?tab=tsdb' },
        ]}
      />
      {tab === 'config' ? <Config /> : tab === 'flags' ? <Flags /> : tab === 'tsdb' ? <Storage /> : <Overview />}
    </>
  );
}

function Overview() {
  const query = useQuery(home);
  return (
    <div className="stack">
      <Answered query={query}>{(data) => <Basics data={data} />}</Answered>
      <Facts title="Running" options={runtimeInfo} />
      <Facts title="Build" options={buildInfo} />
    </div>
  );
}

function Basics({ data }: { data: Home }) {
  const { config } = data;
  return (
    <>
      <section className="panel" aria-labelledby="phoenix">
        <header>
          <h2 id="phoenix">Phoenix {data.version}</h2>
        </header>
        <div className="body">
          <dl className="facts">
            <dt>Started</dt>
            <dd className="num">
              {exactTime(new Date(data.started_at))} (<Ago at={data.started_at} />)
            </dd>
            <dt>Listens on</dt>
            <dd className="mono">{data.listen}</dd>
            <dt>Links lead to</dt>
            <dd className="mono">{data.external_url}</dd>
            <dt>Data folder</dt>
            <dd className="mono">{data.data_dir}</dd>
            <dt>Configuration</dt>
            <dd>
              <span className="mono">{config.file ?? 'none: built-in defaults'}</span>, loaded <Ago at={config.loaded_at} />
            </dd>
            <dt>Last reload</dt>
            <dd>
              {config.last_reload_ok ? <State state="ok" /> : <State state="err" label="failed; the configuration from before is in use" />}
              {config.last_error && <pre className="code">{config.last_error}</pre>}
            </dd>
          </dl>
        </div>
      </section>
      <section className={`panel ${config.warnings.length > 0 ? 'warn' : ''}`} aria-labelledby="warnings">
        <header>
          <h2 id="warnings">Warnings of the configuration</h2>
          <span className="grow" />
          <span className="num">{config.warnings.length}</span>
        </header>
        <div className="body">{config.warnings.length > 0 ? <Diagnostics list={config.warnings} /> : <span className="dim">None.</span>}</div>
      </section>
    </>
  );
}

type Flat = Record<string, string | number | boolean>;

/** camelCase names of an answer as words: `storageRetention` as `Storage retention`. */
function words(name: string): string {
  if (name === name.toUpperCase()) return name;
  const spaced = name.replace(/([a-z0-9])([A-Z])/g, '$1 $2').toLowerCase();
  return spaced.charAt(0).toUpperCase() + spaced.slice(1);
}

function Facts<T extends Flat>({ title, options }: { title: string; options: UseQueryOptions<T, Error, T, string[]> }) {
  const query = useQuery(options);
  return (
    <section className="panel" aria-label={title}>
      <header>
        <h2>{title}</h2>
      </header>
      <div className="body">
        <Answered query={query}>
          {(data) => (
            <dl className="facts">
              {Object.entries(data).filter(([, value]) => value !== '').map(([name, value]) => (
                <div key={name} style={{ display: 'contents' }}>
                  <dt>{words(name)}</dt>
                  <dd className="num">{typeof value === 'string' && /^\d{4}-\d\d-\d\dT/.test(value) ? exactTime(new Date(value)) : String(value)}</dd>
                </div>
              ))}
            </dl>
          )}
        </Answered>
      </div>
    </section>
  );
}

function Config() {
  const query = useQuery(configText);
  return (
    <section className="panel" aria-label="Configuration">
      <Answered query={query}>
        {({ yaml }) => (
          <div className="body">
            <div className="dim" style={{ marginBottom: '0.5rem' }}>
              As it is in use, with defaults filled in and secrets left out. It is changed in its files.
            </div>
            <pre className="code">{yaml}</pre>
          </div>
        )}
      </Answered>
    </section>
  );
}

function Flags() {
  const query = useQuery(flags);
  const [text] = useParam('q');
  return (
    <div className="stack">
      <TextFilter label="Filter flags" />
      <section className="panel" aria-label="Flags">
        <Answered query={query}>
          {(data) => (
            <Scroll label="Flags">
              <table className="grid">
                <thead>
                  <tr>
                    <th>Flag</th>
                    <th>Value</th>
                  </tr>
                </thead>
                <tbody>
                  {Object.entries(data)
                    .filter(([name, value]) => contains(`${name} ${value}`, text))
                    .map(([name, value]) => (
                      <tr key={name}>
                        <td className="mono">{name}</td>
                        <td className="mono">{value === '' ? <span className="dim">empty</span> : value}</td>
                      </tr>
                    ))}
                </tbody>
              </table>
            </Scroll>
          )}
        </Answered>
      </section>
    </div>
  );
}

const headNames: Record<string, string> = { numSeries: 'Series', chunkCount: 'Chunks', numLabelPairs: 'Label pairs', minTime: 'Oldest sample', maxTime: 'Newest sample' };

function Storage() {
  const query = useQuery(tsdb);
  return (
    <Answered query={query}>
      {(data) => (
        <div className="stack">
          <section className="panel" aria-label="Head">
            <dl className="figures" style={{ display: 'flex', flexWrap: 'wrap', margin: 0 }}>
              {Object.entries(data.headStats).map(([name, value]) => (
                <div key={name} style={{ padding: '0.5rem 0.75rem' }}>
                  <dt className="dim">{headNames[name] ?? words(name)}</dt>
                  <dd className="num" style={{ margin: 0, fontWeight: 550 }}>
                    {name.endsWith('Time') ? (value > 0 && value < 8.64e15 ? exactTime(new Date(value)) : '–') : value.toLocaleString('en-GB')}
                  </dd>
                </div>
              ))}
            </dl>
          </section>
          <div className="tsdb-tables">
            <Top title="Metrics with the most series" rows={data.seriesCountByMetricName} />
            <Top title="Labels with the most values" rows={data.labelValueCountByLabelName} />
            <Top title="Labels that take the most memory" rows={data.memoryInBytesByLabelName} bytes />
            <Top title="Label pairs with the most series" rows={data.seriesCountByLabelValuePair} />
          </div>
        </div>
      )}
    </Answered>
  );
}

function Top({ title, rows, bytes = false }: { title: string; rows: { name: string; value: number }[] | null | undefined; bytes?: boolean }) {
  return (
    <section className="panel" aria-label={title}>
      <header>
        <h2>{title}</h2>
      </header>
      {rows && rows.length > 0 ? (
        <table className="grid">
          <tbody>
            {rows.map((row) => (
              <tr key={row.name}>
                <td className="mono" style={{ overflowWrap: 'anywhere' }}>
                  {row.name}
                </td>
                <td className="num">{bytes ? quantity(row.value, 'bytes') : row.value.toLocaleString('en-GB')}</td>
              </tr>
            ))}
          </tbody>
        </table>
      ) : (
        <div className="body dim">Nothing yet.</div>
      )}
    </section>
  );
}
