/** Data sources: what dashboards name, and what Phoenix has. Uids of other places are mapped by their type. */

import type { Dashboard, DataSourceRef, Panel } from '../model';
import type { ScopedVars } from '../panel';
import { interpolate } from './interpolate';
import type { VariableState } from './state';

export type Language = 'promql' | 'logql' | 'traceql';

/** Where a query's answer comes from. */
export type Source =
  | { kind: 'language'; language: Language }
  /** Another panel's data. */
  | { kind: 'dashboard' }
  /** Annotations that are kept, and lists of dashboards. */
  | { kind: 'grafana' }
  /** Every query says its own. */
  | { kind: 'mixed' }
  | { kind: 'alertmanager' }
  | { kind: 'problem'; problem: string };

export interface OwnSource {
  uid: string;
  name: string;
  type: string;
}

/** Phoenix' own data sources, as `/grafana/api/datasources` tells them. */
export const ownSources: OwnSource[] = [
  { uid: 'prometheus', name: 'prometheus', type: 'prometheus' },
  { uid: 'loki', name: 'loki', type: 'loki' },
  { uid: 'tempo', name: 'tempo', type: 'tempo' },
  { uid: 'alertmanager', name: 'alertmanager', type: 'alertmanager' },
];

const promql: Source = { kind: 'language', language: 'promql' };
const logql: Source = { kind: 'language', language: 'logql' };
const traceql: Source = { kind: 'language', language: 'traceql' };
const byType: Record<string, Source> = {
  prometheus: promql,
  'grafana-amazonprometheus-datasource': promql,
  'grafana-azureprometheus-datasource': promql,
  'victoriametrics-datasource': promql,
  'victoriametrics-metrics-datasource': promql,
  loki: logql,
  tempo: traceql,
  alertmanager: { kind: 'alertmanager' },
  'camptocamp-prometheus-alertmanager-datasource': { kind: 'alertmanager' },
  grafana: { kind: 'grafana' },
  mixed: { kind: 'mixed' },
  dashboard: { kind: 'dashboard' },
};
const special: Record<string, Source> = {
  '-- Mixed --': { kind: 'mixed' },
  '-- Dashboard --': { kind: 'dashboard' },
  '-- Grafana --': { kind: 'grafana' },
  mixed: { kind: 'mixed' },
  grafana: { kind: 'grafana' },
};

/** Names that people know, for types whose ids do not tell. */
const typeNames: Record<string, string> = {
  __expr__: 'expressions of Grafana’s server',
  influxdb: 'InfluxDB',
  elasticsearch: 'Elasticsearch',
  'grafana-opensearch-datasource': 'OpenSearch',
  graphite: 'Graphite',
  mysql: 'MySQL',
  postgres: 'PostgreSQL',
  'grafana-postgresql-datasource': 'PostgreSQL',
  mssql: 'Microsoft SQL Server',
  cloudwatch: 'CloudWatch',
  stackdriver: 'Google Cloud Monitoring',
  'grafana-azure-monitor-datasource': 'Azure Monitor',
  opentsdb: 'OpenTSDB',
  jaeger: 'Jaeger',
  zipkin: 'Zipkin',
  testdata: 'TestData',
  'grafana-testdata-datasource': 'TestData',
  'alexanderzobnin-zabbix-datasource': 'Zabbix',
  'yesoreyeram-infinity-datasource': 'Infinity',
  'grafana-clickhouse-datasource': 'ClickHouse',
  'vertamedia-clickhouse-datasource': 'ClickHouse',
  'grafana-pyroscope-datasource': 'Pyroscope',
  'victoriametrics-logs-datasource': 'VictoriaLogs',
};

/** The name of a data source's type. */
export const sourceName = (type: string): string => typeNames[type] ?? type;

