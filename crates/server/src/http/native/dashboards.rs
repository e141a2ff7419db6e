//! `dashboards` and `folders`: what there is, saving, versions, export.

use super::{NativeError, rfc3339};
use crate::dashboards::{Folder, LibraryError, Listing, NewDashboard, Origin, Summary, Who, Whole};
use crate::http::Api;
use crate::http::envelope::json as finished;
use axum::extract::{DefaultBodyLimit, Path, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};
use axum::{Json, Router};
use phoenix_dashboard::MAX_BYTES;
use phoenix_state::dashboard::{Expected, VersionRow};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A body is a dashboard and a little around it.
pub(in crate::http) const MAX_BODY_BYTES: usize = MAX_BYTES + (64 << 10);

pub(super) fn router(api: &Api) -> Router<Api> {
    Router::new()
        .route("/dashboards", get(list).post(create))
        .route("/dashboards/read", post(preview))
        .route("/dashboards/{uid}", get(read).put(change).delete(remove))
        .route("/dashboards/{uid}/versions", get(versions))
        .route("/dashboards/{uid}/versions/{version}", get(version))
        .route("/dashboards/{uid}/restore", post(restore))
        .route("/dashboards/{uid}/export", get(export))
        .route("/folders", get(folders).post(create_folder))
        .route("/folders/{uid}", delete(remove_folder))
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .layer(middleware::from_fn_with_state(api.clone(), in_bounds))
}

async fn in_bounds(State(api): State<Api>, request: Request, next: Next) -> Result<Response, NativeError> {
    Ok(api.dashboard_bodies.hold(request, next).await?)
}

impl From<LibraryError> for NativeError {
    fn from(error: LibraryError) -> Self {
        let message = error.to_string();
        match error {
            LibraryError::NotFound(_) => Self::not_found(message),
            LibraryError::Invalid(_) | LibraryError::Unreadable(_) => Self::bad_request(message),
            LibraryError::Changed { .. } | LibraryError::Exists { .. } | LibraryError::OfFile { .. } | LibraryError::Full { .. } => {
                Self::conflict(message)
            }
            LibraryError::State(_) | LibraryError::Ended => Self::internal(message),
        }
    }
}

/// Who asks: as they say, or the way they come.
pub(super) fn who(named: Option<&str>, headers: &HeaderMap) -> Who {
    // Browsers send the origin of the page with everything that changes something.
    Who::named(named, if headers.contains_key(header::ORIGIN) { "ui" } else { "api" })
}

async fn list(State(api): State<Api>) -> Result<Json<Value>, NativeError> {
    let Listing { dashboards, folders } = api.parts.dashboards.list().await?;
    let shown = dashboards.iter().map(|summary| {
        let folder = folders.iter().find(|folder| folder.uid == summary.folder_uid);
        let mut shown = meta(summary, folder);
        shown["title"] = json!(summary.title);
        shown["tags"] = json!(summary.tags);
        shown["problems"] = json!(summary.problems);
        shown
    });
    let shown: Vec<Value> = shown.collect();
    Ok(Json(json!({"dashboards": shown, "folders": folders.iter().map(shown_folder).collect::<Vec<_>>()})))
}

/// Which dashboard it is, where it is from and where it stands.
fn meta(summary: &Summary, folder: Option<&Folder>) -> Value {
    let (source, file) = match &summary.origin {
        Origin::File(name) => ("file", Some(name)),
        Origin::State => ("state", None),
    };
    json!({
        "uid": summary.uid,
        "source": source,
        "file": file,
        "folder": folder.map(|folder| json!({"uid": folder.uid, "title": folder.title})),
        "version": summary.version,
        "created": rfc3339(summary.created_ms),
        "updated": rfc3339(summary.updated_ms),
        "updated_by": (!summary.updated_by.is_empty()).then_some(&summary.updated_by),
    })
}

fn shown_folder(folder: &Folder) -> Value {
    json!({
        "uid": folder.uid,
        "title": folder.title,
        "parent_uid": (!folder.parent_uid.is_empty()).then_some(&folder.parent_uid),
        "source": if folder.of_files { "file" } else { "state" },
    })
}

async fn read(State(api): State<Api>, Path(uid): Path<String>) -> Result<Response, NativeError> {
    Ok(whole(StatusCode::OK, &api.parts.dashboards.get(&uid).await?))
}

fn whole(status: StatusCode, whole: &Whole) -> Response {
    let meta = meta(&whole.summary, whole.folder.as_ref());
    finished(status, format!("{{\"dashboard\":{},\"meta\":{meta},\"report\":{}}}", whole.json, json!(&whole.report[..])))
}

