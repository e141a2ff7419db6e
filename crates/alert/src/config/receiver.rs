//! Receivers and their integrations, resolved against the global settings.

use super::{Findings, SlackAction, SlackField, file};
use crate::http::{HttpConfig, TlsConfig};
use phoenix_model::{Secret, Span};
use phoenix_yaml::Spanned;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

/// A secret in the config, or in a file that is read anew for every use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretSource {
    /// As written.
    Inline(Secret),
    /// The contents of a file, without surrounding whitespace.
    File(PathBuf),
}

/// A named receiver.
#[derive(Debug, Clone)]
pub struct Receiver {
    /// Its name.
    pub name: String,
    /// What it consists of, in Alertmanager's order of kinds. Only kinds that act.
    pub integrations: Vec<Integration>,
}

impl Receiver {
    /// The texts that are templates, to check them before they are needed.
    pub(crate) fn texts(&self) -> Vec<&str> {
        let mut texts: Vec<&str> = Vec::new();
        for integration in &self.integrations {
            match &integration.kind {
                IntegrationKind::Webhook(_) => {}
                IntegrationKind::Email(email) => {
                    texts.extend([&email.to, &email.smtp.from, &email.html, &email.text].map(String::as_str));
                    texts.extend(email.headers.values().map(String::as_str));
                }
                IntegrationKind::Slack(slack) => {
                    for text in [
                        &slack.channel,
                        &slack.username,
                        &slack.color,
                        &slack.title,
                        &slack.title_link,
                        &slack.pretext,
                        &slack.text,
                        &slack.message_text,
                        &slack.footer,
                        &slack.fallback,
                        &slack.callback_id,
                        &slack.icon_emoji,
                        &slack.icon_url,
                        &slack.image_url,
                        &slack.thumb_url,
                    ] {
                        texts.push(text);
                    }
                    texts.extend(slack.fields.iter().flat_map(|field| [field.title.as_str(), field.value.as_str()]));
                    texts
                        .extend(slack.actions.iter().flat_map(|action| [action.text.as_str(), action.url.as_str(), action.value.as_str()]));
                }
            }
        }
        texts
    }
}

/// One way in which a receiver is told.
#[derive(Debug, Clone)]
pub struct Integration {
    /// Position among the receiver's integrations of its kind.
    pub position: u32,
    /// Whether the end of alerts is told too.
    pub send_resolved: bool,
    /// How.
    pub kind: IntegrationKind,
}

/// The kinds that act.
#[derive(Debug, Clone)]
pub enum IntegrationKind {
    /// `email_configs`
    Email(Box<EmailConfig>),
    /// `slack_configs`
    Slack(Box<SlackConfig>),
    /// `webhook_configs`
    Webhook(Box<WebhookConfig>),
}

impl IntegrationKind {
    /// As in Alertmanager's metrics and log: `email`, `slack`, `webhook`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Email(_) => "email",
            Self::Slack(_) => "slack",
            Self::Webhook(_) => "webhook",
        }
    }
}

/// An entry of `webhook_configs`.
#[derive(Debug, Clone)]
pub struct WebhookConfig {
    /// Where to post to.
    pub url: SecretSource,
    /// How to get there.
    pub http: HttpConfig,
    /// The most alerts in one message; 0 for all.
    pub max_alerts: u64,
    /// The most time that one attempt may take; zero for no limit of its own.
    pub timeout: Duration,
}

/// A mail server and how to log in.
#[derive(Debug, Clone)]
pub struct SmtpConfig {
    /// Host name or address.
    pub host: String,
    /// Port.
    pub port: u16,
    /// The sender; a template.
    pub from: String,
    /// What we call ourselves.
    pub hello: String,
    /// The user; empty for no authentication.
    pub username: String,
    /// Its password.
    pub password: Option<SecretSource>,
    /// Whether a connection without TLS is refused. Port 465 is TLS from the first byte.
    pub require_tls: bool,
    /// Whether TLS is spoken from the first byte; `None`: on port 465.
    pub implicit_tls: Option<bool>,
    /// Certificates.
    pub tls: TlsConfig,
}

