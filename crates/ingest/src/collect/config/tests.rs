use super::*;

fn read(text: &str) -> (Option<CollectConfig>, Vec<String>) {
    let (config, diagnostics) = parse(&Source::new("promtail.yaml", text), Path::new("/etc"));
    (config, diagnostics.iter().map(|d| format!("{:?} {:?}: {}", d.severity, d.position().unwrap_or_default(), d.message)).collect())
}

#[test]
fn a_config_of_promtails_documentation_is_taken() {
    let (config, findings) = read(
        "server:\n  http_listen_port: 9080\n  grpc_listen_port: 0\npositions:\n  filename: /var/log/positions.yaml\nclients:\n  - url: http://loki:3100/loki/api/v1/push\n    basic_auth: {username: a, password: b}\n    external_labels: {site: x}\nlimits_config: {max_line_size: 256kb, max_line_size_truncate: true}\ntarget_config: {sync_period: 10s}\nscrape_configs:\n - job_name: system\n   pipeline_stages:\n   static_configs:\n   - targets:\n      - localhost\n     labels:\n      job: varlogs\n      __path__: /var/log/*.log\n - job_name: journal\n   journal:\n     max_age: 12h\n     matches: _TRANSPORT=kernel PRIORITY=3\n     labels: {job: systemd-journal}\n   relabel_configs:\n     - source_labels: ['__journal__systemd_unit']\n       target_label: 'unit'\n - job_name: syslog\n   syslog:\n     listen_address: 0.0.0.0:1514\n     label_structured_data: yes\n     labels: {job: syslog}\n - job_name: sd\n   file_sd_configs: [{files: [sd/*.yml]}]\n   pipeline_stages: [{tenant: {value: t}}]\n   kubernetes_sd_configs: [{role: pod}]\n",
    );
    let config = config.unwrap_or_else(|| panic!("{findings:?}"));
    assert_eq!(
        findings,
        [
            "Warning (1, 1): `server` is not acting: Phoenix has an HTTP server of its own; see `listen` in phoenix.yaml",
            "Warning (5, 3): `filename` is not acting: positions are kept in Phoenix' data folder",
            "Warning (6, 1): `clients` is not acting: lines go into Phoenix' own store; of a single client `external_labels` acts",
            "Warning (36, 23): `tenant` is not acting: there are no tenants",
            "Warning (37, 4): `kubernetes_sd_configs` is not acting: it finds no targets; name the files with `__path__: /var/log/pods/*/*/*.log`",
        ]
    );
    assert_eq!(config.external_labels.to_string(), r#"{site="x"}"#);
    assert_eq!(config.limits, LineLimits { max_bytes: Some(256 * 1024), truncates: true });
    assert_eq!(config.jobs[0].static_targets[0].to_string(), r#"{__address__="localhost",__path__="/var/log/*.log",job="varlogs"}"#);
    let journal = config.jobs[1].journal.as_ref().unwrap();
    assert_eq!((journal.max_age, journal.matches.len()), (Duration::from_hours(12), 2));
    let listen = config.listen_addresses();
    assert_eq!((listen[0].job.as_str(), listen[0].address.to_string().as_str()), ("syslog", "0.0.0.0:1514"));
    assert_eq!(config.jobs[3].file_sd_configs[0].files, [PathBuf::from("/etc/sd/*.yml")]);
}

#[test]
fn mistakes_are_told_with_their_place() {
    for (text, want) in [
        ("scrape_configs:\n- job_name: a\n  nokey: 1\n", "Error (3, 3): unknown key `nokey`"),
        ("scrape_configs:\n- job_name: ''\n", "Error (2, 13): the job's name is empty"),
        ("scrape_configs:\n- job_name: a\n- job_name: a\n", "2 jobs are named `a`"),
        (
            "scrape_configs:\n- job_name: a\n  pipeline_stages:\n  - regex: {expression: '('}\n",
            "Error (4, 25): `(` is not a regular expression",
        ),
        ("scrape_configs:\n- job_name: a\n  pipeline_stages:\n  - jsn: {}\n", "`jsn`"),
        #[cfg(not(feature = "vrl"))]
        (
            "scrape_configs:\n- job_name: a\n  pipeline_stages:\n  - vrl: {source: '.a = 1'}\n",
            "Error (4, 11): this Phoenix was built without the stage `vrl`",
        ),
        #[cfg(feature = "vrl")]
        (
            "scrape_configs:\n- job_name: a\n  pipeline_stages:\n  - vrl:\n      source: |\n        .a = nosuch(.b)\n",
            "Error (6, 14): call to undefined function",
        ),
        ("scrape_configs:\n- job_name: a\n  syslog: {listen_address: nowhere}\n", "Error (3, 28): `nowhere` is not an address"),
        ("scrape_configs:\n- job_name: a\n  syslog: {listen_address: ':1', listen_protocol: x}\n", "is not one of tcp, udp"),
        ("scrape_configs:\n- job_name: a\n  syslog: {listen_address: ':1', syslog_format: x}\n", "is not one of rfc5424, rfc3164"),
        ("scrape_configs:\n- job_name: a\n  static_configs: [{labels: {a: b}}]\n", "the label `__path__` is missing"),
        ("target_config: {sync_period: 10}\n", "is not a duration"),
        (
            "scrape_configs:\n- job_name: a\n  syslog: {listen_address: 'localhost:1'}\n- job_name: b\n  syslog: {listen_address: '127.0.0.1:1'}\n",
            "the jobs `a` and `b` both listen on 127.0.0.1:1",
        ),
    ] {
        let (_, findings) = read(text);
        assert!(findings.iter().any(|finding| finding.contains(want)), "{text}: {findings:?}");
    }
}

#[test]
fn a_promtail_config_is_known_by_its_keys() {
    for (text, want) in [
        ("clients: [{url: x}]", true),
        ("scrape_configs: [{job_name: a, pipeline_stages: []}]", true),
        ("scrape_configs: [{job_name: a, static_configs: []}]", false),
        ("route: {}", false),
    ] {
        assert_eq!(is_promtail_config(&Source::new("x", text)), want, "{text}");
    }
}

#[test]
fn keys_that_do_not_act_are_documented_keys() {
    let known = documented_keys();
    for (key, _) in NOT_ACTING {
        let nested = ["positions.", "limits_config."].iter().any(|prefix| key.starts_with(prefix));
        assert!(nested || known.iter().any(|k| k == key), "{key}");
    }
}
