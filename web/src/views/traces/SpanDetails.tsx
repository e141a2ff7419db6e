import { ActionIcon, Button, CopyButton } from '@mantine/core';
import type { ReactNode } from 'react';
import { Fragment, useState } from 'react';
import { Link } from 'wouter';
import { quantity } from '../../format/quantity';
import { Icon } from '../../parts/Icon';
import { State } from '../../parts/State';
import type { Segment } from '../../traces/critical-path';
import type { OpenedFile } from '../../traces/opened';
import { fileRef } from '../../traces/opened';
import type { KeyValue } from '../../traces/otlp';
import { attributesOf, eventsOf, linksOf, valueText } from '../../traces/otlp';
import { operationQuery, writeForm, emptyForm } from '../../traces/query';
import type { Trace } from '../../traces/trace';
import { spanRef } from '../../traces/trace';
import { exploreLink } from '../../url/explore';
import { traceLink, tracesLink } from '../../url/traces';
import { TraceLogs } from './TraceLogs';

interface Props {
  trace: Trace;
  place: number;
  segments: Segment[];
  /** The file that the trace is from; the server knows nothing of it. */
  file: OpenedFile | undefined;
  onZoom: () => void;
  onClose: () => void;
}

const seconds = (nanoseconds: number) => quantity(nanoseconds / 1e9, 'seconds');
/** Events and links that are listed. */
const mostListed = 200;

export function SpanDetails({ trace, place, segments, file, onZoom, onClose }: Props) {
  const span = trace.spans[place]!;
  const local = file !== undefined;
  const { raw } = span;
  const { service } = raw.resource;
  const events = eventsOf(raw);
  const links = linksOf(raw);
  const onPath = segments.reduce((sum, { from, to }) => sum + to - from, 0);
  const link = `${location.origin}${traceLink(raw.traceId, { span: spanRef(trace, place) })}`;
  // Some minutes on both sides, so that the figures around the span can be seen.
  const around = { range: 1_800, end: Number((trace.begin + BigInt(Math.round(span.begin))) / 1_000_000_000n) + 900 };
  const [opened] = useState(() => Date.now());
  const end = around.end * 1000 > opened ? null : around.end;
  const selector = `service=${JSON.stringify(service)}, span_name=${JSON.stringify(raw.name)}`;
  return (
    <section className="panel span-details" aria-label={`Span ${raw.name}`}>
      <header>
        <h2>
          {service} {raw.name}
        </h2>
        {raw.status !== 'unset' && <State state={raw.status} label={raw.status} />}
        <span className="grow" />
        <ActionIcon aria-label="Close the span’s details" onClick={onClose}>
          <Icon name="close" />
        </ActionIcon>
      </header>
      <div className="body stack">
        <div className="row wrap">
          {!local && <TraceLogs services={[service]} traceId={raw.traceId} begin={trace.begin + BigInt(Math.round(span.begin))} duration={span.duration} label="Logs of this span" size="compact-xs" />}
          {!local && (
            <>
              <Button component={Link} href={exploreLink(`sum by (span_name, status_code) (rate(traces_spanmetrics_calls_total{service=${JSON.stringify(service)}}[5m]))`, { range: around.range, end })} variant="default" size="compact-xs">
                Calls of {service}
              </Button>
              <Button component={Link} href={exploreLink(`histogram_quantile(0.95, sum by (le) (rate(traces_spanmetrics_latency_bucket{${selector}}[5m])))`, { range: around.range, end })} variant="default" size="compact-xs">
                Durations of this operation
              </Button>
              <Button component={Link} href={tracesLink(operationQuery(service, raw.name))} variant="default" size="compact-xs">
                Traces like this
              </Button>
            </>
          )}
          <Button variant="default" size="compact-xs" onClick={onZoom} disabled={span.duration === 0}>
            Zoom to it
          </Button>
          {!local && raw.spanId !== '' && (
            <CopyButton value={link}>
              {({ copied, copy }) => (
                <Button variant="default" size="compact-xs" onClick={copy} leftSection={<Icon name="link" size={12} />}>
                  {copied ? 'Link copied' : 'Copy link'}
                </Button>
              )}
            </CopyButton>
          )}
        </div>
        {raw.message && (
          <div className="note bad">
            <Icon name="cross" />
            <span>{raw.message}</span>
          </div>
        )}
        <dl className="facts">
          <dt>Duration</dt>
          <dd className="num">
            {seconds(span.duration)}, of which {seconds(span.self)} in itself{onPath > 0 && ` and ${seconds(onPath)} on the critical path`}
          </dd>
          <dt>Begin</dt>
          <dd className="num">{seconds(span.begin)} after the trace’s</dd>
          <dt>Kind</dt>
          <dd>{raw.kind}</dd>
          <dt>Span ID</dt>
          <dd>
            <code>{raw.spanId || '–'}</code>
          </dd>
          {raw.parentId && (
            <>
              <dt>Parent</dt>
              <dd>
                <code>{raw.parentId}</code>
              </dd>
            </>
          )}
          {raw.scope.name && (
            <>
              <dt>Scope</dt>
              <dd>
                {raw.scope.name} {raw.scope.version}
              </dd>
            </>
          )}
          {typeof raw.source.traceState === 'string' && raw.source.traceState !== '' && (
            <>
              <dt>Trace state</dt>
              <dd>
                <code>{raw.source.traceState}</code>
              </dd>
            </>
          )}
        </dl>
        <Part title="Attributes" count={null}>
          <Attributes list={attributesOf(raw)} scope={local ? null : 'span'} />
        </Part>
        <Part title="Resource" count={null}>
          <Attributes list={raw.resource.attributes} scope={local ? null : 'resource'} />
        </Part>
        {events.length > 0 && (
          <Part title="Events" count={events.length}>
            <ul className="span-events">
              {events.slice(0, mostListed).map((event, index) => (
                <li key={index}>
                  <div>
                    <strong>{event.name}</strong> {event.time > 0n && <span className="dim num">{seconds(Number(event.time - raw.begin))} after the span’s beginning</span>}
                  </div>
                  <Attributes list={event.attributes} scope={null} />
                </li>
              ))}
            </ul>
          </Part>
        )}
        {links.length > 0 && (
          <Part title="Links" count={links.length}>
            <ul className="span-events">
              {links.slice(0, mostListed).map((each, index) => (
                <li key={index}>
                  <Link href={traceLink(file ? fileRef(file.number, each.traceId) : each.traceId, { span: each.spanId })}>
                    <code>{each.traceId}</code>
                  </Link>{' '}
                  <span className="dim">
                    span <code>{each.spanId}</code>
                  </span>
                  <Attributes list={each.attributes} scope={null} />
                </li>
              ))}
            </ul>
          </Part>
        )}
      </div>
    </section>
  );
}

