import { ActionIcon, Button, NativeSelect, TextInput, Tooltip } from '@mantine/core';
import { useDeferredValue, useMemo, useState } from 'react';
import { useSearchParams } from 'wouter';
import { quantity } from '../../format/quantity';
import { Icon } from '../../parts/Icon';
import type { Segment } from '../../traces/critical-path';
import { ancestors, matching, visibleRows } from '../../traces/rows';
import type { OpenedFile } from '../../traces/opened';
import type { Trace } from '../../traces/trace';
import { placeOf, spanRef } from '../../traces/trace';
import { Minimap } from './Minimap';
import { ServiceLegend } from './ServiceLegend';
import { SpanDetails } from './SpanDetails';
import { Waterfall } from './Waterfall';

interface Props {
  trace: Trace;
  path: Map<number, Segment[]>;
  /** The file that the trace is from; the server knows nothing of it. */
  file: OpenedFile | undefined;
}

/** A part of the trace's duration, in nanoseconds since it began. */
export interface Window {
  from: number;
  to: number;
}

type Shown = 'all' | 'path' | 'errors' | 'found';

const pathHelp =
  'Followed backwards from the trace’s end: at each moment the span that the end waited for. Of a span’s children that have ended, it is the one that ended last; time in which it waited for no child is its own.';

/** The least part of a trace that can be shown, in nanoseconds. */
const leastWindow = 100;

