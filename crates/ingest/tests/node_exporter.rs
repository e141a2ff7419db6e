//! Against the real node_exporter, where it is installed: a scrape of it, and the built-in host
//! metrics beside it.

mod bench;

use bench::Bench;
use phoenix_env::{RealClock, RealDisk};
use phoenix_ingest::exposition::{Comment, Entry, Format, Parser};
use phoenix_ingest::host::Host;
use phoenix_ingest::scrape::ScrapeLimits;
use std::collections::{BTreeMap, BTreeSet};
use std::process::{Child, Command, Stdio};

const BINARY: &str = "/usr/bin/prometheus-node-exporter";

struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Type, and all sets of labels, of each family.
fn families(body: &str) -> BTreeMap<String, (String, BTreeSet<String>)> {
    let mut families: BTreeMap<String, (String, BTreeSet<String>)> = BTreeMap::new();
    let mut parser = Parser::new(body.as_bytes(), Format::Text).unwrap();
    let mut pairs = Vec::new();
    while let Some(entry) = parser.next_entry(None) {
        match entry.unwrap() {
            Entry::Comment(line) => {
                if let Comment::Type { name, kind } = Comment::parse(line, Format::Text).unwrap() {
                    kind.clone_into(&mut families.entry(name.into_owned()).or_default().0);
                }
            }
            Entry::Sample(sample) => {
                sample.series.pairs(&mut pairs).unwrap();
                let name = pairs[0].1.to_string();
                let mut labels: Vec<String> = pairs[1..].iter().map(|(n, v)| format!("{n}={v}")).collect();
                labels.sort();
                families.entry(name).or_default().1.insert(labels.join(","));
            }
        }
    }
    families
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scrape_it_and_compare() {
    let address = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap().to_string()
    };
    let started = Command::new(BINARY).arg(format!("--web.listen-address={address}")).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    let Ok(child) = started else {
        eprintln!("skipped: {BINARY} is not installed");
        return;
    };
    let _running = Running(child);
    let bench = Bench::new(ScrapeLimits::default());
    bench.apply(&format!(
        "scrape_configs: [{{job_name: node, scrape_interval: 500ms, scrape_timeout: 500ms, static_configs: [{{targets: ['{address}']}}]}}]"
    ));
    bench.until(|b| b.values("up").last() == Some(&1.0) && b.count("node_load1") >= 2).await;
    assert!(*bench.values("scrape_samples_scraped").last().unwrap() > 300.0);
    assert_eq!(*bench.values("scrape_series_added").last().unwrap(), 0.0, "nothing is new the second time");
    assert_eq!(bench.metric("phoenix_scrape_samples_duplicate_total"), 0.0);

    let url = format!("http://{address}/metrics");
    let theirs = families(&reqwest::get(url).await.unwrap().text().await.unwrap());
    let mut page = String::new();
    tokio::task::block_in_place(|| Host::new(RealClock::shared(), RealDisk::shared()).render(&mut page));
    let ours = families(&page);
    let mut differences = Vec::new();
    for (name, (kind, labels)) in &ours {
        match theirs.get(name) {
            None => differences.push(format!("only here: {name}")),
            Some((their_kind, _)) if their_kind != kind => differences.push(format!("type of {name}: {kind} here, {their_kind} there")),
            Some((_, their_labels)) if their_labels != labels => {
                let here: Vec<_> = labels.difference(their_labels).take(3).collect();
                let there: Vec<_> = their_labels.difference(labels).take(3).collect();
                differences.push(format!("labels of {name}: only here {here:?}, only there {there:?}"));
            }
            Some(_) => {}
        }
    }
    let missing: Vec<&String> = theirs.keys().filter(|name| name.starts_with("node_") && !ours.contains_key(*name)).collect();
    println!("{}\nonly there: {missing:?}", differences.join("\n"));
    assert!(differences.iter().all(|d| !d.starts_with("type of")), "{differences:?}");
    for name in ["node_cpu_seconds_total", "node_memory_MemAvailable_bytes", "node_network_info", "node_uname_info", "node_filefd_maximum"]
    {
        assert_eq!(ours[name], theirs[name], "{name}");
    }
}
