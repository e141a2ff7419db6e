//! `/dashboards`: saving, reading, deleting, importing.

use super::{GrafanaError, body, folders, who};
use crate::dashboards::{LibraryError, NewDashboard, Origin, Whole, number, slug};
use crate::http::Api;
use crate::http::native::rfc3339;
use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use phoenix_state::dashboard::Expected;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// A dashboard to save, with where it goes.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Save {
    dashboard: Map<String, Value>,
    folder_id: Option<i64>,
    folder_uid: Option<String>,
    overwrite: Option<bool>,
    message: Option<String>,
}

pub(super) async fn save(State(api): State<Api>, bytes: Bytes) -> Result<Json<Value>, GrafanaError> {
    let mut save: Save = body(&bytes)?;
    let text = |name: &str| save.dashboard.get(name).and_then(Value::as_str).unwrap_or_default().trim().to_owned();
    if text("title").is_empty() {
        return Err(GrafanaError::bad_request("Dashboard title cannot be empty").with_word("empty-name"));
    }
    let mut uid = text("uid");
    if let (true, Some(id)) = (uid.is_empty(), save.dashboard.get("id").and_then(Value::as_i64).filter(|id| *id > 0)) {
        // Older tools know a dashboard by its number.
        uid = api.parts.dashboards.uid_of_number(id).await?.ok_or_else(none)?;
        save.dashboard.insert("uid".to_owned(), json!(uid));
    }
    let version = save.dashboard.get("version").and_then(Value::as_i64).unwrap_or(0);
    let expected = match api.parts.dashboards.get(&uid).await {
        _ if save.overwrite == Some(true) => Expected::Any,
        Ok(_) => Expected::Version(version),
        Err(LibraryError::NotFound(_)) => Expected::Absent,
        Err(error) => return Err(error.into()),
    };
    let folder_uid = folder_of(&api, save.folder_uid, save.folder_id).await?;
    let new = NewDashboard {
        json: Value::Object(save.dashboard),
        uid: None,
        inputs: BTreeMap::new(),
        folder_uid: Some(folder_uid),
        message: save.message.unwrap_or_default(),
        expected,
    };
    let saved = api.parts.dashboards.save(&who(), new).await?;
    let summary = &saved.summary;
    Ok(Json(json!({
        "id": number(&summary.uid),
        "uid": summary.uid,
        "url": link(&summary.uid, &summary.title),
        "status": "success",
        "version": summary.version,
        "slug": slug(&summary.title),
        "folderUid": summary.folder_uid,
    })))
}

/// Where a dashboard goes: by uid, else by number, else the root.
async fn folder_of(api: &Api, uid: Option<String>, id: Option<i64>) -> Result<String, GrafanaError> {
    match (uid.filter(|uid| !uid.is_empty() && uid != folders::ROOT), id.filter(|id| *id > 0)) {
        (Some(uid), _) => Ok(uid),
        (None, Some(id)) => Ok(folders::of_number(api, id).await?.uid),
        (None, None) => Ok(String::new()),
    }
}

fn none() -> GrafanaError {
    GrafanaError::not_found("Dashboard not found").with_word("not-found")
}

/// A dashboard that has to be there.
async fn of_uid(api: &Api, uid: &str) -> Result<Whole, GrafanaError> {
    api.parts.dashboards.get(uid).await.map_err(|error| match error {
        LibraryError::NotFound(_) => none(),
        other => other.into(),
    })
}

/// The address of a dashboard's page, below the root.
pub(super) fn link(uid: &str, title: &str) -> String {
    format!("/d/{uid}/{}", slug(title))
}

/// The JSON as it was saved, with the number and version that it has here.
pub(super) fn model(text: &str, uid: &str, version: i64) -> Result<Map<String, Value>, GrafanaError> {
    let read: Result<Map<String, Value>, _> = serde_json::from_str(text);
    let mut model = read.map_err(|e| GrafanaError::from(LibraryError::Invalid(e.to_string())))?;
    model.insert("id".to_owned(), json!(number(uid)));
    model.insert("uid".to_owned(), json!(uid));
    model.insert("version".to_owned(), json!(version));
    Ok(model)
}

