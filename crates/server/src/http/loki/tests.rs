//! The API as data: requests with what they answer, over a store in memory.

pub(crate) mod memory;
mod tails;

use super::{Loki, LokiState, PushDoor, router};
use crate::http::bodies::Bodies;
use crate::query_pool::{QueryPlaces, QueryPoolLimits};
use crate::shutdown::Shutdown;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, header};
use memory::MemoryLogs;
use phoenix_engine::{EmbeddedLogs, Language, LogsEngine};
use phoenix_env::objects::FolderObjects;
use phoenix_env::{RealDisk, SharedClock, SimClock};
use phoenix_ingest::log_limits::LogLimits;
use phoenix_ingest::push::{LogReceiver, PushLimits};
use phoenix_lake::{Lake, LakeOptions};
use phoenix_model::Labels;
use phoenix_rules::{AlertState, AlertingStatus, GroupStatus, Health, RuleStatus};
use prometheus_client::registry::Registry;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;
use tower::ServiceExt;

/// 2023-11-14T22:13:20Z
const NOW_MS: i64 = 1_700_000_000_000;

struct House {
    clock: Arc<SimClock>,
    engine: Arc<dyn LogsEngine>,
    receiver: Arc<LogReceiver>,
    shutdown: Shutdown,
    loki: Loki,
}

fn house(places: usize) -> House {
    house_over(places, SimClock::new(NOW_MS), Arc::new(MemoryLogs::default()))
}

/// Over the store that Phoenix runs with.
fn embedded(folder: &Path) -> House {
    let clock = SimClock::new(NOW_MS);
    let disk = RealDisk::shared();
    let objects = Arc::new(FolderObjects::open(Arc::clone(&disk), folder.join("objects")).unwrap());
    let store = Lake::open(LakeOptions::new(folder.join("logs")), disk, objects, clock.clone(), &mut Registry::default()).unwrap();
    let engine = Arc::new(EmbeddedLogs::new(Arc::new(store), clock.clone()));
    house_over(2, clock, engine)
}

fn house_over(places: usize, clock: Arc<SimClock>, engine: Arc<dyn LogsEngine>) -> House {
    let shared: SharedClock = clock.clone();
    let door = Arc::clone(&engine);
    let mut registry = Registry::default();
    let receiver =
        Arc::new(LogReceiver::new(Arc::clone(&door), shared.clone(), PushLimits::default(), LogLimits::default(), &mut registry));
    let limits = QueryPoolLimits {
        concurrency: 2,
        waiting: 0,
        timeout: Duration::from_secs(10),
        max_samples: 1_000,
        query_bytes: 1 << 20,
        total_bytes: 1 << 20,
        lookback: Duration::from_mins(5),
        log_bytes: 1 << 20,
        log_series: 500,
    };
    let shutdown = Shutdown::default();
    let places = QueryPlaces::new(shared.clone(), QueryPoolLimits { concurrency: places, ..limits }, &mut registry);
    let loki = Loki::new(LokiState {
        engine: door,
        push: PushDoor { receiver: Arc::clone(&receiver), bodies: Bodies::new(shared.clone(), 1 << 20, 4 << 20, 2) },
        places,
        clock: shared,
        shutdown: shutdown.clone(),
        rules: Box::new(|| vec![group(Language::LogQl), group(Language::PromQl)]),
        max_entries: 5_000,
        max_tails: 1,
        tails: Arc::new(tokio::sync::Semaphore::new(1)),
        tenant_told: AtomicBool::new(false),
    });
    House { clock, engine, receiver, shutdown, loki }
}

fn group(language: Language) -> GroupStatus {
    let rule = |name: &str, alerting| RuleStatus {
        name: name.to_owned(),
        expr: "sum(rate({app=\"a\"} |= `x`[5m])) > 1".to_owned(),
        labels: Labels::from_pairs([("severity", "page")]),
        health: Health::Unknown,
        last_error: String::new(),
        last_evaluation_ms: None,
        evaluation_time: Duration::ZERO,
        line: 1,
        column: 1,
        alerting,
    };
    let alerting = AlertingStatus {
        hold: Duration::from_mins(5),
        keep_firing: Duration::ZERO,
        annotations: Labels::from_pairs([("summary", "it's \"bad\"")]),
        state: AlertState::Inactive,
        alerts: Vec::new(),
    };
    GroupStatus {
        file: "rules/logs.yaml".to_owned(),
        name: format!("of {language}"),
        interval: Duration::from_mins(1),
        query_offset: Duration::ZERO,
        limit: 0,
        language,
        last_evaluation_ms: None,
        evaluation_time: Duration::ZERO,
        rules: vec![rule("app:errors:rate5m", None), rule("Errors", Some(alerting))],
    }
}

