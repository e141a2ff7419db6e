//! Why a query of a dashboard has no answer.

use phoenix_engine::QueryError;
use phoenix_model::Diagnostic;

/// The kinds of failure, as the API names them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureKind {
    /// The query is none.
    BadData,
    /// It could not be evaluated, or hit a limit.
    Execution,
    /// It took too long.
    Timeout,
    /// It was given up.
    Canceled,
    /// Something broke here.
    Internal,
    /// There are too many queries already.
    TooMany,
}

impl FailureKind {
    /// The name in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BadData => "bad_data",
            Self::Execution => "execution",
            Self::Timeout => "timeout",
            Self::Canceled => "canceled",
            Self::Internal => "internal",
            Self::TooMany => "too_many",
        }
    }
}

/// Why one query has no answer; the others have theirs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Its kind.
    pub kind: FailureKind,
    /// What failed and why.
    pub message: String,
    /// Findings about the text.
    pub diagnostics: Vec<Diagnostic>,
}

impl Failure {
    /// The query is wrong.
    pub fn bad_data(message: impl Into<String>) -> Self {
        Self { kind: FailureKind::BadData, message: message.into(), diagnostics: Vec::new() }
    }

    /// The text is wrong.
    pub(super) fn parse(diagnostics: Vec<Diagnostic>) -> Self {
        QueryError::Parse(diagnostics).into()
    }

    /// There are too many queries already.
    pub fn too_many(message: impl Into<String>) -> Self {
        Self { kind: FailureKind::TooMany, message: message.into(), diagnostics: Vec::new() }
    }
}

impl From<QueryError> for Failure {
    fn from(error: QueryError) -> Self {
        let message = error.to_string();
        let (kind, diagnostics) = match error {
            QueryError::Parse(diagnostics) => (FailureKind::BadData, diagnostics),
            QueryError::Execution(_) | QueryError::Limit(_) => (FailureKind::Execution, Vec::new()),
            QueryError::Cancelled => (FailureKind::Canceled, Vec::new()),
            QueryError::Timeout(_) => (FailureKind::Timeout, Vec::new()),
            QueryError::Storage(_) => (FailureKind::Internal, Vec::new()),
        };
        Self { kind, message, diagnostics }
    }
}
