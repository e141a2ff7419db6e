//! Operators between sets of spans, numbers, and numbers over time. Which of them an operand is
//! shows only once it has been read, as all may stand in parentheses.

use super::{Parser, literal_word};
use crate::ast::{
    Aggregate, FieldOp, MetricsExpr, MetricsKind, ScalarExpr, ScalarFilter, ScalarKind, SpansetExpr, SpansetKind, SpansetOp, Static,
};
use crate::lexer::TokenKind;
use crate::parser::pipeline::Reading;
use phoenix_model::Span;
use phoenix_model::suggest::nearest;

/// What an operand, or operators between some, turned out to be.
pub(super) enum Value {
    /// A set of spans.
    Spans(SpansetExpr),
    /// A number for each set of spans.
    Number(ScalarExpr),
    /// A comparison of such numbers, which is a stage.
    Filter(Box<ScalarFilter>),
    /// Numbers over time.
    Metrics(MetricsExpr),
    /// Nothing that could be read. There is a diagnostic for it.
    Error(Span),
}

impl Value {
    fn span(&self) -> Span {
        match self {
            Self::Spans(spans) => spans.span,
            Self::Number(number) => number.span,
            Self::Filter(filter) => filter.lhs.span.to(filter.rhs.span),
            Self::Metrics(metrics) => metrics.span,
            Self::Error(span) => *span,
        }
    }
}

/// How tightly an operator binds; more is tighter.
fn precedence(symbol: &str) -> Option<u8> {
    let of_sets = SpansetOp::from_symbol(symbol).map(SpansetOp::precedence);
    of_sets.or_else(|| FieldOp::from_symbol(symbol).map(FieldOp::precedence))
}

impl Parser {
    /// An expression of operators that bind at least as tightly as `min`.
    pub(super) fn value(&mut self, min: u8) -> Value {
        let depth = self.depth;
        let at = self.span().start;
        let mut lhs = if self.deeper() { self.value_operand() } else { Value::Error(Span::new(at, at)) };
        while let TokenKind::Symbol(symbol) = *self.peek() {
            let Some(binds) = precedence(symbol).filter(|binds| *binds >= min) else { break };
            // What follows a comparison of numbers, or of numbers over time, is not its operand.
            if matches!(lhs, Value::Filter(_)) || (matches!(lhs, Value::Metrics(_)) && binds <= 2) {
                break;
            }
            // Every operator of a chain makes the tree one level deeper.
            if !self.deeper() {
                break;
            }
            let op_span = self.bump();
            let rhs = self.value(if symbol == "^" { binds } else { binds + 1 });
            lhs = self.combine(lhs, symbol, op_span, rhs);
        }
        if matches!(lhs, Value::Filter(_)) && matches!(self.peek(), TokenKind::Symbol(symbol) if precedence(symbol).is_some()) && min == 0 {
            let help =
                "a comparison is a stage of its own: `{ … } | count() > 2`; with parentheses around it and its spans it can be combined";
            self.unexpected(&[], Some(help));
            self.skip_stage();
        }
        self.depth = depth;
        lhs
    }

