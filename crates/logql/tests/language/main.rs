//! LogQL's parser, checks and formatter from the outside.

mod evaluated;
mod good;
mod layout;
mod mistakes;
mod properties;

use phoenix_logql::{Expr, ExprKind, Parsed};
use phoenix_model::{Diagnostic, Span};
use phoenix_query::testing::Language;

struct LogQl;

impl Language for LogQl {
    type Query = Expr;

    fn parse(text: &str) -> Parsed {
        phoenix_logql::parse(text)
    }

    fn pretty(query: &Expr) -> String {
        phoenix_logql::pretty(query)
    }

    fn visit(query: &Expr, visitor: &mut dyn FnMut(Span, bool)) {
        query.walk(&mut |node| visitor(node.span, node.kind == ExprKind::Error));
    }

    fn message(diagnostics: &[Diagnostic], text: &str) -> String {
        phoenix_logql::loki_message(diagnostics, text)
    }
}
