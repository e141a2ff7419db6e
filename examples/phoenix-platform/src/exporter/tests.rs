//! What the exporter tells of processes that really run: this one stands for all.

use super::*;

const API: Part = PARTS[0].1;

#[test]
fn a_part_that_was_seen_is_missed_and_counted_anew() {
    let mut seen = BTreeMap::new();
    let mut told = Vec::new();
    for running in [Some(5), Some(5), None, Some(7), Some(7), None] {
        update(&mut seen, &running.map(|pid| (API, pid)).into_iter().collect());
        let one = &seen[&API];
        told.push((one.pid, one.restarts));
    }
    assert_eq!(told, [(Some(5), 0), (Some(5), 0), (None, 0), (Some(7), 1), (Some(7), 1), (None, 1)]);
}

#[test]
fn the_pages_tell_of_what_runs_and_of_what_does_not() {
    let exporter = Exporter {
        volumes: vec![volume("phoenix-system/data-postgres-0=/").unwrap(), volume("phoenix-system/gone=/no/such/folder").unwrap()],
        node: "n1".to_owned(),
        ..Exporter::default()
    };
    let seen = BTreeMap::from([
        (API, Seen { pid: Some(std::process::id()), restarts: 2, last_pid: std::process::id() }),
        (PARTS[1].1, Seen { pid: None, restarts: 0, last_pid: 1 }),
    ]);
    let mut text = String::new();
    for tell in [text::cadvisor, text::kubelet, text::kube_state] {
        let mut page = Page::default();
        tell(&mut page, &exporter, &seen);
        text.push_str(&page.finish());
    }
    let container = r#"{namespace="phoenix-system",pod="phoenix-api-0",container="phoenix-api"}"#;
    for (line, value) in [
        (format!("container_cpu_usage_seconds_total{container}"), None),
        (format!("container_memory_working_set_bytes{container}"), None),
        ("machine_cpu_cores{}".to_owned(), None),
        (r#"kubelet_volume_stats_available_bytes{namespace="phoenix-system",persistentvolumeclaim="data-postgres-0"}"#.to_owned(), None),
        (r#"kube_node_status_condition{node="n1",condition="Ready",status="true"}"#.to_owned(), Some(1.0)),
        (r#"kube_deployment_spec_replicas{namespace="phoenix-system",deployment="phoenix-controller"}"#.to_owned(), Some(1.0)),
        (r#"kube_deployment_status_replicas_available{namespace="phoenix-system",deployment="phoenix-controller"}"#.to_owned(), Some(0.0)),
        (r#"kube_pod_status_phase{namespace="phoenix-system",pod="phoenix-controller-0",phase="Pending"}"#.to_owned(), Some(1.0)),
        (r#"kube_pod_status_phase{namespace="phoenix-system",pod="phoenix-api-0",phase="Running"}"#.to_owned(), Some(1.0)),
        (format!("kube_pod_container_status_restarts_total{container}"), Some(2.0)),
    ] {
        let told: Option<f64> = text.lines().find_map(|known| known.strip_prefix(&line)?.trim().parse().ok());
        assert!(told.is_some_and(|told| value.map_or(told > 0.0, |value| told == value)), "{line} {value:?}\n{text}");
    }
    for absent in ["gone", r#"container="phoenix-controller"} 0.0"#, "horizontalpodautoscaler"] {
        assert!(!text.contains(absent), "{absent}\n{text}");
    }
}

#[test]
fn volumes_are_read() {
    let want = Volume { namespace: "a".to_owned(), claim: "b-0".to_owned(), path: "/x=y".into() };
    assert_eq!(volume("a/b-0=/x=y"), Ok(want));
    for bad in ["", "a", "a/b", "a=/x", "/b=/x", "a/b=", "a/b\"=/x", "a\n/b=/x"] {
        assert!(volume(bad).is_err(), "{bad}");
    }
}
