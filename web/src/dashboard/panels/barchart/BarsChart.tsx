/** Bars by category or bucket, as SVG: there are few enough of them, and their texts stay sharp. */

import { useEffect, useId, useMemo, useRef, useState } from 'react';
import { displayText, withAlpha } from '../../display';
import type { PanelProps } from '../../panel';
import { CursorKeys } from '../keys/CursorKeys';
import type { Spot, Track } from '../keys/walk';
import { setReading } from '../reading';
import { scopedOf } from '../scoped';
import type { TipContent } from '../tip/Tip';
import { Tip, tipStore } from '../tip/Tip';
import { axisFont, widest } from '../timeseries/options';
import { stepsOnAxis, turned } from '../timeseries/paint';
import type { TooltipOptions } from '../timeseries/tooltip';
import { linksOf } from '../timeseries/tooltip';
import type { BarModel, BarPlace, BarSeries } from './model';
import { labelStep, placeBars, shortened } from './model';
import type { BarOptions } from './options';
import type { ValueScale } from './scale';
import { valueScale } from './scale';
import './bars.css';

interface Props extends Pick<PanelProps, 'isDark' | 'link'> {
  kind: string;
  label: string;
  model: BarModel;
  options: BarOptions;
  horizontal: boolean;
  width: number;
  height: number;
  tooltip: TooltipOptions;
  /** Labels at the edges between the bands, one more than there are bands, in place of the categories'. */
  edges?: string[];
  highlighted: string | null;
}

const ends = (series: BarSeries[]): [number | null, number | null] => {
  let [low, high]: [number | null, number | null] = [null, null];
  for (const { drawn } of series)
    for (const value of drawn) {
      if (value == null) continue;
      low = low === null ? value : Math.min(low, value);
      high = high === null ? value : Math.max(high, value);
    }
  return [low, high];
};

/** Room for a mark's text beside the axis. */
const beside = 8;
const lineHeight = 15;
/** Longer labels of categories are cut rather than left out, in pixels. */
const widestLabel = 110;

