//! Which labels the series of an expression have: surely, perhaps, surely not.

use crate::facts::Facts;
use crate::finding::RestsOn;
use phoenix_model::{MatchOp, Matcher, Span};
use phoenix_promql::ast::{AggregateOp, Binary, BinaryOp, Cardinality, Expr, ExprKind, Selector};
use std::collections::{BTreeMap, BTreeSet};

/// Which labels the series of an expression have. The metric's name is not among them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Flow {
    /// Labels that are there, and who says so.
    pub sure: BTreeMap<String, RestsOn>,
    /// The only labels that may be there; `None` when any may.
    pub only: Option<BTreeSet<String>>,
    /// Labels that are surely not there, and the part of the expression that takes them away.
    pub gone: BTreeMap<String, Span>,
    /// The part that leaves [`Flow::only`].
    pub limited_by: Option<Span>,
    /// What an exporter gives this metric, when it is known and no other: its labels, beside the target's.
    pub exported: Option<BTreeSet<String>>,
}

/// Labels that targets usually have from discovery; an exporter's metric may have them without naming them.
pub(crate) const OF_TARGETS: [&str; 22] = [
    "job",
    "instance",
    "cluster",
    "namespace",
    "pod",
    "container",
    "node",
    "service",
    "endpoint",
    "region",
    "zone",
    "env",
    "environment",
    "host",
    "hostname",
    "app",
    "team",
    "datacenter",
    "dc",
    "stage",
    "tenant",
    "replica",
];

impl Flow {
    /// Any labels.
    pub fn anything() -> Self {
        Self::default()
    }

    /// No labels at all.
    fn nothing(by: Span) -> Self {
        Self { only: Some(BTreeSet::new()), limited_by: Some(by), ..Self::default() }
    }

    /// Whether the label is surely not there.
    pub fn lacks(&self, label: &str) -> bool {
        self.gone.contains_key(label) || self.only.as_ref().is_some_and(|only| !only.contains(label))
    }

    /// Whether the exporter does not give the metric this label, as far as is known, and targets usually don't either.
    pub fn exporter_lacks(&self, label: &str) -> bool {
        self.exported.as_ref().is_some_and(|exported| !exported.contains(label))
            && !self.sure.contains_key(label)
            && !OF_TARGETS.contains(&label)
    }

    /// The part of the expression that takes a label away.
    pub fn taken_by(&self, label: &str) -> Option<Span> {
        self.gone.get(label).copied().or(self.limited_by.filter(|_| self.lacks(label)))
    }

    /// Puts a label on, or takes it away.
    pub fn put(&mut self, label: &str, present: bool) {
        if present {
            self.gone.remove(label);
            if let Some(only) = &mut self.only {
                only.insert(label.to_owned());
            }
            self.sure.insert(label.to_owned(), RestsOn::Text);
        } else {
            self.remove(label, Span::default());
        }
    }

    /// A label that may be there or not.
    fn perhaps(&mut self, label: &str) {
        self.gone.remove(label);
        self.sure.remove(label);
        if let Some(only) = &mut self.only {
            only.insert(label.to_owned());
        }
        if let Some(only) = &mut self.exported {
            only.insert(label.to_owned());
        }
    }

    fn remove(&mut self, label: &str, by: Span) {
        self.sure.remove(label);
        if let Some(only) = &mut self.only {
            only.remove(label);
        }
        self.gone.insert(label.to_owned(), by);
    }

    /// What holds for the series of both.
    #[must_use]
    pub fn either(&self, other: &Self) -> Self {
        let sure = self.sure.iter().filter_map(|(label, by)| Some((label.clone(), *other.sure.get(label)?.max(by)))).collect();
        let only = match (&self.only, &other.only) {
            (Some(a), Some(b)) => Some(a | b),
            _ => None,
        };
        let lacking = |a: &Self, b: &Self| -> Vec<(String, Span)> {
            a.gone.iter().filter(|(label, _)| b.lacks(label)).map(|(label, by)| (label.clone(), *by)).collect()
        };
        let gone = lacking(self, other).into_iter().chain(lacking(other, self)).collect();
        let exported = match (&self.exported, &other.exported) {
            (Some(a), Some(b)) => Some(a | b),
            _ => None,
        };
        Self { sure, only, gone, limited_by: self.limited_by.or(other.limited_by), exported }
    }

