//! Queries laid out for people.

use super::LogQl;
use phoenix_query::testing::laid_out;

#[track_caller]
fn layout(text: &str) -> String {
    laid_out::<LogQl>(text)
}

#[test]
fn what_fits_stays_on_its_line() {
    assert_eq!(layout("sum(rate({a=\"b\"}|=\"c\"[5m]))by(d)"), r#"sum by (d) (rate({a="b"} |= "c" [5m]))"#);
}

#[test]
fn stages_stand_below_each_other() {
    insta::assert_snapshot!(layout(
        r#"{cluster="ops-tools1",container="ingress-nginx"} |= "metrics.go" != "out of order" | logfmt | duration > 30s or status_code != "200" | line_format "{{.ts}}""#
    ), @r#"
    {cluster="ops-tools1", container="ingress-nginx"} |= "metrics.go"
      != "out of order"
      | logfmt
      | duration>30s or status_code!="200"
      | line_format "{{.ts}}"
    "#);
}

#[test]
fn aggregations_open_over_lines() {
    insta::assert_snapshot!(layout(
        r#"quantile_over_time(0.99,{container="ingress-nginx",service="hosted-grafana"}| json| unwrap response_latency_seconds| __error__=""[1m]) by (cluster)"#
    ), @r#"
    quantile_over_time(
      0.99,
      {container="ingress-nginx", service="hosted-grafana"} | json
        | unwrap response_latency_seconds
        | __error__="" [1m]
    ) by (cluster)
    "#);
    insta::assert_snapshot!(layout(
        r#"topk(10, sum by (name, namespace) (rate({region="us-east1", cluster="a-rather-long-name-of-a-cluster"} |= "some text that is long" [5m])))"#
    ), @r#"
    topk(
      10,
      sum by (name, namespace) (
        rate(
          {region="us-east1", cluster="a-rather-long-name-of-a-cluster"} |= "some text that is long" [5m]
        )
      )
    )
    "#);
}

#[test]
fn operators_stand_between_their_sides() {
    insta::assert_snapshot!(layout(
        r#"sum(rate({job="loki", namespace="loki", cluster="loki-dev-us"} |= "err" [5m])) + on (x) group_left (y) (sum(rate({job="loki-dev", namespace="loki", cluster="loki-dev-eu"}|logfmt | level != "info" [5m])) / 5)"#
    ), @r#"
      sum(rate({job="loki", namespace="loki", cluster="loki-dev-us"} |= "err" [5m]))
    + on (x) group_left (y)
      (
          sum(rate({job="loki-dev", namespace="loki", cluster="loki-dev-eu"} | logfmt | level!="info" [5m]))
        /
          5
      )
    "#);
    insta::assert_snapshot!(layout(
        r#"label_replace(rate({job="api-server",service="a:c"}|= "err" [5m] offset 1h), "foo", "$1", "service", "(.*):.*")"#
    ), @r#"
    label_replace(
      rate({job="api-server", service="a:c"} |= "err" [5m] offset 1h),
      "foo",
      "$1",
      "service",
      "(.*):.*"
    )
    "#);
}

#[test]
fn broken_queries_are_not_laid_out() {
    assert_eq!(phoenix_logql::format("sum(").unwrap_err()[0].message, "syntax error: unexpected $end");
}
