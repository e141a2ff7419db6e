//! How operations are written.

use crate::ast::{CompareOp, Conversion, LineOp, RangeOp, VectorOp};
use std::fmt;

impl LineOp {
    /// All operators.
    pub const ALL: [Self; 6] = [Self::Contains, Self::NotContains, Self::Regex, Self::NotRegex, Self::Pattern, Self::NotPattern];

    /// The operator as written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Contains => "|=",
            Self::NotContains => "!=",
            Self::Regex => "|~",
            Self::NotRegex => "!~",
            Self::Pattern => "|>",
            Self::NotPattern => "!>",
        }
    }

    /// Whether lines in which something is found are refused.
    pub fn is_negated(self) -> bool {
        matches!(self, Self::NotContains | Self::NotRegex | Self::NotPattern)
    }
}

impl CompareOp {
    /// All operators.
    pub const ALL: [Self; 6] = [Self::Equal, Self::NotEqual, Self::Greater, Self::GreaterOrEqual, Self::Less, Self::LessOrEqual];

    /// The operator as Loki writes it: equality as `=`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
        }
    }
}

/// What an operation over a range makes of `unwrap`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnwrapUse {
    /// It counts entries or bytes.
    Refused,
    /// It computes with values.
    Needed,
    /// It does one or the other.
    Either,
}

impl RangeOp {
    /// All operations.
    pub const ALL: [Self; 15] = [
        Self::Rate,
        Self::RateCounter,
        Self::CountOverTime,
        Self::BytesRate,
        Self::BytesOverTime,
        Self::SumOverTime,
        Self::AvgOverTime,
        Self::MinOverTime,
        Self::MaxOverTime,
        Self::StdvarOverTime,
        Self::StddevOverTime,
        Self::QuantileOverTime,
        Self::FirstOverTime,
        Self::LastOverTime,
        Self::AbsentOverTime,
    ];

    /// The operation as written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rate => "rate",
            Self::RateCounter => "rate_counter",
            Self::CountOverTime => "count_over_time",
            Self::BytesRate => "bytes_rate",
            Self::BytesOverTime => "bytes_over_time",
            Self::SumOverTime => "sum_over_time",
            Self::AvgOverTime => "avg_over_time",
            Self::MinOverTime => "min_over_time",
            Self::MaxOverTime => "max_over_time",
            Self::StdvarOverTime => "stdvar_over_time",
            Self::StddevOverTime => "stddev_over_time",
            Self::QuantileOverTime => "quantile_over_time",
            Self::FirstOverTime => "first_over_time",
            Self::LastOverTime => "last_over_time",
            Self::AbsentOverTime => "absent_over_time",
        }
    }

    /// Finds an operation by its name, which is case-insensitive as in Loki.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|op| op.as_str().eq_ignore_ascii_case(name))
    }

    /// Whether it takes the values of `unwrap`.
    pub fn unwrap_use(self) -> UnwrapUse {
        match self {
            Self::CountOverTime | Self::BytesRate | Self::BytesOverTime => UnwrapUse::Refused,
            Self::Rate | Self::AbsentOverTime => UnwrapUse::Either,
            _ => UnwrapUse::Needed,
        }
    }

    /// Whether it may be followed by `by (…)` or `without (…)`, as Loki's documentation lists it.
    pub fn takes_grouping(self) -> bool {
        matches!(
            self,
            Self::AvgOverTime
                | Self::MinOverTime
                | Self::MaxOverTime
                | Self::StdvarOverTime
                | Self::StddevOverTime
                | Self::QuantileOverTime
                | Self::FirstOverTime
                | Self::LastOverTime
        )
    }

    /// Whether a number comes before the range.
    pub fn takes_param(self) -> bool {
        self == Self::QuantileOverTime
    }
}

impl VectorOp {
    /// All operations.
    pub const ALL: [Self; 12] = [
        Self::Sum,
        Self::Avg,
        Self::Max,
        Self::Min,
        Self::Count,
        Self::Stddev,
        Self::Stdvar,
        Self::Topk,
        Self::Bottomk,
        Self::ApproxTopk,
        Self::Sort,
        Self::SortDesc,
    ];

    /// The operation as written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sum => "sum",
            Self::Avg => "avg",
            Self::Max => "max",
            Self::Min => "min",
            Self::Count => "count",
            Self::Stddev => "stddev",
            Self::Stdvar => "stdvar",
            Self::Topk => "topk",
            Self::Bottomk => "bottomk",
            Self::ApproxTopk => "approx_topk",
            Self::Sort => "sort",
            Self::SortDesc => "sort_desc",
        }
    }

    /// Finds an operation by its name, which is case-insensitive as in Loki.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|op| op.as_str().eq_ignore_ascii_case(name))
    }

    /// Whether a number comes before the expression.
    pub fn takes_param(self) -> bool {
        matches!(self, Self::Topk | Self::Bottomk | Self::ApproxTopk)
    }

    /// Whether it may have `by (…)` or `without (…)`.
    pub fn takes_grouping(self) -> bool {
        !matches!(self, Self::Sort | Self::SortDesc | Self::ApproxTopk)
    }
}

impl Conversion {
    /// Those that are written.
    pub const ALL: [Self; 3] = [Self::Bytes, Self::Duration, Self::DurationSeconds];

    /// The conversion as written; empty for [`Conversion::None`].
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Bytes => "bytes",
            Self::Duration => "duration",
            Self::DurationSeconds => "duration_seconds",
        }
    }
}

macro_rules! display_as_str {
    ($($name:ident),*) => {
        $(impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        })*
    };
}

display_as_str!(LineOp, CompareOp, RangeOp, VectorOp, Conversion);
