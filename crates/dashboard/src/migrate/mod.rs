//! From any version's form to the newest: one file for each subject.
//!
//! What is done goes by what is written rather than by the version it claims, since files are put together by hand and
//! by programs; the version decides only where the same words meant another thing. Keys that were brought into the
//! newest form are removed, all others stay, so that the report can speak of them.

mod annotations;
mod dashboard;
mod data_source;
mod field_config;
mod fields;
mod graph;
mod heatmap;
mod kinds;
mod layout;
mod mappings;
mod panel;
mod piechart;
mod singlestat;
pub(crate) mod source_types;
mod stat;
mod table;
mod targets;
mod tempo;
mod transformations;
mod variables;

pub(crate) use dashboard::uid;

use crate::finding::Notes;
use crate::json::{Fields, Object};
use crate::read::ReadError;

/// The version whose form this is.
const NEWEST: i64 = 41;

/// What migrations of a part need to know of the whole.
pub(crate) struct Context<'a> {
    /// What the dashboard says of its version; 0 when it says nothing.
    pub(crate) version: i64,
    /// What data sources are called.
    pub(crate) sources: data_source::Sources,
    /// What is told.
    pub(crate) notes: &'a mut Notes,
}

/// Brings a dashboard into the newest form.
pub(crate) fn migrate(dashboard: &mut Object, notes: &mut Notes) -> Result<(), ReadError> {
    // Without a version, a dashboard with rows is an old one, and any other a fragment in today's words.
    let version = dashboard.integer("schemaVersion").unwrap_or(if dashboard.list("rows").is_empty() { 0 } else { 6 });
    dashboard::migrate(dashboard, version);
    layout::panels_of_rows(dashboard)?;
    layout::identify(dashboard, notes);
    let sources = data_source::Sources::of(dashboard);
    let mut context = Context { version, sources, notes };
    variables::migrate(dashboard, &mut context);
    annotations::migrate(dashboard, &context);
    for panel in dashboard.list_mut("panels").into_iter().flatten().filter_map(serde_json::Value::as_object_mut) {
        panel::migrate(panel, &mut context);
        for inner in panel.list_mut("panels").into_iter().flatten().filter_map(serde_json::Value::as_object_mut) {
            panel::migrate(inner, &mut context);
        }
    }
    layout::place(dashboard);
    dashboard.put("schemaVersion", version.max(NEWEST));
    Ok(())
}
