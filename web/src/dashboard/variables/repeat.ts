/** Panels and rows that are shown once for each value of a variable, and where they stand then. */

import type { Dashboard, GridPos, Panel } from '../model';
import type { ScopedVars } from '../panel';
import type { VariableState } from './state';
import { isAll } from './state';

/** A panel in its place. */
export interface ShownPanel {
  /** Different for each copy, and the same after a reload: what queries and React go by. */
  key: string;
  /** With the place where it is shown. */
  panel: Panel;
  /** The value that it is shown for. */
  scoped: ScopedVars;
  /** Whether it is a further copy, which no one edits. */
  isCopy: boolean;
}

/** A row with its panels, or the panels before the first row. Rows of the panels count from the section's own beginning. */
export interface Section {
  key: string;
  row: ShownPanel | null;
  /** As the dashboard was saved. */
  isCollapsed: boolean;
  panels: ShownPanel[];
  /** In rows of the grid, without the row's own. */
  height: number;
}

const columns = 24;
/** How many copies one panel has at most: more would not be looked at, and would stop the page. */
const mostCopies = 500;

interface Value {
  text: string;
  value: string;
}

/** The values that a variable stands for now, each with its text. */
export function chosenValues(name: string, state: VariableState, scoped: ScopedVars = {}): Value[] {
  const within = scoped[name];
  const held = within ?? state[name];
  if (!held) return [];
  const resolved = within ? within.value : state[name]!.resolved;
  const list = <T>(value: T | T[]): T[] => (Array.isArray(value) ? value : [value]);
  const options = new Map((state[name]?.options ?? []).map(({ text, value }) => [String(value), String(text)]));
  // Behind a text of the dashboard's own for all stand the options themselves.
  if (!within && isAll(held.value)) {
    const values = state[name]!.isCustomAll ? [...options.keys()].filter((value) => !isAll(value)) : list(resolved ?? []);
    return values.map((value) => ({ text: options.get(value) ?? value, value }));
  }
  const texts = list(held.text);
  return list(held.value).filter((value) => value !== '').map((value, at) => ({ text: texts[at] ?? options.get(value) ?? value, value }));
}

const repeatOf = (panel: Panel) => (typeof panel.repeat === 'string' && panel.repeat !== '' ? panel.repeat : null);

/** The copies of one thing: one for each value, or itself alone. */
function copies(panel: Panel, state: VariableState, scoped: ScopedVars): { scoped: ScopedVars; suffix: string }[] {
  const name = repeatOf(panel);
  const values = name ? chosenValues(name, state, scoped).slice(0, mostCopies) : [];
  if (!name || values.length === 0) return [{ scoped, suffix: '' }];
  return values.map((value) => ({ scoped: { ...scoped, [name]: value }, suffix: `:${name}=${value.value}` }));
}

/** Puts a section's panels and their copies into their places. */
function place(panels: Panel[], state: VariableState, scoped: ScopedVars, suffix: string, top: number): { panels: ShownPanel[]; height: number } {
  const shown: ShownPanel[] = [];
  const ordered = [...panels].sort((a, b) => a.gridPos.y - b.gridPos.y || a.gridPos.x - b.gridPos.x);
  // Copies push down what stands below them.
  const pushes: { from: number; by: number }[] = [];
  for (const panel of ordered) {
    const pushed = pushes.reduce((sum, { from, by }) => (panel.gridPos.y >= from ? sum + by : sum), 0);
    const at: GridPos = { x: panel.gridPos.x, y: panel.gridPos.y - top + pushed, w: panel.gridPos.w, h: panel.gridPos.h };
    const all = copies(panel, state, scoped);
    const isRepeated = repeatOf(panel) !== null;
    const isVertical = panel.repeatDirection === 'v';
    const perRow = isRepeated && !isVertical ? Math.max(1, Math.min(all.length, Number(panel.maxPerRow) > 0 ? Number(panel.maxPerRow) : 4)) : 1;
    all.forEach((copy, index) => {
      const [line, column] = [Math.floor(index / perRow), index % perRow];
      // Whole columns without a gap: five panels are four columns wide, or five.
      const [left, right] = [Math.floor((column * columns) / perRow), Math.floor(((column + 1) * columns) / perRow)];
      const gridPos = !isRepeated || all[0]!.suffix === '' ? at : isVertical ? { ...at, y: at.y + index * at.h } : { x: left, y: at.y + line * at.h, w: right - left, h: at.h };
      shown.push({ key: `${panel.id}${suffix}${copy.suffix}`, panel: { ...panel, gridPos: { ...panel.gridPos, ...gridPos } }, scoped: copy.scoped, isCopy: index > 0 });
    });
    const lines = Math.ceil(all.length / perRow);
    if (lines > 1) pushes.push({ from: panel.gridPos.y + panel.gridPos.h, by: (lines - 1) * at.h });
  }
  const height = shown.reduce((most, { panel: { gridPos } }) => Math.max(most, gridPos.y + gridPos.h), 0);
  return { panels: shown, height };
}

/** A dashboard's rows with their panels, repeated as its variables say. */
export function sections(dashboard: Dashboard, state: VariableState): Section[] {
  const parts: { row: Panel | null; panels: Panel[] }[] = [{ row: null, panels: [] }];
  const ordered = [...(dashboard.panels ?? [])].sort((a, b) => a.gridPos.y - b.gridPos.y || Number(b.type === 'row') - Number(a.type === 'row') || a.gridPos.x - b.gridPos.x);
  for (const panel of ordered) {
    const last = parts.at(-1)!;
    if (panel.type === 'row') parts.push({ row: panel, panels: [...(panel.panels ?? [])] });
    // A row that was saved folded holds its panels itself: those behind it are not its own, and are not folded with it.
    else if (last.row?.collapsed === true) parts.push({ row: null, panels: [panel] });
    else last.panels.push(panel);
  }
  return parts
    .filter(({ row, panels }) => row !== null || panels.length > 0)
    .flatMap(({ row, panels }, at): Section[] => {
      const top = panels.length > 0 && (row || at > 0) ? Math.min(...panels.map(({ gridPos }) => gridPos.y)) : 0;
      if (!row) return [{ key: at > 0 ? `below-${at}` : 'top', row: null, isCollapsed: false, ...place(panels, state, {}, '', top) }];
      return copies(row, state, {}).map((copy, index) => ({
        key: `${row.id}${copy.suffix}`,
        row: { key: `${row.id}${copy.suffix}`, panel: row, scoped: copy.scoped, isCopy: index > 0 },
        isCollapsed: row.collapsed === true,
        ...place(panels, state, copy.scoped, copy.suffix, top),
      }));
    });
}

/**
 * All panels and rows in their places from the top of the dashboard. `isFolded` says which rows are shut now; without
 * it, those that were when the dashboard was saved.
 */
export function repeatPanels(dashboard: Dashboard, state: VariableState, isFolded: (section: Section) => boolean = ({ isCollapsed }) => isCollapsed): ShownPanel[] {
  let y = 0;
  return sections(dashboard, state).flatMap((section) => {
    const shown: ShownPanel[] = [];
    if (section.row) {
      shown.push({ ...section.row, panel: { ...section.row.panel, gridPos: { ...section.row.panel.gridPos, x: 0, y, w: columns, h: 1 } } });
      y += 1;
    }
    if (section.row && isFolded(section)) return shown;
    for (const each of section.panels) shown.push({ ...each, panel: { ...each.panel, gridPos: { ...each.panel.gridPos, y: y + each.panel.gridPos.y } } });
    y += section.height;
    return shown;
  });
}
