//! Promtail's pipeline: stages that read, change, join and drop entries between a target and the store.
//!
//! A pipeline is read from `pipeline_stages` once ([`Pipeline`] is what is written) and copied for each
//! file or listener, since some stages hold entries back. What is held back keeps the checkpoint of its
//! file where it is, so a restart reads it again.

mod actions;
mod container;
mod entry;
mod filter;
mod functions;
mod jmespath;
mod layout;
mod limit;
mod matching;
pub mod metrics;
mod multiline;
mod parse;
mod rewrite;
mod timestamp;
mod trace;
mod values;
#[cfg(feature = "vrl")]
mod vrl;

pub use entry::{Entry, EntryLabels, Field};
pub use layout::Layout;
pub use trace::{StepTrace, Trace};
pub use values::Size;

use metrics::PipelineMetrics;
use phoenix_yaml::error_with_help;
use serde::{Deserialize, Deserializer};
use std::time::Duration;

/// One stage, under the name that Promtail gives it.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Stage {
    Json(parse::Json),
    Logfmt(parse::Logfmt),
    Regex(parse::Regex),
    Labels(actions::SetLabels),
    Labeldrop(actions::Labeldrop),
    Labelallow(actions::Labelallow),
    StaticLabels(actions::StaticLabels),
    StructuredMetadata(actions::StructuredMetadata),
    Output(actions::Output),
    #[expect(dead_code, reason = "read to be checked")]
    Tenant(actions::Tenant),
    Timestamp(timestamp::TimestampStage),
    Drop(filter::DropStage),
    Sampling(filter::Sampling),
    Limit(limit::Limit),
    Match(matching::Match),
    Multiline(multiline::Multiline),
    Cri(container::Cri),
    Docker(container::Docker),
    Replace(rewrite::Replace),
    Template(rewrite::TemplateStage),
    Decolorize(rewrite::Decolorize),
    Pack(rewrite::Pack),
    Metrics(metrics::MetricsStage),
    #[cfg(feature = "vrl")]
    Vrl(vrl::Vrl),
    #[cfg(not(feature = "vrl"))]
    Vrl(NotBuilt),
    Eventlogmessage(NotHere),
    Geoip(NotHere),
    NonIndexedLabels(NotHere),
}

/// A stage of Promtail that Phoenix does not have: refused, since entries would not be what they should be.
#[derive(Debug, Clone)]
struct NotHere;

impl<'de> Deserialize<'de> for NotHere {
    fn deserialize<D: Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
        Err(error_with_help(
            "this stage is not there in Phoenix",
            "remove it; `structured_metadata`, `regex` and `json` may do what you need",
        ))
    }
}

/// A stage that this program was built without.
#[cfg(not(feature = "vrl"))]
#[derive(Debug, Clone)]
struct NotBuilt;

#[cfg(not(feature = "vrl"))]
impl<'de> Deserialize<'de> for NotBuilt {
    fn deserialize<D: Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
        Err(error_with_help(
            "this Phoenix was built without the stage `vrl`",
            "build it with `cargo build --release --locked -p phoenix-cli --features vrl`",
        ))
    }
}

/// What a stage makes of an entry.
enum Flow {
    /// It goes on.
    Pass(Entry),
    /// It ends here, for this reason.
    Drop(String),
    /// It is held back.
    Hold,
    /// These go on in its place.
    Several(Vec<Entry>),
}

/// What stages need while they run.
pub struct Context<'a> {
    /// The moment, in nanoseconds since the Unix epoch.
    pub now_ns: i64,
    /// The moment on the clock that never goes backwards.
    pub monotonic: Duration,
    /// How long whoever reads should wait before it reads on; a `limit` stage sets it.
    pub wait: Duration,
    /// What is counted.
    pub metrics: &'a PipelineMetrics,
    /// Where to write down what each stage did.
    pub trace: Option<&'a mut Trace>,
}

impl Context<'_> {
    /// Writes down why a stage did nothing, if somebody looks.
    fn note(&mut self, note: impl FnOnce() -> String) {
        if let Some(trace) = &mut self.trace {
            trace.note(note());
        }
    }
}

/// The stages of a job, with what they hold back.
#[derive(Debug, Clone, Default)]
pub struct Pipeline {
    stages: Vec<Stage>,
}

/// The most stages of one pipeline, nested ones not among them.
pub const MAX_STAGES: usize = 200;

impl<'de> Deserialize<'de> for Pipeline {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let stages = Vec::<Stage>::deserialize(deserializer)?;
        if stages.len() > MAX_STAGES {
            return Err(serde::de::Error::custom(format_args!("a pipeline has {} stages, the limit is {MAX_STAGES}", stages.len())));
        }
        Ok(Self { stages })
    }
}

impl Pipeline {
    /// Whether there is no stage.
    pub fn is_empty(&self) -> bool {
        self.stages.is_empty()
    }

    /// A copy that holds nothing back, for another file or listener. Limits are shared with this one.
    #[must_use]
    pub fn instance(&self) -> Self {
        self.clone()
    }

    /// Takes an entry through all stages. What comes out now is added to `out`.
    pub fn process(&mut self, entry: Entry, context: &mut Context<'_>, out: &mut Vec<Entry>) {
        run(&mut self.stages, entry, context, out);
    }

