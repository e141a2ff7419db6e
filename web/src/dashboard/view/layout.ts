import type { Panel } from '../model';

export const columns = 24;
/** Pixels of one row of the grid, and between panels. */
export const rowHeight = 30;
export const gap = 8;

/** Something with a panel, and where it stands within its section: columns and rows, from 0. */
export interface Placed<T> {
  item: T;
  x: number;
  y: number;
  w: number;
  h: number;
}

const whole = (value: unknown, otherwise: number) => (typeof value === 'number' && Number.isFinite(value) ? Math.floor(value) : otherwise);

/**
 * Moves panels up until each lies below another or at the top, and down where they would overlap. They come out in
 * the order in which they are read: downwards, then to the right.
 */
export function compact<T extends { panel: Panel }>(items: readonly T[]): Placed<T>[] {
  const wanted = items.map((item) => {
    const { gridPos } = item.panel;
    const w = Math.min(columns, Math.max(1, whole(gridPos?.w, 12)));
    const h = Math.max(1, whole(gridPos?.h, 8));
    const x = Math.min(columns - w, Math.max(0, whole(gridPos?.x, 0)));
    return { item, x, y: Math.max(0, whole(gridPos?.y, 0)), w, h };
  });
  wanted.sort((a, b) => a.y - b.y || a.x - b.x);
  const bottoms = new Array<number>(columns).fill(0);
  for (const each of wanted) {
    each.y = Math.max(...bottoms.slice(each.x, each.x + each.w));
    bottoms.fill(each.y + each.h, each.x, each.x + each.w);
  }
  return wanted.sort((a, b) => a.y - b.y || a.x - b.x);
}

/** Pixels of a panel that is `h` rows high. */
export const pixels = (h: number) => h * rowHeight + (h - 1) * gap;
