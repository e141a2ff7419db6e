//! Finding targets: listed in the config, in files, or told by an HTTP server.

mod file;
mod http;

use crate::config::TargetGroup;
use phoenix_env::{SharedClock, SharedDisk};
use phoenix_http::HttpClient;
use phoenix_model::Labels;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;

/// Bytes of one file or answer that lists targets.
const LIST_LIMIT_BYTES: u64 = 32 << 20;
/// Targets that one source may list.
const TARGETS_LIMIT: usize = 100_000;

/// A source of targets, as a config describes it. Equal sources go on over a reload.
#[derive(Debug, Clone)]
pub(crate) enum Provider {
    /// A fixed list.
    Static(Vec<TargetGroup>),
    /// Files that are looked at again and again.
    Files {
        /// Absolute paths whose last part may hold `*`.
        patterns: Vec<PathBuf>,
        /// How often to look.
        refresh: Duration,
    },
    /// A server that is asked again and again.
    Http {
        /// What to ask.
        url: url::Url,
        /// How often.
        refresh: Duration,
        /// How to reach it.
        client: Arc<HttpClient>,
    },
}

impl PartialEq for Provider {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Static(a), Self::Static(b)) => a == b,
            (Self::Files { patterns, refresh }, Self::Files { patterns: others, refresh: other }) => (patterns, refresh) == (others, other),
            (Self::Http { url, refresh, client }, Self::Http { url: other_url, refresh: other, client: other_client }) => {
                (url, refresh, client.config()) == (other_url, other, other_client.config())
            }
            _ => false,
        }
    }
}

/// What a look brought.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Found {
    /// All labels of each target; `None` when there is nothing new.
    pub(crate) targets: Option<Vec<Labels>>,
    /// For each file or address what is wrong with it; `None` when nothing is.
    pub(crate) errors: Vec<(String, Option<String>)>,
}

/// What sources need to look.
#[derive(Clone)]
pub(crate) struct Discovery {
    pub(crate) clock: SharedClock,
    pub(crate) disk: SharedDisk,
}

impl Discovery {
    /// Looks, reports, and goes on for as long as somebody listens. The first report comes at once,
    /// also when there is nothing to tell.
    pub(crate) async fn run(self, provider: Provider, reports: mpsc::Sender<Found>) {
        match provider {
            Provider::Static(groups) => {
                let targets = groups.iter().flat_map(label_sets).collect();
                let _ = reports.send(Found { targets: Some(targets), errors: vec![] }).await;
            }
            Provider::Files { patterns, refresh } => file::watch(&self, &patterns, refresh, &reports).await,
            Provider::Http { url, refresh, client } => http::poll(&self, &url, refresh, &client, &reports).await,
        }
    }
}

/// Refuses lists that are too long.
fn check_count(groups: &[TargetGroup]) -> Result<(), String> {
    let count: usize = groups.iter().map(|group| group.targets.len()).sum();
    if count > TARGETS_LIMIT {
        return Err(format!("it lists {count} targets, the limit is {TARGETS_LIMIT}"));
    }
    Ok(())
}

/// One set of labels for each target of a group: the group's labels and the address.
fn label_sets(group: &TargetGroup) -> impl Iterator<Item = Labels> + '_ {
    group.targets.iter().map(|address| {
        let mut labels = group.labels.to_builder();
        labels.set("__address__", address);
        labels.build()
    })
}
