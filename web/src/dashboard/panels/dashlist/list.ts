/** Which dashboards a list names. */

import type { DashboardSummary } from '../../../api/dashboards';

export interface DashList {
  heading: string;
  dashboards: DashboardSummary[];
}

const strings = (value: unknown): string[] => (Array.isArray(value) ? value.filter((each): each is string => typeof each === 'string') : []);
const byTitle = (a: DashboardSummary, b: DashboardSummary) => a.title.localeCompare(b.title, 'en', { numeric: true });

/** Lists in the order in which they stand: what was looked at last, then what the search finds. */
export function listsOf(all: DashboardSummary[], recent: string[], options: Record<string, unknown>, interpolate: (text: string) => string): DashList[] {
  const most = typeof options.maxItems === 'number' && options.maxItems > 0 ? options.maxItems : 10;
  const lists: DashList[] = [];
  if (options.showRecentlyViewed === true) {
    lists.push({ heading: 'Recently viewed', dashboards: recent.flatMap((uid) => all.find((each) => each.uid === uid) ?? []).slice(0, most) });
  }
  if (options.showSearch === true) {
    const text = typeof options.query === 'string' ? interpolate(options.query).trim().toLowerCase() : '';
    const tags = strings(options.tags).map((tag) => interpolate(tag));
    const folder = typeof options.folderUID === 'string' && options.folderUID !== '' ? interpolate(options.folderUID) : undefined;
    const found = all.filter((each) => each.title.toLowerCase().includes(text) && tags.every((tag) => each.tags.includes(tag)) && (folder === undefined || (each.folder?.uid ?? 'general') === folder));
    lists.push({ heading: 'Search', dashboards: found.sort(byTitle).slice(0, most) });
  }
  return lists;
}

/** What of the present address a link takes along. */
export function carried(search: string, { keepTime, includeVars }: { keepTime?: unknown; includeVars?: unknown }): string {
  const kept = new URLSearchParams();
  for (const [name, value] of new URLSearchParams(search)) {
    if ((keepTime === true && (name === 'from' || name === 'to')) || (includeVars === true && name.startsWith('var-'))) kept.append(name, value);
  }
  const text = kept.toString();
  return text === '' ? '' : `?${text}`;
}
