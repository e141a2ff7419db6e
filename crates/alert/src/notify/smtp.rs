//! Delivering a mail to the configured server.

use super::sender::{Tools, reveal};
use super::{FailureKind, NotifyError};
use crate::config::SmtpConfig;
use crate::fingerprint::hex;
use crate::http::TlsConfig;
use lettre::address::Envelope;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, Mailboxes, Message, MultiPart, SinglePart};
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{Certificate, Identity, Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};
use sha2::{Digest, Sha256};
use std::time::{Duration, UNIX_EPOCH};

/// Where TLS is spoken from the first byte (RFC 8314).
const SUBMISSIONS_PORT: u16 = 465;
const MAX_CERTIFICATE_BYTES: u64 = 1 << 20;
/// The most recipients of one mail.
const MAX_RECIPIENTS: usize = 100;

/// A mail to send.
pub(super) struct Mail {
    pub from: String,
    /// Addresses separated by commas.
    pub to: String,
    pub subject: String,
    pub text: String,
    pub html: String,
    /// Further headers, in order; they take the place of ours of the same name.
    pub headers: Vec<(String, String)>,
    /// What makes the mail the same when it is sent again: its Message-ID follows from it, so that
    /// servers and clients can drop the second copy.
    pub identity: String,
    /// What makes mails one thread; empty for none.
    pub thread: String,
    pub now_ms: i64,
}

/// Sends a mail; returns once the server has taken it.
pub(super) async fn deliver(smtp: &SmtpConfig, mail: &Mail, tools: &Tools) -> Result<(), NotifyError> {
    let message = compose(mail)?;
    let transport = transport(smtp, tools)?;
    match transport.send(message).await {
        Ok(_) => Ok(()),
        Err(error) => Err(refused(&smtp.host, smtp.port, &error)),
    }
}

fn refused(host: &str, port: u16, error: &lettre::transport::smtp::Error) -> NotifyError {
    let mut reason = format!("mail server {host}:{port}: {error}");
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        let text = inner.to_string();
        if !reason.contains(&text) {
            reason.push_str(": ");
            reason.push_str(&text);
        }
        cause = inner.source();
    }
    if error.is_permanent() {
        // A 5xx answer: the server has understood and will not take it. That it takes it in a
        // minute is as unlikely as with a 4xx of HTTP.
        return NotifyError::permanent(reason);
    }
    let kind = if error.is_transient() {
        FailureKind::ServerError
    } else if error.is_timeout() {
        FailureKind::DeadlineExceeded
    } else {
        FailureKind::Other
    };
    NotifyError::transient(kind, reason)
}

fn transport(smtp: &SmtpConfig, tools: &Tools) -> Result<AsyncSmtpTransport<Tokio1Executor>, NotifyError> {
    let implicit = smtp.implicit_tls.unwrap_or(smtp.port == SUBMISSIONS_PORT);
    let tls = if implicit {
        Tls::Wrapper(tls_parameters(smtp, tools)?)
    } else if smtp.require_tls {
        Tls::Required(tls_parameters(smtp, tools)?)
    } else {
        Tls::None
    };
    let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&smtp.host)
        .port(smtp.port)
        .tls(tls)
        .hello_name(ClientId::Domain(smtp.hello.clone()))
        // The time limit is the caller's, by its own clock.
        .timeout(None);
    if !smtp.username.is_empty() {
        let password = smtp.password.as_ref().map(|password| reveal(password, tools)).transpose()?.unwrap_or_default();
        builder = builder
            .credentials(Credentials::new(smtp.username.clone(), password.expose().to_owned()))
            .authentication(vec![Mechanism::Plain, Mechanism::Login]);
    }
    Ok(builder.build())
}

fn tls_parameters(smtp: &SmtpConfig, tools: &Tools) -> Result<TlsParameters, NotifyError> {
    let TlsConfig { ca, ca_file, cert, cert_file, key, key_file, server_name, insecure_skip_verify, .. } = &smtp.tls;
    let wrong = |what: &str, reason: &dyn std::fmt::Display| NotifyError::permanent(format!("tls_config: the {what} is wrong: {reason}"));
    let load = |inline: &str, file: &Option<std::path::PathBuf>| -> Result<Option<Vec<u8>>, NotifyError> {
        match file {
            Some(path) => tools.disk.read(path, MAX_CERTIFICATE_BYTES).map(Some).map_err(|e| NotifyError::permanent(e.to_string())),
            None => Ok((!inline.is_empty()).then(|| inline.as_bytes().to_vec())),
        }
    };
    let name = if server_name.is_empty() { smtp.host.clone() } else { server_name.clone() };
    let mut builder = TlsParameters::builder(name).dangerous_accept_invalid_certs(*insecure_skip_verify);
    if let Some(pem) = load(ca, ca_file)? {
        builder = builder.add_root_certificate(Certificate::from_pem(&pem).map_err(|e| wrong("CA certificate", &e))?);
    }
    match (load(cert, cert_file)?, load(key.expose(), key_file)?) {
        (Some(certificate), Some(key)) => {
            builder = builder.identify_with(Identity::from_pem(&certificate, &key).map_err(|e| wrong("client certificate or key", &e))?);
        }
        (None, None) => {}
        _ => return Err(wrong("client certificate", &"a certificate needs its key, and a key its certificate")),
    }
    builder.build_rustls().map_err(|e| wrong("configuration", &e))
}

