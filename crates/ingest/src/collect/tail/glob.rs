//! Patterns of paths, as Promtail's `__path__` takes them: `*` and `?` within a name, `[a-z]`, `{a,b}`, and
//! `**` for any number of folders.

use phoenix_env::Disk;
use std::path::{Path, PathBuf};

/// Files that one pattern may match.
pub(super) const MATCHES_LIMIT: usize = 10_000;
/// Folders that are looked into for one pattern.
const FOLDERS_LIMIT: usize = 10_000;
/// Folders within each other, so that links that lead in a circle end.
const DEPTH_LIMIT: usize = 64;
/// Alternatives that `{a,b}` may make.
const ALTERNATIVES_LIMIT: usize = 100;

/// A pattern of absolute paths.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Glob {
    alternatives: Vec<Vec<String>>,
}

/// What a look brought.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Matches {
    /// Files and what else has a matching name, sorted.
    pub(super) paths: Vec<PathBuf>,
    /// The limit that was hit.
    pub(super) limit: Option<String>,
}

impl Glob {
    /// A relative pattern is relative to `folder`.
    pub(super) fn new(pattern: &str, folder: &Path) -> Self {
        let whole = if pattern.starts_with('/') { pattern.to_owned() } else { format!("{}/{pattern}", folder.display()) };
        Self { alternatives: expand_braces(&whole).iter().map(|pattern| split(pattern)).collect() }
    }

    /// Whether a path fits.
    pub(super) fn matches(&self, path: &Path) -> bool {
        let text = path.to_string_lossy();
        let names: Vec<&str> = text.split('/').filter(|part| !part.is_empty()).collect();
        self.alternatives.iter().any(|parts| parts_match(parts, &names))
    }

    /// Looks for what fits.
    pub(super) fn look(&self, disk: &dyn Disk) -> Matches {
        let mut matches = Matches::default();
        let mut folders = 0;
        for parts in &self.alternatives {
            walk(disk, PathBuf::from("/"), parts, &mut matches, &mut folders);
        }
        matches.paths.sort();
        matches.paths.dedup();
        matches
    }
}

fn expand_braces(text: &str) -> Vec<String> {
    let mut alternatives = vec![String::new()];
    let mut rest = text;
    while let Some((before, tail)) = rest.split_once('{')
        && let Some((choices, after)) = tail.split_once('}')
    {
        let heads = std::mem::take(&mut alternatives);
        let all = heads.iter().flat_map(|head| choices.split(',').map(move |choice| format!("{head}{before}{choice}")));
        alternatives = all.take(ALTERNATIVES_LIMIT).collect();
        rest = after;
    }
    for one in &mut alternatives {
        one.push_str(rest);
    }
    alternatives
}

/// The names of a pattern; `**` twice in a row is as good as once.
fn split(pattern: &str) -> Vec<String> {
    let mut parts: Vec<String> = pattern.split('/').filter(|part| !part.is_empty() && *part != ".").map(str::to_owned).collect();
    parts.dedup_by(|a, b| a == "**" && b == "**");
    parts
}

fn walk(disk: &dyn Disk, at: PathBuf, parts: &[String], matches: &mut Matches, folders: &mut usize) {
    if matches.limit.is_some() || at.components().count() > DEPTH_LIMIT {
        return;
    }
    let Some((part, rest)) = parts.split_first() else {
        if matches.paths.len() >= MATCHES_LIMIT {
            matches.limit = Some(format!("the pattern matches more than {MATCHES_LIMIT} files; only these are followed"));
        } else {
            matches.paths.push(at);
        }
        return;
    };
    if !part.contains(['*', '?', '[', '\\']) {
        let next = at.join(part);
        if disk.exists(&next) {
            walk(disk, next, rest, matches, folders);
        }
        return;
    }
    *folders += 1;
    if *folders > FOLDERS_LIMIT {
        matches.limit = Some(format!("the pattern leads into more than {FOLDERS_LIMIT} folders; the others are left out"));
        return;
    }
    let Ok(names) = disk.list(&at) else { return };
    if part == "**" {
        walk(disk, at.clone(), rest, matches, folders);
        for name in names {
            let next = at.join(&name);
            if disk.stat(&next).is_ok_and(|stat| stat.is_folder) {
                walk(disk, next, parts, matches, folders);
            }
        }
        return;
    }
    for name in names.iter().filter(|name| name_matches(part, name)) {
        let next = at.join(name);
        if rest.is_empty() || disk.stat(&next).is_ok_and(|stat| stat.is_folder) {
            walk(disk, next, rest, matches, folders);
        }
    }
}

