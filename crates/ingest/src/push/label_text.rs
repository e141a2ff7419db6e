//! A stream's labels as Promtail writes them: `{app="api", env='prod'}`.

use phoenix_model::labels::is_legacy_label_name;

/// The most labels that are read of one stream, whatever the configured limit.
pub(super) const MOST_LABELS: usize = 256;

/// Reads labels. Values are in double or single quotes with Go's escapes, or in backquotes as they stand.
pub(super) fn parse(text: &str) -> Result<Vec<(String, String)>, String> {
    let mut rest = text.trim_start().strip_prefix('{').ok_or("expected `{`")?.trim_start();
    let mut pairs = Vec::new();
    loop {
        if let Some(end) = rest.strip_prefix('}') {
            let end = end.trim_start();
            return if end.is_empty() { Ok(pairs) } else { Err(format!("unexpected text after `}}`: {:?}", shown(end))) };
        }
        let length = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
        let (name, after) = rest.split_at(length);
        if !is_legacy_label_name(name) {
            return Err(format!("expected the name of a label, found {:?}", shown(rest)));
        }
        let after = after.trim_start().strip_prefix('=').ok_or_else(|| format!("expected `=` after label `{name}`"))?;
        let (value, after) = quoted(after.trim_start()).ok_or_else(|| format!("the value of label `{name}` is not a quoted string"))?;
        if pairs.len() == MOST_LABELS {
            return Err(format!("more than {MOST_LABELS} labels"));
        }
        pairs.push((name.to_owned(), value));
        let after = after.trim_start();
        rest = match after.strip_prefix(',') {
            Some(more) => more.trim_start(),
            None if after.starts_with('}') => after,
            None => return Err(format!("expected `,` or `}}` after label `{name}`, found {:?}", shown(after))),
        };
    }
}

fn shown(text: &str) -> String {
    text.chars().take(20).collect()
}

/// A Go string literal at the start of `text`, and what follows it.
fn quoted(text: &str) -> Option<(String, &str)> {
    let quote = text.chars().next()?;
    let body = &text[quote.len_utf8()..];
    match quote {
        '`' => body.split_once('`').map(|(value, after)| (value.to_owned(), after)),
        '"' | '\'' => {
            let mut out = String::new();
            let mut at = 0;
            loop {
                let more = body[at..].find([quote, '\\', '\n'])?;
                out.push_str(&body[at..at + more]);
                at += more;
                match body.as_bytes()[at] {
                    b'\\' => at = escape(body, at + 1, &mut out)?,
                    b'\n' => return None,
                    _ => return Some((out, &body[at + 1..])),
                }
            }
        }
        _ => None,
    }
}

/// Reads one escape, whose backslash stands before `at`; gives where the text goes on. Bytes that
/// are no UTF-8 on their own (`\xff`) become U+FFFD.
fn escape(text: &str, at: usize, out: &mut String) -> Option<usize> {
    let digits = |from: usize, length: usize, radix: u32| {
        let digits = text.get(from..from + length)?;
        let all_digits = digits.chars().all(|c| c.is_digit(radix));
        all_digits.then(|| u32::from_str_radix(digits, radix).ok()).flatten()
    };
    let simple = match *text.as_bytes().get(at)? {
        b'a' => '\u{7}',
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'v' => '\u{b}',
        c @ (b'\\' | b'"' | b'\'') => char::from(c),
        kind @ (b'x' | b'u' | b'U') => {
            let length = [2, 4, 8][usize::from(kind == b'u') + 2 * usize::from(kind == b'U')];
            let number = digits(at + 1, length, 16)?;
            let is_byte = kind == b'x' && number >= 0x80;
            out.push(if is_byte { char::REPLACEMENT_CHARACTER } else { char::from_u32(number)? });
            return Some(at + 1 + length);
        }
        b'0'..=b'7' => {
            let number = digits(at, 3, 8)?;
            out.push(if number >= 0x80 { char::REPLACEMENT_CHARACTER } else { char::from_u32(number)? });
            return Some(at + 3);
        }
        _ => return None,
    };
    out.push(simple);
    Some(at + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn labels_of_promtail_and_others() {
        for (text, want) in [
            ("{}", Ok(vec![])),
            (r#"{job="varlogs", filename="/var/log/syslog"}"#, Ok(vec![("job", "varlogs"), ("filename", "/var/log/syslog")])),
            (r#" { a = "1" , b = '2' , } "#, Ok(vec![("a", "1"), ("b", "2")])),
            (r#"{a="say \"hi\"\n\u00e9\x41\101"}"#, Ok(vec![("a", "say \"hi\"\néAA")])),
            (r"{a=`C:\temp`}", Ok(vec![("a", r"C:\temp")])),
            (r#"{a="b",a="c"}"#, Ok(vec![("a", "b"), ("a", "c")])),
            ("a", Err("expected `{`")),
            ("{a}", Err("expected `=` after label `a`")),
            (r#"{a-b="c"}"#, Err("expected `=` after label `a`")),
            (r#"{1="c"}"#, Err("expected the name of a label, found \"1=\\\"c\\\"}\"")),
            (r#"{a="b"#, Err("the value of label `a` is not a quoted string")),
            (r#"{a="b" c="d"}"#, Err("expected `,` or `}` after label `a`, found \"c=\\\"d\\\"}\"")),
            (r#"{a="b"} x"#, Err("unexpected text after `}`: \"x\"")),
        ] {
            let got = parse(text);
            let want = want.map(|pairs| pairs.iter().map(|(n, v): &(&str, &str)| ((*n).to_owned(), (*v).to_owned())).collect::<Vec<_>>());
            assert_eq!(got, want.map_err(str::to_owned), "{text}");
        }
    }

    proptest! {
        #[test]
        fn arbitrary_text_never_panics(text in r#"\{?[a-z"'`\\xuU0-9=, é\n}]{0,40}"#) {
            let _ = parse(&text);
        }
    }
}
