//! Sending by OTLP over gRPC: one thread for all three signals, which never holds up the service.
//!
//! What is to be sent waits in queues with a limit. What finds its queue full, what nobody takes in time and what
//! is refused is dropped, and counted.

mod counts;
mod lane;
mod logs;
mod metrics;
mod spans;

pub(crate) use counts::Counts;
pub(crate) use logs::record as log_record;
pub(crate) use spans::QueueSpans;

use crate::error::TelemetryError;
use crate::metrics::Metrics;
use crate::settings::{Settings, Signal, Variables};
use lane::{Ask, Body, Lane};
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue, any_value};
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_sdk::trace::SpanData;
use prometheus_client::metrics::counter::Counter;
use std::sync::mpsc as std_mpsc;
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::sync::{mpsc, watch};
use tonic::metadata::{MetadataKey, MetadataMap, MetadataValue};
use tonic::transport::{Certificate, ClientTlsConfig};

/// Where a signal goes. The names are those of the variables, for errors.
#[derive(Debug, Clone)]
pub(crate) struct Endpoint {
    pub(crate) url: String,
    pub(crate) name: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) headers_name: String,
    pub(crate) timeout: Duration,
    pub(crate) is_compressed: bool,
    pub(crate) certificate: Option<String>,
    pub(crate) certificate_name: String,
}

/// Where a signal goes and how.
#[derive(Debug, Clone)]
pub(crate) struct PushSettings {
    pub(crate) endpoint: Endpoint,
    /// How many wait at most.
    pub(crate) queue: usize,
    /// How many go in one request at most.
    pub(crate) batch: usize,
    /// How long the first of a batch waits for others; how often metrics go.
    pub(crate) delay: Duration,
}

/// A queue with a limit. Putting something into it never waits.
#[derive(Debug, Clone)]
pub(crate) struct Queue<T> {
    sender: mpsc::Sender<T>,
    dropped: Counter,
}

impl<T> Queue<T> {
    fn new(length: usize, dropped: Counter) -> (Self, mpsc::Receiver<T>) {
        let (sender, receiver) = mpsc::channel(length);
        (Self { sender, dropped }, receiver)
    }

    pub(crate) fn push(&self, item: T) {
        if self.sender.try_send(item).is_err() {
            self.dropped.inc();
        }
    }
}

/// The thread that sends, and the ways to it.
#[derive(Debug)]
pub(crate) struct Push {
    pub(crate) spans: Option<Queue<SpanData>>,
    pub(crate) logs: Option<Queue<LogRecord>>,
    asks: watch::Sender<Ask>,
    done: parking_lot::Mutex<std_mpsc::Receiver<(u64, bool)>>,
    lanes: usize,
    thread: Option<JoinHandle<()>>,
}