fn parts_match(parts: &[String], names: &[&str]) -> bool {
    match (parts.split_first(), names.split_first()) {
        (None, None) => true,
        (Some((part, rest)), _) if part == "**" => {
            parts_match(rest, names) || names.split_first().is_some_and(|(_, names)| parts_match(parts, names))
        }
        (Some((part, rest)), Some((name, names))) => name_matches(part, name) && parts_match(rest, names),
        _ => false,
    }
}

/// Whether a name fits a pattern without folders. Goes back to the last `*` only, so it takes linear space and at
/// most quadratic time.
fn name_matches(pattern: &str, name: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let name: Vec<char> = name.chars().collect();
    let (mut p, mut n) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while n < name.len() {
        if pattern.get(p) == Some(&'*') {
            star = Some((p, n));
            p += 1;
            continue;
        }
        if let Some(used) = one_matches(&pattern[p..], name[n]) {
            p += used;
            n += 1;
            continue;
        }
        let Some((star_p, star_n)) = star else { return false };
        p = star_p + 1;
        n = star_n + 1;
        star = Some((star_p, n));
    }
    pattern[p..].iter().all(|c| *c == '*')
}

/// Whether a pattern's first element fits a character, and how much of the pattern that is.
fn one_matches(pattern: &[char], c: char) -> Option<usize> {
    match pattern.first()? {
        '?' => Some(1),
        '\\' => (*pattern.get(1)? == c).then_some(2),
        '[' => {
            let end = 1 + pattern[1..].iter().position(|c| *c == ']')?;
            let (negated, set) = match pattern[1..end].split_first() {
                Some(('!' | '^', set)) => (true, set),
                _ => (false, &pattern[1..end]),
            };
            let mut found = false;
            let mut i = 0;
            while i < set.len() {
                if i + 2 < set.len() && set[i + 1] == '-' {
                    found |= (set[i]..=set[i + 2]).contains(&c);
                    i += 3;
                } else {
                    found |= set[i] == c;
                    i += 1;
                }
            }
            (found != negated).then_some(end + 1)
        }
        literal => (*literal == c).then_some(1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use phoenix_env::{OpenMode, SimDisk};
    use proptest::prelude::*;

    #[test]
    fn patterns_find_files() {
        let disk = SimDisk::new(1);
        for path in ["/l/a.log", "/l/b.log", "/l/b.txt", "/l/x/c.log", "/l/x/y/d.log", "/l/[z].log"] {
            disk.create_dir_all(Path::new(path).parent().unwrap()).unwrap();
            disk.open(Path::new(path), OpenMode::Create).unwrap();
        }
        for (pattern, want) in [
            ("/l/*.log", "/l/[z].log /l/a.log /l/b.log"),
            ("/l/**/*.log", "/l/[z].log /l/a.log /l/b.log /l/x/c.log /l/x/y/d.log"),
            ("/l/{a,b}.{log,txt}", "/l/a.log /l/b.log /l/b.txt"),
            ("/l/?.log", "/l/a.log /l/b.log"),
            ("/l/[a-a].log", "/l/a.log"),
            ("/l/[!a].log", "/l/b.log"),
            ("/l/x/*/d.log", "/l/x/y/d.log"),
            ("a.log", "/l/a.log"),
            ("./x/c.log", "/l/x/c.log"),
            ("/none/*.log", ""),
            ("/l/\\[z\\].log", "/l/[z].log"),
            ("/l/\\[z*.log", "/l/[z].log"),
        ] {
            let glob = Glob::new(pattern, Path::new("/l"));
            let found: Vec<String> = glob.look(&disk).paths.iter().map(|p| p.display().to_string()).collect();
            assert_eq!(found.join(" "), want, "{pattern}");
            assert!(found.iter().all(|path| glob.matches(Path::new(path))), "{pattern}");
        }
        assert!(Glob::new("/l/**/d.log", Path::new("/")).matches(Path::new("/l/d.log")));
        assert!(!Glob::new("/l/*/d.log", Path::new("/")).matches(Path::new("/l/d.log")));
    }

    proptest! {
        #[test]
        fn arbitrary_patterns_never_panic(pattern in "[a*?\\[\\]{},!/\\\\-]{0,20}", path in "[a/\\[-]{0,20}") {
            Glob::new(&pattern, Path::new("/")).matches(Path::new(&path));
        }
    }
}
