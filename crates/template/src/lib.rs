//! Go templates with the functions that rules and notifications share.
//!
//! [`gotmpl`] reads the templates and walks them; this room adds what Go gets from reflection:
//! missing labels that read as the empty string, methods (`.Alerts.Firing`,
//! `.Labels.Remove (stringSlice "a")`, `.StartsAt.Format "15:04"`), times and durations, errors with
//! a position while rendering, and limits on steps, output and the size of values. It does so by
//! rewriting the parsed tree once (`rewrite`), so that every field access goes through `fields`.
//!
//! - [`Template`]: one text, as in the annotations of a rule.
//! - [`TemplateSet`]: several named ones that call each other, as in Alertmanager's template files.
//! - [`LogTemplate`]: one text, rendered for each line of a log, as in LogQL's `line_format`.
//! - [`Functions`]: what the templates may call: [`Functions::prometheus`], [`Functions::alertmanager`], [`Functions::logs`].
//! - [`value`]: how data becomes a [`Value`].

mod blocks;
mod error;
mod fields;
mod functions;
mod layout;
mod logs;
mod number;
mod rewrite;
mod set;
mod show;
mod text;
mod time;
pub mod value;

pub use error::TemplateError;
pub use functions::{Function, Functions};
pub use logs::{LineContext, LogTemplate};
pub use number::{format_float, humanize, humanize_1024, humanize_duration, humanize_percentage, humanize_timestamp};
pub use set::{Template, TemplateSet};
pub use text::query_escape;
pub use time::{format_go_duration, format_time};
pub use value::Value;
