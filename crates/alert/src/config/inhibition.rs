//! Resolving inhibition rules.

use super::{Findings, file};
use crate::inhibit::InhibitRule;
use phoenix_model::Span;
use phoenix_yaml::Spanned;

impl Findings<'_> {
    pub(super) fn inhibit_rule(&mut self, written: Spanned<file::InhibitRule>) -> InhibitRule {
        let start = Span::new(written.span.start, written.span.start);
        let rule = written.value;
        let source = self.all_matchers(rule.source_match, rule.source_match_re, &rule.source_matchers.unwrap_or_default());
        let target = self.all_matchers(rule.target_match, rule.target_match_re, &rule.target_matchers.unwrap_or_default());
        for (side, matchers) in [("source", &source), ("target", &target)] {
            if matchers.is_empty() {
                self.warning(start, format!("this rule has no `{side}_matchers`, so every alert is a {side}"));
            }
        }
        InhibitRule { name: rule.name, source, target, equal: rule.equal.into_iter().map(Spanned::into_inner).collect() }
    }
}
