//! Whatever can be read can be asked: an answer or an error, and never a panic.

use super::properties::query;
use phoenix_logql::memory::MemoryLogs;
use phoenix_logql::source::{LogSelect, LogVisitor, ReadError, ReadLimits, ReadStats, StreamCounts};
use phoenix_logql::{EvalError, EvalOptions, LogSource, RangeParams, Tail, eval_instant, eval_range};
use phoenix_model::logs::{Direction, EntryRef, Level, Stream};
use phoenix_model::{Budget, Labels, Matcher};
use proptest::prelude::*;
use std::sync::Arc;

/// All streams, whatever the selector, so that stages have something to do.
struct AllStreams(MemoryLogs);

impl LogSource for AllStreams {
    fn read(&self, select: &LogSelect<'_>, limits: &ReadLimits<'_>, visitor: &mut dyn LogVisitor) -> Result<ReadStats, ReadError> {
        self.0.read(&LogSelect { matchers: &[], ..select.clone() }, limits, visitor)
    }

    fn counts(&self, _: &[Matcher], edges_ns: &[i64], limits: &ReadLimits<'_>) -> Result<(Vec<StreamCounts>, ReadStats), ReadError> {
        assert!(edges_ns.windows(2).all(|pair| pair[0] < pair[1]), "edges ascend: {edges_ns:?}");
        self.0.counts(&[], edges_ns, limits)
    }
}

const LINES: [&str; 7] = [
    "{\"a\":1,\"b\":{\"c\":\"x\"},\"d\":[1,2],\"app\":\"y\",\"status\":500}",
    "a=1 b=\"x y\" app=z status=200 latency=15ms size=3KB",
    "10.0.0.1 - - [10/Oct/2000:13:55:36 -0700] \"GET / HTTP/1.0\" 200 2326",
    "{\"_entry\":\"a=2\",\"pod\":\"p\"}",
    "\u{1b}[31mred\u{1b}[0m",
    "",
    "ä \\ {",
];

fn logs() -> AllStreams {
    let mut logs = MemoryLogs::new();
    for (i, line) in LINES.iter().cycle().take(21).enumerate() {
        let labels = Labels::from_pairs([("app", if i % 2 == 0 { "x" } else { "y" }), ("b", "1")]);
        let metadata = if i % 3 == 0 { Labels::from_pairs([("a", "7"), ("trace", "t")]) } else { Labels::empty() };
        logs.push(&labels, i as i64 * 10_000_000_000, line, metadata.as_ref(), Level::ALL[i % 4]);
    }
    AllStreams(logs)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn what_can_be_read_can_be_asked(expr in query(), step_s in 1_i64..100, backward in any::<bool>(), limit in 0_usize..30) {
        let source = logs();
        let text = expr.to_string();
        let Ok(expr) = phoenix_logql::parse(&text).into_result() else { return Ok(()) };
        let budget = Budget::new("test", 64 << 20);
        let options = EvalOptions::new(&budget, 300_000_000_000);
        let direction = if backward { Direction::Backward } else { Direction::Forward };
        let params = RangeParams {
            start_ns: 0,
            end_ns: 300_000_000_000,
            step_ns: step_s * 1_000_000_000,
            interval_ns: 0,
            limit,
            direction,
        };
        for result in [eval_range(&expr, &params, &source, &options), eval_instant(&expr, 200_000_000_000, &source, &options)] {
            match result {
                Ok(output) => {
                    if let phoenix_logql::LogValue::Entries(entries) = output.value {
                        prop_assert!(entries.len() <= limit);
                        let ordered = |a: i64, b: i64| if backward { a >= b } else { a <= b };
                        prop_assert!(entries.windows(2).all(|pair| ordered(pair[0].timestamp_ns, pair[1].timestamp_ns)));
                    }
                }
                Err(EvalError::Execution(_) | EvalError::Limit(_)) => {}
                Err(other) => prop_assert!(false, "{}: {:?}", text, other),
            }
        }
        prop_assert_eq!(budget.used_bytes(), 0);
        if let Ok(mut tail) = Tail::new(&text) {
            let stream = Arc::new(Stream { labels: Labels::from_pairs([("app", "x")]) });
            for line in LINES {
                let metadata = Labels::empty();
                let entry = EntryRef { timestamp_ns: 1, line, metadata: metadata.as_ref(), level: Level::Info };
                let _ = tail.process(&stream, entry);
            }
        }
    }
}
