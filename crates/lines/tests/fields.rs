//! What a pattern says of a field is what parsing the line says.

mod grammar;

use grammar::{Dice, line};
use phoenix_lines::{Columns, Encoder, Fields, Page, Pattern, Patterns, Place, Store, Value};
use proptest::prelude::*;
use std::collections::BTreeMap;

/// Pairs of a line, by the name of a label; none when the line is not all pairs.
fn logfmt(line: &str) -> Option<BTreeMap<String, Vec<String>>> {
    let mut pairs = BTreeMap::<String, Vec<String>>::new();
    let mut rest = line.trim_matches(' ');
    while !rest.is_empty() {
        let (key, after) = rest.split_once('=')?;
        if key.is_empty() || key.contains([' ', '"']) {
            return None;
        }
        let value;
        if let Some(quoted) = after.strip_prefix('"') {
            // A quoted value is a JSON string as far as escapes go.
            let mut escaped = false;
            let end = quoted.char_indices().find(|(_, c)| {
                let ends = *c == '"' && !escaped;
                escaped = *c == '\\' && !escaped;
                ends
            })?;
            value = serde_json::from_str(&after[..end.0 + 2]).ok()?;
            rest = &quoted[end.0 + 1..];
        } else {
            let end = after.find(|c: char| c <= ' ').unwrap_or(after.len());
            value = after[..end].to_owned();
            if value.contains(['"', '=', '\\']) {
                return None;
            }
            rest = &after[end..];
        }
        if !rest.is_empty() && !rest.starts_with(' ') {
            return None;
        }
        pairs.entry(label(key)).or_default().push(value);
        rest = rest.trim_start_matches(' ');
    }
    Some(pairs)
}

fn json(line: &str) -> Option<BTreeMap<String, Vec<String>>> {
    let mut pairs = BTreeMap::<String, Vec<String>>::new();
    for (key, value) in serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(line).ok()? {
        let text = match value {
            serde_json::Value::String(text) => text,
            value => value.to_string(),
        };
        pairs.entry(label(&key)).or_default().push(text);
    }
    Some(pairs)
}

fn label(key: &str) -> String {
    key.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect()
}

/// The text that a place says, of the first row of a page.
fn read(page: &Page, place: &Place) -> Option<String> {
    match place {
        Place::Absent | Place::Parse => None,
        Place::Static(text) => Some(text.clone()),
        Place::Variable(variable) => {
            let value = match variable.kind.store() {
                Store::Numbers => Value::Number(page.numbers(variable.slot).unwrap()[0]),
                Store::Hex => Value::Hex(&page.hex(variable.slot).unwrap()[..variable.kind.hex_bytes()]),
                Store::Texts => Value::Text(page.texts(variable.slot).unwrap().row(0).unwrap()),
            };
            let mut out = Vec::new();
            value.push(variable.kind, &mut out);
            Some(String::from_utf8(out).unwrap())
        }
    }
}

/// Compares all fields of a line; gives how many were known without parsing.
fn check(encoder: &mut Encoder, line: &str) -> usize {
    type Parse = fn(&str) -> Option<BTreeMap<String, Vec<String>>>;
    type Find = fn(&Patterns, &str) -> Fields;
    let mut page = Page::default();
    encoder.encode(line, &mut page).unwrap();
    let id = page.patterns().unwrap()[0];
    let mut known = 0;
    for (parse, find) in [(logfmt as Parse, Fields::logfmt as Find), (json as Parse, Fields::json as Find)] {
        let pairs = parse(line);
        for name in ["absent", "a", "b", "c_d", "level", "took_ms", "id", "ts", "msg", "path", "status", "ok"] {
            let only = Patterns::from_texts(["<raw>", encoder.patterns().get(id).map(Pattern::text).unwrap()]);
            let fields = if id == Patterns::RAW { find(encoder.patterns(), name) } else { find(&only.unwrap(), name) };
            let place = fields.place(u32::from(id != Patterns::RAW)).clone();
            if place == Place::Parse {
                continue;
            }
            let pairs = pairs.as_ref().unwrap_or_else(|| panic!("{place:?} of {name} in {line:?}, which has no fields"));
            let want = pairs.get(name).map(Vec::as_slice).unwrap_or_default();
            let got = read(&page, &place);
            let number = |text: &String| text.parse::<f64>().map_or_else(|_| text.clone(), |n| n.to_string());
            let (got_numbers, want_numbers): (Vec<_>, Vec<_>) = (got.iter().map(number).collect(), want.iter().map(number).collect());
            assert_eq!(got_numbers, want_numbers, "{place:?} of {name} in {line:?}");
            known += usize::from(got.is_some());
        }
    }
    known
}

#[test]
fn fields_of_usual_lines_are_known() {
    let mut encoder = Encoder::default();
    for (line, want) in [
        ("ts=2024-05-06T07:08:09Z level=info took_ms=12 id=4bf92f3577b34da6a3ce929d0e0e4736 msg=\"all done\"", 5),
        ("{\"ts\":\"2024-05-06T07:08:09Z\",\"level\":\"info\",\"took_ms\":1.5,\"ok\":true,\"msg\":\"order 5 done\"}", 4),
        ("level=info took_ms=-5", 1),
        ("level=info msg=\"a \\\"quoted\\\" text\"", 0),
        ("took_ms=5 then stopped", 0),
    ] {
        assert_eq!(check(&mut encoder, line), want, "{line}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn fields_are_what_parsing_gives(seed: u64, pairs in proptest::collection::vec(("a|b|c.d|id|k[0-9]", "\"[ab ]{0,3}(\\\\\"|\\\\n|\t)?[ab1 ]{0,3}\"|[a-c0-9=,:/.\\\\\" {-]{0,8}|\"[a-c0-9= \\\\\"\t]{0,8}\"|[0-9]{1,5}(\\.[0-9]{1,2})?|[0-9a-f]{16}|true|2024-05-06[T ]07:08:09Z"), 0..5)) {
        let mut dice = Dice::new(seed);
        let mut encoder = Encoder::default();
        for _ in 0..40 {
            check(&mut encoder, &line(&mut dice));
        }
        let join = |mark: &str, quote: &str, between: &str| -> String {
            pairs.iter().map(|(key, value)| format!("{quote}{key}{quote}{mark}{value}")).collect::<Vec<_>>().join(between)
        };
        check(&mut encoder, &join("=", "", " "));
        check(&mut encoder, &format!("{{{}}}", join(":", "\"", ",")));
        check(&mut encoder, &format!("{{ {} }}", join(": ", "\"", ", ")));
    }
}
