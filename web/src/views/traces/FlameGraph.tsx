import { Button, useComputedColorScheme } from '@mantine/core';
import { useElementSize } from '@mantine/hooks';
import type { KeyboardEvent } from 'react';
import { useMemo, useRef, useState } from 'react';
import { lineColor } from '../../charts/colors';
import { quantity } from '../../format/quantity';
import { Empty } from '../../parts/Answer';
import type { Box, Frame } from '../../traces/flame';
import { boxes, flame } from '../../traces/flame';
import type { Trace } from '../../traces/trace';
import { ServiceLegend, serviceColors } from './ServiceLegend';

const rowHeight = 22;
/** Frames narrower than this many pixels are left out, and levels beyond these; zooming shows them. */
const leastPixels = 2;
const mostLevels = 60;
/** From this width on a frame has room for words. */
const wordPixels = 28;

const seconds = (nanoseconds: number) => quantity(nanoseconds / 1e9, 'seconds');

/** The trace added up by operation: a frame is as wide as the time that was spent in it and in what it called. */
export function FlameGraph({ trace }: { trace: Trace }) {
  const { ref, width } = useElementSize();
  const isDark = useComputedColorScheme('light') === 'dark';
  const frames = useMemo(() => flame(trace), [trace]);
  const colors = useMemo(() => serviceColors(trace), [trace]);
  const [base, setBase] = useState(-1);
  const [active, setActive] = useState<number | null>(null);
  const host = useRef<HTMLDivElement>(null);
  const drawn = useMemo(() => (width > 0 ? boxes(frames, base, leastPixels / width, mostLevels) : []), [frames, base, width]);
  const whole = frames.reduce((sum, frame) => sum + (frame.parent < 0 ? frame.total : 0), 0);
  const shown = drawn.find((box) => box.frame === active) ?? drawn[0];
  const levels = drawn.reduce((most, box) => Math.max(most, box.level), 0) + 1;

  const zoom = (frame: number) => {
    setBase(frame === base ? frames[frame]!.parent : frame);
    setActive(frame);
  };
  const onKey = (event: KeyboardEvent) => {
    if (!shown || event.ctrlKey || event.metaKey || event.altKey) return;
    const next = neighbour(drawn, frames, shown, event.key);
    if (next === undefined && event.key !== 'Escape') return;
    event.preventDefault();
    if (event.key === 'Escape') setBase(-1);
    else if (next) {
      setActive(next.frame);
      host.current?.querySelector<HTMLElement>(`[data-frame="${next.frame}"]`)?.focus();
    }
  };
  if (whole <= 0) {
    return (
      <section className="panel">
        <Empty title="No time to show">
          <p>No span of this trace has a duration.</p>
        </Empty>
      </section>
    );
  }
  const told = shown && frames[shown.frame];
  return (
    <>
      <div className="row wrap">
        <span className="dim grow">A frame is as wide as the time that its spans and those below them spent in themselves; of spans that ran beside each other, each counts. Click zooms, arrow keys move.</span>
        <Button variant="default" size="compact-sm" disabled={base < 0} onClick={() => setBase(-1)}>
          Whole trace
        </Button>
      </div>
      <ServiceLegend trace={trace} />
      <section className="panel flame-panel" aria-label="Flame graph">
        <div ref={ref}>
          {/* eslint-disable-next-line jsx-a11y/no-static-element-interactions -- the keys move between the buttons inside */}
          <div ref={host} className="flame" style={{ height: levels * rowHeight }} onKeyDown={onKey}>
            {drawn.map((box) => {
              const frame = frames[box.frame]!;
              const shownName = frame.count > 1 ? `${frame.name} ×${frame.count}` : frame.name;
              const name = `${frame.service} ${shownName}`;
              return (
                <button
                  key={box.frame}
                  type="button"
                  data-frame={box.frame}
                  tabIndex={box === shown ? 0 : -1}
                  className={`flame-frame ${frame.errors > 0 ? 'failed' : ''}`}
                  style={{ left: `${box.left * 100}%`, width: `${box.width * 100}%`, top: box.level * rowHeight, borderColor: lineColor(colors.get(frame.service) ?? 0, isDark) }}
                  aria-label={`${name}: ${seconds(frame.total)}${frame.errors > 0 ? `, ${frame.errors} with errors` : ''}`}
                  title={`${name}: ${seconds(frame.total)}`}
                  onClick={() => zoom(box.frame)}
                  onFocus={() => setActive(box.frame)}
                  onPointerEnter={() => setActive(box.frame)}
                >
                  {box.width * width >= wordPixels && (
                    <span>{shownName}</span>
                  )}
                </button>
              );
            })}
          </div>
        </div>
        {told && (
          <p className="body flame-told">
            <strong>
              {told.service} {told.name}
            </strong>
            : {seconds(told.total)} ({quantity(told.total / whole, 'ratio')}), of which {seconds(told.self)} in itself; {told.count.toLocaleString('en')} {told.count === 1 ? 'span' : 'spans'}
            {told.errors > 0 && `, ${told.errors.toLocaleString('en')} with errors`}
          </p>
        )}
      </section>
    </>
  );
}

/** The box that an arrow key leads to. */
function neighbour(drawn: Box[], frames: Frame[], from: Box, key: string): Box | undefined {
  if (key === 'ArrowUp') return drawn.find((box) => box.frame === frames[from.frame]!.parent);
  if (key === 'ArrowDown') return drawn.find((box) => frames[box.frame]!.parent === from.frame && box.level === from.level + 1);
  const level = drawn.filter((box) => box.level === from.level);
  const at = level.indexOf(from);
  if (key === 'ArrowRight') return level[at + 1];
  if (key === 'ArrowLeft') return level[at - 1];
  return undefined;
}
