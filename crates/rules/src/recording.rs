//! Recording rules: the result of an expression under a name.

use crate::error::RulesError;
use crate::spec::RuleSpec;
use phoenix_model::labels::METRIC_NAME;
use phoenix_model::{Labels, WriteBatch};
use phoenix_query::{Value, VectorSample};
use std::collections::HashSet;

/// The elements of a result: a number becomes one element without labels.
pub(crate) fn elements(value: Value) -> Result<Vec<VectorSample>, RulesError> {
    match value {
        Value::Vector(elements) => Ok(elements),
        Value::Scalar(sample) => Ok(vec![VectorSample::float(Labels::empty(), sample)]),
        other => Err(RulesError::NotAVector(other.kind())),
    }
}

/// What to store at `at_ms`: the elements, floats and histograms, with the rule's name and labels.
pub(crate) fn recorded(spec: &RuleSpec, elements: &[VectorSample], limit: usize, at_ms: i64) -> Result<WriteBatch, RulesError> {
    let mut seen = HashSet::with_capacity(elements.len());
    let mut out = WriteBatch::default();
    for element in elements {
        let mut labels = element.labels.to_builder();
        labels.set(METRIC_NAME, &spec.name);
        for (name, value) in &spec.labels {
            labels.set(name, value);
        }
        let labels = labels.build();
        if !seen.insert(labels.clone()) {
            return Err(RulesError::SameLabels("rule"));
        }
        match &element.histogram {
            Some(histogram) if histogram.is_negative() => return Err(RulesError::NegativeHistogram(labels)),
            Some(histogram) => out.histograms.push((labels, vec![(at_ms, (**histogram).clone())])),
            None => out.series.push((labels, vec![(at_ms, element.sample.value)])),
        }
    }
    if limit > 0 && elements.len() > limit {
        return Err(RulesError::Limit { limit, found: elements.len(), what: "series" });
    }
    Ok(out)
}
