//! The three pages, in Prometheus' text format.

use super::{Exporter, Part, Seen, proc};
use std::collections::BTreeMap;

/// The value of a sample, by what was seen of a part.
type Value = fn(&Seen) -> f64;

/// A page that is written, family by family.
#[derive(Default)]
pub(super) struct Page(String);

impl Page {
    /// Begins a family.
    fn family(&mut self, name: &str, kind: &str, help: &str) {
        self.0.push_str(&format!("# HELP {name} {help}\n# TYPE {name} {kind}\n"));
    }

    /// A sample. Values of labels are names, which need no escaping.
    fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: f64) {
        let labels: Vec<String> = labels.iter().map(|(name, value)| format!("{name}=\"{value}\"")).collect();
        self.0.push_str(&format!("{name}{{{}}} {value}\n", labels.join(",")));
    }

    pub(super) fn finish(self) -> String {
        self.0
    }
}

fn pod(part: Part) -> String {
    format!("{}-0", part.deployment)
}

/// `container_*` and `machine_*`, as the kubelet's cAdvisor tells them.
pub(super) fn cadvisor(page: &mut Page, _: &Exporter, seen: &BTreeMap<Part, Seen>) {
    let running: Vec<(Part, String)> = seen.iter().filter_map(|(part, one)| Some((*part, one.pid?.to_string()))).collect();
    let mut family = |name: &str, kind: &str, help: &str, value: &dyn Fn(&str) -> Option<f64>| {
        page.family(name, kind, help);
        for (part, pid) in &running {
            let Some(value) = value(pid) else { continue };
            let labels = [("namespace", part.namespace), ("pod", &pod(*part)), ("container", part.deployment)];
            page.sample(name, &labels, value);
        }
    };
    let cpu = |pid: &str| crate::pipelines::cpu_seconds(pid);
    family("container_cpu_usage_seconds_total", "counter", "CPU time of the process, in seconds", &cpu);
    let memory = |pid: &str| proc::memory_bytes(pid).map(|bytes| bytes as f64);
    family("container_memory_working_set_bytes", "gauge", "Memory of the process' own, in bytes", &memory);
    let limit = |pid: &str| Some(proc::limit_bytes(pid).map_or(0.0, |bytes| bytes as f64));
    family("container_spec_memory_limit_bytes", "gauge", "The limit of its memory, in bytes; 0 where there is none", &limit);
    page.family("machine_cpu_cores", "gauge", "Cores of this machine");
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    page.sample("machine_cpu_cores", &[], cores as f64);
}

/// `kubelet_*`: volumes.
pub(super) fn kubelet(page: &mut Page, exporter: &Exporter, _: &BTreeMap<Part, Seen>) {
    for (name, help, is_capacity) in [
        ("kubelet_volume_stats_capacity_bytes", "Size of the file system that the folder is on, in bytes", true),
        ("kubelet_volume_stats_available_bytes", "What is free of it, in bytes", false),
    ] {
        page.family(name, "gauge", help);
        for volume in &exporter.volumes {
            let Ok(stat) = rustix::fs::statvfs(&volume.path) else { continue };
            let blocks = if is_capacity { stat.f_blocks } else { stat.f_bavail };
            let labels = [("namespace", volume.namespace.as_str()), ("persistentvolumeclaim", volume.claim.as_str())];
            page.sample(name, &labels, blocks as f64 * stat.f_frsize as f64);
        }
    }
}

/// `kube_*`, as kube-state-metrics tells them. What ran once is to run.
pub(super) fn kube_state(page: &mut Page, exporter: &Exporter, seen: &BTreeMap<Part, Seen>) {
    page.family("kube_node_status_condition", "gauge", "This machine is ready as long as it answers");
    let node = [("node", exporter.node.as_str()), ("condition", "Ready"), ("status", "true")];
    page.sample("kube_node_status_condition", &node, 1.0);

    let is_there: Value = |one| if one.pid.is_some() { 1.0 } else { 0.0 };
    let deployments: [(&str, &str, Value); 3] = [
        ("kube_deployment_spec_replicas", "Processes that are to run", |_| 1.0),
        ("kube_deployment_status_replicas_available", "Processes that run", is_there),
        ("kube_deployment_status_observed_generation", "Times that the process was started", |one| one.restarts as f64 + 1.0),
    ];
    for (name, help, value) in deployments {
        page.family(name, "gauge", help);
        for (part, one) in seen {
            page.sample(name, &[("namespace", part.namespace), ("deployment", part.deployment)], value(one));
        }
    }

    page.family("kube_pod_status_phase", "gauge", "Whether the process runs, or is waited for");
    for (part, one) in seen {
        for (phase, value) in [("Pending", 1.0 - is_there(one)), ("Running", is_there(one))] {
            let labels = [("namespace", part.namespace), ("pod", &pod(*part)), ("phase", phase)];
            page.sample("kube_pod_status_phase", &labels, value);
        }
    }
    page.family("kube_pod_container_status_restarts_total", "counter", "Times that the process was started again");
    for (part, one) in seen {
        let labels = [("namespace", part.namespace), ("pod", &pod(*part)), ("container", part.deployment)];
        page.sample("kube_pod_container_status_restarts_total", &labels, one.restarts as f64);
    }
    page.family("kube_pod_container_resource_limits", "gauge", "The limit of its memory, where it has one");
    for (part, one) in seen {
        let Some(limit) = one.pid.and_then(|pid| proc::limit_bytes(&pid.to_string())) else { continue };
        let (pod, node) = (pod(*part), exporter.node.as_str());
        let labels = [("namespace", part.namespace), ("pod", &pod), ("container", part.deployment), ("node", node)];
        let labels = [&labels[..], &[("resource", "memory"), ("unit", "byte")]].concat();
        page.sample("kube_pod_container_resource_limits", &labels, limit as f64);
    }
}
