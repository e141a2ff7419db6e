//! The keys of the processor and of its policies.

use super::super::settings::RawDecisionCache;
use phoenix_yaml::{Duration, Spanned};
use serde::Deserialize;
use serde::de::IgnoredAny;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct RawProcessor {
    #[serde(default)]
    pub(super) policies: Spanned<Vec<Spanned<RawPolicy>>>,
    pub(super) decision_wait: Option<Spanned<Duration>>,
    pub(super) decision_wait_after_root_received: Option<Spanned<Duration>>,
    pub(super) num_traces: Option<Spanned<u64>>,
    pub(super) expected_new_traces_per_sec: Option<u64>,
    pub(super) maximum_trace_size_bytes: Option<u64>,
    #[serde(default)]
    pub(super) decision_cache: RawDecisionCache,
    #[serde(default)]
    pub(super) sample_on_first_match: bool,
    #[serde(default)]
    pub(super) drop_pending_traces_on_shutdown: bool,
    pub(super) sampling_strategy: Option<Spanned<String>>,
    #[expect(dead_code, reason = "accepted, not acting")]
    block_on_overflow: Option<bool>,
    #[expect(dead_code, reason = "accepted, not acting")]
    num_shards: Option<IgnoredAny>,
    #[expect(dead_code, reason = "accepted, not acting")]
    tail_storage: Option<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawPolicy {
    pub(super) name: Spanned<String>,
    pub(super) r#type: Spanned<String>,
    pub(super) latency: Option<Spanned<RawLatency>>,
    pub(super) numeric_attribute: Option<Spanned<RawNumeric>>,
    pub(super) probabilistic: Option<RawProbabilistic>,
    pub(super) status_code: Option<RawStatusCode>,
    pub(super) string_attribute: Option<Spanned<RawText>>,
    pub(super) trace_state: Option<Spanned<RawTraceState>>,
    pub(super) rate_limiting: Option<RawRateLimiting>,
    pub(super) bytes_limiting: Option<RawBytesLimiting>,
    pub(super) span_count: Option<Spanned<RawSpanCount>>,
    pub(super) boolean_attribute: Option<Spanned<RawBoolean>>,
    pub(super) ottl_condition: Option<Spanned<IgnoredAny>>,
    pub(super) and: Option<RawAnd>,
    pub(super) not: Option<RawNot>,
    pub(super) drop: Option<RawDrop>,
    pub(super) composite: Option<Spanned<RawComposite>>,
    pub(super) always_sample: Option<IgnoredAny>,
    pub(super) trace_flags: Option<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawLatency {
    pub(super) threshold_ms: Spanned<i64>,
    #[serde(default)]
    pub(super) upper_threshold_ms: i64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawNumeric {
    pub(super) key: String,
    pub(super) min_value: Option<i64>,
    pub(super) max_value: Option<i64>,
    #[serde(default)]
    pub(super) invert_match: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawProbabilistic {
    pub(super) sampling_percentage: Spanned<f64>,
    #[expect(dead_code, reason = "accepted, not acting")]
    hash_salt: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawStatusCode {
    pub(super) status_codes: Spanned<Vec<Spanned<String>>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawText {
    pub(super) key: String,
    #[serde(default)]
    pub(super) values: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) enabled_regex_matching: bool,
    #[expect(dead_code, reason = "what a pattern says is worked out anew, which takes less than a look into a cache")]
    cache_max_size: Option<IgnoredAny>,
    #[serde(default)]
    pub(super) invert_match: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawBoolean {
    pub(super) key: String,
    pub(super) value: bool,
    #[serde(default)]
    pub(super) invert_match: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawTraceState {
    pub(super) key: String,
    pub(super) values: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawRateLimiting {
    pub(super) spans_per_second: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawBytesLimiting {
    pub(super) bytes_per_second: u64,
    pub(super) burst_capacity: Option<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawSpanCount {
    pub(super) min_spans: Option<u64>,
    pub(super) max_spans: Option<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawAnd {
    pub(super) and_sub_policy: Spanned<Vec<Spanned<RawPolicy>>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawNot {
    pub(super) not_sub_policy: Box<Spanned<RawPolicy>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawDrop {
    pub(super) drop_sub_policy: Spanned<Vec<Spanned<RawPolicy>>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawComposite {
    pub(super) max_total_spans_per_second: u64,
    pub(super) policy_order: Vec<Spanned<String>>,
    pub(super) composite_sub_policy: Vec<Spanned<RawPolicy>>,
    #[serde(default)]
    pub(super) rate_allocation: Vec<RawAllocation>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawAllocation {
    pub(super) policy: Spanned<String>,
    pub(super) percent: Spanned<i64>,
}