    /// Leaves these labels only.
    fn keep(&self, labels: &[String], by: Span) -> Self {
        let named = |label: &&String| labels.contains(label);
        // Whoever groups by a label expects it to be there.
        let expected = labels.iter().filter(|label| !self.lacks(label)).map(|label| (label.clone(), RestsOn::Project));
        let mut sure: BTreeMap<String, RestsOn> = expected.collect();
        sure.extend(self.sure.iter().filter(|(label, _)| labels.contains(label)).map(|(label, by)| (label.clone(), *by)));
        Self {
            sure,
            only: Some(labels.iter().filter(|label| !self.lacks(label)).cloned().collect()),
            gone: self.gone.iter().filter(|(label, _)| named(label)).map(|(label, by)| (label.clone(), *by)).collect(),
            limited_by: Some(by),
            exported: None,
        }
    }

    /// Leaves all labels but these.
    fn drop_labels(&self, labels: &[String], by: Span) -> Self {
        let mut flow = self.clone();
        for label in labels {
            flow.remove(label, by);
        }
        flow
    }
}

/// Which labels the series of an expression have.
pub fn flow(expr: &Expr, facts: &Facts) -> Flow {
    match &expr.kind {
        ExprKind::Number(_) | ExprKind::String(_) => Flow::nothing(expr.span),
        ExprKind::Error => Flow::anything(),
        ExprKind::Selector(selector) => of_selector(selector, expr.span, facts),
        ExprKind::Range(range) => of_selector(&range.selector, expr.span, facts),
        ExprKind::Subquery(subquery) => flow(&subquery.expr, facts),
        ExprKind::Unary(_, inner) | ExprKind::Paren(inner) => flow(inner, facts),
        ExprKind::Call(call) => of_call(call.function.name, &call.args, expr.span, facts),
        ExprKind::Aggregate(aggregate) => {
            let inner = flow(&aggregate.expr, facts);
            let head = Span::new(expr.span.start, aggregate.name_span.end);
            let mut kept = match (&aggregate.op, &aggregate.grouping) {
                (AggregateOp::Topk | AggregateOp::Bottomk | AggregateOp::Limitk | AggregateOp::LimitRatio, _) => inner,
                (_, None) => Flow::nothing(head),
                (_, Some(grouping)) if grouping.without => inner.drop_labels(&grouping.labels, head),
                (_, Some(grouping)) => inner.keep(&grouping.labels, head),
            };
            if let (AggregateOp::CountValues, Some(ExprKind::String(label))) = (aggregate.op, aggregate.param.as_ref().map(|p| &p.kind)) {
                kept.put(label, true);
            }
            kept
        }
        ExprKind::Binary(binary) => of_binary(binary, expr.span, facts),
    }
}

fn of_selector(selector: &Selector, span: Span, facts: &Facts) -> Flow {
    let mut flow = selector.name.as_deref().map_or_else(Flow::anything, |name| of_metric(name, facts));
    for matcher in &selector.matchers {
        if matcher.name == phoenix_model::labels::METRIC_NAME {
            continue;
        }
        if !matcher.matches_empty() {
            flow.put(&matcher.name, true);
        } else if matcher.op == MatchOp::Equal {
            flow.remove(&matcher.name, span);
        }
    }
    flow
}

fn of_metric(name: &str, facts: &Facts) -> Flow {
    if let Some(recorded) = facts.recorded_flow(name) {
        return recorded.clone();
    }
    let mut flow = Flow::anything();
    let Some(metric) = facts.metric(name) else { return flow };
    let Some(labels) = metric.labels else { return flow };
    flow.sure.extend(labels.iter().map(|label| (label.clone(), metric.rests_on)));
    if !metric.open {
        flow.exported = Some(labels.into_iter().collect());
    }
    flow
}

fn of_call(name: &str, args: &[Expr], span: Span, facts: &Facts) -> Flow {
    let text = |at: usize| match args.get(at).map(|arg| &arg.without_parens().kind) {
        Some(ExprKind::String(text)) => Some(text.as_str()),
        _ => None,
    };
    let series = args.iter().find(|arg| !matches!(arg.value_type(), phoenix_promql::ValueType::Scalar | phoenix_promql::ValueType::String));
    let Some(series) = series else { return Flow::nothing(span) };
    match name {
        "scalar" => Flow::nothing(span),
        "absent" | "absent_over_time" => of_absent(series, span),
        "label_replace" | "label_join" => {
            let mut flow = flow(series, facts);
            match text(1) {
                Some(label) => flow.perhaps(label),
                None => flow = Flow::anything(),
            }
            flow
        }
        "histogram_quantile" | "histogram_fraction" | "histogram_quantiles" => {
            let mut flow = flow(series, facts);
            flow.remove("le", span);
            if name == "histogram_quantiles"
                && let Some(label) = text(1)
            {
                flow.put(label, true);
            }
            flow
        }
        _ => flow(series, facts),
    }
}

