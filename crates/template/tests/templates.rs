//! Tables of templates and what they render to.

use phoenix_model::Labels;
use phoenix_template::{Functions, Template, TemplateSet, Value, value};
use proptest::prelude::*;

fn rule_data() -> Value {
    value::object(
        "template data",
        [
            ("Labels", value::labels(&Labels::from_pairs([("instance", "web-1.example.org:9100"), ("job", "node")]))),
            ("ExternalLabels", value::labels(&Labels::from_pairs([("region", "eu")]))),
            ("ExternalURL", value::string("http://phoenix.example.org/ui")),
            ("Value", Value::Float(0.1234)),
        ],
    )
}

fn rule_functions() -> Functions {
    Functions::prometheus("http://phoenix.example.org/ui").with_query(|expression| match expression {
        "up" => Ok(vec![
            (Labels::from_pairs([("__name__", "up"), ("instance", "b")]), Value::Float(0.0)),
            (Labels::from_pairs([("__name__", "up"), ("instance", "a"), ("__value__", "text")]), Value::Float(1.0)),
        ]),
        "histogram" => Ok(vec![(Labels::empty(), phoenix_template::value::string("{count:1, sum:2}"))]),
        "empty" => Ok(Vec::new()),
        other => Err(format!("unknown metric {other}")),
    })
}

fn render_rule(text: &str) -> String {
    let template = match Template::parse_rule("t", text, &rule_functions()) {
        Ok(template) => template,
        Err(error) => return format!("PARSE {error}"),
    };
    template.render(&rule_data()).unwrap_or_else(|error| format!("ERROR {error}"))
}

fn check(cases: &[(&str, &str)]) {
    for (text, want) in cases {
        assert_eq!(render_rule(text), *want, "{text}");
    }
}

#[test]
fn rules_see_labels_value_and_external_labels() {
    check(&[
        ("plain", "plain"),
        ("{{ $labels.instance }} of {{ $labels.job }}", "web-1.example.org:9100 of node"),
        ("{{ .Labels.job }} {{ .Value }}", "node 0.1234"),
        ("[{{ $labels.missing }}]", "[]"),
        ("{{ if eq $labels.missing \"x\" }}yes{{ else }}no{{ end }}", "no"),
        ("{{ $value }} {{ $value | humanizePercentage }}", "0.1234 12.34%"),
        ("{{ $externalLabels.region }} {{ $externalURL }}", "eu http://phoenix.example.org/ui"),
        ("{{ externalURL }} {{ pathPrefix }}", "http://phoenix.example.org/ui /ui"),
        ("{{ range $k, $v := $labels }}{{ $k }}={{ $v }};{{ end }}", "instance=web-1.example.org:9100;job=node;"),
        ("{{ $labels }}", "map[instance:web-1.example.org:9100 job:node]"),
        ("{{ index $labels \"job\" }}{{ index $labels \"none\" }}", "node"),
    ]);
}

