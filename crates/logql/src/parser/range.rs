//! Logs over a range of time: `{app="x"} | json | unwrap y [5m] offset 1h`, with the range behind
//! the selector or behind the pipeline.

use super::Parser;
use super::pipeline::Piece;
use crate::ast::{LogExpr, Stage, StageKind, Unwrap};
use crate::lexer::TokenKind;
use phoenix_model::Span;

/// What stands within the parentheses of an aggregation over a range.
pub(super) struct LogRange {
    pub logs: LogExpr,
    pub unwrap: Option<Unwrap>,
    /// Length and offset, in nanoseconds.
    pub range: Option<(i64, i64)>,
    /// Whether all stages could be read.
    pub is_whole: bool,
}

impl Parser {
    /// A selector with its pipeline, where no range is expected. `None` when it could not be read.
    pub(super) fn logs(&mut self) -> Option<LogExpr> {
        let range = self.log_range()?;
        if let Some(unwrap) = &range.unwrap {
            // Its word, which is what Loki points at.
            let word = unwrap.span.start + self.source().text[unwrap.span.start..].find("unwrap").unwrap_or(0);
            self.error_with_help(
                Span::new(word, word + "unwrap".len()),
                "syntax error: unexpected unwrap",
                "values are for aggregations over a range, such as `sum_over_time({…} | unwrap x [5m])`",
            );
        }
        Some(range.logs)
    }

    /// A selector with its pipeline, and a range in one of its two places.
    pub(super) fn log_range(&mut self) -> Option<LogRange> {
        let mut found = if self.at_symbol("(") {
            if !self.deeper() {
                return None;
            }
            self.bump();
            let inner = self.log_range();
            self.depth -= 1;
            if !self.expect_symbol(")") {
                self.recover_at(")");
            }
            inner?
        } else {
            let (matchers, selector_span) = self.selector()?;
            LogRange { logs: LogExpr { matchers, selector_span, stages: Vec::new() }, unwrap: None, range: None, is_whole: true }
        };
        self.brackets(&mut found);
        while self.starts_stage() {
            let start = self.span().start;
            match self.stage() {
                Some(piece) => self.take(piece, &mut found),
                None => found.is_whole = false,
            }
            debug_assert!(self.span().start > start || *self.peek() == TokenKind::End, "a stage takes tokens");
        }
        self.brackets(&mut found);
        Some(found)
    }

    /// Puts a stage where it belongs: behind `unwrap` only label filters may come.
    fn take(&mut self, piece: Piece, found: &mut LogRange) {
        match (piece, &mut found.unwrap) {
            (Piece::Stage(stage), None) => found.logs.stages.push(stage),
            (Piece::Unwrap(unwrap), none @ None) => *none = Some(unwrap),
            (Piece::Stage(Stage { kind: StageKind::LabelFilter(filter), span }), Some(unwrap)) => {
                unwrap.filters.push(filter);
                unwrap.span.end = span.end;
            }
            (Piece::Stage(stage), Some(_)) => {
                self.error_with_help(stage.span, "syntax error: unexpected stage after unwrap", "only label filters may follow `unwrap`");
            }
            (Piece::Unwrap(second), Some(_)) => {
                self.error(second.span, "syntax error: unexpected unwrap");
            }
        }
    }

    /// `[5m] offset 1h`, if it comes next.
    fn brackets(&mut self, found: &mut LogRange) {
        if !self.at_symbol("[") {
            return;
        }
        let start = self.bump().start;
        let length = self.range_length();
        if !self.expect_symbol("]") {
            self.recover_at("]");
        }
        let span = self.span_from(start);
        let offset = self.offset().unwrap_or(0);
        if found.range.is_some() {
            self.error(span, "syntax error: unexpected [, the range is given already");
        }
        // What could not be read was reported; any range will do in its place.
        found.range = Some((length.unwrap_or(1), offset));
    }

    fn range_length(&mut self) -> Option<i64> {
        let span = self.span();
        match *self.peek() {
            TokenKind::Duration(ns) if ns > 0 => {
                self.bump();
                Some(ns)
            }
            TokenKind::Duration(_) => {
                self.bump();
                self.error(span, "a range must be longer than 0");
                None
            }
            TokenKind::Symbol("]") => {
                self.unexpected(&["DURATION"], Some("write a range such as `[5m]`"));
                None
            }
            TokenKind::Invalid(_) => {
                let text = self.source().text[span.start..span.end].to_owned();
                let help = if text.starts_with('$') {
                    "variables of dashboards have to be replaced before a query is sent"
                } else {
                    "write a range such as `[5m]`; the units are ns, us, ms, s, m, h, d, w and y"
                };
                self.error_with_help(span, format!("not a valid duration string: {text:?}"), help);
                self.skip_to(|kind| *kind == TokenKind::Symbol("]"));
                None
            }
            _ => {
                self.unexpected(&["DURATION"], Some("write a range with its unit, such as `[5m]`"));
                self.bump();
                None
            }
        }
    }

    /// `offset 1h`, in nanoseconds, if it comes next.
    fn offset(&mut self) -> Option<i64> {
        if !self.eat_word("offset") {
            return None;
        }
        let negative = self.eat_symbol("-");
        if let TokenKind::Duration(ns) = *self.peek() {
            self.bump();
            return Some(if negative { -ns } else { ns });
        }
        self.unexpected(&["DURATION"], Some("write an offset with its unit, such as `offset 5m`"));
        None
    }
}
