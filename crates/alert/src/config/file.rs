//! The file as it is written: every key of Alertmanager's format, nothing resolved yet.

use super::inactive;
use phoenix_model::Secret;
use phoenix_yaml::{Duration, Regex, Spanned};
use serde::Deserialize;
use serde::de::IgnoredAny;
use std::collections::BTreeMap;

/// A whole file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct File {
    pub global: Global,
    pub templates: Vec<Spanned<String>>,
    pub route: Option<Spanned<Route>>,
    pub receivers: Vec<Spanned<Receiver>>,
    pub inhibit_rules: Vec<Spanned<InhibitRule>>,
    pub mute_time_intervals: Vec<Spanned<TimeInterval>>,
    pub time_intervals: Vec<Spanned<TimeInterval>>,
    pub tracing: Option<Spanned<inactive::Tracing>>,
}

/// Section `global`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Global {
    pub resolve_timeout: Option<Duration>,
    pub http_config: Option<crate::http::HttpConfig>,
    pub smtp_from: Option<String>,
    pub smtp_hello: Option<String>,
    pub smtp_smarthost: Option<Spanned<String>>,
    pub smtp_auth_username: Option<String>,
    pub smtp_auth_password: Option<Secret>,
    pub smtp_auth_password_file: Option<Spanned<String>>,
    pub smtp_auth_secret: Option<Spanned<Secret>>,
    pub smtp_auth_secret_file: Option<Spanned<String>>,
    pub smtp_auth_identity: Option<Spanned<String>>,
    pub smtp_require_tls: Option<bool>,
    pub smtp_force_implicit_tls: Option<bool>,
    pub smtp_tls_config: Option<crate::http::TlsConfig>,
    pub slack_api_url: Option<Spanned<Secret>>,
    pub slack_api_url_file: Option<Spanned<String>>,
    pub slack_app_token: Option<Secret>,
    pub slack_app_token_file: Option<Spanned<String>>,
    pub slack_app_url: Option<String>,
    // Of receivers that do not act yet; known, so that the file loads.
    pub pagerduty_url: Option<IgnoredAny>,
    pub opsgenie_api_url: Option<IgnoredAny>,
    pub opsgenie_api_key: Option<IgnoredAny>,
    pub opsgenie_api_key_file: Option<IgnoredAny>,
    pub wechat_api_url: Option<IgnoredAny>,
    pub wechat_api_secret: Option<IgnoredAny>,
    pub wechat_api_secret_file: Option<IgnoredAny>,
    pub wechat_api_corp_id: Option<IgnoredAny>,
    pub victorops_api_url: Option<IgnoredAny>,
    pub victorops_api_key: Option<IgnoredAny>,
    pub victorops_api_key_file: Option<IgnoredAny>,
    pub telegram_api_url: Option<IgnoredAny>,
    pub telegram_bot_token: Option<IgnoredAny>,
    pub telegram_bot_token_file: Option<IgnoredAny>,
    pub webex_api_url: Option<IgnoredAny>,
    pub jira_api_url: Option<IgnoredAny>,
    pub rocketchat_api_url: Option<IgnoredAny>,
    pub rocketchat_token: Option<IgnoredAny>,
    pub rocketchat_token_file: Option<IgnoredAny>,
    pub rocketchat_token_id: Option<IgnoredAny>,
    pub rocketchat_token_id_file: Option<IgnoredAny>,
    pub mattermost_webhook_url: Option<IgnoredAny>,
    pub mattermost_webhook_url_file: Option<IgnoredAny>,
}

/// One node of the routing tree.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Route {
    pub receiver: Option<Spanned<String>>,
    pub group_by: Option<Vec<Spanned<String>>>,
    #[serde(rename = "continue")]
    pub continues: Option<Spanned<bool>>,
    #[serde(rename = "match")]
    pub match_equal: Option<Spanned<BTreeMap<String, String>>>,
    pub match_re: Option<Spanned<BTreeMap<String, Regex>>>,
    pub matchers: Option<Spanned<Vec<Spanned<String>>>>,
    pub group_wait: Option<Duration>,
    pub group_interval: Option<Spanned<Duration>>,
    pub repeat_interval: Option<Spanned<Duration>>,
    pub mute_time_intervals: Vec<Spanned<String>>,
    pub active_time_intervals: Vec<Spanned<String>>,
    pub labels: Option<Spanned<BTreeMap<String, String>>>,
    pub routes: Vec<Spanned<Route>>,
}

/// One inhibition rule.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct InhibitRule {
    pub name: Option<String>,
    pub source_match: Option<BTreeMap<String, String>>,
    pub source_match_re: Option<BTreeMap<String, Regex>>,
    pub source_matchers: Option<Vec<Spanned<String>>>,
    pub target_match: Option<BTreeMap<String, String>>,
    pub target_match_re: Option<BTreeMap<String, Regex>>,
    pub target_matchers: Option<Vec<Spanned<String>>>,
    pub equal: Vec<Spanned<String>>,
}

/// A named time interval.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct TimeInterval {
    pub name: Option<Spanned<String>>,
    pub time_intervals: Vec<TimePeriod>,
}