#[test]
fn functions_of_prometheus() {
    check(&[
        ("{{ query \"histogram\" | first | value }}", "{count:1, sum:2}"),
        ("{{ humanize 1234567.0 }} {{ 1048576 | humanize1024 }}", "1.235M 1Mi"),
        ("{{ humanizeDuration \"5400\" }} {{ parseDuration \"1h30m\" | humanizeDuration }}", "1h 30m 0s 1h 30m 0s"),
        ("{{ humanizeTimestamp 1435065584.128 }}", "2015-06-23 13:19:44.128 +0000 UTC"),
        ("{{ (toTime 1435065584.128).Format \"15:04\" }} {{ (0 | toTime).Year }}", "13:19 1970"),
        ("{{ toTime 0 }}", "1970-01-01 00:00:00 +0000 UTC"),
        ("{{ title \"it's web_1.example\" }}", "It'S Web_1.Example"),
        ("{{ \"hello BIG world\" | title }} {{ \"a\" | toUpper }} {{ toLower \"B\" }}", "Hello BIG World A b"),
        ("{{ if match \"^web-\" $labels.instance }}web{{ end }}", "web"),
        ("{{ reReplaceAll \"(.*)-(.*?)\\\\..*\" \"${2}/$1\" $labels.instance }}", "1/web"),
        ("{{ $labels.instance | stripPort }} {{ stripDomain $labels.instance }}", "web-1.example.org web-1:9100"),
        ("{{ stripPort \"[::1]:80\" }} {{ stripPort \"::1\" }} {{ stripDomain \"10.0.0.1:80\" }}", "::1 ::1 10.0.0.1:80"),
        ("{{ graphLink \"up == 0\" }}", "/graph?g0.expr=up+%3D%3D+0&g0.tab=0"),
        ("{{ tableLink \"up\" }}", "/graph?g0.expr=up&g0.tab=1"),
        ("{{ with args 1 \"b\" }}{{ .arg0 }}{{ .arg1 }}{{ end }}", "1b"),
        ("{{ with query \"up\" }}{{ . | first | value }} {{ first . | label \"instance\" }}{{ end }}", "0 b"),
        ("{{ range query \"up\" | sortByLabel \"instance\" }}{{ .Labels.instance }}={{ .Value }} {{ end }}", "a=1 b=0 "),
        ("{{ range sortByLabel \"instance\" (query \"up\") }}{{ strvalue . }}|{{ end }}", "text||"),
        ("{{ with query \"empty\" }}some{{ else }}none{{ end }}", "none"),
        ("{{ \"<b>\" | safeHtml }}", "<b>"),
        ("{{ query \"nope\" | first }}", "ERROR template: t:1:4: unknown metric nope"),
        ("{{ query \"empty\" | first | value }}", "ERROR template: t:1:4: first() called on vector with no elements"),
        ("{{ humanize \"x\" }}", "ERROR template: t:1:4: `x` is not a number"),
    ]);
}

#[test]
fn the_language_of_go_templates() {
    check(&[
        ("a {{- /* trimmed */ -}} b", "ab"),
        ("a  {{- \"x\" -}}  b", "axb"),
        ("{{ if false }}a{{ else if true }}b{{ else }}c{{ end }}", "b"),
        ("{{ with $labels.missing }}x{{ else }}y{{ end }}", "y"),
        ("{{ define \"x\" }}<{{ . }}>{{ end }}{{ template \"x\" 5 }}", "<5>"),
        ("{{ block \"b\" 3 }}{{ . }}{{ end }}", "3"),
        ("{{ $x := 1 }}{{ $x = 2 }}{{ $x }}", "2"),
        ("{{ range $i, $e := query \"up\" }}{{ $i }}{{ end }}", "01"),
        ("{{ range query \"empty\" }}{{ else }}none{{ end }}", "none"),
        ("{{ range query \"up\" }}{{ if eq .Value 0.0 }}{{ continue }}{{ end }}{{ .Value }}{{ end }}", "1"),
        ("{{ and true 0 }} {{ or 0 \"x\" }} {{ not true }}", "0 x false"),
        ("{{ if gt $value 0.1 }}high{{ end }}{{ if and (lt 1 2) (ne \"a\" \"b\") }}!{{ end }}", "high!"),
        (
            "{{ printf \"%.2f %5s|%-5s|%d %q %v %t %x\" 3.14159 \"a\" \"b\" 7 \"q\" 1000000.0 true 255 }}",
            "3.14     a|b    |7 \"q\" 1e+06 true ff",
        ),
        ("{{ printf \"%s\" $labels.job | toUpper }} {{ $value | printf \"%.1f\" }}", "NODE 0.1"),
        ("{{ printf \"%v\" (toTime 0) }}", "1970-01-01 00:00:00 +0000 UTC"),
        ("{{ len \"abc\" }} {{ len $labels }} {{ slice \"abcdef\" 1 3 }}", "3 2 bc"),
        ("{{ html \"<a>\" }} {{ \"a b&c\" | urlquery }} {{ js \"'\" }}", "&lt;a&gt; a+b%26c \\'"),
        ("{{ print 1 2 \"x\" }}{{ println \"y\" }}", "1 2xy\n"),
        ("{{ 1000000.0 }} {{ 0x10 }} {{ 'a' }} {{ true }} {{ `raw` }}", "1e+06 16 97 true raw"),
        ("{{ $x := query \"empty\" }}{{ len $x }}", "0"),
    ]);
}

