//! Saving, deleting and bringing back dashboards.

use super::identity::{check_title, check_uid, fresh_uid};
use super::permission::{Subject, may_edit};
use super::readings::{COUNTED_BY, Reading};
use super::{Library, LibraryError, Origin, Who, Whole, problems, read_saved};
use crate::events::Event;
use phoenix_dashboard::{MAX_BYTES, Read, ReadError, ReadOptions};
use phoenix_state::dashboard::{DashboardSave, Expected, Saved, VersionRow};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Characters of what is said about a change; longer ones are cut.
const MAX_MESSAGE: usize = 1_000;

/// A dashboard as somebody sends it.
#[derive(Debug)]
pub(crate) struct NewDashboard {
    /// In any version and envelope.
    pub(crate) json: Value,
    /// The uid that it gets, whatever the JSON says.
    pub(crate) uid: Option<String>,
    /// Values for the inputs of an exported dashboard.
    pub(crate) inputs: BTreeMap<String, String>,
    /// Where it goes, empty for the root; `None` leaves one that exists where it is.
    pub(crate) folder_uid: Option<String>,
    /// What is said about the change.
    pub(crate) message: String,
    /// What has to be there.
    pub(crate) expected: Expected,
}

/// A dashboard that was read and not kept yet.
struct Prepared {
    read: Read,
    /// What is kept: what came, where it is a dashboard alone, so that tools find again what they sent.
    original: String,
}

impl Library {
    /// Keeps a dashboard as a new version, or refuses.
    pub(crate) async fn save(&self, who: &Who, new: NewDashboard) -> Result<Whole, LibraryError> {
        let NewDashboard { json, uid, inputs, folder_uid, message, expected } = new;
        let Prepared { read, original } = self.reading(move || prepare(json, uid, inputs)).await??;
        let uid = read.dashboard.uid().to_owned();
        let files = self.files().await;
        may_edit(who, Subject::Dashboard(&uid), &files)?;
        let folder_uid = match folder_uid {
            Some(folder_uid) => {
                self.check_folder(who, &folder_uid, &files).await?;
                folder_uid
            }
            None => self.state.dashboard_row(&uid).await?.map(|row| row.folder_uid).unwrap_or_default(),
        };
        let tags: Vec<String> = read.dashboard.tags().map(str::to_owned).collect();
        let message: String = message.chars().take(MAX_MESSAGE).collect();
        let title = read.dashboard.title().to_owned();
        let save = DashboardSave {
            uid: &uid,
            folder_uid: &folder_uid,
            title: &title,
            tags: &tags,
            problems: problems(&read.report),
            counted_by: COUNTED_BY,
            body: &original,
            by: who.name(),
            message: &message,
            restored_from: 0,
            now_ms: self.clock.now_ms(),
            expected,
        };
        self.keep(&save, read).await
    }

    /// Writes a version and gives the dashboard as it is then.
    async fn keep(&self, save: &DashboardSave<'_>, mut read: Read) -> Result<Whole, LibraryError> {
        let row = match self.state.save_dashboard(save).await? {
            Saved::Done(row) => row,
            Saved::Conflict(_) if save.expected == Expected::Absent => {
                return Err(LibraryError::Exists { what: "dashboard", uid: save.uid.to_owned() });
            }
            Saved::Conflict(current) => return Err(LibraryError::Changed { what: "dashboard", current }),
            Saved::Missing => return Err(LibraryError::no_dashboard(save.uid)),
            Saved::Full(limit) => return Err(LibraryError::Full { what: "dashboards", limit }),
        };
        self.events.publish(Event::Dashboards(Some(row.uid.clone())));
        read.dashboard.set_version(row.version);
        let reading = Reading::new(read, save.body);
        self.readings.put(&row, reading.clone());
        self.whole(row, reading).await
    }

