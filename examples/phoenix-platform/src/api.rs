//! The experiments API: list, create, read; `/health` and `/metrics`.

use axum::extract::{MatchedPath, Path, Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use parking_lot::Mutex;
use phoenix_telemetry::{ApiMetrics, CONTENT_TYPE, JsonLogs, Metrics, RequestLabels, Traces, follow};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;
use tracing::Instrument;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// The service keeps this many experiments; the oldest goes first.
const MAX_EXPERIMENTS: usize = 1_000;

#[derive(Clone, Serialize)]
struct Experiment {
    id: u64,
    name: String,
    state: &'static str,
}

#[derive(Deserialize)]
struct NewExperiment {
    name: String,
}

struct Service {
    metrics: Metrics,
    api: ApiMetrics,
    experiments: Mutex<VecDeque<Experiment>>,
}

/// Serves until the process is told to end.
pub(crate) async fn serve(listen: SocketAddr, otlp: Option<&str>) -> Result<(), Box<dyn std::error::Error>> {
    let mut metrics = Metrics::new();
    let api = ApiMetrics::register(&mut metrics);
    let service = Arc::new(Service { metrics, api, experiments: Mutex::default() });
    let router = Router::new()
        .route("/health", get(|| async { "ok\n" }))
        .route("/api/v1/experiments", get(list).post(create))
        .route("/api/v1/experiments/{id}", get(read))
        .route_layer(middleware::from_fn_with_state(Arc::clone(&service), measure))
        .route("/metrics", get(scrape))
        .with_state(service);
    let listener = tokio::net::TcpListener::bind(listen).await.map_err(|e| format!("cannot listen on {listen}: {e}"))?;
    let (service, version) = ("phoenix-api", env!("CARGO_PKG_VERSION"));
    let traces = otlp.map(|endpoint| Traces::start(service, version, endpoint)).transpose()?;
    tracing_subscriber::registry().with(traces.as_ref().map(Traces::layer)).with(JsonLogs::new(service, version)).init();
    tracing::info!(address = %listener.local_addr()?, "listens");
    axum::serve(listener, router).await?;
    Ok(())
}

async fn measure(State(service): State<Arc<Service>>, path: MatchedPath, request: Request, next: Next) -> Response {
    let method = request.method().to_string();
    let span = span_of(&request, &path, &method);
    answered(service, path, method, request, next).instrument(span).await
}

/// The span of a request, below the one of whoever made it.
fn span_of(request: &Request, path: &MatchedPath, method: &str) -> tracing::Span {
    let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
    let span = tracing::info_span!(
        "request",
        otel.name = format!("{method} {}", path.as_str()),
        otel.kind = "server",
        otel.status_code = tracing::field::Empty,
        http.request.method = method,
        http.route = path.as_str(),
        url.path = request.uri().path(),
        http.response.status_code = tracing::field::Empty,
    );
    follow(&span, header("traceparent"), header("tracestate"));
    span
}

#[expect(clippy::disallowed_methods, reason = "a service of one's own has no simulated clock")]
async fn answered(service: Arc<Service>, path: MatchedPath, method: String, request: Request, next: Next) -> Response {
    let start = std::time::Instant::now();
    let response = next.run(request).await;
    let span = tracing::Span::current();
    span.record("http.response.status_code", response.status().as_u16());
    // A wrong request is no error of the server's: https://opentelemetry.io/docs/specs/semconv/http/http-spans/#status
    if response.status().is_server_error() {
        span.record("otel.status_code", "ERROR");
    }
    let labels = RequestLabels { method, endpoint: path.as_str().to_owned(), status: response.status().as_u16() };
    let took = start.elapsed();
    let (method, endpoint, status, duration_ms) = (&labels.method, &labels.endpoint, labels.status, took.as_secs_f64() * 1e3);
    if labels.status >= 400 {
        tracing::warn!(%method, %endpoint, status, duration_ms, "request refused");
    } else {
        tracing::info!(%method, %endpoint, status, duration_ms, "request done");
    }
    service.api.observe(&labels, took);
    response
}

async fn scrape(State(service): State<Arc<Service>>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, CONTENT_TYPE)], service.metrics.encode())
}

/// The experiments are kept in memory; what would be a query of a database is a span all the same.
fn query(statement: &'static str) -> tracing::Span {
    tracing::info_span!("query", otel.name = statement, otel.kind = "client", db.system = "memory", db.statement = statement)
}

async fn list(State(service): State<Arc<Service>>) -> Json<Vec<Experiment>> {
    let _span = query("SELECT experiments").entered();
    Json(service.experiments.lock().iter().rev().take(50).cloned().collect())
}

async fn create(State(service): State<Arc<Service>>, Json(new): Json<NewExperiment>) -> Response {
    if new.name.trim().is_empty() {
        return (StatusCode::BAD_REQUEST, "an experiment needs a name\n").into_response();
    }
    let _span = query("INSERT experiment").entered();
    let mut experiments = service.experiments.lock();
    let id = experiments.back().map_or(1, |last| last.id + 1);
    let experiment = Experiment { id, name: new.name, state: "pending" };
    if experiments.len() == MAX_EXPERIMENTS {
        experiments.pop_front();
    }
    experiments.push_back(experiment.clone());
    tracing::info!(experiment_id = id, to_state = experiment.state, "experiment state transition");
    (StatusCode::CREATED, Json(experiment)).into_response()
}

async fn read(State(service): State<Arc<Service>>, Path(id): Path<u64>) -> Response {
    let _span = query("SELECT experiment").entered();
    match service.experiments.lock().iter().find(|e| e.id == id) {
        Some(experiment) => Json(experiment.clone()).into_response(),
        None => (StatusCode::NOT_FOUND, "no such experiment\n").into_response(),
    }
}
