//! How long it takes to lint 5,000 rules: `cargo bench -p phoenix-lint`. Half of them are right, half have something
//! to tell; all are read, checked and sorted, with everything down to infos.

#![expect(clippy::disallowed_methods, reason = "a bench measures real time")]

use phoenix_lint::{Facts, Options, Project, lint};
use phoenix_model::{Severity, Source};
use std::time::Instant;

const RULES: usize = 5_000;
const RULES_PER_FILE: usize = 100;

fn main() {
    let sources: Vec<Source> = (0..RULES / RULES_PER_FILE).map(|file| Source::new(format!("rules-{file}.yaml"), text(file))).collect();
    let bytes: usize = sources.iter().map(|source| source.text.len()).sum();
    for round in 0..3 {
        let begin = Instant::now();
        let project = Project::of(sources.clone());
        let facts = Facts::of(&project, None);
        let found = lint(&project, &facts, &Options { level: Severity::Info, ..Options::default() });
        let rules = project.rules().count();
        println!("round {round}: {rules} rules of {bytes} bytes, {} findings, {:?}", found.len(), begin.elapsed());
    }
}

fn text(file: usize) -> String {
    let mut text = "groups:\n".to_owned();
    for group in 0..RULES_PER_FILE / 10 {
        text.push_str(&format!("- name: group-{group}\n  rules:\n"));
        for rule in 0..10 {
            let id = (file * RULES_PER_FILE) + group * 10 + rule;
            text.push_str(&match rule % 4 {
                0 => format!("  - record: job:requests{id}:rate5m\n    expr: sum by (job) (rate(requests{id}_total{{code=~\"5..\"}}[5m]))\n"),
                1 => format!(
                    "  - alert: Errors{id}\n    expr: |\n      sum by (job) (rate(requests{id}_total{{code=~\"5..\"}}[5m]))\n        /\n      sum by (job) (rate(requests{id}_total[5m])) > 0.05\n    for: 10m\n    labels: {{severity: critical}}\n    annotations:\n      description: '{{{{ $labels.job }}}} fails {{{{ $value | humanizePercentage }}}}'\n"
                ),
                2 => format!(
                    "  - alert: Self{id}\n    expr: rate(requests{id}_total{{code=\"500\"}}[5m]) / rate(requests{id}_total[5m]) > 0.05\n    for: 10m\n    labels: {{severity: critical}}\n    annotations: {{description: '{{{{ $labels.job }}}} is at {{{{ $value }}}}%'}}\n"
                ),
                _ => format!(
                    "  - alert: Slow{id}\n    expr: histogram_quantile(0.99, sum by (job) (rate(duration{id}_seconds_bucket[5m]))) > 1\n    labels: {{severity: warning}}\n    annotations: {{description: '{{{{ $labels.instance }}}}'}}\n"
                ),
            });
        }
    }
    text
}
