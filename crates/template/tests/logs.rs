//! Templates of lines: what they render to, and that the short way gives what the engine gives.

use phoenix_template::{Functions, LineContext, LogTemplate};
use proptest::prelude::*;

const LABELS: [(&str, &str); 7] = [
    ("app", "web"),
    ("path", "/a/b c"),
    ("n", "3000"),
    ("f", "2.5"),
    ("json", "{\"q\":[{\"a\":1},{\"a\":\"x\"}]}"),
    ("date", "2021-11-02"),
    ("epoch", "1679577215"),
];

fn render(text: &str) -> String {
    let template = match LogTemplate::parse("line", text, &Functions::logs()) {
        Ok(template) => template,
        Err(error) => return format!("PARSE {error}"),
    };
    let context = LineContext { line: "the Line", timestamp_ns: 1_635_811_200_123_456_789, now_ns: 1_635_811_300_000_000_000 };
    let label = |name: &str| LABELS.iter().find(|(n, _)| *n == name).map(|(_, v)| *v);
    let mut out = "> ".to_owned();
    let result = template.render(&context, label, |give| LABELS.iter().for_each(|(n, v)| give(n, v)), &mut out);
    match result {
        Ok(()) => out,
        Err(error) => format!("{out}ERROR {error}"),
    }
}

#[test]
fn lines_are_rendered() {
    for (text, want) in [
        ("plain", "plain"),
        ("{{.app}} {{ .path }}|{{.none}}", "web /a/b c|"),
        ("{{__line__}} {{ __line__ | upper }} {{__timestamp__ | unixEpochNanos}}", "the Line THE LINE 1635811200123456789"),
        ("{{ __timestamp__ | date \"2006-01-02T15:04:05.000Z07:00\" }} {{ unixEpoch now }}", "2021-11-02T00:00:00.123Z 1635811300"),
        ("{{ .path | replace \" \" \"_\" | trunc 5 | upper }}", "/A/B_"),
        (
            "{{ ToUpper .app }} {{ ToLower \"X\" }} {{ Replace .path \"/\" \"-\" 1 }} {{ Replace .path \"/\" \"-\" -1 }}",
            "WEB x -a/b c -a-b c",
        ),
        (
            "{{ Trim .path \"/c\" }} {{ TrimLeft .path \"/\" }} {{ TrimPrefix .path \"/a\" }} {{ TrimSuffix .path \" c\" }}",
            "a/b  a/b c /b c /a/b",
        ),
        ("{{ trimAll \"/\" .path }} {{ trimPrefix \"/\" .path }} {{ trimSuffix \"c\" .path }}[{{ trim \" x \" }}]", "a/b c a/b c /a/b [x]"),
        (
            "{{ trunc 3 \"hello\" }} {{ trunc -3 \"hello\" }} {{ trunc 9 \"hello\" }} {{ substr 1 3 \"hello\" }} {{ substr 2 -1 \"hello\" }}",
            "hel llo hello el llo",
        ),
        ("{{ substr -1 2 \"hello\" }} {{ trunc 1 \"äö\" }}", "he "),
        (
            "[{{ alignLeft 5 \"hi\" }}] [{{ alignRight 5 \"hi\" }}] [{{ alignLeft 2 \"hello\" }}] [{{ alignRight 2 \"hello\" }}]",
            "[hi   ] [   hi] [he] [lo]",
        ),
        ("{{ repeat 3 .app }} {{ indent 2 \"a\\nb\" }}{{ nindent 1 \"c\" }}", "webwebweb   a\n  b\n c"),
        ("{{ contains \"e\" .app }} {{ hasPrefix \"w\" .app }} {{ hasSuffix \"w\" .app }} {{ eq .app \"web\" }}", "true true false true"),
        ("{{ if and (contains \"he\" \"hello\") (contains \"llo\" \"hello\") }}yes{{else}}no{{end}}", "yes"),
        (
            "{{ add 3 2 5 }} {{ sub 5 2 }} {{ mul 5 2 3 }} {{ div .n 1000 }} {{ mod 10 3 }} {{ max 1 3 2 }} {{ min 2 1 3 }}",
            "10 3 30 3 1 3 1",
        ),
        ("{{ addf 3.5 2 5 }} {{ subf 5.5 2 1.5 }} {{ mulf 5.5 2 2.5 }} {{ divf 10 2 4 }} {{ addf 0.1 0.2 }}", "10.5 2 27.5 1.25 0.3"),
        ("{{ maxf 1 2.5 3 }} {{ minf 1.5 2.5 3 }} {{ ceil 123.001 }} {{ floor 123.9 }} {{ round 123.555555 3 }}", "3 1.5 124 123 123.556"),
        ("{{ round 123.88571428571 5 .2 }} {{ int \"3\" }} {{ float64 \"3.5\" }} {{ int .f }} {{ add .app 1 }}", "123.88572 3 3.5 2 1"),
        (
            "{{ count \"a|b\" \"abab\" }} {{ regexReplaceAll \"(a*)bc\" \"aabc\" \"${1}x\" }} {{ regexReplaceAllLiteral \"a\" \"aba\" \"$1\" }}",
            "4 aax $1b$1",
        ),
        ("{{ urlencode .path }} {{ urldecode \"a%20b+c\" }} {{ b64enc .app }} {{ b64dec \"d2Vi\" }}", "%2Fa%2Fb+c a b c d2Vi web"),
        ("{{ range $q := (fromJson .json).q }}{{ $q.a }},{{ end }}[{{ fromJson \"no\" }}]", "1,x,[]"),
        ("{{ default \"-\" .none }} {{ .none | default \"-\" }} {{ default \"-\" .app }}", "- - web"),
        ("{{ title \"hello world\" }} {{ printf \"%-5.5s|%03d\" .app 7 }} {{ lower \"AB\" }}", "Hello World web  |007 ab"),
        (
            "{{ unixEpoch (toDate \"2006-01-02\" .date) }} {{ .date | toDateInZone \"2006-01-02\" \"UTC\" | unixEpochMillis }}",
            "1635811200 1635811200000",
        ),
        ("{{ date \"2006-01-02\" (unixToTime .epoch) }} {{ (toDate \"x\" \"y\").Year }}", "2023-03-23 1"),
        ("{{ range $k, $v := . }}{{ $k }};{{ end }}", "app;date;epoch;f;json;n;path;"),
        ("{{ with .app }}{{ . }}{{ end }} {{ $.app }}", "web web"),
        ("{{ div 1 0 }}", "ERROR template: line:1:4: integer divide by zero"),
        ("{{ replace \"a\" .app }}", "ERROR template: line:1:4: wrong number of args for replace: want at least 3 got 2"),
        ("{{ unixToTime \"12\" }}", "ERROR template: line:1:4: unable to parse time '12': an epoch has 5, 10, 13, 16 or 19 digits"),
    ] {
        assert_eq!(render(text), format!("> {want}"), "{text}");
    }
    for text in ["{{", "{{ nope }}", "{{ if }}", "{{.a"] {
        assert!(render(text).starts_with("PARSE "), "{text}: {}", render(text));
    }
}

