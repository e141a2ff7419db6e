//! Pages go through the transports of the alerting room.

use phoenix_alert::{Alerting, Contact, Message};
use phoenix_incident::{Method, PageFailure, PageMessage, Pager};
use std::future::Future;
use std::pin::Pin;
use std::sync::OnceLock;

/// Sends pages by mail, webhook or Slack, as the alerting config in force says.
#[derive(Default)]
pub(crate) struct TransportPager {
    /// Set once at start: incidents and alerting know each other through doors only.
    alerting: OnceLock<Alerting>,
}

impl TransportPager {
    /// Gives the pager its transports.
    pub(crate) fn connect(&self, alerting: Alerting) {
        // A second call would be a mistake of the wiring; the first stays.
        let _ = self.alerting.set(alerting);
    }
}

impl Pager for TransportPager {
    fn send<'a>(&'a self, page: &'a PageMessage) -> Pin<Box<dyn Future<Output = Result<(), PageFailure>> + Send + 'a>> {
        Box::pin(async move {
            let Some(alerting) = self.alerting.get() else {
                return Err(PageFailure { reason: "Phoenix is starting".to_owned(), for_good: false });
            };
            let address = &page.contact.address;
            let to = match page.contact.method {
                Method::Email => Contact::Email(address.expose().to_owned()),
                Method::Webhook => Contact::Webhook(address.clone()),
                Method::Slack => Contact::Slack { url: Some(address.clone()), channel: None },
            };
            let message = Message {
                subject: page.subject.clone(),
                text: page.text.clone(),
                html: Some(page.html.clone()),
                // The text names the links already.
                link: None,
                dedup_key: page.key.clone(),
            };
            let sent = alerting.channel().send(&to, &message).await;
            sent.map_err(|error| PageFailure { reason: error.to_string(), for_good: !error.retryable })
        })
    }
}
