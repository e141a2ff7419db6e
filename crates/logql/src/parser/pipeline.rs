//! The stages of a pipeline.

use super::Parser;
use super::label_filter::compare_op;
use crate::ast::{
    Conversion, Extraction, LabelFormat, LabelFormatValue, LabelSelector, LineFilterExpr, LineOp, LineTerm, Stage, StageKind, Unwrap,
};
use crate::check;
use crate::lexer::TokenKind;
use phoenix_model::Span;
use phoenix_model::suggest::nearest;

/// The words that begin a stage.
const STAGES: [&str; 13] = [
    "json",
    "logfmt",
    "regexp",
    "pattern",
    "unpack",
    "decolorize",
    "line_format",
    "label_format",
    "drop",
    "keep",
    "distinct",
    "unwrap",
    "limit",
];

/// A stage, or the unwrap that ends a pipeline.
pub(super) enum Piece {
    Stage(Stage),
    Unwrap(Unwrap),
}

impl Parser {
    /// Whether the next token begins a stage.
    pub(super) fn starts_stage(&self) -> bool {
        self.at_symbol("|") || self.line_op().is_some()
    }

    fn line_op(&self) -> Option<LineOp> {
        let TokenKind::Symbol(symbol) = self.peek() else { return None };
        LineOp::ALL.into_iter().find(|op| op.as_str() == *symbol)
    }

    /// One stage. `None` when it could not be read; the error is reported, and the tokens up to the
    /// next stage are taken.
    pub(super) fn stage(&mut self) -> Option<Piece> {
        let start = self.span().start;
        let kind = if let Some(op) = self.line_op() {
            self.line_filter(op).map(StageKind::LineFilter)
        } else {
            self.bump();
            if self.at_stage_word("unwrap") {
                let unwrap = self.unwrap(start);
                if unwrap.is_none() {
                    self.skip_stage();
                }
                return unwrap.map(Piece::Unwrap);
            }
            self.piped()
        };
        if kind.is_none() {
            self.skip_stage();
        }
        kind.map(|kind| Piece::Stage(Stage { kind, span: self.span_from(start) }))
    }

    /// Skips what is left of a stage that could not be read.
    fn skip_stage(&mut self) {
        self.skip_to(|kind| {
            matches!(kind, TokenKind::Symbol("|" | "|=" | "|~" | "|>" | "[" | ")")) || matches!(kind, TokenKind::Word(w) if w == "offset")
        });
    }

    /// Whether a word comes next that begins a stage, and is not a label's name in a filter. After
    /// stages without arguments `!=` and `!~` begin a line filter.
    fn at_stage_word(&self, word: &str) -> bool {
        let without_arguments = matches!(word, "json" | "logfmt" | "unpack" | "decolorize");
        let is_name = match self.peek_after() {
            TokenKind::Symbol("!=" | "!~") => !without_arguments,
            TokenKind::Symbol("=~") => true,
            after => compare_op(after).is_some(),
        };
        self.at_word(word) && !is_name
    }

    /// What follows a `|`.
    fn piped(&mut self) -> Option<StageKind> {
        let Some(word) = STAGES.into_iter().find(|word| self.at_stage_word(word)) else {
            return self.filter_stage();
        };
        let span = self.bump();
        match word {
            "json" => self.extractions(check::json_path).map(StageKind::Json),
            "logfmt" => self.logfmt(),
            "unpack" => Some(StageKind::Unpack),
            "decolorize" => Some(StageKind::Decolorize),
            "pattern" => self.checked_string(check::pattern).map(StageKind::Pattern),
            "regexp" if !self.count_regex(span) => None,
            "regexp" => self.checked_string(check::regexp).map(StageKind::Regexp),
            "line_format" => self.checked_string(check::template).map(StageKind::LineFormat),
            "label_format" => self.label_format().map(StageKind::LabelFormat),
            "drop" => self.label_selectors().map(StageKind::Drop),
            "keep" => self.label_selectors().map(StageKind::Keep),
            "distinct" => self.names().map(StageKind::Distinct),
            _ => {
                self.error_with_help(
                    span,
                    "syntax error: unexpected IDENTIFIER",
                    "how many lines a query gives is the parameter `limit` of the request",
                );
                None
            }
        }
    }