#[test]
fn what_is_read_is_known() {
    let fields = |text: &str| LogTemplate::parse("t", text, &Functions::logs()).unwrap().fields().map(|f| f.join(","));
    for (text, want) in [
        ("x", Some("")),
        ("{{.a}} {{.b}} {{__line__}}", Some("a,b")),
        ("{{ if eq .a \"x\" }}{{ .b | upper }}{{ else }}{{ $.c }}{{ end }}", Some("a,b,c")),
        ("{{ range $k, $v := . }}{{ $k }}{{ end }}", None),
        ("{{ .a.b }}", Some("a")),
    ] {
        assert_eq!(fields(text).as_deref(), want, "{text}");
    }
}

proptest! {
    #[test]
    fn the_short_way_is_the_engines(parts in prop::collection::vec(prop_oneof!["[a-z ]{0,5}", Just("{{.app}}".to_owned()), Just("{{ .none }}".to_owned()), Just("{{- .path -}}".to_owned()), Just("{{__line__}}".to_owned())], 0..6)) {
        let text = parts.concat();
        // A branch that is always taken needs the engine.
        prop_assert_eq!(render(&text), render(&format!("{{{{if true}}}}{text}{{{{end}}}}")));
    }

    #[test]
    fn never_panics(text in "[{}.a-z \"|_0-9-]{0,30}", function in "(trunc|substr|alignLeft|alignRight|repeat|indent|round|b64dec|urldecode|unixToTime|int|add)", n in any::<i64>(), value in ".{0,10}") {
        let _ = render(&text);
        let quoted = raw_string(&value);
        let _ = render(&format!("{{{{ {function} {n} {quoted} }}}}"));
        let _ = render(&format!("{{{{ {function} {n} {n} {quoted} }}}}"));
        let _ = render(&format!("{{{{ {function} {quoted} }}}}"));
    }
}

fn raw_string(text: &str) -> String {
    format!("`{}`", text.replace('`', ""))
}
