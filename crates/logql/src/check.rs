//! What the grammar allows and makes no sense all the same: types, parameters, regular expressions,
//! patterns, paths, addresses.

use crate::ast::{BinaryOp, Expr, ExprKind, RangeAggregation, RangeOp, VectorOp};
use crate::names::UnwrapUse;
use crate::pattern;
use phoenix_model::matcher::AnchoredRegex;
use std::net::IpAddr;

/// How many steps a path into JSON may have, so that following it cannot exhaust a thread's stack.
const MAX_PATH_STEPS: usize = 128;

/// Which part of an aggregation a finding is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Name,
    Param,
    Logs,
    Grouping,
}

type Finding = (Place, String, String);

/// What is wrong with an aggregation over a range: where, what, and what to do. In Loki's words
/// where it has some.
pub(crate) fn range_aggregation(aggregation: &RangeAggregation) -> Vec<Finding> {
    let op = aggregation.op;
    let mut findings = Vec::new();
    match (op.unwrap_use(), &aggregation.unwrap) {
        (UnwrapUse::Needed, None) => findings.push((
            Place::Logs,
            format!("invalid aggregation {op} without unwrap"),
            "say which label holds the values, such as `| unwrap x`".to_owned(),
        )),
        (UnwrapUse::Refused, Some(_)) => findings.push((
            Place::Logs,
            format!("invalid aggregation {op} with unwrap"),
            if op == RangeOp::CountOverTime {
                "leave out `unwrap`, or sum the values with `sum_over_time`".to_owned()
            } else {
                "leave out `unwrap`, or read sizes with `sum_over_time({…} | unwrap bytes(x) [5m])`".to_owned()
            },
        )),
        _ => {}
    }
    if aggregation.grouping.is_some() && !op.takes_grouping() {
        findings.push((
            Place::Grouping,
            format!("grouping not allowed for {op} aggregation"),
            format!("group the result, such as `sum by (app) ({op}(…))`"),
        ));
    }
    match aggregation.param {
        None if op.takes_param() => {
            findings.push((Place::Name, format!("parameter required for operation {op}"), format!("write `{op}(0.99, …)`")));
        }
        Some(_) if !op.takes_param() => {
            findings.push((Place::Param, format!("unsupported parameter for operation {op}"), "leave it out".to_owned()));
        }
        Some(quantile) if !(0.0..=1.0).contains(&quantile) => findings.push((
            Place::Param,
            format!("invalid parameter for operation {op}: {quantile}"),
            "a quantile lies between 0 and 1, such as 0.99".to_owned(),
        )),
        _ => {}
    }
    findings
}

/// What is wrong with an aggregation over series, besides its argument.
pub(crate) fn vector_aggregation(op: VectorOp, param: Option<f64>, is_grouped: bool) -> Vec<Finding> {
    let mut findings = Vec::new();
    if is_grouped && !op.takes_grouping() {
        let help = match op {
            VectorOp::ApproxTopk => "group inside: `approx_topk(5, sum by (app) (…))`",
            _ => "sorting does not group; leave it out",
        };
        findings.push((Place::Grouping, format!("grouping not allowed for {op} aggregation"), help.to_owned()));
    }
    match param {
        None if op.takes_param() => {
            findings.push((Place::Name, format!("parameter required for operation {op}"), format!("write `{op}(5, …)`")));
        }
        Some(_) if !op.takes_param() => {
            findings.push((Place::Param, format!("unsupported parameter for operation {op}"), "leave it out".to_owned()));
        }
        Some(k) if k < 1.0 => findings.push((
            Place::Param,
            format!("invalid parameter (must be greater than 0) {op}({k}"),
            "say how many series to keep".to_owned(),
        )),
        Some(k) if k.fract() != 0.0 || k > 1e9 => findings.push((
            Place::Param,
            format!("invalid parameter {op}({k}"),
            "say how many series to keep, as a whole number".to_owned(),
        )),
        _ => {}
    }
    findings
}

const COUNT_LINES: &str = "make numbers of lines first, for example with `count_over_time({…}[5m])` or `rate({…}[5m])`";

/// What is wrong with the argument of an aggregation over series.
pub(crate) fn aggregated(expr: &Expr, op: VectorOp) -> Option<(String, String)> {
    match inner(expr) {
        ExprKind::Logs(_) => Some((format!("syntax error: {op} needs a metric query, not log lines"), COUNT_LINES.to_owned())),
        ExprKind::Number(_) => {
            Some((format!("syntax error: {op} needs series, not a number"), "`vector(…)` makes a series of it".to_owned()))
        }
        _ => None,
    }
}

/// What is wrong with the argument of `label_replace`.
pub(crate) fn replaced(expr: &Expr) -> Option<(String, String)> {
    match inner(expr) {
        ExprKind::Logs(_) => Some(("syntax error: label_replace needs a metric query, not log lines".to_owned(), COUNT_LINES.to_owned())),
        ExprKind::Number(_) => {
            Some(("syntax error: label_replace needs series, not a number".to_owned(), "`vector(…)` makes a series of it".to_owned()))
        }
        _ => None,
    }
}

