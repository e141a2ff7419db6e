//! Applying fixes to a text, and to a project.

use crate::facts::{Facts, Server};
use crate::finding::{Edit, Finding, Fix};
use crate::project::{File, Project};
use crate::run::{Options, lint};
use phoenix_model::Source;
use std::collections::HashSet;

/// The text with fixes applied. A fix whose edits overlap those of an earlier one is left out; the next run finds it
/// again.
pub fn apply<'a>(text: &str, fixes: impl IntoIterator<Item = &'a Fix>) -> String {
    let mut edits: Vec<&Edit> = Vec::new();
    for fix in fixes {
        let free = |edit: &Edit| edits.iter().all(|taken| !overlap(taken, edit));
        if fix.edits.iter().all(|edit| free(edit) && text.get(edit.span.start..edit.span.end).is_some()) {
            edits.extend(&fix.edits);
        }
    }
    // Stable: insertions at one place stay in their order.
    edits.sort_by_key(|edit| (edit.span.start, edit.span.end));
    let mut out = String::with_capacity(text.len() + 64);
    let mut done = 0;
    for edit in edits {
        out.push_str(&text[done..edit.span.start]);
        out.push_str(&edit.text);
        done = edit.span.end;
    }
    out.push_str(&text[done..]);
    out
}

/// How often a project is mended: a fix may make room for another.
const MAX_PASSES: usize = 8;

/// Mends all that can be mended: the new texts of the files that change. A fix after which a file could be read less
/// well, or would show no fewer findings of the rule, is left out.
pub fn mend(sources: &[Source], server: Option<&dyn Server>, options: &Options) -> Vec<Source> {
    let mut current = sources.to_vec();
    let mut refused: HashSet<String> = HashSet::new();
    for _ in 0..MAX_PASSES {
        let found = findings(&current, server, options);
        let mut changed = false;
        for at in 0..current.len() {
            let name = current[at].name.clone();
            let of_file = |finding: &&Finding| finding.diagnostic.source.as_ref().is_some_and(|source| source.name == name);
            let open: Vec<&Finding> =
                found.iter().filter(of_file).filter(|finding| finding.fix.is_some() && !refused.contains(&finding_key(finding))).collect();
            if open.is_empty() {
                continue;
            }
            let tried = with(&current[at], &open);
            if better(&current, at, &tried, &open, server, options) {
                changed |= tried.text != current[at].text;
                current[at] = tried;
                continue;
            }
            // One of them does harm: one by one.
            for finding in open {
                let tried = with(&current[at], &[finding]);
                if better(&current, at, &tried, &[finding], server, options) {
                    changed = true;
                    current[at] = tried;
                    // The places of the others have moved; the next pass finds them.
                    break;
                }
                refused.insert(finding_key(finding));
            }
        }
        if !changed {
            break;
        }
    }
    current.into_iter().zip(sources).filter(|(new, old)| new.text != old.text).map(|(new, _)| new).collect()
}

fn findings(sources: &[Source], server: Option<&dyn Server>, options: &Options) -> Vec<Finding> {
    let project = Project::of(sources.to_vec());
    let facts = Facts::of(&project, server);
    lint(&project, &facts, options)
}

fn finding_key(finding: &Finding) -> String {
    let line = finding.diagnostic.position().and_then(|(line, _)| Some(finding.diagnostic.source.as_ref()?.line(line).to_owned()));
    format!("{}\t{}", finding.rule.id, line.unwrap_or_default())
}

fn with(source: &Source, findings: &[&Finding]) -> Source {
    Source::new(source.name.clone(), apply(&source.text, findings.iter().filter_map(|finding| finding.fix.as_ref())))
}

/// Whether a new text can be read at least as well, and shows fewer findings of these rules.
fn better(current: &[Source], at: usize, new: &Source, mended: &[&Finding], server: Option<&dyn Server>, options: &Options) -> bool {
    let readable = |source: &Source| {
        let file = File::read(source.clone());
        let queries = file.queries().count();
        (file.tree.is_some(), queries)
    };
    let ((old_tree, old_queries), (new_tree, new_queries)) = (readable(&current[at]), readable(new));
    if old_tree && !new_tree || new_queries < old_queries {
        return false;
    }
    let mut tried = current.to_vec();
    tried[at] = new.clone();
    let ids: HashSet<&str> = mended.iter().map(|finding| finding.rule.id).collect();
    let of_rules = |found: &[Finding]| {
        found
            .iter()
            .filter(|finding| {
                ids.contains(finding.rule.id) && finding.diagnostic.source.as_ref().is_some_and(|source| source.name == new.name)
            })
            .count()
    };
    of_rules(&findings(&tried, server, options)) < of_rules(&findings(current, server, options))
}

/// Whether both would change the same bytes, or insert at the same place.
fn overlap(a: &Edit, b: &Edit) -> bool {
    if a.span.start == b.span.start {
        return true;
    }
    a.span.start < b.span.end && b.span.start < a.span.end
}

#[cfg(test)]
mod tests {
    use super::*;
    use phoenix_model::Span;

    #[test]
    fn fixes_are_applied_unless_they_overlap() {
        let fix = |edits: &[(usize, usize, &str)]| Fix {
            title: String::new(),
            edits: edits.iter().map(|(start, end, text)| Edit { span: Span::new(*start, *end), text: (*text).to_owned() }).collect(),
        };
        let text = "rate(a) / rate(b)";
        for (fixes, want) in [
            (vec![], text),
            (vec![fix(&[(0, 0, "sum("), (7, 7, ")")])], "sum(rate(a)) / rate(b)"),
            (vec![fix(&[(10, 10, "x")]), fix(&[(5, 6, "c")])], "rate(c) / xrate(b)"),
            (vec![fix(&[(0, 7, "a")]), fix(&[(5, 6, "c")])], "a / rate(b)"),
            (vec![fix(&[(0, 700, "a")])], text),
        ] {
            assert_eq!(apply(text, &fixes), want, "{fixes:?}");
        }
    }
}
