//! From the text of a file to a dashboard in the newest form.

use crate::dashboard::Dashboard;
use crate::envelope;
use crate::finding::{Finding, Notes};
use crate::inputs::{self, Input};
use crate::{json, migrate, report};
use phoenix_model::{Diagnostic, Source, Span};
use serde_json::Value;
use std::collections::BTreeMap;

/// The longest text that is read, in bytes. Inputs and library panels may not make a dashboard longer than this either.
pub const MAX_BYTES: usize = 16 << 20;
/// The most lists and objects within each other.
pub const MAX_DEPTH: usize = 100;
/// The most panels of a dashboard, rows among them.
pub const MAX_PANELS: usize = 2_000;

/// The longest line of a text that is drawn below an error.
const MAX_DRAWN_BYTES: usize = 400;

/// What is known of a dashboard beside its text.
#[derive(Debug, Clone, Default)]
pub struct ReadOptions {
    /// The uid of a dashboard that names none, such as the name of its file.
    pub uid_hint: Option<String>,
    /// Values for the inputs of an exported dashboard, by name.
    pub inputs: BTreeMap<String, String>,
}

/// A dashboard that was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Read {
    /// In the newest form.
    pub dashboard: Dashboard,
    /// What is not shown as it was meant, in the order of panels.
    pub report: Vec<Finding>,
    /// What an exported dashboard asks for at its import, with the values that were taken.
    pub inputs: Vec<Input>,
    /// Whether the text itself named the uid.
    pub has_uid: bool,
}

/// Why a text is no dashboard.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// The text is no JSON.
    #[error("line {line}, column {column}: {message}")]
    Syntax {
        /// From 1.
        line: usize,
        /// From 1, in bytes.
        column: usize,
        /// What is wrong there.
        message: String,
        /// What to do.
        help: Option<String>,
    },
    /// It is longer than [`MAX_BYTES`].
    #[error("the dashboard has {bytes} bytes or more, {MAX_BYTES} are allowed")]
    TooLong {
        /// How long it is.
        bytes: usize,
    },
    /// It is deeper than [`MAX_DEPTH`].
    #[error("lists and objects of the dashboard stand {depth} deep within each other, {MAX_DEPTH} are allowed")]
    TooDeep {
        /// How deep.
        depth: usize,
    },
    /// It has more than [`MAX_PANELS`].
    #[error("the dashboard has {panels} panels, {MAX_PANELS} are allowed")]
    TooManyPanels {
        /// How many.
        panels: usize,
    },
    /// JSON, but something else.
    #[error("{message}")]
    NotADashboard {
        /// What it is.
        message: String,
        /// What to do.
        help: String,
    },
}

impl ReadError {
    /// What to do, when there is something to say.
    pub fn help(&self) -> Option<&str> {
        match self {
            Self::Syntax { help, .. } => help.as_deref(),
            Self::NotADashboard { help, .. } => Some(help),
            Self::TooLong { .. } | Self::TooDeep { .. } | Self::TooManyPanels { .. } => None,
        }
    }

    /// The error as a finding in the text that was read.
    pub fn diagnostic(&self, source: &Source) -> Diagnostic {
        let diagnostic = match self {
            Self::Syntax { line, column, message, .. } => {
                let start = source.text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum::<usize>();
                let at = (start + column.saturating_sub(1)).min(source.text.len());
                // Programs write all of a dashboard into one line, which nobody wants to see.
                if source.line(*line).len() > MAX_DRAWN_BYTES {
                    Diagnostic::bare_error(format!("{}: {self}", source.name))
                } else {
                    Diagnostic::error(source, Span::new(at, at), message)
                }
            }
            other => Diagnostic::bare_error(format!("{}: {other}", source.name)),
        };
        match self.help() {
            Some(help) => diagnostic.with_help(help),
            None => diagnostic,
        }
    }
}

/// Reads the text of one dashboard, in any version and envelope.
pub fn read(text: &str, options: &ReadOptions) -> Result<Read, ReadError> {
    if text.len() > MAX_BYTES {
        return Err(ReadError::TooLong { bytes: text.len() });
    }
    read_value(parse(text)?, options)
}

/// The JSON of a text.
pub(crate) fn parse(text: &str) -> Result<Value, ReadError> {
    // Editors of another world write a byte order mark.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    serde_json::from_str(text).map_err(|error| {
        let told = error.to_string();
        let message = told.rsplit_once(" at line ").map_or(told.as_str(), |(message, _)| message).to_owned();
        let help = match text.trim_start().chars().next() {
            None => Some("the text is empty"),
            Some('<') => Some("this is a page in HTML, perhaps one that asks to log in: download the dashboard's JSON"),
            Some('{' | '[') => None,
            Some(_) => Some("a dashboard is a JSON object: in Grafana, Export, then Save to file"),
        };
        ReadError::Syntax { line: error.line().max(1), column: error.column().max(1), message, help: help.map(str::to_owned) }
    })
}

/// Reads a dashboard that is JSON already.
pub fn read_value(value: Value, options: &ReadOptions) -> Result<Read, ReadError> {
    fits(&value)?;
    let mut notes = Notes::default();
    let envelope = envelope::open(value, &mut notes)?;
    let mut json = envelope.dashboard;
    let given = inputs::given(&envelope.inputs, &options.inputs);
    let inputs = inputs::fill(&mut json, &given, &mut notes)?;
    let has_uid = migrate::uid(&mut json, envelope.uid.as_deref(), options.uid_hint.as_deref(), &mut notes);
    migrate::migrate(&mut json, &mut notes)?;
    let whole = Value::Object(json);
    fits(&whole)?;
    let Value::Object(json) = whole else { unreachable!("it was made of one") };
    let dashboard = Dashboard::new(json);
    let report = report::of(&dashboard, &notes);
    Ok(Read { dashboard, report, inputs, has_uid })
}

fn fits(value: &Value) -> Result<(), ReadError> {
    match json::depth(value) {
        depth if depth > MAX_DEPTH => Err(ReadError::TooDeep { depth }),
        _ => Ok(()),
    }
}
