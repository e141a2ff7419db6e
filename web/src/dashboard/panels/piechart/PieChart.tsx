import type { KeyboardEvent, PointerEvent } from 'react';
import { useMemo, useRef, useState } from 'react';
import { displayText, textOn } from '../../display';
import type { JsonObject } from '../../model';
import type { PanelProps } from '../../panel';
import { Framed } from '../legend/Framed';
import type { LegendItem } from '../legend/legend';
import { legendOptions } from '../legend/legend';
import { Legend } from '../legend/Legend';
import { Nothing } from '../Nothing';
import { colorOr } from '../parts/contrast';
import { measure } from '../parts/text-size';
import { linksOf, tooltipOptions } from '../timeseries/tooltip';
import type { TipRow } from '../tip/Tip';
import { Tip, tipStore } from '../tip/Tip';
import type { ReduceOptions } from '../values';
import { displayedValues } from '../values';
import type { Slice, Sort } from './slices';
import { leastLabelled, slicePath, slicesOf } from './slices';
import './piechart.css';

/** Of the window, in pixels. */
interface Place {
  x: number;
  y: number;
}
const placeOf = ({ clientX: x, clientY: y }: PointerEvent): Place => ({ x, y });
const list = (value: unknown): string[] => (Array.isArray(value) ? value.filter((each): each is string => typeof each === 'string') : []);
const colorOfSlice = ({ each }: Slice) => colorOr(each.display.color, 'var(--accent)');
/** Pixels of the smallest labels. */
const leastLabel = 7;
/** Slices that the tooltip lists. */
const mostRows = 20;

/** Values as parts of their sum. */
export default function PieChart({ options, panel, frames, width, height, isDark, interpolate, link }: PanelProps<JsonObject>) {
  const values = useMemo(() => displayedValues(frames, (options.reduceOptions ?? {}) as ReduceOptions, { isDark, interpolate }), [frames, options, isDark, interpolate]);
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set());
  const [pointed, setPointed] = useState<string | null>(null);
  const [store] = useState(tipStore);
  const sort: Sort = options.sort === 'asc' || options.sort === 'none' ? options.sort : 'desc';
  const slices = useMemo(() => slicesOf(values, sort, hidden), [values, sort, hidden]);
  if (slices.length === 0) return <Nothing width={width} height={height} text={panel.fieldConfig?.defaults.noValue || undefined} />;

  const given = (options.legend ?? {}) as JsonObject;
  const figures = list(given.values).flatMap((each) => (each === 'value' ? ['Value'] : each === 'percent' ? ['Percent'] : []));
  const legend = { ...legendOptions(given), calcs: figures, sortBy: null };
  const tooltip = tooltipOptions(options.tooltip);
  const labels = list(options.displayLabels);
  const items = slices.map((slice): LegendItem => {
    const figure = (name: string) => ({ id: name, name, text: name === 'Value' ? displayText(slice.each.display) : slice.percent, numeric: slice.numeric });
    return { key: slice.each.key, name: slice.each.title, color: colorOfSlice(slice), shown: slice.isShown, mark: 'block', calcs: figures.map(figure) };
  });

  const row = (slice: Slice, isNear: boolean): TipRow => ({
    key: slice.each.key,
    color: colorOfSlice(slice),
    name: slice.each.title,
    value: `${displayText(slice.each.display)} (${slice.percent})`,
    near: isNear,
    links: linksOf(slice.each.field.config.links, link, () => slice.each.scoped),
  });
  const tell = ({ x, y }: Place, slice: Slice, pinned: boolean) => {
    const all = tooltip.mode === 'multi' ? slices.filter(({ isShown }) => isShown) : [slice];
    store.show(() => ({ x, y, heading: panel.title || 'Pie chart', rows: all.slice(0, mostRows).map((each) => row(each, all.length > 1 && each === slice)), more: Math.max(0, all.length - mostRows), pinned, maxWidth: tooltip.maxWidth, maxHeight: tooltip.maxHeight }));
  };
  const hasLinks = slices.some(({ each }) => (each.field.config.links ?? []).length > 0);
  const hover = {
    onPoint: (place: Place, slice: Slice) => {
      setPointed(slice.each.key);
      if (tooltip.mode !== 'none' && store.get()?.pinned !== true) tell(place, slice, false);
    },
    onLeave: () => {
      setPointed(null);
      if (store.get()?.pinned !== true) store.hide();
    },
    onPress: hasLinks ? (place: Place, slice: Slice) => tell(place, slice, true) : undefined,
  };
  return (
    <>
      <Framed width={width} height={height} options={legend} legend={legend.show ? <Legend items={items} options={legend} onHidden={(names) => setHidden(new Set(names))} onHover={setPointed} /> : null}>
        {(wide, high) => <Drawing slices={slices} width={wide} height={high} isDonut={options.pieType === 'donut'} labels={labels} label={panel.title || 'Pie chart'} pointed={pointed} isDark={isDark} {...hover} />}
      </Framed>
      <Tip store={store} />
    </>
  );
}

