//! Syslog messages: RFC 5424 and RFC 3164.

use crate::collect::pipeline::Layout;
use phoenix_model::LabelsBuilder;
use std::borrow::Cow;
use std::net::IpAddr;

/// Parameters of structured data that one message may have.
const PARAMETERS_LIMIT: usize = 200;

const SEVERITIES: [&str; 8] = ["emergency", "alert", "critical", "error", "warning", "notice", "informational", "debug"];
/// As `syslog(3)` names them, and rsyslog where that has no name.
const FACILITIES: [&str; 24] = [
    "kern",
    "user",
    "mail",
    "daemon",
    "auth",
    "syslog",
    "lpr",
    "news",
    "uucp",
    "cron",
    "authpriv",
    "ftp",
    "ntp",
    "security",
    "console",
    "solaris-cron",
    "local0",
    "local1",
    "local2",
    "local3",
    "local4",
    "local5",
    "local6",
    "local7",
];

/// A message.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Message {
    pub(super) facility: u8,
    pub(super) severity: u8,
    /// Nanoseconds since the Unix epoch.
    pub(super) timestamp_ns: Option<i64>,
    pub(super) hostname: Option<String>,
    pub(super) app_name: Option<String>,
    pub(super) proc_id: Option<String>,
    pub(super) msg_id: Option<String>,
    /// Structured data: element, parameter, value.
    pub(super) structured: Vec<(String, String, String)>,
    pub(super) text: String,
}

