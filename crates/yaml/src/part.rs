//! Where some bytes of a value's text stand in the file.

use phoenix_model::Span;
use std::ops::Range;

/// The place in `file` of some bytes of a text that was read from `whole`. `None` where YAML changed the text on
/// the way, by escapes or by folding lines.
pub(crate) fn find(file: &str, whole: Span, text: &str, bytes: Range<usize>) -> Option<Span> {
    let written = file.get(whole.start..whole.end)?;
    let place =
        |at: usize| written.find(text).map(|start| whole.start + start + at.min(text.len())).or_else(|| in_block(file, whole, text, at));
    let start = place(bytes.start)?;
    Some(Span::new(start, place(bytes.end).unwrap_or(start).max(start)))
}

/// Each line of a block is one of the text with an indentation before it.
fn in_block(file: &str, whole: Span, text: &str, at: usize) -> Option<usize> {
    let before = text.get(..at)?;
    let (line, column) = (before.matches('\n').count(), at - before.rfind('\n').map_or(0, |i| i + 1));
    let own = text.split('\n').nth(line)?;
    let mut start = file[..whole.start].rfind('\n')? + 1;
    // Empty lines before the first are not among the bytes.
    let blank = text.bytes().take_while(|b| *b == b'\n').count();
    for _ in 0..line.checked_sub(blank)? {
        start += file[start..].find('\n')? + 1;
    }
    let written = file[start..].split('\n').next()?.trim_end_matches('\r');
    let indent = written.strip_suffix(own)?;
    indent.bytes().all(|b| b == b' ').then_some(start + indent.len() + column)
}