#[test]
fn what_is_wrong_is_said_with_its_place() {
    check(&[
        ("{{ humanise 1 }}", "PARSE template: t:1:4: function \"humanise\" not defined; did you mean humanize?"),
        ("\n  {{ $value }} {{ $lables.x }}", "PARSE template: t:2:19: undefined variable \"$lables\""),
        ("{{ if true }}", "PARSE template: t:1:4: {{if}} has no {{end}}"),
        ("ab {{ .Valeu }}", "ERROR template: t:1:7: can't evaluate field Valeu in type template data; did you mean Value?"),
        ("{{ $value.x }}", "ERROR template: t:1:4: can't evaluate field x in type float64"),
        ("{{ template \"nope\" }}", "ERROR template: t:1:4: template \"nope\" not defined"),
        ("{{ $labels.job 1 }}", "ERROR template: t:1:4: job has arguments but cannot be invoked as function"),
        ("{{ 1 2 }}", "PARSE template: t:1:4: can't give argument to non-function"),
        ("{{ range . }}{{ end }}", "ERROR template: t:1:4: range can't iterate over template data"),
        ("{{ match \"(\" \"x\" }}", "ERROR template: t:1:4: bad regular expression \"(\": unclosed group"),
    ]);
}

#[test]
fn nothing_runs_away() {
    for text in [
        "{{ define \"x\" }}{{ template \"x\" }}{{ end }}{{ template \"x\" }}",
        "{{ define \"x\" }}{{ template \"x\" }}{{ template \"x\" }}{{ end }}{{ template \"x\" }}",
        "{{ range 100000000000 }}{{ end }}",
        "{{ range 10000000 }}{{ range 1000000 }}x{{ end }}{{ end }}",
        "{{ $x := \"0123456789\" }}{{ range 100 }}{{ $x = printf \"%s%s\" $x $x }}{{ end }}",
        "{{ $x := \"0123456789\" }}{{ range 100 }}{{ $x = print $x $x }}{{ end }}",
        "{{ $x := \"0123456789\" }}{{ range 100 }}{{ $x = reReplaceAll \".\" $x $x }}{{ end }}",
        "{{ $x := args 1 2 }}{{ range 100 }}{{ $x = args $x $x $x }}{{ end }}{{ $x }}",
        "{{ $x := args 1 2 }}{{ range 60 }}{{ $x = args $x $x $x }}{{ end }}{{ toJson $x }}",
    ] {
        let rendered = render_rule(text);
        assert!(rendered.starts_with("ERROR"), "{text} gave {} bytes", rendered.len());
    }
}

fn notification() -> Value {
    let alert = |status: &str, name: &str| {
        let labels = Labels::from_pairs([("alertname", name), ("severity", "critical"), ("zone", "<b>&")]);
        value::object(
            "Alert",
            [
                ("Status", value::string(status)),
                ("Labels", value::labels(&labels)),
                ("Annotations", value::labels(&Labels::from_pairs([("summary", "It's down")]))),
                ("StartsAt", value::time(1_717_243_509_070)),
                ("EndsAt", value::time(-62_135_596_800_000)),
                ("GeneratorURL", value::string("javascript:alert(1)")),
            ],
        )
    };
    value::object(
        "Data",
        [
            ("Status", value::string("firing")),
            ("Alerts", value::list([alert("firing", "Down"), alert("resolved", "Slow"), alert("firing", "Full")])),
            ("GroupLabels", value::labels(&Labels::from_pairs([("alertname", "Down"), ("Cluster", "x")]))),
            ("CommonLabels", value::labels(&Labels::from_pairs([("severity", "critical"), ("alertname", "Down"), ("Cluster", "x")]))),
            ("CommonAnnotations", value::labels(&Labels::empty())),
            ("ExternalURL", value::string("http://phoenix.example.org")),
        ],
    )
}

