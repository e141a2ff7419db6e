//! Texts that a line must have for a regular expression to match.

use regex_syntax::hir::{Class, Hir, HirKind};

/// Texts one of which must be there. More than this are no help.
const MOST: usize = 32;
/// Texts of an expression that matches nothing else: then lines need not be put together.
const MOST_EXACT: usize = 256;
/// Groups of texts that are kept of one expression.
const GROUPS: usize = 3;

/// What is known about the lines that an expression matches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Required {
    /// Of each group at least one text is in the line.
    pub(super) groups: Vec<Vec<Vec<u8>>>,
    /// Whether a line that has a text of each group matches; then there is one group.
    pub(super) exact: bool,
    /// Whether a match depends on the matched text alone and not on what stands around it.
    pub(super) local: bool,
}

/// Looks at an expression. Its flags are those that stand in its text.
pub(super) fn required(expression: &str) -> Required {
    let Ok(hir) = regex_syntax::parse(expression) else {
        return Required { groups: Vec::new(), exact: false, local: false };
    };
    let local = hir.properties().look_set().is_empty();
    if let Some(texts) = whole(&hir, MOST) {
        return Required { groups: vec![texts], exact: true, local };
    }
    let mut groups = Vec::new();
    collect(&hir, &mut groups);
    Required { groups: best(groups), exact: false, local }
}

/// All texts that an expression matches, where they are too many to be looked for in a segment of
/// many patterns.
pub(super) fn exactly(expression: &str) -> Option<Required> {
    let hir = regex_syntax::parse(expression).ok()?;
    let texts = whole(&hir, MOST_EXACT).filter(|texts| texts.len() > MOST)?;
    Some(Required { groups: vec![texts], exact: true, local: true })
}

/// The groups with the longest texts.
fn best(mut groups: Vec<Vec<Vec<u8>>>) -> Vec<Vec<Vec<u8>>> {
    let weakest = |group: &Vec<Vec<u8>>| group.iter().map(Vec::len).min().unwrap_or(0);
    // Any of many single characters is in nearly every line.
    groups.retain(|group| weakest(group) > 1 || (weakest(group) == 1 && group.len() <= 4));
    groups.sort_by_key(|group| std::cmp::Reverse((weakest(group), MOST - group.len().min(MOST))));
    groups.truncate(GROUPS);
    groups
}

/// All texts that an expression matches, if they are few.
fn whole(hir: &Hir, most: usize) -> Option<Vec<Vec<u8>>> {
    match hir.kind() {
        HirKind::Empty => Some(vec![Vec::new()]),
        HirKind::Literal(literal) => Some(vec![literal.0.to_vec()]),
        HirKind::Class(Class::Unicode(class)) => {
            let mut texts = Vec::new();
            for range in class.ranges() {
                for character in range.start()..=range.end() {
                    if texts.len() == most {
                        return None;
                    }
                    texts.push(character.to_string().into_bytes());
                }
            }
            (!texts.is_empty()).then_some(texts)
        }
        HirKind::Capture(capture) => whole(&capture.sub, most),
        HirKind::Concat(parts) => {
            let mut texts = vec![Vec::new()];
            for part in parts {
                texts = product(&texts, &whole(part, most)?, most)?;
            }
            Some(texts)
        }
        HirKind::Alternation(parts) => {
            let mut texts = Vec::new();
            for part in parts {
                texts.extend(whole(part, most)?);
                if texts.len() > most {
                    return None;
                }
            }
            Some(texts)
        }
        HirKind::Repetition(repetition) if repetition.max == Some(repetition.min) && repetition.min <= 8 => {
            let once = whole(&repetition.sub, most)?;
            (0..repetition.min).try_fold(vec![Vec::new()], |texts, _| product(&texts, &once, most))
        }
        HirKind::Class(Class::Bytes(_)) | HirKind::Look(_) | HirKind::Repetition(_) => None,
    }
}

fn product(left: &[Vec<u8>], right: &[Vec<u8>], most: usize) -> Option<Vec<Vec<u8>>> {
    (left.len() * right.len() <= most).then(|| left.iter().flat_map(|l| right.iter().map(move |r| [l.as_slice(), r].concat())).collect())
}

