/** What differs between two versions of a dashboard: by panel and setting for reading, by lines for looking closely. */

import type { Dashboard, Json, Panel } from '../model';
import { allPanels } from './operations';

export interface Change {
  /** The panel's title, or `Dashboard`. */
  where: string;
  /** A dotted path. */
  path: string;
  before: string | null;
  after: string | null;
}

/** Counted up with every save. */
const ownKeys = new Set(['version', 'id', 'schemaVersion']);
const shown = (value: Json | undefined): string | null => (value === undefined ? null : typeof value === 'string' ? value : JSON.stringify(value));
const isObject = (value: unknown): value is Record<string, Json | undefined> => typeof value === 'object' && value !== null && !Array.isArray(value);
const children = (value: Json | undefined): [string, Json | undefined][] =>
  Array.isArray(value) ? value.map((each, index) => [String(index), each]) : isObject(value) ? Object.entries(value) : [];

function compare(where: string, path: string, before: Json | undefined, after: Json | undefined, found: Change[]) {
  if (JSON.stringify(before) === JSON.stringify(after)) return;
  const bothLists = Array.isArray(before) && Array.isArray(after);
  if (bothLists || (isObject(before) && isObject(after))) {
    const [old, now] = [new Map(children(before)), new Map(children(after))];
    for (const key of new Set([...old.keys(), ...now.keys()])) compare(where, path === '' ? key : `${path}.${key}`, old.get(key), now.get(key), found);
    return;
  }
  found.push({ where, path, before: shown(before), after: shown(after) });
}

const titled = (panel: Panel) => panel.title || `Panel ${panel.id}`;
const alone = (panel: Panel): Json => ({ ...panel, panels: undefined }) as unknown as Json;

/** The changes that lead from one version to another. Panels are told apart by their ids. */
export function changes(before: Dashboard, after: Dashboard): Change[] {
  const found: Change[] = [];
  const settings = (dashboard: Dashboard) => Object.fromEntries(Object.entries(dashboard).filter(([key]) => key !== 'panels' && !ownKeys.has(key))) as Json;
  compare('Dashboard', '', settings(before), settings(after), found);
  const [old, now] = [new Map(allPanels(before.panels).map((panel) => [panel.id, panel])), new Map(allPanels(after.panels).map((panel) => [panel.id, panel]))];
  for (const [id, panel] of now) {
    const earlier = old.get(id);
    if (earlier) compare(titled(panel), '', alone(earlier), alone(panel), found);
    else found.push({ where: titled(panel), path: '', before: null, after: 'added' });
  }
  for (const [id, panel] of old) if (!now.has(id)) found.push({ where: titled(panel), path: '', before: 'removed', after: null });
  return found;
}
