//! Incidents: list, detail, and what people do to them.

use super::NativeError;
use crate::http::Api;
use crate::http::params::Params;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, header};
use phoenix_incident::view::{EventView, IncidentList};
use phoenix_incident::{IncidentDetail, IncidentError, IncidentFilter, IncidentId, Status, Via};
use phoenix_model::Labels;
use serde::Deserialize;

/// Incidents in one answer, at most.
const MAX_LISTED: usize = 500;

impl From<IncidentError> for NativeError {
    fn from(error: IncidentError) -> Self {
        let message = error.to_string();
        match error {
            IncidentError::NotFound(_) => Self::not_found(message),
            IncidentError::BadId(_) | IncidentError::Invalid(_) => Self::bad_request(message),
            IncidentError::WrongState { .. } => Self::conflict(message),
            _ => Self::internal(message),
        }
    }
}

pub(super) async fn list(State(api): State<Api>, params: Params) -> Result<Json<IncidentList>, NativeError> {
    let states: Vec<String> = match params.non_empty("state") {
        None => vec!["open".to_owned(), "acknowledged".to_owned()],
        Some(text) => text.split(',').map(|s| s.trim().to_owned()).collect(),
    };
    if let Some(unknown) = states.iter().find(|s| Status::from_name(s).is_none()) {
        return Err(NativeError::bad_request(format!("`{unknown}` is not a state of incidents; they are open, acknowledged, resolved")));
    }
    let before_id = params.non_empty("before").map(str::parse::<IncidentId>).transpose()?.map(|id| id.0);
    let limit = params.limit().map_err(|e| NativeError::bad_request(e.message()))?.min(MAX_LISTED);
    let filter = IncidentFilter { status: states, severity: Vec::new(), before_id };
    Ok(Json(api.parts.incidents.list(&filter, limit as u32).await?))
}

pub(super) async fn read(State(api): State<Api>, Path(id): Path<String>) -> Result<Json<IncidentDetail>, NativeError> {
    let incident = api.parts.incidents.get(id.parse()?).await?;
    Ok(Json(incident))
}

/// Who does something, and why.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Change {
    #[serde(default)]
    who: String,
    #[serde(default)]
    note: String,
    /// `cli` when the command line asks.
    #[serde(default)]
    via: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Note {
    #[serde(default)]
    who: String,
    #[serde(default)]
    text: String,
}

/// Who asks is asked, and kept, even before there is authentication.
pub(super) fn named(who: &str) -> Result<&str, NativeError> {
    let who = who.trim();
    if who.is_empty() {
        return Err(NativeError::bad_request("`who` is missing: say who you are, so that the others know who has it"));
    }
    Ok(who)
}

fn via(named: Option<&str>, headers: &HeaderMap) -> Via {
    match named {
        Some("cli") => Via::Cli,
        // Browsers send the origin of the page with everything that changes something.
        _ if headers.contains_key(header::ORIGIN) => Via::Ui,
        _ => Via::Api,
    }
}

pub(super) async fn acknowledge(
    State(api): State<Api>,
    Path(id): Path<String>,
    headers: HeaderMap,
    Json(change): Json<Change>,
) -> Result<Json<IncidentDetail>, NativeError> {
    let who = named(&change.who)?;
    let incident = api.parts.incidents.acknowledge(id.parse()?, who, via(change.via.as_deref(), &headers), &change.note).await?;
    Ok(Json(incident))
}

pub(super) async fn resolve(
    State(api): State<Api>,
    Path(id): Path<String>,
    headers: HeaderMap,
    Json(change): Json<Change>,
) -> Result<Json<IncidentDetail>, NativeError> {
    let who = named(&change.who)?;
    let incident = api.parts.incidents.resolve(id.parse()?, who, via(change.via.as_deref(), &headers), &change.note).await?;
    Ok(Json(incident))
}

pub(super) async fn note(State(api): State<Api>, Path(id): Path<String>, Json(note): Json<Note>) -> Result<Json<EventView>, NativeError> {
    let who = named(&note.who)?;
    if note.text.trim().is_empty() {
        return Err(NativeError::bad_request("`text` is missing: there is nothing to note"));
    }
    Ok(Json(api.parts.incidents.note(id.parse()?, who, note.text.trim()).await?))
}

/// Labels that name an incident in a heading.
pub(super) fn heading(labels: &Labels) -> String {
    labels.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(", ")
}
