//! Whatever goes in comes out, and filters choose the rows whose lines pass.

mod grammar;

use grammar::{Dice, line};
use phoenix_lines::{Columns, Encoder, Filter, Lines, Page, Pattern, Patterns, RowSet, Texts, render, sizes};
use phoenix_model::logs::{LineFilter, LinePattern, ReadError};
use proptest::prelude::*;
use regex::Regex;

/// Encodes lines and checks that they come back, also with patterns read from their text.
fn encode(lines: &[String]) -> (Patterns, Page) {
    let mut encoder = Encoder::default();
    let mut page = Page::default();
    // Twice, so that what was learnt on the way is applied too.
    for line in lines {
        encoder.encode(line, &mut page).unwrap();
    }
    page.clear();
    for line in lines {
        encoder.encode(line, &mut page).unwrap();
    }
    let texts: Vec<String> = encoder.patterns().iter().map(|pattern| pattern.text().to_owned()).collect();
    let patterns = Patterns::from_texts(texts.iter().map(String::as_str)).unwrap();
    assert!(patterns.iter().eq(encoder.patterns().iter()));
    check(&patterns, &page, lines);
    page.pad();
    check(&patterns, &page, lines);
    (patterns, page)
}

fn check(patterns: &Patterns, page: &Page, lines: &[String]) {
    let mut out = Lines::default();
    let all = RowSet::all(lines.len());
    render(patterns, page, &all, &mut out).unwrap();
    for (i, (got, want)) in out.iter().zip(lines).enumerate() {
        let pattern = patterns.get(page.patterns().unwrap()[i]).map(Pattern::text);
        assert_eq!(got, want, "{pattern:?}");
    }
    assert_eq!(out.len(), lines.len());
    let mut lengths = Vec::new();
    sizes(patterns, page, &all, &mut lengths).unwrap();
    assert!(lengths.iter().zip(lines).all(|(got, want)| *got as usize == want.len()));
    assert_eq!(page.line_bytes(), lines.iter().map(|line| line.len() as u64).sum::<u64>());
}

#[test]
fn odd_lines_come_back() {
    let long = "word 12 é \"".repeat(1 << 20);
    let nested = "{\"a\":".repeat(10_000);
    let equals = "a=1".repeat(10_000);
    let lines =
        ["", " ", "<", "<<int>", "\u{0}\u{ff}", "\"", "\\\"", "=", "a=", "-", ".", "-.", "a=-", "\u{1f600}1", &long, &nested, &equals];
    encode(&lines.map(str::to_owned));
}

#[test]
fn words_that_vary_do_not_make_patterns() {
    let mut dice = Dice::new(7);
    let word = |dice: &mut Dice| -> String { (0..6).map(|_| char::from(b"ghijklmnopqrstuvwxyz"[dice.below(20)])).collect() };
    let lines: Vec<String> = (0..20_000)
        .map(|i| match i % 4 {
            0 => format!("user {} logged in from {} after {} tries", word(&mut dice), word(&mut dice), dice.below(9)),
            1 => format!("{} {} {} {} {}", word(&mut dice), word(&mut dice), word(&mut dice), word(&mut dice), word(&mut dice)),
            2 => format!("{{\"{}\":{},\"msg\":\"{} {}\"}}", word(&mut dice), dice.below(9), word(&mut dice), dice.below(100)),
            _ => format!("GET /{}/{}/{} 200", word(&mut dice), word(&mut dice), dice.below(1000)),
        })
        .collect();
    let (patterns, page) = encode(&lines);
    assert!(patterns.len() < Patterns::MAX * 3 / 4, "{}", patterns.len());
    let raw = page.patterns().unwrap().iter().filter(|id| **id == Patterns::RAW).count();
    assert!(raw < lines.len() / 20, "{raw} of {}", lines.len());
}

#[test]
fn nothing_grows_without_bound() {
    let mut encoder = Encoder::default();
    let mut page = Page::default();
    for i in 0..40_000u32 {
        let marks: String = (0..16).map(|bit| if i >> bit & 1 == 0 { ',' } else { ';' }).collect();
        encoder.encode(&format!("{marks} {}", "+-".repeat(i as usize % 100)), &mut page).unwrap();
        if page.len() == 1000 {
            page.clear();
        }
    }
    assert!(encoder.patterns().len() <= Patterns::MAX && encoder.patterns().text_bytes() <= Patterns::MAX_BYTES);
}

