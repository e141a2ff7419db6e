use super::*;
use phoenix_model::Source;
use proptest::prelude::*;

fn configs(yaml: &str) -> Vec<RelabelConfig> {
    phoenix_yaml::from_str(&Source::new("relabel.yaml", yaml)).unwrap_or_else(|e| panic!("{yaml}\n{}", e[0]))
}

fn labels(text: &str) -> Labels {
    Labels::from_pairs(text.split(' ').filter(|p| !p.is_empty()).map(|p| p.split_once('=').unwrap()))
}

/// Labels are written `a=1 b=2`; `want` is `dropped` or the labels afterwards.
fn check(before: &str, yaml: &str, want: &str) {
    let got = relabel(&labels(before), &configs(yaml))
        .map_or("dropped".to_owned(), |labels| labels.iter().map(|(n, v)| format!("{n}={v}")).collect::<Vec<_>>().join(" "));
    assert_eq!(got, want, "{before} under\n{yaml}");
}

#[test]
fn every_action() {
    for (before, yaml, want) in [
        ("a=foo b=bar", "[{source_labels: [a], target_label: c, regex: 'f(.*)', replacement: 'x${1}y'}]", "a=foo b=bar c=xooy"),
        ("a=foo b=bar", "[{source_labels: [a, b], target_label: c}]", "a=foo b=bar c=foo;bar"),
        ("a=foo b=bar", "[{source_labels: [a, b], separator: '', target_label: c}]", "a=foo b=bar c=foobar"),
        ("a=foo", "[{source_labels: [a], regex: nomatch, target_label: c}]", "a=foo"),
        ("a=foo", "[{source_labels: [a], regex: fo, target_label: c}]", "a=foo"),
        ("a=foo", "[{source_labels: [a], regex: foo, target_label: a, replacement: ''}]", ""),
        ("a=foo", "[{source_labels: [none], target_label: a}]", ""),
        ("a=foo", "[{target_label: env, replacement: prod}]", "a=foo env=prod"),
        ("a=b-1", "[{source_labels: [a], regex: '(.*)-(.*)', target_label: '${1}_x', replacement: $2}]", "a=b-1 b_x=1"),
        ("a=b", "[{source_labels: [a], regex: 'b()', target_label: '$1', replacement: x}]", "a=b"),
        ("a=foo", "[{action: keep, source_labels: [a], regex: f.*}]", "a=foo"),
        ("a=foo", "[{action: keep, source_labels: [a], regex: f}]", "dropped"),
        ("a=foo", "[{action: drop, source_labels: [a], regex: f.*}]", "dropped"),
        ("a=foo", "[{action: drop, source_labels: [none], regex: f.*}]", "a=foo"),
        ("a=1 b=1", "[{action: keepequal, source_labels: [a], target_label: b}]", "a=1 b=1"),
        ("a=1 b=2", "[{action: keepequal, source_labels: [a], target_label: b}]", "dropped"),
        ("a=1 b=1", "[{action: dropequal, source_labels: [a], target_label: b}]", "dropped"),
        ("a=1 b=2", "[{action: dropequal, source_labels: [a], target_label: b}]", "a=1 b=2"),
        ("x_a=1 x_b=2 y=3", "[{action: labelmap, regex: 'x_(.+)'}]", "a=1 b=2 x_a=1 x_b=2 y=3"),
        ("x_a=1", "[{action: labelmap, regex: 'x_(.+)', replacement: 'y_$1'}]", "x_a=1 y_a=1"),
        ("x_a=1 x_b=2 y=3", "[{action: labeldrop, regex: 'x_.+'}]", "y=3"),
        ("x_a=1 x_b=2 y=3", "[{action: labelkeep, regex: 'x_.+'}]", "x_a=1 x_b=2"),
        ("a=FoO", "[{action: lowercase, source_labels: [a], target_label: b}]", "a=FoO b=foo"),
        ("a=FoO", "[{action: uppercase, source_labels: [a], target_label: a}]", "a=FOO"),
        ("a=foo", "[{source_labels: [a], target_label: dotted.name}]", "a=foo dotted.name=foo"),
        ("a=1", "[{action: drop, source_labels: [a], regex: '1'}, {target_label: b, replacement: x}]", "dropped"),
        ("a=é", "[{action: uppercase, source_labels: [a], target_label: a}]", "a=É"),
        ("a=1", "[]", "a=1"),
    ] {
        check(before, yaml, want);
    }
}

/// MD5("foo") is acbd18db4cc2f85cedef654fccc4a4d8, of which the last eight bytes are 0xedef654fccc4a4d8.
#[test]
fn hashmod_takes_the_last_eight_bytes_of_md5() {
    check("a=foo", "[{action: hashmod, source_labels: [a], target_label: h, modulus: 1000}]", "a=foo h=696");
    assert_eq!(0xedef_654f_ccc4_a4d8_u64 % 1000, 696);
}