#[test]
fn notifications_use_alertmanagers_methods_and_functions() {
    let mut set = TemplateSet::new(Functions::alertmanager(|| 1_717_243_509_070 + 61_500));
    set.add(
        "default.tmpl",
        "{{ define \"__subject\" }}[{{ .Status | toUpper }}{{ if eq .Status \"firing\" }}:{{ .Alerts.Firing | len }}{{ end }}] \
         {{ .GroupLabels.SortedPairs.Values | join \" \" }}{{ end }}\n{{ define \"list\" }}{{ range . }}{{ .Labels.alertname }} {{ end }}{{ end }}",
    )
    .unwrap();
    for (text, want) in [
        ("{{ template \"__subject\" . }}", "[FIRING:2] Down x"),
        ("{{ template \"list\" .Alerts.Resolved }}", "Slow "),
        ("{{ (.CommonLabels.Remove .GroupLabels.Names).SortedPairs.Values | join \",\" }}", "critical"),
        ("{{ with .CommonLabels.Remove (stringSlice \"severity\" \"Cluster\") }}{{ . }}{{ end }}", "map[alertname:Down]"),
        ("{{ range .CommonLabels.SortedPairs }}{{ .Name }}={{ .Value }} {{ end }}", "alertname=Down Cluster=x severity=critical "),
        ("{{ len .CommonAnnotations }}{{ .CommonAnnotations.summary }}", "0"),
        ("{{ (index .Alerts 0).StartsAt.Format \"15:04:05\" }}", "12:05:09"),
        ("{{ (index .Alerts 0).StartsAt | date \"Jan 2\" }} {{ (index .Alerts 0).EndsAt.IsZero }}", "Jun 1 true"),
        ("{{ (index .Alerts 0).StartsAt | since }} {{ (index .Alerts 0).StartsAt | since | humanizeDuration }}", "1m1.5s 1m 1s"),
        ("{{ (index .Alerts 0).Annotations.Values }} {{ (index .Alerts 1).Labels.Names }}", "[It's down] [alertname severity zone]"),
        ("{{ title \"it's web_1.EXAMPLE, 'x'\" }}", "It's Web_1.example, 'X'"),
        ("{{ \"hELLO wORLD\" | title }} {{ trimSpace \"  x \" }} {{ urlUnescape \"a%20b+c\" }}", "Hello World x a b c"),
        (
            "{{ toJson .GroupLabels }} {{ dict \"a\" (list 1 \"<\") | toJson }}",
            "{\"Cluster\":\"x\",\"alertname\":\"Down\"} {\"a\":[1,\"\\u003c\"]}",
        ),
        ("{{ (index .Alerts 0).Labels | toJson | len }} {{ (append (list 1) 2 3) }}", "71 [1 2 3]"),
        ("{{ match \"^cri\" .CommonLabels.severity }} {{ reReplaceAll \"(x)\" \"<$1>\" .GroupLabels.Cluster }}", "true <x>"),
        ("{{ (index .Alerts 0).GeneratorURL }}", "javascript:alert(1)"),
        ("{{ range .Alerts.Firing }}{{ .Labels.zone }} {{ end }}", "<b>& <b>& "),
    ] {
        assert_eq!(set.render_text("text", text, &notification()).unwrap_or_else(|e| e.to_string()), want, "{text}");
    }
    assert_eq!(set.render("__subject", &notification()).unwrap(), "[FIRING:2] Down x");
    assert!(set.contains("list") && set.names().any(|n| n == "__subject"));
    assert!(set.check("t", "{{ template \"__subjekt\" . }}").unwrap_err().message.contains("did you mean \"__subject\""));
}

