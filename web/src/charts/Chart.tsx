import { useComputedColorScheme } from '@mantine/core';
import { useElementSize } from '@mantine/hooks';
import type { CSSProperties } from 'react';
import { useEffect, useMemo, useRef, useState } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import type { Unit } from '../format/quantity';
import { quantity } from '../format/quantity';
import { exactTime } from '../format/time';
import './Chart.css';
import { lineColor, lineDash, mixed } from './colors';
import type { Line } from './grid';
import { stack } from './grid';

/** A moment to mark with an upright line. */
export interface Mark {
  at: number;
  label: string;
  color: string;
}

/** An observation; one beyond the value axis stands at its end. */
export interface ChartPoint {
  at: number;
  value: number;
}

export interface ChartProps {
  /** What the chart shows, for people who do not see it. */
  label: string;
  times: number[];
  lines: Line[];
  start: number;
  end: number;
  unit?: Unit;
  height?: number;
  stacked?: boolean;
  /** Fixed ends of the value axis, such as 0 to 1 for a share. */
  from?: number;
  to?: number;
  thresholds?: number[];
  marks?: Mark[];
  highlighted?: string | null;
  /** Single observations that stand behind the lines, such as exemplars. */
  points?: ChartPoint[];
  /** Called with the place of a point that was clicked. */
  onPoint?: (index: number) => void;
  /** Called with the seconds that were dragged over. */
  onZoom?: (start: number, end: number) => void;
}

/** Round distances between marks of an axis that counts bytes: powers of two. */
const binarySteps = Array.from({ length: 60 }, (_, power) => 2 ** power);
/** Seconds from which on the date is written below the time. */
const datedRange = 64_800;

const css = (name: string) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
/** The most lines that a tooltip lists. */
const tipLines = 12;

/** Half the width of a point, and how near a click must come to it, in pixels. */
const pointSize = 4.5;
const pointReach = 10;

/** Where a point stands in the plot, in pixels; `null` when it is outside of the range. */
function pointPlace(chart: uPlot, { at, value }: ChartPoint): { x: number; y: number } | null {
  const [x, y] = [chart.valToPos(at, 'x'), chart.valToPos(value, 'y')];
  const { width, height } = chart.over.getBoundingClientRect();
  if (!(x >= 0 && x <= width) || Number.isNaN(y)) return null;
  return { x, y: Math.min(Math.max(y, pointSize), height - pointSize) };
}

/** Points as diamonds above the lines; a click on one tells which. */
function clickable(points: () => ChartPoint[], onPoint: (index: number) => void): uPlot.Plugin {
  return {
    hooks: {
      ready: (chart) => {
        chart.over.addEventListener('click', (event) => {
          const box = chart.over.getBoundingClientRect();
          let best = -1;
          let least = pointReach;
          points().forEach((point, index) => {
            const place = pointPlace(chart, point);
            const away = place ? Math.hypot(place.x - (event.clientX - box.left), place.y - (event.clientY - box.top)) : Infinity;
            if (away < least) [best, least] = [index, away];
          });
          if (best >= 0) onPoint(best);
        });
      },
      draw: (chart) => {
        const { ctx, bbox } = chart;
        const ratio = devicePixelRatio;
        ctx.save();
        ctx.fillStyle = css('--quiet');
        ctx.strokeStyle = css('--surface');
        ctx.lineWidth = ratio;
        for (const point of points()) {
          const place = pointPlace(chart, point);
          if (!place) continue;
          const [x, y, half] = [bbox.left + place.x * ratio, bbox.top + place.y * ratio, pointSize * ratio];
          ctx.beginPath();
          ctx.moveTo(x, y - half);
          ctx.lineTo(x + half, y);
          ctx.lineTo(x, y + half);
          ctx.lineTo(x - half, y);
          ctx.closePath();
          ctx.fill();
          ctx.stroke();
        }
        ctx.restore();
      },
    },
  };
}

