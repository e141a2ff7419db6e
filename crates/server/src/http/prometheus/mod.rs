//! Prometheus' HTTP API.

mod exemplars;
mod federate;
mod query;
mod remote_write;

pub(in crate::http) mod rules;
mod status;
mod targets;
pub(in crate::http) mod values;

use super::Api;
use super::envelope::ApiError;
use axum::Router;
use axum::routing::get;

/// The routes below `/api/v1`, without their prefix.
pub(super) fn router() -> Router<Api> {
    Router::new()
        .route("/query", get(query::instant).post(query::instant))
        .route("/query_range", get(query::range).post(query::range))
        .route("/format_query", get(query::format).post(query::format))
        .route("/query_exemplars", get(exemplars::exemplars).post(exemplars::exemplars))
        .route("/series", get(query::series).post(query::series))
        .route("/labels", get(query::labels).post(query::labels))
        .route("/label/{name}/values", get(query::label_values))
        .route("/metadata", get(targets::metadata))
        .route("/targets", get(targets::targets))
        .route("/targets/metadata", get(targets::target_metadata))
        .route("/scrape_pools", get(targets::scrape_pools))
        .route("/rules", get(rules::rules))
        .route("/alerts", get(rules::alerts))
        .route("/alertmanagers", get(status::alertmanagers))
        .route("/status/config", get(status::config))
        .route("/status/flags", get(status::flags))
        .route("/status/runtimeinfo", get(status::runtime_info))
        .route("/status/buildinfo", get(status::build_info))
        .route("/status/tsdb", get(status::tsdb))
        .route("/write", remote_write::handler())
        .fallback(|| async { ApiError::not_found("there is no such path in Prometheus' API, or Phoenix does not have it") })
}

/// Where Loki's ruler answers in Prometheus' shape.
pub(super) fn ruler() -> Router<Api> {
    Router::new().route("/rules", get(rules::rules)).route("/alerts", get(rules::alerts))
}

/// `/federate`, which stands outside of the prefix.
pub(super) fn federation() -> Router<Api> {
    Router::new().route("/federate", get(federate::federate))
}
