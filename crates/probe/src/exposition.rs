//! What a probe found out, as metrics in Prometheus' text format.

use std::collections::BTreeMap;
use std::fmt::Write as _;

/// The media type of a probe's metrics.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Gauges by name. Each has one help text and any number of label sets.
#[derive(Debug, Default)]
pub(crate) struct Gauges(BTreeMap<&'static str, Gauge>);

#[derive(Debug)]
struct Gauge {
    help: &'static str,
    values: BTreeMap<String, f64>,
}

impl Gauges {
    /// Sets a gauge without labels.
    pub(crate) fn set(&mut self, name: &'static str, help: &'static str, value: f64) {
        self.set_with(name, help, &[], value);
    }

    /// Sets a gauge for a set of labels.
    pub(crate) fn set_with(&mut self, name: &'static str, help: &'static str, labels: &[(&str, &str)], value: f64) {
        let mut text = String::new();
        for (label, value) in labels {
            let comma = if text.is_empty() { "" } else { "," };
            let value = value.replace('\\', r"\\").replace('"', "\\\"").replace('\n', r"\n");
            let _ = write!(text, "{comma}{label}=\"{value}\"");
        }
        self.0.entry(name).or_insert_with(|| Gauge { help, values: BTreeMap::new() }).values.insert(text, value);
    }

    /// The text that a scrape gets.
    pub(crate) fn text(&self) -> String {
        let mut out = String::new();
        for (name, gauge) in &self.0 {
            let _ = writeln!(out, "# HELP {name} {}\n# TYPE {name} gauge", gauge.help);
            for (labels, value) in &gauge.values {
                let _ = match labels.as_str() {
                    "" => writeln!(out, "{name} {value}"),
                    labels => writeln!(out, "{name}{{{labels}}} {value}"),
                };
            }
        }
        out
    }
}
