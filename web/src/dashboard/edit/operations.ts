/** Changes of a dashboard. Each gives a new one and leaves the given one as it is. */

import type { Dashboard, GridPos, Panel } from '../model';
import type { Item, Rect } from './place';
import { lifted, placed, rectOf, settled } from './place';

/** A section's panels with their places within it. */
interface Part {
  row: Panel | null;
  panels: Panel[];
}

/** Every panel, those of folded rows as well. */
export const allPanels = (panels: readonly Panel[]): Panel[] => panels.flatMap((panel) => [panel, ...(panel.panels ?? [])]);

export const findPanel = (dashboard: Dashboard, id: number) => allPanels(dashboard.panels).find((panel) => panel.id === id);

const nextId = (dashboard: Dashboard) => allPanels(dashboard.panels).reduce((most, { id }) => Math.max(most, id), 0) + 1;

function partsOf(dashboard: Dashboard): Part[] {
  const parts: Part[] = [{ row: null, panels: [] }];
  for (const panel of [...dashboard.panels].sort((a, b) => a.gridPos.y - b.gridPos.y || Number(b.type === 'row') - Number(a.type === 'row') || a.gridPos.x - b.gridPos.x)) {
    const last = parts.at(-1)!;
    if (panel.type === 'row') parts.push({ row: panel, panels: [...(panel.panels ?? [])] });
    // A row that was saved folded holds its panels itself: those behind it are not its own.
    else if (last.row?.collapsed === true) parts.push({ row: null, panels: [panel] });
    else last.panels.push(panel);
  }
  return parts.map(({ row, panels }) => ({ row, panels: withPlaces(panels, lifted(settled(itemsOf(panels)))) }));
}

const bottom = (panels: readonly Panel[]) => panels.reduce((most, { gridPos: { y, h } }) => Math.max(most, y + h), 0);
const byPlace = (a: Panel, b: Panel) => a.gridPos.y - b.gridPos.y || a.gridPos.x - b.gridPos.x;
const moved = (panel: Panel, by: number): Panel => ({ ...panel, gridPos: { ...panel.gridPos, y: panel.gridPos.y + by } });

/** Writes the sections below each other, with places that count from the top of the dashboard, as Grafana keeps them. */
function joined(dashboard: Dashboard, parts: readonly Part[]): Dashboard {
  const panels: Panel[] = [];
  let y = 0;
  for (const { row, panels: inside } of parts) {
    if (row) {
      const heading: Panel = { ...row, gridPos: { ...row.gridPos, x: 0, y, w: 24, h: 1 }, panels: [] };
      y += 1;
      if (row.collapsed) {
        // Those of a folded row take no room; their places count on from the row's own.
        panels.push({ ...heading, panels: inside.map((panel) => moved(panel, y)).sort(byPlace) });
        continue;
      }
      panels.push(heading);
    }
    panels.push(...inside.map((panel) => moved(panel, y)).sort(byPlace));
    y += bottom(inside);
  }
  return { ...dashboard, panels };
}

const itemsOf = (panels: readonly Panel[]): Item[] => panels.map((panel) => ({ id: panel.id, ...rectOf(panel) }));

function withPlaces(panels: readonly Panel[], items: readonly Item[]): Panel[] {
  const byId = new Map(items.map((item) => [item.id, item]));
  return panels.map((panel) => {
    const { x, y, w, h } = byId.get(panel.id) ?? rectOf(panel);
    return { ...panel, gridPos: { ...panel.gridPos, x, y, w, h } };
  });
}

const holds = (part: Part, id: number) => part.panels.some((panel) => panel.id === id);

/** Changes one panel, wherever it stands. */
export function changePanel(dashboard: Dashboard, id: number, change: (panel: Panel) => Panel): Dashboard {
  const within = (panels: Panel[]): Panel[] => {
    let touched = false;
    const next = panels.map((panel) => {
      if (panel.id === id) {
        touched = true;
        return change(panel);
      }
      if (!panel.panels?.some((inner) => inner.id === id)) return panel;
      touched = true;
      return { ...panel, panels: within(panel.panels) };
    });
    return touched ? next : panels;
  };
  const panels = within(dashboard.panels);
  return panels === dashboard.panels ? dashboard : { ...dashboard, panels };
}

/** Moves or resizes a panel within its section; the place counts from the section's top. */
export function placePanel(dashboard: Dashboard, id: number, wanted: Rect): Dashboard {
  const parts = partsOf(dashboard).map((part) => (holds(part, id) ? { ...part, panels: withPlaces(part.panels, placed(itemsOf(part.panels), id, wanted)) } : part));
  return joined(dashboard, parts);
}

