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

/** `time` and `time.window`, in milliseconds, name the middle of a range and its length. */
function rangeOf(params: URLSearchParams): Pick<DashboardUrl, 'from' | 'to'> {
  const [from, to] = [params.get('from') || null, params.get('to') || null];
  const [middle, length] = [Number(params.get('time') ?? NaN), Number(params.get('time.window') ?? NaN)];
  if (from !== null || to !== null || !(length > 0) || !Number.isFinite(middle + length)) return { from, to };
  return { from: String(Math.round(middle - length / 2)), to: String(Math.round(middle + length / 2)) };
}

export function readDashboardUrl(params: URLSearchParams): DashboardUrl {
  const kiosk = params.get('kiosk');
  return {
    ...rangeOf(params),
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

/** What the reader folded or unfolded (`fold-`), and which annotations are marked (`mark-`), where it is not as saved. */
export type Switches = Readonly<Record<string, boolean>>;

export function readSwitches(params: URLSearchParams, prefix: 'fold-' | 'mark-'): Switches {
  return Object.fromEntries([...params].filter(([name, value]) => name.startsWith(prefix) && name.length > prefix.length && (value === 'true' || value === 'false')).map(([name, value]) => [name.slice(prefix.length), value === 'true']));
}

/** The address's parameters with some switches set; `null` takes one away. */
export function changeSwitches(before: URLSearchParams, prefix: 'fold-' | 'mark-', change: Readonly<Record<string, boolean | null>>): URLSearchParams {
  const next = new URLSearchParams(before);
  for (const [name, value] of Object.entries(change)) {
    if (value === null) next.delete(prefix + name);
    else next.set(prefix + name, String(value));
  }
  return next;
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

