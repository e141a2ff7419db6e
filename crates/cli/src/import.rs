//! `phoenix import grafana`: dashboards of files, with a report of what is not shown.

use crate::args::ImportGrafana;
use crate::client::Client;
use crate::exit::{Failure, NO, UNREACHABLE};
use phoenix_dashboard::{MAX_BYTES, Read, ReadOptions, read};
use phoenix_env::{Disk, RealDisk};
use phoenix_model::{Diagnostic, Severity, Source};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The most files of one run, and the deepest folders that are looked into.
const MAX_FILES: usize = 10_000;
const MAX_DEPTH: usize = 16;

/// A file with what became of it.
struct Imported {
    file: PathBuf,
    read: Result<Read, Diagnostic>,
    /// Why the dashboard was not kept.
    failed: Option<Failure>,
}

pub(crate) fn run(arguments: &ImportGrafana, json_output: bool) -> Result<(), Failure> {
    let inputs = inputs(&arguments.input)?;
    let mut files = Vec::new();
    for path in &arguments.files {
        gather(path, 0, &mut files)?;
    }
    if files.is_empty() {
        return Err(Failure::new(NO, "there are no dashboards").hint("a dashboard is a file that ends with .json"));
    }
    let mut keeper = Keeper::new(arguments)?;
    let mut all = Vec::new();
    for file in files {
        let read = read_file(&file, &inputs);
        let failed = match &read {
            Ok(read) => keeper.keep(&file, read).err(),
            Err(_) => None,
        };
        // What can't be reached for one can't be for the next.
        if let Some(failure) = failed.as_ref().filter(|failure| failure.code == UNREACHABLE) {
            return Err(failure.clone());
        }
        let one = Imported { file, read, failed };
        if !json_output {
            print(&one, keeper.done());
        }
        all.push(one);
    }
    if json_output {
        println!("{}", json!({"dashboards": all.iter().map(as_json).collect::<Vec<_>>()}));
    }
    let bad = all.iter().filter(|one| one.read.is_err() || one.failed.is_some()).count();
    if bad > 0 {
        return Err(Failure::new(NO, format!("{bad} of {} dashboards could not be imported", all.len())));
    }
    Ok(())
}

fn inputs(pairs: &[String]) -> Result<BTreeMap<String, String>, Failure> {
    let pair = |text: &String| match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err(Failure::new(2, format!("--input: `{text}` is not NAME=VALUE"))),
    };
    pairs.iter().map(pair).collect()
}

/// A file as it is named, or all JSON files below a folder.
fn gather(path: &Path, depth: usize, files: &mut Vec<PathBuf>) -> Result<(), Failure> {
    let Ok(mut names) = RealDisk.list(path) else {
        // Not a folder; that it can't be read is told when it is.
        if depth == 0 || path.extension().is_some_and(|extension| extension == "json") {
            files.push(path.to_owned());
        }
        if files.len() > MAX_FILES {
            return Err(Failure::new(NO, format!("{} is the file after the {MAX_FILES} that one run may have", path.display())));
        }
        return Ok(());
    };
    if depth > MAX_DEPTH {
        return Err(Failure::new(NO, format!("{} lies more than {MAX_DEPTH} folders deep", path.display())));
    }
    names.sort();
    for name in names.iter().filter(|name| !name.starts_with('.')) {
        gather(&path.join(name), depth + 1, files)?;
    }
    Ok(())
}

fn read_file(file: &Path, inputs: &BTreeMap<String, String>) -> Result<Read, Diagnostic> {
    let bytes = RealDisk.read(file, MAX_BYTES as u64).map_err(|error| Diagnostic::bare_error(error.to_string()))?;
    let text = String::from_utf8(bytes).map_err(|_| Diagnostic::bare_error(format!("{} is not UTF-8", file.display())))?;
    let uid_hint = file.file_stem().map(|name| name.to_string_lossy().into_owned());
    read(&text, &ReadOptions { uid_hint, inputs: inputs.clone() })
        .map_err(|error| error.diagnostic(&Source::new(file.display().to_string(), text)))
}

/// Where dashboards go.
struct Keeper<'a> {
    arguments: &'a ImportGrafana,
    /// Nothing where none is sent.
    client: Option<Client>,
    /// The files of uids so far.
    seen: BTreeMap<String, PathBuf>,
}

