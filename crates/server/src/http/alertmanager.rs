//! Alertmanager's API, version 2: bodies and rules are the alerting room's, HTTP is ours.

use super::Api;
use super::params::Params;
use crate::events::Event;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use phoenix_alert::api::{AlertsQuery, ApiError, PostableAlert, PostableSilence, SilencesQuery};
use serde::de::DeserializeOwned;
use serde_json::json;

/// The routes below `/api/v2`, without their prefix.
pub(super) fn router() -> Router<Api> {
    Router::new()
        .route("/status", get(status))
        .route("/receivers", get(receivers))
        .route("/alerts", get(alerts).post(post_alerts))
        .route("/alerts/groups", get(groups))
        .route("/silences", get(silences).post(set_silence))
        .route("/silence/{id}", get(silence).delete(delete_silence))
        .fallback(post(not_found).get(not_found))
}

async fn not_found() -> Response {
    (StatusCode::NOT_FOUND, Json(json!({"code": 404, "message": "there is no such path in Alertmanager's API"}))).into_response()
}

/// An error as Alertmanager tells it: the message as a JSON string.
struct Refused(ApiError);

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.0.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        (status, Json(self.0.to_string())).into_response()
    }
}

impl From<ApiError> for Refused {
    fn from(error: ApiError) -> Self {
        Self(error)
    }
}

/// Reads a body; Alertmanager tells unreadable ones as 400 with a code and a message.
fn read<T: DeserializeOwned>(body: &Bytes) -> Result<T, Unreadable> {
    serde_json::from_slice(body).map_err(Unreadable)
}

/// A body that is not what it should be.
struct Unreadable(serde_json::Error);

impl IntoResponse for Unreadable {
    fn into_response(self) -> Response {
        let message = format!("parsing body from \"\" failed, because {}", self.0);
        (StatusCode::BAD_REQUEST, Json(json!({"code": 400, "message": message}))).into_response()
    }
}

async fn status(State(api): State<Api>) -> Response {
    Json(api.parts.alerting.status()).into_response()
}

async fn receivers(State(api): State<Api>) -> Response {
    Json(api.parts.alerting.receivers()).into_response()
}

async fn alerts(State(api): State<Api>, params: Params) -> Result<Response, Refused> {
    let query = AlertsQuery::from_pairs(params.pairs())?;
    Ok(Json(api.parts.alerting.get_alerts(&query)?).into_response())
}

async fn groups(State(api): State<Api>, params: Params) -> Result<Response, Refused> {
    let query = AlertsQuery::from_pairs(params.pairs())?;
    Ok(Json(api.parts.alerting.get_groups(&query)?).into_response())
}

async fn post_alerts(State(api): State<Api>, body: Bytes) -> Response {
    let posted: Vec<PostableAlert> = match read(&body) {
        Ok(posted) => posted,
        Err(unreadable) => return unreadable.into_response(),
    };
    match api.parts.alerting.post_alerts(posted).await {
        Ok(()) => {
            api.events.publish(Event::Alerts);
            StatusCode::OK.into_response()
        }
        Err(error) => Refused(error).into_response(),
    }
}

async fn silences(State(api): State<Api>, params: Params) -> Result<Response, Refused> {
    let query = SilencesQuery::from_pairs(params.pairs());
    Ok(Json(api.parts.alerting.get_silences(&query)?).into_response())
}

async fn silence(State(api): State<Api>, Path(id): Path<String>) -> Result<Response, Refused> {
    Ok(Json(api.parts.alerting.get_silence(&id)?).into_response())
}

async fn set_silence(State(api): State<Api>, body: Bytes) -> Response {
    let posted: PostableSilence = match read(&body) {
        Ok(posted) => posted,
        Err(unreadable) => return unreadable.into_response(),
    };
    match api.parts.alerting.set_silence(posted).await {
        Ok(id) => {
            api.events.publish(Event::Silences);
            Json(json!({"silenceID": id})).into_response()
        }
        Err(error) => Refused(error).into_response(),
    }
}

async fn delete_silence(State(api): State<Api>, Path(id): Path<String>) -> Result<Response, Refused> {
    api.parts.alerting.delete_silence(&id, "api").await?;
    api.events.publish(Event::Silences);
    Ok(StatusCode::OK.into_response())
}
