//! Writing expressions: `Display` for one line in canonical form, [`format`] for people, with long
//! expressions broken over lines.

mod pretty;

use crate::ast::{Aggregate, At, Binary, Cardinality, Expr, ExprKind, Grouping, Number, Selector, Sign, TimeShift};
use phoenix_model::labels::{METRIC_NAME, is_legacy_label_name, is_legacy_metric_name};
use phoenix_model::{MatchOp, Matcher};
use phoenix_query::cursor::quote;
pub use pretty::format;
use std::fmt::{self, Display, Formatter};

/// A number as people write it: with an exponent only below 1e-4 and from 1e21 on.
pub fn number(value: f64) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    let magnitude = value.abs();
    if magnitude != 0.0 && !(1e-4..1e21).contains(&magnitude) {
        let text = format!("{value:e}");
        let (mantissa, exponent) = text.split_once('e').expect("the format has an exponent");
        let (sign, digits) = exponent.strip_prefix('-').map_or(('+', exponent), |digits| ('-', digits));
        return format!("{mantissa}e{sign}{digits:0>2}");
    }
    format!("{value}")
}

/// A number without exponent, as `count_values` writes it into a label.
pub(crate) fn plain_number(value: f64) -> String {
    if value.is_finite() { format!("{value}") } else { number(value) }
}

/// A duration in milliseconds, such as `1h30m`; negative ones have a sign.
pub(crate) fn duration(ms: i64) -> String {
    let text = phoenix_model::format_duration(std::time::Duration::from_millis(ms.unsigned_abs()));
    if ms < 0 { format!("-{text}") } else { text }
}

/// As PromQL reads it back: without a plus sign, which before `^` would be an operator.
impl Display for Number {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let ms = (self.value * 1000.0).round();
        // The seconds came from whole milliseconds; a tree made by hand may hold anything.
        if self.is_duration && ms / 1000.0 == self.value && ms.abs() < 9e15 {
            return f.write_str(&duration(ms as i64));
        }
        f.write_str(number(self.value).trim_start_matches('+'))
    }
}

impl Display for TimeShift {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.at {
            None => {}
            Some(At::Start) => f.write_str(" @ start()")?,
            Some(At::End) => f.write_str(" @ end()")?,
            Some(At::Time(ms)) => {
                let sign = if ms < 0 { "-" } else { "" };
                write!(f, " @ {sign}{}.{:03}", ms.unsigned_abs() / 1000, ms.unsigned_abs() % 1000)?;
            }
        }
        if self.offset_ms == 0 { Ok(()) } else { write!(f, " offset {}", duration(self.offset_ms)) }
    }
}

/// Without the time shift, which belongs behind a range's brackets.
struct Series<'a>(&'a Selector);

impl Display for Series<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Selector { name, matchers, .. } = self.0;
        let bare = name.as_deref().filter(|name| is_legacy_metric_name(name) && reads_as_metric(name));
        let quoted = name.as_deref().filter(|_| bare.is_none());
        f.write_str(bare.unwrap_or(""))?;
        let mut parts: Vec<String> = quoted.map(quote).into_iter().collect();
        // The name's own matcher is the last one.
        let written = matchers.len() - usize::from(name.is_some() && matchers.last().is_some_and(|m| m.name == METRIC_NAME));
        parts.extend(matchers[..written].iter().map(matcher));
        if bare.is_none() || !parts.is_empty() {
            write!(f, "{{{}}}", parts.join(","))?;
        }
        Ok(())
    }
}

/// Whether a name is read as a metric wherever an expression may stand.
fn reads_as_metric(name: &str) -> bool {
    let words =
        ["bool", "on", "ignoring", "group_left", "group_right", "atan2", "and", "or", "unless", "by", "without", "offset", "inf", "nan"];
    !words.iter().any(|word| word.eq_ignore_ascii_case(name))
}

