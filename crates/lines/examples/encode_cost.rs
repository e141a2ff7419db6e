//! What taking lines apart costs and what it gives: time per line to encode, render, measure and
//! search, and bytes per line by column, for lines of three kinds.
//!
//! ```sh
//! cargo run --release -p phoenix-lines --example encode_cost -- 200000 [FILE…]
//! ```

#![expect(clippy::disallowed_methods, reason = "reads what Linux says of this thread; nothing here runs in the product")]

use phoenix_lines::{Columns, Encoder, Filter, HEX_SLOTS, Lines, NUMBER_SLOTS, Page, Pattern, Patterns, RowSet, TEXT_SLOTS, render, sizes};
use phoenix_model::logs::{LineFilter, LinePattern};

#[path = "../tests/grammar/dice.rs"]
mod dice;
use dice::Dice;

const PAGE_ROWS: usize = 8192;
/// Linux counts a thread's time in steps of milliseconds.
const ROUNDS: usize = 20;

fn key_value(dice: &mut Dice, i: usize) -> String {
    format!(
        "ts=2024-05-06T07:{:02}:{:02}.{:03}Z level={} caller=handler.go:{} trace_id={} user=u{} path=/api/v1/{}/{} status={} duration_ms={}.{:03} bytes={} msg=\"request done\"",
        i / 6000 % 60,
        i / 100 % 60,
        i % 100 * 10 + dice.below(10),
        ["info", "info", "info", "warn", "error"][dice.below(5)],
        dice.below(40) + 10,
        dice.hex(32),
        dice.below(5000),
        dice.pick(&["users", "orders", "carts", "items"]),
        dice.below(100_000),
        [200, 200, 200, 404, 500][dice.below(5)],
        dice.below(900),
        dice.below(1000),
        dice.below(50_000),
    )
}

fn json(dice: &mut Dice, i: usize) -> String {
    format!(
        "{{\"time\":\"2024-05-06T07:{:02}:{:02}.{:06}Z\",\"level\":\"{}\",\"logger\":\"{}\",\"trace_id\":\"{}\",\"span_id\":\"{}\",\"user_id\":{},\"latency\":{}.{:02},\"cached\":{},\"message\":\"order {} paid after {} tries\"}}",
        i / 6000 % 60,
        i / 100 % 60,
        i % 100 * 10_000 + dice.below(10_000),
        ["info", "info", "debug", "warn", "error"][dice.below(5)],
        dice.pick(&["shop.orders", "shop.payment", "shop.mail"]),
        dice.hex(32),
        dice.hex(16),
        dice.below(100_000),
        dice.below(90),
        dice.below(100),
        dice.pick(&["true", "false"]),
        dice.below(10_000_000),
        dice.below(9),
    )
}

fn access(dice: &mut Dice, i: usize) -> String {
    format!(
        "10.{}.{}.{} - - [06/May/2024:07:{:02}:{:02} +0000] \"{} /{}/{}?request_id={} HTTP/1.1\" {} {} \"-\" \"Mozilla/5.0 ({}) Gecko/20100101 Firefox/{}.0\"",
        dice.below(4),
        dice.below(256),
        dice.below(256),
        i / 6000 % 60,
        i / 100 % 60,
        dice.pick(&["GET", "GET", "POST", "PUT"]),
        dice.pick(&["static", "api/users", "api/orders", "health"]),
        dice.below(10_000),
        dice.hex(32),
        [200, 200, 304, 404, 500][dice.below(5)],
        dice.below(100_000),
        dice.pick(&["X11; Linux x86_64", "Windows NT 10.0", "Macintosh"]),
        dice.below(10) + 115,
    )
}

/// Nanoseconds that the thread was on a processor, so that others on the machine don't count.
fn processor_ns() -> u64 {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").expect("Linux tells what a thread took");
    stat.split(' ').next().and_then(|ns| ns.parse().ok()).expect("the first number is the time on a processor")
}

/// Nanoseconds per line.
fn measure(lines: usize, mut work: impl FnMut()) -> f64 {
    let start = processor_ns();
    work();
    (processor_ns() - start) as f64 / lines as f64
}

fn varint(out: &mut Vec<u8>, value: i64) {
    let mut rest = (value << 1 ^ value >> 63) as u64;
    while rest >= 128 {
        out.push(rest as u8 | 128);
        rest >>= 7;
    }
    out.push(rest as u8);
}

