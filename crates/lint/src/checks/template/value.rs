//! What a text says of `$value`.

use crate::actions::{Action, actions};
use crate::checks::Scope;
use crate::checks::unit::{Unit, unit};
use crate::finding::{Edit, Finding, Fix};
use crate::project::{Query, Text};
use phoenix_model::Span;
use phoenix_promql::ast::{BinaryOp, Expr, ExprKind};

pub(in crate::checks) fn check(scope: &Scope, query: &Query, found: &mut Vec<Finding>) {
    let Some(rule) = query.alert() else { return };
    let measured = unit(query.expr, scope.facts).filter(|unit| !contradicted(query.expr, *unit));
    for (_, text) in &rule.annotations {
        for action in actions(&text.value) {
            let Some(shown) = Shown::of(&text.value, &action) else { continue };
            if let Some(unit) = measured {
                found.extend(said(query, text, &shown, unit));
            }
            found.extend(unformatted(query, text, &shown, measured));
        }
    }
}

/// `{{ $value … }}` with what it goes through and what stands around it.
struct Shown<'a> {
    /// The functions, in order.
    functions: Vec<&'a str>,
    before: &'a str,
    after: &'a str,
    span: Span,
}

impl<'a> Shown<'a> {
    /// `None` for what does not show the value, or works with it first.
    fn of(text: &'a str, action: &Action<'a>) -> Option<Self> {
        let inner = action.inner.trim();
        let first = inner.split('|').next()?.trim();
        let value = |part: &str| matches!(part.trim(), "$value" | ".Value");
        let piped = value(first);
        let called = first.strip_suffix("$value").map(str::trim);
        if !piped && called.is_none() {
            return None;
        }
        let head = called.filter(|head| !head.is_empty()).and_then(|head| head.split_whitespace().next());
        let functions = head.into_iter().chain(inner.split('|').skip(1).filter_map(|part| part.split_whitespace().next())).collect();
        Some(Self { functions, before: &text[..action.span.start], after: &text[action.span.end..], span: action.span })
    }

    /// The word that follows, and whether it follows at once.
    fn word_after(&self) -> (&'a str, bool) {
        let rest = self.after.trim_start_matches(' ');
        let end = rest.find(|c: char| !(c.is_alphabetic() || c == '%')).unwrap_or(rest.len());
        (&rest[..end], rest.len() == self.after.len())
    }
}

/// A ratio that is compared with more than 1 is none.
fn contradicted(expr: &Expr, unit: Unit) -> bool {
    let mut above = false;
    expr.walk(&mut |inner| {
        if let ExprKind::Binary(binary) = &inner.kind
            && binary.op.is_comparison()
            && matches!(binary.op, BinaryOp::Greater | BinaryOp::GreaterOrEqual | BinaryOp::Less | BinaryOp::LessOrEqual)
            && let ExprKind::Number(number) = &binary.rhs.without_parens().kind
        {
            above |= number.value > 1.5 && unit == Unit::Ratio;
            above |= number.value < 1.0 && number.value > 0.0 && unit == Unit::Percent && number.value <= 0.99 && number.value >= 0.5;
        }
    });
    above
}

