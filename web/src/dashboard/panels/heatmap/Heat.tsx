import { useEffect, useMemo, useRef, useState } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { formatValue } from '../../display';
import type { Annotation, PanelProps, TimeSpan } from '../../panel';
import { CursorKeys } from '../keys/CursorKeys';
import type { Spot, Track } from '../keys/walk';
import { setReading } from '../reading';
import { increments, momentText, tickTexts } from '../ticks';
import type { TipContent } from '../tip/Tip';
import { Tip, tipStore } from '../tip/Tip';
import { AnnotationMarks, drawAnnotations } from '../timeseries/annotations';
import { powerMarks } from '../timeseries/axes';
import type { Exemplar } from '../timeseries/exemplars';
import { exemplarReach, exemplarSize } from '../timeseries/exemplars';
import { axisColors, axisFont, cursorOf, timeAxis, widest, zoomedOut } from '../timeseries/options';
import type { PlotBox } from '../timeseries/Plot';
import type { Cell, Cells } from './cells';
import { rowPlace, valueEnds } from './cells';
import { colorIndex } from './colors';
import { cellText, countText, rowName, valueText } from './names';
import type { HeatmapOptions } from './options';
import '../timeseries/timeseries.css';

interface Props extends Pick<PanelProps, 'range' | 'timeZone' | 'isDark' | 'sharedCursor' | 'cursorKey' | 'onRange'> {
  label: string;
  model: Cells;
  shown: { cells: Cell[]; low: number; high: number };
  colors: string[];
  options: HeatmapOptions;
  annotations: Annotation[];
  exemplars: Exemplar[];
  width: number;
  height: number;
  onHover: (count: number | null) => void;
}

const distributions = { rows: 1, linear: 1, log: 3, symlog: 4 } as const;