/// What an instant has to satisfy.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct TimePeriod {
    pub times: Vec<Spanned<TimeRange>>,
    pub weekdays: Vec<Spanned<String>>,
    pub days_of_month: Vec<Spanned<String>>,
    pub months: Vec<Spanned<String>>,
    pub years: Vec<Spanned<String>>,
    pub location: Option<Spanned<String>>,
}

/// Hours of a day.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct TimeRange {
    pub start_time: Option<Spanned<String>>,
    pub end_time: Option<Spanned<String>>,
}

/// A receiver with all its integrations.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Receiver {
    pub name: Option<Spanned<String>>,
    pub labels: Option<Spanned<BTreeMap<String, String>>>,
    pub webhook_configs: Vec<Spanned<Webhook>>,
    pub email_configs: Vec<Spanned<Email>>,
    pub slack_configs: Vec<Spanned<Slack>>,
    pub discord_configs: Vec<Spanned<inactive::Discord>>,
    pub incidentio_configs: Vec<Spanned<inactive::Incidentio>>,
    pub jira_configs: Vec<Spanned<inactive::Jira>>,
    pub mattermost_configs: Vec<Spanned<inactive::Mattermost>>,
    pub msteams_configs: Vec<Spanned<inactive::Msteams>>,
    pub msteamsv2_configs: Vec<Spanned<inactive::Msteamsv2>>,
    pub opsgenie_configs: Vec<Spanned<inactive::Opsgenie>>,
    pub pagerduty_configs: Vec<Spanned<inactive::Pagerduty>>,
    pub pushover_configs: Vec<Spanned<inactive::Pushover>>,
    pub rocketchat_configs: Vec<Spanned<inactive::Rocketchat>>,
    pub sns_configs: Vec<Spanned<inactive::Sns>>,
    pub telegram_configs: Vec<Spanned<inactive::Telegram>>,
    pub victorops_configs: Vec<Spanned<inactive::Victorops>>,
    pub webex_configs: Vec<Spanned<inactive::Webex>>,
    pub wechat_configs: Vec<Spanned<inactive::Wechat>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Webhook {
    pub send_resolved: Option<bool>,
    pub url: Option<Spanned<Secret>>,
    pub url_file: Option<Spanned<String>>,
    pub http_config: Option<crate::http::HttpConfig>,
    pub max_alerts: Option<u64>,
    pub timeout: Option<Duration>,
    pub payload: Option<Spanned<IgnoredAny>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Email {
    pub send_resolved: Option<bool>,
    pub to: Option<Spanned<String>>,
    pub from: Option<String>,
    pub smarthost: Option<Spanned<String>>,
    pub hello: Option<String>,
    pub auth_username: Option<String>,
    pub auth_password: Option<Secret>,
    pub auth_password_file: Option<Spanned<String>>,
    pub auth_secret: Option<Spanned<Secret>>,
    pub auth_secret_file: Option<Spanned<String>>,
    pub auth_identity: Option<Spanned<String>>,
    pub require_tls: Option<bool>,
    pub force_implicit_tls: Option<bool>,
    pub tls_config: Option<crate::http::TlsConfig>,
    pub html: Option<String>,
    pub text: Option<String>,
    pub headers: Option<Spanned<BTreeMap<String, String>>>,
    pub threading: Option<Threading>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Threading {
    pub enabled: Option<bool>,
    pub thread_by_date: Option<Spanned<String>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Slack {
    pub send_resolved: Option<bool>,
    pub http_config: Option<crate::http::HttpConfig>,
    pub api_url: Option<Spanned<Secret>>,
    pub api_url_file: Option<Spanned<String>>,
    pub app_token: Option<Spanned<Secret>>,
    pub app_token_file: Option<Spanned<String>>,
    pub app_url: Option<String>,
    pub channel: Option<String>,
    pub username: Option<String>,
    pub color: Option<String>,
    pub title: Option<String>,
    pub title_link: Option<String>,
    pub pretext: Option<String>,
    pub text: Option<String>,
    pub message_text: Option<String>,
    pub fields: Vec<SlackField>,
    pub short_fields: Option<bool>,
    pub footer: Option<String>,
    pub fallback: Option<String>,
    pub callback_id: Option<String>,
    pub icon_emoji: Option<String>,
    pub icon_url: Option<String>,
    pub image_url: Option<String>,
    pub thumb_url: Option<String>,
    pub link_names: Option<bool>,
    pub mrkdwn_in: Option<Vec<String>>,
    pub actions: Vec<Spanned<SlackAction>>,
    pub update_message: Option<Spanned<bool>>,
    pub timeout: Option<Duration>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SlackField {
    pub title: String,
    pub value: String,
    pub short: Option<bool>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SlackAction {
    #[serde(rename = "type")]
    pub kind: String,
    pub text: String,
    #[serde(default)]
    pub url: String,
    #[serde(default)]
    pub style: String,
    #[serde(default)]
    pub name: String,
    #[serde(default)]
    pub value: String,
    pub confirm: Option<SlackConfirm>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SlackConfirm {
    pub text: String,
    #[serde(default)]
    pub title: String,
    #[serde(default)]
    pub ok_text: String,
    #[serde(default)]
    pub dismiss_text: String,
}