/// Sends `METHOD path[ body]` with headers; gives status, type and body as text.
async fn ask(app: &Router, request: &str, headers: &[(&str, &str)]) -> String {
    let mut parts = request.splitn(3, ' ');
    let (method, path, body) = (parts.next().unwrap(), parts.next().unwrap(), parts.next().unwrap_or_default());
    let mut builder = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        builder = builder.header(*name, *value);
    }
    let response = app.clone().oneshot(builder.body(Body::from(body.to_owned())).unwrap()).await.unwrap();
    let status = response.status().as_u16();
    let kind = response.headers().get(header::CONTENT_TYPE).map(|v| v.to_str().unwrap().to_owned()).unwrap_or_default();
    let body = String::from_utf8(to_bytes(response.into_body(), 1 << 20).await.unwrap().to_vec()).unwrap();
    format!("{status} {kind}\n{body}\n")
}

/// Two streams with three entries, pushed as a client pushes them.
const PUSHED: &str = r#"POST /loki/api/v1/push {"streams":[
{"stream":{"app":"web","env":"prod"},"values":[["1699999990000000001","level=info GET /a 200",{"trace_id":"7"}],["1699999991000000000","level=error GET /b 500"]]},
{"stream":{"app":"db","env":"prod"},"values":[["1699999992000000000","level=info slow query"]]}]}"#;

const JSON: &[(&str, &str)] = &[("content-type", "application/json")];
const FORM: &[(&str, &str)] = &[("content-type", "application/x-www-form-urlencoded")];

async fn filled() -> (House, Router) {
    fill(house(2)).await
}

async fn fill(house: House) -> (House, Router) {
    let app: Router = router(house.loki.clone());
    assert_eq!(ask(&app, PUSHED, JSON).await, "204 \n\n");
    (house, app)
}

/// Percent-encodes what a query may have.
fn encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

#[tokio::test]
async fn every_path_answers_in_lokis_shape() {
    let (_house, app) = filled().await;
    insta::assert_snapshot!(answers(&app).await);
}

#[tokio::test]
async fn the_store_answers_as_the_list_in_memory_does() {
    let folder = tempfile::tempdir().unwrap();
    let (_house, app) = fill(embedded(folder.path())).await;
    insta::assert_snapshot!(answers(&app).await);
}

