//! TraceQL: lexer, parser with spans and recovery, formatter, evaluation over a storage trait.
//!
//! ```
//! use phoenix_traceql as traceql;
//!
//! let text = "{ resource.service.name = \"api\" } | raet() by (name)";
//! let found = traceql::parse(text).diagnostics;
//! assert_eq!(found[0].help.as_deref(), Some("did you mean `rate`?"));
//! assert_eq!(traceql::tempo_message(&found, text), "parse error at line 1, col 37: syntax error: unexpected IDENTIFIER");
//!
//! let query = traceql::parse("{span:duration>1s&&.a!=nil}>>{status=error}|count()>2").into_result().unwrap();
//! assert_eq!(query.to_string(), "{ duration > 1s && .a != nil } >> { status = error } | count() > 2");
//! ```

pub mod analysis;
pub mod ast;
mod check;
pub mod eval;
pub mod format;
mod lexer;
pub mod memory;
mod message;
mod names;
mod parser;
pub mod result;
pub mod source;
mod tags;

pub use ast::{Body, Query};
pub use eval::{
    EvalError, EvalOptions, MetricsParams, SearchParams, TagField, TagParams, metrics_instant, metrics_range, search, tag_values,
};
pub use format::{format, pretty};
pub use message::tempo_message;
pub use parser::{MAX_DEPTH, MAX_GROUP_BY, MAX_LIST, MAX_OPERATORS, MAX_QUERY_BYTES, MAX_REGEXES, Parsed, parse};
pub use source::SpanSource;
pub use tags::from_tags;