    /// Forgets a dashboard with its versions; gives its title.
    pub(crate) async fn delete(&self, who: &Who, uid: &str) -> Result<String, LibraryError> {
        may_edit(who, Subject::Dashboard(uid), &*self.files().await)?;
        let deleted = self.state.delete_dashboard(uid, who.name(), self.clock.now_ms()).await?;
        let title = deleted.ok_or_else(|| LibraryError::no_dashboard(uid))?;
        self.readings.forget(uid);
        self.events.publish(Event::Dashboards(Some(uid.to_owned())));
        Ok(title)
    }

    /// The versions that are kept, newest first. Of a file there is one.
    pub(crate) async fn versions(&self, uid: &str) -> Result<Vec<VersionRow>, LibraryError> {
        let files = self.files().await;
        if let Some(file) = files.dashboards.get(uid) {
            let summary = &file.summary;
            let message = format!("as it stands in {}", file.name);
            return Ok(vec![VersionRow {
                version: summary.version,
                created_ms: summary.updated_ms,
                created_by: String::new(),
                message,
                restored_from: 0,
            }]);
        }
        let versions = self.state.dashboard_versions(uid).await?;
        if versions.is_empty() { Err(LibraryError::no_dashboard(uid)) } else { Ok(versions) }
    }

    /// One version: what is known of it, its JSON in the newest form, and as it was saved.
    pub(crate) async fn version(&self, uid: &str, version: i64) -> Result<(VersionRow, Map<String, Value>, Arc<str>), LibraryError> {
        let whole = self.get(uid).await?;
        let no_version = || LibraryError::NotFound(format!("the dashboard `{uid}` has no version {version}, or not any more"));
        if whole.summary.origin != Origin::State {
            let row = self.versions(uid).await?.into_iter().find(|row| row.version == version).ok_or_else(no_version)?;
            let json = serde_json::from_str(&whole.json).map_err(|_| LibraryError::Ended)?;
            return Ok((row, json, whole.json));
        }
        let (row, body) = self.state.dashboard_version(uid, version).await?.ok_or_else(no_version)?;
        let uid = uid.to_owned();
        let (read, body) = self.reading(move || read_saved(&body, &uid, version).map(|read| (read, body))).await??;
        Ok((row, read.dashboard.into_json(), body.into()))
    }

    /// Makes an older version the newest one.
    pub(crate) async fn restore(&self, who: &Who, uid: &str, version: i64) -> Result<Whole, LibraryError> {
        let files = self.files().await;
        may_edit(who, Subject::Dashboard(uid), &files)?;
        let row = self.state.dashboard_row(uid).await?.ok_or_else(|| LibraryError::no_dashboard(uid))?;
        let kept = self.state.dashboard_version(uid, version).await?;
        let (_, body) =
            kept.ok_or_else(|| LibraryError::NotFound(format!("the dashboard `{uid}` has no version {version}, or not any more")))?;
        let named = uid.to_owned();
        let (read, body) = self.reading(move || read_saved(&body, &named, version).map(|read| (read, body))).await??;
        let tags: Vec<String> = read.dashboard.tags().map(str::to_owned).collect();
        let title = read.dashboard.title().to_owned();
        let save = DashboardSave {
            uid,
            folder_uid: &row.folder_uid,
            title: &title,
            tags: &tags,
            problems: problems(&read.report),
            counted_by: COUNTED_BY,
            body: &body,
            by: who.name(),
            message: &format!("version {version} again"),
            restored_from: version,
            now_ms: self.clock.now_ms(),
            expected: Expected::Version(row.version),
        };
        self.keep(&save, read).await
    }
}

