//! From requests of OTLP to the stores.

use super::body::{self, OtlpAnswer};
use super::delta::Sums;
use super::logs;
use super::metrics::{MetricsTranslation, Translated, translate};
use crate::push::body::{later, refusal};
use crate::push::{HttpBody, LogReceiver};
use crate::remote_write::Refusal;
use hashbrown::HashMap;
use opentelemetry_proto::tonic::collector::logs::v1::{ExportLogsPartialSuccess, ExportLogsServiceRequest, ExportLogsServiceResponse};
use opentelemetry_proto::tonic::collector::metrics::v1::{
    ExportMetricsPartialSuccess, ExportMetricsServiceRequest, ExportMetricsServiceResponse,
};
use parking_lot::{Mutex, RwLock};
use phoenix_engine::{MetricMetadata, MetricsEngine, WriteError};
use phoenix_env::SharedClock;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;
use std::sync::Arc;

/// Metrics of which the descriptions are kept.
const MOST_DESCRIBED: usize = 20_000;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct SignalLabel {
    signal: &'static str,
}

/// Takes requests of OTLP. Calls block on the stores. Requests that gRPC has read come as messages,
/// those of HTTP as bodies.
pub struct OtlpReceiver {
    logs: Arc<LogReceiver>,
    metrics: Arc<dyn MetricsEngine>,
    clock: SharedClock,
    translation: RwLock<MetricsTranslation>,
    sums: Mutex<Sums>,
    described: Mutex<HashMap<String, MetricMetadata>>,
    requests: Family<SignalLabel, Counter>,
    refused: Family<SignalLabel, Counter>,
    rejected: Family<SignalLabel, Counter>,
}

impl OtlpReceiver {
    /// A receiver that gives logs to `logs` and writes metrics into a store. Its metrics go to `registry`.
    pub fn new(logs: Arc<LogReceiver>, metrics: Arc<dyn MetricsEngine>, clock: SharedClock, registry: &mut Registry) -> Self {
        let receiver = Self {
            logs,
            metrics,
            clock,
            translation: RwLock::default(),
            sums: Mutex::default(),
            described: Mutex::default(),
            requests: Family::default(),
            refused: Family::default(),
            rejected: Family::default(),
        };
        registry.register("phoenix_otlp_requests", "Requests of OTLP received, by signal.", receiver.requests.clone());
        registry.register(
            "phoenix_otlp_requests_refused",
            "Requests of OTLP that were answered with an error, by signal.",
            receiver.refused.clone(),
        );
        registry.register(
            "phoenix_otlp_rejected",
            "Log records and data points that can't be stored while their request was, by signal.",
            receiver.rejected.clone(),
        );
        receiver
    }

    /// Puts another translation of metrics in the place of the one that holds: by default Prometheus' default.
    pub fn set_translation(&self, translation: MetricsTranslation) {
        *self.translation.write() = translation;
    }

    /// Descriptions of the metrics that came, by name, in no particular order; of the first 20,000 names.
    pub fn metadata(&self) -> Vec<(String, MetricMetadata)> {
        self.described.lock().iter().map(|(name, metadata)| (name.clone(), metadata.clone())).collect()
    }

    /// Stores the logs of a body.
    pub fn logs_body(&self, body: HttpBody<'_>) -> Result<OtlpAnswer, Refusal> {
        let (request, syntax, _charge) = body::read::<ExportLogsServiceRequest>(body, self.logs.push_limits(), self.logs.budget())
            .map_err(|e| self.refuse("logs", self.logs.refuse(e)))?;
        let response = self.logs(&request)?;
        let partial = response.partial_success.clone().unwrap_or_default();
        Ok(syntax.answer(&response, "rejectedLogRecords", partial.rejected_log_records, &partial.error_message))
    }

