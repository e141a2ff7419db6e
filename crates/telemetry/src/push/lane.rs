//! The way of one signal: batches, tries, the end.

use super::{Counts, PushSettings};
use crate::settings::Signal;
use opentelemetry_proto::tonic::collector::logs::v1::{ExportLogsServiceRequest, logs_service_client::LogsServiceClient};
use opentelemetry_proto::tonic::collector::metrics::v1::{ExportMetricsServiceRequest, metrics_service_client::MetricsServiceClient};
use opentelemetry_proto::tonic::collector::trace::v1::{ExportTraceServiceRequest, trace_service_client::TraceServiceClient};
use std::sync::mpsc as std_mpsc;
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, watch};
use tonic::codec::CompressionEncoding;
use tonic::metadata::MetadataMap;
use tonic::transport::Channel;
use tonic::{Code, Request, Status};

/// For so long a batch is tried again; what comes meanwhile waits in the queue.
const RETRY: Duration = Duration::from_secs(30);
/// The first wait between two tries; each is twice the one before, up to [`LONGEST_WAIT`].
const FIRST_WAIT: Duration = Duration::from_millis(500);
const LONGEST_WAIT: Duration = Duration::from_secs(8);

/// The wish that all that waits be sent.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Ask {
    pub(super) number: u64,
    pub(super) deadline: Option<Instant>,
    pub(super) is_last: bool,
}

/// What is sent at once.
#[derive(Debug, Clone)]
pub(super) enum Body {
    Traces(ExportTraceServiceRequest),
    Logs(ExportLogsServiceRequest),
    Metrics(ExportMetricsServiceRequest),
}

/// A client for each service of OTLP.
#[derive(Debug)]
pub(super) struct Client {
    channel: Channel,
    metadata: MetadataMap,
    is_compressed: bool,
}

impl Client {
    /// Sends once; gives how many of what was sent were refused.
    async fn export(&self, body: Body, timeout: Duration) -> Result<u64, Status> {
        fn request<B>(client: &Client, body: B, timeout: Duration) -> Request<B> {
            let mut request = Request::new(body);
            *request.metadata_mut() = client.metadata.clone();
            request.set_timeout(timeout);
            request
        }
        macro_rules! export {
            ($client:ident, $body:expr, $rejected:ident) => {{
                let client = $client::new(self.channel.clone());
                let mut client = if self.is_compressed { client.send_compressed(CompressionEncoding::Gzip) } else { client };
                let answer = client.export(request(self, $body, timeout)).await?.into_inner();
                answer.partial_success.map_or(0, |partial| partial.$rejected)
            }};
        }
        let rejected = match body {
            Body::Traces(body) => export!(TraceServiceClient, body, rejected_spans),
            Body::Logs(body) => export!(LogsServiceClient, body, rejected_log_records),
            Body::Metrics(body) => export!(MetricsServiceClient, body, rejected_data_points),
        };
        Ok(u64::try_from(rejected).unwrap_or(0))
    }
}

/// One signal's way.
pub(super) struct Lane {
    signal: Signal,
    endpoint: tonic::transport::Endpoint,
    metadata: MetadataMap,
    settings: PushSettings,
    counts: Counts,
    asks: watch::Receiver<Ask>,
    done: std_mpsc::SyncSender<(u64, bool)>,
    is_down: bool,
}

impl Lane {
    pub(super) fn new(
        signal: Signal,
        endpoint: tonic::transport::Endpoint,
        metadata: MetadataMap,
        settings: &PushSettings,
        counts: Counts,
        asks: watch::Receiver<Ask>,
        done: std_mpsc::SyncSender<(u64, bool)>,
    ) -> Self {
        Self { signal, endpoint, metadata, settings: settings.clone(), counts, asks, done, is_down: false }
    }

    fn client(&self) -> Client {
        Client {
            channel: self.endpoint.connect_lazy(),
            metadata: self.metadata.clone(),
            is_compressed: self.settings.endpoint.is_compressed,
        }
    }

    /// Sends what comes through a queue, until somebody asks for the end.
    #[expect(clippy::disallowed_methods, reason = "a service has no simulated clock")]
    pub(super) async fn run_batches<T>(mut self, mut queue: mpsc::Receiver<T>, pack: impl Fn(Vec<T>) -> Body) {
        let client = self.client();
        let most = self.settings.batch;
        let mut batch = Vec::new();
        let mut due = Instant::now() + self.settings.delay;
        loop {
            let room = most - batch.len();
            let ask = tokio::select! {
                biased;
                ask = next(&mut self.asks) => Some(ask),
                received = queue.recv_many(&mut batch, room) => {
                    // The service is gone without a word.
                    if received == 0 { return }
                    None
                }
                () = tokio::time::sleep_until(due.into()) => None,
            };
            if let Some(ask) = ask {
                // Only what waits now: others may go on putting things in.
                let mut waiting = queue.len();
                let mut is_gone = true;
                loop {
                    while waiting > 0 && batch.len() < most {
                        waiting -= 1;
                        batch.extend(queue.try_recv());
                    }
                    if batch.is_empty() {
                        break;
                    }
                    let items = batch.len() as u64;
                    is_gone &= self.deliver(&client, pack(std::mem::take(&mut batch)), items, ask.deadline).await;
                }
                if self.answer(ask, is_gone) {
                    return;
                }
                continue;
            }
            let is_due = Instant::now() >= due;
            if batch.len() >= most || (is_due && !batch.is_empty()) {
                let items = batch.len() as u64;
                self.deliver(&client, pack(std::mem::take(&mut batch)), items, None).await;
            }
            if is_due {
                due = Instant::now() + self.settings.delay;
            }
        }
    }

