//! Loki's JSON, current and legacy, in one pass over the text.
//!
//! There is no tree: strings are borrowed from the body, and only those with escapes are copied
//! into a buffer that is used again. A stream's labels are looked up by the text of their object,
//! so that a client which sends an object for each record pays for its labels once.

use super::{Intake, PushFormat};
use crate::scan::{Raw, Scanner};

/// Why a body is not Loki's JSON: what was expected, and at which byte.
pub(super) type JsonError = String;

/// Reads a request. An error means that nothing of it counts.
pub(super) fn read(text: &str, format: PushFormat, intake: &mut Intake<'_>) -> Result<(), JsonError> {
    let mut reader = Reader { scanner: Scanner::new(text), format, line: String::new(), name: String::new(), value: String::new() };
    reader.request(intake)
}

struct Reader<'a> {
    scanner: Scanner<'a>,
    format: PushFormat,
    line: String,
    name: String,
    value: String,
}

impl<'a> Reader<'a> {
    fn request(&mut self, intake: &mut Intake<'_>) -> Result<(), JsonError> {
        self.object("the request", |reader, key| match key {
            "streams" => reader.array("`streams`", |reader| reader.stream(intake)),
            _ => reader.scanner.skip_value(),
        })?;
        self.scanner.end()
    }

    fn stream(&mut self, intake: &mut Intake<'_>) -> Result<(), JsonError> {
        let mut begun = false;
        // Entries that stand before the labels are read once these are known.
        let mut entries_at = None;
        let (labels_key, entries_key) = match self.format {
            PushFormat::Current => ("stream", "values"),
            PushFormat::Legacy => ("labels", "entries"),
        };
        self.object("a stream", |reader, key| {
            if key == labels_key {
                begun = true;
                reader.labels(intake)
            } else if key == entries_key && begun {
                reader.entries(intake)
            } else if key == entries_key {
                entries_at = Some(reader.scanner.at());
                reader.scanner.skip_value()
            } else {
                reader.scanner.skip_value()
            }
        })?;
        if !begun {
            intake.begin_text("{}");
        }
        if let Some(at) = entries_at {
            let end = self.scanner.go_to(at);
            self.entries(intake)?;
            self.scanner.go_to(end);
        }
        Ok(())
    }

    fn labels(&mut self, intake: &mut Intake<'_>) -> Result<(), JsonError> {
        if self.format == PushFormat::Legacy {
            let raw = self.scanner.string("the labels of a stream")?;
            let text = raw.decode(&mut self.value)?;
            intake.begin_text(text);
            return Ok(());
        }
        if self.scanner.null() {
            intake.begin_text("{}");
            return Ok(());
        }
        let start = self.scanner.at();
        self.scanner.skip_value()?;
        let object = self.scanner.text_from(start);
        if !object.starts_with('{') {
            return Err(format!("expected an object with the labels of a stream at byte {start}"));
        }
        intake.begin_object(object, || pairs(object, start))
    }

    fn entries(&mut self, intake: &mut Intake<'_>) -> Result<(), JsonError> {
        match self.format {
            PushFormat::Current => self.array("`values`", |reader| reader.value(intake)),
            PushFormat::Legacy => self.array("`entries`", |reader| reader.legacy_entry(intake)),
        }
    }

    /// `["<nanoseconds>", "<line>", {"<name>": "<value>"}]`
    fn value(&mut self, intake: &mut Intake<'_>) -> Result<(), JsonError> {
        self.scanner.expect(b'[', "an entry as `[\"<nanoseconds>\", \"<line>\"]`")?;
        let at = self.scanner.at();
        let raw = self.scanner.string("the time of an entry, a string of nanoseconds")?;
        let timestamp_ns = raw.text().parse().map_err(|_| {
            let shown: String = raw.text().chars().take(40).collect();
            format!("the time of an entry is not a number of nanoseconds at byte {at}: {shown:?}")
        })?;
        self.scanner.expect(b',', "`,` and the line of an entry")?;
        let line = self.scanner.string("the line of an entry")?;
        intake.clear_metadata();
        if self.scanner.comma() {
            self.metadata(intake)?;
        }
        self.scanner.expect(b']', "`]` at the end of an entry")?;
        intake.entry(timestamp_ns, line.decode(&mut self.line)?);
        Ok(())
    }

