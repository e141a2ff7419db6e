use super::*;
use crate::scrape::job::test_job;
use phoenix_model::{Source, is_stale};
use std::fmt::Write;

/// One target, scraped again and again.
struct Scrapes {
    labels: Labels,
    rules: SampleRules,
    cache: SeriesCache,
    families: Families,
    samples: Samples,
    now_ms: i64,
}

impl Scrapes {
    fn new(change: impl FnOnce(&mut SampleRules)) -> Self {
        let mut rules = test_job().samples;
        change(&mut rules);
        Self {
            labels: Labels::from_pairs([("job", "j"), ("instance", "i")]),
            rules,
            cache: SeriesCache::default(),
            families: Families::default(),
            samples: Samples::default(),
            now_ms: 0,
        }
    }

    /// Scrapes a body and shows the counts, the samples, and the error.
    fn scrape(&mut self, body: &str) -> String {
        self.scrape_as(body.as_bytes(), Format::Text)
    }

    fn scrape_as(&mut self, body: &[u8], format: Format) -> String {
        self.now_ms += 1000;
        let Self { labels, rules, cache, families, samples, now_ms } = self;
        let (counts, result) = append(body, format, Into { now_ms: *now_ms, target_labels: labels, rules }, cache, families, samples);
        let mut out = format!("{} scraped, {} kept, {} added", counts.scraped, counts.kept, counts.added);
        if counts.duplicates > 0 {
            write!(out, ", {} twice", counts.duplicates).unwrap();
        }
        let mut lines: Vec<String> = samples
            .batch()
            .series
            .iter()
            .flat_map(|(labels, samples)| samples.iter().map(move |(t, v)| (labels.filter(|n| n != "job" && n != "instance"), t, v)))
            .map(|(labels, t, v)| format!("{labels} {} @{t}", if is_stale(*v) { "stale".to_owned() } else { v.to_string() }))
            .collect();
        for (labels, histograms) in &samples.batch().histograms {
            for (t, h) in histograms {
                let labels = labels.filter(|n| n != "job" && n != "instance");
                let buckets = (&h.positive, &h.custom_values);
                lines.push(format!("{labels} schema {} count {} sum {} {buckets:?} @{t}", h.schema, h.count, h.sum));
            }
        }
        for (labels, exemplars) in &samples.batch().exemplars {
            for e in exemplars {
                let labels = labels.filter(|n| n != "job" && n != "instance");
                lines.push(format!("{labels} # {} {} @{}", e.labels, e.value, e.timestamp_ms));
            }
        }
        lines.sort();
        for line in lines {
            write!(out, "\n{line}").unwrap();
        }
        if let Err(e) = result {
            write!(out, "\nerror: {e}").unwrap();
        }
        out
    }
}

