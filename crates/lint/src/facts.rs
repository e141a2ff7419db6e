//! What is known about metrics, from the surest to the least sure: a server, recording rules, the catalogue, names.

use crate::catalogue::Catalogue;
use crate::declared::DeclaredMetrics;
use crate::finding::RestsOn;
use crate::flow::{Flow, flow};
use crate::project::Project;
use phoenix_promql::ast::{AggregateOp, Expr, ExprKind};
use std::collections::{BTreeMap, HashMap, HashSet};

/// The type of a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Only grows, but for restarts.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Buckets, a sum and a count; or all in one, when native.
    Histogram,
    /// Quantiles, a sum and a count.
    Summary,
    /// Always 1; says something in its labels.
    Info,
    /// The exporter does not say.
    Untyped,
}

impl Kind {
    /// Reads a type's name as exposition formats write it.
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "counter" => Self::Counter,
            "gauge" => Self::Gauge,
            "histogram" | "gaugehistogram" => Self::Histogram,
            "summary" => Self::Summary,
            "info" | "stateset" => Self::Info,
            "untyped" | "unknown" => Self::Untyped,
            _ => return None,
        })
    }

    /// As exposition formats write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
            Self::Summary => "summary",
            Self::Info => "info",
            Self::Untyped => "untyped",
        }
    }
}

/// Which series of a histogram or summary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The metric as named.
    Whole,
    /// `_bucket`
    Bucket,
    /// `_sum`
    Sum,
    /// `_count`
    Count,
}

/// What is known about the series of a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metric {
    /// The metric's type; that of the whole for the parts of a histogram.
    pub kind: Kind,
    /// Which part of it.
    pub part: Part,
    /// Its unit, when it has one that is known.
    pub unit: Option<String>,
    /// Its labels beside those of the target, with `le` and `quantile`; `None` when they are not known.
    pub labels: Option<Vec<String>>,
    /// Whether it may have more labels.
    pub open: bool,
    /// Who says so.
    pub rests_on: RestsOn,
    /// Who says so, in words: `node_exporter 1.8.0`, `the server`.
    pub from: String,
}

impl Metric {
    /// Whether the series only grow: counters, and the parts of histograms and summaries.
    pub fn is_counter(&self) -> bool {
        match self.part {
            Part::Whole => self.kind == Kind::Counter,
            Part::Bucket | Part::Sum | Part::Count => matches!(self.kind, Kind::Histogram | Kind::Summary),
        }
    }

    /// Whether somebody wrote down what it is: the catalogue, or the code that exports it.
    pub fn is_documented(&self) -> bool {
        self.rests_on == RestsOn::Catalogue || self.rests_on == RestsOn::Project && self.labels.is_some()
    }

    /// Whether the series go up and down.
    pub fn is_gauge(&self) -> bool {
        self.part == Part::Whole && matches!(self.kind, Kind::Gauge | Kind::Info)
    }
}

/// What a server says about a metric.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ServerMetric {
    /// Its type as the server writes it; empty when it has no metadata.
    pub kind: String,
    /// Its unit; empty when it says none.
    pub unit: String,
}

/// A server that answers Prometheus' API. Errors are told once, by whoever made it.
pub trait Server {
    /// The metadata of all metrics, by name.
    fn metadata(&self) -> HashMap<String, ServerMetric>;
    /// The names of all metrics that have series.
    fn names(&self) -> HashSet<String>;
    /// The names of the labels of a selector's series; `None` when it can't be told.
    fn label_names(&self, selector: &str) -> Option<Vec<String>>;
    /// How many series a selector has; `None` when it can't be told.
    fn series(&self, selector: &str) -> Option<usize>;
}

/// What is known about metrics.
pub struct Facts<'a> {
    catalogue: &'static Catalogue,
    metadata: HashMap<String, ServerMetric>,
    names: Option<HashSet<String>>,
    recorded: BTreeMap<String, Recorded>,
    declared: DeclaredMetrics,
    /// The server that was asked, if any.
    pub server: Option<&'a dyn Server>,
}

