import { Button, TextInput } from '@mantine/core';
import { useMemo, useState } from 'react';
import { Link, useSearchParams } from 'wouter';
import { quantity } from '../../format/quantity';
import { exactTime } from '../../format/time';
import { Empty, Failure, Loading } from '../../parts/Answer';
import { Scroll } from '../../parts/Scroll';
import type { Tone } from '../../parts/State';
import { State } from '../../parts/State';
import type { IconName } from '../../parts/Icon';
import { parseRef } from '../../traces/opened';
import type { Difference } from '../../traces/operations';
import { compare } from '../../traces/operations';
import { operationQuery, traceIdIn } from '../../traces/query';
import type { Trace } from '../../traces/trace';
import { rootOf } from '../../traces/trace';
import { traceLink, tracesLink } from '../../url/traces';
import type { LoadedTrace } from './use-trace';
import { useTrace } from './use-trace';
import './Traces.css';
import { TracesHead } from './TraceTabs';

const seconds = (nanoseconds: number) => quantity(nanoseconds / 1e9, 'seconds');

export default function CompareTraces() {
  const [params, setParams] = useSearchParams();
  const [a, b] = [params.get('a') ?? '', params.get('b') ?? ''];
  const first = useTrace(a);
  const second = useTrace(b);
  const set = (name: 'a' | 'b', ref: string) =>
    setParams((before) => {
      const next = new URLSearchParams(before);
      next.set(name, ref);
      return next;
    });
  const ready = first.trace && second.trace;
  return (
    <>
      <TracesHead here="compare" />
      <div className="stack">
        <div className="compare-sides">
          <Side key={`a ${a}`} title="Before" reference={a} loaded={first} onSet={(ref) => set('a', ref)} other={second.trace} />
          <Side key={`b ${b}`} title="After" reference={b} loaded={second} onSet={(ref) => set('b', ref)} other={first.trace} />
        </div>
        {ready ? (
          <Differences before={first.trace!} after={second.trace!} />
        ) : (
          <section className="panel">
            <Empty title="Two traces, side by side">
              <p>Give the ids of two traces above, or tick two in the list of a search. Their spans are counted and added up by operation.</p>
            </Empty>
          </section>
        )}
      </div>
    </>
  );
}

function Side({ title, reference, loaded, other, onSet }: { title: string; reference: string; loaded: LoadedTrace; other: Trace | undefined; onSet: (ref: string) => void }) {
  const [text, setText] = useState(reference);
  const [wrong, setWrong] = useState(false);
  const { trace } = loaded;
  const root = trace && rootOf(trace);
  const like = other && rootOf(other);
  return (
    <section className="panel" aria-label={title}>
      <div className="body stack tight">
        <form
          className="row top"
          onSubmit={(event) => {
            event.preventDefault();
            const ref = parseRef(text.trim()) ? text.trim() : traceIdIn(text);
            setWrong(ref === null);
            if (ref !== null) onSet(ref);
          }}
        >
          <TextInput className="grow" aria-label={`${title}: trace ID`} placeholder="Trace ID" value={text} error={wrong ? 'An id has 32 hexadecimal digits' : undefined} onChange={(event) => setText(event.currentTarget.value)} leftSection={<span className="dim">{title}</span>} leftSectionWidth={58} />
          <Button type="submit" variant="default">
            Take
          </Button>
        </form>
        {loaded.loading && <Loading lines={2} />}
        {loaded.error != null && <Failure error={loaded.error} retry={loaded.again} />}
        {!loaded.loading && loaded.error == null && reference.startsWith('file-') && !trace && <span className="dim">The file of this trace is no longer open.</span>}
        {trace && root && (
          <div>
            <Link href={traceLink(reference)}>
              <strong>{root.raw.resource.service}</strong> {root.raw.name}
            </Link>
            <div className="dim num">
              {exactTime(new Date(Number(trace.begin / 1_000_000n)))}, {seconds(trace.duration)}, {trace.spans.length.toLocaleString('en')} {trace.spans.length === 1 ? 'span' : 'spans'}, {trace.errors.toLocaleString('en')} {trace.errors === 1 ? 'error' : 'errors'}
              {loaded.file && `, from the file ${loaded.file.name}`}
            </div>
          </div>
        )}
        {!trace && !loaded.loading && like && (
          <span className="dim">
            Find one: <Link href={tracesLink(operationQuery(like.raw.resource.service, like.raw.name))}>traces with the same root</Link>
          </span>
        )}
      </div>
    </section>
  );
}

const changes: Record<Difference['change'], [IconName, Tone, string]> = {
  added: ['plus', 'accent', 'added'],
  removed: ['close', 'warn', 'removed'],
  both: ['circle', 'dim', 'in both'],
};
/** Operations that are listed. */
const mostListed = 500;

function Differences({ before, after }: { before: Trace; after: Trace }) {
  const rows = useMemo(() => compare(before, after), [before, after]);
  const sign = (value: number, text: string) => (value > 0 ? `+${text}` : value < 0 ? `−${text}` : '0');
  const spans = after.spans.length - before.spans.length;
  const time = after.duration - before.duration;
  return (
    <section className="panel" aria-label="Differences">
      <header>
        <span className="num">
          {sign(time, seconds(Math.abs(time)))} duration, {sign(spans, Math.abs(spans).toLocaleString('en'))} spans, {rows.filter((row) => row.change === 'added').length} operations added, {rows.filter((row) => row.change === 'removed').length} removed
        </span>
      </header>
      <Scroll label="Differences by operation">
        <table className="grid">
          <thead>
            <tr>
              <th>Operation</th>
              <th>Where</th>
              <th className="num">Spans before</th>
              <th className="num">after</th>
              <th className="num">Time before</th>
              <th className="num">after</th>
              <th className="num">Difference</th>
              <th className="num">Errors before</th>
              <th className="num">after</th>
            </tr>
          </thead>
          <tbody>
            {rows.slice(0, mostListed).map((row) => {
              const [icon, tone, word] = changes[row.change];
              const difference = row.after.total - row.before.total;
              return (
                <tr key={`${row.service}\u0000${row.name}`}>
                  <td>
                    <strong>{row.service}</strong> {row.name}
                  </td>
                  <td>
                    <State state={row.change} label={word} look={[icon, tone]} />
                  </td>
                  <td className="num">{row.before.count.toLocaleString('en')}</td>
                  <td className="num">{row.after.count.toLocaleString('en')}</td>
                  <td className="num nowrap">{seconds(row.before.total)}</td>
                  <td className="num nowrap">{seconds(row.after.total)}</td>
                  <td className="num nowrap">{sign(difference, seconds(Math.abs(difference)))}</td>
                  <td className="num">{row.before.errors}</td>
                  <td className="num">{row.after.errors}</td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </Scroll>
      {rows.length > mostListed && <p className="dim body">The {mostListed} with the largest differences, of {rows.length.toLocaleString('en')}.</p>}
    </section>
  );
}
