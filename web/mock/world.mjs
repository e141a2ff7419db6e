// A small world for the mock server: targets, rules, alerts, incidents, silences and messages that change as time
// passes. It stands in for Phoenix while the UI is developed and tested; nothing of it is shipped.
import { EventEmitter } from 'node:events';

const iso = (ms) => new Date(ms).toISOString();
const started = Date.now() - 3_600_000;
export const changes = new EventEmitter();
changes.setMaxListeners(200);
export const changed = (topic, id) => changes.emit('change', topic, id);

/** Seconds of the demo's scaled timers. */
const timers = { for: 4, escalate: 40 };

export const people = {
  'platform-1': { name: 'platform-1', methods: ['email'], address: 'platform-1@example.org' },
  'platform-2': { name: 'platform-2', methods: ['email', 'slack'], address: 'platform-2@example.org' },
  'backend-1': { name: 'backend-1', methods: ['email'], address: 'backend-1@example.org' },
};
const monday = () => {
  const day = new Date();
  day.setHours(9, 0, 0, 0);
  day.setDate(day.getDate() + ((8 - day.getDay()) % 7 || 7));
  return day.getTime();
};
export const levels = () => [
  { level: 'primary', people: [pick('platform-1')], team: 'platform', after_seconds: 0, until: iso(monday()), why: "platform's week; first in turn" },
  { level: 'secondary', people: [pick('backend-1')], team: 'backend', after_seconds: timers.escalate, until: iso(monday()), why: "backend's week; its only person" },
  { level: 'manager', people: [], after_seconds: timers.escalate * 2, until: null, why: 'the schedule names engineering-manager, who is not among the people' },
];
const pick = (name) => ({ name: people[name].name, methods: people[name].methods });
export const upcoming = () => [
  { at: iso(monday()), level: 'primary', from: ['platform-1'], to: ['platform-2'], why: 'the next person of platform' },
  { at: iso(monday() + 604_800_000), level: 'primary', from: ['platform-2'], to: ['platform-1'], why: 'the next person of platform' },
  { at: iso(monday() + 604_800_000), level: 'secondary', from: ['backend-1'], to: ['platform-2'], why: "sre's week" },
];

export const warnings = [
  { severity: 'warning', message: '`tracing` is not acting yet', help: 'It is accepted, so that your file loads as it stands.', file: 'configs/prometheus.yaml', line: 41, column: 1 },
  { severity: 'warning', message: 'the escalation level `manager` names nobody and will be skipped', help: 'Add engineering-manager to `people`.', file: 'configs/on-call.yaml', line: 18, column: 9 },
];

const fault = { name: 'api-down', title: 'Stop the sample service', active: false, since: null, expected_alert: 'PhoenixAPIDown' };
export const faults = [fault];
export function setFault(name, active) {
  const found = faults.find((each) => each.name === name);
  if (!found) return null;
  found.active = active;
  found.since = active ? iso(Date.now()) : null;
  changed('demo');
  changed('targets');
  return found;
}

/** When the sample service was down: `[from, to]` in milliseconds, `to` null while it lasts. */
export const outages = [[Date.now() - 2_400_000, Date.now() - 2_100_000]];
export const apiDownAt = (ms) => outages.some(([from, to]) => ms >= from && (to === null || ms < to));

export const targets = [
  target('phoenix', '127.0.0.1:9090', { service: 'phoenix' }),
  target('node', '127.0.0.1:9090', { service: 'host' }, '/host/metrics'),
  target('node-exporter', '127.0.0.1:9100', {}),
  target('postgres', '127.0.0.1:9187', { database: 'orders' }),
  target('phoenix-api', '127.0.0.1:8081', { environment: 'demo', tier: 'api' }),
];
function target(pool, address, extra, path = '/metrics') {
  return {
    discoveredLabels: { __address__: address, __metrics_path__: path, __scheme__: 'http', __scrape_interval__: '5s', __scrape_timeout__: '4s', job: pool, ...Object.fromEntries(Object.entries(extra).map(([k, v]) => [`__meta_${k}`, v])) },
    labels: { instance: address, job: pool, ...extra },
    scrapePool: pool,
    scrapeUrl: `http://${address}${path}`,
    globalUrl: `http://${address}${path}`,
    lastError: '',
    lastScrape: iso(Date.now()),
    lastScrapeDuration: 0.004,
    health: 'up',
    scrapeInterval: '5s',
    scrapeTimeout: '4s',
  };
}
export const droppedTargets = [
  { discoveredLabels: { __address__: '10.0.0.7:9100', __meta_environment: 'staging', job: 'node-exporter' }, scrapePool: 'node-exporter' },
  { discoveredLabels: { __address__: '10.0.0.8:9100', __meta_environment: 'staging', job: 'node-exporter' }, scrapePool: 'node-exporter' },
];

