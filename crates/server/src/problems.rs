//! What is wrong with Phoenix itself, for Home: nothing that degrades does so in silence.

use crate::http::Api;
use serde::Serialize;

/// Something that people have to know or mend.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Problem {
    severity: &'static str,
    message: String,
}

/// Problems shown at most.
const MAX_SHOWN: usize = 20;

impl Api {
    /// What is wrong now, errors first.
    pub(crate) fn problems(&self) -> Vec<Problem> {
        let mut found = Vec::new();
        let mut add = |severity, message: String| found.push(Problem { severity, message });
        let last = self.reloader.last();
        if let Some(error) = &last.error {
            let first = error.lines().next().unwrap_or_default();
            add("error", format!("The last reload failed and the old configuration goes on: {first}"));
        }
        for message in &self.not_listening {
            add("warning", message.clone());
        }
        match self.parts.store.status(0) {
            Ok(status) => {
                for problem in status.problems {
                    add("error", format!("Metrics store: {}: {}", problem.file, problem.message));
                }
            }
            Err(error) => add("error", format!("Metrics store: {error}")),
        }
        let status = self.parts.logs.store.status();
        if let Some(reason) = &status.stalled {
            add("error", format!("Logs: entries can't be moved from memory to storage: {reason}"));
        }
        for problem in status.problems {
            add("error", format!("Logs: {}: {}", problem.file, problem.message));
        }
        if let Some(reason) = self.parts.traces.buffer.stalled() {
            add("error", format!("Traces: traces that sampling keeps can't be stored: {reason}"));
        }
        let status = self.parts.traces.store.status();
        if let Some(reason) = &status.stalled {
            add("error", format!("Traces: spans can't be moved from memory to storage: {reason}"));
        }
        for problem in status.problems {
            add("error", format!("Traces: {}: {}", problem.file, problem.message));
        }
        for message in self.parts.dashboards.problems() {
            add("warning", format!("Dashboards: {message}"));
        }
        let targets = self.parts.scraper.targets(None);
        let unwritten = targets.active_targets.iter().filter_map(|t| t.phoenix_write_error.as_ref());
        if let Some(error) = unwritten.clone().next() {
            add("error", format!("Samples of {} targets are not stored: {error}", unwritten.count()));
        }
        for broken in &targets.phoenix_broken_targets {
            add("warning", format!("A target of {} can't be scraped: {}", broken.scrape_pool, broken.error));
        }
        for broken in &targets.phoenix_discovery_errors {
            add("warning", format!("Discovery of {} fails ({}): {}", broken.scrape_pool, broken.source, broken.error));
        }
        found.sort_by_key(|problem| problem.severity != "error");
        found.truncate(MAX_SHOWN);
        found
    }
}