#[test]
fn series_that_vanish_are_marked_stale() {
    let mut target = Scrapes::new(|_| {});
    insta::assert_snapshot!(target.scrape("a 1\nb{x=\"y\"} 2\n"), @r#"
    2 scraped, 2 kept, 2 added
    a 1 @1000
    b{x="y"} 2 @1000
    "#);
    insta::assert_snapshot!(target.scrape("a 3\nc 1\n"), @r#"
    2 scraped, 2 kept, 1 added
    a 3 @2000
    b{x="y"} stale @2000
    c 1 @2000
    "#);
    insta::assert_snapshot!(target.scrape("a 4\nbroken\n"), @r#"
    1 scraped, 1 kept, 0 added
    a stale @3000
    c stale @3000
    error: line 2: expected a value, found the end of the line
    "#);
    insta::assert_snapshot!(target.scrape("a 5\n"), @r"
    1 scraped, 1 kept, 0 added
    a 5 @4000
    ");
    append_nothing(9, &mut target.cache, &mut target.samples);
    assert_eq!(target.samples.batch().series.len(), 1);
}

#[test]
fn labels_of_target_and_series() {
    let body = "a{job=\"own\",exported_job=\"x\",instance=\"\"} 1\n";
    let all = |target: &mut Scrapes| {
        target.scrape(body);
        target.samples.batch().series[0].0.to_string()
    };
    assert_eq!(all(&mut Scrapes::new(|_| {})), "a{exported_exported_job=\"own\",exported_job=\"x\",instance=\"i\",job=\"j\"}");
    assert_eq!(all(&mut Scrapes::new(|r| r.honor_labels = true)), "a{exported_job=\"x\",instance=\"i\",job=\"own\"}");
}

#[test]
fn timestamps_of_the_target() {
    let body = "a 1 5\nb 2\n";
    let mut target = Scrapes::new(|_| {});
    target.scrape(body);
    insta::assert_snapshot!(target.scrape("c 1 1\nc 2 2\n"), @r"
    2 scraped, 2 kept, 1 added
    b stale @2000
    c 1 @1
    c 2 @2
    ");
    let mut target = Scrapes::new(|r| r.track_timestamps_staleness = true);
    target.scrape(body);
    insta::assert_snapshot!(target.scrape(""), @r"
    0 scraped, 0 kept, 0 added
    a stale @2000
    b stale @2000
    ");
    let mut target = Scrapes::new(|r| r.honor_timestamps = false);
    insta::assert_snapshot!(target.scrape(body), @r"
    2 scraped, 2 kept, 2 added
    a 1 @1000
    b 2 @1000
    ");
}

#[test]
fn duplicates_are_counted_and_the_first_stays() {
    let mut target = Scrapes::new(|_| {});
    for _ in 0..2 {
        target.scrape("a{x=\"1\",y=\"2\"} 1\na{y=\"2\",x=\"1\"} 2\na{x=\"1\",y=\"2\"} 3\n");
    }
    insta::assert_snapshot!(target.scrape("a{x=\"1\",y=\"2\"} 1\na{y=\"2\",x=\"1\"} 2\na{x=\"1\",y=\"2\"} 3\n"), @r#"
    3 scraped, 3 kept, 0 added, 2 twice
    a{x="1",y="2"} 1 @3000
    "#);
}

#[test]
fn metric_relabelling_drops_and_is_remembered() {
    let rules =
        "[{action: drop, source_labels: [__name__], regex: b.*}, {source_labels: [x], target_label: y}, {action: labeldrop, regex: x}]";
    let mut target = Scrapes::new(|r| r.metric_relabel = phoenix_yaml::from_str(&Source::new("r.yaml", rules)).unwrap());
    for added in [1, 0] {
        let shown = target.scrape("a{x=\"1\"} 1\nb 2\nbb 3\n");
        assert_eq!(shown, format!("3 scraped, 1 kept, {added} added\na{{y=\"1\"}} 1 @{}", target.now_ms));
    }
}

#[test]
fn limits_fail_the_scrape_and_are_named() {
    let limit = |max, name| Limit { max, name };
    let mut target = Scrapes::new(|r| r.sample_limit = limit(2, "sample_limit"));
    target.scrape("a 1\nb 1\n");
    insta::assert_snapshot!(target.scrape("a 1\nb 1\nc 1\nd 1\n"), @r"
    4 scraped, 2 kept, 0 added
    a stale @2000
    b stale @2000
    error: the target has more than 2 samples after relabelling, the limit of `sample_limit`
    ");
    assert_eq!(target.cache.len(), 2);
    for (change, want) in [
        (
            (|r| r.label_limit = Limit { max: 3, name: "label_limit" }) as fn(&mut SampleRules),
            "has 4 labels, the limit of `label_limit` is 3",
        ),
        (|r| r.label_name_length_limit = Limit { max: 8, name: "label_name_length_limit" }, "the name of label \"long_name\" has 9 bytes"),
        (
            |r| r.label_value_length_limit = Limit { max: 4, name: "label_value_length_limit" },
            "the value of label \"long_name\" has 5 bytes",
        ),
    ] {
        let shown = Scrapes::new(change).scrape("a{long_name=\"value\"} 1\n");
        assert!(shown.contains(want), "{shown}");
    }
    let mut legacy = Scrapes::new(|r| r.only_legacy_names = true);
    assert!(legacy.scrape("{\"a.b\"} 1\n").contains("legacy` refuses"));
    assert!(legacy.scrape("a:b{\"c.d\"=\"\"} 1\n").contains("1 kept"));
    assert!(Scrapes::new(|_| {}).scrape("{x=\"1\"} 1\n").contains("has no metric name"));
}

mod remembered {
    use crate::scrape::replay::Replay;
    use phoenix_model::is_stale;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    /// The samples that are not staleness markers, by labels.
    fn samples(replay: &mut Replay) -> BTreeSet<String> {
        let series = &replay.batch().series;
        let all = series.iter().flat_map(|(labels, samples)| samples.iter().map(move |(t, v)| (labels, t, v)));
        all.filter(|(_, _, v)| !is_stale(**v)).map(|(labels, t, v)| format!("{labels} {v} @{t}")).collect()
    }

    const LINES: [&str; 10] = [
        "a 1",
        "a{x=\"1\"} 2",
        "a{x=\"1\",y=\"2\"} 3",
        "a{y=\"2\",x=\"1\"} 4",
        "a {x=\"1\"} 5",
        "b 6 1000",
        "{\"c.d\"} 7",
        "# TYPE a gauge",
        "# HELP b words",
        "broken{",
    ];

    proptest! {
        /// What was remembered of earlier bodies changes neither samples nor errors.
        #[test]
        fn a_cache_changes_nothing(bodies in prop::collection::vec(prop::collection::vec(0..LINES.len(), 0..12), 1..8)) {
            let mut cached = Replay::default();
            for (now_ms, lines) in bodies.iter().enumerate() {
                let body: Vec<&str> = lines.iter().map(|line| LINES[*line]).collect();
                let body = body.join("\n");
                let mut fresh = Replay::default();
                let (got, want) = (cached.scrape(body.as_bytes(), now_ms as i64), fresh.scrape(body.as_bytes(), now_ms as i64));
                prop_assert_eq!(got, want);
                prop_assert_eq!(samples(&mut cached), samples(&mut fresh));
            }
        }
    }
}

#[test]
fn exemplars_are_stored_once() {
    let body = b"# TYPE a counter\na_total 1 # {trace_id=\"x\"} 0.5\n# TYPE b counter\nb_total 1 # {trace_id=\"y\"} 1 0.007\n# EOF\n";
    let mut target = Scrapes::new(|_| {});
    insta::assert_snapshot!(target.scrape_as(body, Format::OpenMetrics), @r#"
    2 scraped, 2 kept, 2 added
    a_total # {trace_id="x"} 0.5 @1000
    a_total 1 @1000
    b_total # {trace_id="y"} 1 @7
    b_total 1 @1000
    "#);
    // One with a time is told apart by the store; one without is known here.
    insta::assert_snapshot!(target.scrape_as(body, Format::OpenMetrics), @r#"
    2 scraped, 2 kept, 0 added
    a_total 1 @2000
    b_total # {trace_id="y"} 1 @7
    b_total 1 @2000
    "#);
    insta::assert_snapshot!(target.scrape_as(b"# TYPE a counter\na_total 1 # {trace_id=\"z\"} 0.5\n# EOF\n", Format::OpenMetrics), @r#"
    1 scraped, 1 kept, 0 added
    a_total # {trace_id="z"} 0.5 @3000
    a_total 1 @3000
    b_total stale @3000
    "#);
}

#[test]
fn native_histograms_by_the_rules_of_the_job() {
    let body = crate::exposition::protobuf::tests::example_body();
    let scrape =
        |change: &dyn Fn(&mut HistogramScrape)| Scrapes::new(|rules| change(&mut rules.histograms)).scrape_as(&body, Format::Protobuf);
    let classic = r#"5 scraped, 5 kept, 5 added
h_bucket{a="b",le="+Inf"} 7 @1000
h_bucket{a="b",le="0.5"} # {trace_id="abc"} 0.25 @1000
h_bucket{a="b",le="0.5"} 2 @1000
h_bucket{a="b",le="1e+06"} 6 @1000
h_count{a="b"} 7 @1000
h_sum{a="b"} 2.5 @1000"#;
    assert_eq!(scrape(&|_| {}), classic);
    insta::assert_snapshot!(scrape(&|h| h.native = true), @r#"
    1 scraped, 1 kept, 1 added
    h{a="b"} # {trace_id="abc"} 0.5 @20005
    h{a="b"} # {trace_id="abc"} 0.75 @10000
    h{a="b"} schema 3 count 7 sum 2.5 ([1.0, 2.0, 3.0], []) @1000
    "#);
    let both = scrape(&|h| (h.native, h.keep_classic, h.convert_classic) = (true, true, true));
    assert!(both.starts_with("6 scraped, 6 kept, 6 added") && both.contains("h{a=\"b\"} schema 3"), "{both}");
    let converted = scrape(&|h| h.convert_classic = true);
    insta::assert_snapshot!(converted, @r#"
    1 scraped, 1 kept, 1 added
    h{a="b"} schema -53 count 7 sum 2.5 ([2.0, 4.0, 1.0], [0.5, 1000000.0]) @1000
    "#);
    let coarse = scrape(&|h| (h.native, h.max_schema) = (true, 0));
    assert!(coarse.contains("schema 0 count 7 sum 2.5 ([3.0, 3.0], [])"), "{coarse}");
    let few = scrape(&|h| (h.native, h.bucket_limit.max) = (true, 2));
    assert!(few.contains("schema 2 count 7") || few.contains("schema 1 count 7"), "{few}");
    let none = scrape(&|h| (h.native, h.bucket_limit.max) = (true, 0));
    assert!(none.ends_with("error: metric family 1: the native histogram `h{a=\"b\"}` has more than 0 buckets that can't be merged, the limit of `buckets of a histogram that the store takes`"), "{none}");
}

#[test]
fn classic_histograms_of_text_become_native_ones() {
    let body = "# TYPE h histogram\nh_bucket{le=\"1\"} 1\nh_bucket{le=\"+Inf\"} 3\nh_sum 4\nh_count 3\n\
        h_bucket{a=\"x\",le=\"1\"} 2\nh_bucket{a=\"x\",le=\"+Inf\"} 1\nh_count{a=\"x\"} 1\n# TYPE g gauge\nh_count_of 1\ng 2\n";
    let mut target = Scrapes::new(|r| r.histograms.convert_classic = true);
    insta::assert_snapshot!(target.scrape(body), @r"
    3 scraped, 3 kept, 3 added
    g 2 @1000
    h schema -53 count 3 sum 4 ([1.0, 2.0], [1.0]) @1000
    h_count_of 1 @1000
    ");
    insta::assert_snapshot!(target.scrape("g 2\n"), @r"
    1 scraped, 1 kept, 0 added
    g 2 @2000
    h stale @2000
    h_count_of stale @2000
    ");
    let mut target = Scrapes::new(|r| (r.histograms.convert_classic, r.histograms.keep_classic) = (true, true));
    assert!(target.scrape(body).starts_with("10 scraped, 10 kept, 10 added"));
}
