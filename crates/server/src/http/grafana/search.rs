//! `/search` and `/dashboards/tags`.

use super::{GrafanaError, dashboards, folders};
use crate::dashboards::{Folder, Listing, Summary, number, slug};
use crate::http::Api;
use crate::http::params::Params;
use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Hits of an answer where nothing is said, and at most.
const DEFAULT_HITS: i64 = 1_000;
const MAX_HITS: i64 = 5_000;

pub(super) async fn search(State(api): State<Api>, params: Params) -> Result<Json<Value>, GrafanaError> {
    let Listing { dashboards, folders } = api.parts.dashboards.list().await?;
    let wanted = Wanted::new(&params);
    let found_folders = folders.iter().filter(|folder| wanted.folder(folder)).map(|folder| of_folder(folder, &folders));
    let found_dashboards =
        dashboards.iter().filter(|dashboard| wanted.dashboard(dashboard)).map(|dashboard| of_dashboard(dashboard, &folders));
    let mut hits: Vec<Value> = found_folders.chain(found_dashboards).collect();
    if params.get("sort") == Some("alpha-desc") {
        hits.reverse();
    }
    let limit = params.integer("limit")?.filter(|limit| *limit > 0).unwrap_or(DEFAULT_HITS).min(MAX_HITS) as usize;
    let page = params.integer("page")?.unwrap_or(1).max(1) as usize;
    Ok(Json(Value::Array(hits.into_iter().skip((page - 1).saturating_mul(limit)).take(limit).collect())))
}

/// What is searched for. Empty lists do not restrict.
struct Wanted {
    /// Part of the title, in lower case.
    text: String,
    tags: Vec<String>,
    kind: Option<String>,
    starred: bool,
    uids: Vec<String>,
    numbers: Vec<String>,
    folder_uids: Vec<String>,
    folder_numbers: Vec<String>,
}

impl Wanted {
    fn new(params: &Params) -> Self {
        let list = |names: &[&str]| -> Vec<String> {
            let values = names.iter().flat_map(|name| params.all(name)).flat_map(|value| value.split(','));
            values.filter(|value| !value.is_empty()).map(str::to_owned).collect()
        };
        Self {
            text: params.get("query").unwrap_or_default().to_lowercase(),
            tags: params.all("tag").filter(|tag| !tag.is_empty()).map(str::to_owned).collect(),
            kind: params.non_empty("type").map(str::to_owned),
            starred: params.get("starred") == Some("true"),
            uids: list(&["dashboardUIDs", "dashboardUID"]),
            numbers: list(&["dashboardIds"]),
            folder_uids: list(&["folderUIDs"]),
            folder_numbers: list(&["folderIds"]),
        }
    }

    fn is_in(&self, folder_uid: &str) -> bool {
        if self.folder_uids.is_empty() && self.folder_numbers.is_empty() {
            return true;
        }
        let uid = if folder_uid.is_empty() { folders::ROOT } else { folder_uid };
        let number = if folder_uid.is_empty() { 0 } else { number(folder_uid) };
        self.folder_uids.iter().any(|wanted| wanted == uid) || self.folder_numbers.contains(&number.to_string())
    }

    /// What holds for dashboards and folders. Nobody has starred anything here.
    fn common(&self, kind: &str, title: &str) -> bool {
        !self.starred && self.kind.as_ref().is_none_or(|wanted| wanted == kind) && title.to_lowercase().contains(&self.text)
    }

    fn dashboard(&self, dashboard: &Summary) -> bool {
        let named = (self.uids.is_empty() && self.numbers.is_empty())
            || self.uids.contains(&dashboard.uid)
            || self.numbers.contains(&number(&dashboard.uid).to_string());
        named
            && self.common("dash-db", &dashboard.title)
            && self.tags.iter().all(|tag| dashboard.tags.contains(tag))
            && self.is_in(&dashboard.folder_uid)
    }

    fn folder(&self, folder: &Folder) -> bool {
        self.uids.is_empty()
            && self.numbers.is_empty()
            && self.tags.is_empty()
            && self.common("dash-folder", &folder.title)
            && self.is_in(&folder.parent_uid)
    }
}

fn of_dashboard(dashboard: &Summary, all: &[Folder]) -> Value {
    let slug = slug(&dashboard.title);
    let hit = json!({
        "id": number(&dashboard.uid),
        "uid": dashboard.uid,
        "title": dashboard.title,
        "uri": format!("db/{slug}"),
        "url": dashboards::link(&dashboard.uid, &dashboard.title),
        "slug": "",
        "type": "dash-db",
        "tags": dashboard.tags,
        "isStarred": false,
        "sortMeta": 0,
    });
    with_place(hit, &dashboard.folder_uid, all)
}

fn of_folder(folder: &Folder, all: &[Folder]) -> Value {
    let hit = json!({
        "id": number(&folder.uid),
        "uid": folder.uid,
        "title": folder.title,
        "uri": format!("db/{}", slug(&folder.title)),
        "url": folders::link(folder),
        "slug": "",
        "type": "dash-folder",
        "tags": [],
        "isStarred": false,
        "sortMeta": 0,
    });
    with_place(hit, &folder.parent_uid, all)
}

/// Adds the folder that it stands in, unless that is the root.
fn with_place(mut hit: Value, folder_uid: &str, all: &[Folder]) -> Value {
    if let Some(folder) = all.iter().find(|folder| folder.uid == folder_uid) {
        hit["folderId"] = json!(number(&folder.uid));
        hit["folderUid"] = json!(folder.uid);
        hit["folderTitle"] = json!(folder.title);
        hit["folderUrl"] = json!(folders::link(folder));
    }
    hit
}

/// Tags of dashboards with how often they stand.
pub(super) async fn tags(State(api): State<Api>) -> Result<Json<Value>, GrafanaError> {
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    for tag in api.parts.dashboards.list().await?.dashboards.into_iter().flat_map(|dashboard| dashboard.tags) {
        *counts.entry(tag).or_default() += 1;
    }
    Ok(Json(counts.into_iter().map(|(term, count)| json!({"term": term, "count": count})).collect()))
}
