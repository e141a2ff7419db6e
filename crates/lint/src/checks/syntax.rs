//! Files that should be YAML or JSON and are not.

use super::Scope;
use crate::finding::{Edit, Finding, Fix};
use crate::project::{File, FileKind};
use phoenix_model::{Diagnostic, Source, Span};

pub(super) fn check(scope: &Scope, found: &mut Vec<Finding>) {
    found.extend(scope.project.files.iter().filter_map(broken));
}

fn broken(file: &File) -> Option<Finding> {
    let ending = file.source.name.rsplit_once('.').map_or("", |(_, ending)| ending).to_ascii_lowercase();
    let is_json = ending == "json";
    if !is_json && !matches!(ending.as_str(), "yaml" | "yml") {
        return None;
    }
    // What a program fills in before it is YAML, and several documents in one file, are no mistakes.
    let text = &*file.source.text;
    let fine = || is_template(text) || holds_documents(text);
    if is_json {
        // JSON's own reader says better what JSON lacks, and YAML takes more, such as a comma behind the last item.
        let known = file.broken.is_some() || file.kind == FileKind::Dashboard;
        return if known && !fine() { not_json(file) } else { None };
    }
    let diagnostic = file.broken.as_ref().filter(|_| !fine())?;
    let finding = Finding::at("yaml/syntax", file, diagnostic.span, diagnostic.message.clone());
    let finding = match &diagnostic.help {
        Some(help) => finding.help(help.clone()),
        None => finding,
    };
    Some(finding.fix(mended(&file.source, diagnostic)))
}

fn not_json(file: &File) -> Option<Finding> {
    let error = serde_json::from_str::<serde::de::IgnoredAny>(&file.source.text).err()?;
    let at = file.source.offset(error.line(), error.column());
    let end = at + file.source.text[at..].chars().next().map_or(0, char::len_utf8);
    let message = error.to_string();
    let message = message.rsplit_once(" at line ").map_or(message.as_str(), |(message, _)| message);
    Some(Finding::at("yaml/syntax", file, Span::new(at, end), format!("this is not JSON: {message}")))
}

/// Whether a line is only there for a program that writes the file: Helm's and Jinja's control lines; or a value is filled in.
fn is_template(text: &str) -> bool {
    let control = |line: &str| {
        let line = line.trim_start();
        line.starts_with("{{") || line.starts_with("{%")
    };
    // `@NAME@`, as configure scripts and the like fill in.
    let at_sign = |word: &str| word.len() > 2 && word.starts_with('@') && word.trim_end_matches([',', '}', ']']).ends_with('@');
    text.lines().any(control)
        || text.split([' ', '\n', '"', '\'', '/', ':']).any(at_sign)
        || ["{{-", "-}}", "{{ .Values", "{{ include ", "{{.Values", "<%"].iter().any(|mark| text.contains(mark))
}

/// Whether a second document begins somewhere.
fn holds_documents(text: &str) -> bool {
    let mut content =
        text.lines().skip_while(|line| line.trim().is_empty() || line.starts_with(['#', '%', '-']) && !line.starts_with("- "));
    content.any(|line| line == "---" || line.starts_with("--- "))
}

/// What mends it, where that can be told from the line. Whoever applies it looks whether the file can be read then.
fn mended(source: &Source, broken: &Diagnostic) -> Option<Fix> {
    let (line, _) = source.position(broken.span.start);
    if broken.message.contains("a tab indents") {
        return without_tabs(source);
    }
    if broken.message.contains("among the items of a list") {
        return beside_the_list(source, line);
    }
    quoted(source, line)
}

/// Two spaces for each tab that indents, where no block of text could have meant them.
fn without_tabs(source: &Source) -> Option<Fix> {
    let opens_block = |line: &str| {
        let line = line.split(" #").next().unwrap_or(line).trim_end();
        let head = line.trim_end_matches(|c: char| c == '-' || c == '+' || c.is_ascii_digit());
        head.ends_with(": |") || head.ends_with(": >") || head.ends_with("- |") || head.ends_with("- >")
    };
    if source.text.lines().any(opens_block) {
        return None;
    }
    let (mut edits, mut at) = (Vec::new(), 0);
    for line in source.text.split_inclusive('\n') {
        let indent = line.len() - line.trim_start_matches([' ', '\t']).len();
        if line[..indent].contains('\t') {
            edits.push(Edit { span: Span::new(at, at + indent), text: line[..indent].replace('\t', "  ") });
        }
        at += line.len();
    }
    (!edits.is_empty()).then(|| Fix { title: "indent with spaces".to_owned(), edits })
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}

/// A key with what follows it, moved to the column of the key above whose list they end.
fn beside_the_list(source: &Source, line: usize) -> Option<Fix> {
    let lines: Vec<&str> = source.text.split('\n').collect();
    let here = indent(lines.get(line - 1)?);
    let is_parent = |text: &&&str| indent(text) < here && text.split(" #").next().unwrap_or(text).trim_end().ends_with(':');
    let parent = lines[..line - 1].iter().rev().find(is_parent)?;
    let by = here - indent(parent);
    let below = lines[line..].iter().take_while(|text| text.trim().is_empty() || indent(text) >= here).count();
    // Whether the list goes on behind is not clear then.
    if lines[line..line + below].iter().any(|text| indent(text) == here && text.trim_start().starts_with("- ")) {
        return None;
    }
    let mut edits = Vec::new();
    for at in line..=line + below {
        if !lines[at - 1].trim().is_empty() {
            let start = source.offset(at, 1);
            edits.push(Edit { span: Span::new(start, start + by), text: String::new() });
        }
    }
    Some(Fix { title: "set it beside the list".to_owned(), edits })
}

/// The value of the line in single quotes: text that begins with what means something to YAML, or holds `: `.
fn quoted(source: &Source, line: usize) -> Option<Fix> {
    let text = source.line(line).trim_end();
    let key = text.trim_start().trim_start_matches("- ").split(": ").next()?;
    if key.is_empty() || !key.chars().all(|c| c.is_ascii_alphanumeric() || "_-./".contains(c)) {
        return None;
    }
    let start = text.find(&format!("{key}: "))? + key.len() + 2;
    let value = text[start..].trim_start();
    let start = text.len() - value.len();
    let odd = value.contains(": ") || value.starts_with(['@', '`', '%', '*', '&', '!', '{', '}', ']', ',']);
    if !odd || value.starts_with(['\'', '"', '|', '>', '[']) || value.contains(" #") {
        return None;
    }
    let at = source.offset(line, 1) + start;
    let edit = Edit { span: Span::new(at, at + value.len()), text: format!("'{}'", value.replace('\'', "''")) };
    Some(Fix { title: "quote the text".to_owned(), edits: vec![edit] })
}
