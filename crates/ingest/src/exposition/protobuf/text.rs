//! Comments and series as the text formats write them.

use phoenix_model::labels::{is_legacy_label_name, is_legacy_metric_name};
use std::fmt::Write;

/// Appends `# KEYWORD name text`.
pub(super) fn put_comment(keyword: &str, name: &str, text: &str, out: &mut String) {
    let _ = write!(out, "# {keyword} ");
    if is_legacy_metric_name(name) {
        out.push_str(name);
    } else {
        put_quoted(name, "", out);
    }
    out.push(' ');
    put_escaped(text, out);
}

/// Appends `name{label="value",…}`, with names in quotes where they need them.
pub(in super::super) fn put_series<'l>(name: &str, suffix: &str, labels: impl Iterator<Item = (&'l str, &'l str)>, out: &mut String) {
    let is_legacy = is_legacy_metric_name(name);
    let mut between = "{";
    if is_legacy {
        out.push_str(name);
        out.push_str(suffix);
    } else {
        out.push('{');
        put_quoted(name, suffix, out);
        between = ",";
    }
    for (name, value) in labels {
        out.push_str(between);
        between = ",";
        if is_legacy_label_name(name) {
            out.push_str(name);
        } else {
            put_quoted(name, "", out);
        }
        out.push('=');
        put_quoted(value, "", out);
    }
    if between == "," {
        out.push('}');
    }
}

fn put_quoted(text: &str, suffix: &str, out: &mut String) {
    out.push('"');
    put_escaped(text, out);
    out.push_str(suffix);
    out.push('"');
}

fn put_escaped(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '"' => out.push_str("\\\""),
            '\n' => out.push_str("\\n"),
            c => out.push(c),
        }
    }
}

/// A bound or quantile as OpenMetrics' text has it: shortest digits, an exponent below 1e-4 and from
/// 1e6 on, and `.0` where there is neither point nor exponent.
pub(super) fn float(value: f64) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    let scientific = format!("{value:e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..6).contains(&exponent) || value == 0.0 {
        let plain = value.to_string();
        return if plain.contains('.') { plain } else { plain + ".0" };
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", exponent.abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats() {
        for (value, want) in [
            (0.0, "0.0"),
            (1.0, "1.0"),
            (-2.5, "-2.5"),
            (0.005, "0.005"),
            (0.000_05, "5e-05"),
            (100_000.0, "100000.0"),
            (1e6, "1e+06"),
            (1_234_567.5, "1.2345675e+06"),
            (f64::INFINITY, "+Inf"),
            (1e-300, "1e-300"),
        ] {
            assert_eq!(float(value), want);
        }
    }
}
