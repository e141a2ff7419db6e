//! `match`: stages for entries that a LogQL selector with line filters picks, or their end.

use super::values::compile;
use super::{Context, Entry, Flow, Pipeline};
use phoenix_logql::ast::{LineOp, LineTerm, LogExpr, StageKind};
use phoenix_model::Matcher;
use phoenix_model::logs::{LineFilter, LinePattern};
use phoenix_yaml::KeyError;
use serde::Deserialize;

/// `match`
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "RawMatch")]
pub(super) struct Match {
    matchers: Vec<Matcher>,
    filters: Vec<LineFilter>,
    drop_reason: Option<String>,
    nested: Pipeline,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawMatch {
    selector: String,
    #[serde(default)]
    #[expect(dead_code, reason = "it names a metric that Phoenix does not have")]
    pipeline_name: String,
    #[serde(default)]
    action: Action,
    drop_counter_reason: Option<String>,
    #[serde(default)]
    stages: Pipeline,
}

#[derive(Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Action {
    #[default]
    Keep,
    Drop,
}

impl TryFrom<RawMatch> for Match {
    type Error = KeyError;

    fn try_from(raw: RawMatch) -> Result<Self, KeyError> {
        let expression = phoenix_logql::parse_log(&raw.selector).map_err(|diagnostics| {
            let message = diagnostics.first().map_or_else(|| "it can't be read".to_owned(), |first| first.message.clone());
            KeyError::at("selector", format!("`{}` is not a selector: {message}", raw.selector))
        })?;
        let filters = line_filters(&expression).map_err(|message| {
            KeyError::at("selector", message).with_help("a selector is followed by `|=`, `!=`, `|~`, `!~`, `|>` or `!>` only")
        })?;
        let drops = raw.action == Action::Drop;
        if drops && !raw.stages.is_empty() {
            return Err(KeyError::at("stages", "`action: drop` takes no `stages`"));
        }
        if !drops && raw.stages.is_empty() {
            return Err(KeyError::whole("`stages` is missing or empty").with_help("give stages, or `action: drop`"));
        }
        let reason = raw.drop_counter_reason.filter(|reason| !reason.is_empty()).unwrap_or_else(|| "match_stage".to_owned());
        Ok(Self { matchers: expression.matchers, filters, drop_reason: drops.then_some(reason), nested: raw.stages })
    }
}

fn line_filters(expression: &LogExpr) -> Result<Vec<LineFilter>, String> {
    expression.stages.iter().map(|stage| line_filter(&stage.kind)).collect()
}

fn line_filter(stage: &StageKind) -> Result<LineFilter, String> {
    let StageKind::LineFilter(filter) = stage else {
        return Err("the selector of a `match` stage has a stage that is not a line filter".to_owned());
    };
    let negated = matches!(filter.op, LineOp::NotContains | LineOp::NotRegex | LineOp::NotPattern);
    let pattern = |term: &LineTerm| match (term, filter.op) {
        (LineTerm::Text(text), LineOp::Contains | LineOp::NotContains) => Ok(LinePattern::Contains(text.clone())),
        (LineTerm::Text(text), LineOp::Regex | LineOp::NotRegex) => compile(text).map(LinePattern::Regex),
        (LineTerm::Text(text), LineOp::Pattern | LineOp::NotPattern) => {
            Ok(LinePattern::Literals(text.split("<_>").map(str::to_owned).collect()))
        }
        (LineTerm::Ip(_), _) => Err("the selector of a `match` stage takes no `ip()`".to_owned()),
    };
    Ok(LineFilter { negated, alternatives: filter.alternatives.iter().map(pattern).collect::<Result<_, _>>()? })
}

impl Match {
    pub(super) fn pipeline(&self) -> &Pipeline {
        &self.nested
    }

    pub(super) fn apply(&mut self, entry: Entry, context: &mut Context<'_>) -> Flow {
        let labels = entry.labels.build();
        let picked = self.matchers.iter().all(|matcher| matcher.matches_labels(&labels))
            && self.filters.iter().all(|filter| filter.passes(&entry.line));
        if !picked {
            context.note(|| "the selector does not match".to_owned());
            return Flow::Pass(entry);
        }
        if let Some(reason) = &self.drop_reason {
            return Flow::Drop(reason.clone());
        }
        let mut out = Vec::new();
        if let Some(trace) = &mut context.trace {
            trace.enter();
        }
        self.nested.process(entry, context, &mut out);
        if let Some(trace) = &mut context.trace {
            trace.leave();
        }
        Flow::Several(out)
    }

    pub(super) fn flush(&mut self, all: bool, context: &mut Context<'_>) -> Vec<Entry> {
        let mut out = Vec::new();
        self.nested.flush(all, context, &mut out);
        out
    }
}
