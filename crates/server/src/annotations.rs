//! Annotations: events on the time axis, such as deploys. What every API takes and gives is checked here.

use crate::dashboards::{Library, LibraryError, Who};
use crate::events::{Event, Events};
use phoenix_env::SharedClock;
use phoenix_state::State;
use phoenix_state::annotation::{AnnotationFilter, AnnotationRow};
use std::sync::Arc;

/// Bytes of a text, at most.
const MAX_TEXT_BYTES: usize = 16 << 10;
/// Tags of one annotation, or of one question, at most.
const MAX_TAGS: usize = 50;
/// Bytes of a tag, at most.
const MAX_TAG_BYTES: usize = 200;
/// Annotations of an answer where nothing is said.
const DEFAULT_LIMIT: i64 = 100;

/// A new annotation, or what changes of one; `None` leaves the default, or what is there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Marked {
    /// Default: now.
    pub(crate) time_ms: Option<i64>,
    /// Default: a moment.
    pub(crate) time_end_ms: Option<i64>,
    pub(crate) text: Option<String>,
    pub(crate) tags: Option<Vec<String>>,
    /// Taken when it is added only.
    pub(crate) dashboard_uid: Option<String>,
    /// Taken when it is added only.
    pub(crate) panel_id: Option<i64>,
}

/// All annotations.
pub(crate) struct Annotations {
    state: State,
    clock: SharedClock,
    events: Events,
    dashboards: Arc<Library>,
    limit: i64,
}

impl Annotations {
    /// Keeps at most `limit`. Who may change them is asked of `dashboards`.
    pub(crate) fn new(state: State, clock: SharedClock, events: Events, dashboards: Arc<Library>, limit: u64) -> Self {
        Self { state, clock, events, dashboards, limit: i64::try_from(limit).unwrap_or(i64::MAX) }
    }

    /// Adds one and gives its number.
    pub(crate) async fn add(&self, who: &Who, marked: Marked) -> Result<i64, LibraryError> {
        let now_ms = self.clock.now_ms();
        let dashboard_uid = marked.dashboard_uid.clone().unwrap_or_default();
        if dashboard_uid.len() > MAX_TAG_BYTES {
            return Err(LibraryError::Invalid(format!("a dashboard's uid has at most {MAX_TAG_BYTES} bytes")));
        }
        self.dashboards.may_annotate(who, &dashboard_uid).await?;
        let time_ms = marked.time_ms.unwrap_or(now_ms);
        let mut row = AnnotationRow {
            time_ms,
            time_end_ms: time_ms,
            dashboard_uid,
            panel_id: marked.panel_id.unwrap_or(0),
            created_ms: now_ms,
            updated_ms: now_ms,
            created_by: who.name().to_owned(),
            ..AnnotationRow::default()
        };
        apply(&mut row, marked)?;
        let id = self.state.add_annotation(&row, self.limit).await?;
        self.events.publish(Event::Annotations);
        Ok(id)
    }

    /// Changes one; gives it as it is then.
    pub(crate) async fn change(&self, who: &Who, id: i64, marked: Marked) -> Result<AnnotationRow, LibraryError> {
        let mut row = self.get(id).await?;
        self.dashboards.may_annotate(who, &row.dashboard_uid).await?;
        row.updated_ms = self.clock.now_ms();
        if let (Some(time_ms), None) = (marked.time_ms, marked.time_end_ms) {
            // It moves as a whole.
            row.time_end_ms = time_ms.saturating_add(row.time_end_ms.saturating_sub(row.time_ms));
        }
        apply(&mut row, marked)?;
        if !self.state.update_annotation(&row, who.name()).await? {
            return Err(none(id));
        }
        self.events.publish(Event::Annotations);
        Ok(row)
    }

    /// Forgets one.
    pub(crate) async fn delete(&self, who: &Who, id: i64) -> Result<(), LibraryError> {
        self.dashboards.may_annotate(who, &self.get(id).await?.dashboard_uid).await?;
        if !self.state.delete_annotation(id, who.name(), self.clock.now_ms()).await? {
            return Err(none(id));
        }
        self.events.publish(Event::Annotations);
        Ok(())
    }

