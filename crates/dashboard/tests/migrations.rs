//! Dashboards of many versions, each brought into the newest form: `migrate/NAME.in.json` beside its snapshot.

#![expect(clippy::disallowed_methods, reason = "the test reads files of the repository")]

use phoenix_dashboard::{Read, ReadOptions, read, read_value};
use std::path::{Path, PathBuf};

fn inputs() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/migrate");
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).expect("the folder is there").map(|entry| entry.expect("it lists").path()).collect();
    files.retain(|path| path.to_string_lossy().ends_with(".in.json"));
    files.sort();
    let name = |path: &Path| path.file_name().expect("it has one").to_string_lossy().trim_end_matches(".in.json").to_owned();
    files.iter().map(|path| (name(path), std::fs::read_to_string(path).expect("it can be read"))).collect()
}

fn of(name: &str, text: &str) -> Read {
    read(text, &ReadOptions::default()).unwrap_or_else(|error| panic!("{name}: {error}"))
}

#[test]
fn every_version_becomes_the_newest() {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("migrate");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| {
        for (name, text) in inputs() {
            let read = of(&name, &text);
            insta::assert_json_snapshot!(name, serde_json::json!({"dashboard": read.dashboard.json(), "report": read.report}));
        }
    });
}

#[test]
fn what_is_newest_stays_as_it_is() {
    for (name, text) in inputs() {
        let first = of(&name, &text);
        let again = read_value(first.dashboard.export(), &ReadOptions::default()).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(again.dashboard, first.dashboard, "{name}");
    }
}
