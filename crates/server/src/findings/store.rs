//! What the running store knows of its metrics, for the linter: what `phoenix check --against` asks over HTTP.

use phoenix_engine::{MetricsEngine, QueryLimits};
use phoenix_lint::{Server, ServerMetric};
use phoenix_model::labels::METRIC_NAME;
use phoenix_query::Value;
use std::cell::{Cell, RefCell};
use std::collections::{HashMap, HashSet};

/// The most questions about single selectors in one run: beyond it they stay unanswered.
pub(super) const MAX_QUESTIONS: usize = 2_000;

/// The most names of metrics; a store that has more is not asked.
const MAX_NAMES: usize = 500_000;

/// The most labels of one selector that are told.
const MAX_LABELS: usize = 1_000;

/// The store of this process.
pub(super) struct Store<'a> {
    engine: &'a dyn MetricsEngine,
    limits: &'a QueryLimits,
    now_ms: i64,
    metadata: HashMap<String, ServerMetric>,
    names: HashSet<String>,
    asked: Cell<usize>,
    /// How many series selectors have, which several rules ask.
    counted: RefCell<HashMap<String, Option<usize>>>,
}

impl<'a> Store<'a> {
    /// Asks for the names of all metrics; `None` when there are none, or too many.
    pub(super) fn ask(
        engine: &'a dyn MetricsEngine,
        limits: &'a QueryLimits,
        now_ms: i64,
        metadata: HashMap<String, ServerMetric>,
    ) -> Option<Self> {
        let (names, left_out) = engine.label_values(METRIC_NAME, &[], 0, now_ms, MAX_NAMES).ok()?;
        let names: HashSet<String> = names.into_iter().collect();
        (!left_out && !names.is_empty()).then(|| Self {
            engine,
            limits,
            now_ms,
            metadata,
            names,
            asked: Cell::new(0),
            counted: RefCell::default(),
        })
    }

    /// How many questions were too many.
    pub(super) fn unanswered(&self) -> usize {
        self.asked.get().saturating_sub(MAX_QUESTIONS)
    }

    fn may_ask(&self) -> bool {
        self.asked.set(self.asked.get() + 1);
        self.asked.get() <= MAX_QUESTIONS && !self.limits.cancelled.is_cancelled()
    }
}

impl Server for Store<'_> {
    fn metadata(&self) -> HashMap<String, ServerMetric> {
        self.metadata.clone()
    }

    fn names(&self) -> HashSet<String> {
        self.names.clone()
    }

    fn label_names(&self, selector: &str) -> Option<Vec<String>> {
        let matchers = phoenix_promql::parse_selector(selector).ok().filter(|_| self.may_ask())?.matchers;
        let (names, left_out) = self.engine.label_names(&[matchers], 0, self.now_ms, MAX_LABELS).ok()?;
        (!left_out).then_some(names)
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

impl Store<'_> {
    fn count(&self, selector: &str) -> Option<usize> {
        if !self.may_ask() {
            return None;
        }
        match self.engine.instant(&format!("count({selector})"), self.now_ms, self.limits).ok()?.value {
            Value::Vector(samples) => match samples.first() {
                None => Some(0),
                Some(counted) => Some(counted.sample.value as usize),
            },
            _ => None,
        }
    }
}