/// Reads any dashboard and keeps nothing.
async fn preview(State(api): State<Api>, text: String) -> Result<Json<Value>, NativeError> {
    let read = api.parts.dashboards.preview(text, BTreeMap::new()).await?;
    Ok(Json(json!({"dashboard": read.dashboard.json(), "report": read.report, "inputs": read.inputs})))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Create {
    dashboard: Value,
    folder_uid: Option<String>,
    #[serde(default)]
    overwrite: bool,
    #[serde(default)]
    inputs: BTreeMap<String, String>,
    #[serde(default)]
    message: String,
    who: Option<String>,
}

async fn create(State(api): State<Api>, headers: HeaderMap, Json(create): Json<Create>) -> Result<Response, NativeError> {
    let new = NewDashboard {
        json: create.dashboard,
        uid: None,
        inputs: create.inputs,
        folder_uid: create.folder_uid,
        message: create.message,
        expected: if create.overwrite { Expected::Any } else { Expected::Absent },
    };
    let saved = api.parts.dashboards.save(&who(create.who.as_deref(), &headers), new).await?;
    Ok(whole(StatusCode::CREATED, &saved))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    dashboard: Value,
    /// The one that was edited.
    version: i64,
    folder_uid: Option<String>,
    #[serde(default)]
    message: String,
    who: Option<String>,
}

async fn change(
    State(api): State<Api>,
    Path(uid): Path<String>,
    headers: HeaderMap,
    Json(change): Json<Change>,
) -> Result<Response, NativeError> {
    let new = NewDashboard {
        json: change.dashboard,
        uid: Some(uid),
        inputs: BTreeMap::new(),
        folder_uid: change.folder_uid,
        message: change.message,
        expected: Expected::Version(change.version),
    };
    let saved = api.parts.dashboards.save(&who(change.who.as_deref(), &headers), new).await?;
    Ok(whole(StatusCode::OK, &saved))
}

async fn remove(State(api): State<Api>, Path(uid): Path<String>, headers: HeaderMap) -> Result<Json<Value>, NativeError> {
    let title = api.parts.dashboards.delete(&who(None, &headers), &uid).await?;
    Ok(Json(json!({"uid": uid, "title": title})))
}

async fn versions(State(api): State<Api>, Path(uid): Path<String>) -> Result<Json<Value>, NativeError> {
    let versions = api.parts.dashboards.versions(&uid).await?;
    Ok(Json(json!({"versions": versions.iter().map(shown_version).collect::<Vec<_>>()})))
}

fn shown_version(row: &VersionRow) -> Value {
    json!({
        "version": row.version,
        "created": rfc3339(row.created_ms),
        "created_by": (!row.created_by.is_empty()).then_some(&row.created_by),
        "message": row.message,
        "restored_from": (row.restored_from > 0).then_some(row.restored_from),
    })
}

async fn version(State(api): State<Api>, Path((uid, version)): Path<(String, i64)>) -> Result<Json<Value>, NativeError> {
    let (row, dashboard, _) = api.parts.dashboards.version(&uid, version).await?;
    let mut shown = shown_version(&row);
    shown["dashboard"] = Value::Object(dashboard);
    Ok(Json(shown))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Restore {
    version: i64,
    who: Option<String>,
}

async fn restore(
    State(api): State<Api>,
    Path(uid): Path<String>,
    headers: HeaderMap,
    Json(restore): Json<Restore>,
) -> Result<Response, NativeError> {
    let restored = api.parts.dashboards.restore(&who(restore.who.as_deref(), &headers), &uid, restore.version).await?;
    Ok(whole(StatusCode::OK, &restored))
}

/// The file that Grafana imports.
async fn export(State(api): State<Api>, Path(uid): Path<String>) -> Result<Response, NativeError> {
    let dashboard = api.parts.dashboards.get(&uid).await?;
    let exported = api.parts.dashboards.export(dashboard.json).await?;
    let text = serde_json::to_string_pretty(&exported).expect("JSON can be written") + "\n";
    // A uid has no characters that would have to be quoted.
    let attachment = format!("attachment; filename=\"{uid}.json\"");
    Ok(([(header::CONTENT_TYPE, "application/json".to_owned()), (header::CONTENT_DISPOSITION, attachment)], text).into_response())
}

async fn folders(State(api): State<Api>) -> Result<Json<Value>, NativeError> {
    let folders = api.parts.dashboards.folders().await?;
    Ok(Json(json!({"folders": folders.iter().map(shown_folder).collect::<Vec<_>>()})))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CreateFolder {
    title: String,
    uid: Option<String>,
    parent_uid: Option<String>,
    who: Option<String>,
}

async fn create_folder(
    State(api): State<Api>,
    headers: HeaderMap,
    Json(new): Json<CreateFolder>,
) -> Result<(StatusCode, Json<Value>), NativeError> {
    let who = who(new.who.as_deref(), &headers);
    let parent_uid = new.parent_uid.unwrap_or_default();
    let folder = api.parts.dashboards.create_folder(&who, new.uid.as_deref(), &new.title, &parent_uid).await?;
    Ok((StatusCode::CREATED, Json(shown_folder(&folder))))
}

async fn remove_folder(State(api): State<Api>, Path(uid): Path<String>, headers: HeaderMap) -> Result<Json<Value>, NativeError> {
    let folder = api.parts.dashboards.delete_folder(&who(None, &headers), &uid).await?;
    Ok(Json(json!({"uid": folder.uid, "title": folder.title})))
}