fn said(query: &Query, text: &Text, shown: &Shown, unit: Unit) -> Option<Finding> {
    let at = |id: &str, message: String| Finding::at(id, query.file, text.locate(shown.span), message);
    let has = |name: &str| shown.functions.contains(&name);
    let (word, at_once) = shown.word_after();
    if has("humanizePercentage") {
        return match unit {
            Unit::Ratio | Unit::Constant => None,
            Unit::Percent => {
                let message = "the value is a percentage already: `humanizePercentage` multiplies it by 100 again".to_owned();
                let edits: Vec<Edit> = text.edit(shown.span, "{{ $value | printf \"%.1f\" }}%").into_iter().collect();
                let fix = (!edits.is_empty()).then(|| Fix { title: "show the percentage as it is".to_owned(), edits });
                Some(at("template/not-a-ratio", message).help("write `{{ $value | printf \"%.1f\" }}%`").fix(fix))
            }
            other => {
                let message = format!("`humanizePercentage` needs a ratio, and the value is {}", other.words());
                Some(at("template/not-a-ratio", message).help("show what the value is, or compute the ratio in the expression"))
            }
        };
    }
    if unit == Unit::Ratio && word.starts_with('%') && !has("humanizePercentage") {
        let edits: Vec<Edit> = percentage(text, shown).into_iter().collect();
        let fix = (!edits.is_empty()).then(|| Fix { title: "show the ratio as a percentage".to_owned(), edits });
        let message = "the value is a ratio from 0 to 1, and the text calls it percent".to_owned();
        return Some(at("template/percent-of-ratio", message).help("write `{{ $value | humanizePercentage }}`").fix(fix));
    }
    if unit == Unit::Constant && shown.functions.is_empty() {
        let message = "the value is always the same: that which is compared with, or 1 for what is absent".to_owned();
        return Some(at("template/value-is-constant", message).help("leave it out, or show what the reader needs with `query`"));
    }
    if unit == Unit::Changes {
        let last = shown.before.split_whitespace().next_back().unwrap_or("");
        let counts = ["times", "time", "changes", "change", "restarts", "transitions", "flaps", "switches", "resets", "x"].contains(&word);
        let used = phoenix_promql::analysis::selectors(query.expr);
        let of_name = |word: &str| {
            word.len() > 3 && used.iter().any(|used| used.selector.name.as_deref().is_some_and(|n| n.split('_').any(|part| part == word)))
        };
        return (!counts && (last == "to" || of_name(word))).then(|| {
            let thing = if word.is_empty() { "what it is now" } else { word };
            let message = format!("the value is how often it changed, and the text reads it as `{thing}`");
            let help = "take the value first: `metric and changes(metric[10m]) > 0`";
            at("template/value-is-not-what-it-says", message).help(help)
        });
    }
    let time = |unit: Unit| matches!(unit, Unit::Seconds | Unit::Milliseconds | Unit::Hours | Unit::Days);
    if has("humanizeDuration") {
        return (unit != Unit::Seconds && unit != Unit::Constant && unit != Unit::Ratio).then(|| {
            let message = format!("`humanizeDuration` needs seconds, and the value is {}", unit.words());
            at("template/wrong-unit", message).help("compute seconds in the expression, or show the value as it is")
        });
    }
    let claimed = match word {
        "s" if at_once => Unit::Seconds,
        "seconds" | "sec" | "secs" => Unit::Seconds,
        "ms" | "milliseconds" => Unit::Milliseconds,
        "hours" | "h" => Unit::Hours,
        "days" => Unit::Days,
        "bytes" | "B" => Unit::Bytes,
        _ => return None,
    };
    let differs = claimed != unit
        && (time(unit) || matches!(unit, Unit::Bytes | Unit::Percent | Unit::Timestamp | Unit::BytesPerSecond) && claimed != Unit::Bytes);
    // `humanize` and `printf` keep the unit; anything else may change it.
    let plain = shown.functions.iter().all(|name| ["humanize", "printf", "humanize1024"].contains(name));
    (differs && plain).then(|| {
        let message = format!("the value is {}, and the text says `{word}`", unit.words());
        at("template/wrong-unit", message).help("say what it is, or convert it in the expression")
    })
}

/// The action and the sign behind it.
fn percentage(text: &Text, shown: &Shown) -> Option<Edit> {
    let spaces = shown.after.len() - shown.after.trim_start_matches(' ').len();
    text.edit(Span::new(shown.span.start, shown.span.end + spaces + 1), "{{ $value | humanizePercentage }}")
}

/// A fraction with all of its digits.
fn unformatted(query: &Query, text: &Text, shown: &Shown, unit: Option<Unit>) -> Option<Finding> {
    let mut fraction = false;
    query.expr.walk(&mut |inner| {
        fraction |= match &inner.kind {
            ExprKind::Binary(binary) => binary.op == BinaryOp::Div,
            ExprKind::Call(call) => matches!(
                call.function.name,
                "rate" | "irate" | "increase" | "histogram_quantile" | "avg_over_time" | "deriv" | "predict_linear"
            ),
            _ => false,
        };
    });
    if !shown.functions.is_empty() || !fraction || matches!(unit, Some(Unit::Constant | Unit::Changes | Unit::Count)) {
        return None;
    }
    let function = match unit {
        Some(Unit::Seconds) => "humanizeDuration",
        Some(Unit::Ratio) => "humanizePercentage",
        Some(Unit::Bytes | Unit::BytesPerSecond) => "humanize1024",
        _ => "printf \"%.2f\"",
    };
    let message = "the value is shown with all of its digits".to_owned();
    let finding = Finding::at("template/value-unformatted", query.file, text.locate(shown.span), message);
    let help = format!("write `{{{{ $value | {function} }}}}`");
    // `humanizeDuration` writes the unit itself.
    let unit_follows = shown.word_after().0 == "s" && function == "humanizeDuration";
    let span = Span::new(shown.span.start, shown.span.end + usize::from(unit_follows && shown.after.starts_with('s')));
    let safe = function.starts_with("printf") || unit_follows;
    let edits: Vec<Edit> = text.edit(span, &format!("{{{{ $value | {function} }}}}")).into_iter().filter(|_| safe).collect();
    let fix = (!edits.is_empty()).then(|| Fix { title: format!("format it with `{function}`"), edits });
    Some(finding.help(help).fix(fix))
}
