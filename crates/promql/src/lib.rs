//! PromQL: lexer, parser with spans and recovery, formatter, evaluation over a storage trait.
