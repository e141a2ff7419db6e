//! How long `sum by (job) (rate(x[5m]))` takes over 1,000 series of 6 hours at 15 s, every 60 s, and
//! some other expressions over the same data. Run with `cargo bench -p phoenix-promql`.

use phoenix_model::{Budget, Labels, SeriesSamples};
use phoenix_promql::{EvalOptions, SelectHints, SeriesSource, SourceError, eval_range, parse};
use std::hint::black_box;
use std::sync::Arc;

const SERIES: usize = 1_000;
const SCRAPE_MS: i64 = 15_000;
const HOURS: i64 = 6;

struct Counters(Vec<SeriesSamples>);

impl SeriesSource for Counters {
    fn select(&self, hints: &SelectHints, _: &Budget) -> Result<Vec<SeriesSamples>, SourceError> {
        Ok(self.0.iter().filter(|s| hints.matchers.iter().all(|m| m.matches_labels(&s.labels))).cloned().collect())
    }
}

fn main() {
    let samples = (HOURS * 3_600_000 / SCRAPE_MS) as usize;
    let times: Arc<[i64]> = (0..samples as i64).map(|i| i * SCRAPE_MS).collect();
    let series = (0..SERIES).map(|i| {
        let labels = Labels::from_pairs([("__name__", "x_total"), ("job", &format!("job-{}", i % 10)), ("instance", &i.to_string())]);
        // Each counter starts again once.
        let values = (0..samples).map(|k| ((k + i) % 1_000 * (i % 7 + 1)) as f64).collect();
        SeriesSamples { labels, timestamps_ms: times.clone(), values, histograms: Vec::new() }
    });
    let source = Counters(series.collect());
    for text in [
        "sum by (job) (rate(x_total[5m]))",
        "x_total",
        "sum(x_total)",
        "max_over_time(x_total[1h])",
        "sum_over_time(x_total[1h])",
        "quantile_over_time(0.9, x_total[1h])",
        "x_total / on (instance) x_total",
        "topk by (job) (3, x_total)",
    ] {
        let expr = parse(text).into_result().unwrap_or_else(|d| panic!("{}", d[0]));
        let budget = Budget::unlimited();
        let options = EvalOptions::new(text, &budget);
        let (runs, begin) = (5, cpu_ms());
        for _ in 0..runs {
            let output = eval_range(&expr, 300_000, HOURS * 3_600_000, 60_000, &source, &options);
            black_box(output).unwrap_or_else(|e| panic!("{text}: {e}"));
        }
        println!("{text:<40} {:>8.1} ms of CPU time", (cpu_ms() - begin) / f64::from(runs));
    }
}

/// CPU time of this process, from the kernel's count of clock ticks of 10 ms.
fn cpu_ms() -> f64 {
    let mut text = String::new();
    let stat = std::process::Command::new("cat").arg(format!("/proc/{}/stat", std::process::id())).output();
    if let Ok(output) = stat {
        text = String::from_utf8_lossy(&output.stdout).into_owned();
    }
    // The name of the process may hold blanks; the fields after it don't.
    let fields: Vec<&str> = text.rsplit(')').next().unwrap_or("").split_whitespace().collect();
    let ticks = |i: usize| fields.get(i).and_then(|f| f.parse::<f64>().ok()).unwrap_or(0.0);
    (ticks(11) + ticks(12)) * 10.0
}
