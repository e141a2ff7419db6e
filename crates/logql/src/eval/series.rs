//! The series of an aggregation over ranges: which labels they have, and their numbers.

use super::{EvalError, EvalOptions, too_many_series};
use crate::stages::row::Wanted;
use hashbrown::HashMap;
use phoenix_model::{Charge, Labels};

/// Which labels a series has.
pub(super) enum Kept {
    /// All but the one that holds the value.
    All {
        but: Option<String>,
    },
    By(Vec<String>),
    Without(Vec<String>),
}

impl Kept {
    pub(super) fn keeps(&self, name: &str) -> bool {
        match self {
            Self::All { but } => but.as_deref() != Some(name),
            Self::By(names) => names.iter().any(|n| n == name),
            Self::Without(names) => !names.iter().any(|n| n == name),
        }
    }

    /// The labels that a row or a stream must have for this.
    pub(super) fn wanted(&self) -> Wanted {
        match self {
            Self::By(names) => Wanted::Names(names.clone()),
            _ => Wanted::All,
        }
    }
}

/// Series by their labels.
#[derive(Default)]
pub(super) struct SeriesTable {
    /// By what stands in rows, which may be the same labels in several orders.
    pub(super) by_key: HashMap<Box<[u8]>, usize>,
    by_labels: HashMap<Labels, usize>,
    pub(super) labels: Vec<Labels>,
}

impl SeriesTable {
    pub(super) fn intern(&mut self, labels: Labels, options: &EvalOptions<'_>, charge: &mut Charge) -> Result<usize, EvalError> {
        if let Some(series) = self.by_labels.get(&labels) {
            return Ok(*series);
        }
        if self.labels.len() >= options.max_series {
            return Err(too_many_series(options));
        }
        charge.grow(labels.as_bytes().len() as u64 + 64)?;
        let series = self.labels.len();
        self.labels.push(labels.clone());
        self.by_labels.insert(labels, series);
        Ok(series)
    }
}
