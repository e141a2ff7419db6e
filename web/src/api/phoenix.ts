import { queryOptions } from '@tanstack/react-query';
import type { Diagnostic } from './request';
import { request, send } from './request';

/** The native API; see docs/reference/http-api.md. Times are RFC 3339 strings. */
const root = '/api/phoenix/v1';

type Labels = Record<string, string>;

export interface OnCallLevel {
  level: string;
  people: { name: string; methods: string[] }[];
  team?: string | null;
  /** `null` when the level is in no escalation. */
  after_seconds: number | null;
  until?: string | null;
  why: string;
}

export interface Home {
  version: string;
  started_at: string;
  data_dir: string;
  external_url: string;
  listen: string;
  config: { file: string | null; loaded_at: string; last_reload_ok: boolean; last_error: string | null; warnings: Diagnostic[] };
  problems: { severity: 'error' | 'warning'; message: string; since?: string | null }[];
  targets: { up: number; down: number; unknown: number };
  alerts: { firing: number; pending: number };
  rules: { groups: number; rules: number; failing: number };
  incidents: { open: number; acknowledged: number };
  on_call: OnCallLevel[];
  demo: boolean;
  inbox: boolean;
  self_scrape_job: string | null;
  host_job: string | null;
}

export type IncidentState = 'open' | 'acknowledged' | 'resolved';

export interface Incident {
  id: string;
  title: string;
  severity: string;
  state: IncidentState;
  labels: Labels;
  annotations: Labels;
  group_key: string;
  receiver: string;
  paging: boolean;
  opened_at: string;
  acknowledged_at?: string | null;
  acknowledged_by?: string | null;
  resolved_at?: string | null;
  resolved_by?: string | null;
  reopened: number;
  expression?: { language: string; text: string } | null;
  runbook_url?: string | null;
  figures: {
    condition_started_at?: string | null;
    detected_at?: string | null;
    paged_at?: string | null;
    time_to_detect_seconds?: number | null;
    time_to_page_seconds?: number | null;
    time_to_acknowledge_seconds?: number | null;
    time_to_resolve_seconds?: number | null;
  };
  escalation: { level?: string | null; next_level?: string | null; next_at?: string | null; stopped_because?: string | null };
}

export interface IncidentEvent {
  id: number;
  at: string;
  kind: string;
  text: string;
  who?: string | null;
  why?: string | null;
  data?: Record<string, unknown> | null;
}

export interface IncidentAlert {
  labels: Labels;
  annotations: Labels;
  starts_at: string;
  resolved_at?: string | null;
  generator_url: string;
}

export interface Page {
  person: string;
  level: string;
  method: string;
  address: string;
  intended_at: string;
  sent_at?: string | null;
  status?: 'waiting' | 'sending' | 'sent' | 'given_up' | 'cancelled';
  attempts: number;
  error?: string | null;
}

export interface IncidentDetail extends Incident {
  timeline: IncidentEvent[];
  alerts: IncidentAlert[];
  pages: Page[];
}

export interface OnCall {
  levels: OnCallLevel[];
  upcoming: { at: string; level: string; from: string[]; to: string[]; why: string }[];
  page_on: string[];
  configured: boolean;
  warnings: Diagnostic[];
}

export interface ParsedQuery {
  ok: boolean;
  kind: 'vector' | 'scalar' | 'matrix' | 'string' | 'traces' | null;
  formatted: string | null;
  diagnostics: Diagnostic[];
}

/** What the linter found; `rule` is the linter's, `rule_name` the one in which it stands. */
export interface LintFinding extends Diagnostic {
  rule: string;
  why: string;
  rests_on: 'text' | 'project' | 'server' | 'catalogue' | 'naming';
  docs: string;
  /** Where this server has the page of the linter's rule. */
  link: string;
  fix?: { title: string; edits: { span: { start: number; end: number }; text: string }[] };
  diff?: string;
  group?: string | null;
  rule_name?: string;
  /** Its number among the rules of the group, from 0. */
  rule_number?: number;
  dashboard_uid?: string;
}

