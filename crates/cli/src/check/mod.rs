//! `phoenix check`.

mod against;
mod history;

use crate::args::{Check, CheckFormat, Level};
use crate::exit::{Failure, NO};
use against::Against;
use phoenix_env::{Disk, RealDisk};
use phoenix_lint::{Baseline, Facts, Finding, Options, Project, Server, github, lint, mend, sarif, unified};
use phoenix_model::{Diagnostic, Severity, Source};
use phoenix_server::check::{Checked, check_file};
use serde_json::{Value, json};
use std::collections::HashSet;
use std::path::{Component, Path, PathBuf};

/// The longest baseline that is read, and the longest file that is mended, in bytes.
const MAX_FILE_BYTES: u64 = 16 << 20;

pub(crate) fn run(arguments: &Check, json_output: bool) -> Result<(), Failure> {
    let disk = RealDisk::shared();
    let checked: Vec<(&Path, Checked)> =
        arguments.files.iter().map(|file| (file.as_path(), check_file(file, &disk, arguments.syntax_only))).collect();
    let sources = sources(&checked);
    let server = arguments.against.as_deref().map(Against::ask).transpose()?;
    let asked = server.as_ref();
    let server = asked.map(|server| server as &dyn Server);
    let options = Options {
        level: match arguments.level {
            Level::Error => Severity::Error,
            Level::Warning => Severity::Warning,
            Level::Info => Severity::Info,
        },
        ..Options::default()
    };
    if arguments.diff || arguments.fix {
        return mended(arguments, &sources, server, &options, json_output);
    }
    let project = Project::of(sources);
    let facts = Facts::of(&project, server);
    let mut findings = lint(&project, &facts, &options);
    if let Some(path) = &arguments.write_baseline {
        let failed = |error| Failure::new(NO, format!("{} cannot be written", path.display())).caused_by(error);
        RealDisk.write_atomic(path, Baseline::write(&findings).as_bytes()).map_err(failed)?;
        println!("{}: {} known from now on", path.display(), plural(findings.len(), "finding"));
        return Ok(());
    }
    let gone = match &arguments.baseline {
        Some(path) => hide_known(path, &mut findings)?,
        None => 0,
    };
    findings.retain(|finding| finding.severity() == Severity::Error || !is_broken(finding, &checked));
    // Whoever reads a file tells where it is no YAML, too.
    findings.retain(|finding| finding.rule.id != "yaml/syntax" || !checked.iter().any(|(_, c)| !c.is_ok() && is_of(finding, c)));
    let not_asked = asked.and_then(Against::not_asked);
    let history = asked.and_then(|server| server.history(&project));
    let all = || checked.iter().flat_map(|(_, c)| &c.diagnostics).chain(findings.iter().map(|finding| &finding.diagnostic));
    let count = |severity| all().filter(|d| d.severity == severity).count();
    let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
    let own: Vec<Diagnostic> = checked.iter().flat_map(|(_, c)| c.diagnostics.clone()).collect();
    match if json_output { CheckFormat::Json } else { arguments.format } {
        CheckFormat::Json => {
            let mut told = json!({"files": files(&checked, &findings), "errors": errors, "warnings": warnings});
            if let Some(not_asked) = &not_asked {
                told["not_asked"] = json!(not_asked);
            }
            if let Some(history) = &history {
                told["alert_history"] = history.to_json();
            }
            println!("{told}");
        }
        CheckFormat::Sarif => println!("{:#}", sarif(&own, &findings)),
        CheckFormat::Github => print!("{}", github(&own, &findings)),
        CheckFormat::Text => {
            text(&checked, &findings, gone);
            if let Some(said) = history.and_then(|history| history.in_words()) {
                println!("{said}");
            }
        }
    }
    if let Some(not_asked) = not_asked.filter(|_| !json_output) {
        eprintln!("{not_asked}");
    }
    if errors > 0 || (arguments.strict && warnings > 0) {
        let found = format!("{} and {} in {}", plural(errors, "error"), plural(warnings, "warning"), plural(checked.len(), "file"));
        return Err(Failure::new(NO, found));
    }
    Ok(())
}

/// All files that were read, each once.
fn sources(checked: &[(&Path, Checked)]) -> Vec<Source> {
    let (mut sources, mut seen): (Vec<Source>, HashSet<PathBuf>) = Default::default();
    for source in checked.iter().flat_map(|(_, c)| &c.sources) {
        // A file that a configuration names and that is given too is one file, however its path is written.
        if seen.insert(one_way(&source.name)) {
            sources.push(source.clone());
        }
    }
    sources
}

/// A path as every way of writing it comes out: whole, without `.` and `..`.
fn one_way(path: &str) -> PathBuf {
    let whole = std::path::absolute(path).unwrap_or_else(|_| path.into());
    let mut plain = PathBuf::new();
    for part in whole.components() {
        match part {
            Component::ParentDir => {
                plain.pop();
            }
            part => plain.push(part),
        }
    }
    plain
}

