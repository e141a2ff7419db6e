//! The files of `dashboards:`: one, those of a folder, or those that a pattern matches.

use super::files::matches;
use phoenix_env::{Disk, DiskError};
use phoenix_model::{Diagnostic, Source};
use phoenix_yaml::Spanned;
use std::collections::HashSet;
use std::path::{Path, PathBuf};

/// Files that all patterns together may name.
const MAX_FILES: usize = 5_000;
/// How deep below a pattern's fixed part files are looked for.
const MAX_DEPTH: usize = 16;
/// The last part of a pattern that names a folder alone.
const ALL_BELOW: [&str; 2] = ["**", "*.json"];

/// Where dashboards are looked for: a path, of which any part may hold `*`, `?` and `[a-z]`. A part `**` stands for any
/// number of folders. What begins with a dot is only found by a part without wildcards, since mounted folders
/// keep older copies under such names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DashboardPattern {
    /// The leading parts without wildcards.
    fixed: PathBuf,
    rest: Vec<String>,
    text: String,
}

/// A file that a pattern found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DashboardFile {
    /// Where it is.
    pub path: PathBuf,
    /// The folders between the pattern's fixed part and the file, outermost first.
    pub folders: Vec<String>,
}

/// What patterns found.
#[derive(Debug, Default)]
pub struct FoundDashboards {
    /// Each file once, in the order of patterns and by name within one.
    pub files: Vec<DashboardFile>,
    /// What could not be looked into.
    pub problems: Vec<String>,
    /// Folders of which is not known what they hold: what was found below them before is still there as far as anybody knows.
    pub unknown: Vec<PathBuf>,
    seen: HashSet<PathBuf>,
}

impl DashboardPattern {
    /// From a line of the configuration, relative to its folder.
    pub fn new(folder: &Path, text: &str) -> Self {
        let whole = folder.join(text);
        let mut fixed = PathBuf::new();
        let mut rest: Vec<String> = Vec::new();
        for part in whole.components() {
            let name = part.as_os_str().to_string_lossy();
            if rest.is_empty() && !name.contains(['*', '?', '[']) {
                fixed.push(part);
            } else {
                rest.push(name.into_owned());
            }
        }
        Self { fixed, rest, text: text.to_owned() }
    }

    fn find(&self, disk: &dyn Disk, found: &mut FoundDashboards) {
        let place = if self.fixed.as_os_str().is_empty() { Path::new(".") } else { &self.fixed };
        match disk.stat(place) {
            Ok(stat) if stat.is_folder => {
                let rest: Vec<&str> =
                    if self.rest.is_empty() { ALL_BELOW.to_vec() } else { self.rest.iter().map(String::as_str).collect() };
                walk(disk, &self.fixed, &rest, &mut Vec::new(), found);
            }
            Ok(_) if self.rest.is_empty() => found.add(&self.fixed, &[]),
            Ok(_) => found.problems.push(format!("`{}`: {} is not a folder", self.text, place.display())),
            Err(error) => found.fail(place, &error),
        }
    }
}

impl FoundDashboards {
    /// All files of all patterns.
    pub fn look(disk: &dyn Disk, patterns: &[DashboardPattern]) -> Self {
        let mut found = Self::default();
        for pattern in patterns {
            pattern.find(disk, &mut found);
        }
        if found.files.len() > MAX_FILES {
            let left_out = &found.files[MAX_FILES].path;
            let message = format!(
                "`dashboards` names more than the limit of {MAX_FILES} files: {} and those behind it are left out",
                left_out.display()
            );
            found.problems.push(message);
            found.files.truncate(MAX_FILES);
        }
        found
    }

    fn add(&mut self, path: &Path, folders: &[String]) {
        // One more than the limit tells that it is hit.
        if self.files.len() <= MAX_FILES && self.seen.insert(path.to_owned()) {
            self.files.push(DashboardFile { path: path.to_owned(), folders: folders.to_vec() });
        }
    }

    fn fail(&mut self, place: &Path, error: &DiskError) {
        self.problems.push(error.to_string());
        if !error.is_not_found() {
            self.unknown.push(place.to_owned());
        }
    }
}