export function BarsChart({ kind, label, model, options, horizontal, width, height, tooltip, edges, highlighted, isDark, link }: Props) {
  const host = useRef<SVGSVGElement>(null);
  const [store] = useState(tipStore);
  const [active, setActive] = useState<number | null>(null);
  const id = useId();
  const { categories } = model;
  const shown = useMemo(() => model.series.filter((one) => one.shown), [model]);
  const font = useMemo(() => axisFont(), []);
  const rows = categories.length;

  const scales = useMemo(
    () =>
      new Map(
        model.axes.map((axis): [string, ValueScale] => {
          const members = shown.filter(({ scale }) => scale === axis.key);
          return [axis.key, valueScale(axis, members[0]?.field ?? model.series.find(({ scale }) => scale === axis.key)?.field, ...ends(members), horizontal ? width - 80 : height - 40, horizontal ? 72 : height < 140 ? 22 : 34)];
        }),
      ),
    [model, shown, horizontal, width, height],
  );
  const drawnAxes = [...scales.values()].filter(({ axis }) => axis.side !== null);
  const texts = useMemo(() => (edges ?? categories).map((text) => shortened(text, options.labelMaxLength)), [edges, categories, options.labelMaxLength]);
  const longest = useMemo(() => widest(texts, font), [texts, font]);

  // Margins: the axes of values on two sides, the labels of the categories on a third.
  const axisRoom = (side: 'left' | 'right') =>
    drawnAxes.filter(({ axis }) => axis.side === side).reduce((sum, { axis, marks }) => sum + (horizontal ? lineHeight + 4 : (axis.style.axisWidth ?? widest(marks.map(({ text }) => text), font) + beside)) + (axis.style.axisLabel ? lineHeight : 0), 0);
  const angle = horizontal ? 0 : options.labelRotation;
  const turn = (Math.abs(angle) * Math.PI) / 180;
  const labelHeight = Math.min(angle === 0 ? lineHeight : Math.sin(turn) * longest + Math.cos(turn) * 11 + 4, height * 0.45);
  const labelWidth = Math.min(longest + beside, width * 0.4);
  const margin = horizontal
    ? { left: labelWidth, right: 14, top: 4 + axisRoom('right'), bottom: Math.max(axisRoom('left'), 4) }
    : { left: Math.max(axisRoom('left'), 6), right: Math.max(axisRoom('right'), edges ? 16 : 6), top: 8, bottom: labelHeight + 4 };
  const plot = { left: margin.left, top: margin.top, width: Math.max(width - margin.left - margin.right, 10), height: Math.max(height - margin.top - margin.bottom, 10) };
  const along = horizontal ? plot.height : plot.width;
  const across = horizontal ? plot.width : plot.height;
  const band = along / Math.max(rows, 1);
  const bars = useMemo(() => placeBars(shown, rows, along, options), [shown, rows, along, options]);

  /** The rectangle of a part of both axes; `low` and `high` are shares of the axis of values. */
  const rect = (from: number, size: number, low: number, high: number) => {
    const [near, far] = [Math.min(low, high) * across, Math.max(low, high) * across];
    return horizontal ? { x: plot.left + near, y: plot.top + from, width: far - near, height: size } : { x: plot.left + from, y: plot.top + plot.height - far, width: size, height: far - near };
  };
  const placed = bars.map((bar) => {
    const series = shown[bar.series]!;
    const scale = scales.get(series.scale)!;
    return { bar, series, box: rect(bar.from, bar.size, scale.place(bar.low), scale.place(bar.high)) };
  });

  const contentOf = (row: number, near: BarPlace | null): Omit<TipContent, 'x' | 'y'> | null => {
    if (tooltip.mode === 'none') return null;
    let listed = shown.filter((one) => !one.style.hidden.tooltip && one.raw[row] != null && !(tooltip.hideZeros && one.raw[row] === 0));
    if (tooltip.mode === 'single') listed = near ? [shown[near.series]!].filter((one) => listed.includes(one)) : listed.slice(0, 1);
    if (tooltip.sort !== 'none') listed = [...listed].sort((a, b) => (tooltip.sort === 'asc' ? 1 : -1) * (a.raw[row]! - b.raw[row]!));
    if (listed.length === 0) return null;
    return {
      heading: rowName(row),
      rows: listed.slice(0, 32).map((one) => ({
        key: one.key,
        color: one.colors[row] ?? one.color,
        name: one.name,
        value: said(one, row),
        near: near !== null && shown[near.series] === one && listed.length > 1,
        links: linksOf(one.field.config.links, link, () => (one.frame.length === rows ? scopedOf(one.frame, one.field, row) : scopedOf(one.frame, one.field, undefined, one.raw[row]))),
      })),
      more: Math.max(listed.length - 32, 0),
      maxWidth: tooltip.maxWidth,
      maxHeight: tooltip.maxHeight,
    };
  };
  // By category, the bars in the order of their series.
  const ofRows = Array.from({ length: rows }, (): typeof placed => []);
  for (const one of placed) if (!one.series.style.hidden.tooltip) ofRows[one.bar.row]?.push(one);
  const tracks = ofRows.map((list, row): Track => ({ key: String(row), count: list.length, position: (item) => list[item]!.bar.series, has: () => true }));
  const barAt = ({ track, item }: Spot) => ofRows[track]![item]!;
  const rowName = (row: number) => (edges ? `${edges[row]} to ${edges[row + 1]}` : (categories[row] ?? ''));
  const said = (series: BarSeries, row: number) => (series.field.display ? displayText(series.field.display(series.raw[row])) : String(series.raw[row]));
  const point = (event: React.MouseEvent): { row: number; near: BarPlace | null } | null => {
    const box = host.current?.getBoundingClientRect();
    if (!box) return null;
    const [x, y] = [event.clientX - box.left - plot.left, event.clientY - box.top - plot.top];
    const at = horizontal ? y : x;
    if (x < 0 || y < 0 || x > plot.width || y > plot.height) return null;
    const row = Math.min(Math.floor(at / band), rows - 1);
    const inRow = placed.filter(({ bar }) => bar.row === row);
    const over = (horizontal ? x : plot.height - y) / across;
    const distance = ({ bar, series }: (typeof inRow)[number]) => {
      const scale = scales.get(series.scale)!;
      const [low, high] = [scale.place(Math.min(bar.low, bar.high)), scale.place(Math.max(bar.low, bar.high))];
      return Math.max(bar.from - at, at - bar.from - bar.size, 0) * 10 + Math.max(low - over, over - high, 0) * across;
    };
    const near = inRow.reduce<(typeof inRow)[number] | null>((best, one) => (best === null || distance(one) < distance(best) ? one : best), null);
    return { row, near: near?.bar ?? null };
  };
  const onMove = (event: React.MouseEvent) => {
    const found = point(event);
    setActive((before) => (before === (found?.row ?? null) ? before : (found?.row ?? null)));
    if (store.get()?.pinned) return;
    const content = found && contentOf(found.row, found.near);
    const { clientX, clientY } = event;
    store.show(() => (content ? { ...content, x: clientX, y: clientY } : null));
  };
  const onClick = (event: React.MouseEvent) => {
    const found = point(event);
    const content = found && contentOf(found.row, found.near);
    if (content) store.show(() => ({ ...content, x: event.clientX, y: event.clientY, pinned: true }));
  };

  useEffect(() => {
    const node = host.current as unknown as HTMLElement | null;
    setReading(node, () => ({
      kind,
      x: categories,
      series: model.series.map(({ name, color, shown: isShown, scale, raw, drawn }) => ({ name, color, shown: isShown, scale, values: raw.map((value) => value ?? null), drawn: drawn.map((value) => value ?? null) })),
      scales: Object.fromEntries([...scales].map(([key, { low, high }]) => [key, [low, high]])),
      plot: { ...plot, left: plot.left + (node?.getBoundingClientRect().left ?? 0), top: plot.top + (node?.getBoundingClientRect().top ?? 0) },
    }));
    return () => setReading(node, null);
  });
  useEffect(() => () => store.hide(), [store]);

  const step = options.labelSpacing > 0 && !horizontal ? labelStep(texts.length, along, Math.max(options.labelSpacing, 12)) : labelStep(texts.length, along, horizontal || angle !== 0 ? 13 : Math.min(longest, widestLabel) + 10);
  const gridAxis = drawnAxes[0];
  const fillOf = (series: BarSeries, color: string, isPlain: boolean) => {
    const opacity = series.style.fillOpacity / 100;
    return series.style.gradient === 'none' || series.style.gradient === 'scheme' || !isPlain ? withAlpha(color, opacity) : `url(#${id}${series.key.replace('/', '-')})`;
  };
  let [leftUsed, rightUsed] = [0, 0];
  return (
    <>
      <svg
        ref={host}
        className="bars"
        data-chart={kind}
        role="img"
        aria-label={label}
        width={width}
        height={height}
        onMouseMove={onMove}
        onMouseLeave={() => {
          setActive(null);
          if (!store.get()?.pinned) store.show(() => null);
        }}
        onClick={onClick}
      >
        <defs>
          {shown
            .filter(({ style }) => style.gradient === 'opacity' || style.gradient === 'hue')
            .map(({ key, style, color }) => (
              <linearGradient key={key} id={`${id}${key.replace('/', '-')}`} x1="0" x2={horizontal ? '1' : '0'} y1={horizontal ? '0' : '1'} y2="0">
                <stop offset="0" stopColor={style.gradient === 'hue' ? turned(color, -25, -0.05) : color} stopOpacity={(style.fillOpacity / 100) * (style.gradient === 'opacity' ? 0.1 : 1)} />
                <stop offset="1" stopColor={style.gradient === 'hue' ? turned(color, 15, 0.05) : color} stopOpacity={style.fillOpacity / 100} />
              </linearGradient>
            ))}
        </defs>
        {gridAxis?.axis.style.axisGridShow !== false &&
          gridAxis?.marks.map(({ value }) => {
            const { x, y } = rect(0, along, gridAxis.place(value), gridAxis.place(value));
            return horizontal ? <line key={value} className="grid" x1={x} x2={x} y1={plot.top} y2={plot.top + plot.height} /> : <line key={value} className="grid" x1={plot.left} x2={plot.left + plot.width} y1={y} y2={y} />;
          })}
        {active !== null && <rect className="band" {...rect(active * band, band, 0, 1)} />}
        {drawnAxes.map(({ axis, low, high, place }) => {
          const field = shown.find(({ scale }) => scale === axis.key)?.field;
          if (!field || axis.style.thresholdsStyle === 'off') return null;
          return stepsOnAxis(field, low, high, isDark).map(({ value, color }, index, steps) => {
            const to = steps[index + 1]?.value ?? high;
            const mode = axis.style.thresholdsStyle;
            const { x, y } = rect(0, along, place(value), place(value));
            return (
              <g key={`${axis.key}${value}`}>
                {mode.includes('area') && to > low && <rect {...rect(0, along, place(Math.max(value, low)), place(to))} fill={withAlpha(color, 0.14)} />}
                {mode !== 'area' && value >= low && value <= high && <line {...(horizontal ? { x1: x, x2: x, y1: plot.top, y2: plot.top + plot.height } : { x1: plot.left, x2: plot.left + plot.width, y1: y, y2: y })} stroke={color} strokeWidth={2} strokeDasharray={mode.startsWith('dashed') ? '10 10' : undefined} />}
              </g>
            );
          });
        })}
        {placed.map(({ bar, series, box }) => {
          const color = series.colors[bar.row] ?? series.color;
          const border = Math.min(series.style.lineWidth, box.width / 3, box.height / 3);
          return (
            <rect
              key={`${series.key}/${bar.row}`}
              x={box.x + border / 2}
              y={box.y + border / 2}
              width={Math.max(box.width - border, 0)}
              height={Math.max(box.height - border, 0)}
              rx={(options.barRadius * Math.min(box.width, box.height)) / 2}
              fill={fillOf(series, color, series.colors[bar.row] == null)}
              stroke={color}
              strokeWidth={border}
              opacity={highlighted !== null && highlighted !== series.key ? 0.2 : 1}
            />
          );
        })}
        {options.showValue !== 'never' &&
          placed.map(({ bar, series, box }) => {
            const text = said(series, bar.row);
            const wide = text.length * options.valueSize * 0.62;
            const room = horizontal ? box.height >= options.valueSize : Math.max(box.width, options.groupWidth * band * (shown.length === 1 ? 1 : 0)) >= wide;
            if (options.showValue === 'auto' && !room) return null;
            const isStacked = options.stacking !== 'none';
            const isDown = bar.high < bar.low || bar.high < 0;
            if (isStacked && (horizontal ? box.width < wide : box.height < options.valueSize + 2)) return null;
            // Beside the bar's end where there is room, else within.
            const fits = horizontal ? (isDown ? box.x - plot.left : plot.left + plot.width - box.x - box.width) > wide + 6 : (isDown ? plot.top + plot.height - box.y - box.height : box.y - plot.top) > options.valueSize + 3;
            const inside = isStacked || !fits;
            const place = horizontal
              ? { x: isStacked ? box.x + box.width / 2 : inside ? box.x + box.width - 4 : isDown ? box.x - 4 : box.x + box.width + 4, y: box.y + box.height / 2, textAnchor: isStacked ? ('middle' as const) : inside || isDown ? ('end' as const) : ('start' as const), dominantBaseline: 'central' as const }
              : { x: box.x + box.width / 2, y: isStacked ? box.y + box.height / 2 : isDown ? (inside ? box.y + box.height - 4 : box.y + box.height + options.valueSize) : inside ? box.y + options.valueSize + 1 : box.y - 4, textAnchor: 'middle' as const, dominantBaseline: isStacked ? ('central' as const) : ('auto' as const) };
            return (
              <text key={`${series.key}/${bar.row}`} className={inside ? 'value inside' : 'value'} fontSize={options.valueSize} {...place}>
                {text}
              </text>
            );
          })}
        {texts.map((text, index) => {
          if (index % step !== 0) return null;
          const at = edges ? index * band : (index + 0.5) * band;
          if (horizontal) {
            const y = edges ? plot.top + at : plot.top + at;
            return (
              <text key={index} className="mark" x={plot.left - 6} y={y} textAnchor="end" dominantBaseline="central">
                {shortenedTo(text, labelWidth - beside, font)}
              </text>
            );
          }
          const [x, y] = [plot.left + at, plot.top + plot.height + 14];
          if (angle === 0) {
            const toSide = 2 * Math.min(x, width - x);
            const short = shortenedTo(text, Math.min(Math.max(step * band - 8, edges ? widestLabel : 24), Math.max(toSide, 60)), font);
            const half = widest([short], font) / 2;
            return (
              <text key={index} className="mark" x={Math.min(Math.max(x, half), width - half)} y={y} textAnchor="middle">
                {short}
              </text>
            );
          }
          // Neither below the labels' room nor beyond the panel's side.
          const toSide = (angle > 0 ? width - x : x) / Math.max(Math.cos(turn), 0.05);
          return (
            <text key={index} className="mark" transform={`translate(${x + (angle > 0 ? -3 : 3)} ${y - 4}) rotate(${angle})`} textAnchor={angle > 0 ? 'start' : 'end'}>
              {shortenedTo(text, Math.min(labelHeight / Math.max(Math.sin(turn), 0.2), toSide), font)}
            </text>
          );
        })}
        {drawnAxes.map(({ axis, marks, place }) => {
          const isRight = axis.side === 'right';
          const wide = (horizontal ? lineHeight + 4 : (axis.style.axisWidth ?? widest(marks.map(({ text }) => text), font) + beside)) + (axis.style.axisLabel ? lineHeight : 0);
          const used = isRight ? rightUsed : leftUsed;
          if (isRight) rightUsed += wide;
          else leftUsed += wide;
          const color = axis.style.axisColorBySeries ? shown.find(({ scale }) => scale === axis.key)?.color : undefined;
          return (
            <g key={axis.key} style={color ? { fill: color } : undefined}>
              {marks.map(({ value, text }) => {
                const { x, y } = rect(0, along, place(value), place(value));
                return horizontal ? (
                  <text key={value} className="mark" fill={color} x={x} y={isRight ? plot.top - used - 6 : plot.top + plot.height + used + 14} textAnchor="middle">
                    {text}
                  </text>
                ) : (
                  <text key={value} className="mark" fill={color} x={isRight ? plot.left + plot.width + used + 6 : plot.left - used - 6} y={y} textAnchor={isRight ? 'start' : 'end'} dominantBaseline="central">
                    {text}
                  </text>
                );
              })}
              {axis.style.axisLabel &&
                (horizontal ? (
                  <text className="mark" x={plot.left + plot.width / 2} y={isRight ? 12 : height - 3} textAnchor="middle">
                    {axis.style.axisLabel}
                  </text>
                ) : (
                  <text className="mark" textAnchor="middle" transform={`translate(${isRight ? plot.left + plot.width + rightUsed - 4 : plot.left - leftUsed + 10} ${plot.top + plot.height / 2}) rotate(${isRight ? 90 : -90})`}>
                    {axis.style.axisLabel}
                  </text>
                ))}
            </g>
          );
        })}
        {gridAxis && <ZeroLine rect={rect(0, along, gridAxis.place(0), gridAxis.place(0))} horizontal={horizontal} />}
      </svg>
      <CursorKeys
        tracks={tracks}
        along={horizontal ? 'x' : 'y'}
        ends="tracks"
        boxOf={(spot) => {
          const { x, y, width: wide, height: high } = barAt(spot).box;
          return { left: x, top: y, width: Math.max(wide, 2), height: Math.max(high, 2) };
        }}
        describe={(spot) => {
          const { bar, series } = barAt(spot);
          return `${rowName(bar.row)}: ${series.name} ${said(series, bar.row)}`;
        }}
        onPick={(spot, place, pinned) => {
          const { bar } = barAt(spot);
          setActive(bar.row);
          const content = contentOf(bar.row, bar);
          store.show(() => content && { ...content, ...place, pinned });
        }}
        onLeave={() => {
          setActive(null);
          if (!store.get()?.pinned) store.show(() => null);
        }}
      />
      <Tip store={store} />
    </>
  );
}

function ZeroLine({ rect: { x, y, width, height }, horizontal }: { rect: { x: number; y: number; width: number; height: number }; horizontal: boolean }) {
  return <line className="zero" x1={x} y1={y} x2={horizontal ? x : x + width} y2={horizontal ? y + height : y} />;
}

/** A text that fits into a width; the end gives way. */
function shortenedTo(text: string, width: number, font: string): string {
  if (widest([text], font) <= width) return text;
  let [low, high] = [0, text.length];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (widest([`${text.slice(0, middle)}…`], font) <= width) low = middle;
    else high = middle - 1;
  }
  return `${text.slice(0, low)}…`;
}
