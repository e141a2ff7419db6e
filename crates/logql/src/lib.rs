//! LogQL: lexer, parser with spans and recovery, formatter, evaluation over a storage trait.

pub mod ast;
mod check;
mod lexer;
mod names;
mod parser;
pub mod pattern;
pub mod result;
pub mod source;
pub mod units;

pub use ast::{Expr, ExprKind};
pub use names::UnwrapUse;
pub use parser::{MAX_DEPTH, MAX_FILTER_CONDITIONS, MAX_QUERY_BYTES, Parsed, parse, parse_any_selector, parse_log, parse_selector};
pub use result::{LogEntry, LogOutput, LogValue};
pub use source::LogSource;
