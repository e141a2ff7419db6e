//! Conditions on spans: `{ … }`, and the arguments of functions.

use super::{MAX_OPERATORS, Parser, negated};
use crate::ast::{FieldExpr, FieldKind, FieldOp, IntrinsicName, SpansetExpr, SpansetKind, Static};
use crate::lexer::TokenKind;
use phoenix_model::Span;
use phoenix_model::suggest::nearest;

/// How tightly the operand of `!` and of a sign binds: as Tempo has it, `-a * b` is `-(a * b)`, and
/// `!a = b` is `(!a) = b`.
const UNARY_PRECEDENCE: u8 = 4;

impl Parser {
    /// `{ … }`, with the brace next.
    pub(super) fn spanset_filter(&mut self) -> SpansetExpr {
        let start = self.bump().start;
        if self.eat_symbol("}") {
            return SpansetExpr { kind: SpansetKind::Filter(None), span: self.span_from(start) };
        }
        let condition = self.condition();
        self.close_condition("}");
        SpansetExpr { kind: SpansetKind::Filter(Some(condition)), span: self.span_from(start) }
    }

    /// Takes the bracket behind a condition, or says what might have been meant.
    pub(super) fn close_condition(&mut self, closing: &'static str) {
        if self.eat_symbol(closing) {
            return;
        }
        let help = match self.peek() {
            TokenKind::Symbol("=") => Some("equality is written as `=`"),
            TokenKind::Word(word) if word.eq_ignore_ascii_case("and") => Some("conditions are joined with `&&`"),
            TokenKind::Word(word) if word.eq_ignore_ascii_case("or") => Some("conditions are joined with `||`"),
            TokenKind::Symbol(",") | TokenKind::Attribute(_) | TokenKind::Scope(_) | TokenKind::Word(_) if closing == "}" => {
                Some("conditions are joined with `&&` or `||`")
            }
            TokenKind::Symbol("|") if closing == "}" => Some("close the set with `}` before the next stage; the operator is `||`"),
            TokenKind::Symbol(">>" | "<<" | "~") => Some("operators of structure stand between sets of spans: `{ … } >> { … }`"),
            _ => None,
        };
        self.unexpected(&[], help);
        self.recover_at(closing);
    }

    /// A condition as a whole, with its own count of operators.
    pub(super) fn condition(&mut self) -> FieldExpr {
        let before = std::mem::take(&mut self.operators);
        let condition = self.field(0);
        self.operators = before;
        condition
    }

    /// `false`, and reported, when there are too many.
    fn count_operator(&mut self) -> bool {
        self.operators += 1;
        if self.operators > MAX_OPERATORS {
            self.give_up(&format!("the condition is too long: the limit is {MAX_OPERATORS} operators"));
            return false;
        }
        true
    }

    /// An expression of operators that bind at least as tightly as `min`.
    fn field(&mut self, min: u8) -> FieldExpr {
        let depth = self.depth;
        let mut lhs = if self.deeper() { self.operand() } else { self.field_error() };
        while let TokenKind::Symbol(symbol) = *self.peek() {
            let Some(op) = FieldOp::from_symbol(symbol).filter(|op| op.precedence() >= min) else { break };
            if !self.count_operator() {
                break;
            }
            self.bump();
            if op == FieldOp::Eq && self.at_symbol("=") {
                self.unexpected(&[], Some("equality is written as `=`"));
                self.bump();
            }
            let rhs = self.field(if op.is_right_associative() { op.precedence() } else { op.precedence() + 1 });
            let span = lhs.span.to(rhs.span);
            lhs = FieldExpr { kind: FieldKind::Binary(op, Box::new(lhs), Box::new(rhs)), span };
        }
        self.depth = depth;
        lhs
    }

    fn field_error(&self) -> FieldExpr {
        let at = self.span().start;
        FieldExpr { kind: FieldKind::Error, span: Span::new(at, at) }
    }

    fn operand(&mut self) -> FieldExpr {
        let span = self.span();
        if let Some(kind) = self.named_field() {
            return FieldExpr { kind, span: self.span_from(span.start) };
        }
        if let Some(value) = self.literal() {
            return FieldExpr { kind: FieldKind::Static(value), span };
        }
        match *self.peek() {
            TokenKind::Symbol("(") => {
                if !self.count_operator() {
                    return self.field_error();
                }
                self.bump();
                let inner = self.field(0);
                self.close_condition(")");
                FieldExpr { kind: FieldKind::Paren(Box::new(inner)), span: self.span_from(span.start) }
            }
            TokenKind::Symbol("!") => self.unary(FieldKind::Not),
            TokenKind::Symbol("-") => self.unary(|inner| match &inner.kind {
                FieldKind::Static(value) => negated(value).map_or_else(|| FieldKind::Negative(inner.clone()), FieldKind::Static),
                _ => FieldKind::Negative(inner),
            }),
            _ => self.no_operand(),
        }
    }

    fn unary(&mut self, kind: impl FnOnce(Box<FieldExpr>) -> FieldKind) -> FieldExpr {
        if !self.count_operator() {
            return self.field_error();
        }
        let start = self.span().start;
        // The least number has no positive counterpart.
        if self.at_symbol("-") && *self.peek_after() == TokenKind::Int(i64::MIN.unsigned_abs()) {
            self.bump();
            self.bump();
            return FieldExpr { kind: FieldKind::Static(Static::Int(i64::MIN)), span: self.span_from(start) };
        }
        self.bump();
        let inner = self.field(UNARY_PRECEDENCE);
        let span = Span::new(start, inner.span.end.max(start));
        FieldExpr { kind: kind(Box::new(inner)), span }
    }