impl Message {
    /// Reads a message of either RFC: the version `1` after the priority tells them apart, so senders need not be
    /// set to the format that their receiver expects.
    pub(super) fn parse(bytes: &[u8], now_ns: i64) -> Result<Self, &'static str> {
        let text = String::from_utf8_lossy(bytes);
        let (priority, rest) = priority(&text).ok_or("it does not begin with a priority, as `<34>`")?;
        let mut message = Self { facility: priority >> 3, severity: priority & 7, ..Self::default() };
        let fits = message.read_5424(rest) || message.read_3164(rest, now_ns);
        if !fits {
            // RFC 3164, 4.3.3: what is not known is all content.
            rest.clone_into(&mut message.text);
        }
        while message.text.ends_with(['\n', '\r', '\0']) {
            message.text.pop();
        }
        Ok(message)
    }

    fn read_5424(&mut self, text: &str) -> bool {
        let mut read = Self { facility: self.facility, severity: self.severity, ..Self::default() };
        let mut words = text.splitn(7, ' ');
        let mut word = || words.next();
        let (Some("1"), Some(time), Some(host), Some(app), Some(process), Some(id), Some(rest)) =
            (word(), word(), word(), word(), word(), word(), word())
        else {
            return false;
        };
        let given = |word: &str| (word != "-").then(|| word.to_owned());
        if let Some(time) = given(time) {
            match Layout::new("2006-01-02T15:04:05Z07:00").parse(&time, None, 0) {
                Ok(timestamp_ns) => read.timestamp_ns = Some(timestamp_ns),
                Err(_) => return false,
            }
        }
        (read.hostname, read.app_name, read.proc_id, read.msg_id) = (given(host), given(app), given(process), given(id));
        let Some(rest) = structured_data(rest, &mut read.structured) else { return false };
        let rest = rest.strip_prefix(' ').unwrap_or(rest);
        rest.strip_prefix('\u{feff}').unwrap_or(rest).clone_into(&mut read.text);
        *self = read;
        true
    }

    fn read_3164(&mut self, text: &str, now_ns: i64) -> bool {
        const TIME_LENGTH: usize = "Jan _2 15:04:05".len();
        let Some((time, rest)) = text.split_at_checked(TIME_LENGTH) else { return false };
        let (timestamp_ns, rest) = if let Ok(timestamp_ns) = Layout::new("Jan _2 15:04:05").parse(time, None, now_ns) {
            (timestamp_ns, rest)
        } else {
            // Many senders write RFC 3339 instead.
            let (time, rest) = text.split_once(' ').unwrap_or((text, ""));
            let Ok(timestamp_ns) = Layout::new("2006-01-02T15:04:05Z07:00").parse(time, None, now_ns) else { return false };
            (timestamp_ns, rest)
        };
        self.timestamp_ns = Some(timestamp_ns);
        let rest = rest.strip_prefix(' ').unwrap_or(rest);
        let (host, rest) = rest.split_once(' ').unwrap_or((rest, ""));
        self.hostname = (!host.is_empty()).then(|| host.to_owned());
        // The tag: letters and digits, perhaps a process in brackets, and a colon.
        let tag_end = rest.find([':', '[', ' ']).unwrap_or(rest.len());
        let (tag, after) = rest.split_at(tag_end);
        let (process, after) = match after.strip_prefix('[').and_then(|inner| inner.split_once(']')) {
            Some((process, after)) => (Some(process), after),
            None => (None, after),
        };
        match after.strip_prefix(':') {
            Some(content) if !tag.is_empty() => {
                self.app_name = Some(tag.to_owned());
                self.proc_id = process.map(str::to_owned);
                content.strip_prefix(' ').unwrap_or(content).clone_into(&mut self.text);
            }
            _ => rest.clone_into(&mut self.text),
        }
        true
    }

    /// The labels that Promtail gives to relabelling.
    pub(super) fn labels(&self, from: IpAddr, structured: bool, labels: &mut LabelsBuilder) {
        let address = from.to_canonical().to_string();
        labels.set("__syslog_connection_ip_address", &address);
        labels.set("__syslog_connection_hostname", &address);
        labels.set("__syslog_message_severity", SEVERITIES[usize::from(self.severity & 7)]);
        labels.set("__syslog_message_facility", FACILITIES.get(usize::from(self.facility)).copied().unwrap_or(""));
        for (name, value) in [
            ("__syslog_message_hostname", &self.hostname),
            ("__syslog_message_app_name", &self.app_name),
            ("__syslog_message_proc_id", &self.proc_id),
            ("__syslog_message_msg_id", &self.msg_id),
        ] {
            labels.set(name, value.as_deref().unwrap_or(""));
        }
        if structured {
            for (element, parameter, value) in &self.structured {
                labels.set(&format!("__syslog_message_sd_{}_{}", label_part(element), label_part(parameter)), value);
            }
        }
    }

    /// The message as RFC 5424 writes it.
    pub(super) fn to_rfc5424(&self) -> String {
        let or_nil = |word: &Option<String>| word.clone().unwrap_or_else(|| "-".to_owned());
        let time = self.timestamp_ns.and_then(|ns| jiff::Timestamp::from_nanosecond(i128::from(ns)).ok());
        let time = time.map_or_else(|| "-".to_owned(), |time| time.to_string());
        let mut out = format!(
            "<{}>1 {time} {} {} {} {} ",
            u16::from(self.facility) * 8 + u16::from(self.severity),
            or_nil(&self.hostname),
            or_nil(&self.app_name),
            or_nil(&self.proc_id),
            or_nil(&self.msg_id)
        );
        if self.structured.is_empty() {
            out.push('-');
        }
        let mut element = None;
        for (name, parameter, value) in &self.structured {
            if element != Some(name) {
                if element.is_some() {
                    out.push(']');
                }
                out += &format!("[{name}");
                element = Some(name);
            }
            if !parameter.is_empty() {
                out += &format!(" {parameter}=\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\"").replace(']', "\\]"));
            }
        }
        if element.is_some() {
            out.push(']');
        }
        if !self.text.is_empty() {
            out.push(' ');
            out += &self.text;
        }
        out
    }
}

fn label_part(name: &str) -> Cow<'_, str> {
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if name.chars().all(fits) { name.into() } else { name.chars().map(|c| if fits(c) { c } else { '_' }).collect::<String>().into() }
}

