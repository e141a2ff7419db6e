//! `/folders`.

use super::{GrafanaError, body, who};
use crate::dashboards::{Folder, FolderChange, LibraryError, around, number, slug};
use crate::http::Api;
use crate::http::native::rfc3339;
use crate::http::params::Params;
use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use serde::Deserialize;
use serde_json::{Value, json};

/// What Grafana calls the place of dashboards without a folder.
pub(super) const ROOT: &str = "general";

/// The address of a folder's page, below the root.
pub(super) fn link(folder: &Folder) -> String {
    format!("/dashboards/f/{}/{}", folder.uid, slug(&folder.title))
}

fn none() -> GrafanaError {
    GrafanaError::not_found("folder not found").with_word("not-found")
}

/// A folder by its number.
pub(super) async fn of_number(api: &Api, id: i64) -> Result<Folder, GrafanaError> {
    let folders = api.parts.dashboards.folders().await?;
    folders.into_iter().find(|folder| number(&folder.uid) == id).ok_or_else(none)
}

fn shown(folder: &Folder, all: &[Folder]) -> Value {
    let mut shown = json!({
        "id": number(&folder.uid),
        "uid": folder.uid,
        "title": folder.title,
        "url": link(folder),
        "hasAcl": false,
        "canSave": !folder.of_files,
        "canEdit": !folder.of_files,
        "canAdmin": !folder.of_files,
        "canDelete": !folder.of_files,
        "createdBy": folder.created_by,
        "created": rfc3339(folder.created_ms),
        "updatedBy": folder.updated_by,
        "updated": rfc3339(folder.updated_ms),
        "version": folder.version,
    });
    if !folder.parent_uid.is_empty() {
        shown["parentUid"] = json!(folder.parent_uid);
        let parents = around(&folder.parent_uid, all).into_iter().rev();
        shown["parents"] = parents.map(|parent| json!({"uid": parent.uid, "title": parent.title, "url": link(parent)})).collect();
    }
    shown
}

/// The folder as it is now, with those around it.
async fn answer(api: &Api, folder: &Folder) -> Result<Json<Value>, GrafanaError> {
    Ok(Json(shown(folder, &api.parts.dashboards.folders().await?)))
}

pub(super) async fn list(State(api): State<Api>, params: Params) -> Result<Json<Value>, GrafanaError> {
    let limit = params.integer("limit")?.filter(|limit| *limit > 0).unwrap_or(1_000) as usize;
    let page = params.integer("page")?.unwrap_or(1).max(1) as usize;
    let parent_uid = params.get("parentUid").filter(|uid| *uid != ROOT).unwrap_or_default();
    let folders = api.parts.dashboards.folders().await?;
    let inside = folders.iter().filter(|folder| folder.parent_uid == parent_uid);
    let page = inside.skip((page - 1).saturating_mul(limit)).take(limit);
    let shown = page.map(|folder| {
        let mut shown = json!({"id": number(&folder.uid), "uid": folder.uid, "title": folder.title});
        if !folder.parent_uid.is_empty() {
            shown["parentUid"] = json!(folder.parent_uid);
        }
        shown
    });
    Ok(Json(shown.collect()))
}

pub(super) async fn read(State(api): State<Api>, Path(uid): Path<String>) -> Result<Json<Value>, GrafanaError> {
    if uid == ROOT {
        return Ok(Json(
            json!({"id": 0, "uid": ROOT, "title": "Dashboards", "url": "/dashboards", "canSave": true, "canEdit": true, "version": 0}),
        ));
    }
    let all = api.parts.dashboards.folders().await?;
    let folder = all.iter().find(|folder| folder.uid == uid).ok_or_else(none)?;
    Ok(Json(shown(folder, &all)))
}

pub(super) async fn read_by_number(State(api): State<Api>, Path(id): Path<i64>) -> Result<Json<Value>, GrafanaError> {
    let folder = of_number(&api, id).await?;
    answer(&api, &folder).await
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Create {
    uid: Option<String>,
    title: Option<String>,
    parent_uid: Option<String>,
}

pub(super) async fn create(State(api): State<Api>, bytes: Bytes) -> Result<Json<Value>, GrafanaError> {
    let Create { uid, title, parent_uid } = body(&bytes)?;
    let title = title.filter(|title| !title.trim().is_empty()).ok_or_else(|| GrafanaError::bad_request("folder title cannot be empty"))?;
    let parent_uid = parent_uid.filter(|uid| uid != ROOT).unwrap_or_default();
    let folder = api.parts.dashboards.create_folder(&who(), uid.as_deref(), &title, &parent_uid).await?;
    answer(&api, &folder).await
}

#[derive(Debug, Deserialize)]
struct Change {
    title: Option<String>,
    version: Option<i64>,
    overwrite: Option<bool>,
}

pub(super) async fn change(State(api): State<Api>, Path(uid): Path<String>, bytes: Bytes) -> Result<Json<Value>, GrafanaError> {
    let Change { title, version, overwrite } = body(&bytes)?;
    let version = match (overwrite, version) {
        (Some(true), _) => None,
        // Whoever does not overwrite has to know what they change.
        (_, version) => Some(version.unwrap_or(0)),
    };
    let change = FolderChange { title, version, ..FolderChange::default() };
    let folder = api.parts.dashboards.change_folder(&who(), &uid, &change).await.map_err(or_none)?;
    answer(&api, &folder).await
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Move {
    parent_uid: Option<String>,
}

pub(super) async fn relocate(State(api): State<Api>, Path(uid): Path<String>, bytes: Bytes) -> Result<Json<Value>, GrafanaError> {
    let Move { parent_uid } = body(&bytes)?;
    let parent_uid = Some(parent_uid.filter(|uid| uid != ROOT).unwrap_or_default());
    let change = FolderChange { parent_uid, ..FolderChange::default() };
    let folder = api.parts.dashboards.change_folder(&who(), &uid, &change).await.map_err(or_none)?;
    answer(&api, &folder).await
}

pub(super) async fn delete(State(api): State<Api>, Path(uid): Path<String>) -> Result<Json<Value>, GrafanaError> {
    let folder = api.parts.dashboards.delete_folder(&who(), &uid).await.map_err(or_none)?;
    Ok(Json(json!({"message": "Folder deleted", "id": number(&uid), "title": folder.title})))
}

fn or_none(error: LibraryError) -> GrafanaError {
    match error {
        LibraryError::NotFound(_) => none(),
        other => other.into(),
    }
}
