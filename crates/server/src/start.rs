//! The wiring: opens every room in its order, and ends them in the opposite one.

use crate::annotations::Annotations;
use crate::blind::Blindness;
use crate::collection::Collection;
use crate::config::{Limits, Overrides};
use crate::current::Current;
use crate::dashboards::Library;
use crate::demo::Demo;
use crate::events::{Event, Events};
use crate::findings::{self, Findings};
use crate::http::bodies::Bodies;
use crate::http::loki::{Loki, LokiState, PushDoor};
use crate::http::native::refresh::Refresh;
use crate::http::otlp::OtlpDoor;
use crate::http::tempo::{Tempo, TempoState, text_of as text_of_static};
use crate::http::{Api, ApiState, router};
use crate::log_store;
use crate::otlp::{Bound, bind, serve as serve_otlp, taken};
use crate::own_logs::OwnLogs;
use crate::pager::TransportPager;
use crate::query_pool::{QueryPlaces, QueryPool, QueryPoolLimits};
use crate::reload::Reloader;
use crate::rule_doors::{LogRules, RelabelledAlerts, StateOfRules, TraceRules};
use crate::runtimes::{PUSHES, Runtimes};
use crate::shutdown::Shutdown;
use crate::trace_store;
use phoenix_alert::Alerting;
use phoenix_dashboard::refresh::{Engines, Refresher, RefresherOptions};
use phoenix_engine::{EmbeddedMetrics, LogsEngine, MetricsEngine, QueryLimits, TracesEngine};
use phoenix_env::{SharedClock, SharedDisk};
use phoenix_incident::Incidents;
use phoenix_ingest::host::Host;
use phoenix_ingest::otlp::OtlpReceiver;
use phoenix_ingest::push::LogReceiver;
use phoenix_ingest::remote_write::{Receiver, ReceiverLimits};
use phoenix_ingest::scrape::{ActiveTarget, ScrapeLimits, Scraper, ScraperOptions};
use phoenix_ingest::traces::{MetricsGenerator, SamplingBuffer, TraceReceiver};
use phoenix_lake::{Lake, TraceLake};
use phoenix_model::{Budget, Diagnostic};
use phoenix_probe::Probes;
use phoenix_rules::{Doors, RuleMetrics, Scheduler};
use phoenix_state::State;
use phoenix_tsdb::{Tsdb, TsdbError, TsdbOptions};
use prometheus_client::registry::Registry;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// How often the store is asked whether there is work on disk.
const MAINTENANCE_INTERVAL: Duration = Duration::from_secs(5);

/// How long the end waits for evaluations of rules that are running.
const RULES_GRACE: Duration = Duration::from_secs(5);

/// What to run.
#[derive(Default, Clone)]
pub struct ServeOptions {
    /// `phoenix.yaml` or a Prometheus config; nothing watches this machine.
    pub config: Option<PathBuf>,
    /// Wins over the file.
    pub data_dir: Option<PathBuf>,
    /// Wins over the file.
    pub listen: Option<SocketAddr>,
    /// The demo around it, if there is one.
    pub demo: Option<Arc<dyn Demo>>,
    /// Where changes are published; the demo publishes there too.
    pub events: Events,
    /// What Phoenix logs, to be kept among the logs.
    pub own_logs: Option<OwnLogs>,
}

/// Why Phoenix can't start.
#[derive(Debug, Default)]
pub struct StartError {
    /// What failed.
    pub message: String,
    /// Why, outermost first.
    pub causes: Vec<String>,
    /// What to do.
    pub hint: Option<String>,
    /// What is wrong with the configuration.
    pub diagnostics: Vec<Diagnostic>,
}

