//! An SMTP server (RFC 5321) that takes every message: enough for a mailbox on loopback.

use super::{Inbox, MAX_MESSAGE_BYTES};
use mail_parser::MessageParser;
use phoenix_server::demo::Message;
use std::sync::Arc;
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;

/// The longest command line, in bytes.
const MAX_LINE_BYTES: usize = 4096;

/// Takes mail until the task is ended.
pub(in crate::demo) async fn serve(listener: TcpListener, inbox: Arc<Inbox>) {
    while let Ok((stream, _)) = listener.accept().await {
        let inbox = Arc::clone(&inbox);
        tokio::spawn(async move {
            let (read, mut write) = stream.into_split();
            if let Err(error) = session(BufReader::new(read), &mut write, &inbox).await {
                tracing::debug!(%error, "an SMTP session broke off");
            }
        });
    }
}

async fn session(mut read: impl AsyncBufRead + Unpin, write: &mut (impl AsyncWriteExt + Unpin), inbox: &Inbox) -> std::io::Result<()> {
    let (mut from, mut to) = (String::new(), Vec::<String>::new());
    write.write_all(b"220 phoenix-demo ESMTP\r\n").await?;
    loop {
        let Some(line) = read_line(&mut read, MAX_LINE_BYTES).await? else { return Ok(()) };
        let line = String::from_utf8_lossy(&line).trim_end().to_owned();
        let verb = line.split_ascii_whitespace().next().unwrap_or("").to_ascii_uppercase();
        let answer = match verb.as_str() {
            "EHLO" => format!("250-phoenix-demo\r\n250-8BITMIME\r\n250 SIZE {MAX_MESSAGE_BYTES}"),
            "HELO" => "250 phoenix-demo".to_owned(),
            "MAIL" => {
                from = address(&line);
                "250 OK".to_owned()
            }
            "RCPT" => {
                to.push(address(&line));
                "250 OK".to_owned()
            }
            "DATA" if to.is_empty() => "503 RCPT first".to_owned(),
            "DATA" => {
                write.write_all(b"354 end with a dot alone on a line\r\n").await?;
                match read_data(&mut read).await? {
                    Some(raw) => {
                        inbox.receive(message(&from, &to, &raw));
                        to.clear();
                        "250 OK".to_owned()
                    }
                    None => "552 the message is too long".to_owned(),
                }
            }
            "RSET" => {
                to.clear();
                "250 OK".to_owned()
            }
            "NOOP" => "250 OK".to_owned(),
            "QUIT" => {
                write.write_all(b"221 bye\r\n").await?;
                return Ok(());
            }
            _ => "502 not known here".to_owned(),
        };
        write.write_all(answer.as_bytes()).await?;
        write.write_all(b"\r\n").await?;
    }
}

/// One line with its break; `None` at the end. A line over the limit is an error.
async fn read_line(read: &mut (impl AsyncBufRead + Unpin), limit: usize) -> std::io::Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    read.take(limit as u64 + 1).read_until(b'\n', &mut line).await?;
    if line.len() > limit {
        return Err(std::io::Error::other("a line is too long"));
    }
    Ok((!line.is_empty()).then_some(line))
}

/// The message up to the lone dot; `None` when it is too long (it is read to its end all the same).
async fn read_data(read: &mut (impl AsyncBufRead + Unpin)) -> std::io::Result<Option<Vec<u8>>> {
    let (mut data, mut too_long) = (Vec::new(), false);
    loop {
        let Some(line) = read_line(read, MAX_MESSAGE_BYTES).await? else {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        };
        if line == b".\r\n" || line == b".\n" {
            return Ok((!too_long).then_some(data));
        }
        // RFC 5321, 4.5.2: a dot at the start of a line was doubled.
        let line = line.strip_prefix(b".").unwrap_or(&line);
        too_long |= data.len() + line.len() > MAX_MESSAGE_BYTES;
        if !too_long {
            data.extend_from_slice(line);
        }
    }
}

/// The address in `MAIL FROM:<a@b>` or `RCPT TO:<a@b>`.
fn address(line: &str) -> String {
    let inner = line.split_once('<').and_then(|(_, rest)| rest.split_once('>')).map(|(inner, _)| inner);
    inner.unwrap_or_else(|| line.split_once(':').map_or("", |(_, rest)| rest.trim())).to_owned()
}

fn message(from: &str, to: &[String], raw: &[u8]) -> Message {
    let parsed = MessageParser::default().parse(raw);
    let part = |body: Option<std::borrow::Cow<'_, str>>| body.map(std::borrow::Cow::into_owned);
    Message {
        id: 0,
        received_at: String::new(),
        kind: "email",
        to: to.join(", "),
        from: Some(from.to_owned()),
        subject: parsed.as_ref().and_then(|m| m.subject()).unwrap_or("(no subject)").to_owned(),
        text: parsed.as_ref().and_then(|m| part(m.body_text(0))).unwrap_or_default(),
        html: parsed.as_ref().filter(|m| m.html_body_count() > 0).and_then(|m| part(m.body_html(0))),
        links: Vec::new(),
        raw: String::from_utf8_lossy(raw).into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use phoenix_env::SimClock;

    async fn talk(script: &str) -> (Vec<String>, Vec<Message>) {
        let inbox = Inbox::new(SimClock::new(0), || {});
        let mut out = Vec::new();
        session(BufReader::new(script.as_bytes()), &mut out, &inbox).await.unwrap();
        let codes = String::from_utf8(out).unwrap().lines().map(|l| l[..4].to_owned()).collect();
        (codes, inbox.newest(10))
    }

    #[tokio::test]
    async fn a_message_is_kept_as_it_came() {
        let (codes, messages) = talk(
            "EHLO a\r\nMAIL FROM:<p@x>\r\nRCPT TO:<q@y>\r\nDATA\r\nSubject: =?utf-8?q?API_down=21?=\r\nContent-Type: text/plain\r\n\r\nsee http://l/1\r\n..dot\r\n.\r\nQUIT\r\n",
        )
        .await;
        assert_eq!(codes, ["220 ", "250-", "250-", "250 ", "250 ", "250 ", "354 ", "250 ", "221 "]);
        let message = &messages[0];
        assert_eq!((message.subject.as_str(), message.to.as_str(), message.id), ("API down!", "q@y", 1));
        assert_eq!(message.text.replace("\r\n", "\n"), "see http://l/1\n.dot\n");
        assert_eq!(message.links, ["http://l/1"]);
    }

    #[tokio::test]
    async fn wrong_order_and_unknown_verbs_are_refused() {
        let (codes, messages) = talk("DATA\r\nSTARTTLS\r\nQUIT\r\n").await;
        assert_eq!(codes, ["220 ", "503 ", "502 ", "221 "]);
        assert!(messages.is_empty());
    }
}
