//! The built-in catalogue: metrics of common exporters with their types, units and labels.
//!
//! Its files are `catalogue/EXPORTER.tsv`; `tools/catalogue.py` tells their form and renews what was read from programs.

use crate::facts::{Kind, Metric, Part, parts};
use crate::finding::RestsOn;
use std::collections::BTreeMap;
use std::sync::LazyLock;

macro_rules! files {
    ($($name:literal)*) => { [$(($name, include_str!(concat!("../catalogue/", $name, ".tsv")))),*] };
}

/// The files, by exporter. A name that stands in two files is that of the first.
const FILES: [(&str, &str); 32] = files!(
    "alertmanager" "apache" "blackbox" "cadvisor" "client" "coredns" "elixir" "etcd" "grafana" "haproxy" "jvm" "kube_state_metrics"
    "kubernetes" "loki" "mysqld" "nginx" "node" "otelcol" "pgbouncer" "phoenix" "phoenix_platform" "postgres"
    "process_exporter" "prometheus" "pushgateway" "python" "redis" "scrape" "snmp" "tempo" "vault" "windows"
);

/// Beginnings of names that one exporter alone gives, and whose metrics are all in its file.
const COMPLETE: [(&str, &str); 15] = [
    ("alertmanager_", "alertmanager"),
    ("container_", "cadvisor"),
    ("coredns_", "coredns"),
    ("kube_", "kube_state_metrics"),
    ("kubelet_volume_stats_", "kubernetes"),
    ("machine_", "cadvisor"),
    ("node_cpu_", "node"),
    ("node_disk_", "node"),
    ("node_filesystem_", "node"),
    ("node_memory_", "node"),
    ("node_network_", "node"),
    ("pg_stat_statements_", "postgres"),
    ("phoenix_", "phoenix"),
    ("probe_", "blackbox"),
    ("vault_", "vault"),
];

/// What the catalogue says about a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// Its name, without the endings of a histogram's or summary's parts. `NAME_*` stands for a family of names.
    pub name: &'static str,
    /// Its type.
    pub kind: Kind,
    /// Its unit; `-` for none.
    pub unit: &'static str,
    /// Its labels without those of the target, apart by commas; `-` for none.
    pub labels: &'static str,
    /// The exporter and version that it was seen at, or `documentation`.
    pub from: &'static str,
    /// The name of the catalogue's file.
    pub exporter: &'static str,
}

impl Entry {
    fn parse(exporter: &'static str, line: &'static str) -> Option<Self> {
        let mut fields = line.split('\t');
        let (name, kind) = (fields.next()?, Kind::from_name(fields.next()?)?);
        let (unit, labels, from) = (fields.next()?, fields.next()?, fields.next()?);
        fields.next().is_none().then_some(Self { name, kind, unit, labels, from, exporter })
    }

    /// Its labels.
    pub fn label_names(&self) -> impl Iterator<Item = &'static str> {
        self.labels.split(',').filter(|label| !matches!(*label, "-" | "*" | ""))
    }

    /// Whether it may have more labels.
    pub fn is_open(&self) -> bool {
        self.labels.split(',').any(|label| label == "*")
    }

    /// What the exporter calls it today, when this is a name of its older versions.
    pub fn now(&self) -> Option<&'static str> {
        self.from.split_once("; now ").map(|(_, name)| name)
    }

    fn metric(&self, part: Part) -> Metric {
        let mut labels: Vec<String> = self.label_names().map(str::to_owned).collect();
        match (part, self.kind) {
            (Part::Bucket, _) => labels.push("le".to_owned()),
            (Part::Whole, Kind::Summary) => labels.push("quantile".to_owned()),
            _ => {}
        }
        let unit = Some(self.unit.to_owned()).filter(|unit| unit != "-" && part != Part::Count && part != Part::Bucket);
        let from = format!("{} ({})", self.exporter, self.from);
        Metric { kind: self.kind, part, unit, labels: Some(labels), open: self.is_open(), rests_on: RestsOn::Catalogue, from }
    }
}

/// The catalogue.
#[derive(Debug)]
pub struct Catalogue {
    /// By name; in order, since names that begin alike are looked through.
    entries: BTreeMap<&'static str, Entry>,
    /// Families by what their names begin with, the longest first.
    families: Vec<(&'static str, Entry)>,
}

impl Catalogue {
    /// The catalogue that the program carries. It is read once.
    pub fn built_in() -> &'static Self {
        static BUILT_IN: LazyLock<Catalogue> = LazyLock::new(Catalogue::read);
        &BUILT_IN
    }

