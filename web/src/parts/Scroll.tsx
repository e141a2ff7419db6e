import type { ReactNode } from 'react';
import { useEffect, useRef, useState } from 'react';

/** What may be wider than its place. While it is, it can be reached and scrolled by key. */
export function Scroll({ label, children, ruled = false }: { label: string; children: ReactNode; ruled?: boolean }) {
  const box = useRef<HTMLDivElement>(null);
  const [wide, setWide] = useState(false);
  useEffect(() => {
    const element = box.current!;
    const look = () => setWide(element.scrollWidth > element.clientWidth + 1);
    const observer = new ResizeObserver(look);
    observer.observe(element);
    for (const child of element.children) observer.observe(child);
    return () => observer.disconnect();
  }, []);
  return (
    <div ref={box} className="scroll" style={ruled ? { borderTop: '1px solid var(--border)' } : undefined} {...(wide ? { tabIndex: 0, role: 'group', 'aria-label': label } : {})}>
      {children}
    </div>
  );
}
