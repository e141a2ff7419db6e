import { useMemo, useState } from 'react';
import type { JsonObject } from '../../model';
import type { PanelProps } from '../../panel';
import { textOn } from '../../display';
import { colorOr } from '../parts/contrast';
import { NoData } from '../parts/NoData';
import { Linked } from '../parts/Linked';
import type { TipPlace } from '../parts/Tip';
import { Tip } from '../parts/Tip';
import type { ReduceOptions } from '../values';
import { displayedValues, textOf } from '../values';
import type { Slice, Sort } from './slices';
import { leastLabelled, slicePath, slicesOf } from './slices';
import './piechart.css';

const list = (value: unknown): string[] => (Array.isArray(value) ? value.filter((each): each is string => typeof each === 'string') : []);
const colorOfSlice = ({ each }: Slice) => colorOr(each.display.color, 'var(--accent)');

/** Values as parts of their sum. */
export default function PieChart({ options, panel, frames, width, height, isDark, interpolate, link }: PanelProps<JsonObject>) {
  const values = useMemo(() => displayedValues(frames, (options.reduceOptions ?? {}) as ReduceOptions, { isDark, interpolate }), [frames, options, isDark, interpolate]);
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set());
  const [tip, setTip] = useState<(TipPlace & { key: string }) | null>(null);
  const sort: Sort = options.sort === 'asc' || options.sort === 'none' ? options.sort : 'desc';
  const slices = useMemo(() => slicesOf(values, sort, hidden), [values, sort, hidden]);
  if (slices.length === 0) return <NoData text={panel.fieldConfig?.defaults.noValue} />;

  const legend = (options.legend ?? {}) as { showLegend?: boolean; displayMode?: string; placement?: string; values?: unknown; width?: number };
  const hasLegend = legend.showLegend !== false && legend.displayMode !== 'hidden' && width >= 120 && height >= 80;
  const isRight = legend.placement !== 'bottom' && width >= 200;
  const figures = list(legend.values);
  const legendWidth = isRight ? Math.min(width * 0.6, typeof legend.width === 'number' ? legend.width : Math.max(width * 0.3, Math.min(width * 0.5, 240))) : width;
  const legendHeight = isRight ? height : Math.min(height * 0.4, legend.displayMode === 'table' ? 24 * (slices.length + 1) : 24 * Math.ceil((slices.length * 140) / width));
  const room = { width: hasLegend && isRight ? width - legendWidth - 8 : width, height: hasLegend && !isRight ? height - legendHeight - 4 : height };
  const radius = Math.max(4, Math.min(room.width, room.height) / 2 - 3);
  const inner = options.pieType === 'donut' ? radius * 0.62 : 0;
  const labels = list(options.displayLabels);
  const tooltip = ((options.tooltip ?? {}) as { mode?: string }).mode ?? 'single';
  const pointed = tip && slices.find(({ each }) => each.key === tip.key);
  const labelSize = Math.max(8, Math.min(14, radius / 8));

  const toggle = (key: string, only: boolean) =>
    setHidden((before) => {
      if (only) {
        const others = slices.map(({ each }) => each.key).filter((one) => one !== key);
        return others.every((one) => before.has(one)) && !before.has(key) ? new Set() : new Set(others);
      }
      const next = new Set(before);
      if (!next.delete(key)) next.add(key);
      return next;
    });
  const summary = slices.map(({ each, percent }) => `${each.title}: ${textOf(each.display)} (${percent})`).join(', ');
  return (
    <div className={`pie ${isRight ? 'right' : ''}`} style={{ width, height }}>
      <svg className="pie-drawing" width={room.width} height={room.height} viewBox={`${-room.width / 2} ${-room.height / 2} ${room.width} ${room.height}`} role="img" aria-label={`${panel.title || 'Pie chart'}. ${summary}`}>
        {slices.map((slice) => {
          const path = slicePath(slice.from, slice.to, radius, inner);
          if (path === '') return null;
          const isPointed = tip?.key === slice.each.key;
          return (
            <path
              key={slice.each.key}
              d={path}
              fill={colorOfSlice(slice)}
              fillOpacity={tip && !isPointed ? 0.55 : 1}
              stroke="var(--surface)"
              strokeWidth={slices.filter(({ share }) => share > 0).length > 1 ? 1 : 0}
              onPointerMove={(event) => tooltip !== 'none' && setTip({ key: slice.each.key, x: event.clientX, y: event.clientY })}
              onPointerLeave={() => setTip(null)}
            />
          );
        })}
        {labels.length > 0 &&
          slices.map((slice) => {
            if (slice.share < leastLabelled) return null;
            const turn = ((slice.from + slice.to) / 2) * 2 * Math.PI;
            const away = slice.share > 0.999 && inner === 0 ? 0 : inner > 0 ? (radius + inner) / 2 : radius * 0.66;
            const lines = [labels.includes('name') && slice.each.title, labels.includes('value') && textOf(slice.each.display), labels.includes('percent') && slice.percent].filter((line): line is string => typeof line === 'string' && line !== '');
            const most = Math.max(3, Math.floor(((inner > 0 ? radius - inner : radius * 0.8) / labelSize) * 1.8));
            return (
              <text key={slice.each.key} className="pie-label" textAnchor="middle" style={{ fontSize: labelSize, fill: textOn(colorOfSlice(slice), isDark) }} aria-hidden="true">
                {lines.map((line, index) => (
                  <tspan key={index} x={away * Math.sin(turn)} y={-away * Math.cos(turn) + (index - (lines.length - 1) / 2) * labelSize * 1.2} dominantBaseline="central">
                    {line.length > most ? `${line.slice(0, most - 1)}…` : line}
                  </tspan>
                ))}
              </text>
            );
          })}
      </svg>
      {hasLegend && (
        <div className={`pie-legend ${legend.displayMode === 'table' || isRight ? 'rows' : ''}`} style={{ width: legendWidth, maxHeight: legendHeight }}>
          <table>
            <thead className={legend.displayMode === 'table' ? undefined : 'hidden-text'}>
              <tr>
                <th scope="col">Name</th>
                {figures.includes('value') && (
                  <th scope="col" className="num">
                    Value
                  </th>
                )}
                {figures.includes('percent') && (
                  <th scope="col" className="num">
                    Percent
                  </th>
                )}
              </tr>
            </thead>
            <tbody>
              {slices.map((slice) => (
                <tr key={slice.each.key} className={slice.isShown ? '' : 'hidden'}>
                  <td>
                    <button type="button" className="plain-button pie-name" aria-pressed={slice.isShown} title={`${slice.each.title}: a click shows it alone, with Ctrl it hides it`} onClick={(event) => toggle(slice.each.key, !(event.ctrlKey || event.metaKey || event.shiftKey))}>
                      <span className="pie-mark" style={{ background: colorOfSlice(slice) }} aria-hidden="true" />
                      <span className="pie-text">{slice.each.title}</span>
                    </button>
                  </td>
                  {figures.includes('value') && (
                    <td className="num">
                      <Linked links={slice.each.field.config.links} link={link} scoped={slice.each.scoped} label={slice.each.title}>
                        {textOf(slice.each.display)}
                      </Linked>
                    </td>
                  )}
                  {figures.includes('percent') && <td className="num">{slice.percent}</td>}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {pointed && tip && (
        <Tip place={tip}>
          {(tooltip === 'multi' ? slices.filter(({ isShown }) => isShown) : [pointed]).slice(0, 20).map((slice) => (
            <div key={slice.each.key} className="tip-row" style={slice === pointed ? { fontWeight: 600 } : undefined}>
              <span className="pie-mark" style={{ background: colorOfSlice(slice) }} />
              <span className="grow">{slice.each.title}</span>
              <span className="num">
                {textOf(slice.each.display)} · {slice.percent}
              </span>
            </div>
          ))}
        </Tip>
      )}
    </div>
  );
}
