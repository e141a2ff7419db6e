//! Operators, calls, aggregations, literals.

use super::selector::{is_keyword, may_be_metric};
use super::{MAX_DEPTH, Parser};
use crate::ast::{
    Aggregate, AggregateOp, At, Binary, BinaryOp, Call, Cardinality, Expr, ExprKind, Grouping, Number, RangeSelector, Sign, Subquery,
    TimeShift, VectorMatching,
};
use crate::functions;
use crate::lexer::TokenKind;
use phoenix_model::{Span, suggest};

/// The precedence of `-x`: as tight as `*`, so that `-2 ^ 2` is `-(2 ^ 2)`.
const UNARY_PRECEDENCE: u8 = 5;

impl Parser {
    /// Whether the next token can begin an expression.
    pub(super) fn starts_expression(&self) -> bool {
        match self.peek() {
            TokenKind::Word(_) | TokenKind::Number(_) | TokenKind::Duration(_) | TokenKind::String(_) => true,
            TokenKind::Symbol(symbol) => matches!(*symbol, "(" | "{" | "+" | "-"),
            TokenKind::Invalid(_) | TokenKind::End => false,
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
        let mut lhs = self.unary();
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
        BinaryOp::ALL.into_iter().find(|op| op.as_str().eq_ignore_ascii_case(text))
    }

    fn binary(&mut self, lhs: Expr, op: BinaryOp) -> Expr {
        let op_span = self.bump();
        let bool_span = self.span();
        let returns_bool = self.eat_word("bool");
        if returns_bool && !op.is_comparison() {
            self.error(bool_span, "bool modifier can only be used on comparison operators");
        }
        let matching = self.matching(op);
        let rhs = self.expression(if op.is_right_associative() { op.precedence() } else { op.precedence() + 1 });
        let span = lhs.span.to(rhs.span);
        Expr { kind: ExprKind::Binary(Box::new(Binary { op, lhs, rhs, returns_bool, matching, op_span })), span }
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
        matching.labels = self.label_list("grouping opts").into_iter().map(|(name, _)| name).collect();
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
            for (name, span) in self.label_list("grouping opts") {
                if matching.on && matching.labels.contains(&name) {
                    self.error(span, format!("label {name:?} must not occur in ON and GROUP clause at once"));
                }
                matching.include.push(name);
            }
        }
        matching
    }

    fn unary(&mut self) -> Expr {
        let sign = match self.peek() {
            TokenKind::Symbol("+") => Sign::Plus,
            TokenKind::Symbol("-") => Sign::Minus,
            _ => return self.postfix(),
        };
        let start = self.bump();
        let inner = self.expression(UNARY_PRECEDENCE + 1);
        let span = start.to(inner.span);
        // A signed literal is a literal, as far as nothing binds between sign and number.
        if let ExprKind::Number(number) = inner.kind {
            let value = if sign == Sign::Minus { -number.value } else { number.value };
            return Expr { kind: ExprKind::Number(Number { value, ..number }), span };
        }
        Expr { kind: ExprKind::Unary(sign, Box::new(inner)), span }
    }

    fn postfix(&mut self) -> Expr {
        let mut expr = self.primary();
        let mut shifts = 0;
        loop {
            if self.at_symbol("[") {
                expr = self.brackets(expr);
            } else if self.at_word("offset") {
                expr = self.offset(expr);
            } else if self.at_symbol("@") {
                expr = self.at_modifier(expr);
            } else {
                return expr;
            }
            // `x[1h:][1h:]…` nests too.
            shifts += 1;
            if self.depth + shifts > MAX_DEPTH {
                let span = self.span();
                self.too_deep();
                return Expr { kind: ExprKind::Error, span };
            }
        }
    }

    /// `[range]` or `[range:step]`
    fn brackets(&mut self, expr: Expr) -> Expr {
        self.bump();
        let range_ms = self.positive_duration("range");
        let is_subquery = self.eat_symbol(":");
        let mut step_ms = None;
        if is_subquery && !self.at_symbol("]") {
            step_ms = self.positive_duration("subquery step");
        }
        if !self.expect_symbol("]", if is_subquery { "subquery selector" } else { "matrix selector" }) {
            self.recover_at("]");
        }
        let span = Span::new(expr.span.start, self.previous_end());
        let Some(range_ms) = range_ms else { return Expr { kind: ExprKind::Error, span } };
        if is_subquery {
            let subquery = Subquery { expr, range_ms, step_ms, time: TimeShift::default() };
            return Expr { kind: ExprKind::Subquery(Box::new(subquery)), span };
        }
        match expr.kind {
            ExprKind::Selector(selector) => {
                if selector.time.offset_ms != 0 {
                    self.error(span, "no offset modifiers allowed before range");
                } else if selector.time.at.is_some() {
                    self.error(span, "no @ modifiers allowed before range");
                }
                Expr { kind: ExprKind::Range(RangeSelector { selector, selector_span: expr.span, range_ms }), span }
            }
            ExprKind::Error => Expr { kind: ExprKind::Error, span },
            _ => {
                self.error_with_help(
                    span,
                    "ranges only allowed for vector selectors",
                    "for a range over an expression write a subquery, such as `[5m:]`",
                );
                Expr { kind: ExprKind::Error, span }
            }
        }
    }

