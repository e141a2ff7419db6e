//! What the report says of a dashboard.

use phoenix_model::{Diagnostic, Severity, Span};
use serde::Serialize;

/// Something of a dashboard that is not shown as it was meant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// An error: not shown. A warning: shown otherwise. An info: left out without a loss.
    pub severity: Severity,
    /// The panel, when it is about one.
    pub panel: Option<PanelRef>,
    /// Where in the dashboard as it was read, as a JSON pointer.
    pub path: String,
    /// What is not shown, in one sentence without a full stop.
    pub message: String,
    /// What to do, when there is something to say.
    pub help: Option<String>,
}

impl Finding {
    /// The finding as other findings are, for the command line. It is about the dashboard as it was read, so that it
    /// has a place in its JSON but none in the text of `file`.
    pub fn diagnostic(&self, file: &str) -> Diagnostic {
        let of = match &self.panel {
            Some(panel) if panel.title.is_empty() => format!("{file}: panel {} ({})", panel.id, panel.kind),
            Some(panel) => format!("{file}: panel {} \"{}\" ({})", panel.id, panel.title, panel.kind),
            None => file.to_owned(),
        };
        let at = if self.path.is_empty() { String::new() } else { format!(" (at {})", self.path) };
        let message = format!("{of}: {}{at}", self.message);
        Diagnostic { severity: self.severity, message, help: self.help.clone(), source: None, span: Span::default() }
    }
}

/// A panel as people know it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PanelRef {
    /// Its id in the dashboard.
    pub id: i64,
    /// Its title; may be empty.
    pub title: String,
    /// Grafana's id of the kind of panel.
    #[serde(rename = "type")]
    pub kind: String,
}

/// What was mended or given up while a dashboard was migrated. Panels move meanwhile, so that a place is told by the
/// panel's id until all is done.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    pub(crate) list: Vec<Note>,
}

/// One entry of [`Notes`].
#[derive(Debug)]
pub(crate) struct Note {
    pub(crate) severity: Severity,
    pub(crate) panel: Option<i64>,
    /// Below the panel when there is one, else below the dashboard.
    pub(crate) path: String,
    pub(crate) message: String,
    pub(crate) help: Option<String>,
}

impl Notes {
    /// More of these say nothing new.
    const MAX: usize = 1000;

    pub(crate) fn add(&mut self, severity: Severity, panel: Option<i64>, path: &str, message: impl Into<String>) -> &mut Note {
        if self.list.len() >= Self::MAX {
            self.list.pop();
        }
        self.list.push(Note { severity, panel, path: path.to_owned(), message: message.into(), help: None });
        self.list.last_mut().expect("one was added")
    }
}

impl Note {
    pub(crate) fn help(&mut self, help: impl Into<String>) {
        self.help = Some(help.into());
    }
}