export function Heat(props: Props) {
  const { label, model, shown, colors, options, width, height, range, timeZone, isDark, sharedCursor, cursorKey, annotations, exemplars } = props;
  const host = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot | null>(null);
  /** Shows a cell that the keyboard has come to. */
  const pick = useRef<((cell: Cell, place: { x: number; y: number }, pinned: boolean) => void) | null>(null);
  const [store] = useState(tipStore);
  const [box, setBox] = useState<PlotBox | null>(null);
  const byColumn = useMemo(() => {
    const found = new Map<number, Cell[]>();
    for (const cell of shown.cells) {
      const list = found.get(cell.column);
      if (list) list.push(cell);
      else found.set(cell.column, [cell]);
    }
    return found;
  }, [shown]);
  // Columns that can be seen, each from below upwards.
  const tracks = useMemo(() => tracksOf(model, byColumn, range, options.axis.reverse), [model, byColumn, range, options.axis.reverse]);
  const cellOf = ({ track, item }: Spot) => tracks[track]!.cells[item]!;
  const latest = useRef({ ...props, byColumn });
  useEffect(() => {
    latest.current = { ...props, byColumn };
  });
  const data = useMemo(() => [model.times, model.times.map(() => null)] as uPlot.AlignedData, [model]);
  const shape = JSON.stringify([model.scale, model.logBase, model.linearThreshold, options, isDark, timeZone, sharedCursor, cursorKey, height < 140]);

  useEffect(() => {
    const node = host.current;
    if (!node) return;
    const now = () => latest.current;
    const { axis } = now().options;
    const { text, grid } = axisColors();
    const font = axisFont();
    const { scale, logBase, linearThreshold } = now().model;
    const yOf = (value: number) => (scale === 'rows' ? rowPlace(now().model, value) : value);
    const cellAt = (u: uPlot): Cell | null => {
      const { left = -1, top = -1 } = u.cursor;
      if (left < 0) return null;
      const [at, value] = [u.posToVal(left, 'x'), u.posToVal(top, 'y')];
      const { times, stepMs } = now().model;
      const column = times.findIndex((time) => time >= at);
      if (column < 0 || at < times[column]! - stepMs) return null;
      return now().byColumn.get(column)?.find(({ low, high }) => value >= low && value < high) ?? null;
    };
    const exemplarAt = (u: uPlot): Exemplar | null => {
      const { left = -1, top = -1 } = u.cursor;
      let [best, least]: [Exemplar | null, number] = [null, exemplarReach];
      for (const one of now().exemplars) {
        const away = Math.hypot(u.valToPos(one.time, 'x') - left, u.valToPos(yOf(one.value), 'y') - top);
        if (away < least) [best, least] = [one, away];
      }
      return best;
    };
    const content = (u: uPlot): TipContent | null => {
      if (!now().options.tooltip) return null;
      const { left: pageLeft, top: pageTop } = u.over.getBoundingClientRect();
      if (pageTop > innerHeight || pageTop + u.over.clientHeight < 0) return null;
      const place = { x: pageLeft + (u.cursor.left ?? 0), y: pageTop + Math.max(u.cursor.top ?? 0, 0) };
      const exemplar = exemplarAt(u);
      if (exemplar) {
        return {
          ...place,
          heading: `Exemplar, ${momentText(exemplar.time, now().timeZone)}`,
          rows: [{ key: 'value', name: 'Value', value: valueText(exemplar.value, now().options) }, ...Object.entries(exemplar.labels).map(([name, value]) => ({ key: name, name, value }))],
        };
      }
      const cell = cellAt(u);
      return cell && ofCell(cell, place);
    };
    const ofCell = (cell: Cell, place: { x: number; y: number }): TipContent | null => {
      if (!now().options.tooltip) return null;
      const { model: cells, options: how, colors: palette, shown: counts } = now();
      const end = cells.times[cell.column]!;
      const color = palette[colorIndex(cell.count, counts.low, counts.high, palette.length, how.color.exponent)];
      return {
        ...place,
        heading: `${momentText(end - cells.stepMs, now().timeZone)} to ${momentText(end, now().timeZone)}`,
        rows: [
          { key: 'bucket', name: 'Bucket', value: cellText(cells, cell, how) },
          { key: 'count', color, name: how.valueName, value: countText(cell.count, how) },
        ],
        figure: how.histogram ? <ColumnFigure cells={now().byColumn.get(cell.column) ?? []} active={cell} /> : undefined,
      };
    };
    const edge = (side: 'left' | 'right') => () => (axis.side === side ? 0 : now().range.to - now().range.from > 86_400_000 ? 34 : 18);
    const rowMarks = (high: number) => {
      const rows = now().model.rows.length;
      const most = Math.max(Math.floor(high / 16), 1);
      const step = Math.max(Math.ceil(rows / most), 1);
      const offset = now().model.layout === 'le' ? 1 : now().model.layout === 'ge' ? 0 : 0.5;
      return Array.from({ length: Math.ceil(rows / step) }, (_, index) => index * step + offset);
    };
    const marks = (u: uPlot, low: number, high: number): number[] => {
      const tall = u.bbox.height / devicePixelRatio;
      if (scale === 'rows') return rowMarks(tall);
      if (scale === 'linear') return [];
      return powerMarks({ distribution: scale, logBase, linearThreshold }, low, high, Math.floor(tall / 24));
    };
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
        cursor: { ...cursorOf(sharedCursor, cursorKey, () => [], widen), points: { show: false } },
        select: { show: true, left: 0, top: 0, width: 0, height: 0 },
        scales: {
          x: { time: true, range: () => [now().range.from, now().range.to] },
          y: { distr: distributions[scale], log: logBase, ...(scale === 'symlog' ? { asinh: linearThreshold } : {}), dir: axis.reverse ? -1 : 1, range: () => valueEnds(now().model, now().options) },
        },
        axes: [
          { ...timeAxis(timeZone), grid: { show: false } },
          ...(axis.side === null
            ? []
            : [
                {
                  scale: 'y',
                  side: axis.side === 'right' ? (1 as const) : (3 as const),
                  stroke: text,
                  font,
                  gap: 6,
                  grid: { show: scale !== 'rows', stroke: grid, width: 1 },
                  ticks: { show: false },
                  size: (_: uPlot, values: string[] | null) => axis.width ?? Math.ceil(widest((values ?? ['0.00']).map(String), font)) + 10,
                  ...(axis.label ? { label: axis.label, labelFont: font, labelSize: 18, labelGap: 2 } : {}),
                  ...(scale === 'linear' ? { incrs: increments(axis.unit, axis.decimals) } : { splits: (u: uPlot, _: number, low: number, high: number) => marks(u, low, high), filter: (_: uPlot, splits: number[]) => splits }),
                  values: (_: uPlot, splits: number[]) => {
                    if (scale === 'rows') {
                      const { rows, layout } = now().model;
                      return splits.map((at) => {
                        const row = rows[Math.round(at - (layout === 'le' ? 1 : layout === 'ge' ? 0 : 0.5))];
                        return row ? rowName(row, now().options) : '';
                      });
                    }
                    return scale === 'linear' ? tickTexts(splits, (value, decimals) => formatValue(Number(value), axis.unit, decimals), axis.decimals) : splits.map((value) => tickTexts([value], (one, decimals) => formatValue(Number(one), axis.unit, decimals), axis.decimals)[0]!);
                  },
                } satisfies uPlot.Axis,
              ]),
        ],
        series: [{}, { scale: 'y', paths: () => null, points: { show: false } }],
        hooks: {
          drawAxes: [(u) => drawCells(u, now())],
          draw: [
            (u) => {
              drawAnnotations(u, now().annotations, 'above');
              drawMarks(u, now().exemplars, yOf, now().options.exemplarColor);
              const ratio = devicePixelRatio;
              const next = { left: u.bbox.left / ratio, top: u.bbox.top / ratio, width: u.bbox.width / ratio, height: u.bbox.height / ratio };
              setBox((before) => (before && before.left === next.left && before.top === next.top && before.width === next.width && before.height === next.height ? before : next));
            },
          ],
          setCursor: [
            (u) => {
              if (store.get()?.pinned) return;
              const isOwn = u.cursor.event != null;
              if ((u.cursor.left ?? -1) < 0 || !isOwn) {
                store.show(() => null);
                now().onHover(null);
              } else {
                store.show(() => (store.get()?.pinned ? store.get() : content(u)));
                now().onHover(cellAt(u)?.count ?? null);
              }
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
      [now().model.times, now().model.times.map(() => null)] as uPlot.AlignedData,
      node,
    );
    chart.current = plot;
    pick.current = (cell, place, pinned) => {
      now().onHover(cell.count);
      store.show(() => {
        const found = ofCell(cell, place);
        return found && { ...found, pinned };
      });
    };
    plot.over.addEventListener('click', () => {
      const exemplar = exemplarAt(plot);
      const found = content(plot);
      const links = exemplar?.traceId ? [{ href: `/traces/${encodeURIComponent(exemplar.traceId)}`, title: `Open trace ${exemplar.traceId}`, targetBlank: false }] : [];
      if (found) store.show(() => ({ ...found, pinned: true, links }));
    });
    setReading(node, () => {
      const { model: cells, shown: counts, colors: palette, options: how } = now();
      const rows = [...new Set(cells.cells.map(({ low, high }) => `${low} ${high}`))].map((key) => key.split(' ').map(Number) as [number, number]).sort((a, b) => a[0] - b[0]);
      return {
        kind: 'heatmap',
        x: cells.times,
        series: rows.map(([low, high]) => {
          const values = cells.times.map((_, column) => cells.cells.find((cell) => cell.column === column && cell.low === low && cell.high === high)?.count ?? null);
          return { name: cellText(cells, { column: 0, low, high, count: 0 }, how), color: palette[palette.length - 1]!, shown: true, scale: 'y', values, drawn: values.map((count) => (count !== null && counts.cells.some((cell) => cell.count === count) ? count : null)) };
        }),
        scales: Object.fromEntries(Object.entries(plot.scales).flatMap(([key, { min, max }]) => (min == null || max == null ? [] : [[key, [min, max]]]))),
        plot: plot.over.getBoundingClientRect(),
      };
    });
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
    chart.current?.setData(data);
  }, [data, shown, range, shape]);
  useEffect(() => {
    chart.current?.redraw(false);
  }, [annotations, exemplars, colors]);

  return (
    <>
      <div ref={host} data-chart="heatmap" role="img" aria-label={label} className="timeseries" />
      {box && (
        <CursorKeys
          tracks={tracks}
          along="y"
          ends="tracks"
          boxOf={(spot) => {
            const { column, low, high } = cellOf(spot);
            const u = chart.current!;
            const end = model.times[column]!;
            const [first, last] = [end - model.stepMs, end].map((time) => Math.min(Math.max(u.valToPos(time, 'x'), 0), box.width)) as [number, number];
            const [one, other] = [low, high].map((value) => Math.min(Math.max(u.valToPos(value, 'y'), 0), box.height)) as [number, number];
            return { left: box.left + first, width: Math.max(last - first, 2), top: box.top + Math.min(one, other), height: Math.max(Math.abs(one - other), 2) };
          }}
          describe={(spot) => {
            const cell = cellOf(spot);
            const end = model.times[cell.column]!;
            return `${cellText(model, cell, options)}: ${countText(cell.count, options)}, ${momentText(end - model.stepMs, timeZone)} to ${momentText(end, timeZone)}`;
          }}
          onPick={(spot, place, pinned) => pick.current?.(cellOf(spot), place, pinned)}
          onLeave={() => {
            props.onHover(null);
            if (!store.get()?.pinned) store.hide();
          }}
        />
      )}
      {box && <AnnotationMarks annotations={annotations} box={box} range={range} timeZone={timeZone} />}
      <Tip store={store} />
    </>
  );
}

function tracksOf({ times, stepMs }: Cells, byColumn: Map<number, Cell[]>, { from, to }: TimeSpan, isReversed: boolean): (Track & { cells: Cell[] })[] {
  return [...byColumn]
    .filter(([column]) => times[column]! > from && times[column]! - stepMs < to)
    .sort(([one], [other]) => one - other)
    .map(([column, own]) => {
      const cells = [...own].sort((one, other) => (isReversed ? other.low - one.low : one.low - other.low));
      return { key: String(times[column]), cells, count: cells.length, position: (item) => (isReversed ? -cells[item]!.low : cells[item]!.low), has: () => true };
    });
}

/** Cells of one colour are one path. */
function drawCells(u: uPlot, { model, shown, colors, options }: Pick<Props, 'model' | 'shown' | 'colors' | 'options'>): void {
  const { ctx, bbox } = u;
  const ratio = devicePixelRatio;
  const { times, stepMs } = model;
  const { min, max } = u.scales.x!;
  const { min: bottom, max: top } = u.scales.y!;
  if (min == null || max == null || bottom == null || top == null) return;
  const paths = new Map<number, Path2D>();
  const texts: { x: number; y: number; text: string }[] = [];
  const perMs = bbox.width / (max - min);
  const x = (time: number) => bbox.left + (time - min) * perMs;
  const heights = new Map<number, number>();
  const y = (value: number) => {
    const known = heights.get(value);
    if (known !== undefined) return known;
    const found = Math.round(u.valToPos(Math.min(Math.max(value, bottom), top), 'y', true));
    heights.set(value, found);
    return found;
  };
  const wide = stepMs * perMs;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  for (const { column, low, high, count } of shown.cells) {
    const end = times[column]!;
    if (end < min || end - stepMs > max || high <= bottom || low >= top) continue;
    const [left, right] = [Math.round(x(end - stepMs)), Math.round(x(end))];
    const [first, second] = [y(low), y(high)];
    const [above, below] = [Math.min(first, second), Math.max(first, second)];
    // A gap never takes more than a part of a cell.
    const [gapX, gapY] = [Math.min(options.cellGap * ratio, (right - left) * 0.3), Math.min(options.cellGap * ratio, (below - above) * 0.3)];
    const index = colorIndex(count, shown.low, shown.high, colors.length, options.color.exponent);
    let path = paths.get(index);
    if (!path) paths.set(index, (path = new Path2D()));
    const [w, h] = [Math.max(right - left - gapX, 1), Math.max(below - above - gapY, 1)];
    if (options.cellRadius > 0) path.roundRect(left + gapX / 2, above + gapY / 2, w, h, Math.min(options.cellRadius * ratio, w / 2, h / 2));
    else path.rect(left + gapX / 2, above + gapY / 2, w, h);
    if (options.showValue && below - above > 12 * ratio) {
      const text = countText(count, options);
      if (text.length * 6.5 * ratio < right - left) texts.push({ x: (left + right) / 2, y: (above + below) / 2, text });
    }
  }
  for (const [index, path] of paths) {
    ctx.fillStyle = colors[index]!;
    ctx.fill(path);
  }
  if (texts.length > 0 && wide > 0) {
    const style = getComputedStyle(document.documentElement);
    ctx.font = `${10 * ratio}px ${getComputedStyle(document.body).fontFamily}`;
    ctx.textAlign = 'center';
    ctx.textBaseline = 'middle';
    ctx.lineWidth = 2 * ratio;
    ctx.strokeStyle = style.getPropertyValue('--surface');
    ctx.fillStyle = style.getPropertyValue('--text');
    for (const one of texts) {
      ctx.strokeText(one.text, one.x, one.y);
      ctx.fillText(one.text, one.x, one.y);
    }
  }
  ctx.restore();
}

function drawMarks(u: uPlot, exemplars: Exemplar[], yOf: (value: number) => number, color: string): void {
  const { ctx, bbox } = u;
  const half = exemplarSize * devicePixelRatio;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  ctx.beginPath();
  for (const { time, value } of exemplars) {
    const [x, y] = [u.valToPos(time, 'x', true), u.valToPos(yOf(value), 'y', true)];
    if (Number.isNaN(y)) continue;
    ctx.moveTo(x, y - half);
    ctx.lineTo(x + half, y);
    ctx.lineTo(x, y + half);
    ctx.lineTo(x - half, y);
    ctx.closePath();
  }
  ctx.fillStyle = color;
  ctx.fill();
  ctx.restore();
}

/** The counts of one column, the lowest bucket first. */
function ColumnFigure({ cells, active }: { cells: Cell[]; active: Cell }) {
  const listed = [...cells].sort((a, b) => a.low - b.low).slice(0, 200);
  const most = Math.max(...listed.map(({ count }) => count), 1e-12);
  const wide = 220 / listed.length;
  return (
    <svg width={220} height={48} style={{ display: 'block', marginTop: 4 }}>
      {listed.map((cell, index) => (
        <rect key={`${cell.low}/${cell.high}`} x={index * wide} width={Math.max(wide - 1, 0.5)} y={48 - (cell.count / most) * 46} height={(cell.count / most) * 46} fill={cell.low === active.low && cell.high === active.high ? 'var(--accent)' : 'var(--dim)'} />
      ))}
    </svg>
  );
}