/// Finds what `rest` matches below `place`. A folder counts as one of the UI's wherever a pattern stands for its name.
fn walk(disk: &dyn Disk, place: &Path, rest: &[&str], folders: &mut Vec<String>, found: &mut FoundDashboards) {
    let Some((part, behind)) = rest.split_first() else { return };
    if folders.len() > MAX_DEPTH {
        found.problems.push(format!("{} is deeper than the limit of {MAX_DEPTH} folders and is left out", place.display()));
        return;
    }
    if *part == "**" {
        // `**` at the end means every file below, as a folder alone does.
        let behind = if behind.is_empty() { &ALL_BELOW[1..] } else { behind };
        walk(disk, place, behind, folders, found);
    }
    let listed = if place.as_os_str().is_empty() { Path::new(".") } else { place };
    let names = match disk.list(listed) {
        Ok(names) => names,
        Err(error) => return found.fail(listed, &error),
    };
    let literal = !part.contains(['*', '?', '[']);
    for name in names {
        if if literal { name != *part } else { name.starts_with('.') || !matches(part, &name) } {
            continue;
        }
        let path = place.join(&name);
        let Ok(stat) = disk.stat(&path) else { continue };
        match (stat.is_folder, *part == "**", behind.is_empty()) {
            (true, true, _) => descend(disk, &path, rest, &name, folders, found),
            (true, false, false) => descend(disk, &path, behind, &name, folders, found),
            (false, false, true) if stat.is_file => found.add(&path, folders),
            _ => {}
        }
    }
}

fn descend(disk: &dyn Disk, path: &Path, rest: &[&str], name: &str, folders: &mut Vec<String>, found: &mut FoundDashboards) {
    folders.push(name.to_owned());
    walk(disk, path, rest, folders, found);
    folders.pop();
}

/// The patterns of a configuration. A path that leads nowhere is an error, a pattern that matches nothing a warning.
pub(super) fn read(
    lines: &[Spanned<String>],
    source: &Source,
    folder: &Path,
    disk: &dyn Disk,
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<DashboardPattern> {
    let mut patterns = Vec::new();
    for line in lines {
        if line.is_empty() {
            diagnostics.push(Diagnostic::error(source, line.span, "expected the path of dashboards, found nothing"));
            continue;
        }
        let pattern = DashboardPattern::new(folder, &line.value);
        let found = FoundDashboards::look(disk, std::slice::from_ref(&pattern));
        if pattern.rest.is_empty() && !disk.exists(&pattern.fixed) {
            let message = format!("cannot read {}: there is no such file or folder", pattern.fixed.display());
            diagnostics.push(Diagnostic::error(source, line.span, message).with_help("paths are relative to the file that names them"));
        } else if found.files.is_empty() {
            let warning = Diagnostic::warning(source, line.span, format!("no file matches `{}`", line.value));
            diagnostics.push(warning.with_help(format!("looked into {}; files that come later are found", pattern.fixed.display())));
        }
        patterns.push(pattern);
    }
    patterns
}

#[cfg(test)]
mod tests {
    use super::*;
    use phoenix_env::RealDisk;

    #[test]
    fn patterns_find_files_and_their_folders() {
        let dir = tempfile::tempdir().unwrap();
        for path in ["a.json", "b.txt", "infra/c.json", "infra/db/d.json", "web/e.json", "web/.old/f.json", "..data/g.json", ".h.json"] {
            let path = dir.path().join(path);
            RealDisk.create_dir_all(path.parent().unwrap()).unwrap();
            RealDisk.write_atomic(&path, b"{}").unwrap();
        }
        for (pattern, want) in [
            ("", "a.json infra/c.json@infra infra/db/d.json@infra>db web/e.json@web"),
            (".", "a.json infra/c.json@infra infra/db/d.json@infra>db web/e.json@web"),
            ("**", "a.json infra/c.json@infra infra/db/d.json@infra>db web/e.json@web"),
            ("*.json", "a.json"),
            ("*", "a.json b.txt"),
            ("*/*.json", "infra/c.json@infra web/e.json@web"),
            ("**/*.json", "a.json infra/c.json@infra infra/db/d.json@infra>db web/e.json@web"),
            ("**/d*", "infra/db/d.json@infra>db"),
            ("infra", "infra/c.json infra/db/d.json@db"),
            ("infra/**/*.json", "infra/c.json infra/db/d.json@db"),
            ("*/db/*.json", "infra/db/d.json@infra>db"),
            ("w[a-f]b/e.json", "web/e.json@web"),
            ("b.txt", "b.txt"),
            ("..data/*.json", "..data/g.json"),
            ("**/nothing.json", ""),
        ] {
            let found = FoundDashboards::look(&RealDisk, &[DashboardPattern::new(dir.path(), pattern)]);
            let told: Vec<String> = found
                .files
                .iter()
                .map(|file| {
                    let path = file.path.strip_prefix(dir.path()).unwrap().display().to_string();
                    if file.folders.is_empty() { path } else { format!("{path}@{}", file.folders.join(">")) }
                })
                .collect();
            assert_eq!((told.join(" ").as_str(), found.problems), (want, vec![]), "{pattern}");
        }
        let both = [DashboardPattern::new(dir.path(), "a.json"), DashboardPattern::new(dir.path(), "*.json")];
        assert_eq!(FoundDashboards::look(&RealDisk, &both).files.len(), 1, "each file once");
        let missing = FoundDashboards::look(&RealDisk, &[DashboardPattern::new(dir.path(), "none/*.json")]);
        assert!(missing.problems[0].contains("none") && missing.unknown.is_empty(), "{missing:?}");
    }
}
