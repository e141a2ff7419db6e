//! How much comes in, of one stream and altogether, and how many streams there are.

use super::refusals::Refusals;
use super::streams::display;
use crate::log_limits::LogLimits;
use hashbrown::HashMap;
use parking_lot::Mutex;
use phoenix_model::Labels;
use phoenix_model::logs::LogWrite;
use phoenix_yaml::Bytes;
use std::time::Duration;

/// After which time without an entry a stream does not count any more: Loki's `chunk_idle_period`.
const IDLE: Duration = Duration::from_mins(30);
/// How often idle streams are looked for, at most.
const SWEEP_EVERY: Duration = Duration::from_mins(1);

/// What came in lately.
#[derive(Default)]
pub(super) struct Rates {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    all: Option<Bucket>,
    streams: HashMap<Labels, Stream>,
    swept: Duration,
}

struct Stream {
    bucket: Bucket,
    last: Duration,
}

/// A bucket of tokens, one a byte, that fills at the rate and holds the burst.
#[derive(Clone, Copy)]
pub(crate) struct Bucket {
    tokens: f64,
    at: Duration,
}

impl Bucket {
    /// A full bucket.
    pub(crate) fn full(burst: f64, at: Duration) -> Self {
        Self { tokens: burst, at }
    }

    /// Takes bytes, if there are as many.
    pub(crate) fn take(&mut self, bytes: f64, rate: f64, burst: f64, now: Duration) -> bool {
        let gained = now.saturating_sub(self.at).as_secs_f64() * rate;
        self.tokens = (self.tokens + gained).min(burst);
        self.at = now;
        let is_enough = self.tokens >= bytes;
        if is_enough {
            self.tokens -= bytes;
        }
        is_enough
    }
}

/// What the rates say to a batch.
pub(super) enum Verdict {
    /// All of it may be stored.
    All,
    /// None of it, because of the rate altogether; with what to answer.
    Nothing(String),
    /// All but these streams, by their position.
    Without(Vec<usize>),
}

impl Rates {
    /// Takes a batch into account. Streams that may not be stored are added to `refusals`.
    pub(super) fn admit(&self, write: &LogWrite, limits: &LogLimits, now: Duration, refusals: &mut Refusals) -> Verdict {
        let mut state = self.state.lock();
        let (rate, burst) = (limits.ingestion_rate_mb * 1_048_576.0, limits.ingestion_burst_size_mb * 1_048_576.0);
        let bytes = write.size_bytes();
        let all = state.all.get_or_insert(Bucket::full(burst, now));
        if rate > 0.0 && !all.take(bytes as f64, rate, burst, now) {
            return Verdict::Nothing(format!(
                "ingestion rate limit exceeded for user fake (limit: {rate:.0} bytes/sec) while attempting to ingest '{}' lines totaling \
                 '{bytes}' bytes, reduce log volume or contact your Loki administrator to see if the limit can be increased \
                 (`ingestion_rate_mb`, `ingestion_burst_size_mb`)",
                write.len()
            ));
        }
        state.sweep(now);
        let mut left_out = Vec::new();
        for (i, (labels, entries)) in write.streams().enumerate() {
            let (mut number, mut bytes) = (0_u64, 0_u64);
            for entry in entries {
                number += 1;
                bytes += (entry.line.len() + entry.metadata.as_bytes().len()) as u64;
            }
            if number > 0 && !state.admit_stream(labels, number, bytes, limits, now, refusals) {
                left_out.push(i);
            }
        }
        if left_out.is_empty() { Verdict::All } else { Verdict::Without(left_out) }
    }

    /// Streams that got an entry lately.
    pub(super) fn streams(&self) -> usize {
        self.state.lock().streams.len()
    }
}

impl State {
    fn admit_stream(
        &mut self,
        labels: &Labels,
        entries: u64,
        bytes: u64,
        limits: &LogLimits,
        now: Duration,
        refusals: &mut Refusals,
    ) -> bool {
        let (rate, burst) = (limits.per_stream_rate_limit.0, limits.per_stream_rate_limit_burst.0);
        let number = self.streams.len();
        let stream = match self.streams.get_mut(labels) {
            Some(stream) => stream,
            None if limits.max_streams != 0 && number >= limits.max_streams => {
                refusals.throttle("stream_limit", entries, bytes, || {
                    format!(
                        "maximum active stream limit exceeded when trying to create stream {}, reduce the number of active streams (reduce \
                         labels or reduce label values), or contact your Loki administrator to see if the limit can be increased, user: \
                         'fake' (`max_streams`: {})",
                        display(labels.iter()),
                        limits.max_streams
                    )
                });
                return false;
            }
            None => {
                let bucket = Bucket::full(burst as f64, now);
                self.streams.entry(labels.clone()).or_insert(Stream { bucket, last: now })
            }
        };
        stream.last = now;
        if rate == 0 || stream.bucket.take(bytes as f64, rate as f64, burst as f64, now) {
            return true;
        }
        refusals.throttle("per_stream_rate_limit", entries, bytes, || {
            format!(
                "Per stream rate limit exceeded (limit: {}/sec) while attempting to ingest for stream '{}' totaling {bytes}B, consider \
                 splitting a stream via additional labels or contact your Loki administrator to see if the limit can be increased \
                 (`per_stream_rate_limit`, `per_stream_rate_limit_burst`)",
                Bytes(rate).to_string().replace("iB", "B"),
                display(labels.iter())
            )
        });
        false
    }

    fn sweep(&mut self, now: Duration) {
        if now.saturating_sub(self.swept) >= SWEEP_EVERY {
            self.swept = now;
            self.streams.retain(|_, stream| now.saturating_sub(stream.last) < IDLE);
        }
    }
}
