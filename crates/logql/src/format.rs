//! Writing queries: `Display` for one line in canonical form, [`pretty`] and [`format`] for people,
//! with long queries broken over lines.

mod pretty;

use crate::ast::{
    Binary, Cardinality, CompareOp, Conversion, Expr, ExprKind, Extraction, Grouping, LabelFilter, LabelFormat, LabelFormatValue,
    LabelReplace, LabelSelector, LineFilterExpr, LineTerm, LogExpr, RangeAggregation, Stage, StageKind, Unwrap, VectorAggregation,
};
use crate::units::format_bytes;
use phoenix_model::{Diagnostic, MatchOp, Matcher};
use phoenix_query::List;
use phoenix_query::cursor::quote;
use phoenix_query::units::format_duration_ns;
pub use pretty::pretty;
use std::fmt::{self, Display, Formatter};

/// Lays a query out for people, as Loki's `format_query` does: comments are lost, and what is
/// longer than 100 characters is broken over lines. The errors are those of [`crate::parse`].
pub fn format(text: &str) -> Result<String, Vec<Diagnostic>> {
    crate::parse(text).into_result().map(|expr| pretty(&expr))
}

fn matcher(matcher: &Matcher) -> String {
    format!("{}{}{}", matcher.name, matcher.op.as_str(), quote(&matcher.value))
}

/// `{app="x", env="y"}`
fn selector(matchers: &[Matcher]) -> String {
    format!("{{{}}}", matchers.iter().map(matcher).collect::<Vec<_>>().join(", "))
}

impl Display for LogExpr {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&selector(&self.matchers))?;
        self.stages.iter().try_for_each(|stage| write!(f, " {stage}"))
    }
}

impl Display for Stage {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.kind)
    }
}

impl Display for StageKind {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let with = |f: &mut Formatter<'_>, fields: &[Extraction]| {
            if fields.is_empty() { Ok(()) } else { write!(f, " {}", List(fields)) }
        };
        match self {
            Self::LineFilter(filter) => write!(f, "{filter}"),
            Self::Json(fields) => {
                f.write_str("| json")?;
                with(f, fields)
            }
            Self::Logfmt { strict, keep_empty, fields } => {
                f.write_str("| logfmt")?;
                f.write_str(if *strict { " --strict" } else { "" })?;
                f.write_str(if *keep_empty { " --keep-empty" } else { "" })?;
                with(f, fields)
            }
            Self::Pattern(pattern) => write!(f, "| pattern {}", quote(pattern)),
            Self::Regexp(regex) => write!(f, "| regexp {}", quote(regex)),
            Self::Unpack => f.write_str("| unpack"),
            Self::Decolorize => f.write_str("| decolorize"),
            Self::LabelFilter(filter) if reads_as_parser(filter) => write!(f, "| ({filter})"),
            Self::LabelFilter(filter) => write!(f, "| {filter}"),
            Self::LineFormat(template) => write!(f, "| line_format {}", quote(template)),
            Self::LabelFormat(list) => write!(f, "| label_format {}", List(list)),
            Self::Drop(list) => write!(f, "| drop {}", List(list)),
            Self::Keep(list) => write!(f, "| keep {}", List(list)),
            Self::Distinct(names) => write!(f, "| distinct {}", List(names)),
        }
    }
}

/// Whether a filter begins like `json != …`, which would be read as a parser and a line filter.
fn reads_as_parser(filter: &LabelFilter) -> bool {
    let (name, negated) = match filter {
        LabelFilter::And(left, _) | LabelFilter::Or(left, _) => return reads_as_parser(left) && !needs_parentheses(left, filter, true),
        LabelFilter::Matcher(matcher) => (&matcher.name, matches!(matcher.op, MatchOp::NotEqual | MatchOp::NotRegex)),
        LabelFilter::Number { name, op, .. } | LabelFilter::Duration { name, op, .. } | LabelFilter::Bytes { name, op, .. } => {
            (name, *op == CompareOp::NotEqual)
        }
        LabelFilter::Ip { name, negated, .. } => (name, *negated),
    };
    negated && ["json", "logfmt", "unpack", "decolorize"].iter().any(|word| word.eq_ignore_ascii_case(name))
}

impl Display for LineFilterExpr {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} ", self.op)?;
        for (index, term) in self.alternatives.iter().enumerate() {
            if index > 0 {
                f.write_str(" or ")?;
            }
            match term {
                LineTerm::Text(text) => f.write_str(&quote(text))?,
                LineTerm::Ip(range) => write!(f, "ip({})", quote(range))?,
            }
        }
        Ok(())
    }
}

impl Display for Extraction {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let is_word = matches!(self.name.as_str(), "and" | "or" | "unless" | "offset");
        if self.name == self.path && !is_word { f.write_str(&self.name) } else { write!(f, "{}={}", self.name, quote(&self.path)) }
    }
}

impl Display for LabelFormat {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.value {
            LabelFormatValue::Rename(source) => write!(f, "{}={source}", self.name),
            LabelFormatValue::Template(template) => write!(f, "{}={}", self.name, quote(template)),
        }
    }
}

impl Display for LabelSelector {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::Matcher(condition) => f.write_str(&matcher(condition)),
        }
    }
}

/// Whether a side of `and` or `or` has to stand in parentheses.
fn needs_parentheses(side: &LabelFilter, whole: &LabelFilter, is_left: bool) -> bool {
    match (whole, side) {
        (LabelFilter::And(..), LabelFilter::Or(..)) => true,
        (LabelFilter::And(..), LabelFilter::And(..)) | (LabelFilter::Or(..), LabelFilter::Or(..)) => !is_left,
        _ => false,
    }
}

