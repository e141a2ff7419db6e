import type { DashboardSummary, Folder } from '../../api/dashboards';

/** A folder with what it holds; `null` is the place of what is in none. */
export interface FolderGroup {
  uid: string | null;
  /** With the folders above it: `Team A / Payments`. */
  title: string;
  dashboards: DashboardSummary[];
}

/** The name of a folder with those above it. A loop among the parents ends the name. */
export function folderTitle(uid: string, folders: readonly Folder[]): string {
  const names: string[] = [];
  const seen = new Set<string>();
  for (let at: string | null | undefined = uid; at && !seen.has(at); ) {
    seen.add(at);
    const folder = folders.find((each) => each.uid === at);
    if (!folder) break;
    names.unshift(folder.title);
    at = folder.parent_uid;
  }
  return names.join(' / ');
}

const byTitle = (a: { title: string }, b: { title: string }) => a.title.localeCompare(b.title, undefined, { numeric: true });

/** Dashboards by folder: folders by name, what is in none last. Empty folders stand too, when `empty` says so. */
export function byFolder(dashboards: readonly DashboardSummary[], folders: readonly Folder[], empty: boolean): FolderGroup[] {
  const groups = new Map<string | null, FolderGroup>();
  if (empty) for (const folder of folders) groups.set(folder.uid, { uid: folder.uid, title: folderTitle(folder.uid, folders), dashboards: [] });
  for (const each of dashboards) {
    const uid = each.folder?.uid ?? null;
    const title = uid === null ? 'No folder' : folderTitle(uid, folders) || each.folder!.title;
    const group = groups.get(uid) ?? { uid, title, dashboards: [] };
    groups.set(uid, group);
    group.dashboards.push(each);
  }
  for (const group of groups.values()) group.dashboards.sort(byTitle);
  return [...groups.values()].sort((a, b) => Number(a.uid === null) - Number(b.uid === null) || byTitle(a, b));
}
