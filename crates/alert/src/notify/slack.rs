//! Slack: incoming webhooks, and `chat.postMessage` with a bot token.

use super::sender::{Notification, Tools, post_json, render, reveal, reveal_url};
use super::{FailureKind, NotifyError};
use crate::config::SlackConfig;
use phoenix_http::HttpClient;
use serde_json::{Map, Value as Json, json};

/// Slack cuts titles there.
const MAX_TITLE_CHARACTERS: usize = 1024;

pub(super) async fn send(
    config: &SlackConfig,
    http: &HttpClient,
    tools: &Tools,
    notification: &Notification<'_>,
) -> Result<(), NotifyError> {
    let body = payload(config, tools, notification)?;
    let url = reveal_url(&config.url, tools)?;
    let token = config.token.as_ref().map(|token| reveal(token, tools)).transpose()?;
    let body = serde_json::to_vec(&body).map_err(|e| NotifyError::permanent(e.to_string()))?;
    let answer = post_json(http, url, token.as_ref(), body).await?;
    check_answer(&answer)
}

/// `chat.postMessage` says what went wrong in the body of a 200; a webhook answers `ok`.
pub(super) fn check_answer(answer: &str) -> Result<(), NotifyError> {
    match serde_json::from_str::<Json>(answer) {
        Ok(Json::Object(answer)) if answer.get("ok") == Some(&Json::Bool(false)) => {
            let reason = answer.get("error").and_then(Json::as_str).unwrap_or("no reason given");
            let retryable = matches!(
                reason,
                "ratelimited" | "rate_limited" | "internal_error" | "fatal_error" | "service_unavailable" | "request_timeout"
            );
            let kind = if retryable { FailureKind::ServerError } else { FailureKind::ClientError };
            Err(NotifyError { reason: format!("Slack answered: {reason}"), retryable, retry_after: None, kind })
        }
        _ => Ok(()),
    }
}

/// The message; what is empty is left out.
fn payload(config: &SlackConfig, tools: &Tools, notification: &Notification<'_>) -> Result<Json, NotifyError> {
    let text = |what: &str, text: &str| render(tools, what, text, &notification.value);
    let mut attachment = Map::new();
    let put = |map: &mut Map<String, Json>, key: &str, value: String| {
        if !value.is_empty() {
            map.insert(key.to_owned(), Json::String(value));
        }
    };
    put(&mut attachment, "title", shortened(text("title", &config.title)?));
    put(&mut attachment, "title_link", text("title_link", &config.title_link)?);
    put(&mut attachment, "pretext", text("pretext", &config.pretext)?);
    attachment.insert("text".to_owned(), Json::String(text("text", &config.text)?));
    attachment.insert("fallback".to_owned(), Json::String(text("fallback", &config.fallback)?));
    attachment.insert("callback_id".to_owned(), Json::String(text("callback_id", &config.callback_id)?));
    if !config.fields.is_empty() {
        let mut fields = Vec::new();
        for field in &config.fields {
            fields.push(json!({
                "title": text("fields.title", &field.title)?,
                "value": text("fields.value", &field.value)?,
                "short": field.short.unwrap_or(config.short_fields),
            }));
        }
        attachment.insert("fields".to_owned(), Json::Array(fields));
    }
    put(&mut attachment, "image_url", text("image_url", &config.image_url)?);
    put(&mut attachment, "thumb_url", text("thumb_url", &config.thumb_url)?);
    attachment.insert("footer".to_owned(), Json::String(text("footer", &config.footer)?));
    put(&mut attachment, "color", text("color", &config.color)?);
    if !config.mrkdwn_in.is_empty() {
        attachment.insert("mrkdwn_in".to_owned(), json!(config.mrkdwn_in));
    }
    if !config.actions.is_empty() {
        let mut actions = Vec::new();
        for action in &config.actions {
            let mut out = Map::new();
            for (key, value) in [
                ("type", &action.kind),
                ("text", &action.text),
                ("url", &action.url),
                ("style", &action.style),
                ("name", &action.name),
                ("value", &action.value),
            ] {
                put(&mut out, key, text("actions", value)?);
            }
            if let Some(confirm) = &action.confirm {
                let mut shown = Map::new();
                for (key, value) in [
                    ("text", &confirm.text),
                    ("title", &confirm.title),
                    ("ok_text", &confirm.ok_text),
                    ("dismiss_text", &confirm.dismiss_text),
                ] {
                    put(&mut shown, key, text("actions.confirm", value)?);
                }
                out.insert("confirm".to_owned(), Json::Object(shown));
            }
            actions.push(Json::Object(out));
        }
        attachment.insert("actions".to_owned(), Json::Array(actions));
    }
    let mut message = Map::new();
    for (key, value) in [
        ("channel", &config.channel),
        ("username", &config.username),
        ("icon_emoji", &config.icon_emoji),
        ("icon_url", &config.icon_url),
        ("text", &config.message_text),
    ] {
        put(&mut message, key, text(key, value)?);
    }
    if config.link_names {
        message.insert("link_names".to_owned(), Json::Bool(true));
    }
    message.insert("attachments".to_owned(), Json::Array(vec![Json::Object(attachment)]));
    Ok(Json::Object(message))
}

fn shortened(title: String) -> String {
    if title.chars().count() <= MAX_TITLE_CHARACTERS {
        return title;
    }
    title.chars().take(MAX_TITLE_CHARACTERS - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_understood() {
        for (answer, want) in [
            ("ok", None),
            ("", None),
            (r#"{"ok":true,"ts":"1"}"#, None),
            (r#"{"ok":false,"error":"channel_not_found"}"#, Some(false)),
            (r#"{"ok":false,"error":"ratelimited"}"#, Some(true)),
        ] {
            assert_eq!(check_answer(answer).err().map(|e| e.retryable), want, "{answer}");
        }
    }
}