/// Labels that the selector compares with `=` once; nothing for anything else.
fn of_absent(series: &Expr, span: Span) -> Flow {
    let mut flow = Flow::nothing(span);
    let selector = match &series.without_parens().kind {
        ExprKind::Selector(selector) => selector,
        ExprKind::Range(range) => &range.selector,
        _ => return flow,
    };
    let named = |label: &str| selector.matchers.iter().filter(|matcher| matcher.name == label).count();
    let usable =
        |m: &&Matcher| m.op == MatchOp::Equal && !m.value.is_empty() && m.name != phoenix_model::labels::METRIC_NAME && named(&m.name) == 1;
    for matcher in selector.matchers.iter().filter(usable) {
        flow.put(&matcher.name, true);
    }
    flow
}

fn of_binary(binary: &Binary, span: Span, facts: &Facts) -> Flow {
    use phoenix_promql::ValueType::Scalar;
    let (left, right) = (flow(&binary.lhs, facts), flow(&binary.rhs, facts));
    match (binary.lhs.value_type(), binary.rhs.value_type()) {
        (_, Scalar) => return left,
        (Scalar, _) => return right,
        _ => {}
    }
    let matching = &binary.matching;
    match binary.op {
        BinaryOp::And | BinaryOp::Unless => {
            let mut flow = left;
            if binary.op == BinaryOp::And {
                let meets = |label: &&String| matching.on == matching.labels.contains(label);
                let sure: Vec<_> = right.sure.iter().filter(|(label, _)| meets(label)).map(|(l, by)| (l.clone(), *by)).collect();
                for (label, by) in sure {
                    if !flow.lacks(&label) {
                        flow.sure.entry(label).or_insert(by);
                    }
                }
            }
            return flow;
        }
        BinaryOp::Or => return left.either(&right),
        _ => {}
    }
    match matching.cardinality {
        Cardinality::ManyToOne => with_included(left, &right, &matching.include, binary.op_span),
        Cardinality::OneToMany => with_included(right, &left, &matching.include, binary.op_span),
        _ => {
            let met = both(&left, &right);
            let by = Span::new(binary.op_span.start, span.end.min(binary.rhs.span.start).max(binary.op_span.end));
            if matching.on {
                let mut kept = met.keep(&matching.labels, by);
                // Matched labels need not be there on either side.
                kept.sure.retain(|label, _| met.sure.contains_key(label));
                kept
            } else {
                left.drop_labels(&matching.labels, by).meet(&met, &matching.labels)
            }
        }
    }
}

/// Series that have the same labels.
fn both(left: &Flow, right: &Flow) -> Flow {
    let mut flow = left.clone();
    for (label, by) in &right.sure {
        let known = flow.sure.entry(label.clone()).or_insert(*by);
        *known = (*known).min(*by);
    }
    for (label, by) in &right.gone {
        flow.gone.entry(label.clone()).or_insert(*by);
    }
    flow.only = match (&left.only, &right.only) {
        (Some(a), Some(b)) => Some(a & b),
        (a, b) => a.clone().or_else(|| b.clone()),
    };
    flow.limited_by = left.limited_by.or(right.limited_by);
    flow
}

impl Flow {
    /// With what is known of the pair, but for the labels that were not compared.
    fn meet(mut self, met: &Self, ignored: &[String]) -> Self {
        for (label, by) in met.sure.iter().filter(|(label, _)| !ignored.contains(label)) {
            self.sure.entry(label.clone()).or_insert(*by);
        }
        for (label, by) in met.gone.iter().filter(|(label, _)| !ignored.contains(label)) {
            self.gone.entry(label.clone()).or_insert(*by);
        }
        if let Some(only) = &met.only {
            self.only = Some(only.iter().filter(|label| !ignored.contains(label)).cloned().collect());
            self.limited_by = self.limited_by.or(met.limited_by);
        }
        self
    }
}