#[test]
fn digits_are_found_where_they_are() {
    let lines: Vec<String> = (0..300)
        .map(|i| {
            format!("2024-05-{:02}T07:08:{:02}.{:03} 10.0.{i}.7 n={i} d={}.{:03}", i / 150 + 1, i % 60, i * 7 % 1000, i % 20, i * 13 % 1000)
        })
        .collect();
    let (patterns, page) = encode(&lines);
    assert_eq!(patterns.len(), 2 + 1, "one pattern while addresses are addresses, one beyond");
    for needle in
        (0..1000).map(|n| format!("{n:03}")).chain((0..100).map(|n| format!("{n:02}"))).chain((0..3).map(|n| format!("4-05-0{n}")))
    {
        let filters = [LineFilter { negated: false, alternatives: vec![LinePattern::Contains(needle.clone())] }];
        let mut rows = RowSet::all(lines.len());
        Filter::new(&filters).plan(&patterns).select(&patterns, &page, &mut rows).unwrap();
        let want: Vec<usize> = (0..lines.len()).filter(|i| lines[*i].contains(&needle)).collect();
        assert_eq!(rows.iter().collect::<Vec<_>>(), want, "{needle}");
    }
}

/// Columns of which nothing is right.
#[derive(Debug)]
struct Damaged {
    rows: usize,
    patterns: Vec<u32>,
    numbers: Vec<i64>,
    bytes: Vec<u8>,
    codes: Vec<u32>,
    ends: Vec<u32>,
}

impl Columns for Damaged {
    fn rows(&self) -> usize {
        self.rows
    }

    fn patterns(&self) -> Result<&[u32], ReadError> {
        Ok(&self.patterns)
    }

    fn numbers(&self, _: u8) -> Result<&[i64], ReadError> {
        Ok(&self.numbers)
    }

    fn hex(&self, _: u8) -> Result<&[u8], ReadError> {
        Ok(&self.bytes)
    }

    fn texts(&self, _: u8) -> Result<Texts<'_>, ReadError> {
        Ok(Texts { codes: &self.codes, ends: &self.ends, bytes: &self.bytes })
    }
}

/// A condition on lines, made from what stands in one.
fn filter(dice: &mut Dice, lines: &[String]) -> LineFilter {
    let cut = |dice: &mut Dice| -> String {
        let line = &lines[dice.below(lines.len())];
        let start = line.floor_char_boundary(dice.below(line.len() + 1));
        let most = *[2, 4, 9, 40, 200].get(dice.below(5)).unwrap();
        let end = line.floor_char_boundary((start + dice.below(most) + 1).min(line.len())).max(start);
        let mut text = line[start..end].to_owned();
        if dice.below(6) == 0 {
            text.push_str(dice.pick(&["0", "a", " ", "\"", "-"]));
        }
        text
    };
    let alternative = |dice: &mut Dice| {
        let text = cut(dice);
        let escaped = regex::escape(&text);
        match dice.below(12) {
            0..7 => LinePattern::Contains(text),
            7 => LinePattern::Regex(Regex::new(&format!("(?i){escaped}")).unwrap()),
            8 => LinePattern::Regex(Regex::new(&format!("{escaped}.*{}", regex::escape(&cut(dice)))).unwrap()),
            9 => LinePattern::Regex(Regex::new(&format!("({escaped}|{})", regex::escape(&cut(dice)))).unwrap()),
            10 => {
                if dice.below(3) == 0 {
                    let class = dice.pick(&["[0-9]", "[0-9]{2}", "[a-c][0-9]", "[0-9a-f]"]);
                    return LinePattern::Regex(Regex::new(&format!("{escaped}{class}")).unwrap());
                }
                let shape = dice.pick(&["^", "[0-9]+", "\\b", "(?s).", "\\d\\d"]);
                LinePattern::Regex(
                    Regex::new(&format!("{shape}{escaped}{}", dice.pick(&["", "$", "?", "+", "[a-z]"])))
                        .unwrap_or(Regex::new("x").unwrap()),
                )
            }
            _ => LinePattern::Literals(
                (0..=dice.below(3)).map(|i| if i == 0 && dice.below(2) == 0 { String::new() } else { cut(dice) }).collect(),
            ),
        }
    };
    let alternatives = (0..=dice.below(5).saturating_sub(2)).map(|_| alternative(dice)).collect();
    LineFilter { negated: dice.below(4) == 0, alternatives }
}

