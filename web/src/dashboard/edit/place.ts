/** Moving and resizing on the grid: what is moved takes its place, the others make room and then rise again. */

import type { Panel } from '../model';
import { columns } from '../view/layout';

export interface Rect {
  x: number;
  y: number;
  w: number;
  h: number;
}

export interface Item extends Rect {
  id: number;
}

/** The least a panel may measure, in columns and rows. */
export const leastSize = { w: 2, h: 2 };

const overlaps = (a: Rect, b: Rect) => a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;
const byPlace = (a: Rect, b: Rect) => a.y - b.y || a.x - b.x;

/** A rectangle within the columns and not above the first row. */
export function clamped({ x, y, w, h }: Rect): Rect {
  const width = Math.min(columns, Math.max(leastSize.w, Math.round(w)));
  return { x: Math.min(columns - width, Math.max(0, Math.round(x))), y: Math.max(0, Math.round(y)), w: width, h: Math.max(leastSize.h, Math.round(h)) };
}

/** The lowest free place at or below the item's own. */
function below(item: Item, placed: readonly Item[]): Item {
  let next = item;
  for (let hit = placed.find((other) => overlaps(next, other)); hit; hit = placed.find((other) => overlaps(next, other))) {
    next = { ...next, y: hit.y + hit.h };
  }
  return next;
}

/** Lifts each until it lies below another or at the top. They must not overlap. */
export function lifted(items: readonly Item[]): Item[] {
  const bottoms = new Array<number>(columns).fill(0);
  return [...items].sort(byPlace).map((item) => {
    const y = Math.max(...bottoms.slice(item.x, item.x + item.w));
    bottoms.fill(y + item.h, item.x, item.x + item.w);
    return { ...item, y };
  });
}

/** Moves down what overlaps something before it. */
export function settled(items: readonly Item[]): Item[] {
  const done: Item[] = [];
  for (const item of [...items].sort(byPlace)) done.push(below(item, done));
  return done;
}

/** Puts one item where it is wanted. Items that it covers move down, and everything rises into the room that is left. */
export function placed(items: readonly Item[], id: number, wanted: Rect): Item[] {
  const moved: Item = { id, ...clamped(wanted) };
  const done: Item[] = [moved];
  for (const other of items.filter((item) => item.id !== id).sort(byPlace)) done.push(below(other, done));
  return lifted(done);
}

/** A panel's place, with what is missing or senseless filled in. */
export function rectOf(panel: Panel): Rect {
  const { x, y, w, h } = panel.gridPos ?? {};
  const whole = (value: unknown, otherwise: number) => (typeof value === 'number' && Number.isFinite(value) ? value : otherwise);
  return clamped({ x: whole(x, 0), y: whole(y, 0), w: whole(w, 12), h: whole(h, 8) });
}