    /// Lets go what was held back for long enough; with `all`, everything.
    pub fn flush(&mut self, all: bool, context: &mut Context<'_>, out: &mut Vec<Entry>) {
        for i in 0..self.stages.len() {
            let (head, rest) = self.stages.split_at_mut(i + 1);
            for entry in head[i].flush(all, context) {
                run(rest, entry, context, out);
            }
        }
    }

    /// The smallest mark of the entries that are held back.
    pub fn held(&self) -> Option<u64> {
        self.stages.iter().filter_map(Stage::held).min()
    }
}

fn run(stages: &mut [Stage], mut entry: Entry, context: &mut Context<'_>, out: &mut Vec<Entry>) {
    for i in 0..stages.len() {
        let (head, rest) = stages.split_at_mut(i + 1);
        let stage = &mut head[i];
        let before = context.trace.is_some().then(|| entry.clone());
        let flow = stage.apply(entry, context);
        if let (Some(before), Some(trace)) = (&before, &mut context.trace) {
            trace.step(stage.name(), before, &flow);
        }
        match flow {
            Flow::Pass(next) => entry = next,
            Flow::Drop(reason) => {
                context.metrics.dropped(&reason);
                return;
            }
            Flow::Hold => return,
            Flow::Several(entries) => {
                for entry in entries {
                    run(rest, entry, context, out);
                }
                return;
            }
        }
    }
    out.push(entry);
}

impl Stage {
    fn name(&self) -> &'static str {
        match self {
            Self::Json(_) => "json",
            Self::Logfmt(_) => "logfmt",
            Self::Regex(_) => "regex",
            Self::Labels(_) => "labels",
            Self::Labeldrop(_) => "labeldrop",
            Self::Labelallow(_) => "labelallow",
            Self::StaticLabels(_) => "static_labels",
            Self::StructuredMetadata(_) => "structured_metadata",
            Self::Output(_) => "output",
            Self::Tenant(_) => "tenant",
            Self::Timestamp(_) => "timestamp",
            Self::Drop(_) => "drop",
            Self::Sampling(_) => "sampling",
            Self::Limit(_) => "limit",
            Self::Match(_) => "match",
            Self::Multiline(_) => "multiline",
            Self::Cri(_) => "cri",
            Self::Docker(_) => "docker",
            Self::Replace(_) => "replace",
            Self::Template(_) => "template",
            Self::Decolorize(_) => "decolorize",
            Self::Pack(_) => "pack",
            Self::Metrics(_) => "metrics",
            Self::Vrl(_) => "vrl",
            Self::Eventlogmessage(_) | Self::Geoip(_) | Self::NonIndexedLabels(_) => "unknown",
        }
    }

    fn apply(&mut self, mut entry: Entry, context: &mut Context<'_>) -> Flow {
        match self {
            Self::Json(stage) => return stage.apply(entry, context),
            Self::Logfmt(stage) => stage.apply(&mut entry, context),
            Self::Regex(stage) => stage.apply(&mut entry, context),
            Self::Labels(stage) => stage.apply(&mut entry, context),
            Self::Labeldrop(stage) => stage.apply(&mut entry),
            Self::Labelallow(stage) => stage.apply(&mut entry),
            Self::StaticLabels(stage) => stage.apply(&mut entry),
            Self::StructuredMetadata(stage) => stage.apply(&mut entry),
            Self::Output(stage) => stage.apply(&mut entry, context),
            Self::Tenant(_) | Self::Eventlogmessage(_) | Self::Geoip(_) | Self::NonIndexedLabels(_) => {}
            Self::Timestamp(stage) => stage.apply(&mut entry, context),
            Self::Drop(stage) => return stage.apply(entry, context),
            Self::Sampling(stage) => return stage.apply(entry),
            Self::Limit(stage) => return stage.apply(entry, context),
            Self::Match(stage) => return stage.apply(entry, context),
            Self::Multiline(stage) => return stage.apply(entry, context),
            Self::Cri(stage) => return stage.apply(entry, context),
            Self::Docker(stage) => return stage.apply(entry, context),
            Self::Replace(stage) => stage.apply(&mut entry, context),
            Self::Template(stage) => stage.apply(&mut entry, context),
            Self::Decolorize(stage) => stage.apply(&mut entry),
            Self::Pack(stage) => stage.apply(&mut entry, context),
            Self::Metrics(stage) => stage.apply(&entry, context),
            #[cfg(feature = "vrl")]
            Self::Vrl(stage) => return stage.apply(entry, context),
            #[cfg(not(feature = "vrl"))]
            Self::Vrl(_) => {}
        }
        Flow::Pass(entry)
    }

    fn flush(&mut self, all: bool, context: &mut Context<'_>) -> Vec<Entry> {
        match self {
            Self::Multiline(stage) => stage.flush(all, context),
            Self::Cri(stage) => stage.flush(all),
            Self::Docker(stage) => stage.flush(all),
            Self::Match(stage) => stage.flush(all, context),
            _ => Vec::new(),
        }
    }

    fn held(&self) -> Option<u64> {
        match self {
            Self::Multiline(stage) => stage.held(),
            Self::Cri(stage) => stage.held(),
            Self::Docker(stage) => stage.held(),
            Self::Match(stage) => stage.pipeline().held(),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
