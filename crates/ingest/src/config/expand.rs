//! `${VAR}` and `$VAR` in external labels, with the rules of Go's `os.Expand`.

use super::Environment;

/// Replaces `${NAME}` and `$NAME` by variables of the environment; `$$` is a dollar sign. Returns the
/// text and the names that are not set or empty, which are replaced by nothing.
pub fn expand(text: &str, environment: Environment<'_>) -> (String, Vec<String>) {
    let mut out = String::with_capacity(text.len());
    let mut missing = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let (name, length) = match rest.as_bytes().first() {
            Some(b'$') => {
                out.push('$');
                rest = &rest[1..];
                continue;
            }
            Some(b'{') => match rest.find('}') {
                Some(end) => (&rest[1..end], end + 1),
                // A brace that is not closed is dropped, with its dollar sign.
                None => ("", 1),
            },
            _ => {
                let length = rest.bytes().take_while(|b| b.is_ascii_alphanumeric() || *b == b'_').count();
                (&rest[..length], length)
            }
        };
        if length == 0 {
            out.push('$');
            continue;
        }
        rest = &rest[length..];
        if name.is_empty() {
            continue;
        }
        match environment(name).filter(|value| !value.is_empty()) {
            Some(value) => out.push_str(&value),
            None => missing.push(name.to_owned()),
        }
    }
    out.push_str(rest);
    (out, missing)
}
