import { Button, Drawer } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';
import type { Target, Targets as TargetsData } from '../api/prometheus';
import { targets } from '../api/prometheus';
import { length } from '../format/time';
import { Answered, Empty } from '../parts/Answer';
import { ChoiceFilter, contains, TextFilter } from '../parts/Filter';
import { Icon } from '../parts/Icon';
import { Labels } from '../parts/Labels';
import { PageHead } from '../parts/PageHead';
import { Scroll } from '../parts/Scroll';
import { State } from '../parts/State';
import { Tabs } from '../parts/Tabs';
import { Ago } from '../parts/Time';
import { useParam } from '../url/params';
import { RelabelSteps } from './RelabelSteps';

export default function Targets() {
  const query = useQuery(targets);
  const [show] = useParam('show', 'active');
  const [opened, setOpened] = useParam('target');
  const [pool = '', address = ''] = opened.split('|', 2);
  return (
    <>
      <PageHead title="Targets" />
      <Tabs
        label="Targets"
        here={show}
        tabs={[
          { value: 'active', label: 'Scraped', href: '/targets' },
          { value: 'discovered', label: 'Discovered labels', href: '/targets?show=discovered' },
          { value: 'dropped', label: 'Dropped by relabelling', href: '/targets?show=dropped' },
        ]}
      />
      <Answered query={query} lines={8}>
        {(data) => (
          <div className="stack">
            {show === 'dropped' ? <Dropped data={data} open={setOpened} /> : <Active data={data} discovered={show === 'discovered'} open={setOpened} />}
          </div>
        )}
      </Answered>
      <Drawer
        opened={opened !== ''}
        onClose={() => setOpened('')}
        position="right"
        size="lg"
        title={`Relabelling of ${address}, step by step`}
        closeButtonProps={{ 'aria-label': 'Close' }}
      >
        {opened !== '' && <RelabelSteps pool={pool} address={address} />}
      </Drawer>
    </>
  );
}

function byPool<T>(list: T[], poolOf: (each: T) => string): [string, T[]][] {
  const pools = new Map<string, T[]>();
  for (const each of list) {
    const pool = poolOf(each);
    pools.set(pool, [...(pools.get(pool) ?? []), each]);
  }
  return [...pools].sort(([a], [b]) => a.localeCompare(b));
}

/** The most rows of one pool that are drawn. */
const mostRows = 200;

function Active({ data, discovered, open }: { data: TargetsData; discovered: boolean; open: (target: string) => void }) {
  const [text] = useParam('q');
  const [health] = useParam('health');
  const wanted = health === '' ? [] : health.split(',');
  const all = data.activeTargets;
  const count = (of: string) => all.filter((target) => target.health === of).length;
  const shown = all.filter(
    (target) => (wanted.length === 0 || wanted.includes(target.health)) && (text === '' || contains(JSON.stringify([target.labels, target.scrapeUrl, target.scrapePool, target.lastError, discovered ? target.discoveredLabels : '']), text)),
  );
  return (
    <>
      <div className="row wrap">
        <ChoiceFilter name="health" label="Health" choices={['up', 'down', 'unknown'].map((value) => ({ value, label: value, count: count(value) }))} />
        <TextFilter label="Filter targets" placeholder="Address, label, error" />
      </div>
      {byPool(shown, (target) => target.scrapePool).map(([pool, list]) => (
        <Pool key={pool} pool={pool} list={list} discovered={discovered} open={open} />
      ))}
      {shown.length === 0 && (
        <section className="panel">
          {all.length === 0 ? (
            <Empty title="Nothing is scraped">
              <p>
                Name your Prometheus configuration with <code>metrics: {'{config: prometheus.yml}'}</code> in phoenix.yaml; its scrape_configs say what to scrape.
              </p>
            </Empty>
          ) : (
            <Empty title="No target matches the filter">
              <p>
                <Link href="/targets">Show all {all.length}</Link>
              </p>
            </Empty>
          )}
        </section>
      )}
    </>
  );
}

