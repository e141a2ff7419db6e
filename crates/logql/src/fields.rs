//! Which fields entries have: found by trying JSON and logfmt on their lines.

use crate::result::LogEntry;
use crate::stages::json::{self, Raw};
use crate::stages::logfmt::Pairs;
use crate::stages::row::{ERROR, ERROR_DETAILS, push_sanitized};
use crate::stages::signed_duration_ns;
use crate::units;
use hashbrown::{HashMap, HashSet};
use std::hash::BuildHasher;

/// Values of one field that are told apart to be counted.
const MAX_COUNTED: usize = 10_000;
/// Values of one field whose frequency is known.
const MAX_VALUES: usize = 1_000;
/// The longest value that is kept, in bytes.
const MAX_VALUE_BYTES: usize = 1_024;

/// A field of entries, beside the labels of their streams.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SampledField {
    /// The label that it becomes.
    pub name: String,
    /// `int`, `float`, `boolean`, `duration`, `bytes` or `string`: what all of its values are.
    pub kind: &'static str,
    /// How many values it has; of very many, 10,000.
    pub cardinality: u64,
    /// The parsers that give it: `json`, `logfmt`; none for structured metadata and labels that
    /// stages made.
    pub parsers: Vec<&'static str>,
    /// The way to it within a JSON line; empty for others.
    pub json_path: Vec<String>,
    /// Its most frequent values, most frequent first; those as frequent in order of their text.
    pub values: Vec<String>,
}

/// Collects the fields of entries that are given to it.
#[derive(Debug)]
pub struct FieldSampler {
    max_fields: usize,
    fields: HashMap<String, Collected>,
}

#[derive(Debug, Default)]
struct Collected {
    kind: Option<&'static str>,
    hashes: HashSet<u64>,
    values: HashMap<String, u64>,
    parsers: Vec<&'static str>,
    json_path: Vec<String>,
}

impl FieldSampler {
    /// Knows at most so many fields; those that come later are left out.
    pub fn new(max_fields: usize) -> Self {
        Self { max_fields, fields: HashMap::new() }
    }

    /// Looks at an entry as a query gives it.
    pub fn add(&mut self, entry: &LogEntry) {
        for (name, value) in &entry.metadata {
            self.note(name.to_owned(), value, None, &[]);
        }
        let taken = |name: &str| entry.stream.get(name).is_some() || entry.metadata.get(name).is_some();
        let mut found: HashSet<String> = HashSet::new();
        let mut once = |mut name: String| {
            if taken(&name) {
                name.push_str("_extracted");
            }
            found.insert(name.clone()).then_some(name)
        };
        if entry.line.trim_start().starts_with('{') {
            let _ = json::leaves(&entry.line, &mut |path, value| {
                let mut name = String::new();
                for (i, key) in path.iter().enumerate() {
                    if i > 0 {
                        name.push('_');
                    }
                    push_sanitized(key, i == 0, &mut name);
                }
                let value = if value == Raw::Null { return } else { value.to_text() };
                if !value.is_empty()
                    && let Some(name) = once(name)
                {
                    self.note(name, &value, Some("json"), path);
                }
            });
        } else {
            for pair in Pairs::new(&entry.line).flatten().filter(|pair| !pair.value.is_empty()) {
                let mut name = String::new();
                push_sanitized(pair.key, true, &mut name);
                if let Some(name) = once(name) {
                    let mut value = String::new();
                    pair.push_value(&mut value);
                    self.note(name, &value, Some("logfmt"), &[]);
                }
            }
        }
        for (name, value) in &entry.parsed {
            if name != ERROR && name != ERROR_DETAILS && !found.contains(name) {
                self.note(name.to_owned(), value, None, &[]);
            }
        }
    }

    fn note(&mut self, name: String, value: &str, parser: Option<&'static str>, path: &[String]) {
        if name.is_empty() || (self.fields.len() >= self.max_fields && !self.fields.contains_key(&name)) {
            return;
        }
        let hash = self.fields.hasher().hash_one(value);
        let field = self.fields.entry(name).or_default();
        let kind = kind(value);
        field.kind = Some(match field.kind {
            None => kind,
            Some(before) if before == kind => kind,
            Some("int" | "float") if matches!(kind, "int" | "float") => "float",
            Some(_) => "string",
        });
        if field.hashes.len() < MAX_COUNTED {
            field.hashes.insert(hash);
        }
        if let Some(count) = field.values.get_mut(value) {
            *count += 1;
        } else if field.values.len() < MAX_VALUES && value.len() <= MAX_VALUE_BYTES {
            field.values.insert(value.to_owned(), 1);
        }
        if let Some(parser) = parser
            && !field.parsers.contains(&parser)
        {
            field.parsers.push(parser);
        }
        if field.json_path.is_empty() {
            field.json_path = path.to_vec();
        }
    }