/// A matcher as written in braces.
pub fn matcher(matcher: &Matcher) -> String {
    let op = match matcher.op {
        MatchOp::Equal => "=",
        MatchOp::NotEqual => "!=",
        MatchOp::Regex => "=~",
        MatchOp::NotRegex => "!~",
    };
    format!("{}{op}{}", label(&matcher.name), quote(&matcher.value))
}

fn label(name: &str) -> String {
    if is_legacy_label_name(name) { name.to_owned() } else { quote(name) }
}

fn labels(names: &[String]) -> String {
    names.iter().map(|name| label(name)).collect::<Vec<_>>().join(", ")
}

impl Display for Selector {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", Series(self), self.time)
    }
}

/// `op`, or `op by (…) ` with a blank before the parenthesis that follows.
fn aggregate_head(aggregate: &Aggregate) -> String {
    let op = aggregate.op.as_str();
    match &aggregate.grouping {
        Some(Grouping { without: false, labels: names }) if names.is_empty() => op.to_owned(),
        Some(Grouping { without, labels: names }) => format!("{op} {} ({}) ", if *without { "without" } else { "by" }, labels(names)),
        None => op.to_owned(),
    }
}

/// The operator with everything between the two sides.
fn operator(binary: &Binary) -> String {
    let matching = &binary.matching;
    let returns_bool = if binary.returns_bool { " bool" } else { "" };
    let group = match matching.cardinality {
        Cardinality::ManyToOne => format!(" group_left ({})", labels(&matching.include)),
        Cardinality::OneToMany => format!(" group_right ({})", labels(&matching.include)),
        Cardinality::OneToOne | Cardinality::ManyToMany => String::new(),
    };
    let by = if matching.on || !matching.labels.is_empty() || !group.is_empty() {
        format!(" {} ({})", if matching.on { "on" } else { "ignoring" }, labels(&matching.labels))
    } else {
        String::new()
    };
    format!("{}{returns_bool}{by}{group}", binary.op)
}

/// `[5m]` or `[5m:1m]`
fn brackets(expr: &Expr) -> String {
    match &expr.kind {
        ExprKind::Range(range) => format!("[{}]{}", duration(range.range_ms), range.selector.time),
        ExprKind::Subquery(subquery) => {
            format!("[{}:{}]{}", duration(subquery.range_ms), subquery.step_ms.map(duration).unwrap_or_default(), subquery.time)
        }
        _ => String::new(),
    }
}

impl Display for Expr {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.kind {
            ExprKind::Number(number) => write!(f, "{number}"),
            ExprKind::String(text) => f.write_str(&quote(text)),
            ExprKind::Selector(selector) => write!(f, "{selector}"),
            ExprKind::Range(range) => write!(f, "{}{}", Series(&range.selector), brackets(self)),
            ExprKind::Subquery(subquery) => write!(f, "{}{}", subquery.expr, brackets(self)),
            ExprKind::Call(call) => {
                write!(f, "{}(", call.function.name)?;
                list(f, call.args.iter())?;
                f.write_str(")")
            }
            ExprKind::Aggregate(aggregate) => {
                write!(f, "{}(", aggregate_head(aggregate))?;
                list(f, aggregate.param.iter().chain([&aggregate.expr]))?;
                f.write_str(")")
            }
            ExprKind::Unary(sign, inner) => write!(f, "{}{inner}", sign_text(*sign)),
            ExprKind::Binary(binary) => write!(f, "{} {} {}", binary.lhs, operator(binary), binary.rhs),
            ExprKind::Paren(inner) => write!(f, "({inner})"),
            ExprKind::Error => f.write_str("<error>"),
        }
    }
}

fn sign_text(sign: Sign) -> &'static str {
    match sign {
        Sign::Plus => "+",
        Sign::Minus => "-",
    }
}

fn list<'a>(f: &mut Formatter<'_>, items: impl Iterator<Item = &'a Expr>) -> fmt::Result {
    for (index, item) in items.enumerate() {
        if index > 0 {
            f.write_str(", ")?;
        }
        write!(f, "{item}")?;
    }
    Ok(())
}
