//! `page_on`: which alerts wake somebody.
//!
//! Each entry is one or more matchers as in Prometheus and Alertmanager, separated by commas, all of
//! which must match; one matching entry of the list is enough.

use phoenix_model::{Labels, MatchOp, Matcher};

/// One entry of `page_on`.
#[derive(Debug, Clone, PartialEq)]
pub struct PageOn {
    /// As written, for the timeline.
    pub text: String,
    /// All have to match.
    pub matchers: Vec<Matcher>,
}

impl PageOn {
    /// Reads `severity="critical"`, `severity=~"critical|page",team!=sre`; braces around are allowed.
    ///
    /// On error: the byte offset in `text`, and what is wrong there.
    pub fn parse(text: &str) -> Result<Self, (usize, String)> {
        let mut reader = Reader { text, at: 0 };
        reader.skip_space();
        let braced = reader.take("{");
        let mut matchers = Vec::new();
        loop {
            reader.skip_space();
            if reader.rest().is_empty() || (braced && reader.rest().starts_with('}')) {
                break;
            }
            matchers.push(reader.matcher()?);
            reader.skip_space();
            if !reader.take(",") {
                break;
            }
        }
        if braced && !reader.take("}") {
            return Err((reader.at, "expected `,` or `}`".to_owned()));
        }
        reader.skip_space();
        if !reader.rest().is_empty() {
            return Err((reader.at, format!("expected `,` between matchers, found `{}`", first_word(reader.rest()))));
        }
        if matchers.is_empty() {
            return Err((0, "there is no matcher; write one as `severity=\"critical\"`".to_owned()));
        }
        Ok(Self { text: text.trim().to_owned(), matchers })
    }

    /// Whether an alert with these labels pages.
    pub fn matches(&self, labels: &Labels) -> bool {
        self.matchers.iter().all(|matcher| matcher.matches_labels(labels))
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn skip_space(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start().len();
    }

    fn take(&mut self, token: &str) -> bool {
        let found = self.rest().starts_with(token);
        if found {
            self.at += token.len();
        }
        found
    }

    fn matcher(&mut self) -> Result<Matcher, (usize, String)> {
        let start = self.at;
        let name = if self.rest().starts_with('"') { self.quoted()? } else { self.name()? };
        self.skip_space();
        let op = [("=~", MatchOp::Regex), ("!~", MatchOp::NotRegex), ("!=", MatchOp::NotEqual), ("=", MatchOp::Equal)]
            .into_iter()
            .find_map(|(token, op)| self.take(token).then_some(op))
            .ok_or_else(|| (self.at, format!("expected one of `=`, `!=`, `=~`, `!~` after `{name}`")))?;
        self.skip_space();
        let value = if self.rest().starts_with('"') { self.quoted()? } else { self.bare_value()? };
        Matcher::new(name, op, value).map_err(|e| (start, e.to_string()))
    }

    fn name(&mut self) -> Result<String, (usize, String)> {
        let length = self.rest().bytes().take_while(|b| b.is_ascii_alphanumeric() || *b == b'_' || *b == b':').count();
        if length == 0 || self.rest().as_bytes()[0].is_ascii_digit() {
            return Err((self.at, format!("expected a label name, found `{}`", first_word(self.rest()))));
        }
        let name = self.rest()[..length].to_owned();
        self.at += length;
        Ok(name)
    }

    /// Unquoted values, which Alertmanager allows: up to a comma, brace, quote or space.
    fn bare_value(&mut self) -> Result<String, (usize, String)> {
        let length = self.rest().find(|c: char| c.is_whitespace() || ",{}\"'`=!~\\".contains(c)).unwrap_or(self.rest().len());
        if length == 0 {
            return Err((self.at, "expected a value; write `\"\"` for an absent label".to_owned()));
        }
        let value = self.rest()[..length].to_owned();
        self.at += length;
        Ok(value)
    }

    fn quoted(&mut self) -> Result<String, (usize, String)> {
        let start = self.at;
        let mut value = String::new();
        let mut characters = self.rest().char_indices().skip(1);
        while let Some((i, c)) = characters.next() {
            match c {
                '"' => {
                    self.at += i + 1;
                    return Ok(value);
                }
                '\\' => match characters.next() {
                    Some((_, 'n')) => value.push('\n'),
                    Some((_, escaped @ ('"' | '\\'))) => value.push(escaped),
                    Some((_, other)) => value.extend(['\\', other]),
                    None => break,
                },
                _ => value.push(c),
            }
        }
        Err((start, "the quote is not closed".to_owned()))
    }
}

fn first_word(text: &str) -> String {
    text.chars().take_while(|c| !c.is_whitespace()).take(20).collect()
}