    fn read() -> Self {
        let (mut entries, mut families) = (BTreeMap::new(), Vec::new());
        for (exporter, text) in FILES {
            for entry in text.lines().filter_map(|line| Entry::parse(exporter, line)) {
                match entry.name.strip_suffix('*') {
                    Some(begin) => families.push((begin, entry)),
                    None => {
                        entries.entry(entry.name).or_insert(entry);
                    }
                }
            }
        }
        families.sort_by_key(|(begin, _)| std::cmp::Reverse(begin.len()));
        Self { entries, families }
    }

    /// The entry of exactly this name.
    pub fn get(&self, name: &str) -> Option<&Entry> {
        self.entries.get(name)
    }

    /// All entries but families, by name.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.entries.values()
    }

    /// The entry that a name belongs to, which may be that of a histogram's or summary's part, and which part it is.
    pub fn entry(&self, name: &str) -> Option<(&Entry, Part)> {
        let part = |(base, part): (&str, Part)| {
            let entry = self.get(base)?;
            let has = match part {
                Part::Bucket => entry.kind == Kind::Histogram,
                _ => matches!(entry.kind, Kind::Histogram | Kind::Summary),
            };
            has.then_some((entry, part))
        };
        self.get(name).map(|entry| (entry, Part::Whole)).or_else(|| parts(name).find_map(part))
    }

    /// The family of a name that has no entry of its own.
    fn family(&self, name: &str) -> Option<&Entry> {
        self.families.iter().find(|(begin, _)| name.starts_with(begin)).map(|(_, entry)| entry)
    }

    /// What is known about the series of a name, which may be that of a histogram's or summary's part.
    pub fn metric(&self, name: &str) -> Option<Metric> {
        match self.entry(name) {
            Some((entry, part)) => Some(entry.metric(part)),
            None => self.family(name).filter(|family| family.kind != Kind::Untyped).map(|family| family.metric(Part::Whole)),
        }
    }

    /// The exporter that would give this metric if it existed: one that is known wholly, and does not give it.
    pub fn unknown_to(&self, name: &str) -> Option<&'static str> {
        let (_, exporter) = COMPLETE.into_iter().find(|(begin, _)| name.starts_with(begin))?;
        let known = self.entry(name).is_some() || self.family(name).is_some();
        // A client library may add the time of creation to each counter and histogram.
        let created =
            || name.strip_suffix("_created").is_some_and(|base| self.entry(base).is_some() || self.get(&format!("{base}_total")).is_some());
        (!known && !name.contains(':') && !created()).then_some(exporter)
    }

    /// Names of the catalogue that are close to one that it does not have, the closest first; at most `limit`.
    pub fn similar(&self, name: &str, limit: usize) -> Vec<&'static str> {
        let begin = name.split('_').next().unwrap_or(name);
        let mut found: Vec<(usize, &'static str)> = self
            .entries
            .range(begin..)
            .map(|(_, entry)| entry)
            .take_while(|entry| entry.name.starts_with(begin))
            .filter_map(|entry| Some((distance(name, entry.name)?, entry.name)).filter(|_| entry.now().is_none()))
            .collect();
        found.sort_unstable();
        found.into_iter().map(|(_, name)| name).take(limit).collect()
    }
}

