//! `file_sd_configs`: files of target groups, in JSON or YAML, looked at when they change.

use super::{Discovery, Found, LIST_LIMIT_BYTES, check_count, label_sets};
use crate::config::TargetGroup;
use phoenix_env::Disk;
use phoenix_model::{Labels, Source};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::sync::mpsc;

/// How often the times of the files are looked at. `refresh_interval` is how often they are read even
/// if their times did not change; a change is seen within this.
const LOOK_EVERY: Duration = Duration::from_secs(2);

#[derive(Debug, Default)]
struct Known {
    modified_ms: Option<i64>,
    targets: Vec<Labels>,
    error: Option<String>,
}

/// Files matching patterns, with what was last read from them.
#[derive(Debug, Default)]
struct Files {
    known: BTreeMap<PathBuf, Known>,
    has_reported: bool,
}

pub(super) async fn watch(discovery: &Discovery, patterns: &[PathBuf], refresh: Duration, reports: &mpsc::Sender<Found>) {
    let mut files = Files::default();
    let mut read_all_at = discovery.clock.monotonic();
    loop {
        let now = discovery.clock.monotonic();
        let read_all = now >= read_all_at;
        if read_all {
            read_all_at = now + refresh;
        }
        let (disk, patterns) = (discovery.disk.clone(), patterns.to_vec());
        let look = tokio::task::spawn_blocking(move || {
            let found = files.look(&*disk, &patterns, read_all);
            (files, found)
        });
        let (looked, found) = look.await.expect("reading files of targets does not panic");
        files = looked;
        if let Some(found) = found
            && reports.send(found).await.is_err()
        {
            return;
        }
        discovery.clock.sleep(LOOK_EVERY.min(refresh)).await;
    }
}

impl Files {
    /// What changed since the last look; `None` when nothing did.
    fn look(&mut self, disk: &dyn Disk, patterns: &[PathBuf], read_all: bool) -> Option<Found> {
        let mut changed = !self.has_reported;
        let mut errors = Vec::new();
        let (paths, pattern_errors) = matching(disk, patterns);
        if !self.has_reported {
            errors.extend(pattern_errors);
        }
        let gone: Vec<PathBuf> = self.known.keys().filter(|path| !paths.contains(path)).cloned().collect();
        for path in gone {
            changed = true;
            errors.push((path.display().to_string(), None));
            self.known.remove(&path);
        }
        for path in paths {
            let modified_ms = disk.modified_ms(&path).ok();
            let known = self.known.entry(path.clone()).or_default();
            if !read_all && known.modified_ms == modified_ms && known.modified_ms.is_some() {
                continue;
            }
            known.modified_ms = modified_ms;
            match read(disk, &path) {
                Ok(targets) => {
                    changed |= targets != known.targets;
                    known.targets = targets;
                    if known.error.take().is_some() {
                        changed = true;
                        errors.push((path.display().to_string(), None));
                    }
                }
                Err(reason) => {
                    changed |= known.error.as_ref() != Some(&reason);
                    errors.push((path.display().to_string(), Some(reason.clone())));
                    known.error = Some(reason);
                }
            }
        }
        if !changed {
            return None;
        }
        self.has_reported = true;
        Some(Found { targets: Some(self.known.values().flat_map(|known| known.targets.iter().cloned()).collect()), errors })
    }
}

fn read(disk: &dyn Disk, path: &Path) -> Result<Vec<Labels>, String> {
    let bytes = disk.read(path, LIST_LIMIT_BYTES).map_err(|e| e.to_string())?;
    let text = String::from_utf8(bytes).map_err(|_| "the file is not UTF-8".to_owned())?;
    let shown = path.display().to_string();
    // JSON is YAML as well, but a JSON file should be held to JSON.
    let groups: Vec<TargetGroup> = if path.extension().is_some_and(|e| e == "json") {
        serde_json::from_str(&text).map_err(|e| format!("{shown}: {e}"))?
    } else {
        let first = |diagnostics: Vec<phoenix_model::Diagnostic>| diagnostics.first().map_or_else(String::new, ToString::to_string);
        phoenix_yaml::from_str(&Source::new(shown.as_str(), text)).map_err(first)?
    };
    check_count(&groups)?;
    let with_path = |labels: Labels| {
        let mut labels = labels.to_builder();
        labels.set("__meta_filepath", &shown);
        labels.build()
    };
    Ok(groups.iter().flat_map(label_sets).map(with_path).collect())
}