#[test]
fn refuses_what_prometheus_refuses() {
    for (yaml, want) in [
        ("[{action: hashmod, target_label: a}]", "needs `modulus`"),
        ("[{action: hashmod, modulus: 3}]", "needs `target_label`"),
        ("[{source_labels: [a]}]", "`replace` needs `target_label`"),
        ("[{action: lowercase, source_labels: [a]}]", "`lowercase` needs `target_label`"),
        ("[{action: lowercase, source_labels: [a], target_label: b, replacement: x}]", "remove `replacement`"),
        ("[{action: labeldrop, source_labels: [a], regex: x, replacement: y}]", "`regex` only; remove `source_labels`, `replacement`"),
        ("[{action: labelkeep, target_label: a, regex: x}]", "remove `target_label`"),
        ("[{action: keepequal, source_labels: [a], target_label: b, regex: x}]", "remove `regex`"),
        ("[{action: dropequal, source_labels: [a], target_label: b, modulus: 2}]", "remove `modulus`"),
        ("[{action: keep, source_labels: [a], regex: '('}]", "invalid regular expression"),
        ("[{action: kep, source_labels: [a]}]", "kep"),
        ("[{action: keep, source_label: [a]}]", "source_label"),
        ("[{action: hashmod, target_label: a, modulus: -1}]", ""),
        ("[{action: keep, source_labels: ['']}]", "empty name"),
    ] {
        let error = phoenix_yaml::from_str::<Vec<RelabelConfig>>(&Source::new("r.yaml", yaml)).expect_err(yaml);
        assert!(error[0].to_string().contains(want), "{yaml}: {}", error[0]);
    }
}

#[test]
fn written_rules_come_back() {
    let yaml = "[{source_labels: [a], separator: '-', regex: x(.), modulus: 4, target_label: t, action: hashmod}]";
    let config = &configs(yaml)[0];
    let again: RelabelConfig = serde_json::from_value(serde_json::to_value(config).unwrap()).unwrap();
    assert_eq!(*config, again);
    insta::assert_snapshot!(serde_json::to_string(config).unwrap(), @r#"{"source_labels":["a"],"separator":"-","regex":"x(.)","modulus":4,"target_label":"t","action":"hashmod"}"#);
}

#[test]
fn explains_each_rule() {
    let rules = configs(
        "[{source_labels: [__meta_env], target_label: env}, {action: labeldrop, regex: tmp_.*}, {action: keep, source_labels: [env], \
         regex: prod}, {target_label: never, replacement: x}]",
    );
    let steps = explain(&labels("__meta_env=dev tmp_a=1 tmp_b=2"), &rules);
    let shown: Vec<String> = steps
        .iter()
        .map(|step| {
            let changes: Vec<String> = step
                .changes
                .iter()
                .map(|c| format!("{}: {} -> {}", c.name, c.before.as_deref().unwrap_or("-"), c.after.as_deref().unwrap_or("-")))
                .collect();
            format!("{} {} [{}] {}", step.index, step.action, changes.join(", "), if step.kept { "kept" } else { "dropped" })
        })
        .collect();
    insta::assert_snapshot!(shown.join("\n"), @r"
    0 replace [env: - -> dev] kept
    1 labeldrop [tmp_a: 1 -> -, tmp_b: 2 -> -] kept
    2 keep [] dropped
    ");
}

proptest! {
    /// Any text as pattern, replacement and target either fails to load or applies without a panic,
    /// and `explain` ends where `relabel` ends.
    #[test]
    fn explain_agrees_with_relabel(
        pattern in "[a-c.*()|+$^]{0,6}", replacement in "[a-c$1{}_é]{0,8}", target in "[a-c$1{}]{0,4}",
        action in prop::sample::select(vec!["replace", "keep", "drop", "labelmap", "labeldrop", "labelkeep"]),
        pairs in prop::collection::btree_map("[a-c]{1,2}", "[a-c]{1,3}", 0..4),
    ) {
        let before = Labels::from_pairs(&pairs);
        let rule = serde_json::json!({"source_labels": ["a", "b"], "regex": pattern, "replacement": replacement, "target_label": target, "action": action});
        let plain = serde_json::json!({"regex": pattern, "action": action});
        for value in [rule, plain] {
            let Ok(config) = serde_json::from_value::<RelabelConfig>(value) else { continue };
            let configs = [config.clone(), config];
            let after = relabel(&before, &configs);
            let steps = explain(&before, &configs);
            prop_assert_eq!(after.is_some(), steps.iter().all(|step| step.kept));
            let mut replayed = before.to_builder();
            for change in steps.iter().flat_map(|step| &step.changes) {
                replayed.set(&change.name, change.after.as_deref().unwrap_or(""));
            }
            if let Some(after) = after {
                prop_assert_eq!(replayed.build(), after);
            }
        }
    }
}
