import type { ReactNode } from 'react';
import { useLayoutEffect, useRef, useState } from 'react';
import { createPortal } from 'react-dom';
import './parts.css';

/** Where the pointer is, in pixels of the window. */
export interface TipPlace {
  x: number;
  y: number;
}

/** A note beside the pointer, inside of the window. It repeats what can be read elsewhere. */
export function Tip({ place, children }: { place: TipPlace; children: ReactNode }) {
  const box = useRef<HTMLDivElement>(null);
  const [size, setSize] = useState({ width: 0, height: 0 });
  useLayoutEffect(() => {
    const { width, height } = box.current!.getBoundingClientRect();
    setSize((before) => (before.width === width && before.height === height ? before : { width, height }));
  }, [place, children]);
  const away = 14;
  const left = place.x + away + size.width > innerWidth ? Math.max(4, place.x - away - size.width) : place.x + away;
  const top = Math.max(4, Math.min(place.y + away, innerHeight - size.height - 4));
  return createPortal(
    <div ref={box} className="panel-tip" role="tooltip" style={{ left, top }}>
      {children}
    </div>,
    document.body,
  );
}