    fn combine(&mut self, lhs: Value, symbol: &'static str, op_span: Span, rhs: Value) -> Value {
        let span = lhs.span().to(rhs.span());
        if let (Value::Error(_), Value::Error(_)) = (&lhs, &rhs) {
            return Value::Error(span);
        }
        let field_op = FieldOp::from_symbol(symbol);
        match (lhs, rhs) {
            (Value::Spans(_) | Value::Error(_), Value::Spans(_) | Value::Error(_)) if SpansetOp::from_symbol(symbol).is_none() => {
                let help = "sets of spans are combined with `&&`, `||`, and operators of structure such as `>>`";
                self.error_with_help(op_span, format!("syntax error: unexpected {symbol}"), help);
                Value::Error(span)
            }
            (lhs @ (Value::Spans(_) | Value::Error(_)), rhs @ (Value::Spans(_) | Value::Error(_))) => {
                let op = SpansetOp::from_symbol(symbol).unwrap_or(SpansetOp::And);
                let side = |value| match value {
                    Value::Spans(spans) => Box::new(spans),
                    other => Box::new(SpansetExpr { kind: SpansetKind::Error, span: other.span() }),
                };
                Value::Spans(SpansetExpr { kind: SpansetKind::Binary(op, side(lhs), side(rhs)), span })
            }
            (lhs @ (Value::Number(_) | Value::Error(_)), rhs @ (Value::Number(_) | Value::Error(_))) => {
                let side = |value| match value {
                    Value::Number(number) => number,
                    other => ScalarExpr { kind: ScalarKind::Error, span: other.span() },
                };
                let (lhs, rhs) = (side(lhs), side(rhs));
                match field_op {
                    Some(op) if op.is_arithmetic() => {
                        Value::Number(ScalarExpr { kind: ScalarKind::Binary(op, Box::new(lhs), Box::new(rhs)), span })
                    }
                    Some(op) if op.is_comparison() => Value::Filter(Box::new(ScalarFilter { op, lhs, rhs })),
                    _ => {
                        self.error(op_span, format!("syntax error: unexpected {symbol}"));
                        Value::Error(span)
                    }
                }
            }
            (Value::Metrics(lhs), Value::Metrics(rhs)) => self.calculate(Some(lhs), symbol, op_span, Some(rhs), span),
            (Value::Metrics(lhs), Value::Number(rhs)) => {
                let rhs = self.constant(&rhs);
                self.calculate(Some(lhs), symbol, op_span, rhs, span)
            }
            (Value::Number(lhs), Value::Metrics(rhs)) => {
                let lhs = self.constant(&lhs);
                self.calculate(lhs, symbol, op_span, Some(rhs), span)
            }
            (Value::Error(_), _) | (_, Value::Error(_)) => Value::Error(span),
            _ => {
                let help = "both sides of an operator are sets of spans, or both are numbers";
                self.error_with_help(op_span, format!("syntax error: unexpected {symbol}"), help);
                Value::Error(span)
            }
        }
    }

    /// `m / n`
    fn calculate(&mut self, lhs: Option<MetricsExpr>, symbol: &str, op_span: Span, rhs: Option<MetricsExpr>, span: Span) -> Value {
        let op = FieldOp::from_symbol(symbol).filter(|op| matches!(op, FieldOp::Add | FieldOp::Sub | FieldOp::Mul | FieldOp::Div));
        let Some(op) = op else {
            let help = "numbers over time are calculated with `+`, `-`, `*` and `/`, and compared with a number that stands on the right";
            self.error_with_help(op_span, format!("syntax error: unexpected {symbol}"), help);
            return Value::Error(span);
        };
        let (Some(lhs), Some(rhs)) = (lhs, rhs) else { return Value::Error(span) };
        Value::Metrics(MetricsExpr { kind: MetricsKind::Binary(op, Box::new(lhs), Box::new(rhs)), span })
    }

    /// A number beside numbers over time.
    fn constant(&mut self, number: &ScalarExpr) -> Option<MetricsExpr> {
        let kind = match &number.kind {
            ScalarKind::Static(Static::Int(number)) => MetricsKind::Number(*number as f64),
            ScalarKind::Static(Static::Float(number)) => MetricsKind::Number(*number),
            ScalarKind::Static(Static::Duration(ns)) => MetricsKind::Number(*ns as f64 / 1e9),
            ScalarKind::Paren(inner) => MetricsKind::Paren(Box::new(self.constant(inner)?)),
            ScalarKind::Binary(op @ (FieldOp::Add | FieldOp::Sub | FieldOp::Mul | FieldOp::Div), lhs, rhs) => {
                MetricsKind::Binary(*op, Box::new(self.constant(lhs)?), Box::new(self.constant(rhs)?))
            }
            ScalarKind::Error => return None,
            _ => {
                let help = "`count()` counts the spans of a set; over time that is `count_over_time()`";
                self.error_with_help(number.span, "an aggregation of sets can't be combined with metrics", help);
                return None;
            }
        };
        Some(MetricsExpr { kind, span: number.span })
    }