/// What people write in their receivers.
#[test]
fn templates_as_people_write_them() {
    let mut set = TemplateSet::new(Functions::alertmanager(|| 0));
    set.add(
        "custom.tmpl",
        r#"{{/* shared pieces */}}
{{ define "alert.line" -}}
{{ .Labels.alertname }}{{ with .Annotations.summary }}: {{ . }}{{ end }}
{{- end }}
{{ define "all" -}}
{{ range $i, $alert := .Alerts }}{{ if $i }}, {{ end }}{{ template "alert.line" $alert }}{{ end }}
{{- end }}"#,
    )
    .unwrap();
    for (text, want) in [
        ("{{ template \"all\" . }}", "Down: It's down, Slow: It's down, Full: It's down"),
        ("{{ range .Alerts }}{{ $.Status }} {{ end }}", "firing firing firing "),
        ("{{ if gt (len .Alerts.Resolved) 0 }}{{ .Alerts.Resolved | len | printf \"%d resolved\" }}{{ end }}", "1 resolved"),
        ("{{ $first := index .Alerts 0 }}{{ $first.Labels.alertname }} {{ $first.Labels.none }}|", "Down |"),
        ("{{ (index .Alerts 0).StartsAt.UTC.Format \"2006-01-02T15:04:05Z07:00\" }}", "2024-06-01T12:05:09Z"),
        ("{{ ((index .Alerts 0).StartsAt.Add 3600000000000).Format \"15:04\" }}", "13:05"),
        ("{{ with index .Alerts 0 }}{{ .StartsAt.Sub .StartsAt }} {{ .StartsAt.After .EndsAt }}{{ end }}", "0s true"),
        ("{{ if and .Alerts.Firing (ne .Status \"resolved\") }}on{{ end }}", "on"),
        ("{{ if eq .CommonLabels.severity \"critical\" \"warning\" }}page{{ else }}ticket{{ end }}", "page"),
        ("{{ .CommonLabels.SortedPairs.Names | join \", \" }}", "alertname, Cluster, severity"),
        ("{{ range $i := 3 }}{{ $i }}{{ end }}{{ \"a\" | printf \"%s-%s\" \"b\" }}", "012b-a"),
        ("{{ $out := \"\" }}{{ range .Alerts }}{{ $out = print $out .Status \";\" }}{{ end }}{{ $out }}", "firing;resolved;firing;"),
        ("{{ if (index .Alerts 0).Annotations.runbook }}has{{ else if .CommonAnnotations.runbook }}common{{ else }}none{{ end }}", "none"),
        ("{{ .GroupLabels.Cluster.x }}", "template: text:1:4: can't evaluate field x in type string"),
        ("{{ .Nope }}", "template: text:1:4: can't evaluate field Nope in type Data"),
        ("{{ (dict \"a\" 1).b }}", "<no value>"),
        ("{{ if eq 1 1.0 }}same{{ end }}", "template: text:1:4: incompatible types for comparison: int and float64"),
        ("{{ template \"missing\" . }}", "template: text:1:4: template \"missing\" not defined"),
    ] {
        assert_eq!(set.render_text("text", text, &notification()).unwrap_or_else(|e| e.to_string()), want, "{text}");
    }
}

