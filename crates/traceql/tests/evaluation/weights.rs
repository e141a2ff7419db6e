//! Rates stay true under sampling: over many simulated samplings the estimate lies around the truth.

use crate::script::{SECOND, Traces};
use phoenix_model::Budget;
use phoenix_traceql::memory::MemorySource;
use phoenix_traceql::{EvalOptions, MetricsParams, metrics_instant, parse};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

const TRACES: usize = 3000;
const SEEDS: u64 = 30;

/// What a query gives over the traces that a sampling keeps: one in eight, but all that are slow.
fn estimate(seed: u64, query: &str) -> f64 {
    let mut random = StdRng::seed_from_u64(seed);
    let mut traces = Traces::default();
    for trace in 0..TRACES {
        let slow = trace % 50 == 0;
        let weight = if slow { 1 } else { 8 };
        if random.random_range(0..weight) > 0 {
            continue;
        }
        traces.begin(&format!("{trace:x} 10"));
        traces.span(&format!("  shop root +0ms {}ms weight={weight}", if slow { 900 } else { 10 }));
        traces.span(&format!("    shop child +1ms 5ms weight={weight}"));
    }
    let source = MemorySource::new(traces.write);
    let budget = Budget::unlimited();
    let params = MetricsParams { start_ns: 0, end_ns: 100 * SECOND, step_ns: 0, exemplars: 0 };
    let query = parse(query).into_result().unwrap();
    metrics_instant(&query, &params, &source, &EvalOptions::new(&budget)).unwrap().series[0].samples[0].1
}

#[test]
fn estimates_lie_around_the_truth() {
    let (slow, fast) = (TRACES as f64 / 50.0, TRACES as f64 * 49.0 / 50.0);
    // The number of kept traces of `fast` is binomial: each stands for eight, so that the variance of
    // the estimate is `fast * (8 - 1)`.
    let error = (fast * 7.0).sqrt();
    for (query, truth, error) in [
        ("{ name = \"root\" } | count_over_time()", slow + fast, error),
        ("{} | rate()", (slow + fast) * 2.0 / 100.0, error * 2.0 / 100.0),
        ("{ name = \"root\" } | sum_over_time(duration)", slow * 0.9 + fast * 0.01, error * 0.01),
    ] {
        let estimates: Vec<f64> = (0..SEEDS).map(|seed| estimate(seed, query)).collect();
        let mean = estimates.iter().sum::<f64>() / SEEDS as f64;
        let allowed = 3.3 * error / (SEEDS as f64).sqrt();
        assert!((mean - truth).abs() < allowed, "{query}: {mean} is not {truth} ± {allowed}, seeds 0..{SEEDS}");
        let within = estimates.iter().filter(|estimate| (*estimate - truth).abs() < 2.0 * error).count();
        assert!(within as f64 >= 0.8 * SEEDS as f64, "{query}: {within} of {SEEDS} within two standard errors");
    }
    let unweighted = estimate(1, "{ name = \"root\" } | count_over_time() with(weighted=false)");
    assert!(unweighted < 0.5 * (slow + fast), "without weights only kept traces count: {unweighted}");
}