export function WaterfallView({ trace, path, file }: Props) {
  const [params, setParams] = useSearchParams();
  const asked = params.get('span');
  const selected = useMemo(() => (asked ? placeOf(trace, asked) : -1), [trace, asked]);
  const [collapsed, setCollapsed] = useState<ReadonlySet<number>>(new Set());
  const [active, setActive] = useState(Math.max(selected, 0));
  const [shown, setShown] = useState<Shown>('all');
  const [search, setSearch] = useState('');
  const wanted = useDeferredValue(search);
  const whole = useMemo((): Window => ({ from: 0, to: Math.max(trace.duration, 1) }), [trace]);
  const [window, setWindow] = useState<Window>(whole);

  const found = useMemo(() => matching(trace, wanted), [trace, wanted]);
  const marked = useMemo(() => new Set(found), [found]);
  const kept = useMemo((): ReadonlySet<number> | null => {
    if (shown === 'path') return new Set(path.keys());
    if (shown === 'errors') return new Set(trace.spans.flatMap((span, place) => (span.raw.status === 'error' ? [place] : [])));
    return shown === 'found' && wanted.trim() !== '' ? marked : null;
  }, [shown, wanted, marked, path, trace]);
  const rows = useMemo(() => visibleRows(trace, collapsed, kept), [trace, collapsed, kept]);

  const select = (place: number | null) => {
    if (place !== null) setActive(place);
    setParams(
      (before) => {
        const next = new URLSearchParams(before);
        const id = place === null ? '' : spanRef(trace, place);
        if (id) next.set('span', id);
        else next.delete('span');
        return next;
      },
      { replace: true },
    );
  };
  /** Makes a span visible and moves to it. */
  const show = (place: number) => {
    setCollapsed((before) => {
      const above = ancestors(trace, place).filter((each) => before.has(each));
      if (above.length === 0) return before;
      const next = new Set(before);
      for (const each of above) next.delete(each);
      return next;
    });
    setActive(place);
  };
  const step = (direction: 1 | -1) => {
    if (found.length === 0) return;
    const next = direction > 0 ? found.find((place) => place > active) : found.findLast((place) => place < active);
    show(next ?? (direction > 0 ? found[0]! : found[found.length - 1]!));
  };
  // A link inside the trace changes the address alone.
  const [followed, setFollowed] = useState(selected);
  if (followed !== selected) {
    setFollowed(selected);
    if (selected >= 0) show(selected);
  }

  const move = (next: Window) => {
    const length = Math.min(Math.max(next.to - next.from, Math.min(leastWindow, whole.to)), whole.to);
    const from = Math.min(Math.max(next.from, 0), whole.to - length);
    setWindow({ from, to: from + length });
  };
  const middle = (window.from + window.to) / 2;
  const half = (window.to - window.from) / 2;
  const isWhole = window.from <= 0 && window.to >= whole.to;
  const parents = useMemo(() => trace.spans.flatMap((span, place) => (span.size > 1 ? [place] : [])), [trace]);
  const place = found.indexOf(active);

  return (
    <>
      <div className="row wrap waterfall-bar">
        <TextInput
          data-filter
          type="search"
          aria-label="Search in the spans"
          placeholder="Search in the spans"
          leftSection={<Icon name="search" size={13} />}
          value={search}
          onChange={(event) => setSearch(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key === 'Enter') step(event.shiftKey ? -1 : 1);
            if (event.key === 'Escape') event.currentTarget.blur();
          }}
        />
        {wanted.trim() !== '' && (
          <span className="row" style={{ gap: '0.125rem' }}>
            <span className="dim num" role="status">
              {found.length === 0 ? 'Nothing found' : `${place >= 0 ? `${(place + 1).toLocaleString('en')} of ` : ''}${found.length.toLocaleString('en')} found`}
            </span>
            <ActionIcon aria-label="Found span before" disabled={found.length === 0} onClick={() => step(-1)}>
              <Icon name="left" />
            </ActionIcon>
            <ActionIcon aria-label="Next found span" disabled={found.length === 0} onClick={() => step(1)}>
              <Icon name="right" />
            </ActionIcon>
          </span>
        )}
        <NativeSelect
          aria-label="Which spans are shown"
          value={shown}
          data={[
            { value: 'all', label: 'All spans' },
            { value: 'path', label: 'Critical path only' },
            { value: 'errors', label: 'Errors only', disabled: trace.errors === 0 },
            { value: 'found', label: 'Found spans only' },
          ]}
          onChange={(event) => setShown(event.currentTarget.value as Shown)}
        />
        <Button variant="subtle" color="gray" size="compact-sm" disabled={collapsed.size >= parents.length} onClick={() => setCollapsed(new Set(parents))}>
          Collapse all
        </Button>
        <Button variant="subtle" color="gray" size="compact-sm" disabled={collapsed.size === 0} onClick={() => setCollapsed(new Set())}>
          Expand all
        </Button>
        <span className="grow" />
        <Tooltip label={pathHelp} multiline w={320} events={{ hover: true, focus: true, touch: true }}>
          <button type="button" className="plain-button row path-key">
            <span className="path-mark" aria-hidden="true" /> Critical path
            <span className="hidden-text">: {pathHelp}</span>
          </button>
        </Tooltip>
      </div>
      <ServiceLegend trace={trace} />
      <div className={`waterfall-area ${selected >= 0 ? 'with-details' : ''}`}>
      <section className="panel waterfall-panel" aria-label="Waterfall">
        <div className="minimap-row">
          <div className="row minimap-buttons" role="group" aria-label="Part of the trace">
            <ActionIcon aria-label="Zoom in" title="Zoom in" onClick={() => move({ from: middle - half / 2, to: middle + half / 2 })}>
              <Icon name="plus" size={13} />
            </ActionIcon>
            <ActionIcon aria-label="Earlier part" title="Earlier part" disabled={window.from <= 0} onClick={() => move({ from: window.from - half, to: window.to - half })}>
              <Icon name="left" size={13} />
            </ActionIcon>
            <ActionIcon aria-label="Later part" title="Later part" disabled={window.to >= whole.to} onClick={() => move({ from: window.from + half, to: window.to + half })}>
              <Icon name="right" size={13} />
            </ActionIcon>
            <Button variant="subtle" color="gray" size="compact-xs" disabled={isWhole} onClick={() => setWindow(whole)}>
              Whole trace
            </Button>
          </div>
          <Minimap trace={trace} path={path} window={window} onWindow={move} />
        </div>
        <div className="waterfall-axis" aria-hidden="true">
          <span>
            {rows.length < trace.spans.length && `${rows.length.toLocaleString('en')} of `}
            {trace.spans.length.toLocaleString('en')} {trace.spans.length === 1 ? 'span' : 'spans'}
          </span>
          <div>
            {[0, 0.25, 0.5, 0.75, 1].map((share) => (
              <span key={share} style={{ left: `${share * 100}%` }} className="num">
                {quantity((window.from + share * (window.to - window.from)) / 1e9, 'seconds')}
              </span>
            ))}
          </div>
        </div>
        <Waterfall
          trace={trace}
          rows={rows}
          path={path}
          window={window}
          collapsed={collapsed}
          marked={marked}
          active={active}
          selected={selected}
          onActive={setActive}
          onSelect={(chosen) => select(chosen)}
          onCollapse={(which, close) =>
            setCollapsed((before) => {
              const next = new Set(before);
              if (close) next.add(which);
              else next.delete(which);
              return next;
            })
          }
        />
        {rows.length === 0 && <p className="dim body">No span is to be shown.</p>}
      </section>
      {selected >= 0 && (
        <SpanDetails
          key={selected}
          trace={trace}
          place={selected}
          segments={path.get(selected) ?? []}
          file={file}
          onZoom={() => {
            const span = trace.spans[selected]!;
            move({ from: span.begin, to: span.begin + span.duration });
          }}
          onClose={() => select(null)}
        />
      )}
      </div>
    </>
  );
}
