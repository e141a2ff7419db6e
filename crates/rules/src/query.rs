//! Where expressions are evaluated, by the language of their group.

use crate::group::Context;
use phoenix_engine::{Language, QueryError, QueryLimits};
use phoenix_query::QueryOutput;

/// Evaluates expressions at one moment.
pub trait QueryDoor: Send + Sync {
    /// The value at `at_ms` (milliseconds since the Unix epoch).
    fn instant(&self, expr: &str, at_ms: i64, limits: &QueryLimits) -> Result<QueryOutput, QueryError>;
}

impl Context {
    /// Evaluates an expression in the group's language.
    pub(crate) fn query(&self, expr: &str, at_ms: i64, limits: &QueryLimits) -> Result<QueryOutput, QueryError> {
        match (self.language, &self.logs) {
            (Language::PromQl, _) => self.engine.instant(expr, at_ms, limits),
            (Language::LogQl, Some(logs)) => logs.instant(expr, at_ms, limits),
            (language, _) => Err(QueryError::Execution(format!("queries in {language} are not acting here"))),
        }
    }
}
