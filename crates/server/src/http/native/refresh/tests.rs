//! Requests of dashboards over an engine that waits when it is told to.

use super::Refresh;
use crate::http::loki::tests::memory::MemoryLogs;
use crate::query_pool::{QueryPlaces, QueryPoolLimits};
use axum::Router;
use axum::body::{Body, BodyDataStream, Bytes, to_bytes};
use axum::extract::State;
use axum::http::{Request, header};
use axum::routing::post;
use flate2::write::GzDecoder;
use futures_util::StreamExt;
use parking_lot::{Condvar, Mutex};
use phoenix_dashboard::refresh::{Engines, Refresher, RefresherOptions};
use phoenix_engine::{EmbeddedTraces, MetricsEngine, QueryError, QueryLimits, WriteBatch, WriteError, WriteOutcome};
use phoenix_env::objects::FolderObjects;
use phoenix_env::{RealClock, RealDisk};
use phoenix_lake::{LakeOptions, TraceLake};
use phoenix_model::{Exemplar, Labels, Matcher, Sample, SeriesSamples};
use phoenix_query::{MatrixSeries, QueryOutput, Value};
use prometheus_client::registry::Registry;
use serde_json::{Value as Json, json};
use std::collections::HashSet;
use std::io::Write;
use std::sync::Arc;
use std::time::Duration;
use tower::ServiceExt;

/// An engine that answers `slow…` when its gate is open, and anything else at once.
#[derive(Default)]
struct Gated {
    state: Mutex<GateState>,
    changed: Condvar,
}

#[derive(Default)]
struct GateState {
    open: HashSet<String>,
    /// Queries in the order in which they began.
    begun: Vec<String>,
    running: usize,
    most_running: usize,
    cancelled: usize,
}

impl Gated {
    fn open(&self, query: &str) {
        self.state.lock().open.insert(query.to_owned());
        self.changed.notify_all();
    }

    /// Waits until something holds; a hang is the test's failure.
    async fn until(self: &Arc<Self>, holds: impl Fn(&GateState) -> bool + Send + 'static) {
        let this = Arc::clone(self);
        let waited = tokio::task::spawn_blocking(move || {
            let mut state = this.state.lock();
            while !holds(&state) {
                this.changed.wait(&mut state);
            }
        });
        waited.await.unwrap();
    }
}

impl MetricsEngine for Gated {
    fn instant(&self, query: &str, _: i64, _: &QueryLimits) -> Result<QueryOutput, QueryError> {
        Err(QueryError::Execution(format!("`{query}` does not work")))
    }

    fn range(&self, query: &str, start_ms: i64, _: i64, _: i64, limits: &QueryLimits) -> Result<QueryOutput, QueryError> {
        let mut state = self.state.lock();
        state.begun.push(query.to_owned());
        state.running += 1;
        state.most_running = state.most_running.max(state.running);
        self.changed.notify_all();
        let mut cancelled = false;
        while query.starts_with("slow") && !state.open.contains(query) && !cancelled {
            // A flag tells of no change, so it is looked at now and then, as engines do.
            self.changed.wait_for(&mut state, Duration::from_millis(1));
            cancelled = limits.cancelled.is_cancelled();
        }
        state.running -= 1;
        state.cancelled += usize::from(cancelled);
        self.changed.notify_all();
        if cancelled {
            return Err(QueryError::Cancelled);
        }
        let series = MatrixSeries::floats(Labels::from_pairs([("q", query)]), vec![Sample { timestamp_ms: start_ms, value: 1.5 }]);
        Ok(QueryOutput { value: Value::Matrix(vec![series]), annotations: Vec::new() })
    }

    fn select(&self, _: &[Matcher], _: i64, _: i64, _: &QueryLimits) -> Result<Vec<SeriesSamples>, QueryError> {
        Ok(Vec::new())
    }

    fn series(&self, _: &[Vec<Matcher>], _: i64, _: i64, _: usize) -> Result<(Vec<Labels>, bool), QueryError> {
        Ok((Vec::new(), false))
    }

    fn label_names(&self, _: &[Vec<Matcher>], _: i64, _: i64, _: usize) -> Result<(Vec<String>, bool), QueryError> {
        Ok((Vec::new(), false))
    }

    fn label_values(&self, _: &str, _: &[Vec<Matcher>], _: i64, _: i64, _: usize) -> Result<(Vec<String>, bool), QueryError> {
        Ok((Vec::new(), false))
    }

    fn exemplars(&self, _: &[Vec<Matcher>], _: i64, _: i64) -> Result<Vec<(Labels, Vec<Exemplar>)>, QueryError> {
        Ok(Vec::new())
    }

    fn write(&self, _: &WriteBatch) -> Result<WriteOutcome, WriteError> {
        Err(WriteError::Storage("not here".to_owned()))
    }
}

struct House {
    engine: Arc<Gated>,
    app: Router,
    _folder: tempfile::TempDir,
}