function Part({ title, count, children }: { title: string; count: number | null; children: ReactNode }) {
  return (
    <section>
      <h3>
        {title}
        {count !== null && <span className="dim num"> {count > mostListed ? `the first ${mostListed} of ${count.toLocaleString('en')}` : count}</span>}
      </h3>
      {children}
    </section>
  );
}

/** The text of a value as a query's form takes it: in quotes when it is a text that looks like something else. */
const asked = ({ value }: KeyValue) => (typeof value.stringValue === 'string' ? JSON.stringify(value.stringValue) : valueText(value));
const isPlain = ({ value }: KeyValue) => !value.arrayValue && !value.kvlistValue && typeof value.bytesValue !== 'string';

/** A key that breaks behind its dots and underscores rather than within a word. */
const Key = ({ name }: { name: string }) => (
  <>
    {name.split(/(?<=[._/-])(?=[^._/-])/).map((part, index) => (
      <Fragment key={index}>
        {index > 0 && <wbr />}
        {part}
      </Fragment>
    ))}
  </>
);

/** Attributes; of a scope that queries know, each leads to the traces with the same value. */
function Attributes({ list, scope }: { list: KeyValue[]; scope: 'span' | 'resource' | null }) {
  if (list.length === 0) return scope === null ? null : <p className="dim">None</p>;
  return (
    <table className="span-attributes">
      <tbody>
        {list.map((each, index) => {
          const text = valueText(each.value);
          return (
            <tr key={index}>
              <th scope="row">
                <Key name={each.key} />
              </th>
              <td className="mono">{text}</td>
              <td>
                {scope !== null && isPlain(each) && (
                  <ActionIcon component={Link} href={tracesLink(writeForm({ ...emptyForm, conditions: [{ key: `${scope}.${each.key}`, comparison: '=', value: asked(each) }] }))} size="sm" aria-label={`Traces with ${each.key}=${text.slice(0, 80)}`} title="Traces with this value">
                    <Icon name="search" size={12} />
                  </ActionIcon>
                )}
              </td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}
