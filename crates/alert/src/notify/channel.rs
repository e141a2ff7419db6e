//! One message to one person or place, through the same transports as notifications: for pages.

use super::sender::{ATTEMPT_LIMIT, Tools, http_client, post_json, reveal_url, within};
use super::smtp::{self, Mail};
use super::{NotifyError, slack};
use crate::config::{SecretSource, SmtpConfig};
use crate::http::HttpConfig;
use phoenix_model::Secret;
use serde_json::json;

/// Where a person can be reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Contact {
    /// A mail address; the server is that of the alerting config's `global`.
    Email(String),
    /// A URL that takes JSON.
    Webhook(Secret),
    /// A Slack webhook of their own, or that of the config; and a channel or user.
    Slack {
        /// The address; `None`: the config's `slack_api_url`.
        url: Option<Secret>,
        /// The channel or user; `None`: what the webhook is for.
        channel: Option<String>,
    },
}

/// What is said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// One line.
    pub subject: String,
    /// As plain text.
    pub text: String,
    /// As HTML, for mail; `None`: the text alone.
    pub html: Option<String>,
    /// Where to act.
    pub link: Option<String>,
    /// The same for a message that is sent again: mail gets its Message-ID from it, webhooks see
    /// it as `dedupKey`.
    pub dedup_key: String,
}

/// The transports under one config. Get a new one after a reload.
#[derive(Clone)]
pub struct Channel {
    pub(crate) tools: Tools,
    pub(crate) smtp: Option<SmtpConfig>,
    pub(crate) slack_api_url: Option<SecretSource>,
    pub(crate) http: HttpConfig,
}

impl Channel {
    /// One attempt to deliver, of at most a minute. [`NotifyError::retryable`] says whether it is
    /// worth trying again.
    pub async fn send(&self, to: &Contact, message: &Message) -> Result<(), NotifyError> {
        let attempt = async {
            match to {
                Contact::Email(address) => self.mail(address, message).await,
                Contact::Webhook(url) => self.webhook(url, message).await,
                Contact::Slack { url, channel } => self.slack(url.as_ref(), channel.as_deref(), message).await,
            }
        };
        within(&self.tools.clock, ATTEMPT_LIMIT, attempt).await
    }

    async fn mail(&self, address: &str, message: &Message) -> Result<(), NotifyError> {
        let smtp = self.smtp.as_ref().ok_or_else(|| {
            NotifyError::permanent("no mail server is set: add `smtp_smarthost` and `smtp_from` to `global` of the alerting config")
        })?;
        if smtp.from.is_empty() {
            return Err(NotifyError::permanent("no sender is set: add `smtp_from` to `global` of the alerting config"));
        }
        let link = message.link.as_ref().map_or_else(String::new, |link| format!("\n\n{link}\n"));
        let mail = Mail {
            from: smtp.from.clone(),
            to: address.to_owned(),
            subject: message.subject.clone(),
            text: format!("{}{link}", message.text),
            html: message.html.clone().unwrap_or_default(),
            headers: Vec::new(),
            identity: format!("{} {address}", message.dedup_key),
            thread: String::new(),
            now_ms: self.tools.clock.now_ms(),
        };
        smtp::deliver(smtp, &mail, &self.tools).await
    }

    async fn webhook(&self, url: &Secret, message: &Message) -> Result<(), NotifyError> {
        let body = json!({
            "version": "1",
            "subject": message.subject,
            "text": message.text,
            "link": message.link,
            "dedupKey": message.dedup_key,
        });
        self.post(&SecretSource::Inline(url.clone()), &body).await.map(drop)
    }

    async fn slack(&self, url: Option<&Secret>, channel: Option<&str>, message: &Message) -> Result<(), NotifyError> {
        let own = url.map(|url| SecretSource::Inline(url.clone()));
        let url = own.as_ref().or(self.slack_api_url.as_ref()).ok_or_else(|| {
            NotifyError::permanent(
                "no Slack address is set: add `slack_api_url` to `global` of the alerting config, or a webhook to the person",
            )
        })?;
        let mut body = json!({
            "text": message.subject,
            "attachments": [{"fallback": message.subject, "text": message.text, "title_link": message.link, "title": message.link.as_ref().map(|_| "Open")}],
        });
        if let Some(channel) = channel {
            body["channel"] = json!(channel);
        }
        let answer = self.post(url, &body).await?;
        slack::check_answer(&answer)
    }

    async fn post(&self, url: &SecretSource, body: &serde_json::Value) -> Result<String, NotifyError> {
        let http = http_client(&self.http, &self.tools).map_err(|e| NotifyError::permanent(e.to_string()))?;
        post_json(&http, reveal_url(url, &self.tools)?, None, body.to_string().into_bytes()).await
    }
}
