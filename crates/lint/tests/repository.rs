//! What the repository holds is right: at the default level nothing is told of the documentation's examples, of what a
//! server starts with, and of the demo's files.

#![expect(clippy::disallowed_methods, reason = "the test reads pages of the repository")]

use phoenix_lint::{Facts, Options, Project, lint};
use phoenix_model::Source;
use std::path::Path;

/// The blocks of code of a page, each with a name that says what it is.
fn blocks(page: &str, text: &str) -> Vec<Source> {
    let mut found = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let Some(info) = line.trim_start().strip_prefix("```") else { continue };
        let language = info.split_whitespace().next().unwrap_or("");
        let indent = line.len() - line.trim_start().len();
        let block: Vec<&str> =
            lines.by_ref().take_while(|line| line.trim() != "```").map(|line| line.get(indent..).unwrap_or("")).collect();
        if ["yaml", "json", "promql", "logql", "go"].contains(&language) {
            found.push(Source::new(format!("{page}-{}.{language}", found.len() + 1), block.join("\n") + "\n"));
        }
    }
    found
}

#[test]
fn nothing_is_told_of_the_examples_of_the_documentation() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs");
    let (mut shown, mut seen) = (Vec::new(), 0);
    for folder in ["how-to", "tutorials", "explanation", "runbooks"] {
        for entry in std::fs::read_dir(docs.join(folder)).expect("the folder is there").flatten() {
            let path = entry.path();
            let Ok(text) = std::fs::read_to_string(&path) else { continue };
            let page = path.file_stem().expect("a page has a name").to_string_lossy().into_owned();
            for block in blocks(&page, &text) {
                seen += 1;
                let project = Project::of(vec![block]);
                let found = lint(&project, &Facts::of(&project, None), &Options::default());
                shown.extend(found.iter().map(|finding| format!("{}\n{}", finding.rule.id, finding.diagnostic)));
            }
        }
    }
    assert!(seen > 20, "{seen} blocks");
    assert!(shown.is_empty(), "{}", shown.join("\n\n"));
}

#[test]
fn nothing_is_told_of_what_the_program_brings() {
    for root in ["crates/server/src/starter", "crates/cli/src/demo/files"] {
        let base = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let (mut folders, mut sources) = (vec![base.join(root)], Vec::new());
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(&folder).expect("the folder is there").flatten() {
                let path = entry.path();
                if path.is_dir() {
                    folders.push(path);
                } else if let Ok(text) = std::fs::read_to_string(&path) {
                    let name = path.strip_prefix(&base).expect("it is below the root").to_string_lossy().into_owned();
                    // The demo fills in addresses and folders, and where a word has a line of its own, whole pieces.
                    let is_piece = |line: &str| line.len() > 2 && line.starts_with('@') && line.ends_with('@');
                    let text: String = text.split_inclusive('\n').filter(|line| !is_piece(line.trim())).collect();
                    let words: Vec<&str> = text.split('@').collect();
                    let is_name = |word: &str| !word.is_empty() && word.chars().all(|c| c.is_ascii_uppercase() || c == '_');
                    let filled: String = words.iter().map(|word| if is_name(word) { "localhost:1" } else { word }).collect();
                    let whole = words.iter().any(|word| is_name(word));
                    sources.push(Source::new(name, if whole { filled } else { text }));
                }
            }
        }
        // A server without a configuration puts these together itself.
        if root.ends_with("starter") {
            sources.push(Source::new("phoenix.yaml", "metrics: {config: prometheus.yaml}\nrules: [rules.yaml]\n"));
        }
        assert!(sources.len() > 2, "{root} holds {} files", sources.len());
        let project = Project::of(sources);
        let found = lint(&project, &Facts::of(&project, None), &Options::default());
        // The demo's last step leads to a director whom the strategy names and nobody is: that is rightly told.
        let wrong = found.iter().filter(|finding| !finding.diagnostic.message.starts_with("`director` is neither"));
        let shown: Vec<String> = wrong.map(|finding| format!("{}\n{}", finding.rule.id, finding.diagnostic)).collect();
        assert!(shown.is_empty(), "{}", shown.join("\n\n"));
    }
}