fn with_included(mut many: Flow, one: &Flow, include: &[String], by: Span) -> Flow {
    for label in include {
        if one.lacks(label) {
            many.remove(label, by);
        } else if let Some(basis) = one.sure.get(label) {
            many.put(label, true);
            many.sure.insert(label.clone(), *basis);
        } else {
            many.perhaps(label);
        }
    }
    many
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::Project;

    #[test]
    fn labels_flow() {
        let facts = Facts::of(&Project::default(), None);
        // (expression, surely there, surely not there, may be there)
        for (text, sure, lacks, may) in [
            ("a{x=\"1\",y=~\"b|c\",z=~\".*\",w=\"\",v!=\"\"}", "v x y", "w", "z job"),
            ("sum(a{x=\"1\"})", "", "x job", ""),
            ("sum by (x, y) (a{x=\"1\",y=\"\"})", "x", "y z", ""),
            ("sum without (x) (a{x=\"1\",z=\"2\"})", "z", "x", "job"),
            ("rate(a{x=\"1\"}[5m]) * 2 > 1", "x", "", "job"),
            ("topk(3, a{x=\"1\"})", "x", "", "job"),
            ("count_values(\"v\", a)", "v", "job", ""),
            ("histogram_quantile(0.9, sum by (le, x) (rate(a_bucket[5m])))", "x", "le job", ""),
            ("absent(a{x=\"1\",y=~\"2\",z=\"3\",z=\"4\"})", "x", "y z job", ""),
            ("absent(sum(a{x=\"1\"}))", "", "x", ""),
            ("absent_over_time(a{x=\"1\"}[5m])", "x", "job", ""),
            ("vector(1)", "", "x", ""),
            ("label_replace(sum(a), \"x\", \"1\", \"\", \"\")", "", "y", "x"),
            ("a{x=\"1\"} / on (y) b{y=\"2\"}", "y", "x z", ""),
            ("a{x=\"1\"} / on (y) b", "", "x z", "y"),
            ("a{x=\"1\",y=\"2\"} / ignoring (x) b{z=\"3\"}", "y z", "x", "job"),
            ("a{x=\"1\"} / b{y=\"2\"}", "x y", "", "job"),
            ("a{x=\"1\"} * on (y) group_left (z) b{z=\"2\",w=\"3\"}", "x z", "", "w y job"),
            ("a{x=\"1\"} * on (y) group_left (z) sum by (y) (b)", "x", "z", "y job"),
            ("sum by (y) (a) * on (y) group_right () b{x=\"1\"}", "x", "", "job"),
            ("a{x=\"1\"} and on (y) b{y=\"2\"}", "x y", "", "job"),
            ("a{x=\"1\"} unless b", "x", "", "job"),
            ("a{x=\"1\"} or b{x=\"2\"}", "x", "", "job"),
            ("sum by (x) (a) or sum by (y) (b)", "", "job", "x y"),
            ("sum(a) or vector(0)", "", "job x", ""),
            ("1 - sum by (x) (a)", "x", "job", ""),
            ("max_over_time(sum by (x) (a)[1h:])", "x", "job", ""),
            ("scalar(a)", "", "x", ""),
        ] {
            let expr = phoenix_promql::parse(text).into_result().unwrap();
            let flow = flow(&expr, &facts);
            let shown: Vec<&str> = flow.sure.keys().map(String::as_str).collect();
            assert_eq!(shown.join(" "), sure, "{text}");
            assert!(lacks.split_whitespace().all(|label| flow.lacks(label)), "{text}: {flow:?}");
            assert!(sure.split_whitespace().chain(may.split_whitespace()).all(|label| !flow.lacks(label)), "{text}: {flow:?}");
        }
    }

    #[test]
    fn labels_flow_through_recording_rules() {
        let text = "groups:\n- name: g\n  rules:\n  - record: a:sum\n    expr: sum by (x) (a)\n    labels: {y: '1'}\n  - record: b\n    expr: a:sum * 2\n";
        let project = Project::of(vec![phoenix_model::Source::new("r.yaml", text)]);
        let facts = Facts::of(&project, None);
        let flow = flow(&phoenix_promql::parse("b").into_result().unwrap(), &facts);
        assert_eq!(flow.sure.keys().map(String::as_str).collect::<Vec<_>>(), ["x", "y"]);
        assert!(flow.lacks("job"));
    }
}
