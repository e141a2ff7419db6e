import { useComputedColorScheme } from '@mantine/core';
import { useVirtualizer } from '@tanstack/react-virtual';
import type { KeyboardEvent, MouseEvent } from 'react';
import { useEffect, useId, useMemo, useRef } from 'react';
import { lineColor } from '../../charts/colors';
import { quantity } from '../../format/quantity';
import { Icon } from '../../parts/Icon';
import type { Segment } from '../../traces/critical-path';
import type { Trace } from '../../traces/trace';
import { serviceColors } from './ServiceLegend';
import type { Window } from './WaterfallView';

interface Props {
  trace: Trace;
  /** Places of the spans that are drawn. */
  rows: number[];
  path: Map<number, Segment[]>;
  window: Window;
  collapsed: ReadonlySet<number>;
  marked: ReadonlySet<number>;
  active: number;
  selected: number;
  onActive: (place: number) => void;
  onSelect: (place: number) => void;
  onCollapse: (place: number, close: boolean) => void;
}

const rowHeight = 26;
/** Levels that are indented; deeper ones tell their depth in a number. */
const mostIndents = 24;
/** Percent of the row that a duration needs beside its bar. */
const leastRoom = 32;
/** Segments of the critical path that are drawn on one bar. */
const mostSegments = 50;

/** Spans as a tree beside their time, of which only the rows in sight are drawn. Arrow keys move, open and close; Enter shows a span's details. */
export function Waterfall({ trace, rows, path, window, collapsed, marked, active, selected, onActive, onSelect, onCollapse }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const name = useId();
  const isDark = useComputedColorScheme('light') === 'dark';
  const colors = useMemo(() => serviceColors(trace), [trace]);
  // eslint-disable-next-line react-hooks/incompatible-library -- what it returns stays in this component, which no compiler memoizes
  const virtual = useVirtualizer({ count: rows.length, getScrollElement: () => box.current, estimateSize: () => rowHeight, overscan: 12 });
  const index = useMemo(() => indexOf(rows, active), [rows, active]);
  useEffect(() => {
    if (index >= 0) virtual.scrollToIndex(index, { align: 'auto' });
  }, [index]); // eslint-disable-line react-hooks/exhaustive-deps

  const go = (to: number) => {
    const next = rows[Math.min(Math.max(to, 0), rows.length - 1)];
    if (next !== undefined) onActive(next);
  };
  const onKey = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const span = trace.spans[active];
    if (!span) return;
    const here = index < 0 ? -1 : index;
    const page = Math.max(1, Math.floor((box.current?.clientHeight ?? 0) / rowHeight) - 1);
    if (event.key === 'ArrowDown') go(here + 1);
    else if (event.key === 'ArrowUp') go(here - 1);
    else if (event.key === 'PageDown') go(here + page);
    else if (event.key === 'PageUp') go(here - page);
    else if (event.key === 'Home') go(0);
    else if (event.key === 'End') go(rows.length - 1);
    else if (event.key === 'ArrowRight') {
      if (collapsed.has(active)) onCollapse(active, false);
      else if (span.size > 1) go(here + 1);
    } else if (event.key === 'ArrowLeft') {
      if (span.size > 1 && !collapsed.has(active)) onCollapse(active, true);
      else if (span.parent >= 0) onActive(span.parent);
    } else if (event.key === 'Enter' || event.key === ' ') onSelect(active);
    else return;
    event.preventDefault();
  };
  const onClick = (event: MouseEvent) => {
    const target = event.target as HTMLElement;
    const place = Number(target.closest<HTMLElement>('[data-place]')?.dataset.place ?? -1);
    if (place < 0) return;
    if (target.closest('[data-toggle]')) {
      onActive(place);
      onCollapse(place, !collapsed.has(place));
    } else onSelect(place);
  };

  const items = virtual.getVirtualItems();
  const isDrawn = index >= 0 && items.some((item) => item.index === index);
  return (
    <div
      ref={box}
      className="waterfall"
      role="tree"
      tabIndex={0}
      aria-label="Spans"
      aria-activedescendant={isDrawn ? `${name}-${active}` : undefined}
      onKeyDown={onKey}
      onClick={onClick}
    >
      <div style={{ height: virtual.getTotalSize(), position: 'relative' }} role="presentation">
        {items.map((item) => {
          const place = rows[item.index]!;
          return (
            <Row
              key={place}
              id={`${name}-${place}`}
              trace={trace}
              place={place}
              top={item.start}
              segments={path.get(place)}
              window={window}
              color={lineColor(colors.get(trace.spans[place]!.raw.resource.service) ?? 0, isDark)}
              closed={collapsed.has(place)}
              look={`${place === active ? 'active ' : ''}${place === selected ? 'selected ' : ''}${marked.has(place) ? 'marked' : ''}`}
              selected={place === selected}
            />
          );
        })}
      </div>
    </div>
  );
}