    /// A duration or a number of seconds, above zero, in milliseconds.
    fn positive_duration(&mut self, context: &str) -> Option<i64> {
        let span = self.span();
        let ms = match *self.peek() {
            TokenKind::Duration(ms) => ms as f64,
            TokenKind::Number(seconds) => seconds * 1000.0,
            _ => {
                self.unexpected(context, "a duration such as `5m`, or a number of seconds");
                return None;
            }
        };
        self.bump();
        if ms < 1.0 {
            self.error(span, "duration must be greater than 0");
            return None;
        }
        self.in_range(ms, span)
    }

    fn in_range(&mut self, ms: f64, span: Span) -> Option<i64> {
        // Go's durations count nanoseconds in 63 bits; more than that Prometheus refuses.
        if ms.is_nan() || ms.abs() > (i64::MAX / 1_000_000) as f64 {
            self.error(span, "duration out of range");
            return None;
        }
        Some(ms as i64)
    }

    fn signed(&mut self) -> f64 {
        if self.eat_symbol("-") {
            -1.0
        } else {
            self.eat_symbol("+");
            1.0
        }
    }

    fn offset(&mut self, expr: Expr) -> Expr {
        let keyword = self.bump();
        let sign = self.signed();
        let span = self.span();
        let ms = match *self.peek() {
            TokenKind::Duration(ms) => ms as f64,
            TokenKind::Number(seconds) => seconds * 1000.0,
            _ => {
                self.unexpected("offset", "a duration such as `5m`, or a number of seconds");
                return expr;
            }
        };
        self.bump();
        let Some(offset_ms) = self.in_range(sign * ms, span) else { return expr };
        self.shift(
            expr,
            keyword,
            |time| if time.offset_ms == 0 { Some(TimeShift { offset_ms, ..time }) } else { None },
            ("offset", "offset may not be set multiple times"),
        )
    }

    fn at_modifier(&mut self, expr: Expr) -> Expr {
        let keyword = self.bump();
        let at = if self.eat_word("start") {
            self.empty_parens();
            At::Start
        } else if self.eat_word("end") {
            self.empty_parens();
            At::End
        } else {
            let sign = self.signed();
            let span = self.span();
            let seconds = match *self.peek() {
                TokenKind::Number(seconds) => seconds,
                _ if self.at_word("inf") || self.at_word("nan") => f64::NAN,
                _ => {
                    self.unexpected("@", "timestamp");
                    return expr;
                }
            };
            self.bump();
            let ms = sign * seconds * 1000.0;
            // Well inside of 64 bits, so that adding ranges and offsets cannot overflow.
            if ms.is_nan() || ms.abs() > (i64::MAX / 4) as f64 {
                self.error(span, format!("timestamp out of bounds for @ modifier: {seconds}"));
                return expr;
            }
            At::Time(ms.round() as i64)
        };
        self.shift(
            expr,
            keyword,
            |time| if time.at.is_none() { Some(TimeShift { at: Some(at), ..time }) } else { None },
            ("@", "@ <timestamp> may not be set multiple times"),
        )
    }

    fn empty_parens(&mut self) {
        if self.expect_symbol("(", "@") {
            self.expect_symbol(")", "@");
        }
    }

    /// Sets `offset` or `@` on the expression before it.
    fn shift(
        &mut self,
        mut expr: Expr,
        keyword: Span,
        change: impl FnOnce(TimeShift) -> Option<TimeShift>,
        (what, twice): (&str, &str),
    ) -> Expr {
        let end = self.previous_end();
        let time = match &mut expr.kind {
            ExprKind::Selector(selector) => &mut selector.time,
            ExprKind::Range(range) => &mut range.selector.time,
            ExprKind::Subquery(subquery) => &mut subquery.time,
            ExprKind::Error => return expr,
            _ => {
                let kind = if what == "@" { "@ modifier" } else { "offset modifier" };
                let message = format!("{kind} must be preceded by an instant vector selector or range vector selector or a subquery");
                self.error(Span::new(keyword.start, end), message);
                return expr;
            }
        };
        match change(*time) {
            Some(changed) => *time = changed,
            None => {
                self.error(Span::new(keyword.start, end), twice);
            }
        }
        expr.span.end = end;
        expr
    }

