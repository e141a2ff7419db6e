//! LogQL: lexer, parser with spans and recovery, formatter, evaluation over a storage trait.
//!
//! ```
//! use phoenix_logql as logql;
//!
//! let text = "sum by (app) (raet({env=\"prod\"} | json [5m]))";
//! let found = logql::parse(text).diagnostics;
//! assert_eq!(found[0].help.as_deref(), Some("did you mean `rate`?"));
//! assert_eq!(logql::loki_message(&found, text), "parse error at line 1, col 15: syntax error: unexpected IDENTIFIER");
//!
//! let expr = logql::parse("sum(rate({env=\"prod\"}[5m]|=\"x\"))by(app)").into_result().unwrap();
//! assert_eq!(expr.to_string(), "sum by (app) (rate({env=\"prod\"} |= \"x\" [5m]))");
//! ```

pub mod analysis;
pub mod ast;
mod check;
pub mod eval;
mod fields;
pub mod format;
mod lexer;
pub mod memory;
mod message;
mod names;
mod parser;
pub mod pattern;
pub mod result;
pub mod source;
mod stages;
mod tail;
pub mod units;

pub use ast::{Expr, ExprKind};
pub use eval::{EvalError, EvalOptions, RangeParams, eval_instant, eval_range, instant, range};
pub use fields::{FieldSampler, SampledField};
pub use format::{format, pretty};
pub use message::loki_message;
pub use names::UnwrapUse;
pub use parser::{
    MAX_DEPTH, MAX_FILTER_CONDITIONS, MAX_QUERY_BYTES, MAX_REGEXES, Parsed, parse, parse_any_selector, parse_log, parse_selector,
};
pub use result::{LogEntry, LogOutput, LogValue};
pub use source::LogSource;
pub use stages::line_filters;
pub use tail::Tail;