export const ruleGroups = [
  group('platform', 'configs/rules/platform.yaml', 5, [
    alerting('PhoenixAPIDown', 'up{job="phoenix-api"} == 0', 4, 'critical', 'The sample service on {{ $labels.instance }} does not answer', 'https://runbooks.example.org/api-down'),
    alerting('HighErrorRate', 'sum by (job) (rate(phoenix_api_requests_total{code=~"5.."}[1m])) / sum by (job) (rate(phoenix_api_requests_total[1m])) > 0.05', 60, 'critical', 'More than 5 % of requests fail'),
    alerting('HighLatency', 'histogram_quantile(0.99, sum by (le) (rate(phoenix_api_request_duration_seconds_bucket[5m]))) > 0.5', 300, 'warning', 'The slowest percent of requests takes over half a second'),
    { type: 'recording', name: 'job:phoenix_api_requests:rate1m', query: 'sum by (job) (rate(phoenix_api_requests_total[1m]))' },
  ]),
  group('host', 'built in', 15, [
    alerting('HostDiskFilling', 'node_filesystem_avail_bytes / node_filesystem_size_bytes < 0.1', 300, 'warning', 'Less than 10 % is free on {{ $labels.mountpoint }}'),
    alerting('HostMemoryLow', '1 - node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes > 0.9', 120, 'warning', 'Over 90 % of memory is in use'),
    alerting('HostClockSkew', 'abs(node_timex_offset_seconds) > 0.05', 60, 'info', 'The clock is off'),
  ]),
  group('meta', 'built in', 15, [
    alerting('Watchdog', 'vector(1)', 0, 'none', 'Always fires, to show that alerts arrive'),
    { type: 'recording', name: 'instance:node_cpu:ratio', query: 'avg without (cpu, mode) (rate(node_cpu_seconds_total[1m]) * on (instance) group_right node_role)', fails: 'found duplicate series for the match group {instance="127.0.0.1:9090"} on the left hand-side of the operation' },
  ]),
];
function group(name, file, interval, rules) {
  return { name, file, interval, rules, evaluationTime: 0.0012 };
}
function alerting(name, query, wait, severity, summary, runbook) {
  return { type: 'alerting', name, query, duration: wait, labels: { severity }, annotations: { summary, ...(runbook ? { runbook_url: runbook } : {}) }, alerts: [] };
}
const ruleOf = (name) => ruleGroups.flatMap((each) => each.rules).find((rule) => rule.name === name);
ruleOf('Watchdog').alerts.push({ labels: { alertname: 'Watchdog', severity: 'none' }, annotations: { summary: 'Always fires, to show that alerts arrive' }, state: 'firing', activeAt: iso(started), value: '1e+00' });
ruleOf('HostDiskFilling').alerts.push({
  labels: { alertname: 'HostDiskFilling', severity: 'warning', device: '/dev/sdb1', instance: '127.0.0.1:9100', job: 'node-exporter', mountpoint: '/srv' },
  annotations: { summary: 'Less than 10 % is free on /srv' },
  state: 'firing',
  activeAt: iso(Date.now() - 1_500_000),
  value: '6.4e-02',
});
ruleOf('HighLatency').alerts.push({ labels: { alertname: 'HighLatency', severity: 'warning' }, annotations: { summary: 'The slowest percent of requests takes over half a second' }, state: 'pending', activeAt: iso(Date.now() - 60_000), value: '5.31e-01' });

