//! What a query of a dashboard is answered with.

use phoenix_engine::traces::SearchOutput;
use phoenix_logql::LogEntry;
use phoenix_model::traces::TraceWrite;
use phoenix_model::{Exemplar, Labels, Sample};
use phoenix_query::{Annotation, Column, Grid, VectorSample, is_absent};
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

/// The answer to a query.
#[derive(Debug, Clone)]
pub struct Answer {
    /// What it gave.
    pub body: Body,
    /// What the evaluation noticed.
    pub annotations: Vec<Annotation>,
    /// How long the evaluation took.
    pub took: Duration,
}

/// What a query gave.
#[derive(Debug, Clone)]
pub enum Body {
    /// Values over time.
    Matrix(Matrix),
    /// Values at one moment.
    Vector {
        /// The moment, in milliseconds since the Unix epoch.
        time_ms: i64,
        /// In the order that the language defines.
        series: Vec<VectorSample>,
    },
    /// A number.
    Scalar(Sample),
    /// A text.
    Text {
        /// Its moment, in milliseconds since the Unix epoch.
        time_ms: i64,
        /// The text.
        text: String,
    },
    /// Log entries in the order that was asked for.
    Logs(Vec<LogEntry>),
    /// Traces that a search found.
    Traces(SearchOutput),
    /// A trace.
    Trace(TraceWrite),
    /// Exemplars by series.
    Exemplars(Vec<(Labels, Vec<Exemplar>)>),
}

/// Series over the steps of a grid, of which a run is shown. The columns may be shared with the
/// cache, which then holds more steps and more series than are shown.
#[derive(Debug, Clone)]
pub struct Matrix {
    /// All steps of the columns.
    pub grid: Grid,
    /// Sorted by labels.
    pub columns: Arc<Vec<Column>>,
    /// The steps that are shown.
    pub shown: Range<usize>,
    /// Those of them that were known before the query was asked.
    pub cached: Range<usize>,
}

impl Matrix {
    /// All steps of columns that were worked out just now.
    pub fn computed(grid: Grid, columns: Vec<Column>) -> Self {
        Self { grid, columns: Arc::new(columns), shown: 0..grid.steps, cached: 0..0 }
    }

    /// The grid of the shown steps.
    pub fn shown_grid(&self) -> Grid {
        Grid { start_ms: self.grid.time_ms(self.shown.start), step_ms: self.grid.step_ms, steps: self.shown.len() }
    }

    /// The series that have a value at a shown step.
    pub fn series(&self) -> impl Iterator<Item = &Column> {
        self.columns.iter().filter(|column| {
            column.values[self.shown.clone()].iter().any(|value| !is_absent(*value))
                || column.histograms.iter().any(|(step, _)| self.shown.contains(step))
        })
    }

    /// How many of the shown values were known before, and how many were worked out.
    pub fn points(&self) -> (u64, u64) {
        let (mut cached, mut computed) = (0, 0);
        for column in self.columns.iter() {
            for step in self.shown.clone().filter(|step| column.is_present(*step)) {
                if self.cached.contains(&step) {
                    cached += 1;
                } else {
                    computed += 1;
                }
            }
        }
        (cached, computed)
    }
}
