//! The text of a config as people may see it: the values of secret keys replaced.
//!
//! It works on the text, so that comments and layout stay; where it cannot tell how far a value
//! reaches, it hides more rather than less.

const HIDDEN: &str = "<secret>";
/// For addresses: still one, since amtool reads the text back and insists (RFC 2606 keeps `.invalid` free).
const HIDDEN_URL: &str = "https://secret.invalid/";

fn is_secret_key(key: &str) -> bool {
    const WHOLE: [&str; 20] = [
        "smtp_auth_password",
        "slack_api_url",
        "api_url",
        "app_token",
        "url",
        "auth_password",
        "auth_secret",
        "api_key",
        "token",
        "token_id",
        "user_key",
        "routing_key",
        "service_key",
        "password",
        "credentials",
        "key",
        "secrets",
        "proxy_url",
        "proxy_connect_header",
        "client_certificate_key",
    ];
    const ENDS: [&str; 7] = ["_secret", "_token", "_token_id", "_api_key", "_webhook_url", "secret_key", "webhook_url"];
    WHOLE.contains(&key) || ENDS.iter().any(|end| key.ends_with(end))
}

/// Replaces the values of secret keys.
pub(super) fn without_secrets(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    // A value that goes on over lines that are indented more than this.
    let mut hidden_below: Option<usize> = None;
    for line in text.lines() {
        let indent = line.len() - line.trim_start().len();
        if let Some(limit) = hidden_below {
            if line.trim().is_empty() || indent > limit {
                continue;
            }
            hidden_below = None;
        }
        let (shown, goes_on) = redact(line);
        out.push_str(&shown);
        out.push('\n');
        if goes_on {
            let dashes = line[indent..].len() - line[indent..].trim_start_matches("- ").len();
            hidden_below = Some(indent + dashes);
        }
    }
    out
}

/// One line, and whether the value at its end may go on in the next.
fn redact(line: &str) -> (String, bool) {
    let mut out = String::new();
    let mut rest = line;
    let mut in_flow = false;
    loop {
        let Some((before, key, value)) = next_key(rest) else {
            out.push_str(rest);
            return (out, false);
        };
        in_flow |= before.contains(['{', '[']);
        out.push_str(before);
        if !is_secret_key(key) {
            rest = value;
            continue;
        }
        out.push(' ');
        out.push_str(if key.ends_with("url") { HIDDEN_URL } else { HIDDEN });
        let value = value.trim_start();
        match if in_flow { flow_end(value) } else { None } {
            Some(end) => rest = &value[end..],
            // In block style a value takes the rest of the line, and may go on below.
            None => return (out, true),
        }
    }
}

/// Splits behind the next `key:`: what stands before the value, the key, and what follows.
fn next_key(text: &str) -> Option<(&str, &str, &str)> {
    let mut from = 0;
    while let Some(at) = text[from..].find(':').map(|at| from + at) {
        let after = &text[at + 1..];
        if after.is_empty() || after.starts_with([' ', '\t', '"', '\'']) {
            let key = text[..at].rsplit(['{', '[', ',', ' ', '\t']).next().unwrap_or("").trim_matches(['"', '\'']);
            if !key.is_empty() {
                return Some((&text[..=at], key, after));
            }
        }
        from = at + 1;
    }
    None
}

/// Where a value in flow style ends; `None` when that cannot be told from this line.
fn flow_end(value: &str) -> Option<usize> {
    match value.chars().next()? {
        quote @ ('"' | '\'') => {
            let mut escaped = false;
            let mut chars = value.char_indices().skip(1).peekable();
            while let Some((at, c)) = chars.next() {
                if escaped {
                    escaped = false;
                } else if c == '\\' && quote == '"' {
                    escaped = true;
                } else if c == quote {
                    if quote == '\'' && chars.peek().is_some_and(|(_, next)| *next == '\'') {
                        escaped = true;
                        continue;
                    }
                    return Some(at + 1);
                }
            }
            None
        }
        '[' | '{' | '&' | '*' | '!' | '|' | '>' => None,
        _ => value.find([',', '}', ']']),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_secrets_are_hidden() {
        for (text, want) in [
            ("- url: http://x/hunter2  # mine\n  max_alerts: 5", "- url: https://secret.invalid/\n  max_alerts: 5\n"),
            (
                "webhook_configs: [{url: http://x/hunter2, max_alerts: 5}, {url: 'it''s, hunter2'}]",
                "webhook_configs: [{url: https://secret.invalid/, max_alerts: 5}, {url: https://secret.invalid/}]\n",
            ),
            (
                "http_config: {basic_auth: {username: u, password: \"a\\\"}hunter2\"}}",
                "http_config: {basic_auth: {username: u, password: <secret>}}\n",
            ),
            ("smtp_auth_password: |\n  hunter2\n  hunter2\nroute: x", "smtp_auth_password: <secret>\nroute: x\n"),
            ("a: {\"api_key\": \"hunter2\", b: 1}", "a: {\"api_key\": <secret>, b: 1}\n"),
            ("a: {token: 'hunter2\n    hunter2', b: 1}\nc: 1", "a: {token: <secret>\nc: 1\n"),
            ("- - token:\n      hunter2\n- x: 1", "- - token: <secret>\n- x: 1\n"),
            ("url_file: /etc/url\nreceiver: url", "url_file: /etc/url\nreceiver: url\n"),
            ("secrets:\n  [hunter2]\ngroup_by: ['...']", "secrets: <secret>\ngroup_by: ['...']\n"),
        ] {
            assert_eq!(without_secrets(text), want);
        }
    }
}
