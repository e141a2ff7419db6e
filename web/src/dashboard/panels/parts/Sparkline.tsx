import { useMemo } from 'react';
import type { Line } from './sparkline';
import { sparkline } from './sparkline';

interface Props {
  line: Line;
  width: number;
  height: number;
  color: string;
  min?: number | null;
  max?: number | null;
  /** How thick the area below is filled, 0 to 1. */
  fill?: number;
}

/** Decoration beside a number that says the same. */
export function Sparkline({ line, width, height, color, min, max, fill = 0.2 }: Props) {
  const drawn = useMemo(() => sparkline(line, width, height, { min, max }), [line, width, height, min, max]);
  if (!drawn) return null;
  return (
    <svg width={width} height={height} aria-hidden="true" style={{ display: 'block' }}>
      <path d={drawn.area} fill={color} fillOpacity={fill} />
      <path d={drawn.line} fill="none" stroke={color} strokeWidth={1.5} strokeLinejoin="round" />
    </svg>
  );
}
