//! Whatever a file holds: it is read, looked at, and nothing panics. Every place that a finding names is in its file.

use phoenix_lint::{Facts, Options, Project, apply, lint, mend};
use phoenix_model::{Severity, Source};
use proptest::prelude::*;

/// Texts that look like what the checks read, to be cut and mixed.
const SEEDS: [&str; 13] = [
    include_str!("configurations/collector.txt"),
    include_str!("configurations/dashboards.txt"),
    include_str!("configurations/infos.txt"),
    include_str!("configurations/logs.txt"),
    include_str!("configurations/routing.txt"),
    include_str!("configurations/scrape.txt"),
    include_str!("configurations/slo.txt"),
    include_str!("strategy/1.2-prometheus.yaml"),
    include_str!("strategy/2.2-metrics.go"),
    include_str!("strategy/5.2-fluent-bit.yaml"),
    include_str!("strategy/6.2-sampling.yaml"),
    include_str!("strategy/7.1-on-call.yaml"),
    include_str!("strategy/7.2-runbook.md"),
];

const NAMES: [&str; 8] = ["a.yaml", "b.yaml", "c.conf", "runbooks/d.md", "e.logql", "f.json", "g.go", "h.promql"];

/// Lines of a seed, some left out, some cut, with a few odd characters in between.
fn mixed() -> impl Strategy<Value = String> {
    let line = (0..SEEDS.len(), any::<prop::sample::Index>(), 0..80_usize, "[ -~é$\\[\\]{}`\"]{0,6}");
    prop::collection::vec(line, 0..40).prop_map(|lines| {
        let mut text = String::new();
        let mut from: Option<(usize, usize)> = None;
        for (seed, at, cut, odd) in lines {
            let all: Vec<&str> = SEEDS[seed].lines().collect();
            // Mostly the next line of the same seed, so that the text stays a whole.
            let (seed, at) = match from {
                Some((seed, at)) if cut % 8 != 0 && at + 1 < SEEDS[seed].lines().count() => (seed, at + 1),
                _ => (seed, at.index(all.len())),
            };
            let line = SEEDS[seed].lines().nth(at).expect("it is one of its lines");
            if cut % 16 == 1 {
                text.extend(line.chars().take(cut));
                text.push_str(&odd);
            } else {
                text.push_str(line);
            }
            text.push('\n');
            from = Some((seed, at));
        }
        text
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn nothing_panics(texts in prop::collection::vec((mixed(), 0..NAMES.len()), 1..4)) {
        let sources: Vec<Source> = texts.into_iter().map(|(text, name)| Source::new(NAMES[name], text)).collect();
        let project = Project::of(sources);
        let facts = Facts::of(&project, None);
        for finding in lint(&project, &facts, &Options { level: Severity::Info, ..Options::default() }) {
            let source = finding.diagnostic.source.as_ref().expect("every finding is about a file");
            let span = finding.diagnostic.span;
            prop_assert!(source.text.get(span.start..span.end).is_some(), "{}: {span:?}", finding.rule.id);
            if let Some(fix) = &finding.fix {
                apply(&source.text, [fix]);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    /// What was read is read when it is mended, with at least as many queries.
    #[test]
    fn what_is_mended_can_be_read((text, name) in (mixed(), 0..NAMES.len())) {
        let sources = [Source::new(NAMES[name], text)];
        let options = Options { level: Severity::Info, ..Options::default() };
        let before = Project::of(sources.to_vec());
        for mended in mend(&sources, None, &options) {
            let after = Project::of(vec![mended]);
            prop_assert!(before.files[0].tree.is_none() || after.files[0].tree.is_some());
            prop_assert!(before.queries().count() <= after.queries().count());
        }
    }
}
