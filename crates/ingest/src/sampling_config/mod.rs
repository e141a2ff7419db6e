//! The file that says which traces are kept: rules of the monitoring strategy (section 6.2), or the
//! configuration of the OpenTelemetry collector's tail sampling processor.
//!
//! It stands here and not in `sampling`, because reading YAML is of the same floor as the rules.

mod policies;
mod rules;
mod settings;

use phoenix_model::{Diagnostic, Severity, Source, Span};
use phoenix_sampling::Rules;
use phoenix_yaml::{Spanned, keys};
use serde::Deserialize;

pub use policies::{NOT_ACTING, POLICY_TYPES};

/// Reads the file. The rules are there exactly when no diagnostic is an error; the others say what is
/// accepted and does not act.
pub fn parse(source: &Source) -> (Option<Rules>, Vec<Diagnostic>) {
    let mut diagnostics = Vec::new();
    let rules = read(source, &mut diagnostics);
    diagnostics.sort_by_key(|diagnostic| diagnostic.span.start);
    let is_usable = diagnostics.iter().all(|diagnostic| diagnostic.severity < Severity::Error);
    (rules.filter(|_| is_usable), diagnostics)
}

/// Which of the formats a text is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Rules,
    /// The body of the processor.
    Policies,
    /// `tail_sampling:` and its body.
    TailSampling,
    /// `processors:` with `tail_sampling:` in it.
    Processors,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawTailSampling {
    tail_sampling: Spanned<policies::RawProcessor>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawProcessors {
    processors: RawTailSampling,
}

fn read(source: &Source, diagnostics: &mut Vec<Diagnostic>) -> Option<Rules> {
    let format = format_of(source, diagnostics)?;
    match format {
        Format::Rules => taken(source, diagnostics).map(|raw: rules::RawRules| raw.resolve(source, diagnostics)),
        Format::Policies => taken(source, diagnostics).map(|raw: policies::RawProcessor| raw.resolve("", source, diagnostics)),
        Format::TailSampling => taken(source, diagnostics)
            .map(|raw: RawTailSampling| raw.tail_sampling.into_inner().resolve("tail_sampling.", source, diagnostics)),
        Format::Processors => taken(source, diagnostics)
            .map(|raw: RawProcessors| raw.processors.tail_sampling.into_inner().resolve("processors.tail_sampling.", source, diagnostics)),
    }
}

fn taken<T: serde::de::DeserializeOwned>(source: &Source, diagnostics: &mut Vec<Diagnostic>) -> Option<T> {
    let (raw, found) = phoenix_yaml::read(source);
    diagnostics.extend(found);
    raw
}

/// The format by the keys at the root. A text that is not YAML is read as rules, which says what is wrong with it.
fn format_of(source: &Source, diagnostics: &mut Vec<Diagnostic>) -> Option<Format> {
    const OWN_KEYS: [(&str, Format); 6] = [
        ("sampling_rules", Format::Rules),
        ("default_sample_rate", Format::Rules),
        ("adaptive", Format::Rules),
        ("policies", Format::Policies),
        ("tail_sampling", Format::TailSampling),
        ("processors", Format::Processors),
    ];
    let (_, broken) = phoenix_yaml::read::<serde::de::IgnoredAny>(source);
    if !broken.is_empty() {
        diagnostics.extend(broken);
        return None;
    }
    let all = keys(source);
    let mut formats = all.iter().filter_map(|key| OWN_KEYS.iter().find(|(name, _)| *name == key.path).map(|(_, format)| (*format, key)));
    let Some((first, first_key)) = formats.next() else {
        let span = all.first().map_or(Span::default(), |key| key.span);
        diagnostics.push(
            Diagnostic::error(source, span, "these are not rules of sampling")
                .with_help("begin with `sampling_rules:`, or with `tail_sampling:` and the configuration of the collector's processor"),
        );
        return None;
    };
    if let Some((_, other)) = formats.find(|(format, _)| *format != first) {
        let message = format!("`{}` does not go together with `{}`", other.path, first_key.path);
        diagnostics.push(Diagnostic::error(source, other.span, message).with_help("one file has either rules or policies; take one out"));
        return None;
    }
    Some(first)
}

/// A share from 0 to 1.
fn rate(rate: &Spanned<f64>, source: &Source, diagnostics: &mut Vec<Diagnostic>) -> f64 {
    if (0.0..=1.0).contains(&rate.value) {
        return rate.value;
    }
    let diagnostic = Diagnostic::error(source, rate.span, format!("`{}` is not a rate: it goes from 0 (none) to 1 (all)", rate.value));
    let percent = rate.value > 1.0 && rate.value <= 100.0;
    diagnostics.push(if percent {
        diagnostic.with_help(format!("{} % is written as {}", rate.value, rate.value / 100.0))
    } else {
        diagnostic
    });
    1.0
}

#[cfg(test)]
mod tests;
