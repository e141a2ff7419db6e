import { useQuery, keepPreviousData } from '@tanstack/react-query';
import { useMemo, useRef, useState } from 'react';
import { queryLogs } from '../../api/loki';
import { sampleValue } from '../../format/quantity';
import { exactTime } from '../../format/time';
import { volumeQuery } from '../../logs/edit';
import type { Level } from '../../logs/levels';
import { levelColor, levelOf, levels } from '../../logs/levels';
import { errorText } from '../../api/request';
import { formatDuration } from '../../format/duration';

interface Props {
  query: string;
  range: number;
  end: number | null;
  runs: number;
  onZoom: (next: { range: number; end: number }) => void;
}

/** About so many bars. */
const wantedBars = 60;
const steps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200, 86_400];
const height = 72;

/** The seconds that one bar spans. */
export const barSeconds = (range: number) => steps.find((step) => range / step <= wantedBars) ?? Math.ceil(range / wantedBars / 86_400) * 86_400;

const nowSeconds = () => Date.now() / 1000;

interface Bar {
  start: number;
  counts: Partial<Record<Level, number>>;
  total: number;
}

/** How many lines there are at which level, over the range. Dragging chooses a part of it. */
export function LogHistogram({ query, range, end, runs, onZoom }: Props) {
  const step = barSeconds(range);
  const answer = useQuery({
    queryKey: ['logs', 'histogram', query, range, end, runs],
    queryFn: async ({ signal }) => {
      const finish = Math.ceil((end ?? nowSeconds()) / step) * step;
      const start = Math.floor((finish - range) / step) * step + step;
      const got = await queryLogs(volumeQuery(query, step), { start: BigInt(start) * 1_000_000_000n, end: BigInt(finish) * 1_000_000_000n, stepSeconds: step }, signal);
      const bars: Bar[] = Array.from({ length: Math.round((finish - start) / step) + 1 }, (_, index) => ({ start: start + (index - 1) * step, counts: {}, total: 0 }));
      for (const each of got.data.resultType === 'matrix' ? got.data.result : []) {
        const level = levelOf(each.metric.detected_level);
        for (const [time, text] of each.values ?? []) {
          const bar = bars[Math.round((time - start) / step)];
          if (!bar) continue;
          const count = sampleValue(text);
          bar.counts[level] = (bar.counts[level] ?? 0) + count;
          bar.total += count;
        }
      }
      return bars;
    },
    placeholderData: keepPreviousData,
    staleTime: Infinity,
    retry: false,
    refetchOnWindowFocus: false,
  });
  const frame = useRef<SVGSVGElement>(null);
  const [drag, setDrag] = useState<{ from: number; to: number } | null>(null);
  const [over, setOver] = useState<number | null>(null);
  const bars = useMemo(() => answer.data ?? [], [answer.data]);
  const most = Math.max(1, ...bars.map((bar) => bar.total));
  const total = bars.reduce((sum, bar) => sum + bar.total, 0);
  const byLevel = useMemo(() => levels.map((level) => [level, bars.reduce((sum, bar) => sum + (bar.counts[level] ?? 0), 0)] as const).filter(([, count]) => count > 0), [bars]);

  const barAt = (x: number) => {
    const box = frame.current!.getBoundingClientRect();
    return Math.min(bars.length - 1, Math.max(0, Math.floor(((x - box.left) / box.width) * bars.length)));
  };
  const done = () => {
    if (drag && bars.length > 0) {
      const [first, last] = [Math.min(drag.from, drag.to), Math.max(drag.from, drag.to)];
      onZoom({ range: (last - first + 1) * step, end: bars[last]!.start + step });
    }
    setDrag(null);
  };
  if (answer.error) return <p className="dim logs-histogram-error">No histogram: {errorText(answer.error)}</p>;
  const shown = over !== null ? bars[over] : undefined;
  return (
    <figure className="logs-histogram" aria-label={`Lines by level: ${total.toLocaleString('en')} in all`} aria-busy={answer.isFetching}>
      <svg
        ref={frame}
        viewBox={`0 0 ${Math.max(1, bars.length)} ${height}`}
        preserveAspectRatio="none"
        height={height}
        role="img"
        aria-label="Drag to choose a part of the range"
        onPointerDown={(event) => {
          if (bars.length === 0) return;
          event.currentTarget.setPointerCapture(event.pointerId);
          const at = barAt(event.clientX);
          setDrag({ from: at, to: at });
        }}
        onPointerMove={(event) => {
          if (bars.length === 0) return;
          const at = barAt(event.clientX);
          setOver(at);
          setDrag((before) => before && { ...before, to: at });
        }}
        onPointerUp={done}
        onPointerCancel={() => setDrag(null)}
        onPointerLeave={() => setOver(null)}
      >
        {drag && <rect x={Math.min(drag.from, drag.to)} width={Math.abs(drag.to - drag.from) + 1} y={0} height={height} className="drag" />}
        {bars.map((bar, index) => {
          let at = height;
          return [...levels].reverse().map((level) => {
            const count = bar.counts[level];
            if (!count) return null;
            const size = Math.max((count / most) * height, 0.5);
            at -= size;
            return <rect key={`${index} ${level}`} x={index + 0.08} width={0.84} y={at} height={size} style={{ fill: levelColor(level) }} />;
          });
        })}
      </svg>
      <figcaption className="row wrap">
        {byLevel.map(([level, count]) => (
          <span key={level} className="row" style={{ gap: '0.375rem' }}>
            <span className="level-mark" style={{ background: levelColor(level) }} aria-hidden="true" />
            {level} <span className="dim num">{(shown ? (shown.counts[level] ?? 0) : count).toLocaleString('en')}</span>
          </span>
        ))}
        <span className="dim grow" style={{ textAlign: 'right' }}>
          {shown ? `${exactTime(new Date(shown.start * 1000))}, ${formatDuration(step)}: ${shown.total.toLocaleString('en')}` : `${total.toLocaleString('en')} lines, a bar is ${formatDuration(step)}`}
        </span>
      </figcaption>
    </figure>
  );
}
