//! TraceQL: lexer, parser with spans and recovery, formatter, evaluation over a storage trait.

pub mod ast;
pub mod result;
pub mod source;

pub use ast::{Body, Query};
pub use source::SpanSource;