export const silences = [
  silence('5b1c9f0e-1111-4a62-9a0e-0d6a2f5e0001', [{ name: 'alertname', value: 'HostDiskFilling', isRegex: false, isEqual: true }, { name: 'mountpoint', value: '/srv.*', isRegex: true, isEqual: true }], 'platform-2', 'Cleaning up old backups, done by tonight', -1_200_000, 7_200_000),
  silence('5b1c9f0e-2222-4a62-9a0e-0d6a2f5e0002', [{ name: 'job', value: 'postgres', isRegex: false, isEqual: true }], 'backend-1', 'Upgrade of the database', 3_600_000, 10_800_000),
  silence('5b1c9f0e-3333-4a62-9a0e-0d6a2f5e0003', [{ name: 'severity', value: 'critical', isRegex: false, isEqual: false }], 'platform-1', 'Drill', -86_400_000, -82_800_000),
];
function silence(id, matchers, createdBy, comment, from, to) {
  const now = Date.now();
  return { id, matchers, createdBy, comment, startsAt: iso(now + from), endsAt: iso(now + to), updatedAt: iso(now + Math.min(from, 0)) };
}
export const withStatus = (each) => {
  const now = Date.now();
  const state = Date.parse(each.endsAt) <= now ? 'expired' : Date.parse(each.startsAt) > now ? 'pending' : 'active';
  return { ...each, status: { state } };
};
export function matches({ name, value, isRegex, isEqual = true }, labels) {
  const text = labels[name] ?? '';
  return (isRegex ? new RegExp(`^(?:${value})$`).test(text) : text === value) === isEqual;
}

const fingerprint = (labels) => {
  let hash = 0n;
  for (const character of JSON.stringify(labels)) hash = (hash * 31n + BigInt(character.codePointAt(0))) & 0xffffffffffffffffn;
  return hash.toString(16).padStart(16, '0');
};
/** The firing alerts as Alertmanager's API shows them. */
export function notified() {
  return ruleGroups
    .flatMap((each) => each.rules)
    .flatMap((rule) => rule.alerts ?? [])
    .filter((alert) => alert.state === 'firing')
    .map((alert) => {
      const silencedBy = silences.map(withStatus).filter((each) => each.status.state === 'active' && each.matchers.every((matcher) => matches(matcher, alert.labels))).map((each) => each.id);
      return {
        fingerprint: fingerprint(alert.labels),
        labels: alert.labels,
        annotations: alert.annotations,
        startsAt: alert.activeAt,
        endsAt: iso(Date.now() + 240_000),
        updatedAt: iso(Date.now()),
        generatorURL: 'http://127.0.0.1:9090/graph',
        receivers: [{ name: receiverOf(alert.labels) }],
        status: { state: silencedBy.length ? 'suppressed' : 'active', silencedBy, inhibitedBy: [], mutedBy: [] },
      };
    });
}
const receiverOf = ({ severity }) => (severity === 'critical' ? 'platform-pager' : severity === 'warning' ? 'platform-mail' : 'nowhere');
export function alertGroups() {
  const groups = new Map();
  for (const alert of notified()) {
    const { alertname } = alert.labels;
    const receiver = alert.receivers[0].name;
    const key = `${receiver} ${alertname}`;
    if (!groups.has(key)) groups.set(key, { labels: { alertname }, receiver: { name: receiver }, alerts: [] });
    groups.get(key).alerts.push(alert);
  }
  return [...groups.values()];
}

// Incidents. A demo's incident moves on by `tick`; older ones are history.
let nextIncident = 43;
let nextEvent = 1;
let nextMessage = 1;
export const incidents = [];
export const messages = [];

function event(incident, kind, text, more = {}, at = Date.now()) {
  const made = { id: nextEvent++, at: iso(at), kind, text, ...more };
  incident.timeline.push(made);
  changed('incidents', incident.id);
  return made;
}

