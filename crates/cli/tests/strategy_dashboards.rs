//! The strategy's dashboards: each query of each panel has an answer where the metrics and labels are those that the
//! strategy's jobs bring.

#![expect(clippy::disallowed_methods, reason = "tests of whole programs run in real time on a real disk")]

mod program;

use program::Server;
use program::logs::{now_ns, push_until_taken, query_string};
use program::metrics::{remote_write, series};
use serde_json::{Value, json};
use std::path::Path;

/// A line each: a metric with its labels, its value at the start and what a second adds. `|` stands between values of
/// a label of which each makes a series. Recorded series stand here with plausible values: their rules are tested by
/// promtool.
const METRICS: &str = "
up job=phoenix-api|phoenix-controller|postgres,instance=a 1 0
ALERTS alertname=APIHighLatency,alertstate=firing,severity=warning 1 0
phoenix_api_request_duration_seconds_count job=phoenix-api,instance=a,endpoint=/health|/api/v1/experiments,method=GET,status=200|500 0 4
phoenix_api_request_duration_seconds_bucket job=phoenix-api,instance=a,endpoint=/health,method=GET,status=200,le=0.1|0.5|+Inf 0 4
phoenix_experiment_total job=phoenix-controller,instance=a,tenant_id=acme,state=pending|deploying|running|analysing|completed|failed 0 0.1
phoenix_experiment_duration_seconds_bucket job=phoenix-controller,instance=a,pipeline_type=process,state=completed,le=60|480|+Inf 0 0.1
phoenix_pipeline_cardinality_reduction_ratio job=phoenix-controller,instance=a,experiment_id=e1,pipeline=topk,variant=baseline|candidate 0.6 0
phoenix_collector_resource_usage job=phoenix-controller,instance=a,experiment_id=e1,node=n1,resource=cpu_cores|memory_bytes,variant=baseline|candidate 0.2 0
phoenix_estimated_monthly_savings_usd job=phoenix-controller,instance=a|b,provider=newrelic,tenant_id=acme 1000 0
phoenix_pipeline_deployment_duration_seconds_bucket job=phoenix-controller,instance=a,le=300|+Inf 0 0.1
phoenix_pipeline_deployment_duration_seconds_count job=phoenix-controller,instance=a 0 0.1
job:phoenix_api_availability:ratio_rate5m job=phoenix-api 0.999 0
phoenix:experiments:success_ratio_increase1h - 0.99 0
phoenix:experiment_transitions:success_ratio_increase1h - 0.99 0
phoenix:experiments_active:count - 3 0
phoenix:experiments_ended:increase1h - 9 0
phoenix:experiments_failed:increase1h - 1 0
phoenix:estimated_monthly_savings_usd:sum - 1000 0
phoenix:cardinality_reduction:avg - 0.6 0
phoenix:pipeline_deployments_in_time:ratio_rate1h - 0.97 0
instance:pg_connections:ratio instance=db 0.5 0
traces_spanmetrics_calls_total service=phoenix-api,span_kind=SPAN_KIND_SERVER,status_code=STATUS_CODE_OK|STATUS_CODE_ERROR 0 2
container_cpu_usage_seconds_total job=kubernetes-cadvisor,instance=n1,node=n1,namespace=phoenix-system|phoenix-experiments,pod=p,container=c 0 0.3
container_memory_working_set_bytes job=kubernetes-cadvisor,instance=n1,node=n1,namespace=phoenix-system,pod=p,container=c 600 0
container_spec_memory_limit_bytes job=kubernetes-cadvisor,instance=n1,node=n1,namespace=phoenix-system,pod=p,container=c 1000 0
node_cpu_seconds_total job=node,instance=n1,node=n1,cpu=0,mode=idle|user 0 0.5
kubelet_volume_stats_available_bytes job=kubernetes-kubelet,instance=n1,node=n1,namespace=db,persistentvolumeclaim=data 90000 -0.01
kubelet_volume_stats_capacity_bytes job=kubernetes-kubelet,instance=n1,node=n1,namespace=db,persistentvolumeclaim=data 100000 0
pg_stat_database_xact_commit job=postgres,instance=db,server=s,datid=1,datname=phoenix 0 9
pg_stat_database_xact_rollback job=postgres,instance=db,server=s,datid=1,datname=phoenix 0 1
pg_stat_database_blks_hit job=postgres,instance=db,server=s,datid=1,datname=phoenix 0 90
pg_stat_database_blks_read job=postgres,instance=db,server=s,datid=1,datname=phoenix 0 9
pg_stat_database_deadlocks job=postgres,instance=db,server=s,datid=1,datname=phoenix 0 0.001
otelcol_exporter_queue_size job=otel-collectors,instance=c,pod=otel-collector-1,exporter=otlphttp 90 0
otelcol_exporter_queue_capacity job=otel-collectors,instance=c,pod=otel-collector-1,exporter=otlphttp 1000 0
prometheus_remote_storage_samples_pending job=prometheus,instance=p,remote_name=newrelic 7 0
prometheus_notifications_queue_length job=prometheus,instance=p 0 0
";

