/** Which alerts a list shows, and in which order. */

import type { RuleAlert, RuleGroup } from '../../../api/prometheus';
import type { Incident } from '../../../api/phoenix';
import type { Matcher } from '../../../promql/matcher';
import { parseMatchers } from '../../../promql/matcher';
import { BoundedRegExp } from '../../display';

type Labels = Record<string, string>;
export type AlertState = 'firing' | 'pending' | 'inactive' | 'error';

/** An alert of a rule, or a rule that has none. */
export interface ListedAlert {
  name: string;
  state: AlertState;
  labels: Labels;
  annotations: Labels;
  /** RFC 3339; nothing for what does not fire. */
  since?: string;
}

export interface AlertFilter {
  states: ReadonlySet<AlertState>;
  /** A part of the rule's name. */
  name: string;
  matchers: Matcher[];
  /** What of the filter cannot be read. */
  problem?: string;
}

/** Grafana's numbers of orders. */
export type Order = 1 | 2 | 3 | 4 | 5;

const record = (value: unknown): Record<string, unknown> => (typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {});

/** Without a filter of states, alerts that fire or are about to, and rules that cannot be evaluated. */
export function filterOf(options: Record<string, unknown>, interpolate: (text: string) => string): AlertFilter {
  const given = record(options.stateFilter);
  const states = new Set<AlertState>();
  const names: [string, AlertState][] = [['firing', 'firing'], ['alerting', 'firing'], ['pending', 'pending'], ['normal', 'inactive'], ['ok', 'inactive'], ['inactive', 'inactive'], ['error', 'error'], ['execution_error', 'error']];
  for (const [name, state] of names) if (given[name] === true) states.add(state);
  if (Object.keys(given).length === 0) for (const state of ['firing', 'pending', 'error'] as const) states.add(state);
  const text = typeof options.alertInstanceLabelFilter === 'string' ? interpolate(options.alertInstanceLabelFilter).trim() : '';
  const matchers = text === '' ? [] : parseMatchers(text);
  return {
    states,
    name: typeof options.alertName === 'string' ? interpolate(options.alertName).trim().toLowerCase() : '',
    matchers: matchers ?? [],
    ...(matchers === null ? { problem: `The filter ${text} cannot be read: it is written as {name="value"}` } : {}),
  };
}

/** Prometheus' meaning: a label that is missing is empty, and a pattern has to fit the whole value. */
export function meets(labels: Labels, { name, operator, value }: Matcher): boolean {
  const own = labels[name] ?? '';
  if (operator === '=' || operator === '!=') return (own === value) === (operator === '=');
  try {
    return new BoundedRegExp(`^(?:${value})$`, 's').test(own) === (operator === '=~');
  } catch {
    return false;
  }
}

const ofAlert = (name: string, { state, labels, annotations, activeAt }: RuleAlert): ListedAlert => ({ name, state, labels, annotations, since: activeAt });

/** Alerts that pass the filter. A rule without alerts stands for itself. */
export function alertsOf(groups: RuleGroup[], { states, name, matchers }: AlertFilter): ListedAlert[] {
  return groups.flatMap(({ rules }) =>
    rules.flatMap((rule): ListedAlert[] => {
      if (rule.type !== 'alerting' || !rule.name.toLowerCase().includes(name)) return [];
      const alerts = (rule.alerts ?? []).map((alert) => ofAlert(rule.name, alert));
      const own: ListedAlert = { name: rule.name, state: rule.health === 'err' ? 'error' : 'inactive', labels: { ...rule.labels, alertname: rule.name }, annotations: rule.annotations ?? {} };
      // A rule that fails is told beside the alerts that it had.
      const listed = alerts.length === 0 || rule.health === 'err' ? [...alerts, own] : alerts;
      return listed.filter(({ state, labels }) => states.has(state) && matchers.every((matcher) => meets(labels, matcher)));
    }),
  );
}

const importance: Record<AlertState, number> = { firing: 0, error: 1, pending: 2, inactive: 3 };
const byName = (a: ListedAlert, b: ListedAlert) => a.name.localeCompare(b.name, 'en', { numeric: true });
const byTime = (a: ListedAlert, b: ListedAlert) => (Date.parse(a.since ?? '') || Infinity) - (Date.parse(b.since ?? '') || Infinity) || byName(a, b);

export function ordered(alerts: ListedAlert[], order: Order): ListedAlert[] {
  const compare = {
    1: byName,
    2: (a: ListedAlert, b: ListedAlert) => byName(b, a),
    3: (a: ListedAlert, b: ListedAlert) => importance[a.state] - importance[b.state] || byName(a, b),
    4: byTime,
    5: (a: ListedAlert, b: ListedAlert) => (a.since === undefined || b.since === undefined ? byTime(a, b) : byTime(b, a)),
  }[order];
  return [...alerts].sort(compare);
}

export interface AlertGroup {
  title: string;
  alerts: ListedAlert[];
}

/** Alerts by rule, or by the values of labels. */
export function grouped(alerts: ListedAlert[], labels: string[] | null): AlertGroup[] {
  const groups = new Map<string, AlertGroup>();
  for (const alert of alerts) {
    const title = labels === null ? alert.name : labels.map((name) => `${name}=${alert.labels[name] ?? ''}`).join(', ');
    const group = groups.get(title) ?? groups.set(title, { title, alerts: [] }).get(title)!;
    group.alerts.push(alert);
  }
  return [...groups.values()];
}

/** The incident that an alert belongs to: the one of which it has all labels, and the most of them. */
export function incidentOf(alert: ListedAlert, incidents: Incident[]): Incident | undefined {
  const fitting = incidents.filter(({ labels }) => Object.keys(labels).length > 0 && Object.entries(labels).every(([name, value]) => alert.labels[name] === value));
  return fitting.sort((a, b) => Object.keys(b.labels).length - Object.keys(a.labels).length)[0];
}
