//! `docs/reference/command-line.md` is what `--help` says. `UPDATE_DOCS=1` writes it anew.

#![expect(clippy::disallowed_methods, reason = "the test reads and writes a file of the repository")]

use std::fmt::Write;
use std::path::Path;
use std::process::Command;

/// Every command, in the order of `phoenix --help`.
const COMMANDS: [&[&str]; 18] = [
    &[],
    &["serve"],
    &["demo"],
    &["demo", "fault"],
    &["check"],
    &["import"],
    &["import", "grafana"],
    &["query"],
    &["incident"],
    &["incident", "list"],
    &["incident", "show"],
    &["incident", "ack"],
    &["incident", "resolve"],
    &["test-notify"],
    &["test"],
    &["test", "pipeline"],
    &["test", "sampling"],
    &["completions"],
];

const INTRODUCTION: &str = "# Command line

This page is generated from the help texts; `phoenix help <command>` shows the same.
A flag wins over its environment variable, and that over the file.

| exit code | means |
|---|---|
| 0 | done |
| 1 | the answer is no: errors were found, the query failed |
| 2 | wrong usage |
| 3 | the server can't be reached |
| 4 | Phoenix can't start |

Results go to standard output, errors and warnings to standard error. With `--json` both are JSON.
";

/// The help of a command, without anything from whoever runs the tests.
fn help(command: &[&str]) -> String {
    let mut program = Command::new(env!("CARGO_BIN_EXE_phoenix"));
    for name in ["PHOENIX_CONFIG", "PHOENIX_DATA_DIR", "PHOENIX_LISTEN", "PHOENIX_LOG", "PHOENIX_URL", "USER", "COLUMNS"] {
        program.env_remove(name);
    }
    let output = program.args(command).arg("--help").output().expect("the program runs");
    assert!(output.status.success(), "{command:?} has no help: {}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("help is text");
    text.lines().map(|line| format!("{}\n", line.trim_end())).collect::<String>().trim().to_owned()
}

/// The commands that a help text lists, apart from `help`.
fn listed(help: &str) -> Vec<String> {
    let commands = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    commands.filter_map(|line| line.split_whitespace().next()).filter(|name| *name != "help").map(str::to_owned).collect()
}

#[test]
fn the_page_says_what_the_help_says() {
    let mut page = INTRODUCTION.to_owned();
    for command in COMMANDS {
        let help = help(command);
        for below in listed(&help) {
            let full: Vec<&str> = command.iter().copied().chain([below.as_str()]).collect();
            assert!(COMMANDS.contains(&full.as_slice()), "`phoenix {}` is missing in COMMANDS", full.join(" "));
        }
        let name = ["phoenix"].iter().chain(command).copied().collect::<Vec<_>>().join(" ");
        write!(page, "\n## {name}\n\n```\n{help}\n```\n").expect("writing to a string");
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference/command-line.md");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, &page).expect("the page can be written");
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(written == page, "docs/reference/command-line.md is out of date: run this test with UPDATE_DOCS=1\n{page}");
}
