//! What the parts of an expression evaluate to.

use phoenix_model::Charge;
use phoenix_query::Column;

/// The value of an expression over all steps.
pub(super) enum Evaluated {
    /// One number for each step.
    Scalar(Vec<f64>),
    /// One text for all steps.
    String(String),
    /// Several series.
    Block(Block),
}

/// Series over the steps, with the memory that is charged for them.
#[derive(Default)]
pub(super) struct Block {
    /// The series, in the order that an instant query shows.
    pub columns: Vec<Column>,
    /// Held as long as the columns are.
    pub charges: Vec<Charge>,
}
