//! Configuration files that are right, and files that are wrong with what is said about them.

use phoenix_env::{Disk, RealDisk};
use phoenix_model::{Severity, Source};
use phoenix_server::config::{FileRole, Loaded, Overrides, load_with};
use proptest::prelude::*;
use std::fmt::Write;
use std::path::{Path, PathBuf};

const FOLDER: &str = "tests/config";

fn environment(name: &str) -> Option<String> {
    (name == "REGION").then(|| "us-east-1".to_owned())
}

fn load(path: &Path) -> Result<Loaded, Vec<phoenix_model::Diagnostic>> {
    load_with(path, &RealDisk, &Overrides::default(), &environment)
}

fn files(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(FOLDER).join(folder);
    let names = RealDisk.list(&folder).unwrap();
    names.into_iter().map(|name| folder.join(name)).filter(|path| path.extension().is_some_and(|e| e == "yaml")).collect()
}

fn in_words(diagnostics: &[phoenix_model::Diagnostic]) -> String {
    diagnostics.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

fn snapshot(name: &str, text: &str) {
    insta::with_settings!({prepend_module_to_snapshot => false, omit_expression => true, snapshot_path => "config/snapshots"}, {
        insta::assert_snapshot!(name.to_owned(), text);
    });
}

#[test]
fn wrong_files_are_refused_with_place_and_help() {
    let files = files("bad");
    assert!(files.len() >= 40, "only {} files", files.len());
    for path in files {
        let diagnostics = load(&path).expect_err(&format!("{} was taken as right", path.display()));
        assert!(diagnostics.iter().any(|d| d.severity == Severity::Error), "{}", path.display());
        assert!(diagnostics.iter().all(|d| d.position().is_some()), "{}: {diagnostics:?}", path.display());
        let stem = path.file_stem().unwrap().to_string_lossy().into_owned();
        snapshot(&format!("bad-{stem}"), &in_words(&diagnostics));
    }
}

#[test]
fn right_files_load() {
    for path in files("good") {
        let loaded = load(&path).unwrap_or_else(|d| panic!("{}:\n{}", path.display(), in_words(&d)));
        let mut text = String::new();
        let _ = writeln!(text, "{:#?}", loaded.settings);
        let _ = writeln!(text, "{:#?}", loaded.prometheus.global);
        for job in &loaded.scrape_configs {
            let _ = writeln!(
                text,
                "job {}: every {:?} within {:?}, {}, {:?}, {} static, {:?}",
                job.job_name,
                job.scrape_interval,
                job.scrape_timeout,
                job.metrics_path,
                job.scheme,
                job.static_configs.len(),
                job.limits
            );
        }
        for file in &loaded.files {
            let _ = writeln!(text, "file {:?} {}", file.role, file.path.display());
        }
        let _ = writeln!(text, "{}", in_words(&loaded.warnings));
        let stem = path.file_stem().unwrap().to_string_lossy().into_owned();
        snapshot(&format!("good-{stem}"), &text);
    }
}

#[test]
fn the_config_of_the_strategy_loads_as_it_stands() {
    let loaded = load(&Path::new(FOLDER).join("good/strategy-prometheus.yaml")).unwrap();
    let jobs: Vec<_> = loaded.scrape_configs.iter().map(|job| job.job_name.as_str()).collect();
    assert_eq!(jobs, ["phoenix-api", "otel-collectors", "postgres"]);
    let warnings: Vec<_> = loaded.warnings.iter().map(|w| (w.position().unwrap().0, w.message.split('`').nth(1).unwrap())).collect();
    assert_eq!(warnings, [(12, "kubernetes_sd_configs"), (27, "kubernetes_sd_configs"), (42, "remote_write")]);
}

#[test]
fn each_file_is_read_once_and_in_order() {
    let loaded = load(&Path::new(FOLDER).join("good/phoenix-all-sections.yaml")).unwrap();
    let rules: Vec<_> = loaded.rule_files.iter().map(|file| file.path.file_name().unwrap().to_str().unwrap()).collect();
    assert_eq!(rules, ["critical.yaml", "warning.yaml"]);
    let kinds: Vec<_> = loaded.files.iter().map(|file| file.role).collect();
    assert_eq!(kinds[..2], [FileRole::Phoenix, FileRole::Prometheus]);
    assert!(kinds.contains(&FileRole::Alertmanager) && kinds.contains(&FileRole::OnCall));
}

#[test]
fn secrets_are_not_shown() {
    let loaded = load(&Path::new(FOLDER).join("good/everything-prometheus-knows.yaml")).unwrap();
    let shown = loaded.shown_prometheus_config();
    let jobs: Vec<_> = loaded.scrape_configs.iter().map(|job| (&job.http, &job.http_sd_configs)).collect();
    let everything = format!("{shown}{jobs:?}{}", in_words(&loaded.warnings));
    let leaked: Vec<_> = (2..=8).map(|i| format!("hunter{i}")).filter(|secret| everything.contains(secret.as_str())).collect();
    assert!(leaked.is_empty(), "{leaked:?} in\n{everything}");
    assert!(shown.contains("password: <secret>"), "{shown}");
    assert!(phoenix_yaml::keys(&Source::new("shown", shown)).len() > 100, "what is shown is still YAML");
}

#[test]
fn an_error_shows_its_line_without_the_secret() {
    let folder = tempfile::tempdir().unwrap();
    for (text, hidden) in [
        ("scrape_configs:\n  - job_name: a\n    basic_auth: {password: hunter2, pasword: b}\n", "{password: *******, pasword: b}"),
        ("scrape_configs:\n  - job_name: a\n    bearer_token: [hunter2]\n", "bearer_token: [*******]"),
        ("scrape_configs:\n  - job_name: a\n    bearer_token: hunter2: hunter2\n", "bearer_token: ****************"),
    ] {
        let path = folder.path().join("p.yaml");
        RealDisk.write_atomic(&path, text.as_bytes()).unwrap();
        let said = in_words(&load(&path).expect_err(text));
        assert!(said.contains(hidden) && !said.contains("hunter2"), "{said}");
    }
}

#[test]
fn the_command_line_wins() {
    let overrides = Overrides { listen: Some("127.0.0.1:7777".parse().unwrap()), data_dir: Some("elsewhere".into()) };
    let loaded = load_with(&Path::new(FOLDER).join("good/phoenix-all-sections.yaml"), &RealDisk, &overrides, &environment).unwrap();
    assert_eq!(loaded.settings.listen.port(), 7777);
    assert_eq!(loaded.settings.data_dir, Path::new("elsewhere"));
    let remote = Overrides { listen: Some("0.0.0.0:9090".parse().unwrap()), data_dir: None };
    let refused = Loaded::without_files(&remote).expect_err("no authentication");
    assert!(refused[0].to_string().contains("allow_unauthenticated_remote"), "{}", refused[0]);
    assert_eq!(Loaded::without_files(&Overrides::default()).unwrap().retention(), Some(std::time::Duration::from_hours(15 * 24)));
}

fn good_texts() -> Vec<String> {
    files("good").iter().map(|path| String::from_utf8(RealDisk.read(path, 1 << 20).unwrap()).unwrap()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn mutated_files_never_panic(
        pick in any::<prop::sample::Index>(),
        edits in prop::collection::vec((any::<prop::sample::Index>(), 0_usize..30, "[-\\t\\n :#&*\\[\\]{}'\"a0ä|>?,!%@$]{0,6}"), 1..6),
    ) {
        let texts = good_texts();
        let mut text = texts[pick.index(texts.len())].clone();
        for (at, length, insert) in edits {
            let floor = |mut i: usize| { i = i.min(text.len()); while !text.is_char_boundary(i) { i -= 1; } i };
            let start = floor(at.index(text.len() + 1));
            let end = floor(start + length);
            text.replace_range(start..end, &insert);
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("p.yaml");
        RealDisk.write_atomic(&path, text.as_bytes()).unwrap();
        match load(&path) {
            Ok(loaded) => drop(loaded.files[0].shown()),
            Err(diagnostics) => {
                prop_assert!(diagnostics.iter().any(|d| d.severity == Severity::Error));
                for diagnostic in diagnostics {
                    if let Some(source) = &diagnostic.source {
                        prop_assert!(diagnostic.span.start <= diagnostic.span.end && diagnostic.span.end <= source.text.len());
                    }
                    prop_assert!(!diagnostic.to_string().is_empty());
                }
            }
        }
    }
}
