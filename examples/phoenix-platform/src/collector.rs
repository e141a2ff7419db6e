//! `phoenix-platform collector`: gives samples of this host's processes to the controller's pipelines.

use crate::faults::acts::{self, Acts};
use crate::faults::{Fault, Faults, Part};
use crate::pipelines::{self, METRICS};
use crate::service;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use phoenix_telemetry::prometheus_client::metrics::counter::Counter;
use phoenix_telemetry::prometheus_client::metrics::family::Family;
use phoenix_telemetry::prometheus_client::metrics::gauge::Gauge;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::{Duration, SystemTime};
use tokio::sync::Semaphore;

/// Requests that wait for a sample at most.
const MAX_WAITING: i64 = 16;
/// How far the fault `clock-skew` puts the clock ahead.
const SKEW: Duration = Duration::from_mins(2);

type Exporter = Family<[(&'static str, &'static str); 1], Gauge>;

struct Collector {
    /// One sample at a time.
    turn: Semaphore,
    waiting: Gauge,
    points: Counter,
}

/// Serves samples until the process is told to end.
pub(crate) async fn serve(listen: SocketAddr, otlp: Option<&str>) -> Result<(), Box<dyn std::error::Error>> {
    let telemetry = crate::telemetry("otel-collector", otlp)?;
    let faults = Arc::new(Faults::of(&[Part::Collector]));
    let (queue, capacity) = (Exporter::default(), Exporter::default());
    let to_controller = [("exporter", "controller")];
    capacity.get_or_create(&to_controller).set(MAX_WAITING);
    let waiting = queue.get_or_create(&to_controller).clone();
    let (points, clock) = (Counter::default(), Gauge::<f64, AtomicU64>::default());
    let metrics = telemetry.metrics();
    metrics.register("otelcol_exporter_queue_size", "Requests for a sample that wait", queue);
    metrics.register("otelcol_exporter_queue_capacity", "Requests for a sample that may wait", capacity);
    metrics.register("otelcol_receiver_accepted_metric_points_total", "Values of processes that were read", points.clone());
    metrics.register("node_time_seconds", "The clock of this process, in seconds since 1970", clock.clone());
    let collector = Arc::new(Collector { turn: Semaphore::new(1), waiting, points });
    let own = Router::new().route("/sample", get(sample)).with_state(collector);
    let router = service::router(&telemetry, &faults, own);
    let (listener, _) = service::bind(listen).await?;
    tokio::spawn(tell_time(Arc::clone(&faults), clock));
    tokio::spawn(acts::run(faults, Acts::default()));
    service::serve(listener, router).await
}

async fn sample(State(collector): State<Arc<Collector>>) -> Response {
    if collector.waiting.inc() >= MAX_WAITING {
        collector.waiting.dec();
        return (StatusCode::SERVICE_UNAVAILABLE, "too many wait for a sample\n").into_response();
    }
    let turn = collector.turn.acquire().await;
    collector.waiting.dec();
    let read = tokio::task::spawn_blocking(pipelines::read).await.map_err(std::io::Error::other).flatten();
    drop(turn);
    match read {
        Ok(processes) => {
            collector.points.inc_by((processes.len() * METRICS) as u64);
            Json(processes).into_response()
        }
        Err(error) => {
            tracing::error!(%error, "/proc can't be read");
            (StatusCode::INTERNAL_SERVER_ERROR, format!("/proc can't be read: {error}\n")).into_response()
        }
    }
}

/// Keeps the gauge of the clock.
#[expect(clippy::disallowed_methods, reason = "a service of one's own has no simulated clock")]
async fn tell_time(faults: Arc<Faults>, clock: Gauge<f64, AtomicU64>) {
    let mut ticks = tokio::time::interval(Duration::from_millis(200));
    loop {
        ticks.tick().await;
        let skew = if faults.is_on(Fault::ClockSkew) { SKEW } else { Duration::ZERO };
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        clock.set((now + skew).as_secs_f64());
    }
}
