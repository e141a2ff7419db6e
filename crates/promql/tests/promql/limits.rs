//! Limits, cancellation, what a store is asked for, and what is refused.

use crate::script::memory::Memory;
use phoenix_model::{Budget, Labels, SeriesSamples};
use phoenix_promql::{EvalError, EvalOptions, SelectHints, SeriesSource, SourceError, instant, parse, parse_selector, range};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

fn memory() -> Memory {
    let series = (0..10).map(|i| {
        let labels = Labels::from_pairs([("__name__", "m"), ("i", &i.to_string())]);
        (labels, (0..100).map(|k| (k * 1_000, (k * i) as f64)).collect())
    });
    Memory { series: series.collect(), ..Memory::default() }
}

#[test]
fn samples_are_limited() {
    let budget = Budget::unlimited();
    for (max_samples, fits) in [(1_000, true), (999, false)] {
        let options = EvalOptions { max_samples, ..EvalOptions::new("", &budget) };
        let result = instant("sum(m)", 99_000, &memory(), &options);
        match result {
            Ok(_) => assert!(fits),
            Err(EvalError::Limit(message)) => {
                assert!(!fits && message.contains("`limits.query_max_samples` is 999"), "{message}");
            }
            Err(other) => panic!("{other}"),
        }
    }
}

#[test]
fn memory_is_limited_and_given_back() {
    let budget = Budget::new("limits.query_memory", 100_000);
    let options = EvalOptions::new("", &budget);
    instant("sum(m)", 99_000, &memory(), &options).unwrap();
    assert_eq!(budget.used_bytes(), 0);
    for text in ["m", "vector(1)", "m[1y:1ms]", "sum_over_time(vector(1)[1y:1ms])", "1"] {
        // One text fails for its samples, one for its steps, one for a subquery's steps.
        let error = range(text, 0, 99_000, 1, &memory(), &options).map(|_| ());
        match error {
            Err(EvalError::Limit(message)) => assert!(message.contains("`limits.query_memory`"), "{text}: {message}"),
            Err(EvalError::Parse(_)) => assert!(text.starts_with("m["), "{text} is no expression for a range query"),
            other => panic!("{text}: {other:?}"),
        }
        assert_eq!(budget.used_bytes(), 0, "{text}");
    }
}

#[test]
fn what_takes_each_series_by_itself_needs_no_memory_for_all_samples() {
    // Each series has 100 samples of 16 bytes, ten series 16,000 bytes.
    for (text, fits) in [
        ("rate(m[10s])", true),
        ("sum by (i) (rate(m[10s])) / sum by (i) (m)", true),
        ("sum(quantile_over_time(0.5, m[10s]))", true),
        ("max(timestamp(m))", false),
        ("absent_over_time(m[10s])", false),
        // One of the two needs all of them, and both share the read.
        ("sum(m) + max(timestamp(m))", false),
    ] {
        let budget = Budget::new("limits.query_memory", 12_000);
        let result = range(text, 0, 99_000, 33_000, &memory(), &EvalOptions::new("", &budget));
        assert_eq!(result.is_ok(), fits, "{text}: {result:?}");
        assert_eq!(budget.used_bytes(), 0, "{text}");
        let budget = Budget::unlimited();
        // Samples count all the same.
        let options = EvalOptions { max_samples: 999, ..EvalOptions::new("", &budget) };
        assert!(matches!(range(text, 0, 99_000, 33_000, &memory(), &options), Err(EvalError::Limit(_))), "{text}");
    }
}

#[test]
fn a_cancelled_query_ends() {
    let budget = Budget::unlimited();
    let asked = AtomicUsize::new(0);
    // At whatever point it is given up, it ends there.
    for after in [0, 1, 5, 20] {
        asked.store(0, Ordering::Relaxed);
        let cancelled = || asked.fetch_add(1, Ordering::Relaxed) >= after;
        let options = EvalOptions { cancelled: &cancelled, ..EvalOptions::new("", &budget) };
        let result = range("sum by (i) (rate(m[10s])) / max_over_time(m[1m:1s])", 0, 99_000, 1_000, &memory(), &options);
        assert!(matches!(result, Err(EvalError::Cancelled)), "{after}: {result:?}");
        assert_eq!(asked.load(Ordering::Relaxed), after + 1, "it does not go on after the answer");
    }
    assert_eq!(budget.used_bytes(), 0);
}