impl<'a> Keeper<'a> {
    fn new(arguments: &'a ImportGrafana) -> Result<Self, Failure> {
        let sends = !arguments.dry_run && arguments.out.is_none();
        let client = if sends { Some(Client::new(&arguments.server.server)?) } else { None };
        if let Some(folder) = &arguments.out {
            RealDisk.create_dir_all(folder).map_err(|e| Failure::new(NO, format!("{} can't be made", folder.display())).caused_by(e))?;
        }
        Ok(Self { arguments, client, seen: BTreeMap::new() })
    }

    /// What is done with a dashboard, in a word.
    fn done(&self) -> &'static str {
        match (&self.client, &self.arguments.out) {
            (Some(_), _) => "imported",
            (None, Some(_)) => "written",
            (None, None) => "read",
        }
    }

    fn keep(&mut self, file: &Path, read: &Read) -> Result<(), Failure> {
        let dashboard = &read.dashboard;
        if let Some(other) = self.seen.insert(dashboard.uid().to_owned(), file.to_owned()) {
            let what = format!("the uid `{}` is that of {} as well", dashboard.uid(), other.display());
            return Err(Failure::new(NO, what).hint("give one of them another uid"));
        }
        if let Some(client) = &self.client {
            let body = json!({
                "dashboard": dashboard.json(),
                "folder_uid": self.arguments.folder,
                "overwrite": self.arguments.overwrite,
                "message": format!("Imported from {}", file.file_name().unwrap_or_default().to_string_lossy()),
            });
            client.post("/api/phoenix/v1/dashboards", &body)?;
        } else if let Some(folder) = &self.arguments.out {
            let path = folder.join(format!("{}.json", dashboard.uid()));
            if RealDisk.exists(&path) && !self.arguments.overwrite {
                return Err(Failure::new(NO, format!("{} is there already", path.display())).hint("--overwrite replaces it"));
            }
            let text = serde_json::to_string_pretty(&dashboard.export()).map_err(|e| Failure::new(NO, e.to_string()))?;
            RealDisk
                .write_atomic(&path, text.as_bytes())
                .map_err(|e| Failure::new(NO, format!("{} can't be written", path.display())).caused_by(e))?;
        }
        Ok(())
    }
}

fn print(one: &Imported, done: &str) {
    let file = one.file.display();
    let read = match &one.read {
        Ok(read) => read,
        Err(error) => {
            eprintln!("{}", crate::draw::diagnostic(error));
            println!("{file}: not read");
            return;
        }
    };
    for finding in &read.report {
        eprintln!("{}", crate::draw::diagnostic(&finding.diagnostic(&file.to_string())));
    }
    let dashboard = &read.dashboard;
    let verdict = match &one.failed {
        None => done,
        Some(failure) => {
            failure.print(false);
            "not kept"
        }
    };
    println!("{file}: {verdict}, \"{}\" ({}), {}", dashboard.title(), dashboard.uid(), summary(read));
}

/// How much is shown: `12 panels, 2 not shown as meant`.
fn summary(read: &Read) -> String {
    let panels: Vec<i64> = read.dashboard.panels().filter(|panel| panel.kind != "row").map(|panel| panel.id).collect();
    let is_meant =
        |id: &i64| !read.report.iter().any(|f| f.severity > Severity::Info && f.panel.as_ref().is_some_and(|panel| panel.id == *id));
    let bad = panels.iter().filter(|id| !is_meant(id)).count();
    let noun = if panels.len() == 1 { "panel" } else { "panels" };
    let rest = if bad == 0 { "all shown as meant".to_owned() } else { format!("{bad} not shown as meant") };
    format!("{} {noun}, {rest}", panels.len())
}

fn as_json(one: &Imported) -> Value {
    match &one.read {
        Ok(read) => json!({
            "file": one.file,
            "ok": one.failed.is_none(),
            "uid": read.dashboard.uid(),
            "title": read.dashboard.title(),
            "panels": read.dashboard.panels().filter(|panel| panel.kind != "row").count(),
            "inputs": read.inputs,
            "report": read.report,
            "error": one.failed.as_ref().map(Failure::message),
        }),
        Err(error) => json!({"file": one.file, "ok": false, "error": error.message, "diagnostics": [error]}),
    }
}
