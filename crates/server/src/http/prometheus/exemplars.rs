//! `/api/v1/query_exemplars`: the exemplars of the series that an expression reads.

use super::values::{format_element, push_labels, push_list, push_time};
use crate::http::Api;
use crate::http::envelope::{ApiError, Success};
use crate::http::params::Params;
use axum::extract::State;
use phoenix_engine::QueryError;
use phoenix_model::{Exemplar, Labels};

pub(super) async fn exemplars(State(api): State<Api>, params: Params) -> Result<Success, ApiError> {
    let query = params.required("query")?;
    let (start_ms, end_ms) = super::query::time_range(&params)?;
    let expr = phoenix_promql::parse(query).into_result().map_err(QueryError::Parse)?;
    let sets: Vec<_> = phoenix_promql::analysis::selectors(&expr).into_iter().map(|found| found.selector.matchers.clone()).collect();
    // Without a selector nothing is asked for, whereas no set at all would mean every series.
    let found = if sets.is_empty() {
        Vec::new()
    } else {
        api.queries.run(None, move |engine, _| engine.exemplars(&sets, start_ms, end_ms)).await?
    };
    Ok(Success::raw(data(&found)))
}

fn data(found: &[(Labels, Vec<Exemplar>)]) -> String {
    let mut out = String::with_capacity(64);
    push_list(&mut out, found, |out, (series, exemplars)| {
        out.push_str("{\"seriesLabels\":");
        push_labels(out, series);
        out.push_str(",\"exemplars\":");
        push_list(out, exemplars, |out, exemplar| {
            out.push_str("{\"labels\":");
            push_labels(out, &exemplar.labels);
            out.push_str(",\"value\":\"");
            out.push_str(&format_element(exemplar.value));
            out.push_str("\",\"timestamp\":");
            push_time(out, exemplar.timestamp_ms);
            out.push('}');
        });
        out.push('}');
    });
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_shape() {
        assert_eq!(data(&[]), "[]");
        let exemplar = |id: &str, value, timestamp_ms| Exemplar { labels: Labels::from_pairs([("trace_id", id)]), value, timestamp_ms };
        let found = [(
            Labels::from_pairs([("__name__", "x_bucket"), ("le", "1")]),
            vec![exemplar("EpTxMJ40fUus7aGY", 6.0, 1_600_096_945_479), exemplar("a", f64::INFINITY, 1_600_096_946_000)],
        )];
        assert_eq!(
            data(&found),
            r#"[{"seriesLabels":{"__name__":"x_bucket","le":"1"},"exemplars":[{"labels":{"trace_id":"EpTxMJ40fUus7aGY"},"value":"6","timestamp":1600096945.479},{"labels":{"trace_id":"a"},"value":"+Inf","timestamp":1600096946}]}]"#
        );
    }
}
