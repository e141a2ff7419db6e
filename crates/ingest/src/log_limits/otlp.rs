//! What becomes of the attributes of logs that come over OTLP: Loki's `otlp_config`.
//! <https://grafana.com/docs/loki/latest/send-data/otel/>

use phoenix_yaml::{KeyError, Regex};
use serde::{Deserialize, Serialize};

/// The resource attributes that are labels if nothing else is said, as in Loki. `deployment.environment.name`
/// is the later name of `deployment.environment`.
const DEFAULT_LABELS: [&str; 18] = [
    "cloud.availability_zone",
    "cloud.region",
    "container.name",
    "deployment.environment",
    "deployment.environment.name",
    "k8s.cluster.name",
    "k8s.container.name",
    "k8s.cronjob.name",
    "k8s.daemonset.name",
    "k8s.deployment.name",
    "k8s.job.name",
    "k8s.namespace.name",
    "k8s.pod.name",
    "k8s.replicaset.name",
    "k8s.statefulset.name",
    "service.instance.id",
    "service.name",
    "service.namespace",
];

/// What becomes of attributes. What no rule names is structured metadata.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OtlpConfig {
    /// Rules for attributes of resources.
    pub resource_attributes: ResourceRules,
    /// Rules for attributes of instrumentation scopes.
    pub scope_attributes: Vec<EntryRule>,
    /// Rules for attributes of log records.
    pub log_attributes: Vec<EntryRule>,
    /// Whether `severity_text` is a label. Default false.
    pub severity_text_as_label: bool,
}

/// Rules for attributes of resources, which may become labels.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ResourceRules {
    /// Whether Loki's default list of labels does not act.
    pub ignore_defaults: bool,
    /// The rules; the first that names an attribute decides.
    pub attributes_config: Vec<AttributeRule>,
}

/// Where an attribute goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttributeAction {
    /// Into the stream's labels.
    IndexLabel,
    /// Into the structured metadata of each entry.
    StructuredMetadata,
    /// Nowhere.
    Drop,
}

/// A rule: which attributes, and where they go.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "RawRule", into = "RawRule")]
pub struct AttributeRule {
    /// Where they go.
    pub action: AttributeAction,
    /// Their names.
    pub attributes: Vec<String>,
    /// What their whole names match, in the place of `attributes`.
    pub regex: Option<Regex>,
}

/// A rule for attributes of scopes and records, which can't become labels.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "RawRule", into = "RawRule")]
pub struct EntryRule(AttributeRule);

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRule {
    action: AttributeAction,
    #[serde(default)]
    attributes: Vec<String>,
    #[serde(default, serialize_with = "pattern")]
    regex: Option<Regex>,
}

#[expect(clippy::ref_option, reason = "serde gives it so")]
fn pattern<S: serde::Serializer>(regex: &Option<Regex>, serializer: S) -> Result<S::Ok, S::Error> {
    regex.as_ref().map(Regex::pattern).serialize(serializer)
}

impl TryFrom<RawRule> for AttributeRule {
    type Error = KeyError;

    fn try_from(raw: RawRule) -> Result<Self, KeyError> {
        match (raw.attributes.is_empty(), &raw.regex) {
            (true, None) => Err(KeyError::whole("the rule names no attributes").with_help("add `attributes` or `regex`")),
            (false, Some(_)) => Err(KeyError::at("regex", "`regex` and `attributes` can't stand together")),
            _ => Ok(Self { action: raw.action, attributes: raw.attributes, regex: raw.regex }),
        }
    }
}

impl From<AttributeRule> for RawRule {
    fn from(rule: AttributeRule) -> Self {
        Self { action: rule.action, attributes: rule.attributes, regex: rule.regex }
    }
}

impl TryFrom<RawRule> for EntryRule {
    type Error = KeyError;

    fn try_from(raw: RawRule) -> Result<Self, KeyError> {
        if raw.action == AttributeAction::IndexLabel {
            return Err(KeyError::at("action", "`index_label` is for attributes of resources only")
                .with_help("write `structured_metadata` or `drop`"));
        }
        AttributeRule::try_from(raw).map(Self)
    }
}

impl From<EntryRule> for RawRule {
    fn from(rule: EntryRule) -> Self {
        rule.0.into()
    }
}

impl AttributeRule {
    fn names(&self, attribute: &str) -> bool {
        self.attributes.iter().any(|name| name == attribute) || self.regex.as_ref().is_some_and(|regex| regex.is_match(attribute))
    }
}

impl OtlpConfig {
    /// Where an attribute of a resource goes.
    pub fn resource(&self, attribute: &str) -> AttributeAction {
        let rules = &self.resource_attributes;
        if let Some(rule) = rules.attributes_config.iter().find(|rule| rule.names(attribute)) {
            return rule.action;
        }
        let is_label = !rules.ignore_defaults && DEFAULT_LABELS.contains(&attribute);
        if is_label { AttributeAction::IndexLabel } else { AttributeAction::StructuredMetadata }
    }

    /// Whether an attribute of a scope is kept.
    pub fn keeps_scope(&self, attribute: &str) -> bool {
        keeps(&self.scope_attributes, attribute)
    }

    /// Whether an attribute of a record is kept.
    pub fn keeps_log(&self, attribute: &str) -> bool {
        keeps(&self.log_attributes, attribute)
    }
}

fn keeps(rules: &[EntryRule], attribute: &str) -> bool {
    rules.iter().find(|rule| rule.0.names(attribute)).is_none_or(|rule| rule.0.action != AttributeAction::Drop)
}
