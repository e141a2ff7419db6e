import type { Panel } from '../model';

export const columns = 24;
/** Pixels of one row of the grid, and between panels. */
export const rowHeight = 30;
export const gap = 8;

/** Something with a panel, and where it stands within its section: columns and rows, from 0. */
export interface Placed<T> {
  item: T;
  panel: Panel;
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
    return { item, panel: item.panel, x, y: Math.max(0, whole(gridPos?.y, 0)), w, h };
  });
  wanted.sort((a, b) => a.y - b.y || a.x - b.x);
  const bottoms = new Array<number>(columns).fill(0);
  for (const each of wanted) {
    each.y = Math.max(...bottoms.slice(each.x, each.x + each.w));
    bottoms.fill(each.y + each.h, each.x, each.x + each.w);
  }
  return wanted.sort((a, b) => a.y - b.y || a.x - b.x);
}

/** The panels below one row's heading, or above the first. */
export interface PlacedSection {
  row: Panel | null;
  placed: Placed<{ panel: Panel }>[];
}

/** The rows as they are saved, without copies: their panels stand in a row when it is folded, and after it when it is not. */
export function sections(panels: readonly Panel[]): PlacedSection[] {
  const found: { row: Panel | null; inside: Panel[] }[] = [{ row: null, inside: [] }];
  const place = (panel: Panel, side: 'x' | 'y') => whole(panel.gridPos?.[side], 0);
  const ordered = [...panels].sort((a, b) => place(a, 'y') - place(b, 'y') || Number(b.type === 'row') - Number(a.type === 'row') || place(a, 'x') - place(b, 'x'));
  for (const panel of ordered) {
    if (panel.type === 'row') found.push({ row: panel, inside: [...(panel.panels ?? [])] });
    else found.at(-1)!.inside.push(panel);
  }
  return found.filter(({ row, inside }) => row !== null || inside.length > 0).map(({ row, inside }) => ({ row, placed: compact(inside.map((panel) => ({ panel }))) }));
}

/** Pixels of a panel that is `h` rows high. */
export const pixels = (h: number) => h * rowHeight + (h - 1) * gap;
