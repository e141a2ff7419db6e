//! One test message through the transports that notifications and pages use.

use crate::config::Overrides;
use crate::current::Current;
use phoenix_alert::{AlertConfig, Channel, Contact, Message};
use phoenix_env::{SharedClock, SharedDisk};
use phoenix_incident::Method;
use phoenix_model::{Diagnostic, Source};
use std::path::Path;

/// To whom.
#[derive(Debug, Clone)]
pub enum Target {
    /// All integrations of a receiver.
    Receiver(String),
    /// All contact methods of a person.
    Person(String),
}

/// What became of one message.
#[derive(Debug)]
pub struct Outcome {
    /// To whom, in words.
    pub to: String,
    /// Why it could not be sent.
    pub error: Option<String>,
}

/// Why nothing was sent.
#[derive(Debug)]
pub struct TestError {
    /// In words.
    pub message: String,
    /// What is wrong with the configuration.
    pub diagnostics: Vec<Diagnostic>,
}

impl TestError {
    fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), diagnostics: Vec::new() }
    }
}

/// Sends a test message with the configuration of a file: `phoenix.yaml` or an Alertmanager config.
pub async fn send(path: &Path, target: &Target, clock: SharedClock, disk: SharedDisk) -> Result<Vec<Outcome>, TestError> {
    let unusable = |diagnostics| TestError { message: format!("{} can't be used", path.display()), diagnostics };
    let text = disk.read(path, 16 << 20).map_err(|e| TestError::new(e.to_string()))?;
    let source = Source::new(path.display().to_string(), String::from_utf8_lossy(&text).into_owned());
    let is_alertmanager = phoenix_yaml::keys(&source).iter().any(|key| matches!(key.path.as_str(), "route" | "receivers"));
    let (alerting, on_call) = if is_alertmanager {
        (AlertConfig::parse(&source, path.parent().unwrap_or(Path::new(""))).map_err(unusable)?.0, None)
    } else {
        let current = Current::read(Some(path), &Overrides::default(), &disk).map_err(unusable)?;
        (current.alerting, current.on_call)
    };
    match target {
        Target::Receiver(name) => {
            let Some(known) = alerting.receivers.get(name) else {
                let names: Vec<&str> = alerting.receivers.keys().map(String::as_str).collect();
                return Err(TestError::new(format!("there is no receiver `{name}`; there are: {}", names.join(", "))));
            };
            if known.integrations.is_empty() {
                return Err(TestError::new(format!("the receiver `{name}` has no integration that acts, so nothing can be sent")));
            }
            let sent =
                phoenix_alert::notify::send_trial(&alerting, name, &clock, &disk).await.map_err(|e| TestError::new(e.to_string()))?;
            Ok(sent.into_iter().map(|(to, result)| Outcome { to, error: result.err().map(|e| e.to_string()) }).collect())
        }
        Target::Person(name) => {
            let on_call = on_call.unwrap_or_default();
            let Some(person) = on_call.people.get(name) else {
                let names: Vec<&str> = on_call.people.keys().map(String::as_str).collect();
                return Err(TestError::new(format!("there is no person `{name}` in the on-call file; there are: {}", names.join(", "))));
            };
            let channel = Channel::of(&alerting, &clock, &disk).map_err(|e| TestError::new(e.to_string()))?;
            let mut outcomes = Vec::new();
            for contact in &person.contacts {
                let address = &contact.address;
                let to = match contact.method {
                    Method::Email => Contact::Email(address.expose().to_owned()),
                    Method::Webhook => Contact::Webhook(address.clone()),
                    Method::Slack => Contact::Slack { url: Some(address.clone()), channel: None },
                };
                let message = Message {
                    subject: "[TEST] Phoenix can reach you".to_owned(),
                    text: format!("This is a test of how Phoenix pages {name}. Nothing is wrong."),
                    html: None,
                    link: None,
                    dedup_key: format!("test/{name}/{}", clock.now_ms()),
                };
                let error = channel.send(&to, &message).await.err().map(|e| e.to_string());
                outcomes.push(Outcome { to: format!("{name} by {contact}"), error });
            }
            Ok(outcomes)
        }
    }
}
