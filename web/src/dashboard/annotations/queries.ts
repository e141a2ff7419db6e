/** A dashboard's annotation queries, and those that every dashboard has. */

import type { AnnotationQuery, Dashboard, Json, JsonObject } from '../model';

export interface AnnotationChoice {
  /** What people know it by, and what it is turned on and off by. */
  name: string;
  query: AnnotationQuery;
  /** As the dashboard was saved. */
  isOn: boolean;
  /** Whether it has no switch on the page. */
  isHidden: boolean;
}

/** Alerts and incidents of Phoenix itself; both are off until someone wants them. */
const own: AnnotationQuery[] = [
  { name: 'Alerts', enable: false, iconColor: 'red', datasource: { type: 'phoenix' }, query: 'alerts' },
  { name: 'Incidents', enable: false, iconColor: 'orange', datasource: { type: 'phoenix' }, query: 'incidents' },
];

export const object = (value: Json | undefined): JsonObject => (typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {});
export const text = (value: unknown): string => (typeof value === 'string' ? value : '');

/** `alerts` or `incidents`, when the query is for Phoenix' own. */
export function ownKind(query: AnnotationQuery): string | null {
  if (query.datasource?.type !== 'phoenix' && query.type !== 'phoenix') return null;
  return text(query.query) || text(object(query.target).query);
}

/** All queries in the dashboard's order, then Phoenix' own, unless the dashboard has them already. */
export function annotationQueries(dashboard: Dashboard): AnnotationChoice[] {
  const listed = dashboard.annotations?.list ?? [];
  const kinds = new Set(listed.map(ownKind));
  const taken = new Set(listed.map(({ name }) => name));
  const added = own.filter((query) => !kinds.has(ownKind(query))).map((query) => (taken.has(query.name) ? { ...query, name: `Phoenix: ${query.name}` } : query));
  return [...listed, ...added].map((query) => ({ name: query.name, query, isOn: query.enable !== false, isHidden: query.hide === true || query.builtIn === 1 }));
}
