/** The forms of transformations. Paths and values are those that Grafana keeps in a dashboard. */

import { calculating } from './calculate';
import { ofFields } from './fields';
import type { Form } from './parts';
import { ofRows } from './rows';
import { ofTables } from './tables';

export type { Form } from './parts';
export { onlyQueries } from './parts';

export const forms: Form[] = [...ofFields, ...calculating, ...ofRows, ...ofTables];

const byId = new Map(forms.map((form) => [form.id, form]));
/** Names of older dashboards. */
const otherIds: Record<string, string> = { seriesToColumns: 'joinByField', order: 'organize', rename: 'organize', filterByName: 'filterFieldsByName', filterFrames: 'filterByRefId' };
export const formOf = (id: string): Form | undefined => byId.get(Object.hasOwn(otherIds, id) ? otherIds[id]! : id);
