import type { ReactNode } from 'react';
import { useLayoutEffect, useRef, useState } from 'react';
import type { LegendOptions } from './legend';

interface Props {
  width: number;
  height: number;
  options: Pick<LegendOptions, 'right' | 'table' | 'width'>;
  /** `null` leaves all room to the chart. */
  legend: ReactNode;
  children: (width: number, height: number) => ReactNode;
}

/** A chart with its legend below or to the right. The legend takes what it needs up to a share, the chart the rest. */
export function Framed({ width, height, options, legend, children }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const [size, setSize] = useState<{ width: number; height: number } | null>(null);
  useLayoutEffect(() => {
    const node = box.current;
    if (!node) return;
    const measure = () => {
      const [wide, high] = [Math.floor(node.clientWidth), Math.floor(node.clientHeight)];
      setSize((before) => (before?.width === wide && before.height === high ? before : { width: wide, height: high }));
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(node);
    return () => observer.disconnect();
  }, []);
  const isTiny = height < 90 || (options.right && width < 180);
  const shown = legend !== null && !isTiny;
  const share = options.right ? { width: options.width ?? undefined, maxWidth: options.width ? '80%' : '45%', height: '100%' } : { maxHeight: options.table ? '45%' : '35%' };
  return (
    <div style={{ width, height, display: 'flex', flexDirection: options.right ? 'row' : 'column', gap: shown ? (options.right ? 10 : 4) : 0 }}>
      <div ref={box} style={{ flex: '1 1 0', minWidth: 0, minHeight: 0, position: 'relative' }}>
        {size && size.width > 0 && size.height > 0 && children(size.width, size.height)}
      </div>
      {shown && <div style={{ flex: 'none', display: 'flex', ...share }}>{legend}</div>}
    </div>
  );
}
