//! `/probe` in the whole program: a job as people write it for blackbox_exporter, an alert on what it finds, a reload.

#![expect(clippy::disallowed_methods, reason = "tests of whole programs run in real time on a real disk")]

mod program;

use program::{Server, eventually, free_address};
use serde_json::json;
use std::time::Duration;

const MODULES: &str = "modules: {http_2xx: {prober: http, timeout: 2s}, connect: {prober: tcp}, ping: {prober: icmp}}\n";

#[test]
fn a_job_probes_and_a_rule_alerts() {
    let dir = tempfile::tempdir().unwrap();
    let (address, closed) = (free_address(), free_address());
    let write = |name: &str, text: &str| std::fs::write(dir.path().join(name), text).unwrap();
    write("phoenix.yaml", "metrics: {config: prometheus.yaml}\nprobes: blackbox.yaml\n");
    write("blackbox.yaml", MODULES);
    write(
        "prometheus.yaml",
        &format!(
            r"
global: {{scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}}
rule_files: [rules.yaml]
scrape_configs:
  - job_name: probes
    metrics_path: /probe
    params: {{module: [http_2xx]}}
    static_configs: [{{targets: ['http://{address}/-/healthy', 'http://{closed}/']}}]
    relabel_configs:
      - {{source_labels: [__address__], target_label: __param_target}}
      - {{source_labels: [__param_target], target_label: instance}}
      - {{target_label: __address__, replacement: '{address}'}}
"
        ),
    );
    write(
        "rules.yaml",
        "groups: [{name: probes, rules: [{alert: TargetDown, expr: 'probe_success == 0', labels: {severity: critical}}]}]\n",
    );
    let server = Server::start_at(dir.path(), Some(&dir.path().join("phoenix.yaml")), address);
    let limit = Duration::from_secs(20);
    let success = |target: &str| server.value(&format!("probe_success{{instance=\"{target}\"}}"));
    eventually("the open port answers", limit, || success(&format!("http://{address}/-/healthy")).filter(|value| *value == 1.0));
    eventually("the closed port does not", limit, || success(&format!("http://{closed}/")).filter(|value| *value == 0.0));
    eventually("the alert", limit, || {
        let alerts = server.json("/api/v1/alerts");
        (alerts["data"]["alerts"][0]["labels"]["instance"] == json!(format!("http://{closed}/"))).then_some(())
    });

    // By hand, in full; and what is wrong with a request.
    let (status, text) = server.get(&format!("/probe?module=connect&target={closed}&debug=true"));
    assert_eq!(status, 200);
    assert!(text.contains(&format!("cannot connect to {closed}: ")) && text.contains("\nprobe_success 0\n"), "{text}");
    for (query, says) in [
        ("module=connect", "Target parameter is missing"),
        ("module=nobody&target=x", "Unknown module \"nobody\": known are connect, http_2xx, ping"),
        ("module=ping&target=x", "The module \"ping\" has the prober icmp, which Phoenix does not have"),
    ] {
        assert_eq!(server.get(&format!("/probe?{query}")), (400, format!("{says}\n")), "{query}");
    }

    // Other modules after a reload; a file that is wrong leaves them.
    let reload = || server.post("/-/reload", &json!({}));
    write("blackbox.yaml", "modules: {other: {prober: tcp}}\n");
    assert_eq!(reload().0, 200);
    assert!(server.get("/probe?module=connect&target=x").1.contains("known are other"));
    write("blackbox.yaml", "modules: {other: {prober: smoke-signals}}\n");
    let (status, text) = reload();
    assert_eq!(status, 500);
    assert!(text.contains("the module `other` has the unknown prober `smoke-signals`"), "{text}");
    assert!(server.get("/probe?module=connect&target=x").1.contains("known are other"));
}

#[test]
fn without_modules_nothing_is_probed() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path(), None);
    let (status, text) = server.get("/probe?module=http_2xx&target=127.0.0.1:1");
    assert_eq!(status, 404);
    assert!(text.contains("`probes` in phoenix.yaml"), "{text}");
}
