//! Mail to the people of a receiver.

use super::NotifyError;
use super::sender::{Notification, Tools, render};
use super::smtp::{self, Mail};
use crate::config::EmailConfig;
use crate::config::receiver::Threading;

pub(super) async fn send(config: &EmailConfig, tools: &Tools, notification: &Notification<'_>) -> Result<(), NotifyError> {
    let text = |what: &str, text: &str| render(tools, what, text, &notification.value);
    let mut headers = Vec::new();
    for (name, value) in &config.headers {
        headers.push((name.clone(), text(name, value)?));
    }
    let html = tools.templates.render_html("html", &config.html, &notification.value).map_err(|e| NotifyError::permanent(e.to_string()))?;
    // Whoever reads mail as text gets our own when the config has none.
    let written_text = if config.text.is_empty() { "{{ template \"email.default.text\" . }}" } else { &config.text };
    let to = text("to", &config.to)?;
    let thread = match config.threading {
        None => String::new(),
        Some(Threading::Group) => format!("{} {to}", notification.group_key),
        Some(Threading::Daily) => format!("{} {to} {}", notification.group_key, notification.now_ms.div_euclid(86_400_000)),
    };
    let mail = Mail {
        from: text("from", &config.smtp.from)?,
        subject: text("subject", "{{ template \"email.default.subject\" . }}")?,
        text: text("text", written_text)?,
        html,
        headers,
        identity: format!(
            "{} {to} {:?} {:?} {:?}",
            notification.group_key, notification.previous_ms, notification.delivery.firing, notification.delivery.resolved
        ),
        to,
        thread,
        now_ms: notification.now_ms,
    };
    smtp::deliver(&config.smtp, &mail, tools).await
}