/** Moves a panel to another section, `null` for the one above the first row, to its end. */
export function moveToSection(dashboard: Dashboard, id: number, row: number | null): Dashboard {
  const parts = partsOf(dashboard);
  const panel = parts.flatMap((part) => part.panels).find((each) => each.id === id);
  const target = parts.find((part) => (part.row?.id ?? null) === row);
  if (!panel || !target || holds(target, id)) return dashboard;
  return joined(
    dashboard,
    parts.map((part) => {
      if (part === target) return { ...part, panels: [...part.panels, { ...panel, gridPos: { ...panel.gridPos, y: bottom(part.panels) } }] };
      const rest = part.panels.filter((each) => each !== panel);
      return rest.length === part.panels.length ? part : { ...part, panels: withPlaces(rest, lifted(itemsOf(rest))) };
    }),
  );
}

/** What a new panel begins with. */
export const newPanel = (): Omit<Panel, 'id' | 'gridPos'> => ({
  type: 'timeseries',
  title: 'New panel',
  datasource: { type: 'prometheus', uid: 'prometheus' },
  targets: [{ refId: 'A', datasource: { type: 'prometheus', uid: 'prometheus' }, expr: '' }],
  options: { legend: { displayMode: 'list', placement: 'bottom', showLegend: true, calcs: [] }, tooltip: { mode: 'single', sort: 'none' } },
  fieldConfig: { defaults: { color: { mode: 'palette-classic' }, custom: {}, thresholds: { mode: 'absolute', steps: [{ value: null, color: 'green' }] } }, overrides: [] },
});

/** Adds a panel at the top; the others make room. */
export function addPanel(dashboard: Dashboard, panel: Omit<Panel, 'id' | 'gridPos'>, size: { w: number; h: number } = { w: 12, h: 8 }): { dashboard: Dashboard; id: number } {
  const id = nextId(dashboard);
  const [first, ...rest] = partsOf(dashboard);
  const added = { ...panel, type: panel.type as string, id, gridPos: { x: 0, y: 0, ...size } as GridPos } as Panel;
  const panels = [...first!.panels, added];
  const places = placed(itemsOf(panels), id, { x: 0, y: 0, ...size });
  return { dashboard: joined(dashboard, [{ row: null, panels: withPlaces(panels, places) }, ...rest]), id };
}

/** Adds a row's heading at the end. */
export function addRow(dashboard: Dashboard, title: string): Dashboard {
  const row: Panel = { id: nextId(dashboard), type: 'row', title, collapsed: false, gridPos: { x: 0, y: 0, w: 24, h: 1 }, panels: [] };
  return joined(dashboard, [...partsOf(dashboard), { row, panels: [] }]);
}

/** Removes a panel, or a row's heading: its panels go with it, or stay at the end of the section above. */
export function removePanel(dashboard: Dashboard, id: number, keepPanels = true): Dashboard {
  const parts = partsOf(dashboard);
  const at = parts.findIndex((part) => part.row?.id === id);
  if (at > 0) {
    const above = parts[at - 1]!;
    const y = bottom(above.panels);
    const kept = keepPanels ? parts[at]!.panels.map((panel) => moved(panel, y)) : [];
    return joined(dashboard, [...parts.slice(0, at - 1), { ...above, panels: [...above.panels, ...kept] }, ...parts.slice(at + 1)]);
  }
  return joined(
    dashboard,
    parts.map((part) => {
      if (!holds(part, id)) return part;
      const rest = part.panels.filter((panel) => panel.id !== id);
      return { ...part, panels: withPlaces(rest, lifted(itemsOf(rest))) };
    }),
  );
}

/** Puts a copy of a panel beside it, or below where there is no room. */
export function duplicatePanel(dashboard: Dashboard, id: number): { dashboard: Dashboard; id: number } | null {
  const parts = partsOf(dashboard);
  const part = parts.find((each) => holds(each, id));
  const panel = part?.panels.find((each) => each.id === id);
  if (!part || !panel) return null;
  const copy: Panel = { ...structuredClone(panel), id: nextId(dashboard) };
  delete copy.libraryPanel;
  const { x, y, w, h } = rectOf(panel);
  const wanted = x + w + w <= 24 ? { x: x + w, y, w, h } : { x, y: y + h, w, h };
  const panels = [...part.panels, copy];
  const places = placed(itemsOf(panels), copy.id, wanted);
  return { dashboard: joined(dashboard, parts.map((each) => (each === part ? { ...part, panels: withPlaces(panels, places) } : each))), id: copy.id };
}

/** Moves a row with its panels before the row above it, or behind the one below. */
export function moveRow(dashboard: Dashboard, id: number, direction: -1 | 1): Dashboard {
  const parts = partsOf(dashboard);
  const at = parts.findIndex((part) => part.row?.id === id);
  const to = at + direction;
  // The first section has no heading and stays the first.
  if (at < 1 || to < 1 || to >= parts.length) return dashboard;
  const next = [...parts];
  [next[at], next[to]] = [next[to]!, next[at]!];
  return joined(dashboard, next);
}