    /// The fields, sorted by name, each with at most so many of its values.
    pub fn finish(self, max_values: usize) -> Vec<SampledField> {
        let mut fields: Vec<SampledField> = self
            .fields
            .into_iter()
            .map(|(name, field)| {
                let mut values: Vec<(String, u64)> = field.values.into_iter().collect();
                values.sort_unstable_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
                values.truncate(max_values);
                SampledField {
                    name,
                    kind: field.kind.unwrap_or("string"),
                    cardinality: field.hashes.len() as u64,
                    parsers: field.parsers,
                    json_path: field.json_path,
                    values: values.into_iter().map(|(value, _)| value).collect(),
                }
            })
            .collect();
        fields.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        fields
    }
}

/// What a value is, by the first of these that reads it.
fn kind(value: &str) -> &'static str {
    let is_number = |value: &str| value.bytes().any(|b| b.is_ascii_digit()) && value.parse::<f64>().is_ok();
    if value.parse::<i64>().is_ok() {
        "int"
    } else if is_number(value) {
        "float"
    } else if matches!(value, "true" | "false" | "True" | "False" | "TRUE" | "FALSE") {
        "boolean"
    } else if signed_duration_ns(value).is_some() {
        "duration"
    } else if units::parse_bytes(value).is_some() {
        "bytes"
    } else {
        "string"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use phoenix_model::Labels;

    #[test]
    fn fields_of_all_kinds_are_found() {
        let entry = |line: &str, metadata: &[(&str, &str)], parsed: &[(&str, &str)]| LogEntry {
            timestamp_ns: 1,
            line: line.to_owned(),
            stream: Labels::from_pairs([("app", "a")]),
            metadata: Labels::from_pairs(metadata.iter().copied()),
            parsed: Labels::from_pairs(parsed.iter().copied()),
        };
        let mut sampler = FieldSampler::new(100);
        for entry in [
            entry("{\"a.b\":{\"c\":1},\"app\":\"x\",\"list\":[1],\"none\":null}", &[("trace", "t1")], &[]),
            entry("{\"a.b\":{\"c\":2.5},\"ok\":true", &[("trace", "t2")], &[("__error__", "e"), ("made", "7MB")]),
            entry("took=5ms size=5KB n=1 msg=\"a b\" empty=", &[], &[]),
            entry("took=6ms n=one msg=\"a b\"", &[], &[]),
            entry("just words", &[], &[]),
        ] {
            sampler.add(&entry);
        }
        let fields = sampler.finish(5);
        let shown: Vec<String> = fields
            .iter()
            .map(|f| {
                format!("{} {} {} {} {} {}", f.name, f.kind, f.cardinality, f.parsers.join("+"), f.json_path.join("."), f.values.join(","))
            })
            .collect();
        assert_eq!(
            shown,
            [
                "a_b_c float 2 json a.b.c 1,2.5",
                "app_extracted string 1 json app x",
                "made bytes 1   7MB",
                "msg string 1 logfmt  a b",
                "n string 2 logfmt  1,one",
                "ok boolean 1 json ok true",
                "size bytes 1 logfmt  5KB",
                "took duration 2 logfmt  5ms,6ms",
                "trace string 2   t1,t2",
            ]
        );
    }

    #[test]
    fn memory_is_bounded() {
        let mut sampler = FieldSampler::new(10);
        for i in 0..2_000 {
            sampler.add(&LogEntry {
                timestamp_ns: i,
                line: format!("k{i}=v same=v{i}"),
                stream: Labels::empty(),
                metadata: Labels::empty(),
                parsed: Labels::empty(),
            });
        }
        let fields = sampler.finish(3);
        assert_eq!(fields.len(), 10);
        let same = fields.iter().find(|f| f.name == "same").unwrap();
        assert_eq!((same.cardinality, same.values.len()), (2_000, 3));
    }
}
