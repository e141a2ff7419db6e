//! How deep a program nests, seen before it is read: VRL reads, runs and drops programs by recursion, and a stack
//! that overflows ends the process.

/// Levels of a program: open brackets, and what is strung together by operators, each of which may be a level of
/// its own.
pub(super) const LEVELS_LIMIT: usize = 128;
/// Brackets that may be open at once. The time of VRL's compiler doubles with each call within a call.
pub(super) const BRACKETS_LIMIT: usize = 12;

/// Where a program goes deeper than the limit, as a byte of it.
pub(super) fn too_deep(source: &str) -> Option<usize> {
    let bytes = source.as_bytes();
    // Operators so far in the expression at each open bracket.
    let mut open = vec![0_usize];
    let mut levels = 0;
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let start = at;
        at += 1;
        let follows = at > 1 && (bytes[at - 2].is_ascii_alphanumeric() || bytes[at - 2] == b'_');
        let mut strung = false;
        match byte {
            b'#' => at = end_of(bytes, at, b'\n', false) - 1,
            b'"' => at = end_of(bytes, at, b'"', true),
            b'r' | b's' | b't' if !follows && bytes.get(at) == Some(&b'\'') => at = end_of(bytes, at + 1, b'\'', true),
            b'(' | b'[' | b'{' => {
                open.push(0);
                levels += 1;
            }
            b')' | b']' | b'}' if open.len() > 1 => levels -= 1 + open.pop().unwrap_or(0),
            b',' | b';' => levels -= std::mem::take(open.last_mut()?),
            b'\n' if !goes_on(source, start) => levels -= std::mem::take(open.last_mut()?),
            b'e' if !follows && source[start..].starts_with("else") => strung = true,
            b'!' | b'.' => strung = true,
            // `==` and `??` are one operator.
            _ if is_operator(byte) => strung = start == 0 || bytes[start - 1] != byte,
            _ => {}
        }
        if strung {
            *open.last_mut()? += 1;
            levels += 1;
        }
        if levels > LEVELS_LIMIT || open.len() > BRACKETS_LIMIT + 1 {
            return Some(start);
        }
    }
    None
}

/// One past the next `end`, or the end of the text.
fn end_of(bytes: &[u8], mut at: usize, end: u8, escapes: bool) -> usize {
    while let Some(&byte) = bytes.get(at) {
        at += if escapes && byte == b'\\' { 2 } else { 1 };
        if byte == end {
            return at;
        }
    }
    bytes.len() + usize::from(!escapes)
}

fn is_operator(byte: u8) -> bool {
    matches!(byte, b'+' | b'-' | b'*' | b'/' | b'%' | b'|' | b'&' | b'=' | b'<' | b'>' | b'?' | b'!' | b'.')
}

/// Whether an expression goes on over the line feed at `at`.
fn goes_on(source: &str, at: usize) -> bool {
    let (before, after) = (source[..at].trim_end(), source[at..].trim_start());
    let operator = |byte: Option<&u8>| byte.is_some_and(|byte| is_operator(*byte) && *byte != b'.');
    operator(before.as_bytes().last()) || operator(after.as_bytes().first()) || after.starts_with("else")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_counted() {
        let (n, brackets) = (LEVELS_LIMIT, BRACKETS_LIMIT);
        for (source, want) in [
            (String::new(), None),
            ("(".repeat(brackets), None),
            ("(".repeat(brackets + 1), Some(brackets)),
            ("()".repeat(n + 1), None),
            (")".repeat(n + 1), None),
            (".a = 1\n".repeat(n), None),
            (".a = [1, 2];".repeat(n), None),
            (format!("[{}]", "1 + 1, ".repeat(n)), None),
            (format!("1{}", " + 1".repeat(n)), None),
            (format!("1{}", " + 1".repeat(n + 1)), Some(4 * n + 2)),
            (format!("1{}", " +\n1".repeat(n + 1)), Some(4 * n + 2)),
            (format!("1{}", "\n?? 1".repeat(n + 1)), Some(5 * n + 2)),
            (format!("if a {{}}{}", "\nelse if a {}".repeat(n + 1)), Some(13 * n + 5)),
            ("!".repeat(n + 1), Some(n)),
            (format!(".{}", "a.".repeat(n)), Some(2 * n)),
            // Texts, expressions and comments are not looked into.
            (format!("\"{}\\\"((\"", "(".repeat(n)), None),
            (format!("r'{}\\'(('", "(".repeat(n)), None),
            (format!("# {}\n((", "(".repeat(n)), None),
            (format!("\"open {}", "(".repeat(n + 1)), None),
            (format!("bar'{}", "(".repeat(n + 1)), Some(4 + brackets)),
        ] {
            assert_eq!(too_deep(&source), want, "{source}");
        }
    }
}