/// Compressed bytes of each column of a page, as a store might keep them.
fn column_bytes(page: &Page) -> Vec<(String, usize)> {
    let zstd = |bytes: &[u8]| zstd::bulk::compress(bytes, 1).expect("compressing in memory").len();
    let mut out = Vec::new();
    let codes = |codes: &[u32], count: usize| -> usize {
        let bytes: Vec<u8> = if count <= 256 {
            codes.iter().map(|c| *c as u8).collect()
        } else {
            codes.iter().flat_map(|c| (*c as u16).to_le_bytes()).collect()
        };
        zstd(&bytes)
    };
    let ids = page.patterns().expect("a page in memory");
    out.push(("patterns".to_owned(), codes(ids, Patterns::MAX)));
    for slot in 0..NUMBER_SLOTS {
        let numbers = page.numbers(slot).expect("a page in memory");
        let (mut plain, mut delta, mut last) = (Vec::new(), Vec::new(), 0);
        for number in numbers {
            varint(&mut plain, *number);
            varint(&mut delta, number.wrapping_sub(last));
            last = *number;
        }
        out.push((format!("n{slot}"), zstd(&plain).min(zstd(&delta))));
    }
    for slot in 0..HEX_SLOTS {
        out.push((format!("h{slot}"), page.hex(slot).expect("a page in memory").len()));
    }
    for slot in 0..TEXT_SLOTS {
        let texts = page.texts(slot).expect("a page in memory");
        out.push((format!("t{slot}"), codes(texts.codes, texts.ends.len()) + zstd(texts.bytes) + texts.ends.len() / 2));
    }
    out.retain(|(_, bytes)| *bytes > 20);
    out
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let count: usize = arguments.next().and_then(|n| n.parse().ok()).unwrap_or(100_000);
    let files: Vec<String> = arguments.collect();
    for file in &files {
        let bytes = std::fs::read(file).expect("a file of lines");
        let lines: Vec<String> = String::from_utf8_lossy(&bytes).lines().take(count).map(str::to_owned).collect();
        report(file, &lines);
    }
    if files.is_empty() {
        for (name, make) in [("key=value", key_value as fn(&mut Dice, usize) -> String), ("json", json), ("access", access)] {
            let mut dice = Dice::new(1);
            let lines: Vec<String> = (0..count).map(|i| make(&mut dice, i)).collect();
            report(name, &lines);
        }
    }
}

fn report(name: &str, lines: &[String]) {
    let count = lines.len();
    let bytes: usize = lines.iter().map(String::len).sum();
    // As a store does it: one page, emptied and filled again.
    let mut encoder = Encoder::default();
    let mut page = Page::default();
    let encode = measure(count, || {
        for line in lines {
            if page.len() == PAGE_ROWS {
                page.clear();
            }
            encoder.encode(line, &mut page).expect("a page of these lines is small");
        }
    });
    let mut encoder = Encoder::default();
    let mut pages = Vec::new();
    for some in lines.chunks(PAGE_ROWS) {
        let mut page = Page::default();
        for line in some {
            encoder.encode(line, &mut page).expect("a page of these lines is small");
        }
        pages.push(page);
    }
    let patterns = encoder.into_patterns();
    println!("\n{name}: {count} lines of {} bytes, {} patterns", bytes / count, patterns.len());
    for pattern in patterns.iter().skip(patterns.len().saturating_sub(2)).map(Pattern::text) {
        println!("  {pattern}");
    }
    let raw: usize = pages.iter().map(|page| page.patterns().map_or(0, |ids| ids.iter().filter(|id| **id == Patterns::RAW).count())).sum();
    println!("  encode {encode:.0} ns a line, {raw} lines raw");
    let mut out = Lines::default();
    let mut lengths = Vec::new();
    let rendered = measure(count, || {
        for page in &pages {
            out.clear();
            render(&patterns, page, &RowSet::all(page.len()), &mut out).expect("columns of an encoder");
        }
    });
    let sized = measure(count, || {
        for page in &pages {
            lengths.clear();
            sizes(&patterns, page, &RowSet::all(page.len()), &mut lengths).expect("columns of an encoder");
        }
    });
    println!("  render {rendered:.0} ns a line, sizes {sized:.0} ns a line");
    let contains = |text: &str| LinePattern::Contains(text.to_owned());
    let regex = |text: &str| LinePattern::Regex(regex::Regex::new(text).expect("an expression"));
    let is_id = |part: &&str| part.len() == 32 && part.is_ascii();
    let id = lines[count / 2].split(['=', '"', '&', ' ']).find(is_id).unwrap_or("4bf92f3577b34da6a3ce929d0e0e4736").to_owned();
    for (what, pattern) in [
        ("nowhere".to_owned(), contains("no such text")),
        ("id".to_owned(), contains(&id)),
        ("part of an id".to_owned(), contains(&id[5..14])),
        ("error".to_owned(), contains("error")),
        ("500".to_owned(), contains("500")),
        ("12345".to_owned(), contains("12345")),
        ("level".to_owned(), contains("level=error")),
        ("(?i)ERROR".to_owned(), regex("(?i)ERROR")),
        ("err.*4[0-9]".to_owned(), regex("err.*4[0-9]")),
        ("[45]..".to_owned(), regex("(status=|\" )[45][0-9][0-9] ")),
    ] {
        let filters = [LineFilter { negated: false, alternatives: vec![pattern] }];
        let mut found = 0;
        let time = measure(count * ROUNDS, || {
            for _ in 0..ROUNDS {
                let plan = Filter::new(&filters).plan(&patterns);
                found = 0;
                for page in &pages {
                    let mut rows = RowSet::all(page.len());
                    plan.select(&patterns, page, &mut rows).expect("columns of an encoder");
                    found += rows.count();
                }
            }
        });
        let plain = measure(count, || assert_eq!(lines.iter().filter(|line| filters[0].passes(line)).count(), found, "{what}"));
        println!("  search {what}: {found} lines, {time:.1} ns a line ({plain:.1} on text)");
    }
    let mut columns = std::collections::BTreeMap::<String, usize>::new();
    for page in &pages {
        for (column, bytes) in column_bytes(page) {
            *columns.entry(column).or_default() += bytes;
        }
    }
    let total: usize = columns.values().sum();
    println!("  {:.1} bytes a line:", total as f64 / count as f64);
    for (column, bytes) in columns {
        print!(" {column} {:.2}", bytes as f64 / count as f64);
    }
    let text: usize =
        lines.chunks(PAGE_ROWS).map(|some| zstd::bulk::compress(some.concat().as_bytes(), 1).expect("compressing in memory").len()).sum();
    println!("\n  as text: {:.1} bytes a line", text as f64 / count as f64);
}