/// An entry of `email_configs`.
#[derive(Debug, Clone)]
pub struct EmailConfig {
    /// Recipients, separated by commas; a template.
    pub to: String,
    /// The server.
    pub smtp: SmtpConfig,
    /// The body as HTML; a template.
    pub html: String,
    /// The body as text; a template.
    pub text: String,
    /// Further headers, or others in the place of `Subject`, `To`, `From`; templates.
    pub headers: BTreeMap<String, String>,
    /// Whether the mails of one group make a thread; daily or for as long as the group lives.
    pub threading: Option<Threading>,
}

/// How mails are put into threads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Threading {
    /// A new thread every day.
    Daily,
    /// One thread per group.
    Group,
}

/// An entry of `slack_configs`. All texts are templates.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "the fields are Slack's own, documented there")]
pub struct SlackConfig {
    /// Where to post to.
    pub url: SecretSource,
    /// The bot token, for `chat.postMessage`.
    pub token: Option<SecretSource>,
    /// How to get there.
    pub http: HttpConfig,
    /// The most time that one attempt may take; zero for no limit of its own.
    pub timeout: Duration,
    pub channel: String,
    pub username: String,
    pub color: String,
    pub title: String,
    pub title_link: String,
    pub pretext: String,
    pub text: String,
    pub message_text: String,
    pub(crate) fields: Vec<SlackField>,
    pub short_fields: bool,
    pub footer: String,
    pub fallback: String,
    pub callback_id: String,
    pub icon_emoji: String,
    pub icon_url: String,
    pub image_url: String,
    pub thumb_url: String,
    pub link_names: bool,
    pub mrkdwn_in: Vec<String>,
    pub(crate) actions: Vec<SlackAction>,
}

/// What `global` says for receivers that do not say otherwise.
pub(super) struct Defaults {
    pub smtp: Option<SmtpConfig>,
    smtp_from: Option<String>,
    smtp_hello: String,
    smtp_username: String,
    smtp_password: Option<SecretSource>,
    smtp_require_tls: bool,
    smtp_implicit_tls: Option<bool>,
    smtp_tls: TlsConfig,
    smarthost: Option<(String, u16)>,
    pub slack_api_url: Option<SecretSource>,
    slack_token: Option<SecretSource>,
    slack_app_url: String,
    pub http: HttpConfig,
}

const SLACK_APP_URL: &str = "https://slack.com/api/chat.postMessage";