    /// An attribute or intrinsic, if one comes next.
    fn named_field(&mut self) -> Option<FieldKind> {
        match self.peek() {
            TokenKind::Attribute(name) => {
                let name = name.clone();
                self.bump();
                Some(FieldKind::Attribute(name))
            }
            TokenKind::Scope(scope) => Some(self.scoped_intrinsic(scope)),
            TokenKind::Word(word) => {
                let intrinsic = IntrinsicName::ALL.into_iter().find(|intrinsic| intrinsic.unscoped() == Some(word))?;
                self.bump();
                Some(FieldKind::Intrinsic(intrinsic))
            }
            _ => None,
        }
    }

    /// `span:name`, with the scope next.
    fn scoped_intrinsic(&mut self, scope: &'static str) -> FieldKind {
        self.bump();
        let names = || IntrinsicName::ALL.into_iter().filter_map(|intrinsic| intrinsic.as_str().strip_prefix(scope));
        let TokenKind::Word(word) = self.peek().clone() else {
            self.unexpected(&[], Some(&format!("the intrinsics of this scope are {}", names().collect::<Vec<_>>().join(", "))));
            return FieldKind::Error;
        };
        let known = IntrinsicName::ALL.into_iter().find(|intrinsic| intrinsic.as_str().strip_prefix(scope) == Some(&word));
        if let Some(intrinsic) = known {
            self.bump();
            return FieldKind::Intrinsic(intrinsic);
        }
        let help = match nearest(&word, names()) {
            Some(near) => format!("did you mean `{scope}{near}`?"),
            None if scope == "trace:" => format!("the intrinsics of this scope are {}", names().collect::<Vec<_>>().join(", ")),
            None => format!("attributes are written with a dot: `{}.{word}{}`", scope.trim_end_matches(':'), self.dotted_rest()),
        };
        let has_rest = !self.dotted_rest().is_empty();
        self.unexpected(&[], Some(&help));
        self.bump();
        if has_rest {
            self.bump();
        }
        FieldKind::Error
    }

    /// Reports that no operand comes next, and goes on at the next condition.
    fn no_operand(&mut self) -> FieldExpr {
        let start = self.span().start;
        let help = match self.peek() {
            TokenKind::Word(word) => Some(self.meant_by(word)),
            TokenKind::Symbol("{") => Some("sets of spans don't nest; conditions are joined with `&&` or `||`".to_owned()),
            TokenKind::Symbol("*") => Some("`{ }` is the set of all spans".to_owned()),
            TokenKind::Symbol("&&" | "||") => Some("a condition is missing before the operator".to_owned()),
            TokenKind::Int(_) => Some("whole numbers reach to 9223372036854775807".to_owned()),
            _ => None,
        };
        self.unexpected(&[], help.as_deref());
        let stays = |kind: &TokenKind| matches!(kind, TokenKind::Symbol("&&" | "||" | "," | "|"));
        if !stays(self.peek()) {
            self.skip_to(stays);
        }
        FieldExpr { kind: FieldKind::Error, span: self.span_from(start) }
    }

    /// What stands behind the next token, if that is the rest of a name with dots.
    fn dotted_rest(&self) -> String {
        match self.peek_after() {
            TokenKind::Attribute(name) if name.scope.is_none() && !name.of_parent && self.span_after().start == self.span().end => {
                name.to_string()
            }
            _ => String::new(),
        }
    }

    /// What a word that means nothing here was likely meant to be.
    fn meant_by(&self, word: &str) -> String {
        let rest = self.dotted_rest();
        if word == "parent" {
            return "attributes of the parent are written as `parent.x`".to_owned();
        }
        if phoenix_model::traces::Scope::ALL.into_iter().any(|scope| scope.as_str() == word) {
            return format!("attributes are written with a dot: `{word}.x`");
        }
        if word == "trace" && !rest.is_empty() {
            return "a trace has no attributes; its intrinsics are trace:duration, trace:rootName, trace:rootService and trace:id"
                .to_owned();
        }
        let scopes = ["span", "resource", "event", "link", "instrumentation", "parent"];
        if !rest.is_empty()
            && let Some(near) = nearest(word, scopes)
        {
            return format!("did you mean `{near}{rest}`?");
        }
        let known = IntrinsicName::ALL.into_iter().filter_map(IntrinsicName::unscoped);
        let values =
            ["true", "false", "nil", "error", "ok", "unset", "server", "client", "producer", "consumer", "internal", "unspecified"];
        match nearest(word, known.chain(values)) {
            Some(near) if rest.is_empty() => format!("did you mean `{near}`?"),
            _ => format!("an attribute has its scope before it, such as `span.{word}{rest}` or `.{word}{rest}`; texts stand in quotes"),
        }
    }

    /// An attribute or intrinsic, which is all that functions of metrics and `select` take.
    pub(super) fn attribute(&mut self) -> Option<FieldExpr> {
        let span = self.span();
        if let Some(kind) = self.named_field() {
            return Some(FieldExpr { kind, span: self.span_from(span.start) });
        }
        let help = match self.peek() {
            TokenKind::Word(word) => self.meant_by(word),
            _ => "here stands an attribute or an intrinsic, such as `span.http.method` or `duration`".to_owned(),
        };
        self.unexpected(&[], Some(&help));
        None
    }
}
