//! What is found in configurations and between files, and what is not: each case is a few files with the rules that
//! must find something there, from warnings up. Only rules of the named subjects count.

use phoenix_lint::{Facts, Options, Project, lint};
use phoenix_model::{Severity, Source};
use std::path::Path;

fn check(name: &str, subjects: &[&str]) {
    check_from(name, subjects, Severity::Warning);
}

/// `# case: NAME` begins a case, `# finds: IDS` says what is found from a level up, `--- FILE` begins a file.
#[expect(clippy::disallowed_methods, reason = "the test reads its cases")]
fn check_from(name: &str, subjects: &[&str], level: Severity) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/configurations").join(name);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let (mut wrong, mut cases) = (Vec::new(), 0);
    for case in text.split("# case: ").skip(1) {
        let (title, rest) = case.split_once('\n').expect("a case has a title");
        let (finds, rest) = rest.strip_prefix("# finds:").and_then(|rest| rest.split_once('\n')).expect("a case says what is found");
        let rest = format!("\n{rest}");
        let files = rest.split("\n--- ").skip(1).map(|file| file.split_once('\n').expect("a file has a name"));
        let project = Project::of(files.map(|(name, text)| Source::new(name.trim(), text)).collect());
        let facts = Facts::of(&project, None);
        let found = lint(&project, &facts, &Options { level, ..Options::default() });
        let of_subject = |id: &&str| subjects.iter().any(|subject| id == subject || id.starts_with(&format!("{subject}/")));
        let mut ids: Vec<&str> = found.iter().map(|finding| finding.rule.id).filter(of_subject).collect();
        let mut want: Vec<&str> = finds.split_whitespace().collect();
        ids.sort_unstable();
        want.sort_unstable();
        if ids != want {
            let shown: Vec<String> = found.iter().map(|finding| finding.diagnostic.to_string()).collect();
            wrong.push(format!("{name}: {title}: found {ids:?}, expected {want:?}\n{}", shown.join("\n")));
        }
        cases += 1;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    assert!(cases > 0, "{name} has no case");
}

#[test]
fn scrape_configurations() {
    check("scrape.txt", &["scrape", "routing"]);
}

#[test]
fn routes_inhibitions_and_receivers() {
    check("routing.txt", &["routing"]);
}

/// The repository's own configurations, with their rules and runbooks, as one project.
#[test]
#[expect(clippy::disallowed_methods, reason = "the test reads the repository")]
fn our_own_configurations_are_clean() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let (mut folders, mut sources) = (vec![root.join("configs"), root.join("docs/runbooks")], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("the folder is there").flatten() {
            let path = entry.path();
            if path.is_dir() {
                // Tests of rules are no rules.
                folders.extend(Some(path).filter(|path| !path.ends_with("tests")));
            } else if let Ok(text) = std::fs::read_to_string(&path) {
                let name = path.strip_prefix(&root).expect("it is below the root").to_string_lossy().into_owned();
                sources.push(Source::new(name, text));
            }
        }
    }
    let project = Project::of(sources);
    assert!(project.files.len() > 20, "{} files are too few", project.files.len());
    let facts = Facts::of(&project, None);
    let subjects = ["scrape", "routing", "logs", "slo", "collector", "dashboard", "promql", "template"];
    let found = lint(&project, &facts, &Options::default());
    let shown: Vec<String> = found
        .iter()
        .filter(|finding| subjects.iter().any(|subject| finding.rule.id.starts_with(&format!("{subject}/"))))
        .map(|finding| format!("{}: {}", finding.rule.id, finding.diagnostic))
        .collect();
    assert!(shown.is_empty(), "{}", shown.join("\n"));
}

#[test]
fn collectors_of_logs_and_queries() {
    check("logs.txt", &["logs"]);
}

#[test]
fn opentelemetry_collectors() {
    check("collector.txt", &["collector"]);
}

#[test]
fn objectives() {
    check("slo.txt", &["slo"]);
}

#[test]
fn dashboards_beside_their_queries() {
    check("dashboards.txt", &["dashboard"]);
}

/// What infos are told of, and what stays silent: the principle of each, and right forms that look like wrong ones.
#[test]
fn infos() {
    let ids = [
        "alerts/no-volume-floor",
        "alerts/overrides-external-label",
        "promql/beyond-retention",
        "promql/counter-as-gauge",
        "promql/histogram-without-suffix",
        "promql/label-missing",
        "promql/mixed-units",
        "promql/rate-of-gauge",
        "promql/nan-in-aggregate",
        "promql/recorded-already",
        "promql/recorded-in-other-group",
        "promql/regex-anchored",
        "promql/topk-in-rule",
        "template/external-label-missing",
        "template/query-syntax",
        "template/value-in-label",
        "promql/label-mixes-populations",
        "promql/percent-without-total",
        "promql/sum-counts-replicas",
        "sampling",
        "slo/alert-misses-objective",
        "yaml",
    ];
    check_from("infos.txt", &ids, Severity::Info);
}

#[test]
fn alerts_of_a_project() {
    check("alerts.txt", &["alerts/no-severity", "alerts/up-without-absent"]);
}

#[test]
fn runbooks_that_nobody_wrote() {
    check_from("templates.txt", &["alerts/no-runbook"], Severity::Info);
}

#[test]
fn links_to_runbooks() {
    check("runbooks.txt", &["alerts/runbook-not-found"]);
}

/// Queries whose range is a variable are read as well.
#[test]
fn findings_in_dashboards_name_the_panel() {
    let expr = r#"rate(shop_total{code=\"500\"}[$__rate_interval]) / rate(shop_total[$__rate_interval])"#;
    let text = format!(r#"{{"title": "a", "panels": [{{"title": "Errors", "type": "timeseries", "targets": [{{"expr": "{expr}"}}]}}]}}"#);
    let project = Project::of(vec![Source::new("a.json", text)]);
    let found = lint(&project, &Facts::of(&project, None), &Options::default());
    let shown: Vec<_> = found.iter().map(|finding| (finding.rule.id, finding.diagnostic.message.as_str())).collect();
    assert!(matches!(shown.as_slice(), [("promql/ratio-matches-itself", message)] if message.starts_with("panel `Errors`: ")), "{shown:?}");
}
