/** Moments and spans that are marked in a chart: drawn on the canvas, and below it as buttons that tell what they are. */

import { useState } from 'react';
import type uPlot from 'uplot';
import { withAlpha } from '../../display';
import type { Annotation, TimeSpan } from '../../panel';
import { momentText } from '../ticks';
import type { PlotBox } from './Plot';

/** More marks than this are a wall. */
const most = 300;

/** Spans lie below the lines, their edges and moments above. */
export function drawAnnotations(u: uPlot, annotations: Annotation[], where: 'below' | 'above'): void {
  const { ctx, bbox } = u;
  const ratio = devicePixelRatio;
  const { min, max } = u.scales.x!;
  if (min == null || max == null || annotations.length === 0) return;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  ctx.lineWidth = ratio;
  for (const { time, timeEnd = time, color } of annotations.slice(0, most)) {
    if (timeEnd < min || time > max) continue;
    const [left, right] = [time, timeEnd].map((at) => Math.round(u.valToPos(at, 'x', true)) + 0.5) as [number, number];
    if (where === 'below') {
      ctx.fillStyle = withAlpha(color, 0.12);
      if (right > left) ctx.fillRect(left, bbox.top, right - left, bbox.height);
      continue;
    }
    ctx.strokeStyle = withAlpha(color, 0.9);
    ctx.setLineDash(timeEnd > time ? [] : [4 * ratio, 4 * ratio]);
    for (const x of new Set([left, right])) {
      ctx.beginPath();
      ctx.moveTo(x, bbox.top);
      ctx.lineTo(x, bbox.top + bbox.height);
      ctx.stroke();
    }
  }
  ctx.restore();
}

/** Annotations so near to each other that one mark stands for all. */
export function clusters(annotations: Annotation[], range: TimeSpan, width: number, apart: number): { left: number; width: number; color: string; list: Annotation[] }[] {
  const x = (time: number) => ((Math.min(Math.max(time, range.from), range.to) - range.from) / (range.to - range.from)) * width;
  const found: { left: number; width: number; color: string; list: Annotation[] }[] = [];
  const inView = annotations.slice(0, most).filter(({ time, timeEnd = time }) => timeEnd >= range.from && time <= range.to);
  for (const one of inView.sort((a, b) => a.time - b.time)) {
    const left = x(one.time);
    const right = x(one.timeEnd ?? one.time);
    const last = found[found.length - 1];
    if (last && left - last.left < apart && last.width === 0 && right - left < apart) last.list.push(one);
    else found.push({ left, width: right - left < 2 ? 0 : right - left, color: one.color, list: [one] });
  }
  return found;
}

interface Props {
  annotations: Annotation[];
  box: PlotBox;
  range: TimeSpan;
  timeZone: string;
}

const timeText = ({ time, timeEnd }: Annotation, zone: string) => (timeEnd !== undefined && timeEnd > time ? `${momentText(time, zone)} to ${momentText(timeEnd, zone)}` : momentText(time, zone));

export function AnnotationMarks({ annotations, box, range, timeZone }: Props) {
  const [open, setOpen] = useState<number | null>(null);
  const found = clusters(annotations, range, box.width, 8);
  if (found.length === 0) return null;
  const shown = open === null ? undefined : found[open];
  return (
    <div className="annotation-marks" style={{ left: box.left, top: box.top + box.height, width: box.width }}>
      {found.map(({ left, width, color, list }, index) => (
        <button
          key={`${list[0]!.time}/${list[0]!.title ?? ''}/${index}`}
          type="button"
          className={width > 0 ? 'annotation-mark span' : 'annotation-mark'}
          style={width > 0 ? { left, width, background: color } : { left: left - 5, borderBottomColor: color }}
          aria-label={list.map((one) => [one.title ?? one.text ?? 'Annotation', timeText(one, timeZone)].join(', ')).join('; ')}
          aria-expanded={open === index}
          onMouseEnter={() => setOpen(index)}
          onMouseLeave={() => setOpen(null)}
          onFocus={() => setOpen(index)}
          onBlur={() => setOpen(null)}
          onKeyDown={(event) => event.key === 'Escape' && setOpen(null)}
        />
      ))}
      {shown && (
        <div className="annotation-tip" style={shown.left > box.width / 2 ? { right: Math.max(box.width - shown.left - shown.width - 8, 0) } : { left: Math.max(shown.left - 8, 0) }}>
          {shown.list.slice(0, 8).map((one, index) => (
            <div key={index}>
              <div className="dim num">{timeText(one, timeZone)}</div>
              {one.title && <strong>{one.title}</strong>}
              {one.text && one.text !== one.title && <div className="annotation-text">{one.text}</div>}
              {one.tags && one.tags.length > 0 && (
                <div className="tags">
                  {one.tags.map((tag) => (
                    <span key={tag} className="tag">
                      {tag}
                    </span>
                  ))}
                </div>
              )}
            </div>
          ))}
          {shown.list.length > 8 && <div className="dim">and {shown.list.length - 8} more</div>}
        </div>
      )}
    </div>
  );
}
