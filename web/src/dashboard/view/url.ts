/** What the address of a dashboard says beside its variables (`var-…`), with Grafana's names. */
export interface DashboardUrl {
  /** Expressions such as `now-6h` or milliseconds since 1970; `null` for the dashboard's own. */
  from: string | null;
  to: string | null;
  /** `browser`, `utc` or a zone's name; `null` for the dashboard's own. */
  timezone: string | null;
  /** Such as `30s`; empty is off, `null` for the dashboard's own. */
  refresh: string | null;
  viewPanel: string | null;
  /** The panel that is being changed. */
  editPanel: string | null;
  inspect: string | null;
  inspectTab: string | null;
  kiosk: boolean;
  /** Whether the report is open; Phoenix' own. */
  report: boolean;
}

/** Grafana's newer addresses name a panel `panel-4`, older ones `4`. */
const panelKey = (text: string | null) => (text ? text.replace(/^panel-/, '') : null);

export function readDashboardUrl(params: URLSearchParams): DashboardUrl {
  const kiosk = params.get('kiosk');
  return {
    from: params.get('from') || null,
    to: params.get('to') || null,
    timezone: params.get('timezone') || null,
    refresh: params.get('refresh'),
    viewPanel: panelKey(params.get('viewPanel')),
    editPanel: panelKey(params.get('editPanel')),
    inspect: panelKey(params.get('inspect')),
    inspectTab: params.get('inspectTab') || null,
    kiosk: kiosk !== null && kiosk !== 'false' && kiosk !== '0',
    report: params.get('report') === '1',
  };
}

/** The address's parameters with some of them changed; `null` takes one away. */
export function changeDashboardUrl(before: URLSearchParams, change: Partial<DashboardUrl>): URLSearchParams {
  const next = new URLSearchParams(before);
  const set = (name: string, value: string | null) => (value === null ? next.delete(name) : next.set(name, value));
  for (const name of ['from', 'to', 'timezone', 'refresh', 'viewPanel', 'editPanel', 'inspect', 'inspectTab'] as const) {
    if (change[name] !== undefined) set(name, change[name]);
  }
  if (change.kiosk !== undefined) set('kiosk', change.kiosk ? 'true' : null);
  if (change.report !== undefined) set('report', change.report ? '1' : null);
  return next;
}