function Pool({ pool, list, discovered, open }: { pool: string; list: Target[]; discovered: boolean; open: (target: string) => void }) {
  const up = list.filter((target) => target.health === 'up').length;
  const down = list.filter((target) => target.health === 'down').length;
  const interval = list[0]!.scrapeInterval;
  return (
    <details className={`panel ${down > 0 ? 'bad' : ''}`} open>
      <summary>
        <span className="turn">
          <Icon name="right" size={12} />
        </span>
        <h2>{pool}</h2>
        <span className="num dim">
          {up} of {list.length} up
        </span>
        {down > 0 && <State state="down" label={`${down} down`} />}
        <span className="grow" />
        {interval && <span className="dim">every {interval}</span>}
      </summary>
      <Scroll label="Targets of the pool">
        <table className="grid cards">
          <thead>
            <tr>
              <th className="fit">Health</th>
              <th style={{ width: '34%' }}>Address</th>
              <th>{discovered ? 'Discovered labels' : 'Labels'}</th>
              <th className="num fit">Last scrape</th>
              <th className="num fit">Took</th>
              <th className="fit">
                <span className="hidden-text">Actions</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {list.slice(0, mostRows).map((target) => (
              <tr key={target.scrapeUrl + JSON.stringify(target.labels)}>
                <td>
                  <State state={target.health} label={target.health === 'unknown' ? 'not yet' : undefined} />
                </td>
                <td className="main">
                  <span style={{ overflowWrap: 'anywhere' }}>{target.scrapeUrl}</span>
                  {target.lastError && <div className="tone-bad">{target.lastError}</div>}
                </td>
                <td className="main">
                  <Labels labels={discovered ? target.discoveredLabels : target.labels} without={discovered ? [] : ['job']} />
                </td>
                <td className="num" data-label="scraped">
                  <Ago at={target.lastScrape} />
                </td>
                <td className="num nowrap" data-label="took">{length(target.lastScrapeDuration)}</td>
                <td>
                  <Button variant="default" size="compact-xs" onClick={() => open(`${pool}|${target.discoveredLabels.__address__ ?? target.labels.instance ?? ''}`)}>
                    Relabelling
                  </Button>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
      {list.length > mostRows && (
        <div className="body dim">
          {mostRows} of {list.length}; filter to see others.
        </div>
      )}
    </details>
  );
}

function Dropped({ data, open }: { data: TargetsData; open: (target: string) => void }) {
  const [text] = useParam('q');
  const poolOf = (target: TargetsData['droppedTargets'][number]) => target.scrapePool ?? target.discoveredLabels.job ?? '';
  const shown = data.droppedTargets.filter((target) => text === '' || contains(JSON.stringify(target), text));
  const counts = Object.values(data.droppedTargetCounts ?? {}).reduce((sum, count) => sum + count, 0);
  const total = Math.max(counts, data.droppedTargets.length);
  return (
    <>
      <div className="row wrap">
        <TextFilter label="Filter dropped targets" placeholder="Discovered label" />
        <span className="dim num">
          {shown.length < total ? `${shown.length} of ${total}` : total} dropped
        </span>
      </div>
      {byPool(shown, poolOf).map(([pool, list]) => (
        <section key={pool} className="panel" aria-label={pool}>
          <header>
            <h2>{pool}</h2>
          </header>
          <Scroll label="Targets of the pool">
            <table className="grid cards">
              <tbody>
                {list.slice(0, mostRows).map((target) => (
                  <tr key={JSON.stringify(target)}>
                    <td className="mono">{target.discoveredLabels.__address__}</td>
                    <td>
                      <Labels labels={target.discoveredLabels} without={['__address__']} />
                    </td>
                    <td>
                      <Button variant="default" size="compact-xs" onClick={() => open(`${pool}|${target.discoveredLabels.__address__ ?? ''}`)}>
                        Why?
                      </Button>
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </Scroll>
        </section>
      ))}
      {shown.length === 0 && (
        <section className="panel">
          <Empty title={total === 0 ? 'No target was dropped' : 'No dropped target matches the filter'}>
            <p>Relabelling with keep or drop leaves out targets; they are listed here with the labels that discovery gave them.</p>
          </Empty>
        </section>
      )}
    </>
  );
}
