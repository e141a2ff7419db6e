//! How intrinsics, operators and functions are written.

use crate::ast::{Aggregate, AttributeName, FieldOp, Form, IntrinsicName, MetricsOp, Relation, SpansetOp};
use crate::lexer::ends_attribute;
use phoenix_model::traces::Scope;
use std::fmt;

impl IntrinsicName {
    /// All intrinsics.
    pub const ALL: [Self; 21] = [
        Self::Duration,
        Self::Name,
        Self::Status,
        Self::StatusMessage,
        Self::Kind,
        Self::SpanId,
        Self::ParentId,
        Self::ChildCount,
        Self::TraceDuration,
        Self::RootName,
        Self::RootService,
        Self::TraceId,
        Self::EventName,
        Self::EventTimeSinceStart,
        Self::LinkTraceId,
        Self::LinkSpanId,
        Self::InstrumentationName,
        Self::InstrumentationVersion,
        Self::NestedSetLeft,
        Self::NestedSetRight,
        Self::NestedSetParent,
    ];

    /// The name with its scope, as Tempo's documentation lists it; those of nested sets have none.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Duration => "span:duration",
            Self::Name => "span:name",
            Self::Status => "span:status",
            Self::StatusMessage => "span:statusMessage",
            Self::Kind => "span:kind",
            Self::SpanId => "span:id",
            Self::ParentId => "span:parentID",
            Self::ChildCount => "span:childCount",
            Self::TraceDuration => "trace:duration",
            Self::RootName => "trace:rootName",
            Self::RootService => "trace:rootService",
            Self::TraceId => "trace:id",
            Self::EventName => "event:name",
            Self::EventTimeSinceStart => "event:timeSinceStart",
            Self::LinkTraceId => "link:traceID",
            Self::LinkSpanId => "link:spanID",
            Self::InstrumentationName => "instrumentation:name",
            Self::InstrumentationVersion => "instrumentation:version",
            Self::NestedSetLeft => "nestedSetLeft",
            Self::NestedSetRight => "nestedSetRight",
            Self::NestedSetParent => "nestedSetParent",
        }
    }

    /// The name without a scope, for those that have one.
    pub fn unscoped(self) -> Option<&'static str> {
        Some(match self {
            Self::Duration => "duration",
            Self::Name => "name",
            Self::Status => "status",
            Self::StatusMessage => "statusMessage",
            Self::Kind => "kind",
            Self::ChildCount => "childCount",
            Self::TraceDuration => "traceDuration",
            Self::RootName => "rootName",
            Self::RootService => "rootServiceName",
            Self::NestedSetLeft | Self::NestedSetRight | Self::NestedSetParent => self.as_str(),
            _ => return None,
        })
    }

    /// The name that Tempo gives it in answers and messages: the short one where there is one.
    pub fn tempo_name(self) -> &'static str {
        match self {
            Self::ChildCount => self.as_str(),
            _ => self.unscoped().unwrap_or(self.as_str()),
        }
    }

    /// Finds an intrinsic by any of its names.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|intrinsic| intrinsic.as_str() == name || intrinsic.unscoped() == Some(name))
    }
}

impl fmt::Display for IntrinsicName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.tempo_name())
    }
}

/// As it is written in a query: the key in quotes where it could not be read without.
impl fmt::Display for AttributeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.of_parent { "parent." } else { "" })?;
        match self.scope {
            Some(scope) => write!(f, "{}.", scope.as_str())?,
            None if !self.of_parent => f.write_str(".")?,
            None => {}
        }
        let key = &*self.key;
        // `.5` is a number, and `parent.span.x` is in the span's scope.
        let misread = match (self.scope, self.of_parent) {
            (None, false) => key.starts_with(|c: char| c.is_ascii_digit()),
            (None, true) => PARENT_SCOPES.iter().any(|scope| key.strip_prefix(scope.as_str()).is_some_and(|rest| rest.starts_with('.'))),
            _ => false,
        };
        if key.is_empty() || misread || key.contains(|c| c == '"' || ends_attribute(c)) {
            write!(f, "\"{}\"", key.replace('\\', "\\\\").replace('"', "\\\""))
        } else {
            f.write_str(key)
        }
    }
}

/// The scopes that may follow `parent.`.
pub(crate) const PARENT_SCOPES: [Scope; 2] = [Scope::Span, Scope::Resource];

impl FieldOp {
    /// All operators.
    pub const ALL: [Self; 16] = [
        Self::Eq,
        Self::Ne,
        Self::Lt,
        Self::Le,
        Self::Gt,
        Self::Ge,
        Self::Regex,
        Self::NotRegex,
        Self::And,
        Self::Or,
        Self::Add,
        Self::Sub,
        Self::Mul,
        Self::Div,
        Self::Mod,
        Self::Pow,
    ];

