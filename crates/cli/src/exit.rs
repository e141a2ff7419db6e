//! How a command fails: an exit code, what failed, why, and what to do.

use phoenix_model::Diagnostic;
use std::fmt::Display;

/// The answer is no: errors were found, the query failed.
pub(crate) const NO: u8 = 1;
/// The server can't be reached.
pub(crate) const UNREACHABLE: u8 = 3;
/// Phoenix can't start.
pub(crate) const CANNOT_START: u8 = 4;

/// A failed command.
#[derive(Debug, Clone)]
pub(crate) struct Failure {
    pub(crate) code: u8,
    message: String,
    causes: Vec<String>,
    hint: Option<String>,
    diagnostics: Vec<Diagnostic>,
}

impl Failure {
    pub(crate) fn new(code: u8, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), causes: Vec::new(), hint: None, diagnostics: Vec::new() }
    }

    pub(crate) fn caused_by(mut self, cause: impl Display) -> Self {
        self.causes.push(cause.to_string());
        self
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    pub(crate) fn diagnostics(mut self, diagnostics: Vec<Diagnostic>) -> Self {
        self.diagnostics = diagnostics;
        self
    }

    /// What failed.
    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    /// Writes the failure to standard error.
    pub(crate) fn print(&self, json: bool) {
        if json {
            let body = serde_json::json!({
                "error": self.message, "causes": self.causes, "hint": self.hint, "diagnostics": self.diagnostics
            });
            eprintln!("{body}");
            return;
        }
        for diagnostic in &self.diagnostics {
            eprintln!("{}", crate::draw::diagnostic(diagnostic));
        }
        eprintln!("error: {}", self.message);
        for cause in &self.causes {
            eprintln!("  Caused by: {cause}");
        }
        if let Some(hint) = &self.hint {
            eprintln!("  hint: {hint}");
        }
    }
}