/// What is wrong with a side of a binary operation.
pub(crate) fn operand(expr: &Expr, side: &str, op: BinaryOp) -> Option<(String, String)> {
    match inner(expr) {
        ExprKind::Logs(_) => {
            Some((format!("unexpected type for {side} leg of binary operation ({op}): log lines"), COUNT_LINES.to_owned()))
        }
        ExprKind::Number(number) if op.is_set() => Some((
            format!("unexpected literal for {side} leg of logical/set binary operation ({op}): {number}"),
            "`vector(…)` makes a series of it".to_owned(),
        )),
        _ => None,
    }
}

fn inner(expr: &Expr) -> &ExprKind {
    let mut kind = &expr.kind;
    while let ExprKind::Paren(inner) = kind {
        kind = &inner.kind;
    }
    kind
}

/// Whether a text is a regular expression.
pub(crate) fn regex(text: &str) -> Result<(), String> {
    AnchoredRegex::new(text).map(|_| ()).map_err(|error| error.to_string())
}

/// Whether a text is a regular expression for `| regexp`: with a name in it, each once.
pub(crate) fn regexp(text: &str) -> Result<(), String> {
    let compiled = AnchoredRegex::new(text).map_err(|error| error.to_string())?;
    let mut names = compiled.regex().capture_names().flatten().peekable();
    if names.peek().is_none() {
        return Err("at least one named capture must be supplied".to_owned());
    }
    match names.find(|name| !phoenix_model::labels::is_legacy_label_name(name)) {
        Some(name) => Err(format!("invalid extracted label name '{name}'")),
        None => Ok(()),
    }
}

/// Whether a text is a pattern for `| pattern`.
pub(crate) fn pattern(text: &str) -> Result<(), String> {
    pattern::parse(text).map(|_| ()).map_err(|message| format!("invalid pattern: {message}"))
}

/// Whether a text is a pattern for a line filter.
pub(crate) fn filter_pattern(text: &str) -> Result<(), String> {
    pattern::parse_filter(text).map(|_| ()).map_err(|message| format!("invalid pattern: {message}"))
}

/// Whether a text can be a path into JSON: `a.b[0]["c"]`.
pub(crate) fn json_path(text: &str) -> Result<(), String> {
    let wrong = |what: &str| Err(format!("cannot parse expression [{text}]: {what}"));
    let mut rest = text;
    let mut first = true;
    if text.is_empty() {
        return wrong("it is empty");
    }
    let mut steps = 0;
    while !rest.is_empty() {
        steps += 1;
        if steps > MAX_PATH_STEPS {
            return Err(format!("cannot parse expression: it is too long: the limit is {MAX_PATH_STEPS} steps"));
        }
        if let Some(inner) = rest.strip_prefix('[') {
            let after = if let Some(quoted) = inner.strip_prefix('"') {
                let mut escaped = false;
                let end = quoted.find(|c| {
                    let ends = c == '"' && !escaped;
                    escaped = c == '\\' && !escaped;
                    ends
                });
                let Some(end) = end else { return wrong("a quote is not closed") };
                &quoted[end + 1..]
            } else {
                let digits = inner.bytes().take_while(u8::is_ascii_digit).count();
                if digits == 0 {
                    return wrong("brackets hold a number or a name in quotes");
                }
                if inner[..digits].parse::<u32>().is_err() {
                    return wrong("the index is too large");
                }
                &inner[digits..]
            };
            let Some(after) = after.strip_prefix(']') else { return wrong("a bracket is not closed") };
            rest = after;
        } else {
            // A dot at the beginning, as jq has it, is let through.
            let name = rest.strip_prefix('.').unwrap_or(if first { rest } else { "" });
            let length = name.find(['.', '[']).unwrap_or(name.len());
            if length == 0 || name[..length].contains(|c: char| c.is_whitespace() || matches!(c, ']' | '"')) {
                return wrong("names are joined by single dots; put other names in `[\"…\"]`");
            }
            rest = &name[length..];
        }
        first = false;
    }
    Ok(())
}

/// Whether a text is a template, and calls only functions that there are.
pub(crate) fn template(text: &str) -> Result<(), String> {
    crate::stages::check_template(text).map_err(|message| format!("invalid {message}"))
}

/// Whether a text is an address, a range of addresses, or a CIDR block.
pub(crate) fn ip_range(text: &str) -> Result<(), String> {
    let wrong = || format!("ip: pattern {text:?} is not an address, a range or a block");
    if let Some((from, to)) = text.split_once('-') {
        let (from, to) = (from.trim().parse::<IpAddr>(), to.trim().parse::<IpAddr>());
        return match (from, to) {
            (Ok(from), Ok(to)) if from.is_ipv4() == to.is_ipv4() && from <= to => Ok(()),
            _ => Err(wrong()),
        };
    }
    if let Some((address, bits)) = text.split_once('/') {
        let most = match address.parse::<IpAddr>() {
            Ok(IpAddr::V4(_)) => 32,
            Ok(IpAddr::V6(_)) => 128,
            Err(_) => return Err(wrong()),
        };
        return if bits.parse::<u8>().is_ok_and(|bits| bits <= most) { Ok(()) } else { Err(wrong()) };
    }
    text.parse::<IpAddr>().map(|_| ()).map_err(|_| wrong())
}
