import { useEffect, useMemo, useRef, useState } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { displayText } from '../../display';
import type { Field } from '../../frame';
import type { Annotation, PanelProps, TimeSpan } from '../../panel';
import { CursorKeys } from '../keys/CursorKeys';
import type { Spot, Track } from '../keys/walk';
import { setReading } from '../reading';
import { scopedOf } from '../scoped';
import { momentText } from '../ticks';
import type { TipContent } from '../tip/Tip';
import { Tip, tipStore } from '../tip/Tip';
import { AnnotationMarks, drawAnnotations } from './annotations';
import type { Exemplar } from './exemplars';
import { exemplarPlace, exemplarReach, exemplarSize } from './exemplars';
import type { Line, Model } from './model';
import { cursorOf, scaleOf, timeAxis, valueAxis, zoomedOut } from './options';
import { drawThresholds } from './paint';
import { seriesOf } from './series';
import type { Hovered, TooltipOptions } from './tooltip';
import { hovered, linksOf } from './tooltip';
import './timeseries.css';

interface Props extends Pick<PanelProps, 'range' | 'timeZone' | 'isDark' | 'sharedCursor' | 'cursorKey' | 'onRange' | 'link'> {
  label: string;
  /** Of axes of time below the first. */
  moreZones: string[];
  model: Model;
  width: number;
  height: number;
  tooltip: TooltipOptions;
  annotations: Annotation[];
  exemplars: Exemplar[];
  /** The key of the line to point out. */
  highlighted: string | null;
}

/** Where the plot lies in the chart, in pixels. */
export interface PlotBox {
  left: number;
  top: number;
  width: number;
  height: number;
}

/** Everything that needs a new chart when it changes; data alone does not. */
function shapeOf({ model, isDark, timeZone, moreZones, sharedCursor, cursorKey, height }: Props): string {
  return JSON.stringify([
    model.lines.map(({ name, style, color, shown, scale, field }) => [name, style, color, shown, scale, field.config.unit, field.config.decimals, field.config.thresholds, field.config.color]),
    model.axes.map(({ side }) => side),
    isDark,
    timeZone,
    moreZones,
    sharedCursor,
    cursorKey,
    height < 140,
  ]);
}

const fieldsOfAxes = (model: Model) => new Map<string, Field>(model.axes.map(({ key }) => [key, (model.lines.find(({ scale, shown }) => shown && scale === key) ?? model.lines.find(({ scale }) => scale === key))!.field]));

const shownBy = (field: Field | undefined, value: number) => (field?.display ? displayText(field.display(value)) : String(value));