async fn answers(app: &Router) -> String {
    let prod = encoded("{env=\"prod\"}");
    let get = encoded("{env=\"prod\"} |= \"GET\"");
    let metric = encoded("count_over_time({env=\"prod\"}[5m])");
    let health = encoded("vector(1)+vector(1)");
    let broken = encoded("{env=\"prod\"");
    let v1 = "/loki/api/v1";
    let mut all = String::new();
    for (request, headers) in [
        (format!("GET {v1}/query?query={health}"), &[][..]),
        (format!("GET {v1}/query?query={prod}"), &[]),
        (format!("GET {v1}/query?query={broken}"), &[]),
        (format!("GET {v1}/query?query={metric}"), &[]),
        (format!("GET {v1}/query"), &[]),
        (format!("POST {v1}/query query={health}&time=1700000000500000000"), FORM),
        (format!("GET {v1}/query_range?query={prod}"), &[]),
        (format!("GET {v1}/query_range?query={get}&direction=forward&limit=1&since=10m"), &[]),
        (format!("GET {v1}/query_range?query={prod}&limit=1"), &[("x-loki-response-encoding-flags", "categorize-labels")]),
        (format!("GET {v1}/query_range?query={health}&start=1700000000&end=1700000010&step=5"), &[]),
        (format!("GET {v1}/query_range?query={prod}&start=1700000001&end=1700000000"), &[]),
        (format!("GET {v1}/query_range?query={prod}&limit=5001"), &[]),
        (format!("GET {v1}/query_range?query={prod}&limit=0"), &[]),
        (format!("GET {v1}/query_range?query={health}&step=0"), &[]),
        (format!("GET {v1}/query_range?query={health}&start=0&end=1700000000&step=1s"), &[]),
        (format!("GET {v1}/query_range?query={prod}&interval=-1"), &[]),
        (format!("GET {v1}/query_range?query={prod}&direction=sideways"), &[]),
        (format!("GET {v1}/query_range?query={prod}&start=yesterday"), &[]),
        (format!("GET {v1}/query_range?query={}", encoded("{env=\"nowhere\"}")), &[]),
        (format!("GET {v1}/format_query?query={}", encoded("{env =  \"prod\"}|=  \"GET\"")), &[]),
        (format!("GET {v1}/format_query?query={broken}"), &[]),
        (format!("GET {v1}/labels"), &[]),
        (format!("GET {v1}/labels?since=1s"), &[]),
        (format!("GET {v1}/label/app/values"), &[]),
        (format!("GET {v1}/label/app/values?query={}", encoded("{app=~\"w.*\"}")), &[]),
        (format!("GET {v1}/series?match[]={prod}&match[]={}", encoded("{app=\"db\"}")), &[]),
        (format!("POST {v1}/series match[]={}", encoded("{app=\"none\"}")), FORM),
        (format!("GET {v1}/series"), &[]),
        (format!("GET {v1}/index/stats?query={prod}"), &[]),
        (format!("GET {v1}/index/volume?query={prod}"), &[]),
        (format!("GET {v1}/index/volume?query={prod}&targetLabels=app,env&limit=1"), &[]),
        (format!("GET {v1}/index/volume?query={prod}&aggregateBy=labels&targetLabels=app,service_name"), &[]),
        (format!("GET {v1}/index/volume?query={prod}&aggregateBy=all"), &[]),
        (format!("GET {v1}/index/volume_range?query={prod}&targetLabels=app&start=1699999990&end=1700000000&step=5"), &[]),
        (format!("GET {v1}/patterns?query={prod}&start=1699999990&end=1700000000"), &[]),
        (format!("GET {v1}/detected_labels?query={prod}"), &[]),
        (format!("GET {v1}/detected_fields?query={prod}"), &[]),
        (format!("GET {v1}/detected_field/status/values?query={prod}&limit=1"), &[]),
        (format!("GET {v1}/detected_field/none/values?query={prod}"), &[]),
        (format!("GET {v1}/detected_fields?query={metric}"), &[]),
        (format!("GET /api/prom/query?query={prod}&regexp=GET&limit=1"), &[]),
        ("GET /api/prom/label".to_owned(), &[]),
        ("GET /api/prom/label/app/values".to_owned(), &[]),
        (format!("GET {v1}/delete"), &[]),
        (format!("POST {v1}/delete?query={get}&start=1699999990&end=1699999999.5"), &[]),
        (format!("PUT {v1}/delete?query={prod}&start=2023-11-14T22:00:00Z"), &[]),
        (format!("GET {v1}/delete"), &[]),
        (format!("DELETE {v1}/delete?request_id=1"), &[]),
        (format!("DELETE {v1}/delete?request_id=1"), &[]),
        (format!("POST {v1}/delete?query={prod}"), &[]),
        (format!("POST {v1}/delete?query={metric}&start=1"), &[]),
        (format!("POST {v1}/delete?query={prod}&start=1&end=1800000000"), &[]),
        (format!("GET {v1}/rules"), &[]),
        (format!("GET {v1}/rules/rules%2Flogs.yaml/of%20logql"), &[]),
        (format!("GET {v1}/rules/other"), &[]),
        (format!("POST {v1}/rules/other name: x"), &[]),
        (format!("GET {v1}/status/buildinfo"), &[]),
        (format!("GET {v1}/drilldown-limits"), &[]),
        (format!("GET {v1}/nonsense"), &[]),
        (format!("GET {v1}/tail?query={prod}"), &[]),
        (format!("GET {v1}/tail?query={metric}"), &[]),
        (format!("GET {v1}/tail?query={prod}&delay_for=6"), &[]),
        (format!("POST {v1}/push {{\"streams\":[{{\"stream\":{{\"a\":\"b\"}},\"values\":[[1,\"x\"]]}}]}}"), JSON),
        ("GET /ready".to_owned(), &[]),
        ("GET /services".to_owned(), &[]),
    ] {
        all.push_str(&format!("> {request}\n{}\n", ask(app, &request, headers).await));
    }
    all
}

#[tokio::test]
async fn a_body_has_its_limit() {
    let (_house, app) = filled().await;
    let long = format!("POST /loki/api/v1/push {}", "x".repeat((1 << 20) + 1));
    let answer = ask(&app, &long, JSON).await;
    assert!(answer.starts_with("413 ") && answer.contains("limits.body_size"), "{answer}");
}

#[tokio::test]
async fn more_queries_than_may_wait_are_429() {
    let (house, app) = filled().await;
    let _places: Vec<_> = (0..2).map(|_| house.loki.places.enter().unwrap()).collect();
    let answer = ask(&app, "GET /loki/api/v1/labels", &[]).await;
    assert!(answer.starts_with("429 ") && answer.contains("limits.query_concurrency"), "{answer}");
}

#[tokio::test]
async fn a_server_that_ends_is_not_ready() {
    let (house, app) = filled().await;
    house.shutdown.begin();
    assert!(ask(&app, "GET /ready", &[]).await.starts_with("503 "));
}