/// How many of two names' words stand in one of them only, weighed against those in both; `None` when most do.
fn distance(a: &str, b: &str) -> Option<usize> {
    let (a, b): (Vec<&str>, Vec<&str>) = (a.split('_').collect(), b.split('_').collect());
    let common = a.iter().filter(|word| b.contains(word)).count();
    let apart = a.len() + b.len() - 2 * common.min(a.len()).min(b.len());
    (common >= 2 && apart <= common).then_some(apart)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_line_is_well_formed_sorted_and_stands_once() {
        let mut names = HashSet::new();
        for (exporter, text) in FILES {
            let mut last = "";
            for line in text.lines().filter(|line| !line.starts_with('#')) {
                let entry = Entry::parse(exporter, line).unwrap_or_else(|| panic!("{exporter}: {line:?}"));
                let (bare, plain) = (entry.name.trim_end_matches('*'), |c: char| c.is_ascii_alphanumeric() || c == '_');
                assert!(!bare.is_empty() && bare.chars().all(plain), "{exporter}: {} is no name", entry.name);
                assert!(exporter == "scrape" || last < entry.name, "{exporter}: {} is not sorted", entry.name);
                assert!(names.insert(entry.name), "{exporter}: {} stands twice", entry.name);
                for label in entry.label_names() {
                    assert!(label.chars().all(plain), "{exporter}: {} has the label {label:?}", entry.name);
                    let added = ["job", "instance", "le", "quantile"].contains(&label);
                    assert!(!added, "{exporter}: {} has the label {label}, which is added elsewhere", entry.name);
                }
                let ends_in_part =
                    parts(entry.name).any(|(base, _)| text.lines().any(|line| line.starts_with(&format!("{base}\thistogram"))));
                assert!(!ends_in_part, "{exporter}: {} is a part of a histogram", entry.name);
                last = entry.name;
            }
        }
    }

    /// Files are told by a list in the code, as they are part of the program; none may be forgotten.
    #[test]
    #[expect(clippy::disallowed_methods, reason = "the test reads a folder of the repository")]
    fn every_file_is_part_of_the_program() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("catalogue");
        let on_disk: HashSet<String> = std::fs::read_dir(folder)
            .expect("the folder is there")
            .flatten()
            .filter_map(|file| Some(file.file_name().to_str()?.strip_suffix(".tsv")?.to_owned()))
            .collect();
        assert_eq!(on_disk, FILES.iter().map(|(name, _)| (*name).to_owned()).collect());
    }

    #[test]
    fn old_names_lead_to_names_that_are_there() {
        let catalogue = Catalogue::built_in();
        for entry in catalogue.entries() {
            if let Some(now) = entry.now() {
                assert!(catalogue.get(now).is_some_and(|entry| entry.now().is_none()), "{}: {now} is not there", entry.name);
            }
        }
    }

    #[test]
    fn names_are_looked_up_with_their_parts_and_families() {
        let catalogue = Catalogue::built_in();
        for (name, want) in [
            ("node_cpu_seconds_total", "counter cpu,mode"),
            ("pg_settings_max_connections", "gauge server"),
            ("pg_settings_of_tomorrow", "gauge server,*"),
            ("pg_stat_database_numbackends", "gauge datid,datname,server"),
            ("pg_stat_statements_calls_total", "counter datname,queryid,user,*"),
            ("apiserver_request_duration_seconds_count", "histogram component,dry_run,group,resource,scope,subresource,verb,version"),
            ("coredns_health_request_duration_seconds_bucket", "histogram le"),
            ("go_gc_duration_seconds", "summary quantile"),
            ("go_gc_duration_seconds_sum", "summary "),
            ("go_gc_duration_seconds_bucket", "nothing"),
            // Of families without a type nothing is known but that they exist.
            ("node_zfs_arc_hits", "nothing"),
            ("up", "gauge "),
            ("http_requests_total", "nothing"),
        ] {
            let shown = catalogue.metric(name).map(|metric| {
                let mut labels = metric.labels.unwrap_or_default();
                labels.extend(metric.open.then(|| "*".to_owned()));
                format!("{} {}", metric.kind.as_str(), labels.join(","))
            });
            assert_eq!(shown.as_deref().unwrap_or("nothing"), want, "{name}");
        }
    }

    #[test]
    fn what_an_exporter_does_not_give_is_told() {
        let catalogue = Catalogue::built_in();
        for (name, want, similar) in [
            ("vault_secret_access_total", Some("vault"), None),
            ("kube_pod_container_status_restart_total", Some("kube_state_metrics"), Some("kube_pod_container_status_restarts_total")),
            ("pg_stat_statements_calls_count", Some("postgres"), Some("pg_stat_statements_calls_total")),
            ("node_memory_MemAvailable_byte", Some("node"), Some("node_memory_MemAvailable_bytes")),
            ("vault_route_read_secret__count", None, None),
            ("node_ethtool_rx_bytes", None, None),
            ("node_custom_from_a_textfile", None, None),
            ("kube_customresource_ready", None, None),
            ("kube_pod_info", None, None),
            ("container_cpu_usage_seconds_total", None, None),
            ("container_cpu:rate5m", None, None),
            ("phoenix_api_request_total", Some("phoenix"), Some("phoenix_api_request_duration_seconds")),
            ("phoenix_endpoint_stop_duration_count", None, None),
        ] {
            assert_eq!(catalogue.unknown_to(name), want, "{name}");
            if let Some(similar) = similar {
                assert_eq!(catalogue.similar(name, 3).first(), Some(&similar), "{name}");
            }
        }
    }
}