fn house(concurrency: usize, waiting: usize) -> House {
    let folder = tempfile::tempdir().unwrap();
    let clock = RealClock::shared();
    let disk = RealDisk::shared();
    let objects = Arc::new(FolderObjects::open(Arc::clone(&disk), folder.path().join("objects")).unwrap());
    let mut registry = Registry::default();
    let store =
        TraceLake::open(LakeOptions::traces(folder.path().join("traces")), disk, objects, Arc::clone(&clock), &mut registry).unwrap();
    let engine = Arc::new(Gated::default());
    let limits = QueryPoolLimits {
        concurrency,
        waiting,
        timeout: Duration::from_mins(1),
        max_samples: 100_000,
        query_bytes: 64 << 20,
        total_bytes: 64 << 20,
        lookback: Duration::from_mins(5),
        log_bytes: 1 << 30,
        log_series: 500,
    };
    let places = QueryPlaces::new(Arc::clone(&clock), limits, &mut registry);
    let engines = Engines {
        metrics: engine.clone(),
        logs: Arc::new(MemoryLogs::default()),
        traces: Arc::new(EmbeddedTraces::new(Arc::new(store), 1)),
        text_of: crate::http::tempo::text_of,
    };
    let options = RefresherOptions { engines, default_step: Duration::from_mins(1), cache_bytes: 1 << 20, clock };
    let refresh = Refresh::new(Refresher::new(options, &mut registry), places, 5_000);
    let app = Router::new()
        .route("/query", post(|State(refresh): State<Refresh>, body: Bytes| async move { refresh.answer(body).await }))
        .layer(tower_http::compression::CompressionLayer::new().gzip(true))
        .with_state(refresh);
    House { engine, app, _folder: folder }
}

fn range(id: &str, query: &str) -> Json {
    json!({"id": id, "language": "promql", "kind": "range", "query": query, "from_ms": 0, "to_ms": 60_000, "step_ms": 15_000})
}

impl House {
    async fn post(&self, body: &Json, encoding: &str) -> (u16, Body) {
        let request = Request::post("/query").header(header::ACCEPT_ENCODING, encoding).body(Body::from(body.to_string())).unwrap();
        let response = self.app.clone().oneshot(request).await.unwrap();
        (response.status().as_u16(), response.into_body())
    }

    /// The lines of an answer as they come, and whether it was whole.
    async fn lines(&self, queries: &[Json]) -> Vec<Json> {
        let (status, body) = self.post(&json!({"queries": queries}), "identity").await;
        assert_eq!(status, 200);
        let text = String::from_utf8(to_bytes(body, 1 << 20).await.unwrap().to_vec()).unwrap();
        let mut lines: Vec<Json> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines.pop(), Some(json!({"done": true})));
        lines
    }
}

/// Reads until a whole line is there.
async fn first_line(stream: &mut BodyDataStream, gzip: bool) -> Json {
    let mut decoder = GzDecoder::new(Vec::new());
    let mut plain = Vec::new();
    loop {
        let piece = stream.next().await.expect("a line comes before the end").unwrap();
        if gzip {
            decoder.write_all(&piece).unwrap();
            decoder.flush().unwrap();
            plain.clone_from(decoder.get_ref());
        } else {
            plain.extend_from_slice(&piece);
        }
        if let Some(end) = plain.iter().position(|byte| *byte == b'\n') {
            return serde_json::from_slice(&plain[..end]).unwrap();
        }
    }
}

#[tokio::test]
async fn a_line_is_sent_as_soon_as_its_query_is_done() {
    for encoding in ["identity", "gzip"] {
        let house = house(4, 4);
        let (status, body) = house.post(&json!({"queries": [range("1/A", "slow"), range("2/A", "quick")]}), encoding).await;
        assert_eq!(status, 200);
        let mut stream = body.into_data_stream();
        // The gate is closed: only an answer that does not wait for the first query gets past this.
        let line = first_line(&mut stream, encoding == "gzip").await;
        assert_eq!(line["ids"], json!(["2/A"]), "{encoding}");
        assert_eq!(line["series"], json!([{"labels": {"q": "quick"}, "values": [1.5, null, null, null, null]}]));
        house.engine.open("slow");
        while stream.next().await.is_some() {}
    }
}

#[tokio::test]
async fn the_same_query_runs_once() {
    let house = house(4, 4);
    let queries = [range("1/A", "sum(rate(x[5m]))by(job)"), range("2/A", "y"), range("3/B", "sum by (job) (rate(x[5m]))")];
    let mut lines = house.lines(&queries).await;
    lines.sort_by_key(|line| line["ids"].to_string());
    assert_eq!(lines.iter().map(|line| line["ids"].clone()).collect::<Vec<_>>(), [json!(["1/A", "3/B"]), json!(["2/A"])]);
    assert_eq!(house.engine.state.lock().begun.len(), 2);
}

