//! The strategy's rules as they are in `configs/monitoring`, made quicker.

/// So many times as quick as in production is everything that waits in the rules: what takes an hour there takes two
/// minutes in the demo.
const QUICKER: u64 = 30;

/// What stands in the files for `configs/monitoring`, below the folder of the demo's configuration.
const FILES: [(&str, &str); 6] = [
    ("rules/recording.yaml", include_str!("../../../../configs/monitoring/prometheus/rules/recording.yaml")),
    ("rules/critical.yaml", include_str!("../../../../configs/monitoring/prometheus/rules/critical.yaml")),
    ("rules/warnings.yaml", include_str!("../../../../configs/monitoring/prometheus/rules/warnings.yaml")),
    ("rules/info.yaml", include_str!("../../../../configs/monitoring/prometheus/rules/info.yaml")),
    ("rules/security.yaml", include_str!("../../../../configs/monitoring/prometheus/rules/security.yaml")),
    ("logs.yaml", include_str!("../../../../configs/monitoring/rules/logs.yaml")),
];

/// Jobs of the strategy that the demo has not: Phoenix reads files of logs, and is Prometheus and Alertmanager itself.
const ABSENT: [&str; 3] = ["fluent-bit", "alertmanager", "prometheus"];

/// The files of rules, with their paths.
pub(super) fn files() -> impl Iterator<Item = (&'static str, String)> {
    FILES.into_iter().map(|(name, text)| (name, quicker(&without_absent(text))))
}

/// Which alerts say nothing new beside which others: `inhibit_rules` of the strategy's Alertmanager.
pub(super) fn inhibitions() -> &'static str {
    let text = include_str!("../../../../configs/alertmanager.yaml");
    let section = text.find("\ninhibit_rules:").map_or("", |at| &text[at + 1..]);
    // The next key at the margin begins another section.
    let end = section.match_indices('\n').find(|(at, _)| section[at + 1..].starts_with(|c: char| c.is_ascii_alphabetic()));
    &section[..end.map_or(section.len(), |(at, _)| at + 1)]
}

/// Without what could only tell that the demo is no cluster, and without the alert that always fires, for which the demo
/// has nobody who would notice its silence.
fn without_absent(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut skips = false;
    for line in text.split_inclusive('\n') {
        if line.trim_start().starts_with("- ") {
            skips = line.trim() == "- alert: Watchdog";
        }
        if !skips && !ABSENT.iter().any(|job| line.trim() == format!("or absent(up{{job=\"{job}\"}})")) {
            kept.push_str(line);
        }
    }
    kept
}

/// Shortens what stands in brackets, behind `offset`, and as `for` and `interval`.
fn quicker(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let key = line.trim_start().trim_start_matches("- ");
        let mut rest = line;
        for start in ["for: ", "interval: "] {
            if let Some(value) = key.strip_prefix(start) {
                let (before, _) = line.split_at(line.len() - value.len());
                out.push_str(before);
                let (shorter, after) = shortened(value);
                out.push_str(&shorter);
                rest = after;
            }
        }
        while let Some((at, mark)) = ["[", "offset "].iter().filter_map(|mark| Some((rest.find(mark)?, mark))).min() {
            let (before, value) = rest.split_at(at + mark.len());
            out.push_str(before);
            let (shorter, after) = shortened(value);
            out.push_str(&shorter);
            rest = after;
        }
        out.push_str(rest);
    }
    out
}

/// A duration at the start of a text, shortened, and what is behind it. What is no duration stays.
fn shortened(text: &str) -> (String, &str) {
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, rest) = text.split_at(digits);
    let seconds = [("s", 1), ("m", 60), ("h", 3_600), ("d", 86_400)].into_iter().find_map(|(unit, seconds)| {
        let behind = rest.strip_prefix(unit)?;
        let is_whole = !behind.starts_with(|c: char| c.is_ascii_alphanumeric());
        is_whole.then_some(()).and_then(|()| Some((number.parse::<u64>().ok()?.checked_mul(seconds)?, behind)))
    });
    match seconds {
        Some((seconds, behind)) if seconds.is_multiple_of(QUICKER) => (format!("{}s", seconds / QUICKER), behind),
        Some((seconds, behind)) => (format!("{}ms", seconds * 1_000 / QUICKER), behind),
        None => (String::new(), text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_waits_is_shortened_and_nothing_else() {
        for (text, want) in [
            ("    for: 2m\n", "    for: 4s\n"),
            ("  - interval: 30s # why\n", "  - interval: 1s # why\n"),
            ("for: 0s", "for: 0s"),
            ("for: 45s", "for: 1500ms"),
            ("expr: rate(a:b:rate5m[5m]) > rate(c[1h] offset 5m)", "expr: rate(a:b:rate5m[10s]) > rate(c[120s] offset 10s)"),
            ("changes(x[10m]) and y offset 30m", "changes(x[20s]) and y offset 60s"),
            (r#"description: "for 5m, {{ $labels.x }}[ab]""#, r#"description: "for 5m, {{ $labels.x }}[ab]""#),
            ("a{b=~\"[0-9]m\"}", "a{b=~\"[0-9]m\"}"),
        ] {
            assert_eq!(quicker(text), want);
        }
    }

    #[test]
    fn inhibitions_are_one_section() {
        let text = inhibitions();
        assert!(text.starts_with("inhibit_rules:\n") && text.ends_with('\n'), "{text}");
        assert!(text.contains("PhoenixAPIInstanceDown") && !text.contains("receivers:") && !text.contains("\nroute:"), "{text}");
    }

    #[test]
    fn all_rules_are_there_but_for_what_the_demo_has_not() {
        let count = |text: &str, what: &str| text.lines().filter(|line| line.trim_start().starts_with(what)).count();
        let before: String = FILES.iter().map(|(_, text)| *text).collect();
        let after: String = files().map(|(_, text)| text).collect();
        for (what, fewer) in [("- alert:", 1), ("- record:", 0), ("or absent(up{job=", ABSENT.len()), ("runbook_url:", 1), ("- name:", 0)] {
            assert_eq!(count(&before, what) - count(&after, what), fewer, "{what}");
        }
        for long in ["[5m]", "[1h]", "[6h]", "[30m]", "for: 2m", "interval: 30s", "offset 5m"] {
            assert!(before.contains(long) && !after.contains(long), "{long}");
        }
    }
}
