//! A finding, and how it is mended.

use crate::project::File;
use crate::registry::{RuleInfo, rule};
use phoenix_model::{Diagnostic, Severity, Span};
use serde::Serialize;
use std::fmt;

/// What a finding is based on. The further down, the less sure it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum RestsOn {
    /// The text itself: it holds whatever the metrics are.
    Text,
    /// Other files of the project.
    Project,
    /// What a running server knows of its metrics.
    Server,
    /// The built-in catalogue of exporters' metrics.
    Catalogue,
    /// How metrics are usually named.
    Naming,
}

impl RestsOn {
    /// In words.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Text => "the text itself",
            Self::Project => "the other files",
            Self::Server => "what the server knows of its metrics",
            Self::Catalogue => "the built-in catalogue of metrics",
            Self::Naming => "how metrics are usually named",
        }
    }
}

impl fmt::Display for RestsOn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Something that is wrong.
#[derive(Debug, Clone)]
pub struct Finding {
    /// The rule that found it.
    pub rule: &'static RuleInfo,
    /// What is wrong, where, and what helps.
    pub diagnostic: Diagnostic,
    /// What it is based on.
    pub rests_on: RestsOn,
    /// How it is mended, where that can be derived.
    pub fix: Option<Fix>,
    /// The metric that it is about, where others may want to know.
    pub about: Option<String>,
}

/// A change that mends a finding. Its edits are in the finding's own file and do not overlap.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fix {
    /// What is done, such as `aggregate both sides`.
    pub title: String,
    /// The edits.
    pub edits: Vec<Edit>,
}

/// Bytes that become other bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Edit {
    /// What is replaced; empty to insert.
    pub span: Span,
    /// What stands there then.
    pub text: String,
}

impl Finding {
    /// A finding of a rule at a place of a file, at the rule's own level.
    ///
    /// # Panics
    /// When no rule has the id.
    pub fn at(id: &str, file: &File, span: Span, message: impl Into<String>) -> Self {
        let rule = rule(id).unwrap_or_else(|| panic!("{id} is in the table of rules"));
        let mut diagnostic = Diagnostic::error(&file.source, span, message);
        diagnostic.severity = rule.level;
        Self { rule, diagnostic, rests_on: RestsOn::Text, fix: None, about: None }
    }

    /// Says what helps.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.diagnostic.help = Some(help.into());
        self
    }

    /// Says what it is based on. What is based on names alone is never more than an info.
    #[must_use]
    pub fn rests_on(mut self, basis: RestsOn) -> Self {
        self.rests_on = basis;
        if basis == RestsOn::Naming {
            self.diagnostic.severity = Severity::Info;
        }
        self
    }

    /// At a level of its own.
    #[must_use]
    pub fn level(mut self, severity: Severity) -> Self {
        self.diagnostic.severity = severity;
        self
    }

    /// Says which metric it is about.
    #[must_use]
    pub fn about(mut self, metric: &str) -> Self {
        self.about = Some(metric.to_owned());
        self
    }

    /// Says how it is mended.
    #[must_use]
    pub fn fix(mut self, fix: Option<Fix>) -> Self {
        self.fix = fix;
        self
    }

    /// Why it matters, in one sentence.
    pub fn why(&self) -> &'static str {
        self.rule.why
    }

    /// How bad it is.
    pub fn severity(&self) -> Severity {
        self.diagnostic.severity
    }
}

/// For programs: the diagnostic's own fields with rule, reason, basis and fix.
impl Serialize for Finding {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Shown<'a> {
            rule: &'a str,
            #[serde(flatten)]
            diagnostic: &'a Diagnostic,
            why: &'a str,
            rests_on: RestsOn,
            docs: String,
            #[serde(skip_serializing_if = "Option::is_none")]
            fix: Option<&'a Fix>,
        }
        Shown {
            rule: self.rule.id,
            diagnostic: &self.diagnostic,
            why: self.rule.why,
            rests_on: self.rests_on,
            docs: self.rule.doc_path(),
            fix: self.fix.as_ref(),
        }
        .serialize(serializer)
    }
}
