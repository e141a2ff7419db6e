//! One integration, ready to send.

use super::{FailureKind, NotifyError, email, slack, webhook};
use crate::config::SecretSource;
use crate::config::receiver::{Integration, IntegrationKind};
use crate::template::Data;
use phoenix_env::{SharedClock, SharedDisk};
use phoenix_http::{ClientOptions, HttpClient, HttpConfig, HttpError};
use phoenix_model::Secret;
use phoenix_state::Delivery;
use phoenix_template::{TemplateSet, Value};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;

/// The most time that one attempt may take, whatever the config says.
pub(crate) const ATTEMPT_LIMIT: Duration = Duration::from_mins(1);
/// The most messages that one integration sends at the same time.
const CONCURRENT_SENDS: usize = 16;
/// The most bytes of an answer that are read.
const MAX_ANSWER_BYTES: usize = 16 * 1024;
/// The most bytes that a file with a secret may have.
const MAX_SECRET_BYTES: u64 = 64 * 1024;

/// What sending needs beside the integration's own settings.
#[derive(Clone)]
pub(crate) struct Tools {
    pub disk: SharedDisk,
    pub clock: SharedClock,
    pub templates: Arc<TemplateSet>,
}

/// One integration of a receiver.
pub(crate) struct Sender {
    pub integration: Integration,
    http: Option<HttpClient>,
    pub tools: Tools,
    pub permits: Semaphore,
}

/// What is to be told.
pub(crate) struct Notification<'a> {
    pub group_key: &'a str,
    pub data: &'a Data,
    pub value: Value,
    pub delivery: &'a Delivery,
    /// The delivery before this one, in milliseconds since the Unix epoch.
    pub previous_ms: Option<i64>,
    pub now_ms: i64,
}

impl Sender {
    /// Prepares an integration; fails when certificates are missing.
    pub(crate) fn new(integration: Integration, tools: &Tools) -> Result<Self, HttpError> {
        let http = match &integration.kind {
            IntegrationKind::Webhook(config) => Some(http_client(&config.http, tools)?),
            IntegrationKind::Slack(config) => Some(http_client(&config.http, tools)?),
            IntegrationKind::Email(_) => None,
        };
        Ok(Self { integration, http, tools: tools.clone(), permits: Semaphore::new(CONCURRENT_SENDS) })
    }

    /// One attempt.
    pub(crate) async fn send(&self, notification: &Notification<'_>) -> Result<(), NotifyError> {
        let own_limit = match &self.integration.kind {
            IntegrationKind::Webhook(config) => config.timeout,
            IntegrationKind::Slack(config) => config.timeout,
            IntegrationKind::Email(_) => Duration::ZERO,
        };
        let limit = if own_limit.is_zero() { ATTEMPT_LIMIT } else { own_limit.min(ATTEMPT_LIMIT) };
        let http = || self.http.as_ref().ok_or_else(|| NotifyError::permanent("there is no HTTP client"));
        let attempt = async {
            match &self.integration.kind {
                IntegrationKind::Webhook(config) => webhook::send(config, http()?, &self.tools, notification).await,
                IntegrationKind::Slack(config) => slack::send(config, http()?, &self.tools, notification).await,
                IntegrationKind::Email(config) => email::send(config, &self.tools, notification).await,
            }
        };
        within(&self.tools.clock, limit, attempt).await
    }
}

/// Gives up after `limit`.
pub(crate) async fn within<T>(
    clock: &SharedClock,
    limit: Duration,
    attempt: impl Future<Output = Result<T, NotifyError>>,
) -> Result<T, NotifyError> {
    tokio::select! {
        result = attempt => result,
        () = clock.sleep(limit) => {
            Err(NotifyError::transient(FailureKind::DeadlineExceeded, format!("no answer within {}", phoenix_model::format_duration(limit))))
        }
    }
}

pub(crate) fn http_client(config: &HttpConfig, tools: &Tools) -> Result<HttpClient, HttpError> {
    config.client(&tools.disk, ClientOptions::default())
}

/// Reads a secret: as written, or from its file.
pub(crate) fn reveal(secret: &SecretSource, tools: &Tools) -> Result<Secret, NotifyError> {
    match secret {
        SecretSource::Inline(secret) => Ok(secret.clone()),
        SecretSource::File(path) => {
            let bytes =
                tools.disk.read(path, MAX_SECRET_BYTES).map_err(|e| NotifyError::transient(FailureKind::ClientError, e.to_string()))?;
            let text = String::from_utf8(bytes).map_err(|_| NotifyError::permanent(format!("{} is not UTF-8", path.display())))?;
            Ok(Secret::new(text.trim()))
        }
    }
}

/// Reads a secret that is an address.
pub(crate) fn reveal_url(secret: &SecretSource, tools: &Tools) -> Result<url::Url, NotifyError> {
    let text = reveal(secret, tools)?;
    // The address itself is not shown: it often holds a token.
    url::Url::parse(text.expose()).map_err(|e| NotifyError::permanent(format!("the address is not a URL: {e}")))
}

/// Posts JSON; returns the beginning of the answer. 5xx and 429 can be tried again, other failures
/// of an answer cannot.
pub(crate) async fn post_json(http: &HttpClient, url: url::Url, token: Option<&Secret>, body: Vec<u8>) -> Result<String, NotifyError> {
    let other = |e: HttpError| NotifyError::transient(FailureKind::Other, e.to_string());
    let mut request = http.post(url).map_err(other)?.header("Content-Type", "application/json").body(body);
    if let Some(token) = token {
        request = request.bearer_auth(token.expose());
    }
    let mut response = http.send(request).await.map_err(other)?;
    let status = response.status();
    let retry_after =
        response.headers().get("Retry-After").and_then(|v| v.to_str().ok()).and_then(|v| v.parse().ok()).map(Duration::from_secs);
    let mut answer = Vec::new();
    while answer.len() < MAX_ANSWER_BYTES {
        match response.chunk().await {
            Ok(Some(chunk)) => answer.extend_from_slice(&chunk),
            Ok(None) => break,
            // The status has arrived: what the receiver decided is known.
            Err(_) if status.is_success() => break,
            Err(e) => return Err(other(HttpError::from_request(e))),
        }
    }
    answer.truncate(MAX_ANSWER_BYTES);
    let answer = String::from_utf8_lossy(&answer).into_owned();
    if status.is_success() {
        return Ok(answer);
    }
    let shown: String = answer.trim().chars().take(200).collect();
    let reason = format!("unexpected status {status}{}{shown}", if shown.is_empty() { "" } else { ": " });
    let retryable = status.is_server_error() || status.as_u16() == 429;
    let kind = if status.is_server_error() { FailureKind::ServerError } else { FailureKind::ClientError };
    Err(NotifyError { reason, retryable, retry_after, kind })
}

/// Renders a text of the config.
pub(crate) fn render(tools: &Tools, what: &str, text: &str, data: &Value) -> Result<String, NotifyError> {
    tools.templates.render_text(what, text, data).map_err(|e| NotifyError::permanent(e.to_string()))
}
