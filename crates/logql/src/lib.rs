//! LogQL: lexer, parser with spans and recovery, formatter, evaluation over a storage trait.

pub mod ast;
pub mod result;
pub mod source;

pub use result::{LogEntry, LogOutput, LogValue};
pub use source::LogSource;