impl Display for LabelFilter {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let side = |f: &mut Formatter<'_>, side: &Self, is_left| {
            if needs_parentheses(side, self, is_left) { write!(f, "({side})") } else { write!(f, "{side}") }
        };
        match self {
            Self::Matcher(condition) => f.write_str(&matcher(condition)),
            Self::Number { name, op, value } => write!(f, "{name}{op}{value}"),
            Self::Duration { name, op, value_ns } => write!(f, "{name}{op}{}", format_duration_ns(*value_ns)),
            Self::Bytes { name, op, value } => write!(f, "{name}{op}{}", format_bytes(*value)),
            Self::Ip { name, negated, range } => write!(f, "{name}{}ip({})", if *negated { "!=" } else { "=" }, quote(range)),
            Self::And(left, right) | Self::Or(left, right) => {
                side(f, left, true)?;
                f.write_str(if matches!(self, Self::And(..)) { " and " } else { " or " })?;
                side(f, right, false)
            }
        }
    }
}

impl Display for Unwrap {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.pieces().iter().enumerate().try_for_each(|(i, piece)| write!(f, "{}{piece}", if i > 0 { " " } else { "" }))
    }
}

impl Unwrap {
    /// `| unwrap x`, and each filter behind it.
    fn pieces(&self) -> Vec<String> {
        let unwrap = match self.conversion {
            Conversion::None => format!("| unwrap {}", self.label),
            conversion => format!("| unwrap {conversion}({})", self.label),
        };
        let filters = self.filters.iter().map(|filter| StageKind::LabelFilter(filter.clone()).to_string());
        std::iter::once(unwrap).chain(filters).collect()
    }
}

/// `[5m] offset 1h`
fn brackets(aggregation: &RangeAggregation) -> String {
    let range = format!("[{}]", format_duration_ns(aggregation.range_ns));
    if aggregation.offset_ns == 0 { range } else { format!("{range} offset {}", format_duration_ns(aggregation.offset_ns)) }
}

/// ` by (app)` behind an aggregation over a range.
fn behind(grouping: Option<&Grouping>) -> String {
    grouping.map_or_else(String::new, |grouping| format!(" {}", group(grouping)))
}

fn group(grouping: &Grouping) -> String {
    format!("{} ({})", if grouping.without { "without" } else { "by" }, List(&grouping.labels))
}

/// The line of a range aggregation's logs, with the range.
fn ranged(aggregation: &RangeAggregation) -> String {
    let logs = &aggregation.logs;
    let unwrap = aggregation.unwrap.as_ref().map_or_else(String::new, |unwrap| format!(" {unwrap}"));
    let blank = if logs.stages.is_empty() && unwrap.is_empty() { "" } else { " " };
    format!("{logs}{unwrap}{blank}{}", brackets(aggregation))
}

/// `sum`, or `sum by (app) ` with a blank before the parenthesis that follows.
fn head(aggregation: &VectorAggregation) -> String {
    let op = aggregation.op;
    aggregation.grouping.as_ref().map_or_else(|| op.to_string(), |grouping| format!("{op} {} ", group(grouping)))
}

/// The operator with everything between the two sides.
fn operator(binary: &Binary) -> String {
    let matching = &binary.matching;
    let returns_bool = if binary.returns_bool { " bool" } else { "" };
    let group = match matching.cardinality {
        Cardinality::ManyToOne => format!(" group_left ({})", List(&matching.include)),
        Cardinality::OneToMany => format!(" group_right ({})", List(&matching.include)),
        Cardinality::OneToOne | Cardinality::ManyToMany => String::new(),
    };
    let by = if matching.on || !matching.labels.is_empty() || !group.is_empty() {
        format!(" {} ({})", if matching.on { "on" } else { "ignoring" }, List(&matching.labels))
    } else {
        String::new()
    };
    format!("{}{returns_bool}{by}{group}", binary.op)
}

/// The texts of `label_replace`, quoted.
fn texts(replace: &LabelReplace) -> [String; 4] {
    [&replace.dst, &replace.replacement, &replace.src, &replace.regex].map(|text| quote(text))
}

impl Display for Expr {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.kind {
            ExprKind::Logs(logs) => write!(f, "{logs}"),
            ExprKind::Number(value) => write!(f, "{value}"),
            ExprKind::Vector(value) => write!(f, "vector({value})"),
            ExprKind::RangeAggregation(aggregation) => {
                write!(f, "{}(", aggregation.op)?;
                if let Some(param) = aggregation.param {
                    write!(f, "{param}, ")?;
                }
                write!(f, "{}){}", ranged(aggregation), behind(aggregation.grouping.as_ref()))
            }
            ExprKind::VectorAggregation(aggregation) => {
                write!(f, "{}(", head(aggregation))?;
                if let Some(param) = aggregation.param {
                    write!(f, "{param}, ")?;
                }
                write!(f, "{})", aggregation.expr)
            }
            ExprKind::LabelReplace(replace) => write!(f, "label_replace({}, {})", replace.expr, List(&texts(replace))),
            ExprKind::Binary(binary) => write!(f, "{} {} {}", binary.lhs, operator(binary), binary.rhs),
            ExprKind::Paren(inner) => write!(f, "({inner})"),
            ExprKind::Error => f.write_str("<error>"),
        }
    }
}