/// Remembers what it was asked for.
struct Asked<'a>(&'a Mutex<Vec<String>>, Result<(), SourceError>);

impl SeriesSource for Asked<'_> {
    fn select(&self, hints: &SelectHints, _: &Budget) -> Result<Vec<SeriesSamples>, SourceError> {
        let func = hints.func.unwrap_or("-");
        self.0
            .lock()
            .unwrap()
            .push(format!("{:?} {}..={} every {} for {func}", hints.matchers, hints.start_ms, hints.end_ms, hints.step_ms));
        self.1.clone().map(|()| Vec::new())
    }
}

#[test]
fn each_selector_is_read_once_over_the_time_it_needs() {
    let budget = Budget::unlimited();
    for (text, want) in [
        ("up", vec!["[__name__=\"up\"] 700001..=2000000 every 500000 for -"]),
        ("rate(x[1m])", vec!["[__name__=\"x\"] 940001..=2000000 every 500000 for rate"]),
        ("sum(x offset 10s)", vec!["[__name__=\"x\"] 690001..=1990000 every 500000 for sum"]),
        // The same series at overlapping times: one read.
        ("x / x offset 1m", vec!["[__name__=\"x\"] 640001..=2000000 every 500000 for -"]),
        // A week apart: two.
        (
            "x / x offset 1w",
            vec!["[__name__=\"x\"] 700001..=2000000 every 500000 for -", "[__name__=\"x\"] -604099999..=-602800000 every 500000 for -"],
        ),
        ("x @ 5", vec!["[__name__=\"x\"] -294999..=5000 every 500000 for -"]),
        ("x @ end()", vec!["[__name__=\"x\"] 1700001..=2000000 every 500000 for -"]),
        ("max_over_time(x[10m:1m])", vec!["[__name__=\"x\"] 120001..=1980000 every 60000 for -"]),
        (
            "x{a=~\"b\"} or y",
            vec!["[a=~\"b\", __name__=\"x\"] 700001..=2000000 every 500000 for -", "[__name__=\"y\"] 700001..=2000000 every 500000 for -"],
        ),
        ("1 + 1", vec![]),
    ] {
        let asked = Mutex::new(Vec::new());
        range(text, 1_000_000, 2_000_000, 500_000, &Asked(&asked, Ok(())), &EvalOptions::new("", &budget)).unwrap();
        assert_eq!(asked.into_inner().unwrap(), want, "{text}");
    }
}

#[test]
fn errors_of_the_store_are_kept_apart() {
    let budget = Budget::unlimited();
    for (from, want) in [
        (SourceError::Limit("limit `limits.x` reached".to_owned()), "Limit(\"limit `limits.x` reached\")"),
        (SourceError::Storage("torn".to_owned()), "Storage(\"torn\")"),
        (SourceError::Cancelled, "Cancelled"),
    ] {
        let asked = Mutex::new(Vec::new());
        let error = instant("up", 0, &Asked(&asked, Err(from)), &EvalOptions::new("", &budget)).unwrap_err();
        assert_eq!(format!("{error:?}"), want);
    }
}

#[test]
fn bad_queries_are_refused_before_reading() {
    let budget = Budget::unlimited();
    let asked = Mutex::new(Vec::new());
    let source = Asked(&asked, Ok(()));
    let options = EvalOptions::new("", &budget);
    assert!(matches!(instant("rate(up)", 0, &source, &options), Err(EvalError::Parse(d)) if d.len() == 1));
    for (start, end, step, want) in [
        (0, 10, 0, "zero or negative query resolution step widths are not accepted; try a positive number"),
        (10, 0, 1, "end timestamp must not be before start time"),
        (i64::MIN, 0, 1, "the time -9223372036854775808 ms is out of range"),
    ] {
        assert_eq!(range("up", start, end, step, &source, &options).unwrap_err().to_string(), want);
    }
    // A tree with a hole in it, as the parser leaves one, is not evaluated.
    let expr = parse("1 + ").query.unwrap();
    assert!(matches!(phoenix_promql::eval_instant(&expr, 0, &source, &options), Err(EvalError::Parse(_))));
    assert!(asked.lock().unwrap().is_empty());
}

#[test]
fn bare_selectors() {
    assert_eq!(parse_selector("up{job='x'}").unwrap().matchers.len(), 2);
    for text in ["rate(x[5m])", "x[5m]", "x offset 5m", "x @ 1", "1", "x{"] {
        assert!(parse_selector(text).is_err(), "{text}");
    }
}
