//! PromQL: lexer, parser with spans and recovery, formatter, evaluation over a storage trait.
//!
//! ```
//! use phoenix_promql as promql;
//!
//! let parsed = promql::parse("sum by (job) (raet(http_requests_total[5m]))");
//! assert_eq!(parsed.diagnostics[0].message, "unknown function with name \"raet\"");
//! assert_eq!(parsed.diagnostics[0].help.as_deref(), Some("did you mean `rate`?"));
//!
//! let expr = promql::parse("sum(rate(x_total[5m]))by(job)").into_result().unwrap();
//! assert_eq!(expr.to_string(), "sum by (job) (rate(x_total[5m]))");
//! ```
//!
//! Semantics are those of Prometheus 3, for floats and for native histograms.

pub mod analysis;
pub mod ast;
mod check;
pub mod eval;
pub mod format;
pub mod functions;
mod lexer;
mod parser;
pub mod source;

pub use ast::{Expr, ExprKind, ValueType};
pub use eval::{EvalError, EvalOptions, eval_instant, eval_range, instant, range};
pub use format::format;
pub use parser::{MAX_DEPTH, Parsed, parse, parse_selector};
pub use source::{SelectHints, SeriesSource, SourceError};