#[tokio::test]
async fn who_asks_the_same_meanwhile_waits_for_the_same_answer() {
    let house = house(4, 4);
    let body = json!({"queries": [range("1/A", "slow")]});
    let (_, leader) = house.post(&body, "identity").await;
    let (_, follower) = house.post(&body, "identity").await;
    let (mut leader, mut follower) = (leader.into_data_stream(), follower.into_data_stream());
    tokio::select! {
        biased;
        _ = leader.next() => panic!("the gate is closed"),
        _ = follower.next() => panic!("the gate is closed"),
        () = house.engine.until(|state| state.running == 1) => {}
    }
    // The one that began it goes away.
    drop(leader);
    house.engine.open("slow");
    assert_eq!(first_line(&mut follower, false).await["series"][0]["values"][0], json!(1.5));
    {
        let state = house.engine.state.lock();
        assert_eq!((state.begun.len(), state.cancelled), (1, 0));
    }
    // What is asked later is evaluated anew.
    assert_eq!(house.lines(&[range("1/A", "slow")]).await.len(), 1);
    assert_eq!(house.engine.state.lock().begun.len(), 2);
}

#[tokio::test]
async fn a_client_that_goes_away_ends_its_queries() {
    let house = house(4, 4);
    let (_, body) = house.post(&json!({"queries": [range("1/A", "slow")]}), "identity").await;
    let mut stream = body.into_data_stream();
    tokio::select! {
        biased;
        _ = stream.next() => panic!("the gate is closed"),
        () = house.engine.until(|state| state.running == 1) => {}
    }
    drop(stream);
    house.engine.until(|state| state.cancelled == 1 && state.running == 0).await;
}

#[tokio::test]
async fn a_dashboard_leaves_places_to_others_and_goes_in_order() {
    let house = house(4, 0);
    let names: Vec<String> = (0..20).map(|i| format!("q{i}")).collect();
    let queries: Vec<Json> = names.iter().map(|name| range(name, name)).collect();
    assert_eq!(house.lines(&queries).await.len(), 20, "none is refused, though there are four places");
    let state = house.engine.state.lock();
    assert!(state.most_running <= 2, "{}", state.most_running);
    let place = |name: &String| names.iter().position(|n| n == name).unwrap();
    // Two at a time: no query begins before one that stands two places before it.
    assert!(state.begun.windows(3).all(|three| place(&three[0]) < place(&three[2])), "{:?}", state.begun);
}

#[tokio::test]
async fn what_is_wrong_with_one_query_is_its_own_line() {
    let house = house(4, 4);
    let mut broken = range("5", "x");
    broken["step_ms"] = json!(0);
    let queries = [
        range("1", "sum(rate("),
        json!({"id": "2", "language": "promql", "kind": "instant", "query": "x", "to_ms": 1}),
        json!({"id": "3", "language": "sql", "kind": "instant", "query": "x", "to_ms": 1}),
        json!({"id": "4", "language": "promql", "kind": "logs", "query": "x", "from_ms": 1, "to_ms": 1}),
        broken,
        range("6", "x"),
        json!({"id": "7", "language": "traceql", "kind": "trace", "query": "1f"}),
    ];
    let mut lines = house.lines(&queries).await;
    lines.sort_by_key(|line| line["ids"].to_string());
    let told: Vec<(String, String)> = lines
        .iter()
        .map(|line| {
            (line["error"]["type"].as_str().unwrap_or("none").to_owned(), line["error"]["message"].as_str().unwrap_or("").to_owned())
        })
        .collect();
    assert_eq!(lines[0]["error"]["diagnostics"][0]["column"], json!(10), "{}", lines[0]);
    let kinds: Vec<&str> = told.iter().map(|(kind, _)| kind.as_str()).collect();
    assert_eq!(kinds, ["bad_data", "execution", "bad_data", "bad_data", "bad_data", "none", "execution"], "{told:?}");
    assert_eq!(told[1].1, "`x` does not work");
    assert!(told[6].1.contains("no trace `1f`"), "{told:?}");
}

#[tokio::test]
async fn requests_are_bounded() {
    let house = house(1, 0);
    let many: Vec<Json> = (0..501).map(|i| range(&i.to_string(), "x")).collect();
    for (body, want) in [
        (json!({"queries": many}), "501 queries in one request, the limit is 500"),
        (json!({"query": []}), "the body is not a request"),
        (json!({"queries": [range(&"x".repeat(300), "x")]}), "the limit is 256"),
    ] {
        let (status, body) = house.post(&body, "identity").await;
        let text = String::from_utf8(to_bytes(body, 1 << 20).await.unwrap().to_vec()).unwrap();
        assert_eq!(status, 400);
        assert!(text.contains(want), "{text}");
    }
    // The one place is taken: the query of another dashboard is refused, and says so in its line.
    let (_, body) = house.post(&json!({"queries": [range("1", "slow")]}), "identity").await;
    let mut stream = body.into_data_stream();
    tokio::select! {
        biased;
        _ = stream.next() => panic!("the gate is closed"),
        () = house.engine.until(|state| state.running == 1) => {}
    }
    let lines = house.lines(&[range("1", "x")]).await;
    assert_eq!(lines[0]["error"]["type"], json!("too_many"), "{lines:?}");
    house.engine.open("slow");
}
