//! Reading the files that a configuration names.

use phoenix_env::Disk;
use phoenix_model::{Diagnostic, Source, Span};
use phoenix_yaml::{MAX_DOCUMENT_BYTES, Spanned};
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// The most files that one configuration may name.
const MAX_FILES: usize = 2_000;

/// What a file is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FileRole {
    /// `phoenix.yaml`.
    Phoenix,
    /// A Prometheus config.
    Prometheus,
    /// Further jobs.
    ScrapeConfigs,
    /// Rules.
    Rules,
    /// Alertmanager's config.
    Alertmanager,
    /// People, teams and schedules.
    OnCall,
    /// Modules of probes.
    Probes,
    /// Promtail's config: logs to collect.
    LogCollection,
    /// Which traces are kept.
    Sampling,
}

/// A file that was read.
#[derive(Debug, Clone)]
pub struct LoadedFile {
    /// Where it is, relative to the working folder or absolute.
    pub path: PathBuf,
    /// What it is for.
    pub role: FileRole,
    /// Its text, named as messages name it.
    pub source: Source,
}

impl LoadedFile {
    /// The folder that its relative paths start from.
    pub fn folder(&self) -> PathBuf {
        self.path.parent().unwrap_or(Path::new("")).to_owned()
    }

    /// Its text with every secret shown as `<secret>`.
    pub fn shown(&self) -> String {
        phoenix_yaml::redact(&self.source, is_secret)
    }
}

/// Whether the value of a key is a secret, in any of the formats that are read here.
pub(crate) fn is_secret(path: &str) -> bool {
    path == "state.database" || phoenix_ingest::config::is_secret(path)
}

/// Reads files and remembers them. A file that is named twice is read once and counts where it came first.
pub(super) struct Reader {
    files: Vec<LoadedFile>,
    seen: HashMap<(PathBuf, FileRole), usize>,
}

impl Reader {
    pub fn new() -> Self {
        Self { files: Vec::new(), seen: HashMap::new() }
    }

    pub fn into_files(self) -> Vec<LoadedFile> {
        self.files
    }

    pub fn set_role(&mut self, index: usize, role: FileRole) {
        self.files[index].role = role;
    }

    /// The file that the user named on the command line.
    pub fn read_first(&mut self, path: &Path, disk: &dyn Disk, diagnostics: &mut Vec<Diagnostic>) -> Option<LoadedFile> {
        match read(path, disk) {
            Ok(source) => Some(self.keep(path, FileRole::Phoenix, source)),
            Err(Unreadable::Missing(reason)) => {
                let diagnostic = Diagnostic::bare_error(reason).with_help("name a phoenix.yaml or a Prometheus config with `--config`");
                diagnostics.push(diagnostic);
                None
            }
            Err(Unreadable::NotText(diagnostic)) => {
                diagnostics.push(*diagnostic);
                None
            }
        }
    }

