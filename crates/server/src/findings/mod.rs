//! What the linter finds in what is loaded, and in a query that somebody types. It runs where queries of people run,
//! with their limits, so that rules and pages never wait for it.

mod loaded;
mod store;

use crate::events::Event;
use crate::http::Api;
use crate::shutdown::Shutdown;
use loaded::LoadedTexts;
use parking_lot::RwLock;
use phoenix_engine::{Language, QueryError};
use phoenix_lint::{Facts, Finding, Options, Project, Server, ServerMetric, apply, lint, lint_query, unified};
use phoenix_model::{Severity, Source};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use store::{MAX_QUESTIONS, Store};
use tokio::sync::broadcast::error::RecvError;

/// The most findings that are kept; the others are counted.
const MAX_KEPT: usize = 2_000;

/// The facts change without the files: metrics come and go.
const AGAIN_AFTER: Duration = Duration::from_mins(10);

/// The shortest time between two runs; a run that took long is followed by a pause ten times as long.
const MIN_PAUSE: Duration = Duration::from_secs(1);

/// How long targets may take until their metrics are there: within these bounds, twice the longest interval of a job.
const SETTLES_AFTER: [Duration; 2] = [Duration::from_secs(10), Duration::from_mins(5)];

/// The longest that linting one query may take.
const QUERY_TIMEOUT: Duration = Duration::from_secs(5);

/// The newest findings.
#[derive(Default)]
pub(crate) struct Findings(RwLock<Arc<Latest>>);

/// What one run found.
#[derive(Default)]
pub(crate) struct Latest {
    /// `None` before the first run has ended.
    pub checked_at_ms: Option<i64>,
    /// How many texts were linted.
    pub texts: usize,
    /// Whether the store was asked for metrics: not before targets have had the time to be scraped.
    pub asked_store: bool,
    /// What is not covered, in words.
    pub left_out: Vec<String>,
    pub errors: usize,
    pub warnings: usize,
    /// As the API shows them.
    pub findings: Vec<Value>,
    /// How many more there are.
    pub more: usize,
}

impl Findings {
    pub(crate) fn latest(&self) -> Arc<Latest> {
        Arc::clone(&self.0.read())
    }
}

/// Lints after each load, after each change of a dashboard, and now and then.
pub(crate) async fn watch(api: Api, shutdown: Shutdown) {
    let mut events = api.events.subscribe();
    loop {
        let started = api.clock.monotonic();
        let mut next = AGAIN_AFTER;
        match everything(&api).await {
            Ok(latest) => {
                if !latest.asked_store {
                    next = until_settled(&api).max(MIN_PAUSE);
                }
                *api.findings.0.write() = Arc::new(latest);
                api.events.publish(Event::Findings);
            }
            // Queries have all places; the list that is there goes on.
            Err(error) => {
                tracing::debug!(%error, "what is loaded was not linted; it is tried again");
                next = Duration::from_secs(30);
            }
        }
        let pause = (api.clock.monotonic().saturating_sub(started) * 10).max(MIN_PAUSE);
        tokio::select! {
            () = shutdown.wait() => return,
            () = api.clock.sleep(pause) => {}
        }
        let wake = async {
            loop {
                match events.recv().await {
                    Ok(Event::Config | Event::Dashboards(_)) | Err(RecvError::Lagged(_)) => return,
                    Ok(_) => {}
                    Err(RecvError::Closed) => std::future::pending().await,
                }
            }
        };
        tokio::select! {
            () = shutdown.wait() => return,
            () = api.clock.sleep(next.saturating_sub(pause)) => {}
            () = wake => {}
        }
        // Several changes that come together are one.
        events = events.resubscribe();
    }
}

/// How long it takes until the metrics of all targets should be there.
fn until_settled(api: &Api) -> Duration {
    let longest = api.reloader.current().scrape_configs().iter().map(|job| job.scrape_interval).max().unwrap_or_default();
    let [least, most] = SETTLES_AFTER;
    let settles = (longest * 2).clamp(least, most);
    let since = api.clock.now_ms().saturating_sub(api.reloader.last().loaded_at_ms);
    settles.saturating_sub(Duration::from_millis(since.try_into().unwrap_or(0)))
}

