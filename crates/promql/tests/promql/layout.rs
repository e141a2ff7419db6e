//! How expressions are laid out for people.

use phoenix_promql::{format, parse};

#[track_caller]
fn layout(text: &str) -> String {
    format(&parse(text).into_result().unwrap_or_else(|d| panic!("{}", d[0])))
}

#[test]
fn short_ones_stay_on_a_line() {
    assert_eq!(
        layout("sum(rate(x_total[5m]))by(job)/on(job)sum by(job)(y)"),
        "sum by (job) (rate(x_total[5m])) / on (job) sum by (job) (y)"
    );
}

#[test]
fn long_ones_are_broken_at_operators_and_arguments() {
    let share = layout(
        "sum by (job, instance, pod) (rate(http_requests_total{job=\"api\",code=~\"5..\"}[5m])) / sum by (job, instance, pod) (rate(http_requests_total{job=\"api\"}[5m])) > bool 0.05",
    );
    insta::assert_snapshot!(share, @r#"
        sum by (job, instance, pod) (rate(http_requests_total{job="api",code=~"5.."}[5m]))
      /
        sum by (job, instance, pod) (rate(http_requests_total{job="api"}[5m]))
    > bool
      0.05
    "#);
    let quantile = layout(
        "-(histogram_quantile(0.99, sum by (le, job, instance) (rate(phoenix_api_request_duration_seconds_bucket{job=\"api-server\"}[5m]))) + max_over_time((a + b)[1h:5m] offset 1m))",
    );
    insta::assert_snapshot!(quantile, @r#"
    -(
        histogram_quantile(
          0.99,
          sum by (le, job, instance) (rate(phoenix_api_request_duration_seconds_bucket{job="api-server"}[5m]))
        )
      +
        max_over_time((a + b)[1h:5m] offset 1m)
    )
    "#);
}
