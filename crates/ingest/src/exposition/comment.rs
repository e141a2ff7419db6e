//! `# HELP`, `# TYPE` and `# UNIT`.

use super::series::{family_name, unescape};
use super::{Format, excerpt};
use std::borrow::Cow;

/// What a comment line says about a metric family.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Comment<'a> {
    /// The help text.
    Help {
        /// The family.
        name: Cow<'a, str>,
        /// The text, unescaped.
        text: Cow<'a, str>,
    },
    /// The type, by its name in the API: `untyped` of the text format is `unknown`.
    Type {
        /// The family.
        name: Cow<'a, str>,
        /// One of `counter gauge histogram gaugehistogram summary info stateset unknown`.
        kind: &'static str,
    },
    /// The unit.
    Unit {
        /// The family.
        name: Cow<'a, str>,
        /// The unit.
        unit: Cow<'a, str>,
    },
}

/// The keyword of a comment that says something, and what follows it; `None` for a remark.
pub(super) fn keyword(line: &str, format: Format) -> Option<(&'static str, &str)> {
    let rest = line.strip_prefix('#')?.trim_start_matches([' ', '\t']);
    let keywords: &[&'static str] = if format == Format::OpenMetrics { &["HELP", "TYPE", "UNIT"] } else { &["HELP", "TYPE"] };
    keywords.iter().find_map(|keyword| {
        let tail = rest.strip_prefix(keyword)?;
        tail.starts_with([' ', '\t']).then(|| (*keyword, tail.trim_start_matches([' ', '\t'])))
    })
}

impl<'a> Comment<'a> {
    /// Reads a line that the parser gave as [`super::Entry::Comment`].
    pub fn parse(line: &'a str, format: Format) -> Result<Self, String> {
        let (keyword, rest) =
            keyword(line, format).ok_or_else(|| format!("expected a HELP, TYPE or UNIT line, found {}", excerpt(line)))?;
        let (name, rest) = family_name(rest)?;
        if !rest.is_empty() && !rest.starts_with([' ', '\t']) {
            return Err(format!("expected a blank after the metric name, found {}", excerpt(rest)));
        }
        // One blank parts name and text; further ones belong to a help text only in OpenMetrics.
        let text = if format == Format::OpenMetrics { rest.get(1..).unwrap_or("") } else { rest.trim_start_matches([' ', '\t']) };
        let plain_or_unescaped = |text: &'a str| if text.contains('\\') { Cow::Owned(unescape(text)) } else { Cow::Borrowed(text) };
        match keyword {
            "HELP" => Ok(Self::Help { name, text: plain_or_unescaped(text) }),
            "TYPE" => {
                let kind = kind_of(text.trim_end_matches([' ', '\t']), format)
                    .ok_or_else(|| format!("unknown type {} of metric {name:?}", excerpt(text)))?;
                Ok(Self::Type { name, kind })
            }
            _ => {
                if !text.is_empty() && !name.strip_suffix(text).is_some_and(|stem| stem.ends_with('_')) {
                    return Err(format!("unit {} is not a suffix of metric {name:?}", excerpt(text)));
                }
                Ok(Self::Unit { name, unit: Cow::Borrowed(text) })
            }
        }
    }

    /// The family that the comment is about.
    pub fn name(&self) -> &str {
        match self {
            Self::Help { name, .. } | Self::Type { name, .. } | Self::Unit { name, .. } => name,
        }
    }
}

fn kind_of(word: &str, format: Format) -> Option<&'static str> {
    Some(match (word, format) {
        ("counter", _) => "counter",
        ("gauge", _) => "gauge",
        ("histogram", _) => "histogram",
        ("summary", _) => "summary",
        ("untyped", Format::Text) | ("unknown", _) => "unknown",
        ("gaugehistogram", _) => "gaugehistogram",
        ("info", _) => "info",
        ("stateset", _) => "stateset",
        _ => return None,
    })
}