    /// The operator as written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Eq => "=",
            Self::Ne => "!=",
            Self::Lt => "<",
            Self::Le => "<=",
            Self::Gt => ">",
            Self::Ge => ">=",
            Self::Regex => "=~",
            Self::NotRegex => "!~",
            Self::And => "&&",
            Self::Or => "||",
            Self::Add => "+",
            Self::Sub => "-",
            Self::Mul => "*",
            Self::Div => "/",
            Self::Mod => "%",
            Self::Pow => "^",
        }
    }

    /// Finds an operator by how it is written.
    pub fn from_symbol(symbol: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|op| op.as_str() == symbol)
    }

    /// How tightly it binds; more is tighter. As in Tempo, `&&` and `||` bind alike.
    pub fn precedence(self) -> u8 {
        match self {
            Self::And | Self::Or => 1,
            Self::Add | Self::Sub => 3,
            Self::Mul | Self::Div | Self::Mod => 4,
            Self::Pow => 5,
            _ => 2,
        }
    }

    /// Whether `a op b op c` means `a op (b op c)`.
    pub fn is_right_associative(self) -> bool {
        self == Self::Pow
    }

    /// `= != < <= > >=`
    pub fn is_comparison(self) -> bool {
        matches!(self, Self::Eq | Self::Ne | Self::Lt | Self::Le | Self::Gt | Self::Ge)
    }

    /// `=~ !~`
    pub fn is_regex(self) -> bool {
        matches!(self, Self::Regex | Self::NotRegex)
    }

    /// `+ - * / % ^`
    pub fn is_arithmetic(self) -> bool {
        matches!(self, Self::Add | Self::Sub | Self::Mul | Self::Div | Self::Mod | Self::Pow)
    }
}

impl SpansetOp {
    /// All operators.
    pub const ALL: [Self; 17] = {
        use Form::{Negated, Plain, Union};
        use Relation::{Ancestor, Child, Descendant, Parent, Sibling};
        [
            Self::And,
            Self::Or,
            Self::Structural(Child, Plain),
            Self::Structural(Descendant, Plain),
            Self::Structural(Parent, Plain),
            Self::Structural(Ancestor, Plain),
            Self::Structural(Sibling, Plain),
            Self::Structural(Child, Negated),
            Self::Structural(Descendant, Negated),
            Self::Structural(Parent, Negated),
            Self::Structural(Ancestor, Negated),
            Self::Structural(Sibling, Negated),
            Self::Structural(Child, Union),
            Self::Structural(Descendant, Union),
            Self::Structural(Parent, Union),
            Self::Structural(Ancestor, Union),
            Self::Structural(Sibling, Union),
        ]
    };

    /// The operator as written.
    pub fn as_str(self) -> &'static str {
        use Form::{Negated, Plain, Union};
        use Relation::{Ancestor, Child, Descendant, Parent, Sibling};
        match self {
            Self::And => "&&",
            Self::Or => "||",
            Self::Structural(Child, Plain) => ">",
            Self::Structural(Descendant, Plain) => ">>",
            Self::Structural(Parent, Plain) => "<",
            Self::Structural(Ancestor, Plain) => "<<",
            Self::Structural(Sibling, Plain) => "~",
            Self::Structural(Child, Negated) => "!>",
            Self::Structural(Descendant, Negated) => "!>>",
            Self::Structural(Parent, Negated) => "!<",
            Self::Structural(Ancestor, Negated) => "!<<",
            Self::Structural(Sibling, Negated) => "!~",
            Self::Structural(Child, Union) => "&>",
            Self::Structural(Descendant, Union) => "&>>",
            Self::Structural(Parent, Union) => "&<",
            Self::Structural(Ancestor, Union) => "&<<",
            Self::Structural(Sibling, Union) => "&~",
        }
    }

    /// Finds an operator by how it is written.
    pub fn from_symbol(symbol: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|op| op.as_str() == symbol)
    }

    /// How tightly it binds; more is tighter.
    pub fn precedence(self) -> u8 {
        match self {
            Self::And | Self::Or => 1,
            Self::Structural(..) => 2,
        }
    }
}

impl Aggregate {
    /// All aggregations.
    pub const ALL: [Self; 5] = [Self::Count, Self::Max, Self::Min, Self::Avg, Self::Sum];

    /// The aggregation as written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Count => "count",
            Self::Max => "max",
            Self::Min => "min",
            Self::Avg => "avg",
            Self::Sum => "sum",
        }
    }

    /// Finds an aggregation by its name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|op| op.as_str() == name)
    }
}

impl MetricsOp {
    /// The names of all functions that make numbers of spans.
    pub const NAMES: [&'static str; 9] = [
        "rate",
        "count_over_time",
        "min_over_time",
        "max_over_time",
        "avg_over_time",
        "sum_over_time",
        "quantile_over_time",
        "histogram_over_time",
        "compare",
    ];

    /// The function as written.
    pub fn as_str(&self) -> &'static str {
        Self::NAMES[match self {
            Self::Rate => 0,
            Self::CountOverTime => 1,
            Self::MinOverTime(_) => 2,
            Self::MaxOverTime(_) => 3,
            Self::AvgOverTime(_) => 4,
            Self::SumOverTime(_) => 5,
            Self::QuantileOverTime(..) => 6,
            Self::HistogramOverTime(_) => 7,
            Self::Compare { .. } => 8,
        }]
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

display_as_str!(FieldOp, SpansetOp, Aggregate);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_again() {
        for intrinsic in IntrinsicName::ALL {
            for name in [intrinsic.as_str(), intrinsic.tempo_name()] {
                assert_eq!(IntrinsicName::from_name(name), Some(intrinsic), "{name}");
            }
        }
        assert!(FieldOp::ALL.into_iter().all(|op| FieldOp::from_symbol(op.as_str()) == Some(op)));
        assert!(SpansetOp::ALL.into_iter().all(|op| SpansetOp::from_symbol(op.as_str()) == Some(op)));
        assert_eq!(IntrinsicName::from_name("trace:rootServiceName"), None);
    }
}