/// What recording rules of the project give.
#[derive(Debug, Clone)]
struct Recorded {
    kind: Option<Kind>,
    flow: Flow,
    rules: usize,
}

/// What follows a histogram's or summary's name.
const PARTS: [(&str, Part); 3] = [("_bucket", Part::Bucket), ("_sum", Part::Sum), ("_count", Part::Count)];

/// How deep recording rules that read each other are followed.
const MAX_PASSES: usize = 4;

impl<'a> Facts<'a> {
    /// What is known to a project, and to a server.
    pub fn of(project: &Project, server: Option<&'a dyn Server>) -> Self {
        let metadata = server.map(Server::metadata).unwrap_or_default();
        let names = server.map(Server::names);
        let mut facts = Self {
            catalogue: Catalogue::built_in(),
            metadata,
            names,
            recorded: BTreeMap::new(),
            declared: DeclaredMetrics::of(project),
            server,
        };
        // Rules read what other rules record: a few passes settle the usual depth.
        for _ in 0..MAX_PASSES {
            let next = facts.record(project);
            let settled = next.len() == facts.recorded.len()
                && next.iter().zip(&facts.recorded).all(|((_, a), (_, b))| a.flow == b.flow && a.kind == b.kind);
            facts.recorded = next;
            if settled {
                break;
            }
        }
        facts
    }

    fn record(&self, project: &Project) -> BTreeMap<String, Recorded> {
        let mut recorded: BTreeMap<String, Recorded> = BTreeMap::new();
        for (_, group, rule) in project.rules().filter(|(_, _, rule)| !rule.is_alert) {
            let mut flow_here = rule.parsed.as_ref().map_or_else(Flow::anything, |expr| flow(expr, self));
            for (name, text) in group.labels.iter().chain(&rule.labels) {
                flow_here.put(&name.value, !text.value.is_empty());
            }
            let kind = rule.parsed.as_ref().and_then(|expr| self.kind_of(expr));
            match recorded.get_mut(&rule.name.value) {
                None => {
                    recorded.insert(rule.name.value.clone(), Recorded { kind, flow: flow_here, rules: 1 });
                }
                Some(known) => {
                    known.kind = known.kind.filter(|before| Some(*before) == kind);
                    known.flow = known.flow.either(&flow_here);
                    known.rules += 1;
                }
            }
        }
        recorded
    }

    /// The type of what an expression gives, when it is sure: what of a counter stays a counter, and rates are gauges.
    fn kind_of(&self, expr: &Expr) -> Option<Kind> {
        match &expr.kind {
            ExprKind::Paren(inner) => self.kind_of(inner),
            ExprKind::Selector(selector) => {
                let metric = self.metric(selector.name.as_deref()?)?;
                if metric.rests_on == RestsOn::Naming {
                    return None;
                }
                if metric.is_counter() { Some(Kind::Counter) } else { Some(Kind::Gauge).filter(|_| metric.is_gauge()) }
            }
            ExprKind::Aggregate(aggregate) => match aggregate.op {
                AggregateOp::Sum | AggregateOp::Max | AggregateOp::Min => self.kind_of(&aggregate.expr),
                _ => Some(Kind::Gauge),
            },
            ExprKind::Call(call) => match call.function.name {
                "rate" | "irate" | "increase" | "delta" | "deriv" | "histogram_quantile" => Some(Kind::Gauge),
                "label_replace" | "label_join" => self.kind_of(call.args.first()?),
                _ => None,
            },
            ExprKind::Binary(binary) if binary.op == phoenix_query::BinaryOp::Div => Some(Kind::Gauge),
            _ => None,
        }
    }

    /// What is known about the series of a name.
    pub fn metric(&self, name: &str) -> Option<Metric> {
        self.by_server(name)
            .or_else(|| self.by_rules(name))
            .or_else(|| self.declared.metric(name))
            .or_else(|| self.catalogue.metric(name))
            .or_else(|| by_name(name))
    }

