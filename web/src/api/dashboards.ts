import { queryOptions } from '@tanstack/react-query';
import type { Dashboard, Finding, JsonObject } from '../dashboard/model';
import { request, send } from './request';

/** Dashboards of the native API; see docs/reference/http-api.md. */
const root = '/api/phoenix/v1/dashboards';
const foldersRoot = '/api/phoenix/v1/folders';

export interface Folder {
  uid: string;
  title: string;
  parent_uid?: string | null;
}

export interface DashboardSummary {
  uid: string;
  title: string;
  tags: string[];
  folder: { uid: string; title: string } | null;
  source: 'file' | 'state';
  file?: string | null;
  version: number;
  updated: string;
  updated_by?: string | null;
  /** How many findings of its report are errors or warnings. */
  problems: number;
}

export interface DashboardList {
  dashboards: DashboardSummary[];
  folders: Folder[];
}

export interface DashboardMeta {
  uid: string;
  source: 'file' | 'state';
  file?: string | null;
  folder: { uid: string; title: string } | null;
  version: number;
  created: string;
  updated: string;
  updated_by?: string | null;
}

/** One dashboard in its newest form, and what the report says of it. */
export interface LoadedDashboard {
  dashboard: Dashboard;
  meta: DashboardMeta;
  report: Finding[];
}

/** A data source or a constant that a file made for sharing asks for. */
export interface DashboardInput {
  name: string;
  label?: string | null;
  type: string;
  pluginId?: string | null;
  value?: string | null;
}

export interface ReadDashboard {
  dashboard: Dashboard;
  report: Finding[];
  inputs: DashboardInput[];
}

export interface DashboardVersion {
  version: number;
  created: string;
  created_by?: string | null;
  message?: string | null;
}

const one = (uid: string) => `${root}/${encodeURIComponent(uid)}`;

/** The path of a dashboard's page, as Grafana's; the last part is only for reading. */
export function dashboardPath(uid: string, title?: string): string {
  const slug = (title ?? '')
    .toLowerCase()
    .normalize('NFKD')
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '');
  return `/d/${encodeURIComponent(uid)}${slug ? `/${slug}` : ''}`;
}

export const dashboards = queryOptions({
  queryKey: ['dashboards', 'list'],
  queryFn: ({ signal }) => request<DashboardList>(root, { signal }),
});

/** A change of its file or by someone else shows through the server's events; it is not asked for otherwise. */
export const dashboard = (uid: string) =>
  queryOptions({
    queryKey: ['dashboards', 'one', uid],
    queryFn: ({ signal }) => request<LoadedDashboard>(one(uid), { signal }),
    refetchInterval: false,
    refetchOnWindowFocus: false,
  });

export const dashboardVersions = (uid: string) =>
  queryOptions({
    queryKey: ['dashboards', 'versions', uid],
    queryFn: ({ signal }) => request<{ versions: DashboardVersion[] }>(`${one(uid)}/versions`, { signal }),
  });

export const dashboardVersion = (uid: string, version: number) => request<{ dashboard: Dashboard }>(`${one(uid)}/versions/${version}`);

/** Reads the text of a dashboard's JSON, of any version, without keeping it. */
export const readDashboard = (text: string) => request<ReadDashboard>(`${root}/read`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: text });

export interface NewDashboard {
  dashboard: JsonObject;
  folder_uid?: string;
  overwrite?: boolean;
  inputs?: Record<string, string>;
  message?: string;
}

export const createDashboard = (made: NewDashboard) => send<LoadedDashboard>('POST', root, made);

export interface ChangedDashboard {
  dashboard: JsonObject;
  /** The version that was changed. */
  version: number;
  message?: string;
  folder_uid?: string;
}

export const saveDashboard = (uid: string, changed: ChangedDashboard) => send<LoadedDashboard>('PUT', one(uid), changed);
export const deleteDashboard = (uid: string) => send<unknown>('DELETE', one(uid));
export const restoreDashboard = (uid: string, version: number) => send<LoadedDashboard>('POST', `${one(uid)}/restore`, { version });
export const exportPath = (uid: string) => `${one(uid)}/export`;

export const createFolder = (title: string, parent_uid?: string) => send<Folder>('POST', foldersRoot, { title, parent_uid });
export const deleteFolder = (uid: string) => send<unknown>('DELETE', `${foldersRoot}/${encodeURIComponent(uid)}`);