/// The files that match, sorted, and what is wrong with patterns that can't be looked for.
fn matching(disk: &dyn Disk, patterns: &[PathBuf]) -> (Vec<PathBuf>, Vec<(String, Option<String>)>) {
    let mut paths = Vec::new();
    let mut errors = Vec::new();
    for pattern in patterns {
        let Some(name) = pattern.file_name().and_then(|name| name.to_str()) else { continue };
        if !name.contains('*') {
            // A file that is named must be there; a broken one says so when it is read.
            paths.push(pattern.clone());
            continue;
        }
        let folder = pattern.parent().unwrap_or(Path::new("."));
        match disk.list(folder) {
            Ok(names) => paths.extend(names.iter().filter(|entry| matches_star(name, entry)).map(|entry| folder.join(entry))),
            Err(e) => errors.push((pattern.display().to_string(), Some(e.to_string()))),
        }
    }
    paths.sort();
    paths.dedup();
    (paths, errors)
}

/// Whether a name matches a pattern in which `*` stands for any text.
fn matches_star(pattern: &str, name: &str) -> bool {
    if name.starts_with('.') && !pattern.starts_with('.') {
        return false; // editors' temporary files
    }
    let mut pieces = pattern.split('*');
    let Some(mut rest) = pieces.next().and_then(|first| name.strip_prefix(first)) else { return false };
    let pieces: Vec<&str> = pieces.collect();
    let Some((last, middle)) = pieces.split_last() else { return rest.is_empty() };
    for piece in middle {
        let Some(at) = rest.find(piece) else { return false };
        rest = &rest[at + piece.len()..];
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;
    use phoenix_env::RealDisk;

    #[test]
    fn stars() {
        for (pattern, name, want) in [
            ("*.json", "a.json", true),
            ("*.json", "a.yaml", false),
            ("a*c*e.yml", "abcde.yml", true),
            ("a*c*e.yml", "ace.yml", true),
            ("a*c*e.yml", "ae.yml", false),
            ("*a", "a", true),
            ("a*a", "a", false),
            ("*.yml", ".hidden.yml", false),
        ] {
            assert_eq!(matches_star(pattern, name), want, "{pattern} {name}");
        }
    }

    fn shown(found: Option<Found>) -> String {
        let Some(found) = found else { return "nothing new".to_owned() };
        let targets: Vec<String> =
            found.targets.iter().flatten().map(|l| format!("{}{}", l.value("__address__"), l.value("env"))).collect();
        let errors: Vec<String> = found
            .errors
            .iter()
            .map(|(source, error)| {
                let file = source.rsplit('/').next().unwrap_or("");
                format!(" {file}: {}", error.as_deref().map_or("fine", |e| if e.contains("cannot open") { "missing" } else { "broken" }))
            })
            .collect();
        format!("{}{}", targets.join(" "), errors.concat())
    }

    #[test]
    fn a_broken_file_keeps_its_last_good_targets() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| RealDisk.write_atomic(&folder.path().join(name), text.as_bytes()).unwrap();
        let patterns = [folder.path().join("*.json"), folder.path().join("named.yml")];
        let mut files = Files::default();
        let mut look = || shown(files.look(&RealDisk, &patterns, true));
        assert_eq!(look(), " named.yml: missing");
        write("a.json", r#"[{"targets": ["a:1", "a:2"], "labels": {"env": "x"}}]"#);
        write("named.yml", "- targets: [n:1]\n");
        assert_eq!(look(), "a:1x a:2x n:1 named.yml: fine");
        assert_eq!(look(), "nothing new");
        write("a.json", r#"[{"targets": ["a:3"]"#);
        assert_eq!(look(), "a:1x a:2x n:1 a.json: broken");
        write("b.json", r#"[{"targets": ["b:1"], "unknown": 1}]"#);
        assert_eq!(look(), "a:1x a:2x n:1 a.json: broken b.json: broken");
        write("a.json", r#"[{"targets": ["a:3"]}]"#);
        write("b.json", "[]");
        assert_eq!(look(), "a:3 n:1 a.json: fine b.json: fine");
        RealDisk.remove_file(&folder.path().join("a.json")).unwrap();
        assert_eq!(look(), "n:1 a.json: fine");
        let targets = read(&RealDisk, &folder.path().join("named.yml")).unwrap();
        assert!(targets[0].value("__meta_filepath").ends_with("/named.yml"));
    }
}