interface DrawingProps {
  slices: Slice[];
  width: number;
  height: number;
  isDonut: boolean;
  labels: string[];
  label: string;
  /** The key of the slice to point out. */
  pointed: string | null;
  isDark: boolean;
  onPoint: (place: Place, slice: Slice) => void;
  onLeave: () => void;
  /** Leads to the links of a slice; without it there are none. */
  onPress: ((place: Place, slice: Slice) => void) | undefined;
}

function Drawing({ slices, width, height, isDonut, labels, label, pointed, isDark, onPoint, onLeave, onPress }: DrawingProps) {
  const radius = Math.max(4, Math.min(width, height) / 2 - 3);
  const inner = isDonut ? radius * 0.62 : 0;
  const labelSize = Math.max(8, Math.min(14, radius / 8));
  const most = Math.max(3, Math.floor(((isDonut ? radius - inner : radius * 0.8) / labelSize) * 1.8));
  const several = slices.filter(({ share }) => share > 0).length > 1;
  const summary = slices.map(({ each, percent }) => `${each.title}: ${displayText(each.display)} (${percent})`).join(', ');
  const svg = useRef<SVGSVGElement>(null);
  /** Where a slice is pointed at by key: in its middle. */
  const middleOf = ({ from, to }: Slice): Place => {
    const box = svg.current!.getBoundingClientRect();
    const [turn, away] = [((from + to) / 2) * 2 * Math.PI, several ? (radius + inner) / 2 : 0];
    return { x: box.left + width / 2 + away * Math.sin(turn), y: box.top + height / 2 - away * Math.cos(turn) };
  };
  const keys = (slice: Slice) =>
    onPress && {
      role: 'button',
      tabIndex: 0,
      className: 'pie-slice',
      'aria-label': `${slice.each.title}: ${displayText(slice.each.display)} (${slice.percent}), its links`,
      onFocus: () => onPoint(middleOf(slice), slice),
      onBlur: onLeave,
      onKeyDown: (event: KeyboardEvent) => {
        if (event.key !== 'Enter' && event.key !== ' ') return;
        event.preventDefault();
        onPress(middleOf(slice), slice);
      },
    };
  return (
    // A picture has no parts for people who do not see it; where parts can be pressed it is a group of them.
    <svg ref={svg} style={{ display: 'block' }} width={width} height={height} viewBox={`${-width / 2} ${-height / 2} ${width} ${height}`} role={onPress ? 'group' : 'img'} aria-label={`${label}. ${summary}`}>
      {slices.map((slice) => {
        const path = slicePath(slice.from, slice.to, radius, inner);
        if (path === '') return null;
        return (
          <path
            key={slice.each.key}
            d={path}
            fill={colorOfSlice(slice)}
            fillOpacity={pointed !== null && pointed !== slice.each.key ? 0.5 : 1}
            stroke="var(--surface)"
            strokeWidth={several ? 1 : 0}
            onPointerMove={(event) => onPoint(placeOf(event), slice)}
            onPointerLeave={onLeave}
            onPointerUp={(event) => onPress?.(placeOf(event), slice)}
            {...keys(slice)}
          />
        );
      })}
      {labels.length > 0 &&
        slices.map((slice) => {
          if (slice.share < leastLabelled) return null;
          const turn = ((slice.from + slice.to) / 2) * 2 * Math.PI;
          const away = !several && !isDonut ? 0 : isDonut ? (radius + inner) / 2 : radius * 0.66;
          const lines = [labels.includes('name') && slice.each.title, labels.includes('value') && displayText(slice.each.display), labels.includes('percent') && slice.percent]
            .filter((line): line is string => typeof line === 'string' && line !== '')
            .map((line) => (line.length > most ? `${line.slice(0, most - 1)}…` : line));
          // What reaches over the edges of a ring stands on the panel's ground, where it may not be seen.
          const size = isDonut ? Math.max(leastLabel, Math.min(labelSize, (radius - inner - 4) / Math.max(...lines.map((line) => measure(line, 400))))) : labelSize;
          return (
            <text key={slice.each.key} pointerEvents="none" textAnchor="middle" style={{ fontSize: size, fill: textOn(colorOfSlice(slice), isDark) }} aria-hidden="true">
              {lines.map((line, index) => (
                <tspan key={index} x={away * Math.sin(turn)} y={-away * Math.cos(turn) + (index - (lines.length - 1) / 2) * size * 1.2} dominantBaseline="central">
                  {line}
                </tspan>
              ))}
            </text>
          );
        })}
    </svg>
  );
}