/// Leaves out what a baseline knows; gives how many of those are no longer found.
fn hide_known(path: &Path, findings: &mut Vec<Finding>) -> Result<usize, Failure> {
    let failed = |error| Failure::new(NO, format!("{} cannot be read", path.display())).caused_by(error);
    let bytes = RealDisk.read(path, MAX_FILE_BYTES).map_err(failed)?;
    Ok(Baseline::parse(&String::from_utf8_lossy(&bytes)).hide(findings))
}

/// Whether a finding is in one of the files that were read for an argument.
fn is_of(finding: &Finding, checked: &Checked) -> bool {
    let source = finding.diagnostic.source.as_ref();
    source.is_some_and(|source| checked.sources.iter().any(|own| own.name == source.name))
}

/// Whether a finding is in rules that cannot be loaded, which are to be made readable first.
fn is_broken(finding: &Finding, checked: &[(&Path, Checked)]) -> bool {
    checked.iter().any(|(_, c)| c.kind == "rule file" && !c.is_ok() && is_of(finding, c))
}

/// Whether a file can be used, and the linter is sure of no mistake in it.
fn is_ok(checked: &Checked, findings: &[Finding]) -> bool {
    checked.is_ok() && !findings.iter().any(|finding| finding.severity() == Severity::Error && is_of(finding, checked))
}

fn files(checked: &[(&Path, Checked)], findings: &[Finding]) -> Vec<Value> {
    let one = |(path, c): &(&Path, Checked)| {
        let mut file = json!({"file": path, "kind": c.kind, "content": c.content, "ok": is_ok(c, findings), "diagnostics": c.diagnostics});
        let own: Vec<&Finding> = findings.iter().filter(|finding| is_of(finding, c)).collect();
        if !own.is_empty() {
            file["findings"] = json!(own);
        }
        file
    };
    checked.iter().map(one).collect()
}

fn text(checked: &[(&Path, Checked)], findings: &[Finding], gone: usize) {
    for diagnostic in checked.iter().flat_map(|(_, c)| &c.diagnostics) {
        eprintln!("{}", crate::draw::diagnostic(diagnostic));
    }
    for finding in findings {
        eprintln!("{}", crate::draw::diagnostic(&finding.diagnostic));
        eprintln!("  why: {}", finding.why());
        let mendable = if finding.fix.is_some() { "; --fix mends it" } else { "" };
        eprintln!("  rule: {}, by {}{mendable}", finding.rule.id, finding.rests_on);
    }
    if gone > 0 {
        eprintln!("{} of the baseline found no more", plural(gone, "finding"));
    }
    for (file, c) in checked {
        let own = findings.iter().filter(|finding| is_of(finding, c)).count();
        let told = if own == 0 { String::new() } else { format!(", {}", plural(own, "finding")) };
        let content = if c.content.is_empty() || !c.is_ok() { String::new() } else { format!(" ({})", c.content) };
        let verdict = if is_ok(c, findings) { "ok" } else { "has errors" };
        println!("{}: {verdict}, {}{content}{told}", file.display(), c.kind);
    }
}

/// Mends the files, or shows how they would be.
fn mended(arguments: &Check, masked: &[Source], server: Option<&dyn Server>, options: &Options, json_output: bool) -> Result<(), Failure> {
    // Masked secrets must not come into files: what is mended is read anew.
    let mut sources = Vec::new();
    for source in masked {
        let path = Path::new(&*source.name);
        let failed = |error| Failure::new(NO, format!("{} cannot be read", source.name)).caused_by(error);
        let bytes = RealDisk.read(path, MAX_FILE_BYTES).map_err(failed)?;
        // Bytes that are no text would be lost.
        sources.extend(String::from_utf8(bytes).ok().map(|text| Source::new(source.name.clone(), text)));
    }
    let new = mend(&sources, server, options);
    for source in &new {
        let before = sources.iter().find(|old| old.name == source.name).map_or("", |old| &*old.text);
        if arguments.diff {
            print!("{}", unified(&source.name, before, &source.text));
        } else {
            let failed = |error| Failure::new(NO, format!("{} cannot be written", source.name)).caused_by(error);
            RealDisk.write_atomic(Path::new(&*source.name), source.text.as_bytes()).map_err(failed)?;
        }
    }
    if arguments.fix && json_output {
        println!("{}", json!({"mended": new.iter().map(|source| &*source.name).collect::<Vec<_>>()}));
    } else if arguments.fix {
        for source in &new {
            println!("{}: mended", source.name);
        }
        println!("{} mended", plural(new.len(), "file"));
    }
    Ok(())
}

fn plural(n: usize, word: &str) -> String {
    format!("{n} {word}{}", if n == 1 { "" } else { "s" })
}
