//! `phoenix check`.

use crate::args::Check;
use crate::exit::{Failure, NO};
use phoenix_env::RealDisk;
use phoenix_model::Severity;
use phoenix_server::check::{Checked, check_file};
use serde_json::json;
use std::path::Path;

pub(crate) fn run(arguments: &Check, json_output: bool) -> Result<(), Failure> {
    let checked: Vec<(&Path, Checked)> = arguments.files.iter().map(|file| (file.as_path(), check_file(file, &RealDisk))).collect();
    let all = || checked.iter().flat_map(|(_, c)| &c.diagnostics);
    let count = |severity| all().filter(|d| d.severity == severity).count();
    let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
    if json_output {
        let files: Vec<_> = checked
            .iter()
            .map(|(file, c)| json!({"file": file, "kind": c.kind, "content": c.content, "ok": c.is_ok(), "diagnostics": c.diagnostics}))
            .collect();
        println!("{}", json!({"files": files, "errors": errors, "warnings": warnings}));
    } else {
        for diagnostic in all() {
            eprintln!("{}", crate::draw::diagnostic(diagnostic));
        }
        for (file, c) in &checked {
            let verdict = if c.is_ok() { format!("ok, {} ({})", c.kind, c.content) } else { format!("has errors, {}", c.kind) };
            println!("{}: {verdict}", file.display());
        }
    }
    if errors > 0 || (arguments.strict && warnings > 0) {
        let plural = |n: usize, word: &str| format!("{n} {word}{}", if n == 1 { "" } else { "s" });
        let found = format!("{} and {} in {}", plural(errors, "error"), plural(warnings, "warning"), plural(checked.len(), "file"));
        return Err(Failure::new(NO, found));
    }
    Ok(())
}