    fn metadata(&mut self, intake: &mut Intake<'_>) -> Result<(), JsonError> {
        if self.scanner.null() {
            return Ok(());
        }
        self.scanner.expect(b'{', "an object of structured metadata")?;
        if self.scanner.close(b'}') {
            return Ok(());
        }
        loop {
            let name = self.scanner.string("the name of structured metadata")?;
            self.scanner.expect(b':', "`:`")?;
            let value = self.scanner.string("the value of structured metadata, a string")?;
            intake.add_metadata(name.decode(&mut self.name)?, value.decode(&mut self.value)?);
            if !self.scanner.comma() {
                return self.scanner.expect(b'}', "`}` at the end of structured metadata");
            }
        }
    }

    /// `{"ts": "<RFC 3339>", "line": "<line>"}`
    fn legacy_entry(&mut self, intake: &mut Intake<'_>) -> Result<(), JsonError> {
        let (mut timestamp, mut line): (Option<i64>, Option<Raw<'a>>) = (None, None);
        intake.clear_metadata();
        self.object("an entry", |reader, key| match key {
            "ts" | "timestamp" => {
                let raw = reader.scanner.string("the time of an entry, as in RFC 3339")?;
                let text = raw.decode(&mut reader.value)?;
                let parsed: jiff::Timestamp = text.parse().map_err(|e| format!("the time of an entry is not as in RFC 3339: {e}"))?;
                timestamp = Some(i64::try_from(parsed.as_nanosecond()).map_err(|_| "the time of an entry is out of range".to_owned())?);
                Ok(())
            }
            "line" => {
                line = Some(reader.scanner.string("the line of an entry")?);
                Ok(())
            }
            "structuredMetadata" => reader.metadata(intake),
            _ => reader.scanner.skip_value(),
        })?;
        let timestamp_ns = timestamp.ok_or("an entry has no `ts`")?;
        let line = match line {
            Some(raw) => raw.decode(&mut self.line)?,
            None => "",
        };
        intake.entry(timestamp_ns, line);
        Ok(())
    }

    /// Reads an object: `member` is called behind each key and reads its value.
    fn object(&mut self, what: &str, mut member: impl FnMut(&mut Self, &str) -> Result<(), JsonError>) -> Result<(), JsonError> {
        self.scanner.expect(b'{', what)?;
        if self.scanner.close(b'}') {
            return Ok(());
        }
        loop {
            let key = self.scanner.string("a key")?;
            self.scanner.expect(b':', "`:`")?;
            // Keys that matter have no escapes.
            member(self, key.text())?;
            if !self.scanner.comma() {
                return self.scanner.expect(b'}', "`,` or `}`");
            }
        }
    }

    /// Reads an array, or `null` for one without items.
    fn array(&mut self, what: &str, mut item: impl FnMut(&mut Self) -> Result<(), JsonError>) -> Result<(), JsonError> {
        if self.scanner.null() {
            return Ok(());
        }
        self.scanner.expect(b'[', what)?;
        if self.scanner.close(b']') {
            return Ok(());
        }
        loop {
            item(self)?;
            if !self.scanner.comma() {
                return self.scanner.expect(b']', "`,` or `]`");
            }
        }
    }
}

/// The labels of a stream's object, which stands at byte `start` of the body.
fn pairs(object: &str, start: usize) -> Result<Vec<(String, String)>, JsonError> {
    let mut scanner = Scanner::new(object);
    let mut pairs = Vec::new();
    let at = |e: JsonError| format!("{e} of the object at byte {start}");
    scanner.expect(b'{', "an object").map_err(at)?;
    if scanner.close(b'}') {
        return Ok(pairs);
    }
    loop {
        let (mut name, mut value) = (String::new(), String::new());
        let raw = scanner.string("the name of a label").map_err(at)?;
        let name = raw.decode(&mut name)?.to_owned();
        scanner.expect(b':', "`:`").map_err(at)?;
        let raw = scanner.string(&format!("the value of label {name:?}, a string")).map_err(at)?;
        let value = raw.decode(&mut value)?.to_owned();
        // Of two members with one name the later counts, as usual in JSON.
        pairs.retain(|(other, _)| *other != name);
        if pairs.len() == super::label_text::MOST_LABELS {
            return Err(format!("a stream has more than {} labels", super::label_text::MOST_LABELS));
        }
        pairs.push((name, value));
        if !scanner.comma() {
            return scanner.expect(b'}', "`,` or `}`").map_err(at).map(|()| pairs);
        }
    }
}
