//! What a rule file says, read and checked.

use phoenix_engine::Language;
use phoenix_model::Labels;
use std::sync::Arc;
use std::time::Duration;

/// A group of rules that are evaluated one after the other.
#[derive(Debug, Clone)]
pub struct GroupSpec {
    /// The file's path as the user wrote it.
    pub file: Arc<str>,
    /// The name, unique within the file.
    pub name: String,
    /// How often; the default of [`crate::Options`] when absent.
    pub interval: Option<Duration>,
    /// How far in the past the rules look; the default of [`crate::Options`] when absent.
    pub query_offset: Option<Duration>,
    /// The most series or alerts that one rule may give; 0 for no limit.
    pub limit: usize,
    /// The language of the expressions.
    pub language: Language,
    /// The rules, in order, with the group's labels already among theirs.
    pub rules: Vec<RuleSpec>,
    /// The line of the group's name, from 1.
    pub line: usize,
}

/// One rule.
#[derive(Debug, Clone)]
pub struct RuleSpec {
    /// The name of the alert or of the recorded metric.
    pub name: String,
    /// The expression, as written.
    pub expr: String,
    /// Labels to put on (templates for alerts), sorted by name; an empty value takes a label away.
    pub labels: Vec<(String, String)>,
    /// What the rule makes of its result.
    pub kind: RuleKind,
    /// Where the rule begins, from 1.
    pub line: usize,
    /// The column, in characters from 1.
    pub column: usize,
}

/// What a rule makes of its result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RuleKind {
    /// Series under the rule's name.
    Recording,
    /// Alerts.
    Alerting(AlertingSpec),
}

/// What only alerting rules have.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AlertingSpec {
    /// How long the expression must give a series before its alert fires.
    pub hold: Duration,
    /// How long an alert keeps firing after the expression stopped to give its series.
    pub keep_firing: Duration,
    /// Templates of texts for people, sorted by name.
    pub annotations: Vec<(String, String)>,
}

impl GroupSpec {
    /// `file;name`: what metrics and the state store call the group.
    pub fn key(&self) -> String {
        format!("{};{}", self.file, self.name)
    }
}

/// Positions do not count: a group that only moved within its file is the same group.
impl PartialEq for GroupSpec {
    fn eq(&self, other: &Self) -> bool {
        let essence = |g: &Self| (g.interval, g.query_offset, g.limit, g.language);
        self.file == other.file && self.name == other.name && essence(self) == essence(other) && self.rules == other.rules
    }
}

impl PartialEq for RuleSpec {
    fn eq(&self, other: &Self) -> bool {
        self.same_identity(other) && self.expr == other.expr && self.kind == other.kind
    }
}

impl RuleSpec {
    /// Whether state may pass from one to the other on a reload: same kind, name and labels.
    pub fn same_identity(&self, other: &Self) -> bool {
        let alerts = |kind: &RuleKind| matches!(kind, RuleKind::Alerting(_));
        self.name == other.name && self.labels == other.labels && alerts(&self.kind) == alerts(&other.kind)
    }

    /// The rule's labels as a set; for alerts these are templates.
    pub fn label_set(&self) -> Labels {
        Labels::from_pairs(self.labels.iter().map(|(n, v)| (n.as_str(), v.as_str())))
    }
}
