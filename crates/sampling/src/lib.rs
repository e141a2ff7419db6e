//! Which traces are kept.
//!
//! A [`Sampler`] decides on a whole trace, by the rules of the monitoring strategy (section 6.2,
//! [`SamplingRules`]) or by the policies of the OpenTelemetry collector's tail sampling processor
//! ([`Policies`]). [`SamplingRules::head_rate`] decides before a trace has begun, with what is
//! known then.
//!
//! A decision with a probability is consistent: it compares the trace's [`Randomness`], which all
//! that take part see alike, with a [`Threshold`], so that samplers with different rates keep
//! subsets of each other's traces, and what is kept says in its `tracestate` how many it stands for.
//!
//! Nothing here reads a clock: times are passed in, so a decision can be repeated.

mod adaptive;
mod pattern;
mod policy;
mod request;
mod rules;
mod sampler;
mod settings;
mod threshold;
mod trace;
mod trace_state;

pub use adaptive::{AdaptiveConfig, EndpointRate};
pub use pattern::Pattern;
pub use policy::{Composite, CompositePart, Limit, NumericRange, Policies, Policy, PolicyKind, TextMatch};
pub use request::Request;
pub use rules::{DEFAULT_RULE, SamplingRule, SamplingRules};
pub use sampler::{Decision, NO_POLICY, OVERSIZED, Rules, Sampler, Strategy};
pub use settings::{EarlyDecision, Settings};
pub use threshold::{Randomness, Threshold};
pub use trace::{SPAN_FIXED_BYTES, TraceSpans};
pub use trace_state::{randomness_in, threshold_in, trace_state_with, with_threshold};