pub(super) async fn read(State(api): State<Api>, Path(uid): Path<String>) -> Result<Json<Value>, GrafanaError> {
    let whole = of_uid(&api, &uid).await?;
    let summary = &whole.summary;
    let (provisioned, file) = match &summary.origin {
        Origin::File(file) => (true, file.as_str()),
        Origin::State => (false, ""),
    };
    let folder = whole.folder.as_ref();
    let meta = json!({
        "type": "db",
        "isStarred": false,
        "isFolder": false,
        "slug": slug(&summary.title),
        "url": link(&uid, &summary.title),
        "version": summary.version,
        "created": rfc3339(summary.created_ms),
        "updated": rfc3339(summary.updated_ms),
        "createdBy": summary.created_by,
        "updatedBy": summary.updated_by,
        "canSave": !provisioned,
        "canEdit": !provisioned,
        "canAdmin": !provisioned,
        "canDelete": !provisioned,
        "canStar": false,
        "hasAcl": false,
        "provisioned": provisioned,
        "provisionedExternalId": file,
        "folderId": folder.map_or(0, |folder| number(&folder.uid)),
        "folderUid": folder.map_or("", |folder| &folder.uid),
        "folderTitle": folder.map_or("Dashboards", |folder| &folder.title),
        "folderUrl": folder.map(folders::link).unwrap_or_default(),
    });
    Ok(Json(json!({"dashboard": model(&whole.original, &uid, summary.version)?, "meta": meta})))
}

pub(super) async fn delete(State(api): State<Api>, Path(uid): Path<String>) -> Result<Json<Value>, GrafanaError> {
    let title = api.parts.dashboards.delete(&who(), &uid).await.map_err(|error| match error {
        LibraryError::NotFound(_) => none(),
        LibraryError::OfFile { .. } => GrafanaError::bad_request("provisioned dashboard cannot be deleted"),
        other => other.into(),
    })?;
    Ok(Json(json!({"title": title, "message": format!("Dashboard {title} deleted"), "id": number(&uid)})))
}

/// An exported dashboard with values for its inputs.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Import {
    dashboard: Value,
    overwrite: Option<bool>,
    #[serde(default)]
    inputs: Vec<Input>,
    folder_id: Option<i64>,
    folder_uid: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Input {
    name: String,
    value: Option<String>,
}

pub(super) async fn import(State(api): State<Api>, bytes: Bytes) -> Result<Json<Value>, GrafanaError> {
    let import: Import = body(&bytes)?;
    let folder_uid = folder_of(&api, import.folder_uid, import.folder_id).await?;
    let new = NewDashboard {
        json: import.dashboard,
        uid: None,
        inputs: import.inputs.into_iter().filter_map(|input| Some((input.name, input.value?))).collect(),
        folder_uid: Some(folder_uid),
        message: String::new(),
        expected: if import.overwrite == Some(true) { Expected::Any } else { Expected::Absent },
    };
    let saved = api.parts.dashboards.save(&who(), new).await?.summary;
    Ok(Json(json!({
        "uid": saved.uid,
        "dashboardId": number(&saved.uid),
        "title": saved.title,
        "imported": true,
        "importedUri": format!("db/{}", slug(&saved.title)),
        "importedUrl": link(&saved.uid, &saved.title),
        "importedRevision": saved.version,
        "revision": saved.version,
        "slug": slug(&saved.title),
        "folderId": if saved.folder_uid.is_empty() { 0 } else { number(&saved.folder_uid) },
        "folderUid": saved.folder_uid,
        "pluginId": "",
        "path": "",
        "description": "",
        "removed": false,
    })))
}

/// What is shown first: a list of dashboards.
pub(super) async fn home() -> Json<Value> {
    let panel = json!({
        "id": 1,
        "type": "dashlist",
        "title": "Dashboards",
        "gridPos": {"x": 0, "y": 0, "w": 24, "h": 16},
        "options": {"showSearch": true, "showStarred": false, "showRecentlyViewed": false, "showHeadings": false, "maxItems": 100, "query": "", "tags": []},
    });
    let dashboard = json!({"title": "Home", "editable": false, "schemaVersion": 41, "panels": [panel]});
    let meta = json!({"isHome": true, "canSave": false, "canEdit": false, "canAdmin": false, "canStar": false, "slug": "", "type": ""});
    Json(json!({"dashboard": dashboard, "meta": meta}))
}
