use super::*;
use std::time::Duration as StdDuration;

fn environment(name: &str) -> Option<String> {
    match name {
        "REGION" => Some("eu".to_owned()),
        "EMPTY" => Some(String::new()),
        _ => None,
    }
}

fn parsed(text: &str) -> PrometheusConfig {
    let source = Source::new("prometheus.yaml", text);
    let (config, diagnostics) = parse(&source, Path::new("/etc/p"), &environment);
    config.unwrap_or_else(|| panic!("{}", diagnostics[0]))
}

#[test]
fn variables_expand_as_in_go() {
    for (text, want, missing) in [
        ("plain", "plain", ""),
        ("${REGION}-1", "eu-1", ""),
        ("$REGION-1", "eu-1", ""),
        ("$REGION1", "", "REGION1"),
        ("$$REGION", "$REGION", ""),
        ("a$", "a$", ""),
        ("$ a", "$ a", ""),
        ("${NOBODY}", "", "NOBODY"),
        ("${EMPTY}x", "x", "EMPTY"),
        ("${REGION", "REGION", ""),
        ("${}x", "x", ""),
        ("ä${REGION}ö", "äeuö", ""),
    ] {
        let (got, names) = expand(text, &environment);
        assert_eq!((got.as_str(), names.join(",").as_str()), (want, missing), "{text}");
    }
}

#[test]
fn jobs_take_over_what_is_global() {
    let config = parsed(
        "global: {scrape_interval: 30s, sample_limit: 7, external_labels: {region: '${REGION}'}}\n\
         scrape_configs:\n  - job_name: a\n  - {job_name: b, scrape_interval: 5s, sample_limit: 1, bearer_token_file: t, file_sd_configs: [{files: [x/*.json]}]}\n",
    );
    let [a, b] = config.scrape_configs.as_slice() else { panic!("two jobs") };
    assert_eq!((a.scrape_interval, a.scrape_timeout), (StdDuration::from_secs(30), StdDuration::from_secs(10)));
    // The default timeout is cut to a shorter interval instead of being refused.
    assert_eq!((b.scrape_interval, b.scrape_timeout), (StdDuration::from_secs(5), StdDuration::from_secs(5)));
    assert_eq!((a.limits.samples, b.limits.samples), (7, 1));
    assert_eq!(b.http.authorization.as_ref().unwrap().credentials_file.as_deref(), Some(Path::new("/etc/p/t")));
    assert_eq!(b.file_sd_configs[0].files, [Path::new("/etc/p/x/*.json")]);
    assert_eq!(config.global.external_labels.get("region"), Some("eu"));
    assert_eq!(a.scrape_protocols, crate::exposition::ScrapeProtocol::DEFAULT);
}

#[test]
fn a_job_that_only_moved_is_the_same() {
    let one = parsed("scrape_configs:\n  - job_name: a\n");
    let other = parsed("# moved\nscrape_configs:\n\n  - job_name: a\n");
    assert_eq!(one.scrape_configs, other.scrape_configs);
    let changed = parsed("scrape_configs:\n  - {job_name: a, scheme: https}\n");
    assert_ne!(one.scrape_configs, changed.scrape_configs);
}

#[test]
fn every_key_that_does_not_act_is_a_documented_one() {
    let documented = documented_keys();
    for (key, _) in NOT_ACTING {
        let section = key.split(['.', '[']).next().unwrap();
        assert!(documented.iter().any(|d| d == key || d == section), "{key}");
    }
}

#[test]
fn what_becomes_of_histograms() {
    let config = parsed(
        "global: {scrape_native_histograms: true, always_scrape_classic_histograms: true}\nscrape_configs:\n- job_name: a\n- job_name: b\n  \
         scrape_native_histograms: false\n  native_histogram_bucket_limit: 20\n  native_histogram_min_bucket_factor: 1.2\n",
    );
    let [a, b] = &config.scrape_configs[..] else { panic!("two jobs") };
    assert!(a.histograms.native && a.histograms.keep_classic && !a.histograms.convert_classic);
    assert_eq!(a.scrape_protocols, crate::exposition::ScrapeProtocol::DEFAULT_WITH_NATIVE);
    assert_eq!(b.scrape_protocols, crate::exposition::ScrapeProtocol::DEFAULT);
    assert_eq!((b.histograms.native, b.histograms.bucket_limit, b.histograms.min_bucket_factor), (false, 20, 1.2));
}
