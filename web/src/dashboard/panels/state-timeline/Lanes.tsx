import { ActionIcon } from '@mantine/core';
import type { PointerEvent } from 'react';
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react';
import uPlot from 'uplot';
import { length } from '../../../format/time';
import { Icon } from '../../../parts/Icon';
import type { JsonObject } from '../../model';
import type { PanelProps } from '../../panel';
import { Framed } from '../legend/Framed';
import type { LegendItem } from '../legend/legend';
import { legendOptions } from '../legend/legend';
import { Legend } from '../legend/Legend';
import { CursorKeys } from '../keys/CursorKeys';
import type { Track } from '../keys/walk';
import { Nothing } from '../Nothing';
import { measure, widest } from '../parts/text-size';
import { momentText, timeTexts } from '../ticks';
import type { TooltipOptions } from '../timeseries/tooltip';
import { linksOf, tooltipOptions } from '../timeseries/tooltip';
import type { TipContent, TipRow } from '../tip/Tip';
import { Tip, tipStore } from '../tip/Tip';
import { scopedOf } from '../scoped';
import { paint } from './paint';
import type { Lane, State } from './states';
import { kindsOf, lanesOf, stateAt } from './states';
import { timeMarks } from './time-marks';
import './lanes.css';

const axisHeight = 20;
const pagerHeight = 28;
const nameSize = 12;
/** Lanes of a page, and rows of a tooltip. */
const perPage = 20;
const mostRows = 32;
/** A drag shorter than this, in pixels, is a click. */
const leastDrag = 5;

const share = (value: unknown, otherwise: number) => (typeof value === 'number' && value > 0 && value <= 1 ? value : otherwise);

/** States over time, a lane for each field; `samples` draws each point by itself. */
export function Lanes(props: PanelProps<JsonObject> & { samples: boolean }) {
  const { options, panel, frames, width, height, range, isDark, samples } = props;
  const [page, setPage] = useState(0);
  const merges = !samples && options.mergeValues !== false;
  const lanes = useMemo(() => lanesOf(frames, { merges, samples, span: range, isDark }), [frames, merges, samples, range, isDark]);
  const kinds = useMemo(() => kindsOf(lanes, isDark), [lanes, isDark]);
  if (lanes.length === 0 || lanes.every(({ states }) => states.length === 0)) return <Nothing width={width} height={height} text={panel.fieldConfig?.defaults.noValue || undefined} />;

  const each = typeof options.perPage === 'number' && options.perPage >= 1 ? Math.floor(options.perPage) : perPage;
  const pages = Math.ceil(lanes.length / each);
  const at = Math.min(page, pages - 1);
  const shown = lanes.slice(at * each, (at + 1) * each);
  const legend = { ...legendOptions(options.legend), calcs: [] };
  const items = kinds.map(({ text, color }): LegendItem => ({ key: `${text} ${color}`, name: text, color, shown: true, mark: 'block', calcs: [] }));
  const free = pages > 1 ? height - pagerHeight : height;
  return (
    <>
      <Framed width={width} height={free} options={legend} legend={legend.show && items.length > 0 ? <Legend items={items} options={{ ...legend, table: false }} /> : null}>
        {(wide, high) => <Drawing {...props} lanes={shown} width={wide} height={high} />}
      </Framed>
      {pages > 1 && (
        <div className="lanes-pages row">
          <ActionIcon size="sm" aria-label="Page before" disabled={at === 0} onClick={() => setPage(at - 1)}>
            <Icon name="left" size={12} />
          </ActionIcon>
          <span className="num" role="status">
            {at + 1} / {pages}
          </span>
          <ActionIcon size="sm" aria-label="Next page" disabled={at >= pages - 1} onClick={() => setPage(at + 1)}>
            <Icon name="right" size={12} />
          </ActionIcon>
        </div>
      )}
    </>
  );
}

