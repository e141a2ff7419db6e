//! Queries for too much: each limit is an error that names it, and who gives up is heard.

use phoenix_logql::memory::MemoryLogs;
use phoenix_logql::{EvalError, EvalOptions, RangeParams, instant, range};
use phoenix_model::logs::{Direction, Level};
use phoenix_model::{Budget, Labels};
use std::sync::atomic::{AtomicI32, Ordering};

fn logs() -> MemoryLogs {
    let mut logs = MemoryLogs::new();
    for i in 0..2_000 {
        let labels = Labels::from_pairs([("app", format!("a{}", i % 3))]);
        let line = format!("n={i} text={}", "x".repeat(100));
        logs.push(&labels, i, &line, Labels::empty().as_ref(), Level::Info);
    }
    logs
}

const ALL: RangeParams =
    RangeParams { start_ns: 0, end_ns: 2_000, step_ns: 10, interval_ns: 0, limit: 5_000, direction: Direction::Forward };

#[test]
fn limits_are_named() {
    let logs = logs();
    let check = |query: &str, change: &dyn Fn(&mut EvalOptions<'_>), budget_bytes: u64, want: &str| {
        let budget = Budget::new("limits.query_memory", budget_bytes);
        let mut options = EvalOptions::new(&budget, 0);
        options.max_series = 10_000;
        change(&mut options);
        let error = range(query, &ALL, &logs, &options).expect_err(query);
        assert!(matches!(&error, EvalError::Limit(message) if message.starts_with(want)), "{query}: {error:?}");
        assert_eq!(budget.used_bytes(), 0, "{query}: all is given back");
    };
    let memory = "limit `limits.query_memory` reached";
    let none = |_: &mut EvalOptions<'_>| {};
    check("{app=~\".+\"}", &none, 100_000, memory);
    check("{app=~\".+\"} | logfmt | distinct n", &none, 100_000, memory);
    check("count_over_time({app=~\".+\"} | logfmt [5ns])", &none, 100_000, memory);
    check("quantile_over_time(0.5, {app=~\".+\"} | logfmt | unwrap n [2000ns]) by (app)", &none, 20_000, memory);
    check("sum(count_over_time({app=~\".+\"}[5ns])) + vector(1)", &none, 1_000, memory);
    check("count_over_time({app=~\".+\"} | logfmt n [5ns])", &|o| o.max_series = 100, 1 << 30, "maximum number of series (100) reached");
    check("count_over_time({app=~\".+\"}[5ns])", &|o| o.max_samples = 500, 1 << 30, "the query would give 603 values, the limit is 500");
    check("{app=~\".+\"} |= \"x\"", &|o| o.max_bytes = 10_000, 1 << 30, "the query would read more than 10000 bytes");
}

#[test]
fn giving_up_is_heard() {
    let logs = logs();
    let budget = Budget::unlimited();
    for (query, patience) in [
        ("{app=~\".+\"}", 1),
        ("{app=~\".+\"} | line_format \"{{ .app | upper }}\"", 20),
        ("count_over_time({app=~\".+\"} | logfmt n [5ns])", 1),
        ("sum(count_over_time({app=~\".+\"}[5ns]))", 1),
        ("count_over_time({app=~\".+\"} | label_format x=\"{{ .app | upper }}\" [5ns])", 20),
        ("quantile_over_time(0.5, {app=~\".+\"} | logfmt n | unwrap n [2000ns]) by (app)", 30),
    ] {
        let asked = AtomicI32::new(0);
        let cancelled = || asked.fetch_add(1, Ordering::Relaxed) >= patience;
        let options = EvalOptions { cancelled: &cancelled, ..EvalOptions::new(&budget, 0) };
        let error = range(query, &ALL, &logs, &options).expect_err(query);
        assert!(matches!(error, EvalError::Cancelled), "{query}: {error:?}");
        assert!(asked.into_inner() <= patience + 2, "{query} went on");
    }
}

#[test]
fn what_is_no_query_is_told() {
    let logs = logs();
    let budget = Budget::unlimited();
    let options = EvalOptions::new(&budget, 0);
    for query in ["", "{", "{app=\"a\"} | nonsense", "sum({app=\"a\"})", "{app=\"a\"} | line_format \"{{ nope }}\""] {
        assert!(matches!(range(query, &ALL, &logs, &options), Err(EvalError::Parse(found)) if !found.is_empty()), "{query}");
        assert!(matches!(instant(query, 1, 1, Direction::Forward, &logs, &options), Err(EvalError::Parse(_))), "{query}");
    }
    let far = RangeParams { start_ns: i64::MIN, end_ns: i64::MAX, ..ALL };
    assert!(range("{app=\"a0\"}", &far, &logs, &options).is_ok());
    assert!(matches!(range("vector(1)", &far, &logs, &options), Err(EvalError::Execution(_))));
}
