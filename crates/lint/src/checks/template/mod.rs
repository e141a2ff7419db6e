//! Texts of alerts: labels that are not there, values that are not what the sentence says.

mod labels;
mod places;
mod value;

pub(super) use labels::check as labels;
pub(super) use places::check as places;
pub(super) use value::check as value;
