//! Pages through the alerting room's transports.

use crate::escalation::PageFailure;
use crate::message::{PageMessage, Pager};
use crate::schedule::Method;
use phoenix_alert::{Alerting, Contact, Message};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

/// Sends pages as mail (by the server in the alerting config's `global`), to webhooks and to Slack.
///
/// It asks for the transports anew for every page, so that a reload of the alerting config counts at once.
pub struct ChannelPager {
    alerting: Arc<Alerting>,
}

impl ChannelPager {
    /// Through the transports of this alerting room.
    pub fn new(alerting: Arc<Alerting>) -> Self {
        Self { alerting }
    }
}

impl Pager for ChannelPager {
    fn send<'a>(&'a self, page: &'a PageMessage) -> Pin<Box<dyn Future<Output = Result<(), PageFailure>> + Send + 'a>> {
        let (to, message) = translate(page);
        let channel = self.alerting.channel();
        Box::pin(async move { channel.send(&to, &message).await.map_err(|e| PageFailure { reason: e.reason, for_good: !e.retryable }) })
    }
}

fn translate(page: &PageMessage) -> (Contact, Message) {
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
        // A mail has all links in its text.
        link: (page.contact.method != Method::Email).then(|| page.links.incident.clone()),
        dedup_key: page.key.clone(),
    };
    (to, message)
}