impl StartError {
    pub(crate) fn new(message: impl Into<String>, cause: impl std::fmt::Display) -> Self {
        Self { message: message.into(), causes: vec![cause.to_string()], ..Self::default() }
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// The rooms, for the API.
#[derive(Clone)]
pub struct Parts {
    pub(crate) store: Arc<Tsdb>,
    pub(crate) engine: Arc<dyn MetricsEngine>,
    pub(crate) state: State,
    pub(crate) scraper: Arc<Scraper>,
    pub(crate) rules: Arc<Scheduler>,
    pub(crate) alert_relabelling: Arc<RelabelledAlerts>,
    pub(crate) alerting: Alerting,
    pub(crate) incidents: Incidents,
    pub(crate) host: Arc<Host>,
    pub(crate) remote_write: Arc<Receiver>,
    pub(crate) logs: LogParts,
    pub(crate) traces: TraceParts,
    pub(crate) dashboards: Arc<Library>,
    pub(crate) annotations: Arc<Annotations>,
}

/// The rooms of traces, for the API.
#[derive(Clone)]
pub struct TraceParts {
    pub(crate) store: Arc<TraceLake>,
    pub(crate) engine: Arc<dyn TracesEngine>,
    /// The one gate for spans of every protocol.
    pub(crate) receiver: Arc<TraceReceiver>,
    /// Where traces wait until it is decided whether they are kept.
    pub(crate) buffer: Arc<SamplingBuffer>,
    /// Makes metrics of spans.
    pub(crate) generator: Arc<MetricsGenerator>,
}

/// The rooms of logs, for the API.
#[derive(Clone)]
pub struct LogParts {
    pub(crate) store: Arc<Lake>,
    pub(crate) engine: Arc<dyn LogsEngine>,
    /// The one gate for entries of every origin.
    pub(crate) receiver: Arc<LogReceiver>,
    /// Takes OTLP's requests.
    pub(crate) otlp: Arc<OtlpReceiver>,
    /// What Phoenix collects itself.
    pub(crate) collection: Arc<Collection>,
}

/// A running Phoenix.
pub struct Server {
    runtimes: Runtimes,
    api: Api,
    address: SocketAddr,
    shutdown: Shutdown,
    served: tokio::task::JoinHandle<()>,
    otlp_served: Vec<tokio::task::JoinHandle<()>>,
    own_logs: Option<OwnLogs>,
    paging: Vec<tokio::task::JoinHandle<()>>,
    store_threads: Vec<std::thread::JoinHandle<()>>,
}

impl Server {
    /// Starts everything. When it returns, requests are answered.
    #[expect(clippy::needless_pass_by_value, reason = "the server keeps its own handles on time and disk")]
    pub fn start(options: ServeOptions, clock: SharedClock, disk: SharedDisk) -> Result<Self, StartError> {
        let overrides = Overrides { listen: options.listen, data_dir: options.data_dir.clone() };
        let current = Current::read(options.config.as_deref(), &overrides, &disk).map_err(|diagnostics| StartError {
            message: format!("the configuration {} can't be used", options.config.as_deref().unwrap_or(Path::new("")).display()),
            diagnostics,
            ..StartError::default()
        })?;
        for warning in &current.warnings {
            tracing::warn!("{}", warning.to_string().lines().next().unwrap_or_default());
        }
        let limits = current.settings.limits.clone();
        let runtimes = Runtimes::start(limits.query_concurrency).map_err(|e| StartError::new("cannot start threads", e))?;
        let listen = current.settings.listen;
        let listener = runtimes.api().block_on(tokio::net::TcpListener::bind(listen)).map_err(|e| {
            StartError::new(format!("cannot listen on {listen}"), e)
                .hint("another program may have the port: choose one with --listen HOST:PORT or `listen:` in phoenix.yaml")
        })?;
        let otlp = &current.settings.otlp;
        let otlp_grpc = runtimes.api().block_on(bind("otlp.grpc", otlp.grpc)).map_err(|e| taken("otlp.grpc", &e))?;
        let otlp_http = runtimes.api().block_on(bind("otlp.http", otlp.http)).map_err(|e| taken("otlp.http", &e))?;
        let not_listening: Vec<String> = [&otlp_grpc, &otlp_http].into_iter().filter_map(Bound::problem).collect();
        for problem in &not_listening {
            tracing::warn!("{problem}");
        }
        let address = listener.local_addr().map_err(|e| StartError::new("cannot listen", e))?;
        let data_dir = current.settings.data_dir.clone();
        let shutdown = Shutdown::default();
        let mut registry = Registry::default();
        let memory = memory_bytes(limits.memory_bytes, disk.as_ref());

        let Opened { parts, driver } =
            runtimes.paging().block_on(open(&current, &clock, &disk, &runtimes, &options.events, memory, &mut registry))?;
        let places = QueryPlaces::new(
            Arc::clone(&clock),
            QueryPoolLimits {
                concurrency: limits.query_concurrency,
                waiting: limits.query_waiting,
                timeout: limits.query_timeout,
                max_samples: limits.query_max_samples,
                query_bytes: limits.query_memory_bytes,
                // Half of the process, with what is known of dashboards' queries: the other half is for the head, caches, bodies and paging.
                total_bytes: memory / 2 - memory / 16,
                lookback: limits.query_lookback,
                log_bytes: limits.query_max_log_bytes,
                log_series: limits.query_max_log_series,
            },
            &mut registry,
        );
        let queries = QueryPool::new(Arc::clone(&parts.engine), places.clone());
        let refresh = refresh(&parts, places.clone(), &current, memory, &clock, &mut registry);
        register_build_info(&mut registry);
        if let Some(own) = &options.own_logs {
            own.register(&mut registry);
        }
        let reloader = Arc::new(Reloader::new(
            options.config.clone(),
            overrides,
            current,
            parts.clone(),
            clock.clone(),
            disk.clone(),
            options.events.clone(),
            &mut registry,
        ));
        let api = Api::new(ApiState {
            clock: clock.clone(),
            disk: disk.clone(),
            findings: Findings::default(),
            queries,
            refresh,
            probes: Probes::new(Arc::default(), clock.clone(), disk.clone()),
            paging: runtimes.paging().clone(),
            dashboard_bodies: Bodies::of_dashboards(Arc::clone(&clock), memory / 16),
            parts: parts.clone(),
            reloader: Arc::clone(&reloader),
            events: options.events.clone(),
            demo: options.demo,
            registry: parking_lot::Mutex::new(registry),
            shutdown: shutdown.clone(),
            started_at_ms: clock.now_ms(),
            data_dir,
            not_listening,
        });

        runtimes.api().spawn(Arc::clone(&parts.dashboards).watch(shutdown.clone()));
        runtimes.api().spawn(Arc::clone(&parts.dashboards).recount(shutdown.clone()));
        runtimes.api().spawn(findings::watch(api.clone(), shutdown.clone()));
        let bodies = Bodies::new(Arc::clone(&clock), limits.body_size_bytes, memory / 8, PUSHES);
        let otlp = OtlpDoor { receiver: Arc::clone(&parts.logs.otlp), traces: Arc::clone(&parts.traces.receiver), bodies: bodies.clone() };
        let tempo = Tempo::new(TempoState { engine: Arc::clone(&parts.traces.engine), places: places.clone(), clock: clock.clone() });
        let loki = loki(&parts, parts.logs.clone(), &bodies, places, &clock, &shutdown, &limits);
        let end = shutdown.clone();
        let app = router(api.clone(), loki, tempo, otlp.clone());
        let served = runtimes.api().spawn(async move {
            let served = axum::serve(listener, app).with_graceful_shutdown(async move { end.wait().await });
            if let Err(error) = served.await {
                tracing::error!(%error, "the HTTP server ended");
            }
        });
        let otlp_served = serve_otlp(&runtimes, &api, otlp_grpc, otlp_http, &otlp, limits.body_size_bytes);
        let (end_alerting, end_incidents) = (shutdown.clone(), shutdown.clone());
        let alerting = parts.alerting.clone();
        let paging = vec![
            runtimes.paging().spawn(async move { alerting.run(async move { end_alerting.wait().await }).await }),
            runtimes.paging().spawn(driver.run(async move { end_incidents.wait().await })),
            runtimes.paging().spawn(publish_changes(parts.clone(), options.events, shutdown.clone(), clock.clone())),
        ];
        if let Some(own) = &options.own_logs {
            runtimes.paging().spawn(own.clone().run(Arc::clone(&parts.logs.receiver), shutdown.clone()));
        }
        reloader.put_in_force().map_err(|e| StartError::new("the configuration can't be put in force", e))?;
        let store_threads = vec![
            maintain(&parts, &runtimes, &clock, &shutdown)?,
            log_store::maintain(&parts.logs.store, &shutdown)?,
            trace_store::maintain(&parts.traces.store, &shutdown)?,
            trace_store::decide(&parts.traces, &clock, runtimes.paging(), &shutdown)?,
        ];
        let collection = api.reloader.current().collection.clone();
        runtimes.api().block_on(parts.logs.collection.apply(collection)).map_err(|e| StartError::new("cannot collect logs", e))?;
        let server = Self { runtimes, api, address, shutdown, served, otlp_served, own_logs: options.own_logs, paging, store_threads };
        tracing::info!(version = env!("CARGO_PKG_VERSION"), url = server.url(), data_dir = %server.data_dir().display(), "Phoenix is ready");
        Ok(server)
    }

    /// Where it listens, as a URL.
    pub fn url(&self) -> String {
        let mut address = self.address;
        if address.ip().is_unspecified() {
            address.set_ip(std::net::Ipv4Addr::LOCALHOST.into());
        }
        format!("http://{address}")
    }

    /// Where everything is kept.
    pub fn data_dir(&self) -> &Path {
        &self.api.data_dir
    }

    /// Runs until SIGINT or SIGTERM; SIGHUP reloads. Then ends everything in order.
    pub fn run_until_signal(self) {
        let reloader = Arc::clone(&self.api.reloader);
        self.runtimes.api().block_on(async move {
            use tokio::signal::unix::{SignalKind, signal};
            let listen = |kind| signal(kind).expect("signal handlers can be installed");
            let (mut interrupt, mut terminate, mut hangup) =
                (listen(SignalKind::interrupt()), listen(SignalKind::terminate()), listen(SignalKind::hangup()));
            loop {
                tokio::select! {
                    _ = interrupt.recv() => return,
                    _ = terminate.recv() => return,
                    _ = hangup.recv() => {
                        if let Err(diagnostics) = reloader.reload().await {
                            for diagnostic in diagnostics {
                                tracing::error!("{diagnostic}");
                            }
                        }
                    }
                }
            }
        });
        self.stop();
    }

    /// Ends everything in order: nothing acknowledged is lost, and a restart goes on.
    pub fn stop(mut self) {
        tracing::info!("Phoenix ends");
        let parts = self.api.parts.clone();
        // Rules come first: they must not see targets end, their alerts are to be told, and their state is to be saved.
        parts.rules.stop(RULES_GRACE);
        self.shutdown.begin();
        self.runtimes.paging().block_on(async {
            parts.scraper.shutdown().await;
            for task in self.paging {
                let _ = task.await;
            }
        });
        // Event streams end with the signal; anything slower is cut off with the runtime.
        self.served.abort();
        for task in &self.otlp_served {
            task.abort();
        }
        self.runtimes.api().block_on(parts.logs.collection.stop());
        if let Some(own) = &self.own_logs {
            own.store(&parts.logs.receiver);
        }
        if let Err(error) = parts.logs.store.close() {
            tracing::error!(%error, "the store of logs could not be closed cleanly; its log will be replayed");
        }
        trace_store::close(&parts.traces);
        for thread in self.store_threads.drain(..) {
            let _ = thread.join();
        }
        if let Err(error) = parts.store.shutdown() {
            tracing::error!(%error, "the metrics store could not be closed cleanly; its log will be replayed");
        }
        self.runtimes.paging().block_on(parts.state.close());
        self.runtimes.end();
    }
}

/// What answers the queries of dashboards.
fn refresh(parts: &Parts, places: QueryPlaces, current: &Current, memory: u64, clock: &SharedClock, registry: &mut Registry) -> Refresh {
    let engines = Engines {
        metrics: Arc::clone(&parts.engine),
        logs: Arc::clone(&parts.logs.engine),
        traces: Arc::clone(&parts.traces.engine),
        text_of: text_of_static,
    };
    let options = RefresherOptions {
        engines,
        default_step: current.prometheus.global.evaluation_interval,
        cache_bytes: memory / 16,
        clock: Arc::clone(clock),
    };
    Refresh::new(Refresher::new(options, registry), places, current.settings.limits.query_max_log_entries)
}

/// Loki's API over the store of logs.
fn loki(
    parts: &Parts,
    logs: LogParts,
    bodies: &Bodies,
    places: QueryPlaces,
    clock: &SharedClock,
    shutdown: &Shutdown,
    limits: &Limits,
) -> Loki {
    let rules = Arc::clone(&parts.rules);
    Loki::new(LokiState {
        engine: logs.engine,
        push: PushDoor { receiver: logs.receiver, bodies: bodies.clone() },
        places,
        clock: Arc::clone(clock),
        shutdown: shutdown.clone(),
        rules: Box::new(move || rules.status()),
        max_entries: limits.query_max_log_entries,
        max_tails: limits.log_tails,
        tails: Arc::new(tokio::sync::Semaphore::new(limits.log_tails)),
        tenant_told: AtomicBool::new(false),
    })
}

struct Opened {
    parts: Parts,
    driver: phoenix_incident::Driver,
}

async fn open(
    current: &Current,
    clock: &SharedClock,
    disk: &SharedDisk,
    runtimes: &Runtimes,
    events: &Events,
    memory: u64,
    registry: &mut Registry,
) -> Result<Opened, StartError> {
    let settings = &current.settings;
    let data_dir = &settings.data_dir;
    disk.create_dir_all(data_dir).map_err(|e| StartError::new(format!("cannot use the data folder {}", data_dir.display()), e))?;
    let defaults = TsdbOptions::new(data_dir.join("metrics"));
    let store_options = TsdbOptions {
        max_exemplars: current.prometheus.max_exemplars.unwrap_or(defaults.max_exemplars),
        retention: current.retention(),
        retention_bytes: current.loaded.retention_size_bytes(),
        max_series: settings.limits.series,
        head_memory_bytes: memory / 8,
        cache_bytes: memory / 16,
        ..defaults
    };
    let store = Tsdb::open(store_options, disk.clone(), clock.clone(), registry).map_err(|e| {
        let hint = match &e {
            TsdbError::DiskFull(_) => Some("make room on the disk of the data folder"),
            TsdbError::Disk(_) => Some("check that the data folder can be written by this user"),
            _ => None,
        };
        StartError { hint: hint.map(str::to_owned), ..StartError::new("cannot open the metrics store", e) }
    })?;
    let in_folder = data_dir.join("state.db").display().to_string();
    let state = State::open(settings.state_url.as_ref().map_or(in_folder.as_str(), |url| url.expose()))
        .await
        .map_err(|e| StartError::new("cannot open the state store", e))?;
    let engine: Arc<dyn MetricsEngine> = Arc::new(EmbeddedMetrics::new(Arc::clone(&store), current.prometheus.global.evaluation_interval));
    let external_url = settings.external_url.to_string();

    let pager = Arc::new(TransportPager::default());
    let on_call = current.on_call.clone().unwrap_or_default();
    let (incidents, driver) = Incidents::open(state.clone(), on_call, &external_url, pager.clone(), clock.clone(), registry)
        .await
        .map_err(|e| StartError::new("cannot open incidents", e))?;
    let alerting = Alerting::open(
        phoenix_alert::alerting::Parts {
            clock: clock.clone(),
            disk: disk.clone(),
            state: state.clone(),
            config: current.alerting.clone(),
            external_url: external_url.clone(),
            replica: "phoenix".to_owned(),
            seed: clock.now_ms().cast_unsigned(),
            limits: phoenix_alert::Limits::default(),
            observers: vec![Arc::new(incidents.clone())],
        },
        registry,
    )
    .await
    .map_err(|e| StartError::new("cannot open alerting", e))?;
    pager.connect(alerting.clone());

    let alert_relabelling = Arc::new(RelabelledAlerts::new(alerting.sink()));
    let metrics = RuleMetrics::default();
    metrics.register(registry);
    let logs = log_store::open(settings, &engine, clock, disk, runtimes.api(), registry)?;
    let traces = trace_store::open(current, &engine, memory / 16, clock, disk, registry)?;
    let doors = Doors {
        engine: Arc::clone(&engine),
        logs: Some(Arc::new(LogRules(Arc::clone(&logs.engine)))),
        traces: Some(Arc::new(TraceRules(Arc::clone(&traces.engine)))),
        sink: alert_relabelling.clone(),
        detections: None,
        store: Some(Arc::new(StateOfRules { state: state.clone(), clock: clock.clone(), runtime: runtimes.paging().clone() })),
        limits: QueryLimits {
            // Rules have memory of their own, which no query of a person can take.
            budget: Budget::new("limits.memory (share of rules)", memory / 8),
            max_samples: settings.limits.query_max_samples,
            lookback: settings.limits.query_lookback,
            max_log_bytes: settings.limits.query_max_log_bytes,
            max_log_series: settings.limits.query_max_log_series,
            ..QueryLimits::unlimited()
        },
        metrics,
    };
    let rules = Scheduler::start(doors, crate::reload::rule_options(current), clock.clone())
        .map_err(|e| StartError::new("cannot start the threads of rules", e))?;
    let scraper = Scraper::new(
        ScraperOptions {
            clock: clock.clone(),
            disk: disk.clone(),
            engine: Arc::clone(&engine),
            limits: scrape_limits(current, memory),
            runtime: runtimes.paging().clone(),
        },
        registry,
    );
    let host = Arc::new(Host::new(clock.clone(), disk.clone()));
    let limits = &settings.limits;
    let write_limits = ReceiverLimits {
        uncompressed_bytes: limits.body_size_bytes,
        labels: limits.labels_per_series as usize,
        label_name_bytes: limits.label_name_length as usize,
        label_value_bytes: limits.label_value_length as usize,
        ..ReceiverLimits::default()
    };
    let remote_write = Arc::new(Receiver::new(Arc::clone(&engine), write_limits, registry));
    let dashboards = Library::new(state.clone(), clock.clone(), disk.clone(), events.clone(), current.dashboards());
    let dashboards = Arc::new(dashboards);
    let annotations = Annotations::new(state.clone(), clock.clone(), events.clone(), Arc::clone(&dashboards), settings.limits.annotations);
    let parts = Parts {
        dashboards,
        annotations: Arc::new(annotations),
        store,
        engine,
        state,
        scraper: Arc::new(scraper),
        rules: Arc::new(rules),
        alert_relabelling,
        alerting,
        incidents,
        host,
        remote_write,
        logs,
        traces,
    };
    Ok(Opened { parts, driver })
}

fn scrape_limits(current: &Current, memory: u64) -> ScrapeLimits {
    let limits = &current.settings.limits;
    ScrapeLimits {
        body_bytes: limits.scrape_body_size_bytes,
        samples: limits.samples_per_scrape,
        targets: limits.targets_per_job,
        labels: limits.labels_per_series,
        label_name_bytes: limits.label_name_length,
        label_value_bytes: limits.label_value_length,
        bodies_in_flight_bytes: memory / 8,
        ..ScrapeLimits::default()
    }
}

/// The memory that the process may plan with: the limit in the config, or half of the machine's.
fn memory_bytes(configured: Option<u64>, disk: &dyn phoenix_env::Disk) -> u64 {
    configured.unwrap_or_else(|| {
        let read = |path: &str| disk.read(Path::new(path), 1 << 20).ok().and_then(|b| String::from_utf8(b).ok());
        let cgroup = read("/sys/fs/cgroup/memory.max").and_then(|text| text.trim().parse::<u64>().ok());
        let machine = read("/proc/meminfo").and_then(|text| {
            let line = text.lines().find(|line| line.starts_with("MemTotal:"))?;
            line.split_whitespace().nth(1)?.parse::<u64>().ok().map(|kib| kib * 1024)
        });
        cgroup.into_iter().chain(machine).min().unwrap_or(2 << 30) / 2
    })
}

fn maintain(
    parts: &Parts,
    runtimes: &Runtimes,
    clock: &SharedClock,
    shutdown: &Shutdown,
) -> Result<std::thread::JoinHandle<()>, StartError> {
    let (store, handle, clock, shutdown) = (Arc::clone(&parts.store), runtimes.paging().clone(), clock.clone(), shutdown.clone());
    std::thread::Builder::new()
        .name("phoenix-store".to_owned())
        .spawn(move || {
            while !shutdown.has_begun() {
                if let Err(error) = store.maintain() {
                    tracing::error!(%error, "the metrics store could not do its work on disk; it is tried again");
                }
                handle.block_on(async {
                    tokio::select! {
                        () = clock.sleep(MAINTENANCE_INTERVAL) => {}
                        () = shutdown.wait() => {}
                    }
                });
            }
        })
        .map_err(|e| StartError::new("cannot start the store's thread", e))
}

/// Tells views of changes in incidents as they happen, and once a second of what rules and targets did;
/// raises the alert about samples that cannot be stored.
async fn publish_changes(parts: Parts, events: Events, shutdown: Shutdown, clock: SharedClock) {
    let mut updates = parts.incidents.updates();
    let mut seen = (String::new(), String::new());
    let mut blindness = Blindness::default();
    loop {
        tokio::select! {
            () = shutdown.wait() => return,
            update = updates.recv() => match update {
                Ok(phoenix_incident::Update::Incident { incident, .. }) => events.publish(Event::Incident(incident.id.to_string())),
                Ok(phoenix_incident::Update::OnCall) | Err(tokio::sync::broadcast::error::RecvError::Lagged(_)) => events.publish(Event::Config),
                Err(tokio::sync::broadcast::error::RecvError::Closed) => return,
            },
            () = clock.sleep(Duration::from_secs(1)) => {
                let targets = parts.scraper.targets(None).active_targets;
                let error = targets.iter().find_map(|target| target.phoenix_write_error.as_deref());
                if let Some(alert) = blindness.look(error, clock.monotonic(), clock.now_ms()) {
                    parts.alerting.sink().send(vec![alert]);
                }
                let now = digest(&parts, &targets);
                if now.0 != seen.0 {
                    events.publish(Event::Targets);
                }
                if now.1 != seen.1 {
                    events.publish(Event::Alerts);
                    events.publish(Event::Rules);
                }
                seen = now;
            }
        }
    }
}

/// What views of targets and of alerts would show differently, as two texts to compare.
fn digest(parts: &Parts, active: &[ActiveTarget]) -> (String, String) {
    use std::fmt::Write;
    let (mut targets, mut alerts) = (String::new(), String::new());
    for target in active {
        let _ = write!(targets, "{}{:?};", target.scrape_url, target.health);
    }
    for rule in parts.rules.status().iter().flat_map(|group| &group.rules) {
        let _ = write!(alerts, "{}{};", rule.name, rule.health.as_str());
        for alert in rule.alerting.iter().flat_map(|alerting| &alerting.alerts) {
            let _ = write!(alerts, "{}{};", alert.labels, alert.state.as_str());
        }
    }
    (targets, alerts)
}

fn register_build_info(registry: &mut Registry) {
    use prometheus_client::metrics::info::Info;
    registry.register("phoenix_build", "The running version", Info::new([("version", env!("CARGO_PKG_VERSION"))]));
}
