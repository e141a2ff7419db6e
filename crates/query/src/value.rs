//! What a query gives: a scalar, a string, a vector or a matrix, with annotations.

use phoenix_model::{Histogram, Labels, Sample, Span};
use std::sync::Arc;

/// One element of an instant vector.
#[derive(Debug, Clone, PartialEq)]
pub struct VectorSample {
    /// The element's labels.
    pub labels: Labels,
    /// Its value at the time of evaluation; zero when the element is a histogram.
    pub sample: Sample,
    /// Its value when that is a native histogram.
    pub histogram: Option<Arc<Histogram>>,
}

impl VectorSample {
    /// An element with a float.
    pub fn float(labels: Labels, sample: Sample) -> Self {
        Self { labels, sample, histogram: None }
    }

    /// An element with a histogram.
    pub fn histogram(labels: Labels, timestamp_ms: i64, histogram: Arc<Histogram>) -> Self {
        Self { labels, sample: Sample { timestamp_ms, value: 0.0 }, histogram: Some(histogram) }
    }
}

/// One series of a range result; timestamps ascend.
#[derive(Debug, Clone, PartialEq)]
pub struct MatrixSeries {
    /// The series' labels.
    pub labels: Labels,
    /// Its floats.
    pub samples: Vec<Sample>,
    /// Its native histograms, by time in milliseconds; none has the time of a float.
    pub histograms: Vec<(i64, Arc<Histogram>)>,
}

impl MatrixSeries {
    /// A series of floats.
    pub fn floats(labels: Labels, samples: Vec<Sample>) -> Self {
        Self { labels, samples, histograms: Vec::new() }
    }
}

/// The value of a query.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A number at the time of evaluation.
    Scalar(Sample),
    /// A text at the time of evaluation.
    String(Sample, String),
    /// Several series at one moment, in the order that the language defines.
    Vector(Vec<VectorSample>),
    /// Several series over time, sorted by labels.
    Matrix(Vec<MatrixSeries>),
}

impl Value {
    /// The name that Prometheus' API gives to the kind: `scalar`, `string`, `vector`, `matrix`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Scalar(_) => "scalar",
            Self::String(..) => "string",
            Self::Vector(_) => "vector",
            Self::Matrix(_) => "matrix",
        }
    }
}

/// Whether the answer may be wrong, or is only worth a remark.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum AnnotationLevel {
    /// Shown under `infos` in the API.
    Info,
    /// Shown under `warnings` in the API.
    Warning,
}

/// Something the evaluation noticed about a part of the query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Annotation {
    /// How bad it is.
    pub level: AnnotationLevel,
    /// What it noticed, in Prometheus' words where Prometheus has them.
    pub message: String,
    /// The part of the query's text.
    pub span: Span,
}

/// A value with what was noticed on the way.
#[derive(Debug, Clone, PartialEq)]
pub struct QueryOutput {
    /// The value.
    pub value: Value,
    /// Without repetitions, in order of position.
    pub annotations: Vec<Annotation>,
}
