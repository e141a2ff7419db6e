import { useElementSize } from '@mantine/hooks';
import { useState } from 'react';
import { useLocation } from 'wouter';
import type { FoundTrace } from '../../api/tempo';
import { quantity } from '../../format/quantity';
import { clockTime, exactTime } from '../../format/time';
import { traceLink } from '../../url/traces';
import { milliseconds, sumOf } from './TraceAnswers';

const height = 150;
const edge = { left: 62, right: 14, top: 10, bottom: 20 };
/** How near the pointer must come to a point, in pixels. */
const reach = 14;

interface Point {
  trace: FoundTrace;
  x: number;
  y: number;
  failed: boolean;
}

/** Traces by when they began and how long they took, in powers of ten; a click opens the nearest. The list below says the same. */
export function DurationScatter({ traces, start, end }: { traces: FoundTrace[]; start: number; end: number }) {
  const { ref, width } = useElementSize();
  const [, navigate] = useLocation();
  const [over, setOver] = useState<Point | null>(null);
  const seconds = traces.map((trace) => Math.max((trace.durationMs ?? 0) / 1000, 0.0005));
  const low = Math.floor(Math.log10(Math.min(...seconds)));
  const high = Math.max(Math.ceil(Math.log10(Math.max(...seconds))), low + 1);
  const inner = Math.max(1, width - edge.left - edge.right);
  const x = (at: number) => edge.left + ((at - start) / Math.max(end - start, 1e-9)) * inner;
  const y = (value: number) => edge.top + (1 - (Math.log10(value) - low) / (high - low)) * (height - edge.top - edge.bottom);
  const points = traces.map((trace, index): Point => ({ trace, x: x(milliseconds(trace.startTimeUnixNano) / 1000), y: y(seconds[index]!), failed: sumOf(trace, 'errorCount') > 0 }));
  const nearest = (event: React.PointerEvent<SVGSVGElement>) => {
    const box = event.currentTarget.getBoundingClientRect();
    const [left, top] = [event.clientX - box.left, event.clientY - box.top];
    let best: Point | null = null;
    let least = reach;
    for (const point of points) {
      const away = Math.hypot(point.x - left, point.y - top);
      if (away < least) [best, least] = [point, away];
    }
    return best;
  };
  const failed = points.filter((point) => point.failed).length;
  const marks = Array.from({ length: 5 }, (_, index) => start + ((end - start) * index) / 4);
  return (
    <figure className="panel scatter" ref={ref} aria-label={`Durations over time of ${traces.length} traces, ${failed} with errors`}>
      <svg
        width="100%"
        height={height}
        role="img"
        aria-label="Each trace as a point by its beginning and its duration; the list below holds the same"
        style={{ cursor: over ? 'pointer' : 'default' }}
        onPointerMove={(event) => setOver(nearest(event))}
        onPointerLeave={() => setOver(null)}
        onPointerUp={(event) => {
          const point = nearest(event);
          if (point) navigate(traceLink(point.trace.traceID));
        }}
      >
        {Array.from({ length: high - low + 1 }, (_, index) => low + index).map((power) => (
          <g key={power}>
            <line x1={edge.left} x2={edge.left + inner} y1={y(10 ** power)} y2={y(10 ** power)} className="rule" />
            <text x={edge.left - 6} y={y(10 ** power) + 4} textAnchor="end">
              {quantity(10 ** power, 'seconds')}
            </text>
          </g>
        ))}
        {marks.map((at, index) => (
          <text key={at} x={x(at)} y={height - 5} textAnchor={index === 0 ? 'start' : index === marks.length - 1 ? 'end' : 'middle'}>
            {clockTime(new Date(at * 1000)).slice(0, end - start > 600 ? 5 : 8)}
          </text>
        ))}
        {points.map((point) =>
          point.failed ? (
            <path key={point.trace.traceID} className="failed" d={`M${point.x - 4} ${point.y - 4}l8 8m0 -8l-8 8`} />
          ) : (
            <circle key={point.trace.traceID} className="fine" cx={point.x} cy={point.y} r={3.5} />
          ),
        )}
        {over && <circle cx={over.x} cy={over.y} r={8} className="near" />}
      </svg>
      <figcaption className="row wrap dim">
        {over ? (
          <span>
            {over.trace.rootServiceName} {over.trace.rootTraceName}, {quantity((over.trace.durationMs ?? 0) / 1000, 'seconds')}, {exactTime(new Date(milliseconds(over.trace.startTimeUnixNano)))}
            {over.failed && ', with errors'}
          </span>
        ) : (
          <>
            <span className="row" style={{ gap: '0.375rem' }}>
              <svg width="12" height="12" aria-hidden="true">
                <circle className="fine" cx="6" cy="6" r="3.5" />
              </svg>
              {points.length - failed} without errors
            </span>
            <span className="row" style={{ gap: '0.375rem' }}>
              <svg width="12" height="12" aria-hidden="true">
                <path className="failed" d="M2 2l8 8m0 -8l-8 8" />
              </svg>
              {failed} with errors
            </span>
          </>
        )}
      </figcaption>
    </figure>
  );
}