/// Reads what came, and decides what is kept of it.
fn prepare(json: Value, uid: Option<String>, inputs: BTreeMap<String, String>) -> Result<Prepared, LibraryError> {
    if let Some(uid) = json.get("uid").and_then(Value::as_str).filter(|uid| !uid.is_empty()) {
        // Reading would mend it, and whoever sent it would look for the dashboard under the uid that they gave.
        check_uid(uid)?;
    }
    let bare = if inputs.is_empty() { bare(&json).cloned() } else { None };
    let options = ReadOptions { uid_hint: None, inputs };
    let mut read = phoenix_dashboard::read_value(json, &options).map_err(LibraryError::Unreadable)?;
    match uid {
        Some(uid) => read.dashboard.set_uid(&uid),
        None if !read.has_uid => read.dashboard.set_uid(&fresh_uid()),
        None => {}
    }
    check_uid(read.dashboard.uid())?;
    check_title(read.dashboard.title())?;
    let mut kept = bare.unwrap_or_else(|| read.dashboard.json().clone());
    // The number and the version of another place mean nothing here; ours are put in when it is read.
    kept.shift_remove("id");
    kept.shift_remove("version");
    kept.insert("uid".to_owned(), read.dashboard.uid().into());
    kept.insert("title".to_owned(), read.dashboard.title().into());
    let original = Value::Object(kept).to_string();
    if original.len() > MAX_BYTES {
        return Err(LibraryError::Unreadable(ReadError::TooLong { bytes: original.len() }));
    }
    Ok(Prepared { read, original })
}

/// The JSON where it is a dashboard alone: no envelope around it and nothing to fill in.
fn bare(json: &Value) -> Option<&Map<String, Value>> {
    let object = json.as_object()?;
    let of_envelope = ["dashboard", "spec", "__inputs", "__elements"];
    let names_itself = ["panels", "rows", "schemaVersion"].iter().any(|key| object.contains_key(*key));
    (names_itself && !of_envelope.iter().any(|key| object.contains_key(*key))).then_some(object)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn kept(json: Value, uid: Option<&str>, inputs: &[(&str, &str)]) -> (String, Value) {
        let inputs = inputs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let prepared = prepare(json, uid.map(str::to_owned), inputs).unwrap_or_else(|e| panic!("{e}"));
        (prepared.read.dashboard.uid().to_owned(), serde_json::from_str(&prepared.original).unwrap())
    }

    #[test]
    fn what_came_is_kept_as_it_came() {
        let old = json!({"id": 7, "uid": "a", "title": "A", "version": 9, "schemaVersion": 16, "strange": {"x": 1},
            "panels": [{"id": 1, "type": "graph", "title": "g", "targets": [{"expr": "up"}]}]});
        let mut want = old.clone();
        for key in ["id", "version"] {
            want.as_object_mut().unwrap().shift_remove(key);
        }
        assert_eq!(kept(old.clone(), None, &[]), ("a".to_owned(), want.clone()));
        want["uid"] = json!("b");
        assert_eq!(kept(old.clone(), Some("b"), &[]), ("b".to_owned(), want));
        // An envelope is taken off, inputs are filled in.
        let (uid, of_envelope) = kept(json!({"dashboard": old, "meta": {"isStarred": true}}), None, &[]);
        assert_eq!((uid.as_str(), &of_envelope["strange"], &of_envelope["meta"]), ("a", &json!({"x": 1}), &Value::Null));
        let shared = json!({"uid": "s", "title": "S", "schemaVersion": 41, "__inputs": [{"name": "WHO", "type": "constant", "label": "Who", "value": "them"}],
            "panels": [{"id": 1, "type": "text", "title": "for ${WHO}"}]});
        assert_eq!(kept(shared.clone(), None, &[("WHO", "us")]).1["panels"][0]["title"], "for us");
        assert_eq!(kept(shared, None, &[]).1["panels"][0]["title"], "for them");
        // Without a uid there is a new one each time.
        let nameless = json!({"title": "N", "schemaVersion": 41, "panels": []});
        let (one, two) = (kept(nameless.clone(), None, &[]).0, kept(nameless, None, &[]).0);
        assert!(one != two && one.len() == 16, "{one} {two}");
    }

    #[test]
    fn what_is_no_dashboard_is_refused() {
        for (json, want) in [
            (json!([1, 2]), ""),
            (json!({"uid": "a/b", "title": "A", "schemaVersion": 41, "panels": []}), "the uid `a/b` has characters"),
            (json!({"uid": "query", "title": "A", "schemaVersion": 41, "panels": []}), "Phoenix uses itself"),
        ] {
            let error = prepare(json.clone(), None, BTreeMap::new()).map(|_| ()).unwrap_err().to_string();
            assert!(error.contains(want), "{json}: {error}");
        }
    }
}
