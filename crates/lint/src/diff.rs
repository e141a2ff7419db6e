//! The difference between two texts, as `diff -u` shows it.

/// Lines around a change.
const CONTEXT: usize = 3;
/// How many lines are compared with how many: beyond it the differing middle is one change.
const MAX_CELLS: usize = 4_000_000;

/// The difference; empty when there is none.
pub fn unified(name: &str, before: &str, after: &str) -> String {
    if before == after {
        return String::new();
    }
    let (old, new): (Vec<&str>, Vec<&str>) = (before.split_inclusive('\n').collect(), after.split_inclusive('\n').collect());
    let steps = steps(&old, &new);
    let mut out = format!("--- {name}\n+++ {name}\n");
    let mut at = 0;
    while let Some(first) = steps[at..].iter().position(|step| step.0 != ' ').map(|found| at + found) {
        let begin = first.saturating_sub(CONTEXT).max(at);
        let mut end = first;
        // Changes with little between them are one hunk.
        while let Some(next) = steps[end + 1..].iter().take(2 * CONTEXT + 1).position(|step| step.0 != ' ') {
            end += next + 1;
        }
        let end = (end + CONTEXT + 1).min(steps.len());
        let count = |signs: &[char], range: std::ops::Range<usize>| steps[range].iter().filter(|step| signs.contains(&step.0)).count();
        let (from, to) = (count(&[' ', '-'], 0..begin), count(&[' ', '+'], 0..begin));
        let (length, new_length) = (count(&[' ', '-'], begin..end), count(&[' ', '+'], begin..end));
        let start = |before: usize, length: usize| if length == 0 { before } else { before + 1 };
        out.push_str(&format!("@@ -{},{length} +{},{new_length} @@\n", start(from, length), start(to, new_length)));
        for (sign, line) in &steps[begin..end] {
            out.push(*sign);
            out.push_str(line);
            if !line.ends_with('\n') {
                out.push_str("\n\\ No newline at end of file\n");
            }
        }
        at = end;
    }
    out
}

/// Each line with ` `, `-` or `+`.
fn steps<'a>(old: &[&'a str], new: &[&'a str]) -> Vec<(char, &'a str)> {
    let head = old.iter().zip(new).take_while(|(a, b)| a == b).count();
    let tail = old[head..].iter().rev().zip(new[head..].iter().rev()).take_while(|(a, b)| a == b).count();
    let (a, b) = (&old[head..old.len() - tail], &new[head..new.len() - tail]);
    let mut steps: Vec<(char, &str)> = old[..head].iter().map(|line| (' ', *line)).collect();
    if a.len().saturating_mul(b.len()) > MAX_CELLS {
        steps.extend(a.iter().map(|line| ('-', *line)).chain(b.iter().map(|line| ('+', *line))));
    } else {
        // The longest common subsequence, from the back.
        let width = b.len() + 1;
        let mut common = vec![0_u32; (a.len() + 1) * width];
        for i in (0..a.len()).rev() {
            for j in (0..b.len()).rev() {
                common[i * width + j] = if a[i] == b[j] {
                    common[(i + 1) * width + j + 1] + 1
                } else {
                    common[(i + 1) * width + j].max(common[i * width + j + 1])
                };
            }
        }
        let (mut i, mut j) = (0, 0);
        while i < a.len() || j < b.len() {
            if i < a.len() && j < b.len() && a[i] == b[j] {
                steps.push((' ', a[i]));
                (i, j) = (i + 1, j + 1);
            } else if i < a.len() && (j == b.len() || common[(i + 1) * width + j] >= common[i * width + j + 1]) {
                steps.push(('-', a[i]));
                i += 1;
            } else {
                steps.push(('+', b[j]));
                j += 1;
            }
        }
    }
    steps.extend(old[old.len() - tail..].iter().map(|line| (' ', *line)));
    steps
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
            "--- x\n+++ x\n@@ -1,1 +1,2 @@\n-a\n\\ No newline at end of file\n+a\n+b\n\\ No newline at end of file\n"
        );
    }
}
