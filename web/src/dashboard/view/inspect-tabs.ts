/** What of a panel can be inspected, with the names of Grafana's addresses. */
export const inspectTabs = { data: 'Data', query: 'Queries', json: 'JSON' } as const;
export type InspectTab = keyof typeof inspectTabs;
export const isInspectTab = (text: string | null): text is InspectTab => text !== null && Object.hasOwn(inspectTabs, text);
