//! A stream's labels, checked and completed once for each way in which they are written.

use super::label_text;
use super::level;
use crate::log_limits::LogLimits;
use hashbrown::HashMap;
use parking_lot::Mutex;
use phoenix_model::Labels;
use phoenix_model::labels::is_legacy_label_name;
use phoenix_model::logs::{DETECTED_LEVEL, Level};
use std::sync::Arc;

/// The label that says which service a stream is of.
const SERVICE_NAME: &str = "service_name";
/// Its value when nothing says it.
const UNKNOWN_SERVICE: &str = "unknown_service";
/// Streams in one generation of the cache, and bytes of their texts.
const GENERATION_STREAMS: usize = 8192;
const GENERATION_BYTES: usize = 4 << 20;

/// A stream as it goes to the store, or why it does not.
#[derive(Debug)]
pub(super) struct Prepared {
    /// Its labels, completed.
    pub labels: Labels,
    /// The level that its labels say.
    pub level: Option<Level>,
    /// Why none of its entries is stored: the reason for the metric, and the message.
    pub refusal: Option<(&'static str, String)>,
}

impl Prepared {
    pub(super) fn from_text(text: &str, limits: &LogLimits) -> Self {
        match label_text::parse(text) {
            Ok(pairs) => Self::new(&pairs, limits),
            Err(e) => Self::refused("invalid_labels", format!("error parsing labels '{}' with error: {e}", cut(text))),
        }
    }

    pub(super) fn new(pairs: &[(String, String)], limits: &LogLimits) -> Self {
        if let Some((reason, message)) = check(pairs, limits) {
            return Self::refused(reason, message);
        }
        let mut labels = Labels::from_pairs(pairs.iter().map(|(name, value)| (name, value)));
        let level = labels.get(DETECTED_LEVEL).or_else(|| limits.log_level_fields.iter().find_map(|name| labels.get(name)));
        let level = level.filter(|_| limits.discover_log_levels).map(|value| level::from_value(value).unwrap_or(Level::Unknown));
        if !limits.discover_service_name.is_empty() && labels.get(SERVICE_NAME).is_none() {
            let found = limits.discover_service_name.iter().find_map(|name| labels.get(name)).unwrap_or(UNKNOWN_SERVICE);
            let mut builder = labels.to_builder();
            builder.set(SERVICE_NAME, found);
            labels = builder.build();
        }
        Self { labels, level, refusal: None }
    }

