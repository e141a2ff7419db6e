//! Stages that drop: `drop` and `sampling`.

use super::values::{GoDuration, Names, Pattern, Size};
use super::{Context, Entry, Flow};
use phoenix_yaml::KeyError;
use serde::Deserialize;

/// `drop`: all conditions that are given must hold.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "RawDrop")]
pub(super) struct DropStage {
    sources: Vec<String>,
    separator: String,
    expression: Option<regex::Regex>,
    value: Option<String>,
    older_than_ns: Option<i64>,
    longer_than: Option<usize>,
    reason: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawDrop {
    #[serde(default)]
    source: Names,
    separator: Option<String>,
    expression: Option<Pattern>,
    value: Option<String>,
    older_than: Option<GoDuration>,
    longer_than: Option<Size>,
    drop_counter_reason: Option<String>,
}

impl TryFrom<RawDrop> for DropStage {
    type Error = KeyError;

    fn try_from(raw: RawDrop) -> Result<Self, KeyError> {
        let sources: Vec<String> = raw.source.0.into_iter().filter(|source| !source.is_empty()).collect();
        if raw.value.is_some() && raw.expression.is_some() {
            return Err(KeyError::at("value", "only one of `value` and `expression` may be given"));
        }
        if raw.value.is_some() && sources.is_empty() {
            return Err(KeyError::at("value", "`value` needs a `source`"));
        }
        if sources.is_empty() && raw.expression.is_none() && raw.older_than.is_none() && raw.longer_than.is_none() {
            return Err(
                KeyError::whole("a `drop` stage needs a condition").with_help("give `source`, `expression`, `older_than` or `longer_than`")
            );
        }
        Ok(Self {
            sources,
            separator: raw.separator.unwrap_or_else(|| ";".to_owned()),
            expression: raw.expression.map(|Pattern(regex)| regex),
            value: raw.value,
            older_than_ns: raw.older_than.map(|GoDuration(age)| age.as_nanos() as i64),
            longer_than: raw.longer_than.map(|Size(bytes)| bytes),
            reason: raw.drop_counter_reason.filter(|reason| !reason.is_empty()).unwrap_or_else(|| "drop_stage".to_owned()),
        })
    }
}

impl DropStage {
    pub(super) fn apply(&self, entry: Entry, context: &mut Context<'_>) -> Flow {
        match self.refusal(&entry, context.now_ns) {
            Some(why) => {
                context.note(|| why.to_owned());
                Flow::Pass(entry)
            }
            None => Flow::Drop(self.reason.clone()),
        }
    }

    /// The condition that does not hold; `None` when all hold.
    fn refusal(&self, entry: &Entry, now_ns: i64) -> Option<&'static str> {
        if self.longer_than.is_some_and(|limit| entry.line.len() <= limit) {
            return Some("the line is not too long");
        }
        if self.older_than_ns.is_some_and(|age| entry.timestamp_ns >= now_ns.saturating_sub(age)) {
            return Some("the entry is not too old");
        }
        if self.sources.is_empty() {
            return self.expression.as_ref().filter(|regex| !regex.is_match(&entry.line)).map(|_| "the expression does not match");
        }
        let values: Vec<_> = self.sources.iter().filter_map(|source| entry.field(source)).collect();
        if values.is_empty() {
            return Some("no source was extracted");
        }
        let joined = values.join(&self.separator);
        if self.value.as_ref().is_some_and(|value| *value != joined) {
            return Some("the value differs");
        }
        self.expression.as_ref().filter(|regex| !regex.is_match(&joined)).map(|_| "the expression does not match")
    }
}

/// `sampling`: keeps entries with a probability.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "RawSampling")]
pub(super) struct Sampling {
    rate: f64,
    random: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawSampling {
    rate: f64,
}

impl TryFrom<RawSampling> for Sampling {
    type Error = KeyError;

    fn try_from(raw: RawSampling) -> Result<Self, KeyError> {
        if !(0.0..=1.0).contains(&raw.rate) {
            return Err(KeyError::at("rate", format!("`{}` is not a share", raw.rate)).with_help("write a number from 0 to 1"));
        }
        Ok(Self { rate: raw.rate, random: 0x5eed })
    }
}

impl Sampling {
    pub(super) fn apply(&mut self, entry: Entry) -> Flow {
        // SplitMix64, public domain, Sebastiano Vigna.
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.random;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let chance = ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64;
        if chance < self.rate { Flow::Pass(entry) } else { Flow::Drop("sampling_stage".to_owned()) }
    }
}
