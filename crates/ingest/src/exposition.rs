//! What targets answer: Prometheus' text format 0.0.4 (and 1.0, which adds quoted names), OpenMetrics
//! 1.0, and Prometheus' protobuf format, which [`protobuf::read`] reads.
//!
//! A [`Parser`] walks over a body of text without copying. A sample's labels stay a slice of the body until
//! somebody asks for them with [`Series::pairs`]: a repeated scrape finds its series by that slice.

mod comment;
mod exemplar;
mod negotiate;
mod number;
mod openmetrics;
pub mod protobuf;
mod series;
mod text;

pub use comment::Comment;
pub use exemplar::{ExemplarText, ToldExemplar};
pub use negotiate::{ContentTypeError, Format, ScrapeProtocol, accept_header, format_of};
pub use series::{Pair, Series};

use memchr::{memchr, memchr_iter};

/// The NaN that Prometheus stores for a NaN in an exposition: quiet, and not the staleness marker.
pub const NORMAL_NAN_BITS: u64 = 0x7ff8_0000_0000_0001;

/// What is wrong with a body.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {message}")]
pub struct ParseError {
    /// The line, from 1.
    pub line: usize,
    /// What was expected and what was found.
    pub message: String,
}

/// One line that says something.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Entry<'a> {
    /// A sample.
    Sample(Sample<'a>),
    /// A `# HELP`, `# TYPE` or `# UNIT` line as it stands; read it with [`Comment::parse`].
    Comment(&'a str),
}

/// A sample line.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sample<'a> {
    /// Metric name and labels.
    pub series: Series<'a>,
    /// The value.
    pub value: f64,
    /// The target's own timestamp in milliseconds since the Unix epoch.
    pub timestamp_ms: Option<i64>,
    /// The exemplar that followed; it is checked.
    pub exemplar: Option<ExemplarText<'a>>,
}

/// Walks over the lines of a body.
#[derive(Debug, Clone)]
pub struct Parser<'a> {
    text: &'a str,
    position: usize,
    format: Format,
    saw_eof: bool,
}

impl<'a> Parser<'a> {
    /// Begins with a whole body, which has to be text in UTF-8.
    pub fn new(body: &'a [u8], format: Format) -> Result<Self, ParseError> {
        if format == Format::Protobuf {
            return Err(ParseError { line: 1, message: "the body is not text".to_owned() });
        }
        match std::str::from_utf8(body) {
            Ok(text) => Ok(Self { text, position: 0, format, saw_eof: false }),
            Err(e) => {
                let line = memchr_iter(b'\n', &body[..e.valid_up_to()]).count() + 1;
                Err(ParseError { line, message: "the text is not UTF-8".to_owned() })
            }
        }
    }

    /// The next entry, or `None` at the end. After an error the parser stands at the end.
    ///
    /// `expected` may name the series that probably comes next, as [`Series::as_str`] gave it for an
    /// earlier body: when it does come, its labels are not looked at again.
    pub fn next_entry(&mut self, expected: Option<&str>) -> Option<Result<Entry<'a>, ParseError>> {
        loop {
            if self.position >= self.text.len() {
                let lacks_eof = self.format == Format::OpenMetrics && !self.saw_eof;
                self.saw_eof = true; // said once
                return lacks_eof.then(|| Err(self.error_at(self.text.len(), "the body does not end with `# EOF`".to_owned())));
            }
            let start = self.position;
            let rest = &self.text[start..];
            let line = &rest[..memchr(b'\n', rest.as_bytes()).unwrap_or(rest.len())];
            self.position = (start + line.len() + 1).min(self.text.len());
            let parsed = if self.saw_eof {
                Err("there is text after `# EOF`".to_owned())
            } else if self.format == Format::OpenMetrics {
                openmetrics::line(line, expected)
            } else {
                text::line(line, expected)
            };
            match parsed {
                Ok(Line::Entry(entry)) => return Some(Ok(entry)),
                Ok(Line::Nothing) => {}
                Ok(Line::Eof) => self.saw_eof = true,
                Err(message) => {
                    let error = self.error_at(start, message);
                    self.position = self.text.len();
                    self.saw_eof = true;
                    return Some(Err(error));
                }
            }
        }
    }

    /// An error about the entry that was read last.
    pub fn error_here(&self, message: impl Into<String>) -> ParseError {
        self.error_at(self.position.saturating_sub(1), message.into())
    }

    fn error_at(&self, offset: usize, message: String) -> ParseError {
        let line = memchr_iter(b'\n', &self.text.as_bytes()[..offset]).count() + 1;
        ParseError { line, message }
    }
}

/// What one line is.
enum Line<'a> {
    Entry(Entry<'a>),
    Nothing,
    Eof,
}

/// The beginning of a text, quoted, for messages.
fn excerpt(text: &str) -> String {
    let cut: String = text.chars().take(40).collect();
    if cut.is_empty() {
        "the end of the line".to_owned()
    } else if cut.len() < text.len() {
        format!("{cut:?}…")
    } else {
        format!("{cut:?}")
    }
}

/// Counts of a whole body, for checks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Sample lines.
    pub samples: usize,
    /// `HELP`, `TYPE` and `UNIT` lines.
    pub comments: usize,
    /// Samples that carried an exemplar.
    pub exemplars: usize,
}

/// Reads a whole body with every label and every comment in it. Any bytes may be given: this is the
/// function for fuzzing, and the one behind checks of a body on the command line.
pub fn check_body(body: &[u8], format: Format) -> Result<Counts, ParseError> {
    if format == Format::Protobuf {
        return check_protobuf(body);
    }
    let mut parser = Parser::new(body, format)?;
    let mut counts = Counts::default();
    let mut pairs = Vec::new();
    while let Some(entry) = parser.next_entry(None) {
        match entry? {
            Entry::Sample(sample) => {
                sample.series.pairs(&mut pairs).map_err(|e| parser.error_here(e))?;
                counts.samples += 1;
                counts.exemplars += usize::from(sample.exemplar.is_some());
            }
            Entry::Comment(line) => {
                Comment::parse(line, format).map_err(|e| parser.error_here(e))?;
                counts.comments += 1;
            }
        }
    }
    Ok(counts)
}

fn check_protobuf(body: &[u8]) -> Result<Counts, ParseError> {
    let mut counts = Counts::default();
    protobuf::read(body, protobuf::HistogramRules { native: true, classic_too: true }, |told| {
        let series = match &told {
            protobuf::Told::Comment(line) => {
                counts.comments += 1;
                return Comment::parse(line, Format::OpenMetrics).map(|_| ());
            }
            protobuf::Told::Float { series, exemplar, .. } => {
                counts.exemplars += usize::from(exemplar.is_some());
                *series
            }
            protobuf::Told::Histogram { series, exemplars, .. } => {
                counts.exemplars += exemplars.len();
                *series
            }
        };
        counts.samples += 1;
        series.pairs(&mut Vec::new())
    })?;
    Ok(counts)
}

/// Appends a series as a target would write it.
pub(crate) fn put_series<'l>(name: &str, labels: impl Iterator<Item = (&'l str, &'l str)>, out: &mut String) {
    protobuf::text::put_series(name, "", labels, out);
}

#[cfg(test)]
mod tests;
