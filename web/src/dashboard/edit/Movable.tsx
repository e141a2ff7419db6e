import type { KeyboardEvent, PointerEvent, ReactNode } from 'react';
import { useRef, useState } from 'react';
import { Icon } from '../../parts/Icon';
import { columns, gap, rowHeight } from '../view/layout';
import './edit.css';
import type { Rect } from './place';
import { clamped } from './place';

interface Props {
  title: string;
  rect: Rect;
  onPlace: (rect: Rect) => void;
  children: ReactNode;
}

const keys: Record<string, [number, number]> = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/** Something that is dragged: tells how far, in pixels of the page, and when it is let go. */
function Handle({ className, label, title, tabIndex, children, onDrag, onDone, onKeyDown }: { className: string; label: string; title: string; tabIndex?: number; children?: ReactNode; onDrag: (dx: number, dy: number) => void; onDone: (dropped: boolean) => void; onKeyDown?: (event: KeyboardEvent<HTMLButtonElement>) => void }) {
  const begun = useRef<{ x: number; y: number } | null>(null);
  const onPointerDown = (event: PointerEvent<HTMLButtonElement>) => {
    if (event.button !== 0) return;
    begun.current = { x: event.clientX, y: event.clientY };
    event.currentTarget.setPointerCapture(event.pointerId);
  };
  const onPointerMove = (event: PointerEvent<HTMLButtonElement>) => {
    const from = begun.current;
    if (from) onDrag(event.clientX - from.x, event.clientY - from.y);
  };
  const end = (dropped: boolean) => {
    if (begun.current) onDone(dropped);
    begun.current = null;
  };
  return (
    <button type="button" className={className} aria-label={label} title={title} tabIndex={tabIndex} onPointerDown={onPointerDown} onPointerMove={onPointerMove} onPointerUp={() => end(true)} onPointerCancel={() => end(false)} onKeyDown={onKeyDown}>
      {children}
    </button>
  );
}

/** A panel that is moved by its handle and resized by its corner, with the pointer or with arrow keys. */
export function Movable({ title, rect, onPlace, children }: Props) {
  const cell = useRef<HTMLDivElement>(null);
  const [wanted, setWanted] = useState<Rect | null>(null);
  const drag = (make: (columns: number, rows: number) => Rect) => (dx: number, dy: number) => {
    const grid = cell.current!.closest('.dash-grid')!;
    setWanted(clamped(make((dx * columns) / (grid.clientWidth + gap), dy / (rowHeight + gap))));
  };
  const done = (dropped: boolean) => {
    if (dropped && wanted && JSON.stringify(wanted) !== JSON.stringify(rect)) onPlace(wanted);
    setWanted(null);
  };
  const onKeyDown = (event: KeyboardEvent<HTMLButtonElement>) => {
    const by = keys[event.key];
    if (!by) return;
    event.preventDefault();
    const [dx, dy] = by;
    // One row further down is still where it stood: it goes past what lies below.
    onPlace(clamped(event.shiftKey ? { ...rect, w: rect.w + dx, h: rect.h + dy } : { ...rect, x: rect.x + dx, y: rect.y + (dy > 0 ? rect.h : dy) }));
  };
  const shift = wanted && {
    left: `calc(${wanted.x - rect.x} * (100% + ${gap}px) / ${rect.w})`,
    top: (wanted.y - rect.y) * (rowHeight + gap),
    width: `calc(${wanted.w} * (100% + ${gap}px) / ${rect.w} - ${gap}px)`,
    height: wanted.h * (rowHeight + gap) - gap,
  };
  return (
    <div className={wanted ? 'movable moving' : 'movable'} ref={cell}>
      {children}
      {shift && <div className="wanted" style={shift} />}
      <Handle className="move-handle" label={`Move ${title}`} title="Drag to move; arrow keys move, with Shift they resize" onDrag={drag((x, y) => ({ ...rect, x: rect.x + x, y: rect.y + y }))} onDone={done} onKeyDown={onKeyDown}>
        <Icon name="grip" size={13} />
      </Handle>
      <Handle className="size-handle" label={`Resize ${title}`} title="Drag to resize" tabIndex={-1} onDrag={drag((x, y) => ({ ...rect, w: rect.w + x, h: rect.h + y }))} onDone={done} />
    </div>
  );
}