    fn value_operand(&mut self) -> Value {
        let span = self.span();
        match self.peek().clone() {
            TokenKind::Symbol("{") => Value::Spans(self.spanset_filter()),
            TokenKind::Symbol("(") => self.parenthesised(),
            TokenKind::Symbol("-") | TokenKind::Int(_) | TokenKind::Float(_) | TokenKind::Duration(_) => self.number(),
            TokenKind::Word(word) => match Aggregate::from_name(&word) {
                Some(op) => self.aggregate(op),
                None => self.unknown_word(&word),
            },
            TokenKind::Symbol(")" | "}" | "," | "|") | TokenKind::End => {
                self.unexpected(&[], None);
                Value::Error(Span::new(span.start, span.start))
            }
            kind => {
                let help = match kind {
                    TokenKind::String(_) if self.previous_end() > 0 => Some("only numbers are compared outside of braces"),
                    TokenKind::Attribute(_) | TokenKind::Scope(_) | TokenKind::String(_) => {
                        Some("conditions on spans stand in braces: `{ … }`")
                    }
                    _ => None,
                };
                self.unexpected(&[], help);
                self.bump();
                Value::Error(span)
            }
        }
    }

    fn number(&mut self) -> Value {
        let span = self.span();
        let is_number = |value: &Static| matches!(value, Static::Int(_) | Static::Float(_) | Static::Duration(_));
        let Some(value) = self.signed_static().filter(is_number) else {
            let help = "only numbers have a sign here; for the negative of an expression subtract it from 0";
            self.unexpected(&[], Some(help));
            self.bump();
            return Value::Error(span);
        };
        Value::Number(ScalarExpr { kind: ScalarKind::Static(value), span: self.span_from(span.start) })
    }

    fn parenthesised(&mut self) -> Value {
        let start = self.bump().start;
        let reading = self.reading();
        if !self.eat_symbol(")") {
            let behind = matches!(self.peek(), TokenKind::Word(word) if word == "with");
            self.unexpected(&[], behind.then_some("`with (…)` is the last part of a query"));
            self.recover_at(")");
        }
        let span = self.span_from(start);
        match reading {
            Reading::Spans(pipeline) => Value::Spans(SpansetExpr { kind: SpansetKind::Paren(Box::new(pipeline)), span }),
            Reading::Number(None, number) => Value::Number(ScalarExpr { kind: ScalarKind::Paren(Box::new(number)), span }),
            Reading::Number(Some(pipeline), number) => {
                Value::Number(ScalarExpr { kind: ScalarKind::Pipeline(Box::new(pipeline), Box::new(number)), span })
            }
            Reading::Metrics(metrics) => Value::Metrics(MetricsExpr { kind: MetricsKind::Paren(Box::new(metrics)), span }),
            Reading::Error(_) => Value::Error(span),
        }
    }

    /// `count()`, `avg(field)`, with the name next.
    fn aggregate(&mut self, op: Aggregate) -> Value {
        let start = self.bump().start;
        if !self.expect_symbol("(") {
            return Value::Error(self.span_from(start));
        }
        let field = if op == Aggregate::Count {
            if !self.at_symbol(")") {
                self.unexpected(
                    &[")"],
                    Some("`count()` counts spans; count those with a value with a set before it: `{ span.x != nil } | count()`"),
                );
            }
            None
        } else if self.at_symbol(")") {
            self.unexpected(&[], Some(&format!("say of what, such as `{op}(duration)`")));
            self.bump();
            return Value::Error(self.span_from(start));
        } else {
            Some(Box::new(self.condition()))
        };
        if !self.eat_symbol(")") {
            self.close_condition(")");
        }
        Value::Number(ScalarExpr { kind: ScalarKind::Aggregate(op, field), span: self.span_from(start) })
    }

    fn unknown_word(&mut self, word: &str) -> Value {
        let start = self.span().start;
        let names = Self::stage_names().chain(Aggregate::ALL.map(Aggregate::as_str));
        let opens = *self.peek_after() == TokenKind::Symbol("(");
        let is_field = crate::ast::IntrinsicName::from_name(word).is_some() || literal_word(word).is_some();
        let help = match nearest(word, names) {
            Some(near) if near == word => format!("`{word}` is a stage of its own, behind `|`"),
            Some(near) if !is_field => format!("did you mean `{near}`?"),
            _ if opens => format!("there is no function `{word}`"),
            _ => "conditions on spans stand in braces: `{ … }`".to_owned(),
        };
        self.unexpected(&[], Some(&help));
        self.bump();
        if self.eat_symbol("(") {
            self.recover_at(")");
        }
        Value::Error(self.span_from(start))
    }
}
