//! Variables of the environment, read as OpenTelemetry's specification says: an empty one is none.

use crate::error::TelemetryError;
use percent_encoding::percent_decode_str;
use std::collections::BTreeMap;
use std::io::Read;
use std::ops::RangeInclusive;
use std::time::Duration;

/// Files that variables name may have so many bytes.
const MAX_FILE_BYTES: u64 = 1 << 20;
/// Pairs in one variable.
const MAX_PAIRS: usize = 128;

/// The environment, or what a test takes for it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Variables(BTreeMap<String, String>);

impl Variables {
    /// Those of this process. What is not UTF-8 is left out.
    pub(crate) fn of_process() -> Self {
        let pairs = std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
        Self(pairs.collect())
    }

    pub(crate) fn of(pairs: impl IntoIterator<Item = (String, String)>) -> Self {
        Self(pairs.into_iter().collect())
    }

    /// The value, without blanks around it.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        self.0.get(name).map(|value| value.trim()).filter(|value| !value.is_empty()).map(str::to_owned)
    }

    pub(crate) fn truth(&self, name: &str) -> Result<bool, TelemetryError> {
        match self.text(name) {
            None => Ok(false),
            Some(value) if value.eq_ignore_ascii_case("true") => Ok(true),
            Some(value) if value.eq_ignore_ascii_case("false") => Ok(false),
            Some(value) => Err(TelemetryError::setting(name, value, "it is `true` or `false`")),
        }
    }

    pub(crate) fn number(&self, name: &str, default: usize, range: RangeInclusive<usize>) -> Result<usize, TelemetryError> {
        let Some(value) = self.text(name) else { return Ok(default) };
        let number = value.parse().ok().filter(|number| range.contains(number));
        number.ok_or_else(|| TelemetryError::setting(name, value, format!("it is a number from {} to {}", range.start(), range.end())))
    }

    pub(crate) fn milliseconds(&self, name: &str, default: usize) -> Result<Duration, TelemetryError> {
        Ok(Duration::from_millis(self.number(name, default, 1..=86_400_000)? as u64))
    }

    pub(crate) fn ratio(&self, name: &str, default: f64) -> Result<f64, TelemetryError> {
        let Some(value) = self.text(name) else { return Ok(default) };
        let ratio = value.parse().ok().filter(|ratio| (0.0..=1.0).contains(ratio));
        ratio.ok_or_else(|| TelemetryError::setting(name, value, "it is a number from 0 to 1"))
    }

    /// `name=value,…`, with `%` and two digits for what may not stand as it is (W3C Baggage).
    pub(crate) fn pairs(&self, name: &str) -> Result<Vec<(String, String)>, TelemetryError> {
        let Some(text) = self.text(name) else { return Ok(Vec::new()) };
        // The values may be secrets: errors don't repeat them.
        let wrong = |why: String| TelemetryError::setting(name, "…", why);
        let mut pairs = Vec::new();
        for (at, pair) in text.split(',').map(str::trim).filter(|pair| !pair.is_empty()).enumerate() {
            let (key, value) = pair.split_once('=').ok_or_else(|| wrong(format!("entry {} is not `name=value`", at + 1)))?;
            let decoded = |text: &str| percent_decode_str(text.trim()).decode_utf8().map(String::from);
            let read = decoded(key).and_then(|key| Ok((key, decoded(value)?)));
            let (key, value) = read.map_err(|_| wrong(format!("entry {} is not UTF-8 once its `%` are read", at + 1)))?;
            if key.is_empty() {
                return Err(wrong(format!("entry {} has no name", at + 1)));
            }
            if at == MAX_PAIRS {
                return Err(wrong(format!("there are more than {MAX_PAIRS} entries")));
            }
            pairs.push((key, value));
        }
        Ok(pairs)
    }

    /// The text of the file that a variable names.
    #[expect(clippy::disallowed_methods, reason = "a service has no simulated disk")]
    pub(crate) fn file(&self, name: &str) -> Result<Option<String>, TelemetryError> {
        let Some(path) = self.text(name) else { return Ok(None) };
        let mut text = String::new();
        let read = std::fs::File::open(&path).and_then(|file| file.take(MAX_FILE_BYTES + 1).read_to_string(&mut text));
        match read {
            Ok(length) if length as u64 > MAX_FILE_BYTES => {
                Err(TelemetryError::setting(name, path, format!("the file has more than {MAX_FILE_BYTES} bytes")))
            }
            Ok(_) => Ok(Some(text)),
            Err(source) => Err(TelemetryError::File { name: name.to_owned(), path, source }),
        }
    }
}
