//! The difference between two texts, as `diff -u` shows it.

use similar::TextDiff;

/// The difference with three lines around each change; empty when there is none.
pub fn unified(name: &str, before: &str, after: &str) -> String {
    TextDiff::from_lines(before, after).unified_diff().context_radius(3).header(name, name).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_are_shown() {
        let lines = |numbers: std::ops::Range<u32>| numbers.map(|n| format!("{n}\n")).collect::<String>();
        let before = lines(1..21);
        let after = before.replace("\n5\n", "\nfive\n").replace("18\n", "");
        insta::assert_snapshot!(unified("x.yaml", &before, &after), @r"
        --- x.yaml
        +++ x.yaml
        @@ -2,7 +2,7 @@
         2
         3
         4
        -5
        +five
         6
         7
         8
        @@ -15,6 +15,5 @@
         15
         16
         17
        -18
         19
         20
        ");
        assert_eq!(unified("x", "a\n", "a\n"), "");
        assert_eq!(
            unified("x", "a", "a\nb"),
            "--- x\n+++ x\n@@ -1 +1,2 @@\n-a\n\\ No newline at end of file\n+a\n+b\n\\ No newline at end of file\n"
        );
    }
}
