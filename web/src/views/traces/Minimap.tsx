import { useComputedColorScheme } from '@mantine/core';
import { useElementSize } from '@mantine/hooks';
import { useEffect, useMemo, useRef, useState } from 'react';
import { lineColor } from '../../charts/colors';
import type { Segment } from '../../traces/critical-path';
import type { Trace } from '../../traces/trace';
import { serviceColors } from './ServiceLegend';
import type { Window } from './WaterfallView';

const height = 54;
/** Pixels that a drag must span to choose a part. */
const leastDrag = 4;

interface Props {
  trace: Trace;
  path: Map<number, Segment[]>;
  window: Window;
  onWindow: (window: Window) => void;
}

/** The whole trace in little; dragging chooses the part that the waterfall shows. The buttons beside it do so by key. */
export function Minimap({ trace, path, window, onWindow }: Props) {
  const { ref, width } = useElementSize();
  const canvas = useRef<HTMLCanvasElement>(null);
  const scheme = useComputedColorScheme('light');
  const colors = useMemo(() => serviceColors(trace), [trace]);
  const [drag, setDrag] = useState<{ from: number; to: number } | null>(null);
  const whole = Math.max(trace.duration, 1);

  useEffect(() => {
    const context = canvas.current?.getContext('2d');
    if (!context || width === 0) return;
    const ratio = devicePixelRatio;
    context.canvas.width = Math.round(width * ratio);
    context.canvas.height = height * ratio;
    context.scale(ratio, ratio);
    const count = trace.spans.length;
    const thick = Math.min(3, Math.max(1, height / count - 1));
    const y = (place: number) => (count === 1 ? height / 2 - 1 : (place / (count - 1)) * (height - thick - 4) + 2);
    trace.spans.forEach((span, place) => {
      context.fillStyle = lineColor(colors.get(span.raw.resource.service) ?? 0, scheme === 'dark');
      context.fillRect((span.begin / whole) * width, y(place), Math.max(1, (span.duration / whole) * width), thick);
    });
    // The colours of the scheme are in the page only once it has been drawn.
    context.fillStyle = getComputedStyle(canvas.current!).color;
    for (const [place, segments] of path) {
      for (const { from, to } of segments) context.fillRect((from / whole) * width, y(place) + thick - 1, Math.max(0.5, ((to - from) / whole) * width), 1);
    }
  }, [trace, path, colors, scheme, width, whole]);

  const at = (event: React.PointerEvent) => {
    const box = event.currentTarget.getBoundingClientRect();
    return Math.min(Math.max((event.clientX - box.left) / box.width, 0), 1) * whole;
  };
  const done = () => {
    if (drag && (Math.abs(drag.to - drag.from) / whole) * width >= leastDrag) onWindow({ from: Math.min(drag.from, drag.to), to: Math.max(drag.from, drag.to) });
    setDrag(null);
  };
  const share = (nanoseconds: number) => `${(Math.min(Math.max(nanoseconds, 0), whole) / whole) * 100}%`;
  return (
    <div
      ref={ref}
      className="minimap"
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        setDrag({ from: at(event), to: at(event) });
      }}
      onPointerMove={(event) => {
        const to = at(event);
        setDrag((before) => before && { ...before, to });
      }}
      onPointerUp={done}
      onPointerCancel={() => setDrag(null)}
    >
      <canvas ref={canvas} style={{ width: '100%', height }} aria-hidden="true" />
      <span className="outside" style={{ left: 0, width: share(window.from) }} />
      <span className="outside" style={{ left: share(window.to), right: 0 }} />
      {drag && <span className="drag" style={{ left: share(Math.min(drag.from, drag.to)), width: share(Math.abs(drag.to - drag.from)) }} />}
    </div>
  );
}
