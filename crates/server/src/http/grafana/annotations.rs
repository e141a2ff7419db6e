//! `/annotations`.

use super::{GrafanaError, body, who};
use crate::annotations::Marked;
use crate::dashboards::number;
use crate::http::Api;
use crate::http::params::Params;
use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use phoenix_state::annotation::{AnnotationFilter, AnnotationRow};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Annotation {
    dashboard_id: Option<i64>,
    #[serde(rename = "dashboardUID")]
    dashboard_uid: Option<String>,
    panel_id: Option<i64>,
    time: Option<i64>,
    time_end: Option<i64>,
    tags: Option<Vec<String>>,
    text: Option<String>,
}

impl Annotation {
    /// Zero stands for nothing said, as in Grafana.
    fn marked(self) -> Marked {
        Marked {
            time_ms: self.time.filter(|time| *time != 0),
            time_end_ms: self.time_end.filter(|time| *time != 0),
            text: self.text,
            tags: self.tags,
            dashboard_uid: self.dashboard_uid,
            panel_id: self.panel_id,
        }
    }
}

pub(super) async fn add(State(api): State<Api>, bytes: Bytes) -> Result<Json<Value>, GrafanaError> {
    let mut annotation: Annotation = body(&bytes)?;
    if annotation.dashboard_uid.as_ref().is_none_or(String::is_empty)
        && let Some(id) = annotation.dashboard_id.filter(|id| *id > 0)
    {
        let uid = api.parts.dashboards.uid_of_number(id).await?;
        annotation.dashboard_uid = Some(uid.ok_or_else(|| GrafanaError::not_found("Dashboard not found"))?);
    }
    let id = api.parts.annotations.add(&who(), annotation.marked()).await?;
    Ok(Json(json!({"message": "Annotation added", "id": id})))
}

#[derive(Debug, Deserialize)]
struct OfGraphite {
    what: String,
    /// Words in one text in Graphite before 0.9.
    tags: Option<Tags>,
    /// In seconds.
    when: Option<i64>,
    data: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Tags {
    List(Vec<String>),
    Words(String),
}

pub(super) async fn add_of_graphite(State(api): State<Api>, bytes: Bytes) -> Result<Json<Value>, GrafanaError> {
    let event: OfGraphite = body(&bytes)?;
    let text = match event.data.filter(|data| !data.is_empty()) {
        Some(data) => format!("{}\n{data}", event.what),
        None => event.what,
    };
    let tags = event.tags.map(|tags| match tags {
        Tags::List(list) => list,
        Tags::Words(words) => words.split_whitespace().map(str::to_owned).collect(),
    });
    let time_ms = event.when.map(|seconds| seconds.saturating_mul(1_000));
    let id = api.parts.annotations.add(&who(), Marked { time_ms, text: Some(text), tags, ..Marked::default() }).await?;
    Ok(Json(json!({"message": "Graphite annotation added", "id": id})))
}

pub(super) async fn list(State(api): State<Api>, params: Params) -> Result<Json<Value>, GrafanaError> {
    let of_number = match params.integer("dashboardId")?.filter(|id| *id > 0) {
        Some(id) => Some(api.parts.dashboards.uid_of_number(id).await?.unwrap_or_else(|| "?".to_owned())),
        None => None,
    };
    // Changes of alerts are no annotations here.
    if params.get("type") == Some("alert") || params.integer("alertId")?.is_some_and(|id| id > 0) {
        return Ok(Json(json!([])));
    }
    let filter = AnnotationFilter {
        from_ms: params.integer("from")?.filter(|ms| *ms > 0),
        to_ms: params.integer("to")?.filter(|ms| *ms > 0),
        tags: params.all("tags").filter(|tag| !tag.is_empty()).map(str::to_owned).collect(),
        match_any: params.get("matchAny") == Some("true"),
        dashboard_uid: params.non_empty("dashboardUID").map(str::to_owned).or(of_number),
        panel_id: params.integer("panelId")?.filter(|id| *id > 0),
    };
    let rows = api.parts.annotations.list(&filter, params.integer("limit")?.filter(|limit| *limit > 0)).await?;
    Ok(Json(rows.iter().map(shown).collect()))
}

pub(super) async fn read(State(api): State<Api>, Path(id): Path<i64>) -> Result<Json<Value>, GrafanaError> {
    Ok(Json(shown(&api.parts.annotations.get(id).await?)))
}

fn shown(row: &AnnotationRow) -> Value {
    json!({
        "id": row.id,
        "alertId": 0,
        "alertName": "",
        "dashboardId": if row.dashboard_uid.is_empty() { 0 } else { number(&row.dashboard_uid) },
        "dashboardUID": row.dashboard_uid,
        "panelId": row.panel_id,
        "userId": 0,
        "newState": "",
        "prevState": "",
        "created": row.created_ms,
        "updated": row.updated_ms,
        "time": row.time_ms,
        "timeEnd": row.time_end_ms,
        "text": row.text,
        "tags": row.tags,
        "login": row.created_by,
        "email": "",
        "avatarUrl": "",
        "data": {},
    })
}

/// All of it: what is not said is empty afterwards.
pub(super) async fn replace(State(api): State<Api>, Path(id): Path<i64>, bytes: Bytes) -> Result<Json<Value>, GrafanaError> {
    let mut annotation: Annotation = body(&bytes)?;
    annotation.tags.get_or_insert_default();
    api.parts.annotations.change(&who(), id, annotation.marked()).await?;
    Ok(Json(json!({"message": "Annotation updated"})))
}

/// What is said of it.
pub(super) async fn change(State(api): State<Api>, Path(id): Path<i64>, bytes: Bytes) -> Result<Json<Value>, GrafanaError> {
    let annotation: Annotation = body(&bytes)?;
    api.parts.annotations.change(&who(), id, annotation.marked()).await?;
    Ok(Json(json!({"message": "Annotation patched"})))
}

pub(super) async fn delete(State(api): State<Api>, Path(id): Path<i64>) -> Result<Json<Value>, GrafanaError> {
    api.parts.annotations.delete(&who(), id).await?;
    Ok(Json(json!({"message": "Annotation deleted"})))
}

pub(super) async fn tags(State(api): State<Api>, params: Params) -> Result<Json<Value>, GrafanaError> {
    let limit = params.integer("limit")?.filter(|limit| *limit > 0);
    let tags = api.parts.annotations.tags(params.get("tag").unwrap_or_default(), limit).await?;
    let tags: Vec<Value> = tags.into_iter().map(|(tag, count)| json!({"tag": tag, "count": count})).collect();
    Ok(Json(json!({"result": {"tags": tags}})))
}
