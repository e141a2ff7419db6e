//! Rules that are right, as people write them: at the default level nothing is told of them.

use phoenix_lint::{Facts, Options, Project, lint};
use phoenix_model::Source;

const FILES: [(&str, &str); 3] = [
    ("node.yaml", include_str!("right/node.yaml")),
    ("kubernetes.yaml", include_str!("right/kubernetes.yaml")),
    ("services.yaml", include_str!("right/services.yaml")),
];

#[test]
fn nothing_is_told_of_rules_that_are_right() {
    let project = Project::of(FILES.map(|(name, text)| Source::new(name, text)).to_vec());
    let (all, read) = project.rules().fold((0, 0), |(all, read), (_, _, rule)| (all + 1, read + usize::from(rule.parsed.is_some())));
    assert!(all > 100 && all == read, "{read} of {all} rules are read");
    let facts = Facts::of(&project, None);
    let found = lint(&project, &facts, &Options::default());
    let shown: Vec<String> = found.iter().map(|finding| format!("{}\n{}", finding.rule.id, finding.diagnostic)).collect();
    assert!(shown.is_empty(), "{}", shown.join("\n\n"));
}

/// A whole platform: configuration, rules, objectives, sampling, a dashboard of metrics and logs, and the source code of
/// a service, each right by itself and beside the others.
#[test]
fn nothing_is_told_of_a_platform_that_is_right() {
    let files = [
        ("prometheus.yml", include_str!("right/prometheus.yml")),
        ("rules/platform.yaml", include_str!("right/platform.yaml")),
        ("slos.yaml", include_str!("right/slos.yaml")),
        ("sampling.yaml", include_str!("right/sampling.yaml")),
        ("metrics.go", include_str!("right/metrics.go")),
        ("shop.json", include_str!("right/board.json")),
    ];
    let project = Project::of(files.map(|(name, text)| Source::new(name, text)).to_vec());
    assert_eq!(project.rules().filter(|(_, _, rule)| rule.parsed.is_none()).count(), 0);
    let facts = Facts::of(&project, None);
    let found = lint(&project, &facts, &Options::default());
    let shown: Vec<String> = found.iter().map(|finding| format!("{}\n{}", finding.rule.id, finding.diagnostic)).collect();
    assert!(shown.is_empty(), "{}", shown.join("\n\n"));
}