    /// A label filter, or a word that is none.
    fn filter_stage(&mut self) -> Option<StageKind> {
        if let TokenKind::Word(word) = self.peek()
            && !matches!(self.peek_after(), TokenKind::Symbol("=~" | "!~"))
            && compare_op(self.peek_after()).is_none()
        {
            let help = match nearest(word, STAGES) {
                Some(stage) => format!("there is no stage `{word}`; did you mean `{stage}`?"),
                None => format!("`{word}` is no stage; a label filter is written as `{word}=\"x\"`"),
            };
            self.unexpected(&[], Some(&help));
            return None;
        }
        if matches!(self.peek(), TokenKind::String(_)) {
            self.unexpected(&[], Some("a filter of lines is written as `|= \"x\"`"));
            return None;
        }
        self.label_filter().map(StageKind::LabelFilter)
    }

    /// `|= "a" or "b" or ip("…")`
    fn line_filter(&mut self, op: LineOp) -> Option<LineFilterExpr> {
        let op_span = self.bump();
        let mut alternatives = Vec::new();
        loop {
            alternatives.push(self.line_term(op, op_span)?);
            if !self.eat_word("or") {
                return Some(LineFilterExpr { op, alternatives });
            }
        }
    }

    fn line_term(&mut self, op: LineOp, op_span: Span) -> Option<LineTerm> {
        if self.at_word("ip") && *self.peek_after() == TokenKind::Symbol("(") {
            if !matches!(op, LineOp::Contains | LineOp::NotContains) {
                self.error_with_help(op_span, format!("ip: invalid operation {op}"), "addresses are looked for with `|=` and `!=`");
            }
            return self.ip().map(LineTerm::Ip);
        }
        let span = self.span();
        let TokenKind::String(text) = self.peek().clone() else {
            let quotes = matches!(self.peek(), TokenKind::Word(_) | TokenKind::Number(_)).then_some("put the text in quotes");
            self.unexpected(&["STRING", "ip"], quotes);
            return None;
        };
        self.bump();
        let wrong = match op {
            LineOp::Contains | LineOp::NotContains => None,
            LineOp::Regex | LineOp::NotRegex if !self.count_regex(span) => None,
            LineOp::Regex | LineOp::NotRegex => check::regex(&text).err(),
            LineOp::Pattern | LineOp::NotPattern => check::filter_pattern(&text).err(),
        };
        if let Some(message) = wrong {
            self.error(span, message);
        }
        Some(LineTerm::Text(text))
    }

    /// A string of which `check` says what is wrong.
    fn checked_string(&mut self, check: fn(&str) -> Result<(), String>) -> Option<String> {
        let (text, span) = self.expect_string(None)?;
        if let Err(message) = check(&text) {
            self.error(span, message);
        }
        Some(text)
    }

    fn logfmt(&mut self) -> Option<StageKind> {
        let (mut strict, mut keep_empty) = (false, false);
        while let TokenKind::Flag(flag) = self.peek().clone() {
            match flag.as_str() {
                "strict" => strict = true,
                "keep-empty" => keep_empty = true,
                _ => {
                    let help = match nearest(&flag, ["strict", "keep-empty"]) {
                        Some(near) => format!("did you mean `--{near}`?"),
                        None => "`logfmt` knows `--strict` and `--keep-empty`".to_owned(),
                    };
                    self.unexpected(&[], Some(&help));
                }
            }
            self.bump();
        }
        let fields = self.extractions(|_| Ok(()))?;
        if matches!(self.peek(), TokenKind::Flag(_)) {
            self.unexpected(&[], Some("flags come right after `logfmt`"));
            return None;
        }
        Some(StageKind::Logfmt { strict, keep_empty, fields })
    }