    fn refused(reason: &'static str, message: String) -> Self {
        Self { labels: Labels::empty(), level: None, refusal: Some((reason, message)) }
    }
}

/// What is wrong with a stream's labels. The wording is that of Loki's documentation.
fn check(pairs: &[(String, String)], limits: &LogLimits) -> Option<(&'static str, String)> {
    if pairs.is_empty() {
        return Some(("missing_labels", "error at least one label pair is required per stream".to_owned()));
    }
    let shown = || display(pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    let number = pairs.iter().filter(|(name, _)| name != SERVICE_NAME).count();
    let most = limits.max_label_names_per_series;
    if most != 0 && number > most {
        let message = format!("entry for stream '{}' has {number} label names; limit {most}", shown());
        return Some(("max_label_names_per_series", message));
    }
    for (i, (name, value)) in pairs.iter().enumerate() {
        if !is_legacy_label_name(name) {
            let message = format!("error parsing labels '{}' with error: {:?} is not the name of a label", shown(), cut(name));
            return Some(("invalid_labels", message));
        }
        if limits.max_label_name_length != 0 && name.len() > limits.max_label_name_length {
            return Some(("label_name_too_long", format!("stream '{}' has label name too long: '{}'", shown(), cut(name))));
        }
        if limits.max_label_value_length != 0 && value.len() > limits.max_label_value_length {
            return Some(("label_value_too_long", format!("stream '{}' has label value too long: '{}'", shown(), cut(value))));
        }
        if pairs[..i].iter().any(|(other, _)| other == name) {
            return Some(("duplicate_label_names", format!("stream '{}' has duplicate label name: '{name}'", shown())));
        }
    }
    None
}

/// Labels as Loki shows them in messages: `{a="b", c="d"}`, cut where they are very long.
pub(super) fn display<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let pairs: Vec<String> = pairs.map(|(name, value)| format!("{name}={value:?}")).collect();
    cut(&format!("{{{}}}", pairs.join(", ")))
}

/// At most 500 characters of a text.
fn cut(text: &str) -> String {
    match text.char_indices().nth(500) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// Streams by the text of their labels. Two generations of bounded size: when the young one is full
/// the old one is forgotten.
#[derive(Default)]
pub(super) struct StreamCache {
    generations: Mutex<Generations>,
}

#[derive(Default)]
struct Generations {
    young: HashMap<Box<[u8]>, Arc<Prepared>>,
    young_bytes: usize,
    old: HashMap<Box<[u8]>, Arc<Prepared>>,
}

impl StreamCache {
    /// The stream with this text, or the one that is built from it.
    pub(super) fn get<E>(&self, text: &[u8], build: impl FnOnce() -> Result<Prepared, E>) -> Result<Arc<Prepared>, E> {
        {
            let mut generations = self.generations.lock();
            if let Some(prepared) = generations.young.get(text) {
                return Ok(Arc::clone(prepared));
            }
            if let Some((text, prepared)) = generations.old.remove_entry(text) {
                generations.add(text, Arc::clone(&prepared));
                return Ok(prepared);
            }
        }
        let prepared = Arc::new(build()?);
        self.generations.lock().add(text.into(), Arc::clone(&prepared));
        Ok(prepared)
    }
}

impl Generations {
    fn add(&mut self, text: Box<[u8]>, prepared: Arc<Prepared>) {
        self.young_bytes += text.len();
        if self.young.len() >= GENERATION_STREAMS || self.young_bytes > GENERATION_BYTES {
            self.old = std::mem::take(&mut self.young);
            self.young_bytes = text.len();
        }
        self.young.insert(text, prepared);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prepared(text: &str) -> Prepared {
        Prepared::from_text(text, &LogLimits { max_label_names_per_series: 3, max_label_value_length: 9, ..LogLimits::default() })
    }

    #[test]
    fn the_service_and_the_level_are_found() {
        for (text, labels, level) in [
            (r#"{job="a"}"#, r#"{job="a",service_name="a"}"#, None),
            (r#"{job="a", app="b"}"#, r#"{app="b",job="a",service_name="b"}"#, None),
            (r#"{service_name="s", app="b"}"#, r#"{app="b",service_name="s"}"#, None),
            (r#"{x="y", level="WARNING"}"#, r#"{level="WARNING",service_name="unknown_service",x="y"}"#, Some(Level::Warn)),
            (r#"{severity="odd"}"#, r#"{service_name="unknown_service",severity="odd"}"#, Some(Level::Unknown)),
            (r#"{a="1", b="2", c="3", service_name="s"}"#, r#"{a="1",b="2",c="3",service_name="s"}"#, None),
        ] {
            let got = prepared(text);
            assert_eq!((got.labels.to_string().as_str(), got.level), (labels, level), "{text}");
        }
    }

    #[test]
    fn bad_labels_are_named_as_loki_names_them() {
        for (text, want) in [
            ("{}", "error at least one label pair is required per stream"),
            ("{a=b}", "error parsing labels '{a=b}' with error: the value of label `a` is not a quoted string"),
            (r#"{a="1", b="2", c="3", d="4"}"#, r#"entry for stream '{a="1", b="2", c="3", d="4"}' has 4 label names; limit 3"#),
            (r#"{a="1234567890"}"#, r#"stream '{a="1234567890"}' has label value too long: '1234567890'"#),
            (r#"{a="1", a="2"}"#, r#"stream '{a="1", a="2"}' has duplicate label name: 'a'"#),
        ] {
            assert_eq!(prepared(text).refusal.unwrap().1, want);
        }
        let long = format!("{{{}=\"1\"}}", "n".repeat(1025));
        assert_eq!(prepared(&long).refusal.unwrap().0, "label_name_too_long");
    }

    #[test]
    fn the_cache_stays_small() {
        let cache = StreamCache::default();
        let limits = LogLimits::default();
        for i in 0..3 * GENERATION_STREAMS {
            let text = format!("{{a=\"{i}\"}}");
            cache.get(text.as_bytes(), || Ok::<_, ()>(Prepared::from_text(&text, &limits))).unwrap();
            // Kept, because it is asked for often.
            cache.get(b"{a=\"b\"}", || Ok::<_, ()>(Prepared::from_text("{a=\"b\"}", &limits))).unwrap();
        }
        let kept = cache.get(b"{a=\"b\"}", || Err(())).unwrap();
        assert_eq!(kept.labels.value("a"), "b");
        let generations = cache.generations.lock();
        assert!(generations.young.len() + generations.old.len() <= 2 * GENERATION_STREAMS + 1);
    }
}