/** What the options of a variable of type `datasource` are. */
export function sourcesOfType(type: string): OwnSource[] {
  const wanted = byType[type];
  return wanted ? ownSources.filter((each) => byType[each.type] === wanted || JSON.stringify(byType[each.type]) === JSON.stringify(wanted)) : [];
}

/** What a name hints at when nothing else is told, as in `${DS_LOKI}` of a dashboard whose inputs are gone. */
function hinted(name: string): Source | undefined {
  if (/loki/i.test(name)) return logql;
  if (/tempo/i.test(name)) return traceql;
  if (/prom|mimir|thanos|cortex|victoria/i.test(name)) return promql;
  if (/alertmanager/i.test(name)) return byType.alertmanager;
  return undefined;
}

/** The type that another place in the dashboard gives with the same uid. */
function typeElsewhere(uid: string, dashboard: Dashboard): string | undefined {
  const panels = (dashboard.panels ?? []).flatMap((panel) => [panel, ...(panel.panels ?? [])]);
  const refs = [
    ...panels.flatMap((panel) => [panel.datasource, ...(panel.targets ?? []).map((target) => target.datasource)]),
    ...(dashboard.templating?.list ?? []).map((variable) => variable.datasource),
    ...(dashboard.annotations?.list ?? []).map((annotation) => annotation.datasource),
  ];
  return refs.find((ref) => ref?.uid === uid && ref.type)?.type;
}

/**
 * Where the answers to a query come from. `ref` is the query's own or the panel's; nothing means the default, which is
 * metrics. A source that Phoenix cannot ask is a problem, never another source.
 */
export function resolveDataSource(ref: DataSourceRef | string | null | undefined, dashboard: Dashboard, state: VariableState, scoped?: ScopedVars): Source {
  const given: DataSourceRef = typeof ref === 'string' ? { uid: ref } : (ref ?? {});
  const uid = (given.uid ?? '').trim();
  const filled = interpolate(uid, state, scoped).trim();
  const own = ownSources.find((each) => each.uid === filled);
  if (own) return byType[own.type]!;
  const known = special[filled];
  if (known && (filled.startsWith('--') || !given.type || byType[given.type]?.kind === known.kind)) return known;
  if (given.type === 'datasource') {
    return special[filled] ?? { kind: 'problem', problem: `not shown: the data source \`${filled || 'datasource'}\` is none of Grafana’s own` };
  }
  if (given.type) return byType[given.type] ?? { kind: 'problem', problem: `not shown: ${sourceName(given.type)}` };
  if (filled === '' || filled === 'default') return promql;
  if (filled === '__expr__' || filled === '-100') return { kind: 'problem', problem: `not shown: ${typeNames.__expr__}` };
  const elsewhere = typeElsewhere(uid, dashboard);
  if (elsewhere) return byType[elsewhere] ?? { kind: 'problem', problem: `not shown: ${sourceName(elsewhere)}` };
  if (byType[filled.toLowerCase()]) return byType[filled.toLowerCase()]!;
  const byName = Object.keys(typeNames).find((type) => [type, typeNames[type]!.toLowerCase()].includes(filled.toLowerCase()));
  if (byName) return { kind: 'problem', problem: `not shown: ${sourceName(byName)}` };
  return hinted(filled) ?? { kind: 'problem', problem: `not shown: the data source \`${filled}\` is unknown, and the dashboard does not tell its type` };
}

/**
 * Where a query of a panel is asked: its own source, which knows the language that the query is written in, else the
 * panel's.
 */
export function sourceOfTarget(panel: Panel, target: { datasource?: DataSourceRef }, dashboard: Dashboard, state: VariableState, scoped?: ScopedVars): Source {
  const own = target.datasource?.type || target.datasource?.uid ? resolveDataSource(target.datasource, dashboard, state, scoped) : null;
  if (own && own.kind !== 'mixed') return own;
  const ofPanel = resolveDataSource(panel.datasource, dashboard, state, scoped);
  return ofPanel.kind === 'mixed' ? promql : ofPanel;
}
