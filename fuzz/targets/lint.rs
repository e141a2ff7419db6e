//! The linter on any YAML: it never panics, findings stand inside of their text, and a text that is mended can be read.
#![no_main]

use libfuzzer_sys::fuzz_target;
use phoenix_lint::{Facts, Options, Project, lint, mend};
use phoenix_model::{Severity, Source};

fuzz_target!(|text: &str| {
    // The name decides some of the kinds; the length chooses one.
    let names = ["rules.yaml", "board.json", "query.promql", "fluent-bit.conf", "runbook.md", "metrics.go"];
    let name = names[text.len() % names.len()];
    let sources = [Source::new(name, text)];
    let options = Options { level: Severity::Info, ..Options::default() };
    let project = Project::of(sources.to_vec());
    let facts = Facts::of(&project, None);
    for finding in lint(&project, &facts, &options) {
        let span = finding.diagnostic.span;
        assert!(span.start <= span.end && span.end <= text.len(), "{finding:?} stands outside of the text");
        for edit in finding.fix.iter().flat_map(|fix| &fix.edits) {
            assert!(text.get(edit.span.start..edit.span.end).is_some(), "{finding:?} is mended outside of the text");
        }
    }
    if text.len() < 4_096 {
        for mended in mend(&sources, None, &options) {
            // What was no YAML may be some when it is mended.
            let was_read = project.files[0].tree.is_some();
            assert!(!was_read || Project::of(vec![mended]).files[0].tree.is_some());
        }
    }
});
