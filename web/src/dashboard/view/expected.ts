import type { Section } from '../variables';
import { columns, compact, gap, pixels } from './layout';

/** Where a dashboard's panels will stand, in pixels of the window. */
export interface Room {
  /** Where the first row of the grid begins; below zero when it is scrolled out of the window. */
  top: number;
  /** Of the whole grid. */
  width: number;
  /** Of the window. */
  height: number;
  /** Whether panels stand below each other, as on a phone. */
  isNarrow: boolean;
}

/** How far below what can be seen panels are asked for: what is scrolled to is mostly there when it comes into view. */
export const ahead = 200;
/** A row's title with the gap below it, and a panel's border on both sides. */
const titleHeight = 32;
const border = 2;

/**
 * The panels that will be in sight, with the width of what they draw. It is worked out before they are drawn, so that
 * the server works at their answers while the browser draws their frames; what the browser measures then counts.
 */
export function expectedInSight(sections: readonly Section[], { top, width, height, isNarrow }: Room, isFolded: (section: Section) => boolean): Map<string, number> {
  const found = new Map<string, number>();
  const [from, to] = [-ahead, height + ahead];
  const column = (width - (columns - 1) * gap) / columns;
  let y = top;
  for (const section of sections) {
    if (section.row !== null) y += titleHeight;
    if (section.row !== null && isFolded(section)) {
      y += gap;
      continue;
    }
    let bottom = y;
    for (const { item, y: row, w, h } of compact(section.panels)) {
      const begins = isNarrow ? bottom : y + row * pixels(1) + row * gap;
      const ends = begins + pixels(h);
      bottom = Math.max(bottom, ends + gap);
      const own = isNarrow ? width : w * column + (w - 1) * gap;
      if (ends > from && begins < to && own > border) found.set(item.key, Math.floor(own - border));
    }
    y = bottom;
  }
  return found;
}
