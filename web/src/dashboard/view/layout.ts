import type { Panel } from '../model';

export const columns = 24;
/** Pixels of one row of the grid, and between panels. */
export const rowHeight = 30;
export const gap = 8;

/** Where a panel stands within its section: columns and rows, from 0. */
export interface Placed {
  panel: Panel;
  x: number;
  y: number;
  w: number;
  h: number;
}

/** The panels below one row's heading, or above the first. */
export interface Section {
  row: Panel | null;
  placed: Placed[];
}

const whole = (value: unknown, otherwise: number) => (typeof value === 'number' && Number.isFinite(value) ? Math.floor(value) : otherwise);

/**
 * Moves panels up until each lies below another or at the top, and down where they would overlap. Panels come out in
 * the order in which they are read: downwards, then to the right.
 */
export function compact(panels: readonly Panel[]): Placed[] {
  const wanted = panels.map((panel) => {
    const w = Math.min(columns, Math.max(1, whole(panel.gridPos?.w, 12)));
    const h = Math.max(1, whole(panel.gridPos?.h, 8));
    const x = Math.min(columns - w, Math.max(0, whole(panel.gridPos?.x, 0)));
    return { panel, x, y: Math.max(0, whole(panel.gridPos?.y, 0)), w, h };
  });
  wanted.sort((a, b) => a.y - b.y || a.x - b.x);
  const bottoms = new Array<number>(columns).fill(0);
  for (const each of wanted) {
    each.y = Math.max(...bottoms.slice(each.x, each.x + each.w));
    bottoms.fill(each.y + each.h, each.x, each.x + each.w);
  }
  return wanted.sort((a, b) => a.y - b.y || a.x - b.x);
}

/** The rows with their panels, which stand in a row when it is saved folded, and after it when it is not. */
export function sections(panels: readonly Panel[]): Section[] {
  const found: { row: Panel | null; panels: Panel[] }[] = [{ row: null, panels: [] }];
  const ordered = [...panels].sort((a, b) => whole(a.gridPos?.y, 0) - whole(b.gridPos?.y, 0) || Number(b.type === 'row') - Number(a.type === 'row') || whole(a.gridPos?.x, 0) - whole(b.gridPos?.x, 0));
  for (const panel of ordered) {
    if (panel.type === 'row') found.push({ row: panel, panels: [...(panel.panels ?? [])] });
    else found.at(-1)!.panels.push(panel);
  }
  return found.filter(({ row, panels: inside }) => row !== null || inside.length > 0).map(({ row, panels: inside }) => ({ row, placed: compact(inside) }));
}

/** Pixels of a panel that is `h` rows high. */
export const pixels = (h: number) => h * rowHeight + (h - 1) * gap;