    fn primary(&mut self) -> Expr {
        let span = self.span();
        match self.peek().clone() {
            TokenKind::Number(value) => {
                self.bump();
                Expr { kind: ExprKind::Number(Number { value, is_duration: false }), span }
            }
            TokenKind::Duration(ms) => {
                self.bump();
                Expr { kind: ExprKind::Number(Number { value: ms as f64 / 1000.0, is_duration: true }), span }
            }
            TokenKind::String(text) => {
                self.bump();
                Expr { kind: ExprKind::String(text), span }
            }
            TokenKind::Symbol("(") => {
                self.bump();
                let inner = self.expression(0);
                if !self.expect_symbol(")", "parenthesised expression") {
                    self.recover_at(")");
                }
                Expr { kind: ExprKind::Paren(Box::new(inner)), span: Span::new(span.start, self.previous_end()) }
            }
            TokenKind::Symbol("{") => self.selector(None),
            TokenKind::Word(word) => self.word(&word, span),
            TokenKind::Symbol(")" | "]" | "}" | ",") | TokenKind::End => {
                self.unexpected("", "an expression");
                Expr { kind: ExprKind::Error, span: Span::new(span.start, span.start) }
            }
            _ => {
                self.unexpected("", "an expression");
                self.bump();
                Expr { kind: ExprKind::Error, span }
            }
        }
    }

    fn word(&mut self, word: &str, span: Span) -> Expr {
        for (name, value) in [("inf", f64::INFINITY), ("nan", f64::NAN)] {
            if word.eq_ignore_ascii_case(name) {
                self.bump();
                return Expr { kind: ExprKind::Number(Number { value, is_duration: false }), span };
            }
        }
        let opens = matches!(self.peek_after(), TokenKind::Symbol("("));
        if let Some(op) = AggregateOp::from_name(word) {
            let groups = matches!(self.peek_after(), TokenKind::Word(w) if Grouping::is_keyword(w));
            if opens || groups {
                return self.aggregate(op);
            }
        }
        if opens && !is_keyword(word) {
            return self.call(word);
        }
        if !may_be_metric(word) {
            self.unexpected("", "an expression");
            self.bump();
            return Expr { kind: ExprKind::Error, span };
        }
        self.bump();
        self.selector(Some((word.to_owned(), span)))
    }

    fn call(&mut self, name: &str) -> Expr {
        let name_span = self.bump();
        let args = self.arguments("function call");
        let span = Span::new(name_span.start, self.previous_end());
        let Some(function) = functions::find(name) else {
            let help = match functions::renamed(name) {
                Some(new) => Some(format!("Prometheus 3 calls it `{new}`")),
                None if name == "info" => Some("`info` is an experimental function that Phoenix does not have".to_owned()),
                None => {
                    let names = functions::FUNCTIONS.iter().map(|f| f.name).chain(AggregateOp::ALL.map(AggregateOp::as_str));
                    suggest::nearest(name, names).map(|nearest| format!("did you mean `{nearest}`?"))
                }
            };
            self.error(name_span, format!("unknown function with name {name:?}")).help = help;
            return Expr { kind: ExprKind::Error, span };
        };
        Expr { kind: ExprKind::Call(Call { function, args, name_span }), span }
    }

    fn arguments(&mut self, context: &str) -> Vec<Expr> {
        let mut args = Vec::new();
        if !self.expect_symbol("(", context) || self.eat_symbol(")") {
            return args;
        }
        loop {
            args.push(self.expression(0));
            if self.eat_symbol(")") {
                return args;
            }
            if !self.eat_symbol(",") {
                self.unexpected(context, "\",\" or \")\"");
                self.recover_at(")");
                return args;
            }
            if self.at_symbol(")") {
                let span = self.bump();
                self.error(span, format!("trailing commas not allowed in {context} args"));
                return args;
            }
        }
    }

    fn aggregate(&mut self, op: AggregateOp) -> Expr {
        let name_span = self.bump();
        let reported = self.reported();
        let mut grouping = self.grouping();
        let mut args = self.arguments("aggregation");
        if grouping.is_none() {
            grouping = self.grouping();
        }
        let span = Span::new(name_span.start, self.previous_end());
        let wanted = 1 + usize::from(op.param_type().is_some());
        if args.len() != wanted {
            let error = Expr { kind: ExprKind::Error, span };
            if self.reported() > reported {
                return error;
            }
            let message = if args.is_empty() {
                "no arguments for aggregate expression provided".to_owned()
            } else {
                format!("wrong number of arguments for aggregate expression provided, expected {wanted}, got {}", args.len())
            };
            self.error(span, message);
            return error;
        }
        let expr = args.pop().expect("at least one is wanted");
        let aggregate = Aggregate { op, param: args.pop(), expr, grouping, name_span };
        Expr { kind: ExprKind::Aggregate(Box::new(aggregate)), span }
    }

    fn grouping(&mut self) -> Option<Grouping> {
        let without = self.at_word("without");
        if !without && !self.at_word("by") {
            return None;
        }
        self.bump();
        let labels = self.label_list("grouping opts").into_iter().map(|(name, _)| name).collect();
        Some(Grouping { without, labels })
    }
}
