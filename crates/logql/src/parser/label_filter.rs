//! Conditions on labels: `status >= 500 and (method="GET" or path=~"/api/.*")`.
//!
//! `and` binds more tightly than `or`; a comma, or nothing at all between two conditions, is `and`.

use super::{MAX_FILTER_CONDITIONS, Parser};
use crate::ast::{CompareOp, LabelFilter};
use crate::lexer::TokenKind;
use phoenix_model::{MatchOp, Matcher};

impl Parser {
    /// A whole filter. `None` when it could not be read; the error is reported and the tokens up to
    /// the place of the error are taken.
    pub(super) fn label_filter(&mut self) -> Option<LabelFilter> {
        let mut conditions = 0;
        self.any_of(&mut conditions)
    }

    fn any_of(&mut self, conditions: &mut usize) -> Option<LabelFilter> {
        let mut left = self.all_of(conditions)?;
        while self.eat_word("or") {
            left = LabelFilter::Or(Box::new(left), Box::new(self.all_of(conditions)?));
        }
        Some(left)
    }

    fn all_of(&mut self, conditions: &mut usize) -> Option<LabelFilter> {
        let mut left = self.condition(conditions)?;
        loop {
            let joined = self.eat_symbol(",") || self.eat_word("and") || self.starts_condition();
            if !joined {
                return Some(left);
            }
            left = LabelFilter::And(Box::new(left), Box::new(self.condition(conditions)?));
        }
    }

    /// Whether the next token begins a condition beside the last one.
    fn starts_condition(&self) -> bool {
        match self.peek() {
            TokenKind::Symbol("(") => true,
            TokenKind::Word(_) => {
                !self.at_word("or")
                    && (compare_op(self.peek_after()).is_some() || matches!(self.peek_after(), TokenKind::Symbol("=~" | "!~")))
            }
            _ => false,
        }
    }

    fn condition(&mut self, conditions: &mut usize) -> Option<LabelFilter> {
        *conditions += 1;
        if *conditions > MAX_FILTER_CONDITIONS {
            self.give_up(&format!("the label filter is too long: the limit is {MAX_FILTER_CONDITIONS} conditions"));
            return None;
        }
        if self.at_symbol("(") {
            if !self.deeper() {
                return None;
            }
            self.bump();
            let inner = self.any_of(conditions);
            self.depth -= 1;
            let inner = inner?;
            if !self.expect_symbol(")") {
                self.recover_at(")");
            }
            return Some(inner);
        }
        if matches!(self.peek(), TokenKind::String(_)) {
            self.unexpected(&["IDENTIFIER"], Some("each condition names its label: `level=\"error\" or level=\"warn\"`"));
            return None;
        }
        let (name, _) = self.expect_label()?;
        let op_span = self.span();
        let op_text = self.peek().clone();
        let matching = self.match_op();
        let comparing = compare_op(self.peek());
        if matching.is_none() && comparing.is_none() {
            self.unexpected(&[], Some(&format!("`{name}` begins a label filter, such as `{name}=\"x\"`")));
            return None;
        }
        self.bump();
        if self.at_word("ip") && *self.peek_after() == TokenKind::Symbol("(") {
            let negated = op_text == TokenKind::Symbol("!=");
            if !negated && !matches!(op_text, TokenKind::Symbol("=" | "==")) {
                self.error_with_help(op_span, "syntax error: unexpected ip", "addresses are compared with `=` and `!=`");
            }
            return self.ip().map(|range| LabelFilter::Ip { name, negated, range });
        }
        self.value(name, matching, comparing)
    }

    /// The value that a label is compared with.
    fn value(&mut self, name: String, matching: Option<MatchOp>, comparing: Option<CompareOp>) -> Option<LabelFilter> {
        let span = self.span();
        if let TokenKind::String(text) = self.peek().clone() {
            let Some(op) = matching else {
                let help = match comparing {
                    Some(CompareOp::Equal) => "texts are compared with `=`",
                    _ => "texts have no order; write a number, a duration or a size without quotes",
                };
                self.unexpected(&[], Some(help));
                self.bump();
                return None;
            };
            self.bump();
            // What could not be built was reported; anything will do in its place.
            let matcher = self.build_matcher(name, op, text, span).unwrap_or_else(|| Matcher::equal("", ""));
            return Some(LabelFilter::Matcher(matcher));
        }
        let Some(op) = comparing else {
            self.unexpected(&["STRING"], Some("regular expressions stand in quotes"));
            return None;
        };
        let sign = match self.peek() {
            TokenKind::Symbol("-") => -1,
            TokenKind::Symbol("+") => 1,
            _ => 0,
        };
        if sign != 0 {
            self.bump();
        }
        let filter = match *self.peek() {
            TokenKind::Number(value) => LabelFilter::Number { name, op, value: if sign < 0 { -value } else { value } },
            TokenKind::Duration(ns) => LabelFilter::Duration { name, op, value_ns: if sign < 0 { -ns } else { ns } },
            TokenKind::Bytes(value) if sign == 0 => LabelFilter::Bytes { name, op, value },
            TokenKind::Word(_) => {
                let help = "a label is compared with a text in quotes, a number, a duration or a size";
                self.unexpected(&[], Some(help));
                return None;
            }
            _ => {
                self.unexpected(&[], None);
                return None;
            }
        };
        self.bump();
        Some(filter)
    }

    /// `ip("…")`, at its name.
    pub(super) fn ip(&mut self) -> Option<String> {
        self.bump();
        if !self.expect_symbol("(") {
            return None;
        }
        let Some((range, span)) = self.expect_string(None) else {
            self.recover_at(")");
            return None;
        };
        if let Err(message) = crate::check::ip_range(&range) {
            self.error_with_help(span, message, "write an address, a range `a-b`, or a CIDR block such as `10.0.0.0/8`");
        }
        if !self.expect_symbol(")") {
            self.recover_at(")");
        }
        Some(range)
    }
}

/// The comparison that a token stands for.
pub(super) fn compare_op(kind: &TokenKind) -> Option<CompareOp> {
    match kind {
        TokenKind::Symbol("=" | "==") => Some(CompareOp::Equal),
        TokenKind::Symbol("!=") => Some(CompareOp::NotEqual),
        TokenKind::Symbol(">") => Some(CompareOp::Greater),
        TokenKind::Symbol(">=") => Some(CompareOp::GreaterOrEqual),
        TokenKind::Symbol("<") => Some(CompareOp::Less),
        TokenKind::Symbol("<=") => Some(CompareOp::LessOrEqual),
        _ => None,
    }
}