impl Findings<'_> {
    fn http(&self, written: Option<HttpConfig>, defaults: &Defaults) -> HttpConfig {
        match written {
            Some(mut http) => {
                http.resolve_paths(self.base_dir);
                http
            }
            None => defaults.http.clone(),
        }
    }

    fn tls(&self, mut tls: TlsConfig) -> TlsConfig {
        tls.resolve_paths(self.base_dir);
        tls
    }

    /// One of `key` and `key_file`.
    fn secret(&mut self, key: &str, inline: Option<(Secret, Span)>, file: Option<&Spanned<String>>) -> Option<SecretSource> {
        match (inline, file) {
            (Some(_), Some(file)) => {
                self.error(file.span, format!("only one of `{key}` and `{key}_file` can be set"));
                None
            }
            (Some((secret, _)), None) => Some(SecretSource::Inline(secret)),
            (None, Some(file)) => Some(SecretSource::File(self.path(file))),
            (None, None) => None,
        }
    }

    fn smarthost(&mut self, written: Option<&Spanned<String>>) -> Option<(String, u16)> {
        let written = written.filter(|w| !w.is_empty())?;
        let parsed = written.rsplit_once(':').and_then(|(host, port)| Some((host.to_owned(), port.parse().ok()?)));
        match parsed {
            Some((host, port)) if !host.is_empty() => Some((host.trim_start_matches('[').trim_end_matches(']').to_owned(), port)),
            _ => {
                self.error_with_help(
                    written.span,
                    format!("`{}` is not a host with a port", written.value),
                    "write it as smtp.example.org:587",
                );
                None
            }
        }
    }

    pub(super) fn defaults(&mut self, global: &file::Global) -> Defaults {
        let bare = |secret: &Option<Secret>| secret.clone().map(|s| (s, Span::default()));
        let smtp_password = self.secret("smtp_auth_password", bare(&global.smtp_auth_password), global.smtp_auth_password_file.as_ref());
        for (key, span) in [
            ("smtp_auth_secret", global.smtp_auth_secret.as_ref().map(|s| s.span)),
            ("smtp_auth_secret_file", global.smtp_auth_secret_file.as_ref().map(|s| s.span)),
        ] {
            if let Some(span) = span {
                self.warning(span, format!("`{key}` is not acting yet: CRAM-MD5 is not spoken, PLAIN and LOGIN are"));
            }
        }
        if let Some(identity) = &global.smtp_auth_identity {
            self.not_acting(identity.span, "smtp_auth_identity");
        }
        let smarthost = self.smarthost(global.smtp_smarthost.as_ref());
        let mut defaults = Defaults {
            smtp: None,
            smtp_from: global.smtp_from.clone(),
            smtp_hello: global.smtp_hello.clone().unwrap_or_else(|| "localhost".to_owned()),
            smtp_username: global.smtp_auth_username.clone().unwrap_or_default(),
            smtp_password,
            smtp_require_tls: global.smtp_require_tls.unwrap_or(true),
            smtp_implicit_tls: global.smtp_force_implicit_tls,
            smtp_tls: global.smtp_tls_config.clone().map(|tls| self.tls(tls)).unwrap_or_default(),
            smarthost: smarthost.clone(),
            slack_api_url: self.secret(
                "slack_api_url",
                global.slack_api_url.as_ref().map(|url| (url.value.clone(), url.span)),
                global.slack_api_url_file.as_ref(),
            ),
            slack_token: self.secret("slack_app_token", bare(&global.slack_app_token), global.slack_app_token_file.as_ref()),
            slack_app_url: global.slack_app_url.clone().unwrap_or_else(|| SLACK_APP_URL.to_owned()),
            http: global.http_config.clone().map_or_else(HttpConfig::default, |mut http| {
                http.resolve_paths(self.base_dir);
                http
            }),
        };
        if let Some((host, port)) = smarthost {
            defaults.smtp = Some(SmtpConfig {
                host,
                port,
                from: defaults.smtp_from.clone().unwrap_or_default(),
                hello: defaults.smtp_hello.clone(),
                username: defaults.smtp_username.clone(),
                password: defaults.smtp_password.clone(),
                require_tls: defaults.smtp_require_tls,
                implicit_tls: defaults.smtp_implicit_tls,
                tls: defaults.smtp_tls.clone(),
            });
        }
        defaults
    }

    pub(super) fn receivers(&mut self, written: Vec<Spanned<file::Receiver>>, defaults: &Defaults) -> BTreeMap<String, Receiver> {
        let mut receivers = BTreeMap::new();
        for receiver in written {
            let start = Span::new(receiver.span.start, receiver.span.start);
            let receiver = receiver.value;
            let Some(name) = receiver.name.clone().filter(|name| !name.is_empty()) else {
                self.error(start, "this receiver has no `name`");
                continue;
            };
            let resolved = self.receiver(&name, receiver, defaults);
            if receivers.insert(name.value.clone(), resolved).is_some() {
                self.error(name.span, format!("there are two receivers named `{}`", name.value));
            }
        }
        receivers
    }

    fn receiver(&mut self, name: &Spanned<String>, written: file::Receiver, defaults: &Defaults) -> Receiver {
        if let Some(labels) = &written.labels {
            self.not_acting(labels.span, "labels");
        }
        macro_rules! warn_of {
            ($($key:ident),*) => {
                // Shown at the receiver's name: the entry itself holds secrets.
                $(if !written.$key.is_empty() {
                    self.not_acting(name.span, stringify!($key));
                })*
            };
        }
        warn_of!(
            discord_configs,
            incidentio_configs,
            jira_configs,
            mattermost_configs,
            msteams_configs,
            msteamsv2_configs,
            opsgenie_configs,
            pagerduty_configs,
            pushover_configs,
            rocketchat_configs,
            sns_configs,
            telegram_configs,
            victorops_configs,
            webex_configs,
            wechat_configs
        );
        let mut integrations = Vec::new();
        let mut position = 0;
        for entry in written.webhook_configs {
            let send_resolved = entry.send_resolved.unwrap_or(true);
            if let Some(webhook) = self.webhook(entry, defaults) {
                integrations.push(Integration { position, send_resolved, kind: IntegrationKind::Webhook(Box::new(webhook)) });
            }
            position += 1;
        }
        position = 0;
        for entry in written.email_configs {
            let send_resolved = entry.send_resolved.unwrap_or(false);
            if let Some(email) = self.email(entry, defaults) {
                integrations.push(Integration { position, send_resolved, kind: IntegrationKind::Email(Box::new(email)) });
            }
            position += 1;
        }
        position = 0;
        for entry in written.slack_configs {
            let send_resolved = entry.send_resolved.unwrap_or(false);
            if let Some(slack) = self.slack(entry, defaults) {
                integrations.push(Integration { position, send_resolved, kind: IntegrationKind::Slack(Box::new(slack)) });
            }
            position += 1;
        }
        Receiver { name: name.value.clone(), integrations }
    }

    fn webhook(&mut self, written: Spanned<file::Webhook>, defaults: &Defaults) -> Option<WebhookConfig> {
        let start = Span::new(written.span.start, written.span.start);
        let written = written.value;
        if let Some(payload) = &written.payload {
            self.not_acting(payload.span, "payload");
        }
        if let Some(url) = &written.url {
            self.check_url(url);
        }
        if written.url.is_none() && written.url_file.is_none() {
            self.error(start, "a webhook needs `url` or `url_file`");
        }
        let url = self.secret("url", written.url.map(|url| (url.value, url.span)), written.url_file.as_ref())?;
        Some(WebhookConfig {
            url,
            http: self.http(written.http_config, defaults),
            max_alerts: written.max_alerts.unwrap_or(0),
            timeout: written.timeout.map_or(Duration::ZERO, phoenix_yaml::Duration::get),
        })
    }

    /// A URL in the config has to be whole; its text is not repeated, since it may hold a token.
    fn check_url(&mut self, url: &Spanned<Secret>) {
        if let Err(reason) = phoenix_yaml::Url::parse(url.expose()) {
            self.error_with_help(url.span, format!("this is not a URL: {reason}"), "write it whole, as in https://host/path");
        }
    }

    fn email(&mut self, written: Spanned<file::Email>, defaults: &Defaults) -> Option<EmailConfig> {
        let start = Span::new(written.span.start, written.span.start);
        let written = written.value;
        let smarthost = match &written.smarthost {
            Some(_) => self.smarthost(written.smarthost.as_ref()),
            None => defaults.smarthost.clone(),
        };
        if written.smarthost.is_none() && smarthost.is_none() {
            self.error_with_help(start, "no mail server is set", "set `smarthost` here or `smtp_smarthost` under `global`");
        }
        let from = written.from.or_else(|| defaults.smtp_from.clone());
        if from.is_none() {
            self.error_with_help(start, "no sender is set", "set `from` here or `smtp_from` under `global`");
        }
        let Some(to) = written.to.filter(|to| !to.is_empty()) else {
            self.error(start, "an email needs `to`");
            return None;
        };
        for (key, span) in [
            ("auth_secret", written.auth_secret.as_ref().map(|s| s.span)),
            ("auth_secret_file", written.auth_secret_file.as_ref().map(|s| s.span)),
        ] {
            if let Some(span) = span {
                self.warning(span, format!("`{key}` is not acting yet: CRAM-MD5 is not spoken, PLAIN and LOGIN are"));
            }
        }
        if let Some(identity) = &written.auth_identity {
            self.not_acting(identity.span, "auth_identity");
        }
        let password =
            self.secret("auth_password", written.auth_password.map(|p| (p, Span::default())), written.auth_password_file.as_ref());
        let mut headers = BTreeMap::new();
        if let Some(written) = written.headers {
            for (name, value) in written.value {
                let canonical = canonical_header(&name);
                if headers.insert(canonical.clone(), value).is_some() {
                    self.error(written.span, format!("the header `{canonical}` stands twice"));
                }
            }
        }
        let threading = written.threading.filter(|t| t.enabled.unwrap_or(false)).map(|threading| match &threading.thread_by_date {
            None => Threading::Daily,
            Some(by) if by.as_str() == "daily" => Threading::Daily,
            Some(by) if by.as_str() == "none" => Threading::Group,
            Some(by) => {
                self.error(by.span, format!("`{}` is not a kind of thread: `daily` or `none`", by.value));
                Threading::Daily
            }
        });
        let (host, port) = smarthost?;
        Some(EmailConfig {
            to: to.value,
            smtp: SmtpConfig {
                host,
                port,
                from: from?,
                hello: written.hello.unwrap_or_else(|| defaults.smtp_hello.clone()),
                username: written.auth_username.unwrap_or_else(|| defaults.smtp_username.clone()),
                password: password.or_else(|| defaults.smtp_password.clone()),
                require_tls: written.require_tls.unwrap_or(defaults.smtp_require_tls),
                implicit_tls: written.force_implicit_tls.or(defaults.smtp_implicit_tls),
                tls: written.tls_config.map_or_else(|| defaults.smtp_tls.clone(), |tls| self.tls(tls)),
            },
            html: written.html.unwrap_or_else(|| default_template("email.default.html")),
            text: written.text.unwrap_or_default(),
            headers,
            threading,
        })
    }

    fn slack(&mut self, written: Spanned<file::Slack>, defaults: &Defaults) -> Option<SlackConfig> {
        let start = Span::new(written.span.start, written.span.start);
        let written = written.value;
        if let Some(update) = written.update_message.as_ref().filter(|update| ***update) {
            self.not_acting(update.span, "update_message");
        }
        if let Some(url) = &written.api_url {
            self.check_url(url);
        }
        for action in &written.actions {
            if action.url.is_empty() && (action.name.is_empty() || action.value.value.is_empty()) {
                self.error(action.span, "an action needs `url`, or `name` and `value`");
            }
        }
        let own_token = self.secret("app_token", written.app_token.map(|t| (t.value, t.span)), written.app_token_file.as_ref());
        let own_url = self.secret("api_url", written.api_url.map(|url| (url.value, url.span)), written.api_url_file.as_ref());
        let app_url = || SecretSource::Inline(Secret::new(written.app_url.clone().unwrap_or_else(|| defaults.slack_app_url.clone())));
        let (url, token) = match (own_url, own_token) {
            (Some(url), token) => (Some(url), token),
            (None, Some(token)) => (Some(app_url()), Some(token)),
            (None, None) if defaults.slack_api_url.is_some() => (defaults.slack_api_url.clone(), None),
            (None, None) => (defaults.slack_token.is_some().then(app_url), defaults.slack_token.clone()),
        };
        let Some(url) = url else {
            self.error_with_help(
                start,
                "no Slack address is set",
                "set `api_url` or `api_url_file` here, or `slack_api_url` or `slack_app_token` under `global`",
            );
            return None;
        };
        let or_default = |text: Option<String>, name: &str| text.unwrap_or_else(|| default_template(name));
        Some(SlackConfig {
            url,
            token,
            http: self.http(written.http_config, defaults),
            timeout: written.timeout.map_or(Duration::ZERO, phoenix_yaml::Duration::get),
            channel: written.channel.unwrap_or_default(),
            username: or_default(written.username, "slack.default.username"),
            color: or_default(written.color, "slack.default.color"),
            title: or_default(written.title, "slack.default.title"),
            title_link: or_default(written.title_link, "slack.default.titlelink"),
            pretext: or_default(written.pretext, "slack.default.pretext"),
            text: or_default(written.text, "slack.default.text"),
            message_text: written.message_text.unwrap_or_default(),
            fields: written.fields,
            short_fields: written.short_fields.unwrap_or(false),
            footer: or_default(written.footer, "slack.default.footer"),
            fallback: or_default(written.fallback, "slack.default.fallback"),
            callback_id: or_default(written.callback_id, "slack.default.callbackid"),
            icon_emoji: or_default(written.icon_emoji, "slack.default.iconemoji"),
            icon_url: or_default(written.icon_url, "slack.default.iconurl"),
            image_url: written.image_url.unwrap_or_default(),
            thumb_url: written.thumb_url.unwrap_or_default(),
            link_names: written.link_names.unwrap_or(false),
            mrkdwn_in: written.mrkdwn_in.unwrap_or_else(|| ["fallback", "pretext", "text"].map(str::to_owned).to_vec()),
            actions: written.actions.into_iter().map(Spanned::into_inner).collect(),
        })
    }
}

fn default_template(name: &str) -> String {
    if name == "slack.default.color" {
        return "{{ if eq .Status \"firing\" }}danger{{ else }}good{{ end }}".to_owned();
    }
    format!("{{{{ template \"{name}\" . }}}}")
}

/// `x-priority` → `X-Priority`, as mail headers are compared without regard to case.
fn canonical_header(name: &str) -> String {
    let word = |word: &str| {
        let mut chars = word.chars();
        chars.next().map_or_else(String::new, |first| first.to_uppercase().collect::<String>() + &chars.as_str().to_lowercase())
    };
    name.split('-').map(word).collect::<Vec<_>>().join("-")
}