export function Plot(props: Props) {
  const { label, model, width, height, range, annotations, exemplars, highlighted, timeZone } = props;
  const host = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot | null>(null);
  /** Shows a point that the keyboard has come to. */
  const pick = useRef<((line: Line, index: number, place: { x: number; y: number }, pinned: boolean) => void) | null>(null);
  const [store] = useState(tipStore);
  const [box, setBox] = useState<PlotBox | null>(null);
  const fields = useMemo(() => fieldsOfAxes(model), [model]);
  const latest = useRef({ ...props, fields });
  // Before the chart's own effects, which read it.
  useEffect(() => {
    latest.current = { ...props, fields };
  });
  const shape = shapeOf(props);
  const { lines, tracks } = useMemo(() => tracksOf(model, range), [model, range]);
  const data = useMemo(() => [model.times, ...model.lines.map(({ drawn }) => drawn)] as uPlot.AlignedData, [model]);

  useEffect(() => {
    const node = host.current;
    if (!node) return;
    const now = () => latest.current;
    const { isDark, sharedCursor, cursorKey } = now();
    const first = now().model;
    const line = (index: number) => () => {
      const found = now().model.lines[index];
      return found ? { model: now().model, line: found } : null;
    };

    /** The exemplar under the pointer. */
    const exemplarAt = (u: uPlot): Exemplar | null => {
      const scale = now().model.axes[0]?.key;
      if (scale === undefined) return null;
      const { left = -1, top = -1 } = u.cursor;
      let [best, least]: [Exemplar | null, number] = [null, exemplarReach];
      for (const one of now().exemplars) {
        const place = exemplarPlace(one, u.over.clientWidth, u.over.clientHeight, (time) => u.valToPos(time, 'x'), (value) => u.valToPos(value, scale));
        const away = place ? Math.hypot(place.x - left, place.y - top) : Infinity;
        if (away < least) [best, least] = [one, away];
      }
      return best;
    };
    const at = (u: uPlot) => {
      const { left = -1, top = -1, idx } = u.cursor;
      return { left, top, index: left < 0 ? null : (idx ?? null) };
    };
    /** `at` is a place above the plot, or the line that the keyboard is on. */
    const hoveredAt = (u: uPlot, index: number, at: number | Line, mode?: TooltipOptions['mode']) => {
      const { tooltip, link } = now();
      const away = (line: Line, place: number) => (typeof at === 'number' ? Math.abs(u.valToPos(line.drawn[place]!, line.scale) - at) : line === at ? -1 : 0);
      return hovered(now().model, index, { ...tooltip, mode: mode ?? tooltip.mode }, away, link);
    };
    const content = (u: uPlot): TipContent | null => {
      const { left, top, index } = at(u);
      const { tooltip } = now();
      if (index === null || tooltip.mode === 'none') return null;
      const { left: pageLeft, top: pageTop } = u.over.getBoundingClientRect();
      if (pageTop > innerHeight || pageTop + u.over.clientHeight < 0) return null;
      const place = { x: pageLeft + left, y: pageTop + Math.max(top, 0) };
      const exemplar = exemplarAt(u);
      if (exemplar) {
        return {
          ...place,
          heading: `Exemplar, ${momentText(exemplar.time, now().timeZone)}`,
          rows: [
            { key: 'value', name: 'Value', value: shownBy([...now().fields.values()][0], exemplar.value) },
            ...Object.entries(exemplar.labels).map(([name, value]) => ({ key: name, name, value })),
          ],
        };
      }
      return ofPoints(u, index, top, place);
    };
    const ofPoints = (u: uPlot, index: number, at: number | Line, place: { x: number; y: number }): TipContent | null => {
      const { tooltip } = now();
      if (tooltip.mode === 'none') return null;
      const { rows, more, nearest } = hoveredAt(u, index, at);
      if (rows.length === 0) return null;
      const time = tooltip.mode === 'single' && nearest ? now().model.times[nearest.index]! : now().model.times[index]!;
      return { ...place, heading: momentText(time, now().timeZone), rows, more, maxWidth: tooltip.maxWidth, maxHeight: tooltip.maxHeight };
    };
    const pin = (u: uPlot) => {
      const { top, index } = at(u);
      if (index === null) return;
      const exemplar = exemplarAt(u);
      const shown = content(u);
      if (exemplar && shown) {
        const links = exemplar.traceId === null ? [] : [{ href: `/traces/${encodeURIComponent(exemplar.traceId)}`, title: `Open trace ${exemplar.traceId}`, targetBlank: false }];
        store.show(() => ({ ...shown, pinned: true, links }));
        return;
      }
      choose(hoveredAt(u, index, top, 'single').nearest, shown);
    };
    /** What a click on a point does: its link is followed, or the tooltip stays. */
    const choose = (nearest: Hovered['nearest'], shown: TipContent | null) => {
      const direct = nearest?.line.field.config.links?.find(({ oneClick }) => oneClick);
      if (nearest && direct) {
        const [target] = linksOf([direct], now().link, () => scopedOf(nearest.line.frame, nearest.line.field, undefined, nearest.value, now().model.times[nearest.index]!));
        if (target) window.open(target.href, target.targetBlank ? '_blank' : '_self', target.targetBlank ? 'noreferrer' : undefined);
      } else if (shown) store.show(() => ({ ...shown, pinned: true }));
    };

    // Half of the last mark's text fits beside an axis of time that ends at the border.
    const edge = (side: 'left' | 'right') => () => (first.axes.some((axis) => axis.side === side) ? 0 : now().range.to - now().range.from > 86_400_000 ? 34 : 18);
    const widen = () => {
      // The first of two clicks has pinned a tooltip.
      store.hide();
      now().onRange(zoomedOut(now().range));
    };
    const plot = new uPlot(
      {
        width: now().width,
        height: now().height,
        ms: 1,
        tzDate: (time) => uPlot.tzDate(new Date(time), timeZone),
        padding: [8, edge('right'), 0, edge('left')],
        legend: { show: false },
        focus: { alpha: 0.18 },
        cursor: cursorOf(sharedCursor, cursorKey, () => now().model.lines.map(({ color }) => color), widen),
        select: { show: true, left: 0, top: 0, width: 0, height: 0 },
        scales: { x: { time: true, range: () => [now().range.from, now().range.to] }, ...Object.fromEntries(first.axes.map((axis) => [axis.key, scaleOf(axis)])) },
        axes: [
          timeAxis(timeZone),
          ...now().moreZones.map((zone) => ({ ...timeAxis(zone, true), grid: { show: false } })),
          ...first.axes.flatMap((axis, index) => (axis.side === null ? [] : [valueAxis(axis, index, () => now().fields.get(axis.key), first.lines.find(({ scale }) => scale === axis.key)?.color ?? null, now().height)])),
        ],
        series: [{}, ...first.lines.map((one, index) => seriesOf(one, line(index), isDark))],
        hooks: {
          drawAxes: [
            (u) => {
              drawThresholds(u, now().model.axes, now().fields, isDark);
              drawAnnotations(u, now().annotations, 'below');
            },
          ],
          draw: [
            (u) => {
              drawAnnotations(u, now().annotations, 'above');
              drawExemplars(u, now().exemplars, now().model.axes[0]?.key, now().model.lines[0]?.color);
              const ratio = devicePixelRatio;
              const next = { left: u.bbox.left / ratio, top: u.bbox.top / ratio, width: u.bbox.width / ratio, height: u.bbox.height / ratio };
              setBox((before) => (before && before.left === next.left && before.top === next.top && before.width === next.width && before.height === next.height ? before : next));
            },
          ],
          setCursor: [
            (u) => {
              if (store.get()?.pinned) return;
              const isOwn = u.cursor.event != null;
              if ((u.cursor.left ?? -1) < 0 || (!isOwn && now().sharedCursor < 2)) store.show(() => null);
              else store.show(() => (store.get()?.pinned ? store.get() : content(u)));
            },
          ],
          setSelect: [
            (u) => {
              const { left, width: wide } = u.select;
              if (wide > 4) now().onRange({ from: Math.round(u.posToVal(left, 'x')), to: Math.round(u.posToVal(left + wide, 'x')) });
              u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
            },
          ],
        },
      },
      [now().model.times, ...now().model.lines.map(({ drawn }) => drawn)] as uPlot.AlignedData,
      node,
    );
    chart.current = plot;
    pick.current = (line, index, place, pinned) => {
      const found = ofPoints(plot, index, line, place);
      // The line of the cursor, here and in what shares it; the tooltip is the point's own.
      moveCursor(plot, plot.valToPos(now().model.times[index]!, 'x'), plot.valToPos(line.drawn[index]!, line.scale));
      if (pinned) choose(hoveredAt(plot, index, line, 'single').nearest, found);
      else store.show(() => found);
    };
    plot.over.addEventListener('click', () => pin(plot));
    setReading(node, () => ({
      kind: 'timeseries',
      x: now().model.times,
      series: now().model.lines.map(({ name, color, shown, scale, raw, drawn }) => ({ name, color, shown, scale, values: raw.map((value) => value ?? null), drawn: drawn.map((value) => value ?? null) })),
      scales: Object.fromEntries(Object.entries(plot.scales).flatMap(([key, { min, max }]) => (min == null || max == null ? [] : [[key, [min, max]]]))),
      ticks: plot.axes.slice(1).flatMap((axis) => {
        // uPlot keeps the texts that it has written under a name of its own.
        const texts = ((axis as { _values?: unknown[] })._values ?? []).flatMap((text) => (text == null || text === '' ? [] : [String(text)]));
        return axis.show && texts.length > 0 && (axis.side === 1 || axis.side === 3) ? [{ side: axis.side === 1 ? ('right' as const) : ('left' as const), texts }] : [];
      }),
      plot: plot.over.getBoundingClientRect(),
    }));
    return () => {
      setReading(node, null);
      store.hide();
      plot.destroy();
      chart.current = null;
    };
    // `shape` stands for everything that needs a new chart; size and data have effects of their own.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [shape, store]);

  useEffect(() => {
    const plot = chart.current;
    if (plot && (plot.width !== width || plot.height !== height)) plot.setSize({ width, height });
  }, [width, height, shape]);
  useEffect(() => {
    const plot = chart.current;
    if (plot && (data.some((list, index) => plot.data[index] !== list) || plot.scales.x?.min !== range.from || plot.scales.x?.max !== range.to)) plot.setData(data);
  }, [data, range, shape]);
  useEffect(() => {
    chart.current?.redraw(false);
  }, [annotations, exemplars]);
  const place = highlighted === null ? -1 : model.lines.findIndex(({ key }) => key === highlighted);
  useEffect(() => {
    chart.current?.setSeries(place < 0 ? null : place + 1, { focus: true });
  }, [place, shape]);

  return (
    <>
      <div ref={host} data-chart="timeseries" role="img" aria-label={label} className="timeseries" />
      {box && (
        <CursorKeys
          tracks={tracks}
          along="x"
          begin="end"
          isPoint
          boxOf={({ track, item }) => {
            const { drawn, scale } = lines[track]!;
            const u = chart.current!;
            const y = u.scales[scale] ? u.valToPos(drawn[item]!, scale) : 0;
            return { left: box.left + u.valToPos(model.times[item]!, 'x') - reach, top: box.top + Math.min(Math.max(y, 0), box.height) - reach, width: 2 * reach, height: 2 * reach };
          }}
          describe={({ track, item }) => `${lines[track]!.name}: ${shownBy(lines[track]!.field, lines[track]!.raw[item]!)}, ${momentText(model.times[item]!, timeZone)}`}
          onPick={({ track, item }: Spot, place, pinned) => pick.current?.(lines[track]!, item, place, pinned)}
          onLeave={() => {
            if (chart.current) moveCursor(chart.current, -10, -10);
            if (!store.get()?.pinned) store.hide();
          }}
        />
      )}
      {box && <AnnotationMarks annotations={annotations} box={box} range={range} timeZone={timeZone} />}
      <Tip store={store} />
    </>
  );
}

/** Moves the line of the cursor here and in the charts that share it, without the tooltip; uPlot's types lack the last argument. */
const moveCursor = (u: uPlot, left: number, top: number) => (u.setCursor as (place: { left: number; top: number }, fires: boolean, tells: boolean) => void)({ left, top }, false, true);

/** Half of what the keyboard's cursor takes, in pixels. */
const reach = 6;

/** The lines that can be read, and their points that can be seen. */
function tracksOf({ times, lines }: Model, { from, to }: TimeSpan): { lines: Line[]; tracks: Track[] } {
  const readable = lines.filter(({ shown, style }) => shown && !style.hidden.tooltip);
  const tracks = readable.map(({ key, raw, drawn }): Track => ({ key, count: times.length, position: (item) => times[item]!, has: (item) => raw[item] != null && drawn[item] != null && times[item]! >= from && times[item]! <= to }));
  return { lines: readable, tracks };
}

/** Diamonds above the lines. */
function drawExemplars(u: uPlot, exemplars: Exemplar[], scale: string | undefined, color: string | undefined): void {
  if (scale === undefined || exemplars.length === 0) return;
  const { ctx, bbox } = u;
  const ratio = devicePixelRatio;
  const [width, height] = [bbox.width / ratio, bbox.height / ratio];
  const half = exemplarSize * ratio;
  const style = getComputedStyle(document.documentElement);
  ctx.save();
  ctx.fillStyle = color ?? style.getPropertyValue('--quiet');
  ctx.strokeStyle = style.getPropertyValue('--surface');
  ctx.lineWidth = ratio;
  ctx.beginPath();
  for (const one of exemplars) {
    const place = exemplarPlace(one, width, height, (time) => u.valToPos(time, 'x'), (value) => u.valToPos(value, scale));
    if (!place) continue;
    const [x, y] = [bbox.left + place.x * ratio, bbox.top + place.y * ratio];
    ctx.moveTo(x, y - half);
    ctx.lineTo(x + half, y);
    ctx.lineTo(x, y + half);
    ctx.lineTo(x - half, y);
    ctx.closePath();
  }
  ctx.fill();
  ctx.stroke();
  ctx.restore();
}

