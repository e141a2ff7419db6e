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
        let door = match self.language {
            Language::PromQl => return self.engine.instant(expr, at_ms, limits),
            Language::LogQl => &self.logs,
            Language::TraceQl => &self.traces,
        };
        match door {
            Some(door) => door.instant(expr, at_ms, limits),
            None => Err(QueryError::Execution(format!("queries in {} are not acting here", self.language))),
        }
    }
}