    /// `a, b="path"`, or nothing.
    fn extractions(&mut self, check: fn(&str) -> Result<(), String>) -> Option<Vec<Extraction>> {
        let mut list = Vec::new();
        if !self.at_name() {
            return Some(list);
        }
        loop {
            let (name, name_span) = self.expect_label()?;
            let (path, span) = if self.eat_symbol("=") { self.expect_string(None)? } else { (name.clone(), name_span) };
            if let Err(message) = check(&path) {
                self.error(span, message);
            }
            list.push(Extraction { name, path });
            if !self.eat_symbol(",") {
                return Some(list);
            }
        }
    }

    /// Whether a label's name comes next, and not a word that ends the pipeline.
    fn at_name(&self) -> bool {
        match self.peek() {
            TokenKind::Word(word) => {
                *self.peek_after() == TokenKind::Symbol("=") || !matches!(word.as_str(), "and" | "or" | "unless" | "offset")
            }
            _ => false,
        }
    }

    fn label_format(&mut self) -> Option<Vec<LabelFormat>> {
        let mut list: Vec<LabelFormat> = Vec::new();
        loop {
            let (name, span) = self.expect_label()?;
            if !self.expect_symbol("=") {
                return None;
            }
            let value_span = self.span();
            let value = match self.peek().clone() {
                TokenKind::Word(source) => LabelFormatValue::Rename(source),
                TokenKind::String(text) => {
                    if let Err(message) = check::template(&text) {
                        self.error(value_span, message);
                    }
                    LabelFormatValue::Template(text)
                }
                _ => {
                    self.unexpected(&["IDENTIFIER", "STRING"], None);
                    return None;
                }
            };
            self.bump();
            if name == "__error__" {
                self.error(span, "__error__ cannot be formatted");
            } else if list.iter().any(|other| other.name == name) {
                let message = format!("multiple label name '{name}' not allowed in a single format operation");
                self.error_with_help(span, message, "write a second `| label_format`");
            }
            list.push(LabelFormat { name, value });
            if !self.eat_symbol(",") {
                return Some(list);
            }
        }
    }

    /// `a, b="x"`
    fn label_selectors(&mut self) -> Option<Vec<LabelSelector>> {
        let mut list = Vec::new();
        loop {
            let (name, _) = self.expect_label()?;
            // `| drop a != "x"` compares, as in Loki; a line filter needs a stage of its own.
            match self.match_op() {
                None => list.push(LabelSelector::Name(name)),
                Some(op) => {
                    self.bump();
                    let (value, span) = self.expect_string(None)?;
                    list.extend(self.build_matcher(name, op, value, span).map(LabelSelector::Matcher));
                }
            }
            if !self.eat_symbol(",") {
                return Some(list);
            }
        }
    }

    fn names(&mut self) -> Option<Vec<String>> {
        let mut list = Vec::new();
        loop {
            list.push(self.expect_label()?.0);
            if !self.eat_symbol(",") {
                return Some(list);
            }
        }
    }

    /// `unwrap x` or `unwrap bytes(x)`, at its word. The label filters behind it are stages still.
    fn unwrap(&mut self, start: usize) -> Option<Unwrap> {
        self.bump();
        let mut conversion = Conversion::None;
        let (mut label, span) = self.expect_label()?;
        if self.eat_symbol("(") {
            let Some(found) = Conversion::ALL.into_iter().find(|c| c.as_str().eq_ignore_ascii_case(&label)) else {
                let help = match nearest(&label, Conversion::ALL.map(Conversion::as_str)) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => "values are read by `bytes`, `duration` and `duration_seconds`".to_owned(),
                };
                self.error_with_help(span, "syntax error: unexpected IDENTIFIER", help);
                self.recover_at(")");
                return None;
            };
            conversion = found;
            label = self.expect_label()?.0;
            if !self.expect_symbol(")") {
                self.recover_at(")");
            }
        }
        Some(Unwrap { label, conversion, filters: Vec::new(), span: self.span_from(start) })
    }
}
