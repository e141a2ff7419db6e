//! What the query languages share: tokens, spans, values, vector matching, aggregation.

pub mod value;

pub use value::{Annotation, AnnotationLevel, MatrixSeries, QueryOutput, Value, VectorSample};
