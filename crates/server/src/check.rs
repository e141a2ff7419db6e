//! Checking files as `phoenix check` does: each is recognised by its keys.

use crate::config::{self, FoundDashboards};
use crate::current::{Current, expressions};
use crate::named_files;
use phoenix_alert::AlertConfig;
use phoenix_dashboard::{ReadError, ReadOptions};
use phoenix_env::{Disk, SharedDisk};
use phoenix_incident::OnCallConfig;
use phoenix_ingest::sampling_config;
use phoenix_lint::{File, FileKind};
use phoenix_model::{Diagnostic, Severity, Source};
use phoenix_probe::ProbeConfig;
use std::path::Path;

/// A checked file.
#[derive(Debug)]
pub struct Checked {
    /// What the file was taken for, such as `rule file`.
    pub kind: &'static str,
    /// What it holds, in words: `3 groups, 12 rules`.
    pub content: String,
    /// What was found, errors first.
    pub diagnostics: Vec<Diagnostic>,
    /// All that was read: the file, and the files that it names. Secrets are masked; every place still holds.
    pub sources: Vec<Source>,
}

impl Checked {
    /// Whether the file can be used.
    pub fn is_ok(&self) -> bool {
        self.diagnostics.iter().all(|d| d.severity != Severity::Error)
    }
}

/// The longest file that is read, in bytes.
const MAX_FILE_BYTES: u64 = 16 << 20;

/// Checks one file and, for a main configuration, every file that it names. With `syntax_only` certificates, secrets and
/// templates that they name need not be there.
pub fn check_file(path: &Path, disk: &SharedDisk, syntax_only: bool) -> Checked {
    let text = match disk.read(path, MAX_FILE_BYTES) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(error) => {
            let diagnostics = vec![Diagnostic::bare_error(error.to_string())];
            return Checked { kind: "file", content: String::new(), diagnostics, sources: Vec::new() };
        }
    };
    let source = Source::new(path.display().to_string(), text);
    if path.extension().is_some_and(|extension| extension == "json")
        && let Some(mut checked) = dashboard(&source, path)
    {
        checked.diagnostics.sort_by_key(|d| std::cmp::Reverse(d.severity));
        return checked;
    }
    let has = |names: &[&str]| phoenix_yaml::keys(&source).iter().any(|key| names.contains(&key.path.as_str()));
    let mut checked = if has(&["groups"]) {
        rules(&source)
    } else if has(&["route", "receivers", "inhibit_rules", "time_intervals"]) {
        alertmanager(&source, path.parent().unwrap_or(Path::new("")), (!syntax_only).then_some(disk))
    } else if phoenix_probe::is_probe_config(&source) {
        probes(&source, path.parent().unwrap_or(Path::new("")))
    } else if has(&["on_call_schedule", "people", "teams", "page_on"]) {
        on_call(&source)
    } else {
        other(&source).unwrap_or_else(|| main_config(path, disk, syntax_only))
    };
    if checked.sources.is_empty() {
        checked.sources.push(phoenix_yaml::mask(&source, config::is_secret));
    }
    checked.diagnostics.sort_by_key(|d| std::cmp::Reverse(d.severity));
    checked
}

/// Files that no server loads as they are, and that the linter has something to say about.
fn other(source: &Source) -> Option<Checked> {
    let file = File::read(source.clone());
    let rules: usize = file.groups.iter().map(|group| group.rules.len()).sum();
    let (kind, content, diagnostics) = match file.kind {
        FileKind::RulesFragment => ("rules without groups", count(rules, "rule"), Vec::new()),
        FileKind::Queries => {
            let broken = file.asked.iter().filter(|asked| asked.parsed.is_none());
            let errors = broken.flat_map(|asked| {
                phoenix_promql::parse(&asked.text.value).diagnostics.into_iter().map(|mut found| {
                    found.span = asked.text.locate(found.span);
                    found.source = Some(source.clone());
                    found
                })
            });
            ("queries", count_of(file.asked.len(), "query", "queries"), errors.collect())
        }
        FileKind::Sampling => {
            let (_, diagnostics) = sampling_config::parse(source);
            ("sampling rules", String::new(), diagnostics)
        }
        FileKind::Slos => ("objectives", String::new(), Vec::new()),
        FileKind::FluentBit => ("Fluent Bit config", String::new(), Vec::new()),
        FileKind::Collector => ("collector config", String::new(), Vec::new()),
        FileKind::Prose => ("prose", String::new(), Vec::new()),
        FileKind::Source => ("source code", count(file.declared.len(), "metric"), Vec::new()),
        _ => return None,
    };
    Some(Checked { kind, content, diagnostics, sources: Vec::new() })
}

