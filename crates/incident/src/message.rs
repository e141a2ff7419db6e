//! What a page says, and the door through which it is sent.

use crate::escalation::{PageFailure, PageOrder};
use crate::incident::{Incident, IncidentAlert, IncidentId, moment};
use crate::link::{LINK_VALID_FOR, LinkAction, LinkClaims, LinkSigner};
use crate::schedule::{Contact, OnCallConfig};
use jiff::tz::TimeZone;
use std::fmt::Write;
use std::future::Future;
use std::pin::Pin;

/// Alerts that a message lists.
const LISTED_ALERTS: usize = 20;
/// Characters of an annotation that a message shows.
const SHOWN_TEXT: usize = 2_000;

/// Sends one message to one contact. The server puts the alerting room's transports behind it; tests record.
pub trait Pager: Send + Sync + 'static {
    /// Sends and waits for the receiver's answer. The caller sets the time limit and drops the
    /// future when it is over. `message.key` stays the same when a message is sent again after a
    /// failure or a restart: give it to receivers that can recognise repetitions.
    fn send<'a>(&'a self, message: &'a PageMessage) -> Pin<Box<dyn Future<Output = Result<(), PageFailure>> + Send + 'a>>;
}

/// A page, ready to be sent.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct PageMessage {
    /// Identifies the page across attempts: incident, round, level and person.
    pub key: String,
    /// The incident.
    pub incident: IncidentId,
    /// The person's name in the on-call file.
    pub person: String,
    /// Where to send it. Not for the message's own body.
    #[serde(skip)]
    pub contact: Contact,
    /// One line.
    pub subject: String,
    /// Plain text.
    pub text: String,
    /// The same as HTML, everything that came from elsewhere escaped.
    pub html: String,
    /// The incident's severity; may be empty.
    pub severity: String,
    /// The links in it.
    pub links: PageLinks,
}

/// The links of a page, absolute.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct PageLinks {
    /// The incident's page.
    pub incident: String,
    /// Shows a page that asks before it acknowledges.
    pub acknowledge: String,
    /// Shows a page that asks before it resolves.
    pub resolve: String,
    /// From the annotation `runbook_url`, when it is an http or https URL.
    pub runbook: Option<String>,
}

/// Where links lead: `{external_url}/incidents/INC-42`, and `{external_url}/act/TOKEN`.
#[derive(Debug, Clone)]
pub struct Links {
    /// Without a slash at the end.
    pub external_url: String,
    /// Signs what acts.
    pub signer: LinkSigner,
}

impl Links {
    fn of(&self, incident: &Incident, person: &str, now_ms: i64) -> PageLinks {
        let base = self.external_url.trim_end_matches('/');
        let expires_ms = now_ms + LINK_VALID_FOR.as_millis() as i64;
        let act = |action| {
            let claims = LinkClaims { incident: incident.id, action, person: person.to_owned(), expires_ms };
            format!("{base}/act/{}", self.signer.sign(&claims))
        };
        let runbook = incident.annotations.get("runbook_url").filter(|url| url.starts_with("https://") || url.starts_with("http://"));
        PageLinks {
            incident: format!("{base}/incidents/{}", incident.id),
            acknowledge: act(LinkAction::Acknowledge),
            resolve: act(LinkAction::Resolve),
            runbook: runbook.map(str::to_owned),
        }
    }
}

impl PageMessage {
    /// Writes the message for an order about its incident.
    pub fn new(order: &PageOrder, incident: &Incident, config: &OnCallConfig, links: &Links, now_ms: i64) -> Self {
        let links = links.of(incident, &order.person.id, now_ms);
        let zone = &config.rotation.zone;
        let first_level = config.first_level().is_some_and(|level| level.name == order.level);
        let severity = if incident.severity.is_empty() { String::new() } else { format!("{}: ", incident.severity) };
        let escalated = if first_level { String::new() } else { format!("escalated to {}: ", order.level) };
        let subject = format!("[{}] {escalated}{severity}{}", incident.id, incident.title);
        let body = Body { order, incident, zone, links: &links, opened: local(incident.round_started_ms(), zone) };
        Self {
            key: format!("{}/{}/{}/{}", order.incident, order.round, order.level, order.person.id),
            incident: order.incident,
            person: order.person.id.clone(),
            contact: order.contact.clone(),
            text: body.text(),
            html: body.html(),
            subject,
            severity: incident.severity.clone(),
            links,
        }
    }
}

struct Body<'a> {
    order: &'a PageOrder,
    incident: &'a Incident,
    zone: &'a TimeZone,
    links: &'a PageLinks,
    opened: String,
}

impl Body<'_> {
    fn description(&self) -> Option<String> {
        let text = self.incident.annotations.get("description")?;
        Some(text.trim().chars().take(SHOWN_TEXT).collect())
    }

    fn alert_lines(&self) -> Vec<String> {
        let line = |a: &IncidentAlert| format!("{} since {}", a.alert.labels, local(a.alert.starts_at_ms, self.zone));
        let mut lines: Vec<String> = self.incident.firing().take(LISTED_ALERTS).map(line).collect();
        let more = self.incident.firing().count().saturating_sub(LISTED_ALERTS);
        if more > 0 {
            lines.push(format!("and {more} more"));
        }
        lines
    }

    fn text(&self) -> String {
        let mut out = format!("{}\n\n", self.incident.title);
        if let Some(description) = self.description() {
            let _ = writeln!(out, "{description}\n");
        }
        let _ = writeln!(out, "{} was opened {}. Firing:", self.incident.id, self.opened);
        for line in self.alert_lines() {
            let _ = writeln!(out, "  - {line}");
        }
        let _ = writeln!(out, "\nAcknowledge: {}", self.links.acknowledge);
        let _ = writeln!(out, "Resolve:     {}", self.links.resolve);
        let _ = writeln!(out, "Incident:    {}", self.links.incident);
        if let Some(runbook) = &self.links.runbook {
            let _ = writeln!(out, "Runbook:     {runbook}");
        }
        let _ = writeln!(out, "\nWhy you: {}.", self.order.why);
        let _ = writeln!(out, "The acknowledge and resolve links work for 24 hours.");
        out
    }

    fn html(&self) -> String {
        let mut out = format!("<h2>{}</h2>\n", escape(&self.incident.title));
        if let Some(description) = self.description() {
            let _ = writeln!(out, "<p>{}</p>", escape(&description).replace('\n', "<br>"));
        }
        let _ = writeln!(out, "<p>{} was opened {}. Firing:</p>\n<ul>", self.incident.id, escape(&self.opened));
        for line in self.alert_lines() {
            let _ = writeln!(out, "<li><code>{}</code></li>", escape(&line));
        }
        let _ = writeln!(
            out,
            "</ul>\n<p><a href=\"{}\">Acknowledge</a> &middot; <a href=\"{}\">Resolve</a> &middot; <a href=\"{}\">Incident</a>{}</p>",
            escape(&self.links.acknowledge),
            escape(&self.links.resolve),
            escape(&self.links.incident),
            self.links.runbook.as_ref().map_or_else(String::new, |url| format!(" &middot; <a href=\"{}\">Runbook</a>", escape(url))),
        );
        let _ = writeln!(out, "<p>Why you: {}.<br>The acknowledge and resolve links work for 24 hours.</p>", escape(&self.order.why));
        out
    }
}

fn local(ms: i64, zone: &TimeZone) -> String {
    moment(ms).to_zoned(zone.clone()).strftime("%a %Y-%m-%d %H:%M:%S %Z").to_string()
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            _ => out.push(c),
        }
    }
    out
}