    /// Sends the metrics at each interval, when asked, and at the end.
    #[expect(clippy::disallowed_methods, reason = "a service has no simulated clock")]
    pub(super) async fn run_metrics(mut self, collect: impl Fn() -> (ExportMetricsServiceRequest, u64)) {
        let client = self.client();
        let mut due = Instant::now() + self.settings.delay;
        loop {
            let ask = tokio::select! {
                biased;
                ask = next(&mut self.asks) => Some(ask),
                () = tokio::time::sleep_until(due.into()) => None,
            };
            let (request, points) = collect();
            let is_gone = self.deliver(&client, Body::Metrics(request), points, ask.and_then(|ask| ask.deadline)).await;
            if ask.is_some_and(|ask| self.answer(ask, is_gone)) {
                return;
            }
            due = Instant::now() + self.settings.delay;
        }
    }

    /// Tells whether all is gone; gives whether it was the last time.
    fn answer(&self, ask: Ask, is_gone: bool) -> bool {
        // Who asked may have stopped waiting.
        let _ = self.done.try_send((ask.number, is_gone));
        ask.is_last
    }

    /// Sends until it is taken or refused, or for [`RETRY`]. With a deadline, or once somebody asks that all be
    /// sent, one try is all there is. Gives whether it is gone.
    #[expect(clippy::disallowed_methods, reason = "a service has no simulated clock")]
    async fn deliver(&mut self, client: &Client, body: Body, items: u64, deadline: Option<Instant>) -> bool {
        let (mut is_last_try, mut until) = (deadline.is_some(), deadline.unwrap_or_else(|| Instant::now() + RETRY));
        let mut wait = FIRST_WAIT;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let timeout = self.settings.endpoint.timeout.min(left).max(Duration::from_millis(1));
            let status = match client.export(body.clone(), timeout).await {
                Ok(refused) => {
                    self.counts.sent(self.signal).inc_by(items.saturating_sub(refused));
                    self.counts.dropped(self.signal, "refused").inc_by(refused.min(items));
                    self.tell(None);
                    return true;
                }
                Err(status) => status,
            };
            self.tell(Some(&status));
            let reason = if !may_pass(&status) {
                Some("refused")
            } else if is_last_try {
                Some("unreachable")
            } else {
                None
            };
            if let Some(reason) = reason {
                self.counts.dropped(self.signal, reason).inc_by(items);
                return false;
            }
            tokio::select! {
                changed = self.asks.changed() => {
                    // The loop above this one has to see it too.
                    self.asks.mark_changed();
                    is_last_try = true;
                    let ask = if changed.is_ok() { self.asks.borrow().deadline } else { None };
                    until = until.min(ask.unwrap_or(until));
                }
                () = tokio::time::sleep(wait) => {}
            }
            wait = (wait * 2).min(LONGEST_WAIT);
            is_last_try |= Instant::now() + wait >= until;
        }
    }

    /// Says once that something is wrong, and once that it is well again.
    fn tell(&mut self, trouble: Option<&Status>) {
        let (signal, endpoint) = (self.signal.as_str(), &self.settings.endpoint.url);
        match trouble {
            Some(status) if !self.is_down => {
                tracing::warn!(signal, endpoint, error = %status.message(), code = ?status.code(), "telemetry is not taken; what finds no room is dropped");
            }
            None if self.is_down => tracing::info!(signal, endpoint, "telemetry is taken again"),
            _ => {}
        }
        self.is_down = trouble.is_some();
    }
}

async fn next(asks: &mut watch::Receiver<Ask>) -> Ask {
    if asks.changed().await.is_err() {
        // Nobody can ask any more: an end without waiting for anybody.
        return Ask { number: 0, deadline: None, is_last: true };
    }
    *asks.borrow_and_update()
}

/// Whether another try may help. <https://opentelemetry.io/docs/specs/otlp/#failures>
fn may_pass(status: &Status) -> bool {
    match status.code() {
        Code::Cancelled | Code::DeadlineExceeded | Code::Aborted | Code::OutOfRange | Code::Unavailable | Code::DataLoss => true,
        // With details it says when to come again.
        Code::ResourceExhausted => !status.details().is_empty(),
        _ => false,
    }
}