function openIncident(began, { id = `INC-${nextIncident++}`, at = Date.now(), title, labels, severity, paging = true, expression, receiver = 'platform-pager', annotations = {} } = {}) {
  const incident = {
    id,
    title,
    severity,
    state: 'open',
    labels,
    annotations,
    group_key: `{}:{alertname="${labels.alertname}"}`,
    receiver,
    paging,
    opened_at: iso(at),
    reopened: 0,
    expression: { language: 'promql', text: expression },
    runbook_url: annotations.runbook_url ?? null,
    figures: { condition_started_at: iso(began), detected_at: iso(at), time_to_detect_seconds: (at - began) / 1000 },
    escalation: {},
    timeline: [],
    alerts: [{ labels, annotations, starts_at: iso(at), generator_url: '/graph?g0.expr=' + encodeURIComponent(expression) }],
    pages: [],
  };
  incidents.unshift(incident);
  event(incident, 'condition_true', `${expression} became true`, {}, began);
  event(incident, 'alert_firing', `${labels.alertname} fires for ${labels.instance ?? labels.alertname}`, { why: `it held for ${timers.for} s` }, at);
  event(incident, 'opened', `Opened for the group alertname="${labels.alertname}"`, {}, at);
  return incident;
}

function page(incident, level, name, at = Date.now()) {
  const person = people[name];
  const method = person.methods[0];
  incident.pages.push({ person: name, level, method, address: person.address, intended_at: iso(at), sent_at: iso(at + 300), attempts: 1, error: null });
  event(incident, 'page_intended', `${name} is to be paged by ${method}`, { why: `${name} is ${level} on call; severity="critical" is in page_on` }, at);
  event(incident, 'page_sent', `${name} was paged by ${method} at ${person.address}`, {}, at + 300);
  incident.figures.paged_at ??= iso(at + 300);
  incident.figures.time_to_page_seconds ??= (at + 300 - Date.parse(incident.figures.condition_started_at)) / 1000;
  incident.escalation.level = level;
  const link = `http://127.0.0.1:9090/incidents/${incident.id}`;
  const text = `${incident.title}\n\nIncident ${incident.id}, ${incident.severity}\nYou are ${level} on call.\n\nSee: ${link}\nAcknowledge: ${link}?ack\n`;
  messages.unshift({
    id: nextMessage++,
    received_at: iso(at + 300),
    kind: 'email',
    to: person.address,
    from: 'phoenix@example.org',
    subject: `[${incident.severity}] ${incident.id} ${incident.title}`,
    text,
    html: `<div style="font-family:sans-serif;max-width:36em"><h2 style="color:#a8201a">${incident.title}</h2><p>Incident <b>${incident.id}</b>. You are ${level} on call.</p><p><a href="${link}" style="background:#0d5a6c;color:#fff;padding:8px 14px;text-decoration:none">Open the incident</a></p></div>`,
    links: [link, `${link}?ack`],
    raw: `From: phoenix@example.org\r\nTo: ${person.address}\r\nSubject: ${incident.title}\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n${text}`,
  });
  changed('inbox');
}

export function act(incident, state, who, note) {
  const now = Date.now();
  incident.state = state;
  const word = state === 'acknowledged' ? 'acknowledged' : 'resolved';
  incident[`${word}_at`] = iso(now);
  incident[`${word}_by`] = who;
  incident.figures[state === 'acknowledged' ? 'time_to_acknowledge_seconds' : 'time_to_resolve_seconds'] = (now - Date.parse(incident.opened_at)) / 1000;
  incident.escalation = { level: incident.escalation.level, stopped_because: `${word} by ${who}` };
  event(incident, word, note || `${who} ${word} it in the web UI`, { who });
}
export const addNote = (incident, who, text) => event(incident, 'note', text, { who });

