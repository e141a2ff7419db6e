//! Regular expressions as Prometheus' users write them: in RE2's syntax, which Go uses.
//!
//! The `regex` crate descends from RE2 but reads a few things differently. [`translate`] writes
//! those so that they mean the same again: `/users/{id}` has literal braces, `[[]` is a bracket,
//! `\d`, `\w`, `\s` and `\b` know ASCII alone, `\<` is a character, `\Q…\E` quotes.

/// Writes a pattern of RE2's syntax for the `regex` crate. What is wrong in RE2 stays wrong.
pub(crate) fn translate(pattern: &str) -> String {
    let mut translator = Translator { rest: pattern, out: String::with_capacity(pattern.len() + 8) };
    while let Some(c) = translator.rest.chars().next() {
        match c {
            '\\' => translator.escape(false),
            '[' => translator.class(),
            '{' if repetition(translator.rest).is_none() => translator.replace(1, "\\{"),
            '{' => translator.copy(repetition(translator.rest).unwrap_or(1)),
            c => translator.copy(c.len_utf8()),
        }
    }
    translator.out
}

/// The length of `{n}`, `{n,}` or `{n,m}` at the beginning; anything else in braces is literal.
fn repetition(text: &str) -> Option<usize> {
    let inner = text.strip_prefix('{')?;
    let end = inner.find('}')?;
    let (least, most) = inner[..end].split_once(',').unwrap_or((&inner[..end], ""));
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    (!least.is_empty() && digits(least) && digits(most)).then_some(end + 2)
}

struct Translator<'a> {
    rest: &'a str,
    out: String,
}

impl Translator<'_> {
    fn copy(&mut self, length: usize) {
        self.out.push_str(&self.rest[..length]);
        self.rest = &self.rest[length..];
    }

    fn replace(&mut self, length: usize, with: &str) {
        self.out.push_str(with);
        self.rest = &self.rest[length..];
    }

    /// A backslash and what belongs to it.
    fn escape(&mut self, in_class: bool) {
        let Some(c) = self.rest[1..].chars().next() else { return self.copy(1) };
        let length = 1 + c.len_utf8();
        let members = match c {
            'd' | 'D' => "0-9",
            'w' | 'W' => "0-9A-Za-z_",
            's' | 'S' => "\\t\\n\\f\\r ",
            '<' | '>' => return self.replace(length, &c.to_string()),
            'b' if !in_class => return self.replace(length, "(?-u:\\b)"),
            'Q' if !in_class => {
                let quoted = &self.rest[length..];
                let end = quoted.find("\\E").unwrap_or(quoted.len());
                self.out.push_str(&regex::escape(&quoted[..end]));
                self.rest = quoted[end..].strip_prefix("\\E").unwrap_or("");
                return;
            }
            'x' | 'p' | 'P' if self.rest[length..].starts_with('{') => {
                let end = self.rest.find('}').map_or(self.rest.len(), |i| i + 1);
                return self.copy(end);
            }
            _ => return self.copy(length),
        };
        let class = match (c.is_ascii_uppercase(), in_class) {
            (true, _) => format!("[^{members}]"),
            (false, false) => format!("[{members}]"),
            (false, true) => members.to_owned(),
        };
        self.replace(length, &class);
    }

    /// `[…]`, in which RE2 knows neither nested classes nor set operators.
    fn class(&mut self) {
        self.copy(if self.rest.starts_with("[^") { 2 } else { 1 });
        if self.rest.starts_with(']') {
            self.replace(1, "\\]");
        }
        while let Some(c) = self.rest.chars().next() {
            match c {
                ']' => return self.copy(1),
                '\\' => self.escape(true),
                '[' => match self.rest.find(":]") {
                    Some(end) if self.rest.starts_with("[:") => self.copy(end + 2),
                    _ => self.replace(1, "\\["),
                },
                '&' => self.replace(1, "\\&"),
                '~' => self.replace(1, "\\~"),
                '-' if self.rest.starts_with("--") => self.replace(2, "-\\-"),
                c => self.copy(c.len_utf8()),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::translate;
    use proptest::prelude::*;

    #[test]
    fn means_what_re2_means() {
        for (pattern, matching, other) in [
            ("/users/{id}", "/users/{id}", "/users/id"),
            ("a{2}b{1,}c{0,1}", "aab", "ab"),
            ("a{,2}", "a{,2}", "aa"),
            ("{", "{", ""),
            ("[[]", "[", "a"),
            ("[]a]", "]", "b"),
            ("[^]a]", "b", "]"),
            ("[a&&b]", "&", "c"),
            ("[[:alpha:]_]", "x", "1"),
            ("\\d\\w\\s", "1a ", "٣a "),
            ("[\\d\\S]", "x", " "),
            ("\\bé", "", "é"),
            ("\\<a\\>", "<a>", "a"),
            ("\\Qa.b\\E+", "a.bb", "axb"),
            ("\\x{41}\\p{Greek}", "Aα", "A"),
            ("[+--]", ",", "a"),
            ("a\\{1}", "a{1}", "a"),
            ("(?i)ß|x", "X", "y"),
        ] {
            let regex = regex::Regex::new(&format!("^(?:{})$", translate(pattern))).unwrap_or_else(|e| panic!("{pattern}: {e}"));
            assert!(matching.is_empty() || regex.is_match(matching), "{pattern} on {matching:?}");
            assert!(!regex.is_match(other), "{pattern} on {other:?}");
        }
        for pattern in ["(", "*", "[a", "a\\", "[z-a]", "\\8"] {
            assert!(regex::Regex::new(&translate(pattern)).is_err(), "{pattern}");
        }
    }

    proptest! {
        #[test]
        fn plain_text_stays(text in "[a-zA-Z0-9 .*+?|_/-]{0,30}") {
            prop_assert_eq!(translate(&text), text);
        }

        #[test]
        fn never_panics(text in "\\PC{0,30}|[\\\\\\[\\]{}&~QEdx:^,0-9-]{0,20}") {
            let _ = translate(&text);
        }
    }
}
