//! What a running server knows of its metrics, asked through Prometheus' API.

use crate::client::Client;
use crate::exit::Failure;
use phoenix_lint::{Server, ServerMetric};
use serde_json::Value;
use std::cell::Cell;
use std::collections::{HashMap, HashSet};

/// The most questions about single selectors: beyond it they stay unanswered.
const MAX_QUESTIONS: usize = 2_000;

/// A server, with what it said at first.
pub(super) struct Against {
    client: Client,
    metadata: HashMap<String, ServerMetric>,
    names: HashSet<String>,
    asked: Cell<usize>,
}

impl Against {
    /// Asks for names and metadata of all metrics.
    pub(super) fn ask(url: &str) -> Result<Self, Failure> {
        let client = Client::new(url)?;
        let names = texts(&client.get("/api/v1/label/__name__/values", &[])?["data"]).into_iter().collect();
        let answer = client.get("/api/v1/metadata", &[])?;
        let text = |value: &Value| value.as_str().unwrap_or("").to_owned();
        let metadata = answer["data"].as_object().into_iter().flatten().filter_map(|(name, targets)| {
            let first = targets.as_array()?.first()?;
            Some((name.clone(), ServerMetric { kind: text(&first["type"]), unit: text(&first["unit"]) }))
        });
        Ok(Self { metadata: metadata.collect(), names, client, asked: Cell::new(0) })
    }

    /// An answer to a question about a selector; `None` beyond the limit, or when there is none.
    fn question(&self, path: &str, parameters: &[(&str, &str)]) -> Option<Value> {
        let asked = self.asked.get();
        if asked >= MAX_QUESTIONS {
            return None;
        }
        self.asked.set(asked + 1);
        self.client.get(path, parameters).ok()
    }
}

fn texts(list: &Value) -> Vec<String> {
    list.as_array().into_iter().flatten().filter_map(|item| item.as_str().map(str::to_owned)).collect()
}

impl Server for Against {
    fn metadata(&self) -> HashMap<String, ServerMetric> {
        self.metadata.clone()
    }

    fn names(&self) -> HashSet<String> {
        self.names.clone()
    }

    fn label_names(&self, selector: &str) -> Option<Vec<String>> {
        Some(texts(&self.question("/api/v1/labels", &[("match[]", selector)])?["data"]))
    }

    fn series(&self, selector: &str) -> Option<usize> {
        let answer = self.question("/api/v1/query", &[("query", &format!("count({selector})"))])?;
        let result = answer["data"]["result"].as_array()?;
        let Some(first) = result.first() else { return Some(0) };
        first["value"][1].as_str()?.parse::<f64>().ok().map(|count| count as usize)
    }
}