/** The index of a place in the ascending list; -1 when it is not drawn. */
function indexOf(rows: number[], place: number): number {
  let low = 0;
  let high = rows.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    if (rows[middle]! < place) low = middle + 1;
    else if (rows[middle]! > place) high = middle - 1;
    else return middle;
  }
  return -1;
}

interface RowProps {
  id: string;
  trace: Trace;
  place: number;
  top: number;
  segments: Segment[] | undefined;
  window: Window;
  color: string;
  closed: boolean;
  look: string;
  selected: boolean;
}

function Row({ id, trace, place, top, segments, window, color, closed, look, selected }: RowProps) {
  const span = trace.spans[place]!;
  const { raw } = span;
  const length = window.to - window.from;
  const share = (nanoseconds: number) => ((nanoseconds - window.from) / length) * 100;
  const left = Math.max(share(span.begin), 0);
  const right = Math.min(share(span.begin + span.duration), 100);
  const isIn = right >= 0 && left <= 100 && span.begin + span.duration >= window.from && span.begin <= window.to;
  const duration = quantity(span.duration / 1e9, 'seconds');
  // The duration stands where there is more room; on the bar when there is little on both sides.
  const isBeside = Math.max(left, 100 - right) < leastRoom ? null : 100 - right >= Math.min(left, leastRoom) ? 'right' : 'left';
  const failed = raw.status === 'error';
  const below = span.size - 1;
  return (
    <div
      id={id}
      role="treeitem"
      aria-level={span.depth + 1}
      aria-expanded={below > 0 ? !closed : undefined}
      aria-selected={selected}
      data-place={place}
      className={`span-row ${look}`}
      style={{ transform: `translateY(${top}px)`, height: rowHeight }}
    >
      <div className="span-name" style={{ paddingLeft: `calc(${Math.min(span.depth, mostIndents)} * var(--indent))` }}>
        {span.depth > mostIndents && (
          <span className="dim num depth" title="How many spans stand above it">
            {span.depth}
          </span>
        )}
        <span className={`span-toggle ${closed ? '' : 'open'}`} {...(below > 0 ? { 'data-toggle': true } : {})}>
          {below > 0 && <Icon name="right" size={12} />}
        </span>
        <span className="service-bar" style={{ background: color }} />
        {failed && (
          <span className="tone-bad span-failed">
            <Icon name="cross" size={13} />
            <span className="hidden-text">Error: </span>
          </span>
        )}
        <span className="span-text" title={`${raw.resource.service} ${raw.name}`}>
          <strong>{raw.resource.service}</strong> {raw.name}
          {closed && <span className="dim"> +{below.toLocaleString('en')}</span>}
          {segments && <span className="hidden-text">, on the critical path</span>}
        </span>
      </div>
      <div className="span-time">
        {isIn && (
          <>
            <span className={`span-bar ${failed ? 'failed' : ''}`} style={{ left: `${left}%`, width: `${Math.max(right - left, 0)}%`, background: color }} />
            {segments?.slice(0, mostSegments).map(({ from, to }) => {
              const begin = Math.max(share(from), 0);
              const end = Math.min(share(to), 100);
              return end >= begin ? <span key={from} className="path-bar" style={{ left: `${begin}%`, width: `${end - begin}%` }} /> : null;
            })}
            <span className="span-duration num" style={isBeside === null ? { right: 4 } : isBeside === 'left' ? { right: `${100 - left}%` } : { left: `${right}%` }} data-inside={isBeside === null ? true : undefined}>
              {duration}
            </span>
          </>
        )}
      </div>
    </div>
  );
}