/** Upright lines with a word at the top, and level lines for thresholds. */
function annotations(marks: Mark[], thresholds: number[]): uPlot.Plugin {
  return {
    hooks: {
      draw: (chart) => {
        const { ctx, bbox } = chart;
        const ratio = devicePixelRatio;
        ctx.save();
        ctx.lineWidth = ratio;
        ctx.font = `600 ${10.5 * ratio}px ${getComputedStyle(document.body).fontFamily}`;
        ctx.textAlign = 'left';
        ctx.textBaseline = 'alphabetic';
        ctx.setLineDash([5 * ratio, 4 * ratio]);
        ctx.strokeStyle = css('--bad');
        for (const value of thresholds) {
          const y = Math.round(chart.valToPos(value, 'y', true)) + 0.5;
          if (!(y >= bbox.top - 1 && y <= bbox.top + bbox.height + 1)) continue;
          ctx.beginPath();
          ctx.moveTo(bbox.left, y);
          ctx.lineTo(bbox.left + bbox.width, y);
          ctx.stroke();
        }
        ctx.setLineDash([]);
        // Each word goes to the first row in which it touches no other.
        const rows: number[] = [];
        const words: (Mark & { left: number; width: number; y: number })[] = [];
        for (const mark of marks) {
          const x = Math.round(chart.valToPos(mark.at, 'x', true)) + 0.5;
          if (x < bbox.left - 1 || x > bbox.left + bbox.width + 1) continue;
          ctx.strokeStyle = mark.color;
          ctx.beginPath();
          ctx.moveTo(x, bbox.top);
          ctx.lineTo(x, bbox.top + bbox.height);
          ctx.stroke();
          const width = ctx.measureText(mark.label).width;
          const right = x + 4 * ratio;
          const left = right + width > bbox.left + bbox.width ? x - width - 4 * ratio : right;
          let row = 0;
          while ((rows[row] ?? -Infinity) > left) row += 1;
          words.push({ ...mark, left, width, y: bbox.top + (11 + row * 13) * ratio });
          rows[row] = left + width + 6 * ratio;
        }
        // Above all lines, on a ground of their own, so that marks seconds apart can be read.
        for (const { label, color, left, width, y } of words) {
          ctx.fillStyle = css('--surface');
          ctx.fillRect(left - 2 * ratio, y - 10 * ratio, width + 4 * ratio, 13 * ratio);
          ctx.fillStyle = color;
          ctx.fillText(label, left, y);
        }
        ctx.restore();
      },
    },
  };
}

