//! Experiments as the controller moves them.

use super::*;
use crate::experiments::New;
use crate::faults::Part;

fn controller() -> (Controller, Telemetry) {
    let telemetry = Telemetry::builder("test").variables([]).start().unwrap();
    let plan = Plan {
        run_for: Duration::from_secs(10),
        price_per_1000_series_usd: 8.0,
        provider: "newrelic".into(),
        node: "n1".into(),
        tenants: vec!["acme".into()],
    };
    (Controller::new(plan, Arc::default(), Arc::new(Faults::of(&[Part::Controller])), &telemetry), telemetry)
}

fn sample() -> Vec<Process> {
    let process = |pid| Process { pid, parent: 1, name: "worker".into(), cpu_ticks: 100, memory_pages: 10, threads: 1 };
    (1..=100).map(process).collect()
}

/// Steps each second.
#[expect(clippy::disallowed_methods, reason = "times are only compared with each other")]
async fn run_all(controller: &mut Controller, sample: &Result<Vec<Process>, String>, seconds: u64) {
    let start = Instant::now();
    for second in 0..seconds {
        let now = start + Duration::from_secs(second);
        let moves = controller.step(now, controller.experiments.open().await.unwrap(), sample);
        controller.apply(now, moves).await.unwrap();
    }
}

async fn create(controller: &Controller) -> u64 {
    let new = New { name: "a".into(), tenant_id: "acme".into(), keep: 10 };
    controller.experiments.create(new).await.unwrap().unwrap().id
}

#[tokio::test]
async fn experiments_end_as_their_pipelines_do() {
    for (fault, state, reduction_ratio, failure) in [
        (None, "completed", 0.89, None),
        (Some(Fault::LowReduction), "completed", 0.0, None),
        (Some(Fault::FailingExperiments), "failed", 0.9, Some("the candidate's CPU time is off by 90.0 %")),
    ] {
        let (mut controller, telemetry) = controller();
        if let Some(fault) = fault {
            controller.faults.begin(fault, Duration::from_mins(5));
        }
        let id = create(&controller).await;
        run_all(&mut controller, &Ok(sample()), 100).await;
        assert!(controller.running.is_empty());
        let experiment = controller.experiments.get(id).await.unwrap().unwrap();
        let outcome = experiment.result.unwrap();
        assert_eq!((experiment.state.as_str(), outcome.failure.as_deref()), (state, failure), "{fault:?}");
        assert!((outcome.reduction_ratio - reduction_ratio).abs() < 1e-9, "{outcome:?}");
        let text = telemetry.metrics().encode();
        for line in [
            "phoenix_experiment_total{state=\"deploying\",tenant_id=\"acme\"} 1".to_owned(),
            format!("phoenix_experiment_total{{state=\"{state}\",tenant_id=\"acme\"}} 1"),
            format!("phoenix_experiment_duration_seconds_count{{state=\"{state}\",pipeline_type=\"process\"}} 1"),
            "phoenix_pipeline_deployment_duration_seconds_count 1".to_owned(),
        ] {
            assert!(text.contains(&line), "{line} is not in\n{text}");
        }
        assert!(!text.contains("experiment_id="), "what is over has no series:\n{text}");
        // 300 series become 33: 267 of a thousand at 8 dollars.
        assert_eq!(text.contains("phoenix_estimated_monthly_savings_usd{tenant_id=\"acme\",provider=\"newrelic\"} 2.136"), fault.is_none());
    }
}

#[tokio::test]
async fn a_running_experiment_tells_of_both_pipelines() {
    let (mut controller, telemetry) = controller();
    create(&controller).await;
    run_all(&mut controller, &Ok(sample()), 4).await;
    let text = telemetry.metrics().encode();
    for line in [
        r#"phoenix_pipeline_cardinality_reduction_ratio{experiment_id="1",pipeline="process-all",variant="baseline"} 0.0"#,
        r#"phoenix_pipeline_cardinality_reduction_ratio{experiment_id="1",pipeline="process-top",variant="candidate"} 0.89"#,
        r#"phoenix_collector_resource_usage{experiment_id="1",variant="candidate",resource="memory_bytes",node="n1"}"#,
        r#"phoenix_collector_resource_usage{experiment_id="1",variant="baseline",resource="cpu_cores",node="n1"}"#,
    ] {
        assert!(text.contains(line), "{line} is not in\n{text}");
    }
}

#[tokio::test]
async fn a_host_that_tells_nothing_fails_its_experiments() {
    let (mut controller, _telemetry) = controller();
    let id = create(&controller).await;
    run_all(&mut controller, &Err("/proc can't be read: no /proc".to_owned()), 1).await;
    let experiment = controller.experiments.get(id).await.unwrap().unwrap();
    assert_eq!(experiment.result.unwrap().failure.unwrap(), "/proc can't be read: no /proc");
}