function Drawing({ lanes, options, panel, width, height, range, timeZone, isDark, samples, cursorKey, sharedCursor, link, onRange }: PanelProps<JsonObject> & { lanes: Lane[]; samples: boolean }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [store] = useState(tipStore);
  const [cursor, setCursor] = useState<number | null>(null);
  const [drag, setDrag] = useState<{ from: number; to: number } | null>(null);
  const tooltip = useMemo(() => tooltipOptions(options.tooltip), [options.tooltip]);
  const names = Math.min(width * 0.3, 220, Math.ceil(measure(widest(lanes.map(({ name }) => name), 400), 400) * nameSize) + 8);
  const left = width > 160 ? names : 0;
  const plotWidth = Math.max(10, width - left - 8);
  const plotHeight = Math.max(4, height - axisHeight);
  const rowHeight = share(options.rowHeight, 0.9);
  const columnWidth = samples ? share(options.colWidth, 0.9) : 1;

  useLayoutEffect(() => {
    const node = canvas.current!;
    paint(node, lanes, {
      width: plotWidth,
      height: plotHeight,
      span: range,
      rowHeight,
      columnWidth,
      showValue: options.showValue === 'always' || options.showValue === 'never' ? options.showValue : 'auto',
      align: options.alignValue === 'center' || options.alignValue === 'right' ? options.alignValue : samples ? 'center' : 'left',
      isDark,
    });
    // For tests in a browser: what was drawn, by lane.
    (node as HTMLCanvasElement & { __states?: () => { name: string; states: State[] }[] }).__states = () => lanes.map(({ name, states }) => ({ name, states }));
  }, [lanes, plotWidth, plotHeight, rowHeight, columnWidth, range, options, samples, isDark]);

  // Charts of the dashboard tell where their pointer is.
  useEffect(() => {
    if (sharedCursor === 0) return;
    const sync = uPlot.sync(cursorKey);
    const heard = {
      pub: (_type: string, from: uPlot, x: number) => setCursor(x < 0 || !from.scales?.x ? null : from.posToVal(x, 'x')),
    } as unknown as uPlot;
    sync.sub(heard);
    return () => sync.unsub(heard);
  }, [cursorKey, sharedCursor]);

  const timeAt = (offset: number) => range.from + (Math.min(Math.max(offset, 0), plotWidth) / plotWidth) * (range.to - range.from);
  const offsetOf = (event: PointerEvent<HTMLCanvasElement>) => event.clientX - event.currentTarget.getBoundingClientRect().left;
  const told = (near: Lane | undefined, at: number, place: { x: number; y: number }, pinned: boolean): TipContent | null => {
    const listed = tooltip.mode === 'multi' ? lanes : near ? [near] : [];
    const found = listed.flatMap((lane) => {
      const state = stateAt(lane, at);
      return state ? [{ lane, state }] : [];
    });
    if (found.length === 0 || tooltip.mode === 'none') return null;
    const pointed = found.find(({ lane }) => lane === near);
    const rows = found.slice(0, mostRows).map(
      ({ lane, state }): TipRow => ({ key: lane.key, color: state.color, name: lane.name, value: state.text, near: found.length > 1 && lane === near, links: linksOfState(lane, state, link) }),
    );
    const notes = pointed && !samples ? [fromTo(pointed.state), `Duration: ${length((pointed.state.to - pointed.state.from) / 1000)}`] : [];
    const heading = samples && pointed ? momentText((pointed.state.from + pointed.state.to) / 2, timeZone) : momentText(Math.round(at), timeZone);
    return { ...place, heading, rows, more: Math.max(0, found.length - mostRows), notes, pinned, ...sizes(tooltip) };
  };
  const fromTo = ({ from, to }: State) => `${momentText(from, timeZone)} to ${momentText(to, timeZone)}`;
  const content = (event: PointerEvent<HTMLCanvasElement>, pinned: boolean): TipContent | null => {
    const box = event.currentTarget.getBoundingClientRect();
    const near = lanes[Math.floor(((event.clientY - box.top) / plotHeight) * lanes.length)];
    return told(near, timeAt(event.clientX - box.left), { x: event.clientX, y: event.clientY }, pinned);
  };

  const marks = timeMarks(range.from, range.to, ((range.to - range.from) / plotWidth) * 86, timeZone);
  const texts = timeTexts(marks.times, marks.step, range.to - range.from, timeZone);
  const place = (time: number) => ((time - range.from) / (range.to - range.from)) * plotWidth;
  const hasLinks = lanes.some(({ field }) => (field.config.links ?? []).length > 0);
  const within = (time: number) => Math.min(Math.max(time, range.from), range.to);
  const middleOf = ({ from, to }: State) => (within(from) + within(to)) / 2;
  // What lies outside of the span cannot be pointed at.
  const seen = lanes.map(({ states }) => states.filter(({ from, to }) => to > range.from && from < range.to));
  const tracks = lanes.map((lane, track): Track => {
    const states = seen[track]!;
    const over = (time: number) => {
      const item = states.indexOf(stateAt(lane, time)!);
      return item < 0 ? undefined : item;
    };
    return { key: lane.key, count: states.length, position: (item) => middleOf(states[item]!), has: () => true, over };
  });
  const last = (lane: Lane) => lane.states.at(-1)?.text ?? 'no state';
  return (
    <div className="lanes" style={{ width, height }}>
      {left > 0 && (
        <div className="lanes-names" style={{ width: left, height: plotHeight }} aria-hidden="true">
          {lanes.map((lane) => (
            <span key={lane.key} title={lane.name}>
              {lane.name}
            </span>
          ))}
        </div>
      )}
      <div className="lanes-plot" style={{ left, width: plotWidth, height: plotHeight }}>
        {marks.times.map((time) => (
          <span key={time} className="lanes-grid" style={{ left: place(time) }} />
        ))}
        <canvas
          ref={canvas}
          data-states
          style={{ width: plotWidth, height: plotHeight }}
          role="img"
          aria-label={`${panel.title || 'States'}. Last states: ${lanes.slice(0, 20).map((lane) => `${lane.name} ${last(lane)}`).join(', ')}`}
          onPointerDown={(event) => {
            if (event.button !== 0) return;
            event.currentTarget.setPointerCapture(event.pointerId);
            setDrag({ from: offsetOf(event), to: offsetOf(event) });
          }}
          onPointerMove={(event) => {
            setCursor(timeAt(offsetOf(event)));
            if (drag) setDrag({ ...drag, to: offsetOf(event) });
            else if (store.get()?.pinned !== true) {
              const shown = content(event, false);
              if (shown) store.show(() => shown);
              else store.hide();
            }
          }}
          onPointerUp={(event) => {
            if (!drag) return;
            setDrag(null);
            const [from, to] = [drag.from, offsetOf(event)].sort((a, b) => a - b) as [number, number];
            if (to - from >= leastDrag) {
              store.hide();
              onRange({ from: Math.round(timeAt(from)), to: Math.round(timeAt(to)) });
            } else if (hasLinks) {
              const shown = content(event, true);
              if (shown) store.show(() => shown);
            }
          }}
          onPointerCancel={() => setDrag(null)}
          onPointerLeave={() => {
            setCursor(null);
            if (store.get()?.pinned !== true) store.hide();
          }}
        />
        <CursorKeys
          tracks={tracks}
          along="x"
          boxOf={({ track, item }) => {
            const { from, to } = seen[track]![item]!;
            const lost = ((to - from) * (1 - columnWidth)) / 2;
            const [first, end] = [within(from + lost), within(to - lost)].map(place) as [number, number];
            const each = plotHeight / lanes.length;
            return { left: first, width: Math.max(2, end - first), top: track * each + (each * (1 - rowHeight)) / 2, height: each * rowHeight };
          }}
          describe={({ track, item }) => {
            const state = seen[track]![item]!;
            return `${lanes[track]!.name}: ${state.text}, ${samples ? momentText((state.from + state.to) / 2, timeZone) : fromTo(state)}`;
          }}
          onPick={({ track, item }, at, pinned) => {
            const shown = told(lanes[track], middleOf(seen[track]![item]!), at, pinned && hasLinks);
            store.show(() => shown);
          }}
          onLeave={() => {
            if (store.get()?.pinned !== true) store.hide();
          }}
        />
        {drag && Math.abs(drag.to - drag.from) >= leastDrag && <span className="lanes-drag" style={{ left: Math.max(0, Math.min(drag.from, drag.to)), width: Math.abs(drag.to - drag.from) }} />}
        {cursor !== null && cursor >= range.from && cursor <= range.to && <span className="lanes-cursor" style={{ left: place(cursor) }} />}
      </div>
      <div className="lanes-axis num" style={{ left, width: plotWidth }} aria-hidden="true">
        {marks.times.map((time, index) => {
          const at = place(time);
          return at < 18 || at > plotWidth - 18 ? null : (
            <span key={time} style={{ left: at }}>
              {texts[index]}
            </span>
          );
        })}
      </div>
      <Tip store={store} />
    </div>
  );
}

const sizes = ({ maxWidth, maxHeight }: TooltipOptions) => ({ maxWidth, maxHeight });

function linksOfState({ field, frame }: Lane, state: State, link: PanelProps['link']): TipRow['links'] {
  const time = frame.fields.find(({ type }) => type === 'time');
  const row = time?.values.findLastIndex((at) => (at as number) <= state.from + (state.to - state.from) / 2) ?? -1;
  return linksOf(field.config.links, link, () => scopedOf(frame, field, row < 0 ? undefined : row, state.value));
}