/// What targets and senders say of their metrics.
fn metadata(api: &Api) -> HashMap<String, ServerMetric> {
    let scraped =
        api.parts.scraper.metadata(None, usize::MAX, 1).into_iter().filter_map(|(name, all)| Some((name, all.into_iter().next()?)));
    let told = api.parts.logs.otlp.metadata();
    told.into_iter().chain(scraped).map(|(name, m)| (name, ServerMetric { kind: m.kind, unit: m.unit })).collect()
}

async fn everything(api: &Api) -> Result<Latest, QueryError> {
    let LoadedTexts { sources, uids, mut left_out } = loaded::everything(api).await;
    let (now_ms, settled) = (api.clock.now_ms(), until_settled(api).is_zero());
    let metadata = if settled { metadata(api) } else { HashMap::new() };
    api.queries
        .run(None, move |engine, limits| {
            let store = if settled { Store::ask(engine, limits, now_ms, metadata) } else { None };
            let project = Project::of(sources);
            let facts = Facts::of(&project, store.as_ref().map(|store| store as &dyn Server));
            let found = lint(&project, &facts, &Options::default());
            if limits.cancelled.is_cancelled() {
                return Err(QueryError::Cancelled);
            }
            let unanswered = store.as_ref().map_or(0, Store::unanswered);
            if unanswered > 0 {
                left_out.push(format!("{unanswered} questions about selectors are beyond the limit of {MAX_QUESTIONS}"));
            }
            let count = |severity| found.iter().filter(|finding| finding.severity() == severity).count();
            Ok(Latest {
                checked_at_ms: Some(now_ms),
                texts: project.files.len(),
                asked_store: store.is_some(),
                left_out,
                errors: count(Severity::Error),
                warnings: count(Severity::Warning),
                more: found.len().saturating_sub(MAX_KEPT),
                findings: found.iter().take(MAX_KEPT).map(|finding| shown(finding, Some(&project), &uids)).collect(),
            })
        })
        .await
}

/// What is found in one query, as the API shows it. TraceQL has no rules yet.
pub(crate) async fn of_query(api: &Api, language: Language, text: String) -> Result<Vec<Value>, QueryError> {
    let (name, level) = match language {
        Language::PromQl => ("query.promql", Severity::Warning),
        // What its rules say of a query is an info, which rests on the text.
        Language::LogQl => ("query.logql", Severity::Info),
        Language::TraceQl => return Ok(Vec::new()),
    };
    let rules = loaded::files(&api.reloader.current(), true);
    let (now_ms, settled) = (api.clock.now_ms(), until_settled(api).is_zero());
    let metadata = if settled { metadata(api) } else { HashMap::new() };
    api.queries
        .run(Some(QUERY_TIMEOUT), move |engine, limits| {
            let store = if settled { Store::ask(engine, limits, now_ms, metadata) } else { None };
            let facts = Facts::of(&Project::of(rules), store.as_ref().map(|store| store as &dyn Server));
            let found = lint_query(&Source::new(name, text), &facts, &Options { level, ..Options::default() });
            Ok(found.iter().map(|finding| shown(finding, None, &HashMap::new())).collect())
        })
        .await
}

/// A finding as `phoenix check --json` has it, with what a page wants beside: its rule, the change as a diff, the
/// path of the rule's page.
fn shown(finding: &Finding, project: Option<&Project>, uids: &HashMap<Arc<str>, String>) -> Value {
    let mut shown = json!(finding);
    shown["link"] = json!(format!("/{}", finding.rule.doc_path()));
    let Some(source) = &finding.diagnostic.source else { return shown };
    if let Some(fix) = &finding.fix {
        shown["diff"] = json!(unified(&source.name, &source.text, &apply(&source.text, [fix])));
    }
    if let Some((group, nth, rule)) = project.and_then(|project| project.rule_at(&source.name, finding.diagnostic.span.start)) {
        shown["group"] = json!(group.name.as_ref().map(|name| &name.value));
        shown["rule_name"] = json!(rule.name.value);
        shown["rule_number"] = json!(nth);
    }
    if let Some(uid) = uids.get(&source.name) {
        shown["dashboard_uid"] = json!(uid);
    }
    shown
}