/// Adds groups of texts that must be there.
fn collect(hir: &Hir, groups: &mut Vec<Vec<Vec<u8>>>) {
    if let Some(texts) = whole(hir, MOST) {
        return groups.push(texts);
    }
    match hir.kind() {
        HirKind::Capture(capture) => collect(&capture.sub, groups),
        HirKind::Repetition(repetition) if repetition.min > 0 => collect(&repetition.sub, groups),
        HirKind::Concat(parts) => {
            let mut run = vec![Vec::new()];
            for part in parts {
                if let Some(texts) = whole(part, MOST) {
                    if let Some(longer) = product(&run, &texts, MOST) {
                        run = longer;
                    } else {
                        groups.push(std::mem::replace(&mut run, texts));
                    }
                    continue;
                }
                groups.push(std::mem::replace(&mut run, vec![Vec::new()]));
                collect(part, groups);
            }
            groups.push(run);
        }
        HirKind::Alternation(parts) => {
            let mut union = Vec::new();
            for part in parts {
                let mut theirs = Vec::new();
                collect(part, &mut theirs);
                let Some(group) = best(theirs).into_iter().next() else { return };
                union.extend(group);
            }
            if union.len() <= MOST {
                groups.push(union);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn texts_that_must_be_there() {
        for (expression, groups, exact) in [
            ("error", vec![vec!["error"]], true),
            ("error|warn", vec![vec!["error", "warn"]], true),
            ("a[bc]{2}", vec![vec!["abb", "abc", "acb", "acc"]], true),
            ("(?i)no", vec![vec!["NO", "No", "nO", "no"]], true),
            ("took [0-9]+ms", vec![vec!["took "], vec!["ms"]], false),
            ("^level=(err|warn)$", vec![vec!["level=err", "level=warn"]], false),
            ("(foo)+bar?", vec![vec!["foo"], vec!["ba"]], false),
            ("a.*|b", vec![vec!["a", "b"]], false),
            (".*", vec![], false),
            ("a*|b", vec![], false),
        ] {
            let required = required(expression);
            let texts: Vec<Vec<String>> = required
                .groups
                .iter()
                .map(|group| {
                    let mut group: Vec<String> = group.iter().map(|t| String::from_utf8(t.clone()).unwrap()).collect();
                    group.sort();
                    group
                })
                .collect();
            assert_eq!(
                (texts, required.exact),
                (groups.iter().map(|g| g.iter().map(|t| (*t).to_owned()).collect()).collect(), exact),
                "{expression}"
            );
        }
    }

    #[test]
    fn many_texts_are_exact_too() {
        assert_eq!(exactly("status=5[0-9]{2}").unwrap().groups[0].len(), 100);
        assert_eq!(exactly("(?i)timeout").unwrap().groups[0].len(), 128);
        for expression in ["error", "^[0-9]{2}", "[0-9]{3}", "a.", "("] {
            assert_eq!(exactly(expression), None, "{expression}");
        }
    }

    proptest! {
        #[test]
        fn a_line_that_matches_has_the_texts(expression in "(\\(\\?i\\))?[abk.]{0,3}(\\(a|b[bk]\\)|\\(\\?:k\\.\\*|ab\\)|\\[ab\\]|\\^|\\\\b)?[abk]{0,2}[*+?]?[ab]{0,4}", lines in proptest::collection::vec("[abkAK \u{212a}]{0,10}", 20)) {
            let Ok(regex) = regex::Regex::new(&expression) else { return Ok(()) };
            let required = required(&expression);
            for line in &lines {
                let has = required.groups.iter().all(|group| group.iter().any(|text| memchr::memmem::find(line.as_bytes(), text).is_some()));
                let matches = regex.is_match(line);
                prop_assert!(has || !matches, "{expression:?} {line:?} {required:?}");
                if required.exact {
                    prop_assert_eq!(has, matches, "{:?} {:?}", expression, line);
                }
            }
        }
    }
}
