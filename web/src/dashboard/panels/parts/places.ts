/** How a panel divides its room among several values. */

export type Orientation = 'auto' | 'horizontal' | 'vertical';

export interface Places {
  columns: number;
  rows: number;
  /** Pixels of one place. */
  width: number;
  height: number;
}

export const orientationOf = (value: unknown): Orientation => (value === 'horizontal' || value === 'vertical' ? value : 'auto');

/** As many columns and rows as give each value the largest square. */
export function gridPlaces(width: number, height: number, count: number, gap: number): Places {
  let best: Places = { columns: 1, rows: Math.max(1, count), width, height };
  let most = -Infinity;
  for (let columns = 1; columns <= count; columns += 1) {
    const rows = Math.ceil(count / columns);
    const place = { columns, rows, width: (width - gap * (columns - 1)) / columns, height: (height - gap * (rows - 1)) / rows };
    const size = Math.min(place.width, place.height);
    // Of equal squares, the one with fewer empty places.
    if (size > most + 0.01) [best, most] = [place, size];
  }
  return best;
}

/**
 * `horizontal` stands below each other, `vertical` beside each other; `auto` follows the longer side, or fills a grid.
 * Where places would become smaller than `least`, the panel scrolls.
 */
export function places(width: number, height: number, count: number, orientation: Orientation, { gap = 8, grid = false, least = { width: 0, height: 0 }, most = { width: Infinity, height: Infinity } }: { gap?: number; grid?: boolean; least?: { width: number; height: number }; most?: { width: number; height: number } } = {}): Places {
  const clamp = (value: number, from: number, to: number) => Math.max(from, Math.min(value, to));
  if (count <= 1) return { columns: 1, rows: 1, width, height };
  let found: Places;
  if (orientation === 'auto' && grid) found = gridPlaces(width, height, count, gap);
  else if (orientation === 'vertical' || (orientation === 'auto' && width > height)) found = { columns: count, rows: 1, width: clamp((width - gap * (count - 1)) / count, 0, most.width), height };
  else found = { columns: 1, rows: count, width, height: clamp((height - gap * (count - 1)) / count, 0, most.height) };
  return { ...found, width: Math.max(found.width, least.width), height: Math.max(found.height, least.height) };
}
