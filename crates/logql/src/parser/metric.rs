//! Operators, literals, and what may stand between operators.

use super::Parser;
use crate::ast::{Binary, BinaryOp, Cardinality, Expr, ExprKind, Grouping, LogExpr, RangeOp, VectorMatching, VectorOp};
use crate::check;
use crate::lexer::TokenKind;
use phoenix_model::Span;
use phoenix_model::suggest::nearest;

impl Parser {
    /// Whether the next token can begin an expression.
    pub(super) fn starts_expression(&self) -> bool {
        match self.peek() {
            TokenKind::Word(_) | TokenKind::Number(_) => true,
            TokenKind::Symbol(symbol) => matches!(*symbol, "(" | "{" | "+" | "-"),
            _ => false,
        }
    }

    /// An expression of operators that bind at least as tightly as `min`.
    pub(super) fn expression(&mut self, min: u8) -> Expr {
        let (depth, span) = (self.depth, self.span());
        let expr = if self.deeper() { self.operators(min) } else { Expr { kind: ExprKind::Error, span } };
        self.depth = depth;
        expr
    }

    fn operators(&mut self, min: u8) -> Expr {
        let mut lhs = self.primary();
        while let Some(op) = self.binary_op() {
            if op.precedence() < min {
                break;
            }
            // Every operator of a chain makes the tree one level deeper.
            let span = self.span();
            if !self.deeper() {
                return Expr { kind: ExprKind::Error, span };
            }
            lhs = self.binary(lhs, op);
        }
        lhs
    }

    fn binary_op(&self) -> Option<BinaryOp> {
        let text = match self.peek() {
            TokenKind::Symbol(symbol) => symbol,
            TokenKind::Word(word) => word.as_str(),
            _ => return None,
        };
        BinaryOp::ALL.into_iter().find(|op| *op != BinaryOp::Atan2 && !op.is_trim() && op.as_str().eq_ignore_ascii_case(text))
    }

    fn binary(&mut self, lhs: Expr, op: BinaryOp) -> Expr {
        self.bump();
        let bool_span = self.span();
        let returns_bool = self.eat_word("bool");
        if returns_bool && !op.is_comparison() {
            self.error(bool_span, "bool modifier can only be used on comparison operators");
        }
        let matching = self.matching(op);
        if matches!(self.peek(), TokenKind::String(_)) && matches!(lhs.kind, ExprKind::Logs(_)) {
            self.unexpected(&[], Some("each filter of lines has its operator, such as `|= \"x\"`; only `or` joins texts"));
        }
        let rhs = self.expression(if op.is_right_associative() { op.precedence() } else { op.precedence() + 1 });
        let span = lhs.span.to(rhs.span);
        for (side, name) in [(&lhs, "left"), (&rhs, "right")] {
            if rhs.kind != ExprKind::Error
                && let Some((message, help)) = check::operand(side, name, op)
            {
                self.error_with_help(side.span, message, help);
            }
        }
        Expr { kind: ExprKind::Binary(Box::new(Binary { op, returns_bool, matching, lhs, rhs })), span }
    }

    /// `on (…)`, `ignoring (…)`, `group_left (…)`, `group_right (…)`
    fn matching(&mut self, op: BinaryOp) -> VectorMatching {
        let mut matching = VectorMatching::default();
        if op.is_set() {
            matching.cardinality = Cardinality::ManyToMany;
        }
        matching.on = self.at_word("on");
        if !matching.on && !self.at_word("ignoring") {
            return matching;
        }
        self.bump();
        matching.labels = self.label_list().into_iter().map(|(name, _)| name).collect();
        let group_span = self.span();
        let cardinality = if self.at_word("group_left") {
            Cardinality::ManyToOne
        } else if self.at_word("group_right") {
            Cardinality::OneToMany
        } else {
            return matching;
        };
        self.bump();
        if op.is_set() {
            self.error(group_span, format!("no grouping allowed for {:?} operation", op.as_str()));
        } else {
            matching.cardinality = cardinality;
        }
        if self.at_symbol("(") {
            for (name, span) in self.label_list() {
                if matching.on && matching.labels.contains(&name) {
                    self.error(span, format!("label {name:?} must not occur in ON and GROUP clause at once"));
                }
                matching.include.push(name);
            }
        }
        matching
    }

