//! What notifications say: the data that templates see, and our own texts under Alertmanager's names.

mod data;

pub(crate) use data::GO_ZERO_MS;
pub use data::{AlertData, Data, go_time};

use phoenix_env::{SharedClock, SharedDisk};
use phoenix_template::{Functions, TemplateError, TemplateSet};
use std::path::{Path, PathBuf};

const DEFAULTS: &str = include_str!("default.tmpl");
const DEFAULT_MAIL: &str = include_str!("email.tmpl");

/// The most bytes that one template file may have.
const MAX_FILE_BYTES: u64 = 1 << 20;
/// The most files that one pattern may name.
const MAX_FILES: usize = 1_000;

/// The built-in templates, and those of the user in their place or beside them.
pub fn load(patterns: &[PathBuf], disk: &SharedDisk, clock: &SharedClock) -> Result<TemplateSet, String> {
    let clock = clock.clone();
    let mut set = TemplateSet::new(Functions::alertmanager(move || clock.now_ms()));
    for (name, text) in [("default.tmpl", DEFAULTS), ("email.tmpl", DEFAULT_MAIL)] {
        set.add(name, text).map_err(|e| format!("the built-in {e}"))?;
    }
    for pattern in patterns {
        for path in expand(pattern, disk)? {
            let bytes = disk.read(&path, MAX_FILE_BYTES).map_err(|e| e.to_string())?;
            let text = String::from_utf8(bytes).map_err(|_| format!("{} is not UTF-8", path.display()))?;
            let name = path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned());
            set.add(&name, &text).map_err(|e: TemplateError| format!("{}: {e}", path.display()))?;
        }
    }
    Ok(set)
}

/// The files that a pattern names: `*` in the last component stands for any characters.
fn expand(pattern: &Path, disk: &SharedDisk) -> Result<Vec<PathBuf>, String> {
    let last = pattern.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    if !last.contains(['*', '?']) {
        return Ok(vec![pattern.to_owned()]);
    }
    let folder = pattern.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if !disk.exists(folder) {
        return Ok(Vec::new());
    }
    let names = disk.list(folder).map_err(|e| e.to_string())?;
    let found: Vec<PathBuf> =
        names.iter().filter(|name| wildcard(last.as_bytes(), name.as_bytes())).map(|name| folder.join(name)).collect();
    if found.len() > MAX_FILES {
        return Err(format!("{} names {} files, the limit is {MAX_FILES}", pattern.display(), found.len()));
    }
    Ok(found)
}

fn wildcard(pattern: &[u8], name: &[u8]) -> bool {
    match (pattern.split_first(), name.split_first()) {
        (None, None) => true,
        (Some((b'*', rest)), _) => wildcard(rest, name) || (!name.is_empty() && wildcard(pattern, &name[1..])),
        (Some((p, pattern)), Some((n, name))) => (*p == b'?' || p == n) && wildcard(pattern, name),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards() {
        for (pattern, name, want) in
            [("*.tmpl", "a.tmpl", true), ("*.tmpl", "a.tmp", false), ("a?c*", "abcd", true), ("a?c", "ac", false), ("*", "", true)]
        {
            assert_eq!(wildcard(pattern.as_bytes(), name.as_bytes()), want, "{pattern} {name}");
        }
    }
}