#[test]
fn html_is_escaped_for_its_place() {
    let mut set = TemplateSet::new(Functions::alertmanager(|| 0));
    set.add("x", "{{ define \"row\" }}<td>{{ .Labels.zone }}</td>{{ end }}{{ define \"broken\" }}<a href={{ end }}").unwrap();
    for (text, want) in [
        ("{{ with index .Alerts 0 }}{{ template \"row\" . }}{{ end }}", "<td>&lt;b&gt;&amp;</td>"),
        ("{{ with index .Alerts 0 }}<a href=\"{{ .GeneratorURL }}\">x</a>{{ end }}", "<a href=\"#ZgotmplZ\">x</a>"),
        (
            "<a href=\"{{ .ExternalURL }}/#/alerts?receiver={{ .Status }}\">x</a>",
            "<a href=\"http://phoenix.example.org/#/alerts?receiver=firing\">x</a>",
        ),
        ("<b title=\"{{ (index .Alerts 0).Annotations.summary }}\">{{ \"<i>\" | safeHtml }}</b>", "<b title=\"It&#39;s down\"><i></b>"),
        ("{{ .Status | html }} {{ 1.5 }}", "firing 1.5"),
        ("plain <b>", "plain <b>"),
    ] {
        assert_eq!(set.render_html("html", text, &notification()).unwrap_or_else(|e| e.to_string()), want, "{text}");
    }
    assert!(set.render_html("html", "{{ template \"broken\" . }}", &notification()).is_err());
}

#[test]
fn later_definitions_replace_earlier_ones() {
    let mut set = TemplateSet::new(Functions::alertmanager(|| 0));
    set.add("a", "{{ define \"x\" }}one{{ end }}").unwrap();
    set.add("b", "{{ define \"x\" }}two{{ end }}").unwrap();
    set.add("c", "{{ define \"x\" }}  {{ end }}").unwrap();
    assert_eq!(set.render("x", &Value::Nil).unwrap(), "two");
    let error = set.add("d", "{{ define \"x\" }}3{{ end }}\n{{ define \"x\" }}4{{ end }}").unwrap_err();
    assert_eq!(error.to_string(), "template: d:2:4: multiple definition of template \"x\"");
    assert!(set.add("e", "{{ nope }}").is_err());
    assert_eq!(set.render("x", &Value::Nil).unwrap(), "two");
}

/// Seeds for texts that are nearly templates.
const SEEDS: [&str; 6] = [
    "{{ range $i, $e := query \"up\" }}{{ $i }}: {{ $e.Labels.instance | toUpper }}{{ else }}-{{ end }}",
    "{{ with $x := printf \"%5.2f %v %[1]q\" $value $labels }}{{ $x }}{{ end }}",
    "{{- if and (gt $value 0.1) (match \"^w\" $labels.instance) -}} yes {{- else if true }}{{ end }}",
    "{{ define \"a\" }}{{ . }}{{ end }}{{ template \"a\" (args 1 2.5 'x' nil) }}{{ block \"b\" . }}{{ end }}",
    "{{ (toTime 12345.6).Format \"Jan _2 2006 15:04:05.000 MST -07:00\" }} {{ humanizeDuration 1e9 }}",
    "{{/* c */}}{{ reReplaceAll \"(.)\" \"${1}$$\" `raw` | urlquery }} {{ slice \"äöü\" 0 2 }} {{ index $labels \"job\" }}",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn mutated_templates_never_panic(seed in 0..SEEDS.len(), cut in any::<prop::sample::Index>(), put in "[{}()|$.\"'`a-z0-9 %:=/*-]{0,4}", drop in 0_usize..6) {
        let mut letters: Vec<char> = SEEDS[seed].chars().collect();
        let at = cut.index(letters.len());
        let end = (at + drop).min(letters.len());
        letters.splice(at..end, put.chars());
        let text: String = letters.into_iter().collect();
        let rendered = render_rule(&text);
        prop_assert!(!rendered.contains("panicked"), "{rendered}");
        let _ = TemplateSet::new(rule_functions()).render_html("t", &text, &rule_data());
    }

    #[test]
    fn arbitrary_texts_never_panic(text in "(\\{\\{|\\}\\}|.|[a-z$. |\"]){0,40}") {
        let rendered = render_rule(&text);
        prop_assert!(!rendered.contains("panicked"), "{rendered}");
    }
}
