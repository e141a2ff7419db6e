//! The labels of the strategy's metrics (section 2.2), as types.

use parking_lot::RwLock;
use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue, LabelValueEncoder};
use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

/// Routes that are counted apart at most; what comes beyond is counted as `_other`.
const MAX_ENDPOINTS: usize = 500;

/// The labels of `phoenix_experiment_total`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct ExperimentLabels {
    /// The state that the experiment has come into.
    pub state: ExperimentState,
    /// Whose experiment it is.
    pub tenant_id: Arc<str>,
}

/// The labels of `phoenix_experiment_duration_seconds`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct ExperimentDurationLabels {
    /// The state in which the experiment ended.
    pub state: ExperimentState,
    /// The kind of the pipelines that it compared.
    pub pipeline_type: Arc<str>,
}

/// The labels of `phoenix_pipeline_cardinality_reduction_ratio`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct PipelineLabels {
    /// The experiment.
    pub experiment_id: Arc<str>,
    /// The pipeline.
    pub pipeline: Arc<str>,
    /// Which side of the experiment.
    pub variant: Variant,
}

/// The labels of `phoenix_collector_resource_usage`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct CollectorLabels {
    /// The experiment.
    pub experiment_id: Arc<str>,
    /// Which side of the experiment.
    pub variant: Variant,
    /// What is used, with its unit: `cpu_cores`, `memory_bytes`.
    pub resource: Arc<str>,
    /// Where the collector runs.
    pub node: Arc<str>,
}

/// The labels of `phoenix_estimated_monthly_savings_usd`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct SavingsLabels {
    /// Whose savings.
    pub tenant_id: Arc<str>,
    /// Whose bill is smaller.
    pub provider: Arc<str>,
}

/// The labels of `phoenix_api_request_duration_seconds`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct RequestLabels {
    /// The method.
    pub method: Method,
    /// The route's template, such as `/api/v1/experiments/{id}`; never a raw path, whose number has no bound.
    pub endpoint: Endpoint,
    /// The status code of the answer.
    pub status: u16,
}

/// How far an experiment is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ExperimentState {
    /// It waits.
    Pending,
    /// Its pipelines are being started.
    Deploying,
    /// Both pipelines run.
    Running,
    /// What they gave is compared.
    Analysing,
    /// It ended with a result.
    Completed,
    /// It ended without.
    Failed,
}

impl ExperimentState {
    /// All of them, in the order in which an experiment goes through them.
    pub const ALL: [Self; 6] = [Self::Pending, Self::Deploying, Self::Running, Self::Analysing, Self::Completed, Self::Failed];

    /// The label's value.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Deploying => "deploying",
            Self::Running => "running",
            Self::Analysing => "analysing",
            Self::Completed => "completed",
            Self::Failed => "failed",
        }
    }
}

/// A side of an experiment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Variant {
    /// What there was before.
    Baseline,
    /// What is tried.
    Candidate,
}

impl Variant {
    /// The label's value.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Baseline => "baseline",
            Self::Candidate => "candidate",
        }
    }
}

/// The method of a request, of which there are few: anything that RFC 9110 and RFC 5789 don't know is `_OTHER`,
/// as OpenTelemetry has it, so that nobody can make series by inventing methods.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Method(&'static str);

impl Method {
    /// The method of this name.
    pub fn new(name: &str) -> Self {
        const KNOWN: [&str; 9] = ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "CONNECT", "TRACE"];
        Self(KNOWN.into_iter().find(|known| *known == name).unwrap_or("_OTHER"))
    }

    /// The label's value.
    pub fn as_str(self) -> &'static str {
        self.0
    }
}

/// The template of a route.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Endpoint(Arc<str>);

impl Endpoint {
    /// This template.
    pub fn new(template: impl Into<Arc<str>>) -> Self {
        Self(template.into())
    }

    /// The label's value.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::borrow::Borrow<str> for Endpoint {
    fn borrow(&self) -> &str {
        &self.0
    }
}

/// The endpoints that were seen, so that each is in memory once and a request allocates nothing.
#[derive(Debug)]
pub struct Endpoints {
    seen: RwLock<HashSet<Endpoint>>,
    other: Endpoint,
}

impl Default for Endpoints {
    fn default() -> Self {
        Self { seen: RwLock::default(), other: Endpoint::new("_other") }
    }
}

impl Endpoints {
    /// The endpoint of a template; `_other` once there are 500.
    pub fn get(&self, template: &str) -> Endpoint {
        if let Some(known) = self.seen.read().get(template) {
            return known.clone();
        }
        let mut seen = self.seen.write();
        if seen.len() >= MAX_ENDPOINTS && !seen.contains(template) {
            return self.other.clone();
        }
        let endpoint = Endpoint::new(template);
        seen.insert(endpoint.clone());
        endpoint
    }
}

/// Writes a label as its `as_str` says.
macro_rules! label_values {
    ($($kind:ty),*) => {$(
        impl EncodeLabelValue for $kind {
            fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> Result<(), fmt::Error> {
                self.as_str().encode(encoder)
            }
        }

        impl fmt::Display for $kind {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    )*};
}

label_values!(ExperimentState, Variant, Method, Endpoint);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_can_make_series_without_bound() {
        for (method, want) in [("GET", "GET"), ("PATCH", "PATCH"), ("get", "_OTHER"), ("BREW", "_OTHER"), ("", "_OTHER")] {
            assert_eq!(Method::new(method).as_str(), want);
        }
        let endpoints = Endpoints::default();
        for n in 0..MAX_ENDPOINTS {
            assert_eq!(endpoints.get(&format!("/{n}")).as_str(), format!("/{n}"));
        }
        assert_eq!(endpoints.get("/one-too-many").as_str(), "_other");
        assert_eq!(endpoints.get("/7").as_str(), "/7", "what is known stays known");
        assert!(Arc::ptr_eq(&endpoints.get("/7").0, &endpoints.get("/7").0));
    }
}