/** A past incident, complete. */
{
  const [from, to] = outages[0];
  const labels = { alertname: 'PhoenixAPIDown', severity: 'critical', instance: '127.0.0.1:8081', job: 'phoenix-api' };
  const past = openIncident(from, { id: 'INC-42', at: from + 9_000, title: 'PhoenixAPIDown: the sample service does not answer', labels, severity: 'critical', expression: 'up{job="phoenix-api"} == 0', annotations: { summary: 'The sample service on 127.0.0.1:8081 does not answer', runbook_url: 'https://runbooks.example.org/api-down' } });
  page(past, 'primary', 'platform-1', from + 9_500);
  event(past, 'escalated', 'Nobody answered; secondary is next', { why: 'no acknowledgement within 40 s' }, from + 49_500);
  page(past, 'secondary', 'backend-1', from + 49_600);
  Object.assign(past, { state: 'resolved', acknowledged_at: iso(from + 95_000), acknowledged_by: 'backend-1', resolved_at: iso(to + 5_000), resolved_by: null });
  Object.assign(past.figures, { time_to_acknowledge_seconds: 86, time_to_resolve_seconds: (to - from - 4_000) / 1000 });
  past.escalation = { level: 'secondary', stopped_because: 'acknowledged by backend-1' };
  event(past, 'acknowledged', 'Acknowledged through the link in the message', { who: 'backend-1' }, from + 95_000);
  event(past, 'note', 'The process was gone; started it again. Will look at its memory limit tomorrow.', { who: 'backend-1' }, from + 200_000);
  past.alerts[0].resolved_at = iso(to + 5_000);
  event(past, 'alert_resolved', 'PhoenixAPIDown no longer fires', {}, to + 5_000);
  event(past, 'resolved', 'All of its alerts are resolved', {}, to + 5_000);
  const disk = openIncident(Date.now() - 1_800_000, { at: Date.now() - 1_500_000, title: 'HostDiskFilling: /srv', labels: { alertname: 'HostDiskFilling', severity: 'warning', mountpoint: '/srv', instance: '127.0.0.1:9100' }, severity: 'warning', paging: false, receiver: 'platform-mail', expression: 'node_filesystem_avail_bytes / node_filesystem_size_bytes < 0.1', annotations: { summary: 'Less than 10 % is free on /srv' } });
  event(disk, 'not_paged', 'Nobody is paged', { why: 'no matcher of page_on matches' }, Date.now() - 1_500_000);
  event(disk, 'silenced', 'Silenced by platform-2: Cleaning up old backups, done by tonight', { who: 'platform-2' }, Date.now() - 1_200_000);
  act(disk, 'acknowledged', 'platform-2', 'Cleaning up');
}

let current = null;
setInterval(() => {
  const now = Date.now();
  for (const each of targets) {
    each.lastScrape = iso(now - (now % 5000));
    each.lastScrapeDuration = 0.003 + Math.random() * 0.002;
    if (each.scrapePool === 'phoenix-api') {
      each.health = fault.active ? 'down' : 'up';
      each.lastError = fault.active ? 'Get "http://127.0.0.1:8081/metrics": connection refused (os error 111)' : '';
    }
  }
  const outage = outages.at(-1);
  const rule = ruleOf('PhoenixAPIDown');
  if (fault.active && outage[1] !== null) {
    outages.push([now, null]);
    rule.alerts.push({ labels: { alertname: 'PhoenixAPIDown', severity: 'critical', instance: '127.0.0.1:8081', job: 'phoenix-api' }, annotations: { summary: 'The sample service on 127.0.0.1:8081 does not answer', runbook_url: 'https://runbooks.example.org/api-down' }, state: 'pending', activeAt: iso(now), value: '0e+00' });
    changed('alerts');
  }
  if (!fault.active && outage[1] === null) {
    outage[1] = now;
    rule.alerts.length = 0;
    changed('alerts');
    if (current && current.state !== 'resolved') {
      current.alerts[0].resolved_at = iso(now);
      event(current, 'alert_resolved', 'PhoenixAPIDown no longer fires');
      current.state = 'resolved';
      current.resolved_at = iso(now);
      current.figures.time_to_resolve_seconds = (now - Date.parse(current.opened_at)) / 1000;
      event(current, 'resolved', 'All of its alerts are resolved');
    }
    current = null;
  }
  const alert = rule.alerts[0];
  if (alert?.state === 'pending' && now - Date.parse(alert.activeAt) > timers.for * 1000) {
    alert.state = 'firing';
    current = openIncident(Date.parse(alert.activeAt), { title: 'PhoenixAPIDown: the sample service does not answer', labels: alert.labels, severity: 'critical', expression: rule.query, annotations: alert.annotations });
    page(current, 'primary', 'platform-1');
    Object.assign(current.escalation, { next_level: 'secondary', next_at: iso(now + timers.escalate * 1000) });
    changed('alerts');
  }
  if (current?.state === 'open' && current.escalation.next_at && Date.parse(current.escalation.next_at) <= now) {
    event(current, 'escalated', 'Nobody answered; secondary is next', { why: `no acknowledgement within ${timers.escalate} s` });
    page(current, 'secondary', 'backend-1');
    event(current, 'level_skipped', 'manager names nobody', { why: 'the schedule names engineering-manager, who is not among the people' });
    current.escalation = { level: 'secondary' };
  }
}, 1000).unref();

