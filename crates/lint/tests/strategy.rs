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