export interface LintReport {
  /** `null` before the first run has ended. */
  checked_at: string | null;
  asked_store: boolean;
  texts: number;
  left_out: string[];
  errors: number;
  warnings: number;
  findings: LintFinding[];
  more: number;
}

export interface RelabelStep {
  index: number;
  action: string;
  summary: string;
  changed: Record<string, [string | null, string | null]>;
  kept: boolean;
}

export interface RelabelledTarget {
  discovered_labels: Labels;
  labels: Labels | null;
  kept: boolean;
  steps: RelabelStep[];
}

export interface InboxMessage {
  id: number;
  received_at: string;
  kind: 'email' | 'webhook';
  to: string;
  from?: string | null;
  subject: string;
  text: string;
  html?: string | null;
  links: string[];
  raw: string;
}

export interface Fault {
  name: string;
  title: string;
  active: boolean;
  since: string | null;
  expected_alert: string;
}

/*
 * The first part of every query key is the topic of the server's events that makes it stale (see live.ts).
 */
export const home = queryOptions({ queryKey: ['home'], queryFn: ({ signal }) => request<Home>(`${root}/home`, { signal }) });

export const incidents = (state: IncidentState[], limit: number, before?: string) =>
  queryOptions({
    queryKey: ['incidents', 'list', state, limit, before],
    queryFn: ({ signal }) => {
      const params = new URLSearchParams({ limit: String(limit) });
      if (state.length > 0) params.set('state', state.join(','));
      if (before) params.set('before', before);
      return request<{ incidents: Incident[]; next: string | null }>(`${root}/incidents?${params}`, { signal });
    },
  });

export const incident = (id: string) =>
  queryOptions({
    queryKey: ['incidents', 'one', id],
    queryFn: ({ signal }) => request<IncidentDetail>(`${root}/incidents/${encodeURIComponent(id)}`, { signal }),
  });

export const onCall = queryOptions({ queryKey: ['on-call'], queryFn: ({ signal }) => request<OnCall>(`${root}/on-call`, { signal }) });

export const inbox = queryOptions({
  queryKey: ['inbox'],
  queryFn: ({ signal }) => request<{ messages: InboxMessage[] }>(`${root}/inbox?limit=50`, { signal }),
});

export const demo = queryOptions({ queryKey: ['demo'], queryFn: ({ signal }) => request<{ faults: Fault[] }>(`${root}/demo`, { signal }) });

export const relabel = (pool: string, address: string) =>
  queryOptions({
    queryKey: ['targets', 'relabel', pool, address],
    queryFn: ({ signal }) =>
      request<{ targets: RelabelledTarget[] }>(`${root}/targets/relabel?${new URLSearchParams({ pool, address })}`, { signal }),
  });

export const parseQuery = (query: string, language: string) => send<ParsedQuery>('POST', `${root}/parse_query`, { language, query });

export const lintReport = queryOptions({ queryKey: ['findings'], queryFn: ({ signal }) => request<LintReport>(`${root}/findings`, { signal }) });
export const lintQuery = (query: string, language: string) => send<{ findings: LintFinding[] }>('POST', `${root}/lint_query`, { language, query });

const act = (id: string, what: string) => `${root}/incidents/${encodeURIComponent(id)}/${what}`;
export const acknowledge = (id: string, who: string, note?: string) => send<Incident>('POST', act(id, 'acknowledge'), { who, note });
export const resolve = (id: string, who: string, note?: string) => send<Incident>('POST', act(id, 'resolve'), { who, note });
export const addNote = (id: string, who: string, text: string) => send<IncidentEvent>('POST', act(id, 'notes'), { who, text });
export const setFault = (name: string, active: boolean) => send<Fault>('POST', `${root}/demo/faults/${encodeURIComponent(name)}`, { active });
export const eventsPath = `${root}/events`;
