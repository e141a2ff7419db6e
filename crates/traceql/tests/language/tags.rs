//! The search by tags, as queries.

use phoenix_traceql::from_tags;
use std::time::Duration;

#[test]
fn tags_become_conditions() {
    let ms = Duration::from_millis;
    for (tags, min, max, want) in [
        ("", None, None, "{ }"),
        ("service.name=api", None, None, r#"{ .service.name =~ "(?i).*api.*" }"#),
        ("service.name=api http.url=\"/a b\"", None, None, r#"{ .service.name =~ "(?i).*api.*" } && { ."http.url" =~ "(?i).*/a b.*" }"#),
        ("a=\"x\\\"y\"", None, None, r#"{ .a =~ "(?i).*x\"y.*" }"#),
        ("a=1.2.3", None, None, r#"{ .a =~ "(?i).*1\\.2\\.3.*" }"#),
        ("http.status_code=500", None, None, r#"{ (.http.status_code = 500 || .http.status_code =~ "(?i).*500.*") }"#),
        ("a=-0.5 b=true", None, None, r#"{ (.a = -0.5 || .a =~ "(?i).*\\-0\\.5.*") } && { (.b = true || .b =~ "(?i).*true.*") }"#),
        (
            "name=GET root.name=x root.service.name=y",
            None,
            None,
            r#"{ name =~ "(?i).*GET.*" } && { rootName =~ "(?i).*x.*" } && { rootServiceName =~ "(?i).*y.*" }"#,
        ),
        ("error=true status.code=ok", None, None, "{ status = error } && { status = ok }"),
        ("", Some(ms(100)), None, "{ traceDuration >= 100ms }"),
        ("", Some(ms(1)), Some(ms(90_000)), "{ traceDuration >= 1ms && traceDuration <= 1m30s }"),
        ("a=b c=d", None, Some(ms(5)), r#"{ .a =~ "(?i).*b.*" && traceDuration <= 5ms } && { .c =~ "(?i).*d.*" }"#),
        ("5a=b \u{e4}{=c", None, None, "{ .\"5a\" =~ \"(?i).*b.*\" } && { .\"\u{e4}{\" =~ \"(?i).*c.*\" }"),
    ] {
        let want = want.replace(".\"http.url\"", ".http.url");
        assert_eq!(from_tags(tags, min, max).unwrap_or_else(|found| panic!("{tags}: {}", found[0])).to_string(), want, "{tags}");
    }
}

#[test]
fn bad_tags_are_told() {
    for (tags, want) in [
        ("a", "invalid tags: `a` has no value"),
        ("a=", "invalid tags: `a` has no value"),
        ("a=\"\"", "invalid tags: `a` has no value"),
        ("=b", "invalid tags: a key is missing"),
        ("a=b a=c", "invalid tags: tag a has been set twice"),
        ("a=\"b", "invalid tags: unterminated quoted string"),
    ] {
        let found = from_tags(tags, None, None).unwrap_err();
        assert_eq!(found[0].message, want, "{tags}");
        assert!(found[0].help.is_some(), "{tags}");
    }
    assert_eq!(from_tags("a= =b c", None, None).unwrap_err().len(), 3);
    // As many as a query may have regular expressions.
    let many: String = (0..257).map(|i| format!("k{i}=v ")).collect();
    assert!(from_tags(&many, None, None).is_err());
    let few: String = (0..100).map(|i| format!("k{i}=v ")).collect();
    assert!(from_tags(&few, None, None).is_ok());
}
