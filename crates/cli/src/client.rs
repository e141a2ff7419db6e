//! Talking to a running server.

use crate::exit::{Failure, NO, UNREACHABLE};
use serde_json::Value;
use std::time::Duration;

/// A server, and a small runtime to wait for its answers.
pub(crate) struct Client {
    base: String,
    http: reqwest::Client,
    runtime: tokio::runtime::Runtime,
}

impl Client {
    /// A client for the server at a URL such as `http://127.0.0.1:9090`.
    pub(crate) fn new(server: &str) -> Result<Self, Failure> {
        let base = server.trim_end_matches('/').to_owned();
        if !base.starts_with("http://") && !base.starts_with("https://") {
            return Err(Failure::new(2, format!("`{server}` is not a URL")).hint("write it as http://127.0.0.1:9090"));
        }
        let to_failure = |e: &dyn std::fmt::Display| Failure::new(NO, "cannot prepare an HTTP client").caused_by(e);
        // Longer than the server's own limit on a query, so that its words arrive rather than ours.
        let http = reqwest::Client::builder().timeout(Duration::from_secs(150)).build().map_err(|e| to_failure(&e))?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|e| to_failure(&e))?;
        Ok(Self { base, http, runtime })
    }

    /// GETs a path with parameters; gives the JSON of a 2xx answer.
    pub(crate) fn get(&self, path: &str, parameters: &[(&str, &str)]) -> Result<Value, Failure> {
        self.answer(path, self.http.get(format!("{}{path}", self.base)).query(parameters))
    }

    /// POSTs JSON to a path.
    pub(crate) fn post(&self, path: &str, body: &Value) -> Result<Value, Failure> {
        self.answer(path, self.http.post(format!("{}{path}", self.base)).json(body))
    }

    fn answer(&self, path: &str, request: reqwest::RequestBuilder) -> Result<Value, Failure> {
        self.runtime.block_on(async {
            let response = request.send().await.map_err(|e| {
                Failure::new(UNREACHABLE, format!("no answer from {}", self.base))
                    .caused_by(root_cause(&e))
                    .hint("is Phoenix running there? Start it with `phoenix`, or name the server with --server URL")
            })?;
            let status = response.status();
            let text = response
                .text()
                .await
                .map_err(|e| Failure::new(UNREACHABLE, format!("the answer of {} broke off", self.base)).caused_by(e))?;
            let body: Value = serde_json::from_str(&text).unwrap_or(Value::Null);
            if status.is_success() {
                return Ok(body);
            }
            let reason = body
                .get("error")
                .and_then(Value::as_str)
                .map_or_else(|| format!("{} answered {status} to {path}", self.base), str::to_owned);
            Err(Failure::new(NO, reason))
        })
    }
}

fn root_cause(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string()
}
