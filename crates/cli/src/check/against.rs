//! What a running server knows of its metrics, asked through Prometheus' API.

use super::history::History;
use crate::client::Client;
use crate::exit::Failure;
use phoenix_lint::{Project, Server, ServerMetric};
use serde_json::Value;
use std::cell::{Cell, RefCell};
use std::collections::{HashMap, HashSet};

/// The most questions about single selectors: beyond it they stay unanswered.
const MAX_QUESTIONS: usize = 2_000;

/// A server, with what it said at first.
pub(super) struct Against {
    limit: usize,
    client: Client,
    metadata: HashMap<String, ServerMetric>,
    names: HashSet<String>,
    asked: Cell<usize>,
    /// How many series selectors have, which several rules ask.
    counted: RefCell<HashMap<String, Option<usize>>>,
}

impl Against {
    /// Asks for names and metadata of all metrics.
    pub(super) fn ask(url: &str) -> Result<Self, Failure> {
        Self::ask_at_most(url, MAX_QUESTIONS)
    }

    fn ask_at_most(url: &str, limit: usize) -> Result<Self, Failure> {
        let client = Client::new(url)?;
        let names = texts(&client.get("/api/v1/label/__name__/values", &[])?["data"]).into_iter().collect();
        let answer = client.get("/api/v1/metadata", &[])?;
        let text = |value: &Value| value.as_str().unwrap_or("").to_owned();
        let metadata = answer["data"].as_object().into_iter().flatten().filter_map(|(name, targets)| {
            let first = targets.as_array()?.first()?;
            Some((name.clone(), ServerMetric { kind: text(&first["type"]), unit: text(&first["unit"]) }))
        });
        Ok(Self { limit, metadata: metadata.collect(), names, client, asked: Cell::new(0), counted: RefCell::default() })
    }

    fn count(&self, selector: &str) -> Option<usize> {
        let answer = self.question("/api/v1/query", &[("query", &format!("count({selector})"))])?;
        let result = answer["data"]["result"].as_array()?;
        let Some(first) = result.first() else { return Some(0) };
        first["value"][1].as_str()?.parse::<f64>().ok().map(|count| count as usize)
    }

    /// Which alerts of a project never fired or always did.
    pub(super) fn history(&self, project: &Project) -> Option<History> {
        History::ask(&self.client, project)
    }

    /// What was not asked, for people; `None` when all was.
    pub(super) fn not_asked(&self) -> Option<String> {
        let beyond = self.asked.get().saturating_sub(self.limit);
        let limit = self.limit;
        (beyond > 0).then(|| format!("{beyond} questions about selectors were not asked: the limit is {limit}; give fewer files at a time"))
    }

    /// An answer to a question about a selector; `None` beyond the limit, or when there is none.
    fn question(&self, path: &str, parameters: &[(&str, &str)]) -> Option<Value> {
        let asked = self.asked.get();
        self.asked.set(asked + 1);
        if asked >= self.limit {
            return None;
        }
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
        if let Some(known) = self.counted.borrow().get(selector) {
            return *known;
        }
        let count = self.count(selector);
        self.counted.borrow_mut().insert(selector.to_owned(), count);
        count
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{BufRead, BufReader, Write};

    #[test]
    fn what_is_beyond_the_limit_is_told() {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("loopback has free ports");
        let url = format!("http://{}", listener.local_addr().expect("it listens"));
        // Names and metadata, then one series for each of two questions.
        let serving = std::thread::spawn(move || {
            for body in ["{\"data\":[\"up\"]}", "{\"data\":{}}"].into_iter().chain([r#"{"data":{"result":[{"value":[0,"7"]}]}}"#; 2]) {
                let (mut stream, _) = listener.accept().expect("a question comes");
                let head = BufReader::new(&stream).lines().map_while(Result::ok).take_while(|line| !line.is_empty());
                assert!(head.count() > 1);
                let length = body.len();
                write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}").expect("it is read");
            }
        });
        let against = Against::ask_at_most(&url, 2).unwrap_or_else(|failure| panic!("{failure:?}"));
        assert_eq!((against.series("a"), against.series("b"), against.series("a"), against.not_asked()), (Some(7), Some(7), Some(7), None));
        assert_eq!((against.series("c"), against.label_names("d")), (None, None));
        let told = "2 questions about selectors were not asked: the limit is 2; give fewer files at a time";
        assert_eq!(against.not_asked().as_deref(), Some(told));
        serving.join().expect("all was asked");
    }
}
