//! The spans that numbers are made of: how they are read, which of a batch match, and what they stand for.

use super::steps::Steps;
use crate::eval::bits::Bits;
use crate::eval::columns::Frame;
use crate::eval::filter::Verdicts;
use crate::eval::plan::Plan;
use crate::eval::spansets::Sets;
use crate::eval::{EvalError, EvalOptions};
use crate::source::{ColumnValues, SpanPredicate, SpanRows, SpanSelect, SpanSource, SpanStats, SpanTime, SpanValue, SpanVisitor};

/// Reads the spans of a pipeline, each within the range of the steps.
pub(crate) fn read<V: SpanVisitor + Send>(
    plan: &Plan,
    steps: &Steps,
    source: &dyn SpanSource,
    options: &EvalOptions<'_>,
    visitor: impl FnMut() -> V,
) -> Result<(Vec<V>, SpanStats), EvalError> {
    // What looks beyond single spans needs those of the trace that lie outside of the range, too.
    let time = if plan.only_leaf().is_some() && !plan.columns.parents { SpanTime::Span } else { SpanTime::Trace };
    let (required, rows) = if options.pushdown { (plan.required(), plan.rows()) } else { (Vec::new(), vec![SpanPredicate::True]) };
    let select = SpanSelect {
        start_ns: steps.start_ns,
        end_ns: steps.end_ns,
        time,
        required: &required,
        rows: if options.pushdown { plan.select_rows(&rows) } else { SpanRows::WholeTraces },
        columns: &plan.columns.fields,
        services: false,
        roots: plan.columns.roots,
    };
    options.read(source, &select, visitor)
}

/// The rows of a batch that a pipeline matches and that lie in the range, with their steps.
pub(crate) fn matched(
    plan: &Plan,
    start: usize,
    steps: &Steps,
    frame: &Frame<'_>,
    verdicts: &mut Verdicts,
    columnar: bool,
    (rows, at): (&mut Vec<u32>, &mut Vec<u32>),
) {
    let sets = Sets::new(plan, frame, verdicts, columnar);
    let several;
    let bits = if let Some(leaf) = plan.only_leaf() {
        sets.leaf(leaf)
    } else {
        let mut bits = Bits::of(frame.batch.rows, false);
        for set in (0..frame.batch.traces.len()).flat_map(|trace| sets.of(trace)) {
            set.rows.iter().for_each(|row| bits.set(*row as usize));
        }
        several = bits;
        &several
    };
    rows.clear();
    at.clear();
    let starts = frame.ints(start);
    // Spans of a trace lie close together: most are in the step of the one before.
    let (mut moments, mut step) = (0..0, 0);
    for row in bits.rows() {
        let Some(start) = starts.get(row) else { continue };
        if !moments.contains(start) {
            let Some(other) = steps.index(*start) else { continue };
            (moments, step) = (steps.moments(other), other as u32);
        }
        rows.push(row as u32);
        at.push(step);
    }
}

/// What spans stand for.
pub(crate) enum Weights<'b> {
    One,
    Floats(&'b [f64]),
    /// Codes, and the weight of each code; one where there is none.
    Coded(&'b [u32], Vec<f64>),
}

impl<'b> Weights<'b> {
    pub fn new(frame: &Frame<'b>, column: Option<usize>) -> Self {
        match column.map(|at| frame.batch.columns[at].values) {
            Some(ColumnValues::Floats(weights, _)) => Self::Floats(weights),
            Some(ColumnValues::Coded(codes, dictionary)) => {
                let weight = |value: &SpanValue| if let SpanValue::Float(weight) = value { *weight } else { 1.0 };
                Self::Coded(codes, dictionary.iter().map(weight).collect())
            }
            _ => Self::One,
        }
    }

    #[inline]
    pub fn of(&self, row: u32) -> f64 {
        match self {
            Self::One => 1.0,
            Self::Floats(weights) => weights[row as usize],
            Self::Coded(codes, weights) => weights.get(codes[row as usize] as usize).copied().unwrap_or(1.0),
        }
    }
}
