//! Kinds of data sources, and what tells them when nothing says so.

use crate::json::{Fields, Object};

/// Grafana's ids and names of the kinds that Phoenix answers. There is one data source of each, whose uid is its kind.
pub(crate) const OWN: [(&str, &str); 3] = [("prometheus", "Prometheus"), ("loki", "Loki"), ("tempo", "Tempo")];

/// Words in names of data sources, and the kind that they speak of.
const WORDS: [(&str, &str); 34] = [
    ("prom", "prometheus"),
    ("mimir", "prometheus"),
    ("thanos", "prometheus"),
    ("cortex", "prometheus"),
    ("victoria", "prometheus"),
    ("loki", "loki"),
    ("tempo", "tempo"),
    ("influx", "influxdb"),
    ("elastic", "elasticsearch"),
    ("opensearch", "grafana-opensearch-datasource"),
    ("graphite", "graphite"),
    ("postgres", "grafana-postgresql-datasource"),
    ("mysql", "mysql"),
    ("mssql", "mssql"),
    ("clickhouse", "grafana-clickhouse-datasource"),
    ("cloudwatch", "cloudwatch"),
    ("stackdriver", "stackdriver"),
    ("azure", "grafana-azure-monitor-datasource"),
    ("jaeger", "jaeger"),
    ("zipkin", "zipkin"),
    ("pyroscope", "grafana-pyroscope-datasource"),
    ("parca", "parca"),
    ("testdata", "grafana-testdata-datasource"),
    ("opentsdb", "opentsdb"),
    ("zabbix", "alexanderzobnin-zabbix-datasource"),
    ("bigquery", "grafana-bigquery-datasource"),
    ("athena", "grafana-athena-datasource"),
    ("timestream", "grafana-timestream-datasource"),
    ("infinity", "yesoreyeram-infinity-datasource"),
    ("csv", "marcusolsson-csv-datasource"),
    ("json", "marcusolsson-json-datasource"),
    ("datadog", "grafana-datadog-datasource"),
    ("alertmanager", "alertmanager"),
    ("sqlite", "frser-sqlite-datasource"),
];

/// The kind that a name speaks of.
pub(crate) fn kind_of_name(name: &str) -> Option<&'static str> {
    let name = name.to_ascii_lowercase();
    WORDS.iter().find(|(word, _)| name.contains(word)).map(|(_, kind)| *kind)
}

/// The kind of data source that a query is written for, where its keys tell.
pub(crate) fn kind_of_target(target: &Object) -> Option<&'static str> {
    const KEYS: [(&str, &str); 12] = [
        ("rawSql", "sql"),
        ("bucketAggs", "elasticsearch"),
        ("measurement", "influxdb"),
        ("rawQuery", "influxdb"),
        ("metricQuery", "stackdriver"),
        ("azureMonitor", "grafana-azure-monitor-datasource"),
        ("dimensions", "cloudwatch"),
        ("scenarioId", "grafana-testdata-datasource"),
        ("profileTypeId", "grafana-pyroscope-datasource"),
        ("aggregator", "opentsdb"),
        ("itemTag", "alexanderzobnin-zabbix-datasource"),
        ("target", "graphite"),
    ];
    // Of one that is too long to be a query nothing is learnt.
    if let Some(expr) = target.text("expr").filter(|expr| !expr.trim().is_empty() && expr.len() < 64 << 10) {
        let plain = crate::stand_ins::fill(expr);
        let promql = phoenix_promql::parse(&plain).into_result().is_ok();
        return Some(if !promql && phoenix_logql::parse(&plain).into_result().is_ok() { "loki" } else { "prometheus" });
    }
    if target.text("queryType").is_some_and(|kind| kind.starts_with("traceql") || kind == "traceId" || kind == "nativeSearch") {
        return Some("tempo");
    }
    KEYS.iter().find(|(key, _)| target.has(key)).map(|(_, kind)| *kind)
}
