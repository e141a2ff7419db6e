//! The founding document's blocks are test data; they stay what they were.

#![expect(clippy::disallowed_methods, reason = "the test reads the repository")]

use std::path::Path;

/// Everything beside the document itself is a piece of it, byte for byte.
#[test]
fn blocks_are_verbatim() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/strategy");
    let document = std::fs::read_to_string(folder.join("strategy.md")).expect("the document is there");
    let mut blocks = 0;
    for entry in std::fs::read_dir(&folder).expect("the folder is there") {
        let path = entry.expect("the folder is readable").path();
        let name = path.file_name().expect("files have names").to_string_lossy().into_owned();
        if !name.starts_with(|c: char| c.is_ascii_digit()) {
            continue;
        }
        let block = std::fs::read_to_string(&path).expect("blocks are texts");
        // Expressions that stand within a line there have a line of their own here.
        let found = document.contains(&format!("\n{block}```")) || document.contains(&format!("`{}`", block.trim_end()));
        assert!(found, "{name} is not a block of the document");
        blocks += 1;
    }
    assert_eq!(blocks, 20, "fourteen blocks, five indicators and a query");
}

/// Rows are numbered, and each names a line that is there.
#[test]
fn defects_have_their_places() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/strategy");
    let table = std::fs::read_to_string(folder.join("defects.md")).expect("the list is there");
    let (mut number, mut wrong) = (0, Vec::new());
    for row in table.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| #")) {
        number += 1;
        // A bar within a cell is written `\|`.
        let cells: Vec<String> = row.replace("\\|", "\u{0}").split('|').map(|cell| cell.trim().replace('\u{0}', "|")).collect();
        let [_, n, place, happens, mends, rule, _] = &cells[..] else {
            wrong.push(format!("{row}: {} cells", cells.len()));
            continue;
        };
        let (file, line) = place.trim_matches('`').split_once(':').unwrap_or_default();
        let lines = std::fs::read_to_string(folder.join(file)).map_or(0, |text| text.lines().count());
        let is_there = line.parse::<usize>().is_ok_and(|line| (1..=lines).contains(&line));
        let id = rule.trim_matches('`');
        let is_rule = id == "-" || id.split_once('/').is_some_and(|(of, name)| !of.is_empty() && !name.is_empty() && !id.contains(' '));
        if *n != number.to_string() || !is_there || !is_rule || happens.is_empty() || mends.is_empty() {
            wrong.push(row.to_owned());
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(number > 150, "{number} rows");
}
