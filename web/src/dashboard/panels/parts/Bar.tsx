import type { Field } from '../../frame';
import { colorsAlong } from './bands';

interface Props {
  /** How much of it is filled, 0 to 1. */
  share: number;
  scale: { min: number; max: number };
  field: Field;
  width: number;
  height: number;
  color: string;
  mode: 'basic' | 'gradient' | 'lcd';
  direction: 'horizontal' | 'vertical';
  /** Whether the part that is not filled is seen. */
  showEmpty: boolean;
}

/** Pixels of one cell of an LCD bar, with the gap behind it. */
const cellSize = 10;
const cellGap = 2;

/** A filled length. The number that it stands for is written beside it. */
export function Bar({ share, scale, field, width, height, color, mode, direction, showEmpty }: Props) {
  const isVertical = direction === 'vertical';
  const length = isVertical ? height : width;
  const filled = Math.round(share * length * 10) / 10;
  if (mode === 'lcd') {
    const count = Math.max(2, Math.min(200, Math.floor(length / cellSize)));
    const each = length / count;
    const colors = colorsAlong(field, scale, count);
    return (
      <svg className="bar" width={width} height={height} aria-hidden="true">
        {colors.map((one, index) => {
          const isLit = (index + 0.5) / count <= share || (index === 0 && share > 0);
          if (!isLit && !showEmpty) return null;
          const at = isVertical ? length - (index + 1) * each : index * each;
          const place = isVertical ? { x: 0, y: at + cellGap / 2, width, height: each - cellGap } : { x: at + cellGap / 2, y: 0, width: each - cellGap, height };
          return <rect key={index} {...place} rx={1} fill={one} fillOpacity={isLit ? 1 : 0.18} />;
        })}
      </svg>
    );
  }
  const place = isVertical ? { insetInline: 0, bottom: 0, height: filled } : { insetBlock: 0, left: 0, width: filled };
  return (
    <span className="bar" style={{ width, height }} aria-hidden="true">
      {showEmpty && <span className="bar-part" style={{ inset: 0, background: 'var(--hover)' }} />}
      <span className="bar-part" style={{ ...place, ...fill(mode, { color, field, scale, share, isVertical }) }} />
    </span>
  );
}

function fill(mode: 'basic' | 'gradient', { color, field, scale, share, isVertical }: { color: string; field: Field; scale: { min: number; max: number }; share: number; isVertical: boolean }) {
  const edge = isVertical ? { borderTop: `2px solid ${color}` } : { borderRight: `2px solid ${color}` };
  if (mode === 'basic') return { background: `color-mix(in srgb, ${color} 35%, transparent)`, ...edge };
  // The gradient belongs to the whole scale: the filled part shows as much of it as it is long.
  const colors = colorsAlong(field, scale, 24);
  const stops = colors.flatMap((one, index) => (share > 0 && index / 24 <= share ? [`${one} ${Math.round(((index + 0.5) / 24 / share) * 1000) / 10}%`] : []));
  return { background: stops.length > 1 ? `linear-gradient(to ${isVertical ? 'top' : 'right'}, ${stops.join(', ')})` : color };
}
