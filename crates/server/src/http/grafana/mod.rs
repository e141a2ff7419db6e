//! The part of Grafana's HTTP API that provisioning tools use, below `/grafana/api`: dashboards, folders, search,
//! annotations, and the data sources that there are. Paths, bodies and statuses are those of Grafana's documentation:
//! https://grafana.com/docs/grafana/v11.6/developers/http_api/

mod annotations;
mod dashboards;
mod data_sources;
mod error;
mod folders;
mod search;
mod status;
mod versions;

use super::Api;
use crate::dashboards::Who;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::{get, post};
use error::GrafanaError;
use serde::de::DeserializeOwned;

/// The version that clients look for; the newest that tools for these paths know.
const VERSION: &str = "11.6.0";

/// The routes, without their prefix.
pub(super) fn router(api: &Api) -> Router<Api> {
    Router::new()
        .route("/health", get(status::health))
        .route("/frontend/settings", get(status::settings))
        .route("/org", get(status::organisation))
        .route("/user", get(status::user))
        .route("/dashboards/db", post(dashboards::save))
        .route("/dashboards/import", post(dashboards::import))
        .route("/dashboards/home", get(dashboards::home))
        .route("/dashboards/tags", get(search::tags))
        .route("/dashboards/uid/{uid}", get(dashboards::read).delete(dashboards::delete))
        .route("/dashboards/uid/{uid}/versions", get(versions::list))
        .route("/dashboards/uid/{uid}/versions/{version}", get(versions::read))
        .route("/dashboards/uid/{uid}/restore", post(versions::restore))
        .route("/dashboards/id/{id}/versions", get(versions::list_by_number))
        .route("/dashboards/id/{id}/versions/{version}", get(versions::read_by_number))
        .route("/dashboards/id/{id}/restore", post(versions::restore_by_number))
        .route("/search", get(search::search))
        .route("/search/", get(search::search))
        .route("/folders", get(folders::list).post(folders::create))
        .route("/folders/{uid}", get(folders::read).put(folders::change).delete(folders::delete))
        .route("/folders/{uid}/move", post(folders::relocate))
        .route("/folders/id/{id}", get(folders::read_by_number))
        .route("/datasources", get(data_sources::list).post(data_sources::refuse))
        .route("/datasources/{id}", get(data_sources::by_number).put(data_sources::refuse).delete(data_sources::refuse))
        .route("/datasources/uid/{uid}", get(data_sources::by_uid).put(data_sources::refuse).delete(data_sources::refuse))
        .route("/datasources/uid/{uid}/health", get(data_sources::health))
        .route("/datasources/name/{name}", get(data_sources::by_name).delete(data_sources::refuse))
        .route("/datasources/id/{name}", get(data_sources::number_of_name))
        .route("/annotations", get(annotations::list).post(annotations::add))
        .route("/annotations/graphite", post(annotations::add_of_graphite))
        .route("/annotations/tags", get(annotations::tags))
        .route("/annotations/{id}", get(annotations::read).put(annotations::replace).patch(annotations::change).delete(annotations::delete))
        .fallback(|| async {
            GrafanaError::not_found("Phoenix does not have this part of Grafana's API; docs/reference/grafana-api.md lists what there is")
        })
        .layer(DefaultBodyLimit::max(super::native::MAX_DASHBOARD_BYTES))
        .layer(middleware::from_fn_with_state(api.clone(), in_bounds))
}

async fn in_bounds(State(api): State<Api>, request: Request, next: Next) -> Result<Response, GrafanaError> {
    Ok(api.dashboard_bodies.hold(request, next).await?)
}

/// Reads a body, whatever type it claims to be.
fn body<T: DeserializeOwned>(bytes: &Bytes) -> Result<T, GrafanaError> {
    serde_json::from_slice(bytes).map_err(|error| GrafanaError::bad_request(format!("bad request data: {error}")))
}

/// Who asks: nobody is known yet, and what a tool authenticates with is not looked at.
fn who() -> Who {
    Who::named(None, "grafana-api")
}