    fn primary(&mut self) -> Expr {
        let span = self.span();
        match self.peek().clone() {
            TokenKind::Number(value) => {
                self.bump();
                Expr { kind: ExprKind::Number(value), span }
            }
            TokenKind::Symbol("+" | "-") => {
                let help = "only numbers have a sign; for the negative of an expression multiply it by -1";
                let value = self.signed_number(help);
                if value.is_none() && !matches!(self.peek(), TokenKind::Symbol("+" | "-")) {
                    // What has no sign is read for its errors alone.
                    let _ = self.primary();
                }
                Expr { kind: value.map_or(ExprKind::Error, ExprKind::Number), span: self.span_from(span.start) }
            }
            TokenKind::Symbol("{") => self.log_query(),
            TokenKind::Symbol("(") => self.parenthesised(),
            TokenKind::Word(word) => self.word(&word, span),
            TokenKind::Symbol(")" | "]" | "}" | "," | "[") | TokenKind::End => {
                self.unexpected(&[], None);
                self.error_here()
            }
            TokenKind::Duration(_) | TokenKind::Bytes(_) => {
                self.unexpected(&[], Some("durations and sizes stand in label filters and ranges; here write a plain number"));
                self.bump();
                Expr { kind: ExprKind::Error, span }
            }
            _ => {
                self.unexpected(&[], None);
                self.bump();
                Expr { kind: ExprKind::Error, span }
            }
        }
    }

    /// `5`, `-5` or `+5`
    pub(super) fn signed_number(&mut self, help: &str) -> Option<f64> {
        let negative = self.at_symbol("-");
        if negative || self.at_symbol("+") {
            self.bump();
        }
        let TokenKind::Number(value) = *self.peek() else {
            self.unexpected(&["NUMBER"], Some(help));
            return None;
        };
        self.bump();
        Some(if negative { -value } else { value })
    }

    /// `{…} | …`
    fn log_query(&mut self) -> Expr {
        let start = self.span().start;
        let logs = self.log_query_parts();
        Expr { kind: logs.map_or(ExprKind::Error, ExprKind::Logs), span: self.span_from(start) }
    }

    fn log_query_parts(&mut self) -> Option<LogExpr> {
        let from = self.place();
        let logs = self.logs();
        // A range with nothing around it.
        if let Some(bracket) = self.taken_since(from).iter().rev().find(|token| token.kind == TokenKind::Symbol("[")) {
            let span = bracket.span;
            let help = "a range needs an aggregation around it, such as `rate({…}[5m])` or `count_over_time({…}[5m])`";
            self.error_with_help(span, "syntax error: unexpected RANGE", help);
        }
        logs
    }

    fn parenthesised(&mut self) -> Expr {
        let start = self.bump().start;
        let inner = self.expression(0);
        if !self.expect_symbol(")") {
            self.recover_at(")");
        }
        let span = self.span_from(start);
        let kind = match inner.kind {
            // Parentheses around lines mean nothing.
            ExprKind::Logs(logs) => {
                if self.starts_stage() && self.line_filter_follows() {
                    self.unexpected(&[], Some("the pipeline belongs inside of the parentheses"));
                    self.skip_to(|kind| *kind == TokenKind::Symbol(")"));
                }
                ExprKind::Logs(logs)
            }
            ExprKind::Error => ExprKind::Error,
            _ => ExprKind::Paren(Box::new(inner)),
        };
        Expr { kind, span }
    }

    /// Whether what follows can only be a stage, and not a comparison.
    fn line_filter_follows(&self) -> bool {
        !self.at_symbol("!=") || matches!(self.peek_after(), TokenKind::String(_))
    }

    fn word(&mut self, word: &str, span: Span) -> Expr {
        let opens = *self.peek_after() == TokenKind::Symbol("(");
        let groups = matches!(self.peek_after(), TokenKind::Word(w) if Grouping::is_keyword(w));
        if let Some(op) = RangeOp::from_name(word)
            && (opens || groups)
        {
            return self.range_aggregation(op);
        }
        if let Some(op) = VectorOp::from_name(word)
            && (opens || groups)
        {
            return self.vector_aggregation(op);
        }
        if opens && word.eq_ignore_ascii_case("vector") {
            return self.vector();
        }
        if opens && word.eq_ignore_ascii_case("label_replace") {
            return self.label_replace();
        }
        let functions = RangeOp::ALL.map(RangeOp::as_str);
        let names = functions.into_iter().chain(VectorOp::ALL.map(VectorOp::as_str)).chain(["vector", "label_replace"]);
        let help = match nearest(word, names) {
            Some(near) if near == word => format!("`{word}` needs its argument in parentheses"),
            Some(near) => format!("did you mean `{near}`?"),
            None if opens => format!("there is no function `{word}`"),
            None if *self.peek_after() == TokenKind::Symbol("{") => format!("streams have labels and no name: leave out `{word}`"),
            None => format!("a query begins with the streams to read: `{{app=\"{word}\"}}`"),
        };
        self.unexpected(&[], Some(&help));
        self.bump();
        if self.eat_symbol("(") {
            // Arguments are read for their errors alone.
            while !self.at_symbol(")") && *self.peek() != TokenKind::End {
                let before = self.place();
                if self.at_symbol("{") || self.at_symbol("(") {
                    let _ = self.log_range();
                } else if self.starts_expression() {
                    let _ = self.expression(0);
                }
                if !self.eat_symbol(",") || self.place() == before {
                    break;
                }
            }
            self.recover_at(")");
        }
        Expr { kind: ExprKind::Error, span: self.span_from(span.start) }
    }
}