const DAY_MS: i64 = 86_400_000;

/// Every set of labels of a line.
fn expand(labels: &str) -> Vec<Vec<(String, String)>> {
    let mut all = vec![Vec::new()];
    for pair in labels.split(',').filter(|pair| *pair != "-") {
        let (name, values) = pair.split_once('=').expect("a label has a value");
        let mut longer = Vec::new();
        for start in &all {
            for value in values.split('|') {
                let mut one: Vec<(String, String)> = start.clone();
                one.push((name.to_owned(), value.to_owned()));
                longer.push(one);
            }
        }
        all = longer;
    }
    all
}

/// Half an hour a week ago, and the last half hour.
fn fill(server: &Server) {
    let now = now_ns() / 1_000_000;
    let start = now - 8 * DAY_MS;
    let times: Vec<i64> = [7 * DAY_MS + 1_800_000, 1_800_000].iter().flat_map(|ago| (0..60).map(move |i| now - ago + i * 30_000)).collect();
    for line in METRICS.lines().filter(|line| !line.is_empty()) {
        let parts: Vec<&str> = line.split(' ').collect();
        let [name, labels, first, slope] = parts[..] else { panic!("{line}") };
        let (first, slope): (f64, f64) = (first.parse().expect("a number"), slope.parse().expect("a number"));
        #[expect(clippy::cast_precision_loss, reason = "eight days of milliseconds fit")]
        let samples: Vec<(i64, f64)> = times.iter().map(|t| (*t, first + slope * ((*t - start) / 1000) as f64)).collect();
        let all = expand(labels).into_iter().map(|labels| {
            let mut pairs = vec![("__name__", name)];
            pairs.extend(labels.iter().map(|(name, value)| (name.as_str(), value.as_str())));
            pairs.sort_unstable();
            series(&pairs, &samples)
        });
        remote_write(server, all.collect());
    }
}

#[test]
fn every_query_has_an_answer() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path(), None);
    fill(&server);
    let errors = json!({"job": "phoenix", "cluster": "test", "service": "phoenix-api", "level": "error"});
    push_until_taken(server.address, &errors, &[(now_ns(), "the database is away".to_owned())]);
    let (mut wrong, mut queries) = (Vec::new(), 0);
    for name in ["executive", "operations", "experiments"] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../configs/dashboards/{name}.json"));
        let dashboard: Value = serde_json::from_str(&std::fs::read_to_string(&path).expect("the dashboard is there")).expect("it is JSON");
        for panel in dashboard["panels"].as_array().expect("it has panels") {
            let title = &panel["title"];
            if panel["type"] == "row" {
                continue;
            }
            if panel["description"].as_str().is_none_or(str::is_empty) {
                wrong.push(format!("{name}: {title} says nothing about itself"));
            }
            for target in panel["targets"].as_array().expect("a panel has queries") {
                queries += 1;
                let mut query = target["expr"].as_str().expect("a query is a text").to_owned();
                for (variable, value) in [
                    ("$__rate_interval", "5m"),
                    ("$__range", "30m"),
                    ("$__auto", "5m"),
                    ("$core_hour_usd", "0.04"),
                    ("$tenant", ".*"),
                    ("$service", ".*"),
                    ("$experiment", ".*"),
                ] {
                    query = query.replace(variable, value);
                }
                let is_log = target["datasource"]["type"] == "loki";
                let api = if is_log && !query.starts_with("sum") {
                    "/loki/api/v1/query_range"
                } else if is_log {
                    "/loki/api/v1/query"
                } else {
                    "/api/v1/query"
                };
                let answer = server.json(&format!("{api}?{}", query_string(&[("query", &query)])));
                let values = answer["data"]["result"].as_array().cloned().unwrap_or_default();
                let is_number = |value: &Value| value["value"][1].as_str().is_none_or(|text| text.parse::<f64>().is_ok_and(f64::is_finite));
                if values.is_empty() || !values.iter().all(is_number) {
                    wrong.push(format!("{name}: {title}: {query}\n  {answer}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(queries > 60, "{queries} queries are too few");
}