    /// Stores the logs of a request. What the answer does not count as rejected is durable; a refusal
    /// with status 429 or 503 means that sending the request again helps.
    pub fn logs(&self, request: &ExportLogsServiceRequest) -> Result<ExportLogsServiceResponse, Refusal> {
        self.requests.get_or_create(&SignalLabel { signal: "logs" }).inc();
        let now_ns = self.clock.now_ms().saturating_mul(1_000_000);
        let taken = self.logs.take(|intake| {
            logs::put(request, now_ns, intake);
            Ok(())
        });
        let (rejected, error_message) = taken.and_then(|refusals| self.logs.partial(refusals)).map_err(|e| self.refuse("logs", e))?;
        self.rejected.get_or_create(&SignalLabel { signal: "logs" }).inc_by(rejected);
        let partial_success =
            (!error_message.is_empty()).then_some(ExportLogsPartialSuccess { rejected_log_records: rejected as i64, error_message });
        Ok(ExportLogsServiceResponse { partial_success })
    }

    /// Stores the metrics of a body.
    pub fn metrics_body(&self, body: HttpBody<'_>) -> Result<OtlpAnswer, Refusal> {
        let (request, syntax, _charge) = body::read::<ExportMetricsServiceRequest>(body, self.logs.push_limits(), self.logs.budget())
            .map_err(|(_, e)| self.refuse("metrics", e))?;
        let response = self.metrics(&request)?;
        let partial = response.partial_success.clone().unwrap_or_default();
        Ok(syntax.answer(&response, "rejectedDataPoints", partial.rejected_data_points, &partial.error_message))
    }

    /// Stores the metrics of a request. What the answer does not count as rejected is durable; a refusal
    /// with status 429 or 503 means that sending the request again helps.
    pub fn metrics(&self, request: &ExportMetricsServiceRequest) -> Result<ExportMetricsServiceResponse, Refusal> {
        self.requests.get_or_create(&SignalLabel { signal: "metrics" }).inc();
        let translation = self.translation.read().clone();
        let now = self.clock.monotonic();
        // Held while the store writes, so that sums are stored in the order in which they grow.
        let mut sums = self.sums.lock();
        let mut translated = translate(request, &translation, &mut sums, now);
        let outcome = if translated.batch.series.is_empty() {
            Ok(phoenix_engine::WriteOutcome::default())
        } else {
            self.metrics.write(&translated.batch)
        };
        let outcome = outcome.map_err(|e| {
            sums.take_back();
            self.refuse(
                "metrics",
                match e {
                    WriteError::Busy(e) => later(429, format!("the store of metrics is busy: {e}")),
                    WriteError::DiskFull(e) => later(503, format!("the disk is full: {e}")),
                    WriteError::Storage(e) => refusal(500, e),
                },
            )
        })?;
        sums.keep(now);
        drop(sums);
        self.describe(std::mem::take(&mut translated.metadata));
        Ok(ExportMetricsServiceResponse { partial_success: self.partial(&translated, outcome) })
    }

    fn partial(&self, translated: &Translated, outcome: phoenix_engine::WriteOutcome) -> Option<ExportMetricsPartialSuccess> {
        let mut sentences = Vec::new();
        if translated.rejected > 0 {
            sentences.push(translated.message());
        }
        for (number, words) in [
            (outcome.out_of_bounds, "samples are older than the retention or too far in the future"),
            (outcome.over_series_limit, "samples are of new series, and the store has as many series as it may"),
        ] {
            if number > 0 {
                sentences.push(format!("{number} {words}"));
            }
        }
        let rejected = translated.rejected + outcome.out_of_bounds + outcome.over_series_limit;
        self.rejected.get_or_create(&SignalLabel { signal: "metrics" }).inc_by(rejected);
        (!sentences.is_empty())
            .then(|| ExportMetricsPartialSuccess { rejected_data_points: rejected as i64, error_message: sentences.join("; ") })
    }

    fn describe(&self, metadata: Vec<(String, MetricMetadata)>) {
        let mut described = self.described.lock();
        for (name, metadata) in metadata {
            if described.len() < MOST_DESCRIBED || described.contains_key(&name) {
                described.insert(name, metadata);
            }
        }
    }

    fn refuse(&self, signal: &'static str, refusal: Refusal) -> Refusal {
        self.refused.get_or_create(&SignalLabel { signal }).inc();
        refusal
    }
}

#[cfg(test)]
mod tests;
