//! Names of metrics and labels as Prometheus makes them of OTLP's, with its default
//! `translation_strategy`, `UnderscoreEscapingWithSuffixes`.
//! <https://prometheus.io/docs/guides/opentelemetry/>,
//! <https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/>

/// Units of UCUM, as OTLP has them, and the words that Prometheus has for them.
const UNITS: [(&str, &str); 32] = [
    ("d", "days"),
    ("h", "hours"),
    ("min", "minutes"),
    ("s", "seconds"),
    ("ms", "milliseconds"),
    ("us", "microseconds"),
    ("ns", "nanoseconds"),
    ("By", "bytes"),
    ("KiBy", "kibibytes"),
    ("MiBy", "mebibytes"),
    ("GiBy", "gibibytes"),
    ("TiBy", "tibibytes"),
    ("KBy", "kilobytes"),
    ("MBy", "megabytes"),
    ("GBy", "gigabytes"),
    ("TBy", "terabytes"),
    ("B", "bytes"),
    ("KB", "kilobytes"),
    ("MB", "megabytes"),
    ("GB", "gigabytes"),
    ("TB", "terabytes"),
    ("m", "meters"),
    ("V", "volts"),
    ("A", "amperes"),
    ("J", "joules"),
    ("W", "watts"),
    ("g", "grams"),
    ("Cel", "celsius"),
    ("Hz", "hertz"),
    ("1", ""),
    ("%", "percent"),
    ("KBy/s", "kilobytes_per_second"),
];

/// Units behind a slash.
const PER_UNITS: [(&str, &str); 7] =
    [("s", "second"), ("m", "minute"), ("h", "hour"), ("d", "day"), ("w", "week"), ("mo", "month"), ("y", "year")];

/// What a metric's name says about its kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NameKind {
    /// A sum that only grows: `_total`.
    Counter,
    /// A gauge: `_ratio` when its unit is 1.
    Gauge,
    /// Anything else.
    Other,
}

/// The name of a metric; empty when nothing of it can be written.
pub(super) fn metric(name: &str, unit: &str, kind: NameKind) -> String {
    let mut words: Vec<&str> = name.split(|c: char| !c.is_ascii_alphanumeric() && c != ':').filter(|word| !word.is_empty()).collect();
    if words.is_empty() {
        return String::new();
    }
    let (main, per) = unit_words(unit);
    let with_per = if per.is_empty() { String::new() } else { format!("per_{per}") };
    for suffix in [&main, &with_per].into_iter().filter(|suffix| !suffix.is_empty()) {
        let parts: Vec<&str> = suffix.split('_').collect();
        if !words.windows(parts.len()).any(|window| window == parts) {
            words.extend(parts);
        }
    }
    let last = match kind {
        NameKind::Counter => Some("total"),
        NameKind::Gauge if unit.trim() == "1" => Some("ratio"),
        _ => None,
    };
    if let Some(last) = last {
        words.retain(|word| *word != last);
        words.push(last);
    }
    let joined = words.join("_");
    if joined.starts_with(|c: char| c.is_ascii_digit()) { format!("_{joined}") } else { joined }
}

/// The words of a unit, and of what stands behind its slash. Units in braces are remarks.
fn unit_words(unit: &str) -> (String, String) {
    let (main, per) = unit.split_once('/').unwrap_or((unit, ""));
    let word = |text: &str, known: &[(&str, &str)]| {
        let text = text.trim();
        if text.contains(['{', '}']) {
            return String::new();
        }
        let found = known.iter().find(|(unit, _)| *unit == text).map_or(text, |(_, word)| word);
        let words: Vec<&str> = found.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect();
        words.join("_")
    };
    (word(main, &UNITS), word(per, &PER_UNITS))
}

/// The unit as metadata tell it: the words of the name.
pub(super) fn unit(unit: &str) -> String {
    match unit_words(unit) {
        (main, per) if per.is_empty() => main,
        (main, per) if main.is_empty() => format!("per_{per}"),
        (main, per) => format!("{main}_per_{per}"),
    }
}

/// The name of a label: other characters than letters and digits become underscores, one in front of a
/// digit is `key_`, and a single one in front is `key`.
pub(super) fn label(name: &str) -> String {
    let clean: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    if clean.starts_with(|c: char| c.is_ascii_digit()) {
        format!("key_{clean}")
    } else if clean.starts_with('_') && !clean.starts_with("__") {
        format!("key{clean}")
    } else {
        clean
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metrics() {
        for (name, unit, kind, want) in [
            ("http.server.duration", "s", NameKind::Other, "http_server_duration_seconds"),
            ("http.server.duration.seconds", "s", NameKind::Other, "http_server_duration_seconds"),
            ("(lambda).function.executions(#)", "", NameKind::Gauge, "lambda_function_executions"),
            ("system.filesystem.usage", "By", NameKind::Gauge, "system_filesystem_usage_bytes"),
            ("system.network.dropped", "{packets}", NameKind::Gauge, "system_network_dropped"),
            ("system.network.dropped", "packets", NameKind::Gauge, "system_network_dropped_packets"),
            ("system.memory.utilization", "1", NameKind::Gauge, "system_memory_utilization_ratio"),
            ("system.memory.utilization", "1", NameKind::Counter, "system_memory_utilization_total"),
            ("storage.filesystem.utilization", "%", NameKind::Gauge, "storage_filesystem_utilization_percent"),
            ("astro.light.speed", "m/s", NameKind::Gauge, "astro_light_speed_meters_per_second"),
            ("requests", "{request}/s", NameKind::Gauge, "requests_per_second"),
            ("system.processes.created", "", NameKind::Counter, "system_processes_created_total"),
            ("my.total.things", "", NameKind::Counter, "my_things_total"),
            ("up:rate", "", NameKind::Gauge, "up:rate"),
            ("3xx", "", NameKind::Gauge, "_3xx"),
            ("...", "s", NameKind::Gauge, ""),
        ] {
            assert_eq!(metric(name, unit, kind), want, "{name} {unit} {kind:?}");
        }
        assert_eq!((unit("By/s"), unit("{x}/s"), unit("ms")), ("bytes_per_second".into(), "per_second".into(), "milliseconds".into()));
    }

    #[test]
    fn labels() {
        for (name, want) in [("http.method", "http_method"), ("1a", "key_1a"), ("_a", "key_a"), ("__a", "__a"), ("é", "key_"), ("", "")] {
            assert_eq!(label(name), want);
        }
    }
}