    /// One of them.
    pub(crate) async fn get(&self, id: i64) -> Result<AnnotationRow, LibraryError> {
        self.state.annotation(id).await?.ok_or_else(|| none(id))
    }

    /// Newest first; 100 where no limit is asked for.
    pub(crate) async fn list(&self, filter: &AnnotationFilter, limit: Option<i64>) -> Result<Vec<AnnotationRow>, LibraryError> {
        if filter.tags.len() > MAX_TAGS {
            return Err(LibraryError::Invalid(format!("at most {MAX_TAGS} tags can be asked for")));
        }
        Ok(self.state.annotations(filter, limit.unwrap_or(DEFAULT_LIMIT)).await?)
    }

    /// Tags that contain `part` with how often they stand.
    pub(crate) async fn tags(&self, part: &str, limit: Option<i64>) -> Result<Vec<(String, i64)>, LibraryError> {
        Ok(self.state.annotation_tags(part, limit.unwrap_or(DEFAULT_LIMIT)).await?)
    }
}

fn none(id: i64) -> LibraryError {
    LibraryError::NotFound(format!("there is no annotation {id}"))
}

/// Puts what is said into the row, checked.
fn apply(row: &mut AnnotationRow, marked: Marked) -> Result<(), LibraryError> {
    let invalid = |message: String| Err(LibraryError::Invalid(message));
    if let Some(text) = marked.text {
        row.text = text;
    }
    if row.text.trim().is_empty() {
        return invalid("`text` is missing: say what happened".to_owned());
    }
    if row.text.len() > MAX_TEXT_BYTES {
        return invalid(format!("the text has {} bytes, at most {MAX_TEXT_BYTES} are kept", row.text.len()));
    }
    if let Some(tags) = marked.tags {
        row.tags.clear();
        for tag in tags.iter().map(|tag| tag.trim()).filter(|tag| !tag.is_empty()) {
            if tag.len() > MAX_TAG_BYTES {
                return invalid(format!("a tag has at most {MAX_TAG_BYTES} bytes"));
            }
            if !row.tags.iter().any(|known| known == tag) {
                row.tags.push(tag.to_owned());
            }
        }
    }
    if row.tags.len() > MAX_TAGS {
        return invalid(format!("an annotation has at most {MAX_TAGS} tags"));
    }
    row.time_ms = marked.time_ms.unwrap_or(row.time_ms);
    row.time_end_ms = marked.time_end_ms.unwrap_or(row.time_end_ms);
    if row.time_end_ms < row.time_ms {
        return invalid("it ends before it begins".to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_marked_is_checked() {
        let text = |text: &str| Marked { text: Some(text.to_owned()), ..Marked::default() };
        let tags = |tags: &[&str]| Marked { tags: Some(tags.iter().map(|tag| (*tag).to_owned()).collect()), ..text("x") };
        let long = "x".repeat(MAX_TAG_BYTES + 1);
        let many: Vec<String> = (0..=MAX_TAGS).map(|n| n.to_string()).collect();
        for (marked, want) in [
            (text(" "), "`text` is missing"),
            (text(&"x".repeat(MAX_TEXT_BYTES + 1)), "the text has"),
            (tags(&[&long]), "a tag has at most"),
            (tags(&many.iter().map(String::as_str).collect::<Vec<_>>()), "at most 50 tags"),
            (Marked { time_ms: Some(5), time_end_ms: Some(4), ..text("x") }, "ends before"),
        ] {
            let error = apply(&mut AnnotationRow::default(), marked).unwrap_err().to_string();
            assert!(error.contains(want), "{error}");
        }
        let mut row = AnnotationRow::default();
        apply(&mut row, tags(&["b", " a ", "", "b"])).unwrap();
        assert_eq!(row.tags, ["b", "a"]);
    }
}