fn check_filters(dice: &mut Dice, lines: &[String], count: usize) {
    let (patterns, page) = encode(lines);
    for _ in 0..count {
        let filters: Vec<LineFilter> = (0..=dice.below(4) / 3).map(|_| filter(dice, lines)).collect();
        let prepared = Filter::new(&filters);
        let plan = prepared.plan(&patterns);
        let mut rows = RowSet::all(lines.len());
        for _ in 0..dice.below(3) {
            rows.remove(dice.below(lines.len()));
        }
        let before = rows.clone();
        plan.select(&patterns, &page, &mut rows).unwrap();
        for (row, line) in lines.iter().enumerate() {
            let id = page.patterns().unwrap()[row];
            let passes = filters.iter().all(|filter| filter.passes(line));
            let want = before.contains(row) && passes;
            assert_eq!(rows.contains(row), want, "{filters:?} on {line:?} of {:?}", patterns.get(id).map(Pattern::text));
            assert_eq!(prepared.passes(line), passes);
            assert!(!(passes && plan.refuses(id)), "{filters:?} refuses {line:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn filters_choose_the_rows_whose_lines_pass(seed: u64) {
        let mut dice = Dice::new(seed);
        let lines: Vec<String> = (0..120).map(|_| line(&mut dice)).collect();
        check_filters(&mut dice, &lines, 40);
    }

    #[test]
    fn filters_choose_among_lines_of_one_pattern(seed: u64) {
        let mut dice = Dice::new(seed);
        let lines: Vec<String> = (0..60)
            .map(|i| format!("t=2024-05-06T07:08:{:02}.{:03}Z id={} u={}-{}-4{}-a{}-{} n={} d={}.{} ip=10.0.0.{} x{}", i, dice.below(1000), dice.hex(32), dice.hex(8), dice.hex(4), dice.hex(3), dice.hex(3), dice.hex(12), dice.below(1 << 40), dice.below(99), dice.below(999), dice.below(256), dice.hex(3)))
            .collect();
        check_filters(&mut dice, &lines, 40);
    }

    #[test]
    fn any_lines_come_back(lines in proptest::collection::vec("\\PC{0,60}|[ -~]{0,80}|[0-9a-f.:/=\" TZ+<>-]{0,80}", 1..40)) {
        encode(&lines);
    }

    #[test]
    fn filters_on_odd_lines(lines in proptest::collection::vec("[ab0-9.:=\" <-]{0,30}", 1..40), seed: u64) {
        check_filters(&mut Dice::new(seed), &lines, 20);
    }

}

proptest! {
    #[test]
    fn damaged_columns_are_an_error_or_other_lines(
        rows in 0usize..12,
        ids in proptest::collection::vec(0u32..8, 12),
        numbers in proptest::collection::vec(any::<i64>(), 0..14),
        bytes in proptest::collection::vec(prop_oneof![any::<u8>(), Just(b'a'), Just(b'1')], 0..200),
        codes in proptest::collection::vec(0u32..6, 0..14),
        mut ends in proptest::collection::vec(0u32..210, 0..6),
        is_sorted: bool,
        text in "[a1.=:]{1,4}|[0-9a-f]{1,12}",
    ) {
        let patterns = Patterns::from_texts([
            "<raw>", "a=<int> b=<dec>", "<ip> <text>", "<hex32> <uuid>", "<hex8>", "<time:DD/Mon/YYYY:hh:mm:ss.f* -0700> <literal>", "a",
        ]);
        if is_sorted {
            ends.sort_unstable();
        }
        let columns = Damaged { rows, patterns: ids[..rows].to_vec(), numbers, bytes, codes, ends };
        let patterns = patterns.unwrap();
        let mut set = RowSet::all(rows);
        let _ = render(&patterns, &columns, &set, &mut Lines::default());
        let _ = sizes(&patterns, &columns, &set, &mut Vec::new());
        for pattern in [LinePattern::Contains(text.clone()), LinePattern::Regex(Regex::new(&format!("(?i){}$", regex::escape(&text))).unwrap())] {
            let plan = Filter::new(&[LineFilter { negated: false, alternatives: vec![pattern] }]).plan(&patterns);
            let _ = plan.select(&patterns, &columns, &mut set);
        }
    }
}