fn compose(mail: &Mail) -> Result<Message, NotifyError> {
    let wrong = |what: &str, e: &dyn std::fmt::Display| NotifyError::permanent(format!("the mail's {what} is wrong: {e}"));
    let from: Mailbox = mail.from.parse().map_err(|e| wrong("sender", &format!("{:?}: {e}", mail.from)))?;
    let to: Mailboxes = mail.to.parse().map_err(|e| wrong("list of recipients", &format!("{:?}: {e}", mail.to)))?;
    let recipients: Vec<_> = to.iter().map(|mailbox| mailbox.email.clone()).collect();
    if recipients.is_empty() || recipients.len() > MAX_RECIPIENTS {
        return Err(wrong(
            "list of recipients",
            &format!("it has {} addresses; at least 1 and at most {MAX_RECIPIENTS}", recipients.len()),
        ));
    }
    let domain = from.email.domain().to_owned();
    let envelope = Envelope::new(Some(from.email.clone()), recipients).map_err(|e| wrong("envelope", &e))?;
    let overridden = |name: &str| mail.headers.iter().any(|(header, _)| header.eq_ignore_ascii_case(name));
    let mut builder = Message::builder()
        .envelope(envelope)
        .message_id(Some(format!("<{}@{domain}>", digest(&mail.identity))))
        .date(UNIX_EPOCH + Duration::from_millis(mail.now_ms.max(0) as u64))
        .user_agent("Phoenix".to_owned());
    // lettre insists on a sender; a header of the config takes its place afterwards.
    builder = builder.from(from);
    if !overridden("To") {
        for mailbox in to {
            builder = builder.to(mailbox);
        }
    }
    if !overridden("Subject") {
        builder = builder.subject(one_line(&mail.subject));
    }
    if !mail.thread.is_empty() {
        let root = format!("<{}@{domain}>", digest(&mail.thread));
        builder = builder.references(root.clone()).in_reply_to(root);
    }
    let mut message = match (mail.text.is_empty(), mail.html.is_empty()) {
        (false, false) => builder.multipart(MultiPart::alternative_plain_html(mail.text.clone(), mail.html.clone())),
        (true, false) => builder.multipart(MultiPart::alternative().singlepart(SinglePart::html(mail.html.clone()))),
        (_, true) => builder.singlepart(SinglePart::plain(mail.text.clone())),
    }
    .map_err(|e| wrong("content", &e))?;
    for (name, value) in &mail.headers {
        let header = HeaderName::new_from_ascii(name.clone()).map_err(|e| wrong("header", &format!("{name:?}: {e}")))?;
        message.headers_mut().insert_raw(HeaderValue::new(header, one_line(value)));
    }
    Ok(message)
}

/// A line break would begin another header.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn digest(identity: &str) -> String {
    hex(&Sha256::digest(identity.as_bytes())[..16])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mail() -> Mail {
        Mail {
            from: "Phoenix <alerts@example.org>".to_owned(),
            to: "a@example.org, B <b@example.org>".to_owned(),
            subject: "one\r\nBcc: evil@example.org".to_owned(),
            text: "text".to_owned(),
            html: "<p>html</p>".to_owned(),
            headers: vec![("X-Team".to_owned(), "ops".to_owned())],
            identity: "group 1".to_owned(),
            thread: "group".to_owned(),
            now_ms: 1_700_000_000_000,
        }
    }

    #[test]
    fn a_mail_is_the_same_when_it_is_sent_again() {
        let first = compose(&mail()).unwrap();
        let (first, second) = (String::from_utf8(first.formatted()).unwrap(), compose(&mail()).unwrap());
        let header = |text: &str, name: &str| text.lines().find(|line| line.starts_with(name)).map(str::to_owned);
        let second = String::from_utf8(second.formatted()).unwrap();
        assert!(header(&first, "Message-ID:").is_some_and(|id| id.ends_with("@example.org>")), "{first}");
        assert_eq!(header(&first, "Message-ID:"), header(&second, "Message-ID:"));
        assert_eq!(header(&first, "Subject:").as_deref(), Some("Subject: one Bcc: evil@example.org"));
        assert_eq!(header(&first, "X-Team:").as_deref(), Some("X-Team: ops"));
        assert_eq!(header(&first, "Date:").as_deref(), Some("Date: Tue, 14 Nov 2023 22:13:20 +0000"));
        assert!(header(&first, "References:").is_some() && header(&first, "Bcc:").is_none(), "{first}");
    }

    #[test]
    fn wrong_addresses_are_named() {
        for (from, to, want) in [
            ("nobody", "a@example.org", "the mail's sender is wrong"),
            ("a@example.org", "a@example.org, b", "the mail's list of recipients is wrong"),
            ("a@example.org", "", "the mail's list of recipients is wrong"),
        ] {
            let error = compose(&Mail { from: from.to_owned(), to: to.to_owned(), ..mail() }).unwrap_err();
            assert!(error.reason.starts_with(want) && !error.retryable, "{error}");
        }
    }
}