/// What is found in a file that must be a dashboard, and the file.
fn dashboard_file(path: &Path, disk: &dyn Disk) -> (Vec<Diagnostic>, Option<Source>) {
    let text = match disk.read(path, MAX_FILE_BYTES) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(error) => return (vec![Diagnostic::bare_error(error.to_string())], None),
    };
    let source = Source::new(path.display().to_string(), text);
    match dashboard(&source, path) {
        Some(checked) => (checked.diagnostics, Some(source)),
        None => (vec![Diagnostic::bare_error(format!("{}: this is no dashboard", path.display()))], None),
    }
}

/// A dashboard, unless the JSON is something else.
fn dashboard(source: &Source, path: &Path) -> Option<Checked> {
    let uid_hint = path.file_stem().map(|name| name.to_string_lossy().into_owned());
    let (content, diagnostics) = match phoenix_dashboard::read(&source.text, &ReadOptions { uid_hint, ..ReadOptions::default() }) {
        Ok(read) => {
            let findings = read.report.iter().map(|finding| finding.diagnostic(&source.name)).collect();
            (count(read.dashboard.panels().count(), "panel"), findings)
        }
        Err(ReadError::NotADashboard { .. }) => return None,
        Err(error) => (String::new(), vec![error.diagnostic(source)]),
    };
    Some(Checked { kind: "dashboard", content, diagnostics, sources: vec![source.clone()] })
}

fn rules(source: &Source) -> Checked {
    let (file, diagnostics) = phoenix_rules::parse(source, &expressions);
    let rules: usize = file.groups.iter().map(|g| g.rules.len()).sum();
    let content = format!("{}, {}", count(file.groups.len(), "group"), count(rules, "rule"));
    Checked { kind: "rule file", content, diagnostics, sources: Vec::new() }
}

fn alertmanager(source: &Source, folder: &Path, disk: Option<&SharedDisk>) -> Checked {
    let (content, diagnostics) = match AlertConfig::parse(source, folder) {
        Ok((config, mut warnings)) => {
            warnings.extend(disk.into_iter().flat_map(|disk| named_files::of_alerting(&config, source, disk)));
            (count(config.receivers.len(), "receiver"), warnings)
        }
        Err(diagnostics) => (String::new(), diagnostics),
    };
    Checked { kind: "Alertmanager config", content, diagnostics, sources: Vec::new() }
}

fn probes(source: &Source, folder: &Path) -> Checked {
    let (config, diagnostics) = ProbeConfig::read(source, folder);
    let content = count(config.map_or(0, |config| config.modules.len()), "module");
    Checked { kind: "probe config", content, diagnostics, sources: Vec::new() }
}

fn on_call(source: &Source) -> Checked {
    let (content, diagnostics) = match OnCallConfig::load(source) {
        Ok((config, warnings)) => (format!("{}, {}", count(config.people.len(), "person"), count(config.levels.len(), "level")), warnings),
        Err(diagnostics) => (String::new(), diagnostics),
    };
    Checked { kind: "on-call file", content, diagnostics, sources: Vec::new() }
}

fn main_config(path: &Path, disk: &SharedDisk, syntax_only: bool) -> Checked {
    let overrides = config::Overrides::default();
    let read =
        if syntax_only { Current::read_texts(Some(path), &overrides, disk.as_ref()) } else { Current::read(Some(path), &overrides, disk) };
    match read {
        Ok(current) => {
            let groups = current.rule_groups.len();
            let jobs = current.scrape_configs().len();
            let files = current.loaded.files.len();
            let mut content = format!("{}, {}, {}", count(files, "file"), count(jobs, "job"), count(groups, "rule group"));
            let mut diagnostics = current.warnings;
            let mut sources: Vec<Source> =
                current.loaded.files.iter().map(|file| phoenix_yaml::mask(&file.source, config::is_secret)).collect();
            if let Some(patterns) = &current.loaded.dashboards {
                let found = FoundDashboards::look(disk.as_ref(), patterns);
                content.push_str(&format!(", {}", count(found.files.len(), "dashboard")));
                diagnostics.extend(found.problems.into_iter().map(Diagnostic::bare_error));
                for (wrong, source) in found.files.iter().map(|file| dashboard_file(&file.path, disk.as_ref())) {
                    diagnostics.extend(wrong);
                    sources.extend(source);
                }
            }
            Checked { kind: "configuration", content, diagnostics, sources }
        }
        Err(diagnostics) => Checked { kind: "configuration", content: String::new(), diagnostics, sources: Vec::new() },
    }
}

fn count(n: usize, what: &str) -> String {
    match (n, what) {
        (1, _) => format!("1 {what}"),
        (_, "person") => format!("{n} people"),
        _ => format!("{n} {what}s"),
    }
}

fn count_of(n: usize, one: &str, many: &str) -> String {
    if n == 1 { format!("1 {one}") } else { format!("{n} {many}") }
}
