//! What the query languages share: the frame of a parser, values, vector matching, aggregation.

pub mod aggregation;
pub mod arithmetic;
pub mod column;
pub mod cursor;
pub mod frame;
pub mod grouping;
pub mod list;
pub mod matching;
pub mod numeric;
pub mod parsed;
#[cfg(feature = "testing")]
pub mod testing;
pub mod units;
pub mod value;

pub use arithmetic::BinaryOp;
pub use column::{ABSENT, Column, Grid, StepHistograms, is_absent};
pub use frame::Frame;
pub use grouping::Grouping;
pub use list::List;
pub use matching::{Cardinality, MatchError, VectorMatching};
pub use parsed::Parsed;
pub use value::{Annotation, AnnotationLevel, MatrixSeries, QueryOutput, Value, VectorSample};