    /// Which labels the series of a recorded name have.
    pub fn recorded_flow(&self, name: &str) -> Option<&Flow> {
        self.recorded.get(name).map(|recorded| &recorded.flow)
    }

    /// Whether a recording rule of the project gives this name.
    pub fn is_recorded(&self, name: &str) -> bool {
        self.recorded.contains_key(name)
    }

    /// Whether the server has series of this name; `None` without a server.
    pub fn exists(&self, name: &str) -> Option<bool> {
        self.names.as_ref().map(|names| names.contains(name))
    }

    /// The names that the server has.
    pub fn server_names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().flatten().map(String::as_str)
    }

    /// The exporter that has this metric, by the catalogue.
    pub fn exporter_of(&self, name: &str) -> Option<&'static str> {
        let entry = self.catalogue.get(name).or_else(|| parts(name).find_map(|(base, _)| self.catalogue.get(base)))?;
        Some(entry.exporter)
    }

    /// Whether any metric of an exporter has this label.
    pub fn gives_label(&self, exporter: &str, label: &str) -> bool {
        self.catalogue.entries().any(|entry| entry.exporter == exporter && entry.label_names().any(|name| name == label))
    }

    /// The built-in catalogue.
    pub fn catalogue(&self) -> &'static Catalogue {
        self.catalogue
    }

    fn by_server(&self, name: &str) -> Option<Metric> {
        let of = |base: &str, part: Part| {
            let found = self.metadata.get(base)?;
            let kind = Kind::from_name(&found.kind).filter(|kind| *kind != Kind::Untyped)?;
            if part != Part::Whole && !matches!(kind, Kind::Histogram | Kind::Summary) {
                return None;
            }
            let unit = Some(found.unit.clone()).filter(|unit| !unit.is_empty());
            let from = "the server".to_owned();
            Some(Metric { kind, part, unit, labels: None, open: true, rests_on: RestsOn::Server, from })
        };
        // OpenMetrics' metadata names counters without `_total`.
        let counter = || name.strip_suffix("_total").and_then(|base| of(base, Part::Whole)).filter(|metric| metric.kind == Kind::Counter);
        of(name, Part::Whole).or_else(counter).or_else(|| parts(name).find_map(|(base, part)| of(base, part)))
    }

    fn by_rules(&self, name: &str) -> Option<Metric> {
        let recorded = self.recorded.get(name)?;
        let from = "a recording rule".to_owned();
        Some(Metric { kind: recorded.kind?, part: Part::Whole, unit: None, labels: None, open: true, rests_on: RestsOn::Project, from })
    }
}

/// A name as that of a part of a histogram or summary.
pub(crate) fn parts(name: &str) -> impl Iterator<Item = (&str, Part)> {
    PARTS.into_iter().filter_map(move |(ending, part)| Some((name.strip_suffix(ending)?, part)))
}

/// By the endings that Prometheus' conventions give. Recorded names, which have colons, follow others.
fn by_name(name: &str) -> Option<Metric> {
    if name.contains(':') {
        return None;
    }
    let (kind, part) = if name.ends_with("_total") {
        (Kind::Counter, Part::Whole)
    } else if name.ends_with("_bucket") {
        (Kind::Histogram, Part::Bucket)
    } else if name.ends_with("_info") {
        (Kind::Info, Part::Whole)
    } else {
        return None;
    };
    let unit = unit_by_name(name);
    Some(Metric { kind, part, unit, labels: None, open: true, rests_on: RestsOn::Naming, from: "its name".to_owned() })
}

/// The unit that the last word of a name says.
pub(crate) fn unit_by_name(name: &str) -> Option<String> {
    let last = name.trim_end_matches("_total").trim_end_matches("_bucket").rsplit('_').next()?;
    ["seconds", "bytes", "ratio"].contains(&last).then(|| last.to_owned())
}
