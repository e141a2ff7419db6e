//! Queries laid out for people.

use super::TraceQl;
use phoenix_query::testing::laid_out;

#[track_caller]
fn layout(text: &str) -> String {
    laid_out::<TraceQl>(text)
}

#[test]
fn what_fits_stays_on_its_line() {
    assert_eq!(layout("{status=error}|rate()by(name)with(a=1)"), "{ status = error } | rate() by (name) with (a=1)");
}

#[test]
fn stages_stand_below_each_other() {
    insta::assert_snapshot!(layout(
        r#"{ resource.service.name = "checkout" && status = error } >> { span.db.system = "postgresql" && duration > 200ms } | by(resource.service.name) | count() > 2 | select(span.db.statement) with (most_recent=true)"#
    ), @r#"
    { resource.service.name = "checkout" && status = error }
    >> { span.db.system = "postgresql" && duration > 200ms }
    | by(resource.service.name)
    | count() > 2
    | select(span.db.statement)
    with (most_recent=true)
    "#);
}

#[test]
fn conditions_stand_below_each_other() {
    insta::assert_snapshot!(layout(
        r#"{ resource.deployment.environment = "production" && (span.http.response.status_code >= 500 || status = error && span.exception.type != nil || span.retries > 3) && name =~ "POST .*" } | count() > 2"#
    ), @r#"
    {
      resource.deployment.environment = "production"
      && (
        span.http.response.status_code >= 500
        || status = error
        && span.exception.type != nil
        || span.retries > 3
      )
      && name =~ "POST .*"
    }
    | count() > 2
    "#);
}

#[test]
fn metrics_stand_below_each_other() {
    insta::assert_snapshot!(layout(
        r#"({ resource.service.name = "checkout" && status = error } | rate() by (span.http.route)) / ({ resource.service.name = "checkout" } | rate() by (span.http.route)) > 0.05 | topk(5) with (exemplars=10)"#
    ), @r#"
    ({ resource.service.name = "checkout" && status = error } | rate() by (span.http.route))
    / ({ resource.service.name = "checkout" } | rate() by (span.http.route))
    > 0.05
    | topk(5)
    with (exemplars=10)
    "#);
    insta::assert_snapshot!(layout(
        r#"({ resource.service.name = "checkout" && span.http.route = "/cart" } | count()) > ({ resource.service.name = "payment" } | by(name) | count() * 2)"#
    ), @r#"
    ({ resource.service.name = "checkout" && span.http.route = "/cart" } | count())
    > ({ resource.service.name = "payment" } | by(name) | count() * 2)
    "#);
}

#[test]
fn broken_queries_are_not_laid_out() {
    assert_eq!(phoenix_traceql::format("{ .a").unwrap_err()[0].message, "syntax error: unexpected $end");
}