export default function Chart(props: ChartProps) {
  const { label, times, lines, start, end, unit = 'none', height = 260, stacked = false, from, to, highlighted = null, onZoom } = props;
  const scheme = useComputedColorScheme('light');
  const isDark = scheme === 'dark';
  const { ref: box, width } = useElementSize();
  const host = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot | null>(null);
  const [cursor, setCursor] = useState<{ index: number; left: number; y: number } | null>(null);
  const zoom = useRef(onZoom);
  const observed = useRef({ points: props.points ?? [], onPoint: props.onPoint });
  useEffect(() => {
    zoom.current = onZoom;
    observed.current = { points: props.points ?? [], onPoint: props.onPoint };
  });

  const drawn = useMemo(() => (stacked ? stack(lines.map((line) => line.values)) : lines.map((line) => line.values)), [lines, stacked]);
  // uPlot draws later series above earlier ones; stacked areas must be painted from the top down.
  const order = useMemo(() => (stacked ? lines.map((_, index) => lines.length - 1 - index) : lines.map((_, index) => index)), [lines, stacked]);
  const data = useMemo(() => [times, ...order.map((index) => drawn[index]!)] as uPlot.AlignedData, [times, order, drawn]);
  const shape = `${order.map((index) => `${lines[index]!.key}/${lines[index]!.color}`).join('\n')}|${stacked}|${unit}|${isDark}|${from}|${to}|${height}|${end - start > datedRange}|${JSON.stringify([props.marks, props.thresholds])}`;
  const latest = useRef({ data, start, end });
  useEffect(() => {
    latest.current = { data, start, end };
  });

  const visible = width > 0;
  const dated = end - start > datedRange;
  useEffect(() => {
    if (!visible || !host.current) return;
    const { marks = [], thresholds = [] } = props;
    const axis = { stroke: css('--dim'), grid: { stroke: css('--border'), width: 1 }, ticks: { show: false }, font: `11px ${getComputedStyle(document.body).fontFamily}` };
    const plot = new uPlot(
      {
        width,
        height,
        // Half a label of the time axis fits beside its last mark.
        padding: [8, () => (latest.current.end - latest.current.start > 480 ? 18 : 28), 0, 0],
        legend: { show: false },
        focus: { alpha: 0.15 },
        cursor: { drag: { x: true, y: false, setScale: false }, points: { size: 6 }, y: false },
        select: { show: onZoom !== undefined, left: 0, top: 0, width: 0, height: 0 },
        scales: {
          x: { time: true, range: () => [latest.current.start, latest.current.end] },
          y: {
            range: (_, low, high) => {
              const reach = [...thresholds, low, high].filter((value) => value != null && Number.isFinite(value));
              const lowest = from ?? Math.min(...reach, stacked ? 0 : Infinity);
              const highest = to ?? Math.max(...reach);
              if (!Number.isFinite(lowest) || !Number.isFinite(highest)) return [0, 1];
              if (lowest === highest) return [Math.min(lowest, 0), highest === 0 ? 1 : Math.max(highest * 1.2, 0)];
              const room = (highest - lowest) * 0.08;
              // The words of marks stand above the lines.
              const above = marks.length > 0 ? room * 4 : room;
              return [from ?? (lowest >= 0 && lowest - room < 0 ? 0 : lowest - room), to ?? highest + above];
            },
          },
        },
        axes: [
          {
            ...axis,
            size: dated ? 40 : 26,
            space: 74,
            values: [
              [86_400, '{YYYY}-{MM}-{DD}', null, null, null, null, null, null, 1],
              [60, '{HH}:{mm}', dated ? '\n{MM}-{DD}' : null, null, dated ? '\n{MM}-{DD}' : null, null, null, null, 1],
              [1, '{HH}:{mm}:{ss}', dated ? '\n{MM}-{DD}' : null, null, dated ? '\n{MM}-{DD}' : null, null, null, null, 1],
              [0.001, ':{ss}.{fff}', null, null, null, null, null, null, 1],
            ],
          },
          {
            ...axis,
            space: height < 200 ? 26 : 34,
            size: (_, values) => 14 + 6.4 * Math.max(3, ...(values ?? []).map((text) => text.length)),
            ...(unit === 'bytes' || unit === 'bytes/s' ? { incrs: binarySteps } : {}),
            values: (_, splits) => splits.map((value) => quantity(value, unit)),
          },
        ],
        series: [
          {},
          ...order.map((index) => {
            const line = lines[index]!;
            const stroke = lineColor(line.color, isDark);
            return {
              label: line.name,
              stroke,
              width: 1.5,
              dash: lineDash(line.color),
              // Opaque, because each area reaches down to zero and is covered by those below it.
              fill: stacked ? mixed(stroke, css('--surface'), 0.45) : undefined,
              spanGaps: false,
              points: {
                // A point between two gaps is no line and would not be seen.
                show: true,
                size: 4,
                filter: (u: uPlot, seriesIndex: number) => {
                  const values = u.data[seriesIndex]!;
                  const alone: number[] = [];
                  for (let at = 0; at < values.length; at += 1) {
                    if (values[at] != null && values[at - 1] == null && values[at + 1] == null) alone.push(at);
                  }
                  return alone;
                },
              },
            } satisfies uPlot.Series;
          }),
        ],
        hooks: {
          setCursor: [
            (u) => {
              const { idx, left = -1, top = 0 } = u.cursor;
              setCursor(idx == null || left < 0 ? null : { index: idx, left: left + u.bbox.left / devicePixelRatio, y: u.posToVal(top, 'y') });
            },
          ],
          setSelect: [
            (u) => {
              if (u.select.width > 4) zoom.current?.(u.posToVal(u.select.left, 'x'), u.posToVal(u.select.left + u.select.width, 'x'));
              u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
            },
          ],
        },
        plugins: [annotations(marks, thresholds), clickable(() => observed.current.points, (index) => observed.current.onPoint?.(index))],
      },
      latest.current.data,
      host.current,
    );
    chart.current = plot;
    return () => {
      plot.destroy();
      chart.current = null;
    };
    // `shape` stands for everything that needs a new chart; width and data have effects of their own.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [shape, visible]);

  useEffect(() => {
    if (width > 0) chart.current?.setSize({ width, height });
  }, [width, height]);
  useEffect(() => {
    chart.current?.setData(data);
  }, [data, start, end]);

  useEffect(() => {
    chart.current?.redraw(false);
  }, [props.points]);

  const place = highlighted === null ? -1 : order.findIndex((index) => lines[index]!.key === highlighted);
  useEffect(() => {
    chart.current?.setSeries(place < 0 ? null : place + 1, { focus: true });
  }, [place, shape]);

  return (
    <div className="chart" ref={box} style={{ height }}>
      <div ref={host} role="img" aria-label={label} />
      {cursor && cursor.index < times.length && <Tip cursor={cursor} width={width} lines={lines} drawn={drawn} at={times[cursor.index]!} unit={unit} isDark={isDark} />}
    </div>
  );
}

interface TipProps {
  cursor: { index: number; left: number; y: number };
  width: number;
  lines: Line[];
  drawn: (number | null)[][];
  at: number;
  unit: Unit;
  isDark: boolean;
}

function Tip({ cursor, width, lines, drawn, at, unit, isDark }: TipProps) {
  const rows = lines
    .map((line, index) => ({ line, value: line.values[cursor.index] ?? null, away: Math.abs((drawn[index]![cursor.index] ?? Infinity) - cursor.y) }))
    .filter((row) => row.value !== null);
  const nearest = rows.reduce<(typeof rows)[number] | null>((best, row) => (best === null || row.away < best.away ? row : best), null);
  const listed = rows.length <= tipLines ? rows : [...rows].sort((a, b) => a.away - b.away).slice(0, tipLines);
  const style: CSSProperties = cursor.left > width / 2 ? { right: width - cursor.left + 12 } : { left: cursor.left + 12 };
  return (
    <div className="chart-tip" style={style}>
      <div className="dim num">{exactTime(new Date(at * 1000))}</div>
      {listed.map(({ line, value }) => (
        <div key={line.key} className={line === nearest?.line && rows.length > 1 ? 'line near' : 'line'}>
          <span className="swatch" style={{ background: lineColor(line.color, isDark) }} />
          <span className="name">{line.name}</span>
          <span className="value">{quantity(value!, unit)}</span>
        </div>
      ))}
      {rows.length === 0 && <div>no value</div>}
      {rows.length > listed.length && <div className="dim">and {rows.length - listed.length} more</div>}
    </div>
  );
}
