//! What the linter finds in the founding document's blocks, and how much of the list of defects that is.

#![expect(clippy::disallowed_methods, reason = "the test reads the strategy's blocks")]

use phoenix_lint::{Facts, Finding, Options, Project, lint};
use phoenix_model::{Severity, Source};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/strategy")
}

fn read(name: &str) -> String {
    std::fs::read_to_string(folder().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// All blocks as one project, with what is found in it.
fn found() -> Vec<Finding> {
    let files = std::fs::read_dir(folder()).expect("the folder is there").flatten();
    let names = files.map(|file| file.file_name().to_string_lossy().into_owned());
    let blocks: BTreeSet<String> = names.filter(|name| name.starts_with(|c: char| c.is_ascii_digit())).collect();
    let project = Project::of(blocks.iter().map(|name| Source::new(name.clone(), read(name))).collect());
    lint(&project, &Facts::of(&project, None), &Options { level: Severity::Info, ..Options::default() })
}

fn place(finding: &Finding) -> (&str, usize) {
    let source = finding.diagnostic.source.as_ref().expect("every finding is about a file");
    (&source.name, finding.diagnostic.position().map_or(0, |(line, _)| line))
}

#[test]
fn every_block_has_its_findings() {
    let found = found();
    let mut lines: Vec<(&str, usize, String)> = found
        .iter()
        .map(|finding| {
            let (file, line) = place(finding);
            let mends = if finding.fix.is_some() { " (mendable)" } else { "" };
            (file, line, format!("{} {}{mends}: {}", finding.severity(), finding.rule.id, finding.diagnostic.message))
        })
        .collect();
    lines.sort();
    let mut text = String::new();
    let mut last = "";
    for (file, line, told) in &lines {
        if *file != last {
            text.push_str(&format!("{file}\n"));
            last = file;
        }
        text.push_str(&format!("  {line}: {told}\n"));
    }
    insta::assert_snapshot!(text);
}

/// Rows of the list that a file shows: found by the rule that the row names, where it says. A comment above what is meant
/// counts as its place.
#[test]
fn the_list_of_defects_is_found() {
    let found = found();
    let (mut missed, mut hit) = (Vec::new(), 0);
    for row in read("defects.md").lines() {
        let cells: Vec<&str> = row.split(" | ").map(|cell| cell.trim_matches(['|', ' ', '`'])).collect();
        let [number, at, .., rule] = cells.as_slice() else { continue };
        let Some((file, line)) = at.split_once(':').and_then(|(file, line)| Some((file, line.parse::<usize>().ok()?))) else { continue };
        if *rule == "-" || file == "strategy.md" {
            continue;
        }
        let here = |finding: &Finding| {
            let (of, on) = place(finding);
            finding.rule.id == *rule && of == file && on.abs_diff(line) <= 2
        };
        if found.iter().any(here) {
            hit += 1;
        } else {
            missed.push(format!("{number}: {at} {rule}"));
        }
    }
    insta::assert_snapshot!(format!("{hit} of {} found, not these:\n{}\n", hit + missed.len(), missed.join("\n")));
}
