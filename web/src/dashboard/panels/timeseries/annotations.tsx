/** Moments and spans that are marked in a chart: drawn on the canvas, and below it as buttons that tell what they are. */

import { useState } from 'react';
import type uPlot from 'uplot';
import { withAlpha } from '../../display';
import type { Annotation, TimeSpan } from '../../panel';
import { momentText } from '../ticks';
import type { PlotBox } from './Plot';

/** More marks that can be pointed at than this are a wall. */
const most = 300;

/** Lines of one colour that are nearer to each other than this, in pixels, are one: more would hide the data. */
const leastApart = 4;

/** Spans lie below the lines, their edges and moments above. */
export function drawAnnotations(u: uPlot, annotations: Annotation[], where: 'below' | 'above'): void {
  const { ctx, bbox } = u;
  const ratio = devicePixelRatio;
  const { min, max } = u.scales.x!;
  if (min == null || max == null || annotations.length === 0) return;
  const place = (time: number) => Math.round(u.valToPos(Math.min(Math.max(time, min - (max - min)), max + (max - min)), 'x', true)) + 0.5;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  ctx.lineWidth = ratio;
  /** Where the last span, or the last line, of a colour ends. Annotations come in the order of their times. */
  const reached = new Map<string, number>();
  for (const { time, timeEnd = time, color } of annotations) {
    if (timeEnd < min || time > max) continue;
    const [left, right] = [place(time), place(timeEnd)];
    if (where === 'below') {
      // Spans over each other are no darker than one.
      const from = Math.max(left, reached.get(color) ?? -Infinity);
      ctx.fillStyle = withAlpha(color, 0.12);
      if (right > from) ctx.fillRect(from, bbox.top, right - from, bbox.height);
      reached.set(color, Math.max(right, from));
      continue;
    }
    const isSpan = timeEnd > time;
    ctx.strokeStyle = withAlpha(color, 0.9);
    ctx.setLineDash(isSpan ? [] : [4 * ratio, 4 * ratio]);
    for (const x of new Set([left, right])) {
      const kind = `${color} ${isSpan} ${x === left}`;
      if (Math.abs(x - (reached.get(kind) ?? -Infinity)) < leastApart * ratio) continue;
      reached.set(kind, x);
      ctx.beginPath();
      ctx.moveTo(x, bbox.top);
      ctx.lineTo(x, bbox.top + bbox.height);
      ctx.stroke();
    }
  }
  ctx.restore();
}

/** One mark, for all annotations that lie in the same pixels. */
export interface Cluster {
  left: number;
  width: number;
  color: string;
  list: Annotation[];
}

/**
 * Marks from left to right. Moments so near to each other that one mark stands for them are one, and so are spans that
 * begin and end together. Of more marks than fit the newest are kept; `left` counts the annotations of the others.
 */
export function clusters(annotations: Annotation[], range: TimeSpan, width: number, apart: number): { marks: Cluster[]; left: number } {
  const x = (time: number) => ((Math.min(Math.max(time, range.from), range.to) - range.from) / (range.to - range.from)) * width;
  const found: Cluster[] = [];
  let lastMoment: Cluster | undefined;
  const spans = new Map<string, Cluster>();
  const inView = annotations.filter(({ time, timeEnd = time }) => timeEnd >= range.from && time <= range.to);
  for (const one of inView.sort((a, b) => a.time - b.time)) {
    const left = x(one.time);
    const right = x(one.timeEnd ?? one.time);
    const isShort = right - left < 2;
    const place = `${Math.round(left / apart)} ${Math.round(right / apart)}`;
    const near = lastMoment && right - lastMoment.left < apart ? lastMoment : isShort ? undefined : spans.get(place);
    if (near) {
      near.list.push(one);
      continue;
    }
    const mark = { left, width: isShort ? 0 : right - left, color: one.color, list: [one] };
    found.push(mark);
    if (isShort) lastMoment = mark;
    else spans.set(place, mark);
  }
  const marks = found.slice(-most);
  return { marks, left: found.slice(0, -most).reduce((sum, { list }) => sum + list.length, 0) };
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
  const { marks: found, left: notShown } = clusters(annotations, range, box.width, 8);
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
      {notShown > 0 && (
        <span className="annotation-more dim num" title={`${notShown} earlier annotations have no mark: a shorter range shows them`}>
          +{notShown}
        </span>
      )}
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
