//! Queries that only choose lines: a selector with line filters.

use super::{StageError, Step, line_filter};
use crate::ast::{LogExpr, StageKind};
use crate::eval::EvalError;
use phoenix_model::logs::LineFilter;

/// The conditions on lines of a query whose pipeline holds nothing else, as a store applies them.
/// Requests to delete, and those for patterns of lines, take only these.
///
/// Errors: a stage of another kind, or an `ip()` filter, which no store applies.
pub fn line_filters(logs: &LogExpr) -> Result<Vec<LineFilter>, EvalError> {
    let refused = |what: &str| {
        EvalError::Execution(format!("{what} cannot stand here: use a stream selector with line filters (|=, !=, |~, !~, |>, !>) only"))
    };
    let mut filters = Vec::new();
    for stage in &logs.stages {
        let StageKind::LineFilter(filter) = &stage.kind else { return Err(refused("a stage that is no line filter")) };
        match line_filter(filter).map_err(|StageError(message)| EvalError::Execution(message))? {
            Some(Step::Line(filter)) => filters.push(filter),
            Some(_) => return Err(refused("ip()")),
            None => {}
        }
    }
    Ok(filters)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_line_filters_pass() {
        for (query, want) in [
            (r#"{a="b"}"#, Ok(0)),
            (r#"{a="b"} |= "x" !~ "y" |> "<_>z<_>""#, Ok(3)),
            (r#"{a="b"} |= """#, Ok(0)),
            (r#"{a="b"} |= ip("10.0.0.0/8")"#, Err("ip() cannot stand here")),
            (r#"{a="b"} |= "x" | json"#, Err("a stage that is no line filter cannot stand here")),
        ] {
            let got = line_filters(&crate::parse_log(query).unwrap());
            match (got, want) {
                (Ok(filters), Ok(count)) => assert_eq!(filters.len(), count, "{query}"),
                (Err(error), Err(text)) => assert!(error.to_string().starts_with(text), "{query}: {error}"),
                (got, want) => panic!("{query}: {got:?}, {want:?}"),
            }
        }
    }
}
