//! What of a dashboard is not shown as it was meant. All of it is read off the newest form, so that a dashboard that
//! was kept has the same report as on the day it came; only what was mended in reading is told once.

mod honoured;
mod options;
mod queries;
mod units;
mod values;
mod variables;

use crate::dashboard::{Dashboard, PanelView};
use crate::finding::{Finding, Notes};
use crate::json::Fields;
use phoenix_model::Severity;
use std::collections::HashSet;

/// More findings than anybody reads.
const MAX_FINDINGS: usize = 2_000;

/// The findings of a dashboard: those of the whole, then by panel.
pub(crate) fn of(dashboard: &Dashboard, notes: &Notes) -> Vec<Finding> {
    let mut report = Report::default();
    for note in notes.list.iter().filter(|note| note.panel.is_none()) {
        report.add(note.severity, None, note.path.clone(), note.message.clone(), note.help.clone());
    }
    variables::check(dashboard, &mut report);
    for panel in dashboard.panels() {
        for note in notes.list.iter().filter(|note| note.panel == Some(panel.id)) {
            report.add(note.severity, Some(&panel), format!("{}{}", panel.path, note.path), note.message.clone(), note.help.clone());
        }
        if !kind(&panel, &mut report) {
            continue;
        }
        queries::check(&panel, dashboard, &mut report);
        options::check(&panel, &mut report);
    }
    report.list
}

/// Findings, each once.
#[derive(Default)]
pub(crate) struct Report {
    list: Vec<Finding>,
    seen: HashSet<(String, String)>,
}

impl Report {
    /// Adds a finding unless its place says the same already.
    pub(crate) fn add(
        &mut self,
        severity: Severity,
        panel: Option<&PanelView<'_>>,
        path: String,
        message: impl Into<String>,
        help: Option<String>,
    ) {
        let message = message.into();
        if self.list.len() < MAX_FINDINGS && self.seen.insert((path.clone(), message.clone())) {
            self.list.push(Finding { severity, panel: panel.map(PanelView::reference), path, message, help });
        }
    }
}

/// Whether panels of this kind are shown; if not, that is all there is to say of one.
fn kind(panel: &PanelView<'_>, report: &mut Report) -> bool {
    let kind = panel.kind;
    if kind == "row" || honoured::kind(kind).is_some() {
        return true;
    }
    // A library panel that is missing was told already.
    if kind == "library-panel-ref" && panel.json.has("libraryPanel") {
        return false;
    }
    let name: String = kind.chars().take(80).collect();
    let message = match honoured::name_of_unknown(kind) {
        Some(known) if known != kind => format!("panels of the kind {known} (`{name}`) are not shown"),
        _ => format!("panels of the kind `{name}` are not shown"),
    };
    let help = if kind.contains("-panel") || kind.contains("-datasource") || kind.contains("-app") {
        "it is a plugin; another kind of panel may show the same queries"
    } else {
        "its place stays empty; another kind of panel may show the same queries"
    };
    report.add(Severity::Error, Some(panel), format!("{}/type", panel.path), message, Some(help.to_owned()));
    false
}

/// A key as a part of a JSON pointer.
pub(crate) fn pointer(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}