export const findings = () => ({
  checked_at: iso(started),
  asked_store: true,
  texts: 5,
  left_out: [],
  errors: 0,
  warnings: 1,
  findings: [
    {
      rule: 'alerts/up-without-absent',
      severity: 'warning',
      message: 'when no target of `phoenix-api` is left there is no `up`, and the alert is silent',
      help: 'add `or absent(up{job="phoenix-api"})`, or an alert of its own on it',
      why: 'A target that discovery no longer finds has no `up`, neither 0 nor 1: the alert is silent at the worst outage.',
      rests_on: 'text',
      file: 'configs/rules/platform.yaml',
      line: 5,
      column: 15,
      start: 67,
      end: 93,
      docs: 'docs/lint/alerts/up-without-absent.md',
      link: '/docs/lint/alerts/up-without-absent.md',
      fix: { title: 'fire when it is absent too', edits: [{ span: { start: 93, end: 93 }, text: ' or absent(up{job="phoenix-api"})' }] },
      diff: '--- configs/rules/platform.yaml\n+++ configs/rules/platform.yaml\n@@ -5,1 +5,1 @@\n-        expr: up{job="phoenix-api"} == 0\n+        expr: up{job="phoenix-api"} == 0 or absent(up{job="phoenix-api"})\n',
      group: 'platform',
      rule_name: 'PhoenixAPIDown',
      rule_number: 0,
    },
  ],
  more: 0,
});

export const rulesBody = () => {
  const last = iso(Date.now() - (Date.now() % 5000));
  return ruleGroups.map((each) => ({
    ...each,
    limit: 0,
    lastEvaluation: last,
    rules: each.rules.map(({ fails, ...rule }) => ({
      ...rule,
      labels: rule.labels ?? {},
      health: fails ? 'err' : 'ok',
      lastError: fails ?? '',
      evaluationTime: 0.0003,
      lastEvaluation: last,
      ...(rule.type === 'alerting' ? { keepFiringFor: 0, state: rule.alerts.some((alert) => alert.state === 'firing') ? 'firing' : rule.alerts.length ? 'pending' : 'inactive' } : {}),
    })),
  }));
};

export function home() {
  const health = (of) => targets.filter((each) => each.health === of).length;
  const rules = ruleGroups.flatMap((each) => each.rules);
  const alerts = rules.flatMap((rule) => rule.alerts ?? []);
  return {
    version: '0.1.0',
    started_at: iso(started),
    data_dir: '/var/lib/phoenix',
    external_url: 'http://127.0.0.1:9090',
    listen: '127.0.0.1:9090',
    config: { file: 'phoenix.yaml', loaded_at: iso(started), last_reload_ok: true, last_error: null, warnings },
    problems: [],
    targets: { up: health('up'), down: health('down'), unknown: 0 },
    alerts: { firing: alerts.filter((alert) => alert.state === 'firing').length, pending: alerts.filter((alert) => alert.state === 'pending').length },
    rules: { groups: ruleGroups.length, rules: rules.length, failing: rules.filter((rule) => rule.fails).length },
    incidents: { open: incidents.filter((each) => each.state === 'open').length, acknowledged: incidents.filter((each) => each.state === 'acknowledged').length },
    on_call: levels(),
    demo: true,
    inbox: true,
    self_scrape_job: 'phoenix',
    host_job: 'node',
  };
}