    /// A file that a line of `from` names.
    pub fn read_named(
        &mut self,
        name: &Spanned<String>,
        from: &Source,
        folder: &Path,
        role: FileRole,
        disk: &dyn Disk,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Option<LoadedFile> {
        if name.is_empty() {
            diagnostics.push(Diagnostic::error(from, name.span, "expected the path of a file, found nothing"));
            return None;
        }
        let path = folder.join(&name.value);
        self.read_at(&path, from, name.span, role, disk, diagnostics)
    }

    /// The files that the patterns match, sorted by name within each pattern; each file once.
    pub fn read_globs(
        &mut self,
        patterns: &[Spanned<String>],
        from: &Source,
        folder: &Path,
        role: FileRole,
        disk: &dyn Disk,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Vec<LoadedFile> {
        let mut files = Vec::new();
        for pattern in patterns {
            let whole = folder.join(&pattern.value);
            let name = whole.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            if !name.contains(['*', '?', '[']) {
                if !self.seen.contains_key(&(whole.clone(), role)) {
                    files.extend(self.read_named(pattern, from, folder, role, disk, diagnostics));
                }
                continue;
            }
            let parent = whole.parent().unwrap_or(Path::new("")).to_owned();
            let names = disk.list(if parent.as_os_str().is_empty() { Path::new(".") } else { &parent }).unwrap_or_default();
            let matching: Vec<String> = names.into_iter().filter(|candidate| matches(&name, candidate)).collect();
            if matching.is_empty() {
                diagnostics.push(Diagnostic::warning(from, pattern.span, format!("no file matches `{}`", pattern.value)).with_help(
                    format!("looked into {}", if parent.as_os_str().is_empty() { ".".into() } else { parent.display().to_string() }),
                ));
            }
            for candidate in matching {
                let path = parent.join(candidate);
                if !self.seen.contains_key(&(path.clone(), role)) {
                    files.extend(self.read_at(&path, from, pattern.span, role, disk, diagnostics));
                }
            }
        }
        files
    }

    fn read_at(
        &mut self,
        path: &Path,
        from: &Source,
        span: Span,
        role: FileRole,
        disk: &dyn Disk,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Option<LoadedFile> {
        if self.files.len() >= MAX_FILES {
            diagnostics.push(Diagnostic::error(from, span, format!("the configuration names more than the limit of {MAX_FILES} files")));
            return None;
        }
        match read(path, disk) {
            Ok(source) => Some(self.keep(path, role, source)),
            Err(Unreadable::NotText(diagnostic)) => {
                diagnostics.push(*diagnostic);
                None
            }
            Err(Unreadable::Missing(reason)) => {
                diagnostics.push(Diagnostic::error(from, span, reason).with_help("paths are relative to the file that names them"));
                None
            }
        }
    }

    fn keep(&mut self, path: &Path, role: FileRole, source: Source) -> LoadedFile {
        let file = LoadedFile { path: path.to_owned(), role, source };
        self.seen.insert((path.to_owned(), role), self.files.len());
        self.files.push(file.clone());
        file
    }
}

enum Unreadable {
    /// The disk's reason.
    Missing(String),
    /// It was read, and is not text.
    NotText(Box<Diagnostic>),
}

fn read(path: &Path, disk: &dyn Disk) -> Result<Source, Unreadable> {
    let name = path.display().to_string();
    let bytes = disk.read(path, MAX_DOCUMENT_BYTES as u64).map_err(|e| {
        let reason = if e.is_not_found() { "there is no such file".to_owned() } else { e.source.to_string() };
        Unreadable::Missing(format!("cannot read {name}: {reason}"))
    })?;
    String::from_utf8(bytes).map(|text| Source::new(name.as_str(), text)).map_err(|e| {
        let at = e.utf8_error().valid_up_to();
        let source = Source::new(name.as_str(), String::from_utf8_lossy(e.as_bytes()));
        let diagnostic = Diagnostic::error(&source, Span::new(at, at), "this byte is not UTF-8 text");
        Unreadable::NotText(Box::new(diagnostic.with_help("save the file in the encoding UTF-8")))
    })
}

/// Shell patterns within one part of a path: `*`, `?` and `[a-z]`. Names that begin with a dot are
/// matched like any other, as in Go.
pub(super) fn matches(pattern: &str, name: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let name: Vec<char> = name.chars().collect();
    // For each prefix of the pattern, the set of prefixes of the name that it matches.
    let mut reached = vec![false; name.len() + 1];
    reached[0] = true;
    let mut at = 0;
    while at < pattern.len() {
        let mut next = vec![false; name.len() + 1];
        let (takes, length): (Box<dyn Fn(char) -> bool>, usize) = match pattern[at] {
            '*' => {
                let first = reached.iter().position(|yes| *yes).unwrap_or(name.len() + 1);
                for slot in reached.iter_mut().skip(first) {
                    *slot = true;
                }
                at += 1;
                continue;
            }
            '?' => (Box::new(|_| true), 1),
            '[' => match class(&pattern[at..]) {
                Some((ranges, negated, length)) => {
                    (Box::new(move |c| ranges.iter().any(|(low, high)| (*low..=*high).contains(&c)) != negated), length)
                }
                None => (Box::new(|c| c == '['), 1),
            },
            literal => (Box::new(move |c| c == literal), 1),
        };
        for (i, c) in name.iter().enumerate() {
            next[i + 1] = reached[i] && takes(*c);
        }
        reached = next;
        at += length;
    }
    reached[name.len()]
}

type Class = (Vec<(char, char)>, bool, usize);

fn class(pattern: &[char]) -> Option<Class> {
    let end = pattern.iter().skip(2).position(|c| *c == ']')? + 2;
    let negated = matches!(pattern.get(1), Some('^' | '!'));
    let mut inside = pattern[if negated { 2 } else { 1 }..end].iter().copied().peekable();
    let mut ranges = Vec::new();
    while let Some(low) = inside.next() {
        if inside.peek() == Some(&'-') {
            inside.next();
            ranges.push((low, inside.next().unwrap_or('-')));
        } else {
            ranges.push((low, low));
        }
    }
    Some((ranges, negated, end + 1))
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn patterns_match_as_in_a_shell() {
        for (pattern, name, want) in [
            ("*.yaml", "a.yaml", true),
            ("*.yaml", ".yaml", true),
            ("*.yaml", "a.yml", false),
            ("a*b*c", "aXbYbc", true),
            ("a*b*c", "ac", false),
            ("?.y", "ä.y", true),
            ("?.y", ".y", false),
            ("[a-c]x", "bx", true),
            ("[^a-c]x", "bx", false),
            ("[!a-c]x", "dx", true),
            ("[", "[", true),
            ("**", "", true),
            ("", "a", false),
        ] {
            assert_eq!(matches(pattern, name), want, "{pattern} on {name}");
        }
    }
}