fn priority(text: &str) -> Option<(u8, &str)> {
    let (number, rest) = text.strip_prefix('<')?.split_once('>')?;
    if number.is_empty() || number.len() > 3 || !number.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let number: u16 = number.parse().ok()?;
    (number <= 191).then_some((number as u8, rest))
}

/// Reads `-` or `[id name="value" …]…` and gives the rest.
fn structured_data<'a>(text: &'a str, found: &mut Vec<(String, String, String)>) -> Option<&'a str> {
    if let Some(rest) = text.strip_prefix('-') {
        return (rest.is_empty() || rest.starts_with(' ')).then_some(rest);
    }
    let mut rest = text.strip_prefix('[')?;
    loop {
        let id_end = rest.find([' ', ']'])?;
        let id = &rest[..id_end];
        rest = &rest[id_end..];
        let mut parameters = 0;
        while let Some(tail) = rest.strip_prefix(' ') {
            let (name, tail) = tail.split_once("=\"")?;
            let mut value = String::new();
            let mut letters = tail.char_indices();
            let end = loop {
                match letters.next()? {
                    (at, '"') => break at,
                    (_, '\\') => match letters.next()? {
                        (_, escaped @ ('"' | '\\' | ']')) => value.push(escaped),
                        (_, other) => value.extend(['\\', other]),
                    },
                    (_, letter) => value.push(letter),
                }
            };
            rest = &tail[end + 1..];
            parameters += 1;
            if found.len() >= PARAMETERS_LIMIT {
                continue;
            }
            found.push((id.to_owned(), name.to_owned(), value));
        }
        if parameters == 0 && found.len() < PARAMETERS_LIMIT {
            found.push((id.to_owned(), String::new(), String::new()));
        }
        rest = rest.strip_prefix(']')?;
        match rest.strip_prefix('[') {
            Some(tail) => rest = tail,
            None => return Some(rest),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// 2021-06-15T00:00:00Z
    const NOW_NS: i64 = 1_623_715_200_000_000_000;

    fn shown(message: &Message) -> String {
        let or_nil = |word: &Option<String>| word.clone().unwrap_or_else(|| "-".to_owned());
        let time =
            message.timestamp_ns.map_or_else(|| "-".to_owned(), |ns| jiff::Timestamp::from_nanosecond(i128::from(ns)).unwrap().to_string());
        let structured: Vec<String> = message.structured.iter().map(|(e, p, v)| format!("{e}.{p}={v}")).collect();
        format!(
            "{}.{} {time} {} {} {} {} [{}] {}",
            FACILITIES[usize::from(message.facility)],
            SEVERITIES[usize::from(message.severity)],
            or_nil(&message.hostname),
            or_nil(&message.app_name),
            or_nil(&message.proc_id),
            or_nil(&message.msg_id),
            structured.join(","),
            message.text
        )
    }

    /// The examples of RFC 5424 (6.5) and RFC 3164 (5.4), and what senders make of them.
    #[test]
    fn messages_of_both_rfcs_are_read() {
        for (bytes, want) in [
            (
                "<34>1 2003-10-11T22:14:15.003Z mymachine.example.com su - ID47 - \u{feff}'su root' failed for lonvick on /dev/pts/8",
                "auth.critical 2003-10-11T22:14:15.003Z mymachine.example.com su - ID47 [] 'su root' failed for lonvick on /dev/pts/8",
            ),
            (
                "<165>1 2003-08-24T05:14:15.000003-07:00 192.0.2.1 myproc 8710 - - %% It's time to make the do-nuts.",
                "local4.notice 2003-08-24T12:14:15.000003Z 192.0.2.1 myproc 8710 - [] %% It's time to make the do-nuts.",
            ),
            (
                "<165>1 2003-10-11T22:14:15.003Z mymachine.example.com evntslog - ID47 [exampleSDID@32473 iut=\"3\" eventSource=\"Application\" eventID=\"1011\"] An application event log entry...",
                "local4.notice 2003-10-11T22:14:15.003Z mymachine.example.com evntslog - ID47 [exampleSDID@32473.iut=3,exampleSDID@32473.eventSource=Application,exampleSDID@32473.eventID=1011] An application event log entry...",
            ),
            (
                "<165>1 2003-10-11T22:14:15.003Z mymachine.example.com evntslog - ID47 [exampleSDID@32473 iut=\"3\"][examplePriority@32473 class=\"high\"]",
                "local4.notice 2003-10-11T22:14:15.003Z mymachine.example.com evntslog - ID47 [exampleSDID@32473.iut=3,examplePriority@32473.class=high] ",
            ),
            ("<0>1 - - - - - [a b=\"x\\\"y\\]z\\\\\"] t\n", "kern.emergency - - - - - [a.b=x\"y]z\\] t"),
            (
                "<34>Oct 11 22:14:15 mymachine su: 'su root' failed for lonvick on /dev/pts/8",
                "auth.critical 2021-10-11T22:14:15Z mymachine su - - [] 'su root' failed for lonvick on /dev/pts/8",
            ),
            ("<13>Feb  5 17:32:18 10.0.0.99 cron[42]: run", "user.notice 2021-02-05T17:32:18Z 10.0.0.99 cron 42 - [] run"),
            ("<13>Feb  5 17:32:18 10.0.0.99 Use the BFG!", "user.notice 2021-02-05T17:32:18Z 10.0.0.99 - - - [] Use the BFG!"),
            ("<0>1990 Oct 22 10:52:01 TZ-6 scapegoat", "kern.emergency - - - - - [] 1990 Oct 22 10:52:01 TZ-6 scapegoat"),
            ("<13>2021-06-01T00:00:00Z host app: hi", "user.notice 2021-06-01T00:00:00Z host app - - [] hi"),
        ] {
            let message = Message::parse(bytes.as_bytes(), NOW_NS).unwrap();
            assert_eq!(shown(&message), want, "{bytes}");
            let again = Message::parse(message.to_rfc5424().as_bytes(), NOW_NS).unwrap();
            assert_eq!(again, message, "written as RFC 5424 and read again: {bytes}");
        }
        for bytes in ["", "x", "<", "<>1", "<192>1 x", "<1234>x", "<a>x"] {
            assert!(Message::parse(bytes.as_bytes(), NOW_NS).is_err(), "{bytes}");
        }
    }

    #[test]
    fn labels_are_those_of_promtail() {
        let text = "<165>1 2003-10-11T22:14:15.003Z h a 7 ID47 [custom@99770 example=\"1\"] x";
        let message = Message::parse(text.as_bytes(), NOW_NS).unwrap();
        let mut labels = LabelsBuilder::default();
        message.labels("::ffff:10.0.0.1".parse().unwrap(), true, &mut labels);
        assert_eq!(
            labels.build().to_string(),
            r#"{__syslog_connection_hostname="10.0.0.1",__syslog_connection_ip_address="10.0.0.1",__syslog_message_app_name="a",__syslog_message_facility="local4",__syslog_message_hostname="h",__syslog_message_msg_id="ID47",__syslog_message_proc_id="7",__syslog_message_sd_custom_99770_example="1",__syslog_message_severity="notice"}"#
        );
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            let _ = Message::parse(&bytes, NOW_NS);
        }

        #[test]
        fn arbitrary_messages_never_panic(text in "<1?[0-9]>1? ?(- |2003-10-11T22:14:15Z |Oct 11 22:14:15 )?.{0,20}( \\[a b=\".{0,5}\"?\\]?)?.{0,20}") {
            let _ = Message::parse(text.as_bytes(), NOW_NS);
        }
    }
}
