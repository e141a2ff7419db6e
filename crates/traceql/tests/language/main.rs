//! TraceQL as text: what is read, what is said of mistakes, how queries are written.

mod good;
mod layout;
mod mistakes;
mod properties;
mod tags;

use phoenix_model::{Diagnostic, Span};
use phoenix_query::testing::Language;
use phoenix_traceql::analysis::Part;
use phoenix_traceql::ast::{FieldKind, SpansetKind};
use phoenix_traceql::{Parsed, Query};

struct TraceQl;

impl Language for TraceQl {
    type Query = Query;

    fn parse(text: &str) -> Parsed {
        phoenix_traceql::parse(text)
    }

    fn pretty(query: &Query) -> String {
        phoenix_traceql::pretty(query)
    }

    fn visit(query: &Query, visitor: &mut dyn FnMut(Span, bool)) {
        query.visit(&mut |part| match part {
            Part::Spans(spans) => visitor(spans.span, spans.kind == SpansetKind::Error),
            Part::Field(field) => visitor(field.span, field.kind == FieldKind::Error),
            Part::Metrics(metrics) => visitor(metrics.span, false),
        });
    }

    fn message(diagnostics: &[Diagnostic], text: &str) -> String {
        phoenix_traceql::tempo_message(diagnostics, text)
    }
}
