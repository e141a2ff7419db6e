//! `# phoenix:ignore ID reason`: findings that somebody decided to live with.

use crate::finding::Finding;
use crate::project::{File, Project};
use crate::registry::rule;
use phoenix_model::Span;
use std::ops::RangeInclusive;

const MARK: &str = "phoenix:ignore";

/// A comment, and the lines that it is about.
struct Comment {
    id: String,
    has_reason: bool,
    span: Span,
    /// From 1.
    lines: RangeInclusive<usize>,
}

/// Leaves out what comments hide, and tells what is wrong with the comments.
pub(crate) fn apply(project: &Project, mut found: Vec<Finding>) -> Vec<Finding> {
    let mut told = Vec::new();
    for file in &project.files {
        for comment in comments(file) {
            let before = found.len();
            found.retain(|finding| !hides(&comment, file, finding));
            let shown = || format!("`{}`", comment.id);
            if comment.id.is_empty() {
                told.push(
                    Finding::at("lint/ignore-hides-nothing", file, comment.span, "the comment names no rule")
                        .help("write `# phoenix:ignore RULE reason`"),
                );
            } else if rule(&comment.id).is_none() {
                told.push(
                    Finding::at("lint/ignore-hides-nothing", file, comment.span, format!("there is no rule {}", shown()))
                        .help("the ids of all rules are in docs/lint/README.md"),
                );
            } else if before == found.len() {
                told.push(
                    Finding::at("lint/ignore-hides-nothing", file, comment.span, format!("{} is not found here", shown()))
                        .help("remove the comment"),
                );
            } else if !comment.has_reason {
                told.push(
                    Finding::at("lint/ignore-without-reason", file, comment.span, format!("{} is hidden without a reason", shown()))
                        .help("say behind the rule's id why it is right here"),
                );
            }
        }
    }
    found.extend(told);
    found
}

fn hides(comment: &Comment, file: &File, finding: &Finding) -> bool {
    let same_file = finding.diagnostic.source.as_ref().is_some_and(|source| source.name == file.source.name);
    same_file && finding.rule.id == comment.id && finding.diagnostic.position().is_some_and(|(line, _)| comment.lines.contains(&line))
}

/// All comments of a file. One behind a line is about that line, one on a line of its own about the next; both with
/// whatever is indented below it, so that a comment above a rule is about all of the rule.
fn comments(file: &File) -> Vec<Comment> {
    if !file.source.text.contains(MARK) {
        return Vec::new();
    }
    let lines: Vec<&str> = file.source.text.split('\n').collect();
    let mut found = Vec::new();
    let mut start = 0;
    for (at, line) in lines.iter().enumerate() {
        if let Some(hash) = line.find('#')
            && let Some(words) = line[hash + 1..].trim_start().strip_prefix(MARK)
        {
            let mut words = words.split_whitespace();
            let id = words.next().unwrap_or("").to_owned();
            let alone = line[..hash].trim().is_empty();
            let is_comment = |line: &str| line.trim().is_empty() || line.trim_start().starts_with('#');
            let first = if alone { (at + 1..lines.len()).find(|next| !is_comment(lines[*next])).unwrap_or(at) } else { at };
            let indent = indentation(lines[first]);
            let below = lines[first + 1..].iter().take_while(|line| line.trim().is_empty() || indentation(line) > indent).count();
            let span = Span::new(start + hash, start + line.trim_end().len());
            found.push(Comment { id, has_reason: words.next().is_some(), span, lines: first + 1..=first + 1 + below });
        }
        start += line.len() + 1;
    }
    found
}

fn indentation(line: &str) -> usize {
    line.len() - line.trim_start().len()
}
