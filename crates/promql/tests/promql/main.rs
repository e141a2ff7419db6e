//! PromQL from the outside: parser, formatter, evaluation, properties.

mod evaluation;
mod layout;
mod limits;
mod parser;
mod properties;
mod script;
