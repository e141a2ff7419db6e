//! PromQL from the outside: parser, formatter, evaluation, properties.

mod evaluation;
mod parser;
mod properties;
mod script;