impl Push {
    /// Starts the thread; `None` when nothing is to be sent.
    pub(crate) fn start(settings: &Settings, variables: &Variables, metrics: &Metrics) -> Result<Option<Self>, TelemetryError> {
        let counts = Counts::register(metrics);
        let (asks, asked) = watch::channel(Ask::default());
        let (done, is_done) = std_mpsc::sync_channel(16);
        let resource = Resource { attributes: settings.attributes.iter().map(|(k, v)| pair(k, v)).collect(), ..Resource::default() };
        let lane = |signal, push: &PushSettings| -> Result<Lane, TelemetryError> {
            counts.begin(signal);
            let metadata = metadata(&push.endpoint)?;
            let endpoint = endpoint(&push.endpoint, variables)?;
            Ok(Lane::new(signal, endpoint, metadata, push, counts.clone(), asked.clone(), done.clone()))
        };
        let (mut spans, mut logs) = (None, None);
        let span_lane = settings.traces.as_ref().map(|push| {
            let (queue, waiting) = Queue::new(push.queue, counts.dropped(Signal::Traces, "queue_full"));
            spans = Some(queue);
            lane(Signal::Traces, push).map(|lane| (lane, waiting))
        });
        let log_lane = settings.logs.as_ref().map(|push| {
            let (queue, waiting) = Queue::new(push.queue, counts.dropped(Signal::Logs, "queue_full"));
            logs = Some(queue);
            lane(Signal::Logs, push).map(|lane| (lane, waiting))
        });
        let metrics_lane = settings.metrics.as_ref().map(|push| lane(Signal::Metrics, push));
        let (span_lane, log_lane, metrics_lane) = (span_lane.transpose()?, log_lane.transpose()?, metrics_lane.transpose()?);
        let lanes = usize::from(span_lane.is_some()) + usize::from(log_lane.is_some()) + usize::from(metrics_lane.is_some());
        if lanes == 0 {
            return Ok(None);
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(TelemetryError::Thread)?;
        let (metrics, started) = (metrics.clone(), now_nanos());
        let run = async move {
            let spans = async {
                if let Some((lane, waiting)) = span_lane {
                    lane.run_batches(waiting, |batch| Body::Traces(spans::request(batch, &resource))).await;
                }
            };
            let logs = async {
                if let Some((lane, waiting)) = log_lane {
                    lane.run_batches(waiting, |batch| Body::Logs(logs::request(batch, &resource))).await;
                }
            };
            let metrics = async {
                if let Some(lane) = metrics_lane {
                    lane.run_metrics(|| metrics::request(&metrics.families(), &resource, started, now_nanos())).await;
                }
            };
            tokio::join!(spans, logs, metrics);
        };
        let thread = std::thread::Builder::new()
            .name("phoenix-telemetry".to_owned())
            .spawn(move || runtime.block_on(run))
            .map_err(TelemetryError::Thread)?;
        Ok(Some(Self { spans, logs, asks, done: parking_lot::Mutex::new(is_done), lanes, thread: Some(thread) }))
    }

    /// Sends what waits. `false` when not all was gone after `timeout`, or when nobody took it.
    pub(crate) fn flush(&self, timeout: Duration) -> bool {
        self.ask(timeout, false) == Some(true)
    }

    /// The same, and ends the thread, or leaves it to itself if it is still waiting for an answer then.
    pub(crate) fn stop(&mut self, timeout: Duration) {
        let thread = self.ask(timeout, true).and_then(|_| self.thread.take());
        if let Some(thread) = thread {
            // It has said that it is done; a panic of its own was told by the hook.
            let _ = thread.join();
        }
    }

    /// Whether all was taken; `None` if the thread did not answer in time.
    #[expect(clippy::disallowed_methods, reason = "a service has no simulated clock")]
    fn ask(&self, timeout: Duration, is_last: bool) -> Option<bool> {
        // One at a time: answers carry the number of what they answer.
        let done = self.done.lock();
        let deadline = std::time::Instant::now() + timeout;
        let mut number = 0;
        self.asks.send_modify(|ask| {
            number = ask.number + 1;
            *ask = Ask { number, deadline: Some(deadline), is_last };
        });
        let (mut missing, mut is_gone) = (self.lanes, true);
        while missing > 0 {
            match done.recv_timeout(deadline.saturating_duration_since(std::time::Instant::now())) {
                Ok((answered, gone)) if answered == number => {
                    missing -= 1;
                    is_gone &= gone;
                }
                Ok(_) => {}
                Err(_) => return None,
            }
        }
        Some(is_gone)
    }
}

fn endpoint(settings: &Endpoint, variables: &Variables) -> Result<tonic::transport::Endpoint, TelemetryError> {
    let wrong = |why: String| TelemetryError::setting(&settings.name, &settings.url, why);
    let endpoint = tonic::transport::Endpoint::from_shared(settings.url.clone()).map_err(|e| wrong(format!("this is no address: {e}")))?;
    let is_secure = match endpoint.uri().scheme_str() {
        Some("http") => false,
        Some("https") => true,
        _ => return Err(wrong("it begins with `http://` or `https://`, such as http://localhost:4317".to_owned())),
    };
    let endpoint = endpoint.connect_timeout(settings.timeout).timeout(settings.timeout);
    if !is_secure {
        return Ok(endpoint);
    }
    let mut tls = ClientTlsConfig::new().with_webpki_roots();
    if settings.certificate.is_some() {
        let pem = variables.file(&settings.certificate_name)?.unwrap_or_default();
        tls = tls.ca_certificate(Certificate::from_pem(pem));
    }
    endpoint.tls_config(tls).map_err(|e| wrong(format!("it can't be reached by TLS: {e}")))
}

fn metadata(settings: &Endpoint) -> Result<MetadataMap, TelemetryError> {
    let mut metadata = MetadataMap::new();
    for (name, value) in &settings.headers {
        // The value may be a secret.
        let wrong =
            |what: &str| TelemetryError::setting(&settings.headers_name, "…", format!("the {what} of `{name}` can't be sent as a header"));
        let key = MetadataKey::from_bytes(name.to_ascii_lowercase().as_bytes()).map_err(|_| wrong("name"))?;
        let mut value = MetadataValue::try_from(value.as_str()).map_err(|_| wrong("value"))?;
        value.set_sensitive(true);
        metadata.insert(key, value);
    }
    Ok(metadata)
}

fn text(text: &str) -> AnyValue {
    AnyValue { value: Some(any_value::Value::StringValue(text.to_owned())) }
}

fn pair(key: &str, value: &str) -> KeyValue {
    KeyValue { key: key.to_owned(), value: Some(text(value)), ..KeyValue::default() }
}

/// Whose hand it is from.
fn scope() -> InstrumentationScope {
    InstrumentationScope {
        name: env!("CARGO_PKG_NAME").to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        ..InstrumentationScope::default()
    }
}

#[expect(clippy::disallowed_methods, reason = "a service has no simulated clock")]
fn now_nanos() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos() as u64
}
