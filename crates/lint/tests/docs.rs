//! Every rule has a page, and what the page shows is what happens: its wrong example is found, its right one is not,
//! and what can be mended is mended.

#![expect(clippy::disallowed_methods, reason = "the test reads pages of the repository")]

use phoenix_lint::{Facts, Options, Project, RULES, Server, ServerMetric, apply, lint};
use phoenix_model::{Severity, Source};
use phoenix_promql::ast::Selector;
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

/// The blocks of code below a heading, each with its file's name.
fn blocks(page: &str, heading: &str) -> Vec<Source> {
    let section = page.split("\n## ").find(|section| section.lines().next() == Some(heading)).unwrap_or("");
    let mut found = Vec::new();
    let mut lines = section.lines();
    while let Some(line) = lines.next() {
        if let Some(info) = line.strip_prefix("```") {
            let name = info.split_whitespace().nth(1).unwrap_or(if info == "promql" { "query.promql" } else { "rules.yaml" });
            let text: String = lines.by_ref().take_while(|line| *line != "```").map(|line| format!("{line}\n")).collect();
            found.push(Source::new(name, text));
        }
    }
    found
}

fn found_ids(sources: &[Source]) -> (Project, Vec<phoenix_lint::Finding>) {
    let project = Project::of(sources.to_vec());
    // A page about what a server knows shows what it has.
    let server = sources.iter().find(|source| source.name.ends_with(".series")).map(|source| Fixed::read(&source.text));
    let facts = Facts::of(&project, server.as_ref().map(|server| server as &dyn Server));
    let found = lint(&project, &facts, &Options { level: Severity::Info, ..Options::default() });
    (project, found)
}

/// A server that has these series, one a line.
struct Fixed(Vec<Selector>);

impl Fixed {
    fn read(text: &str) -> Self {
        Self(text.lines().filter(|line| !line.is_empty()).map(|line| phoenix_promql::parse_selector(line).expect("a series")).collect())
    }

    fn matching(&self, selector: &str) -> impl Iterator<Item = &Selector> {
        let asked = phoenix_promql::parse_selector(selector).expect("a selector");
        self.0.iter().filter(move |series| {
            let value = |name: &str| series.matchers.iter().find(|label| label.name == name).map_or("", |label| label.value.as_str());
            asked.matchers.iter().all(|matcher| matcher.matches(value(&matcher.name)))
        })
    }
}

impl Server for Fixed {
    fn metadata(&self) -> HashMap<String, ServerMetric> {
        HashMap::new()
    }

    fn names(&self) -> HashSet<String> {
        self.0.iter().filter_map(|series| series.name.clone()).collect()
    }

    fn label_names(&self, selector: &str) -> Option<Vec<String>> {
        Some(self.matching(selector).flat_map(|series| series.matchers.iter().map(|label| label.name.clone())).collect())
    }

    fn series(&self, selector: &str) -> Option<usize> {
        Some(self.matching(selector).count())
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/lint")
}

#[test]
fn every_rule_has_a_page_whose_example_is_true() {
    let mut wrong = Vec::new();
    for rule in RULES.iter().flat_map(|rules| rules.iter()) {
        let Ok(page) = std::fs::read_to_string(folder().join(format!("{}.md", rule.id))) else {
            wrong.push(format!("{}: docs/lint/{0}.md is missing", rule.id));
            continue;
        };
        if !page.starts_with(&format!("# {}\n", rule.id)) || !page.contains(&format!("Level: {}.", rule.level)) {
            wrong.push(format!("{}: the page's title or level is not the rule's", rule.id));
        }
        let (bad, good) = (blocks(&page, "Wrong"), blocks(&page, "Right"));
        if bad.is_empty() || good.is_empty() {
            wrong.push(format!("{}: the page needs an example below `## Wrong` and one below `## Right`", rule.id));
        }
        let (_, found) = found_ids(&bad);
        let here: Vec<_> = found.iter().filter(|finding| finding.rule.id == rule.id).collect();
        if here.is_empty() {
            let ids: Vec<_> = found.iter().map(|finding| finding.rule.id).collect();
            wrong.push(format!("{}: its wrong example is not found, but {ids:?}", rule.id));
        }
        for finding in here.iter().filter(|finding| finding.fix.is_some()) {
            let name = &finding.diagnostic.source.as_ref().expect("a finding with a fix has a file").name;
            let fix = finding.fix.as_ref().expect("it has one");
            let mended: Vec<Source> = bad
                .iter()
                .map(|source| if source.name == *name { Source::new(name.clone(), apply(&source.text, [fix])) } else { source.clone() })
                .collect();
            let left = found_ids(&mended).1.iter().filter(|finding| finding.rule.id == rule.id).count();
            if left >= here.len() {
                wrong.push(format!("{}: mending does not mend:\n{}", rule.id, mended[0].text));
            }
        }
        if let Some(finding) = found_ids(&good).1.iter().find(|finding| finding.rule.id == rule.id) {
            wrong.push(format!("{}: its right example is found:\n{}", rule.id, finding.diagnostic));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_page_is_that_of_a_rule() {
    for subject in std::fs::read_dir(folder()).expect("the folder is there").flatten().filter(|entry| entry.path().is_dir()) {
        for page in std::fs::read_dir(subject.path()).expect("the folder is there").flatten() {
            let name = page.path().file_stem().expect("it has a name").to_string_lossy().into_owned();
            let id = format!("{}/{name}", subject.file_name().to_string_lossy());
            assert!(phoenix_lint::rule(&id).is_some(), "docs/lint/{id}.md is about no rule");
        }
    }
}

/// `UPDATE_DOCS=1` writes the table anew.
#[test]
fn the_list_is_that_of_the_rules() {
    let path = folder().join("README.md");
    let readme = std::fs::read_to_string(&path).expect("docs/lint/README.md is there");
    let (head, tail) = readme.split_once("| rule | level | finds |\n").expect("there is a table of rules");
    let rest: String = tail.lines().skip_while(|line| line.starts_with('|')).map(|line| format!("{line}\n")).collect();
    let mut table = "| rule | level | finds |\n|---|---|---|\n".to_owned();
    for rule in RULES.iter().flat_map(|rules| rules.iter()) {
        table.push_str(&format!("| [`{0}`]({0}.md) | {1} | {2} |\n", rule.id, rule.level, rule.title));
    }
    let page = format!("{head}{table}{rest}");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, &page).expect("the page can be written");
    }
    assert!(
        readme == page || std::env::var_os("UPDATE_DOCS").is_some(),
        "docs/lint/README.md is out of date: run this test with UPDATE_DOCS=1"
    );
}
