//! Who may ask: names that a browser may know us by, and where a changing request may come from.
//!
//! A page of somebody else's must not be able to read from or act on a Phoenix on this machine.
//! It could try with a name that it lets point here (DNS rebinding; stopped by the check of `Host`)
//! or by sending a form across origins (stopped by the check of `Origin`).

use super::Api;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::net::IpAddr;

/// The hosts that this server answers to.
#[derive(Debug, Clone)]
pub struct Guard {
    /// The host of `external_url`, and its port where it names one.
    external: Option<(String, Option<u16>)>,
    /// Whether only this machine can reach the port.
    loopback_only: bool,
}

impl Guard {
    /// From the URL that people use and whether the listener is on loopback.
    pub fn new(external_url: &url::Url, loopback_only: bool) -> Self {
        Self { external: external_url.host_str().map(|host| (host.to_owned(), external_url.port_or_known_default())), loopback_only }
    }

    /// The reason to refuse, if there is one.
    pub fn refuse(&self, method: &Method, headers: &HeaderMap, uri: &Uri) -> Option<String> {
        let host = headers
            .get(header::HOST)
            .and_then(|h| h.to_str().ok())
            .map(str::to_owned)
            .or_else(|| uri.authority().map(ToString::to_string))
            .unwrap_or_default();
        let name = host_name(&host);
        // A browser lets any page open a WebSocket and read what comes.
        let upgrades = headers.get(header::UPGRADE).is_some_and(|u| u.as_bytes().eq_ignore_ascii_case(b"websocket"));
        let changes = upgrades || !matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS);
        let origin = headers.get(header::ORIGIN).and_then(|o| o.to_str().ok());
        if (self.loopback_only || (changes && origin.is_some())) && !self.knows(name) {
            return Some(format!("the host `{name}` is not known here; use the server's address, or set external_url to the name you use"));
        }
        if let (true, Some(origin)) = (changes, origin)
            && !self.is_own_origin(origin, &host)
        {
            return Some(format!("a page of `{origin}` may neither change nor follow anything here"));
        }
        None
    }

    fn knows(&self, name: &str) -> bool {
        let bare = name.trim_start_matches('[').trim_end_matches(']');
        bare.parse::<IpAddr>().is_ok()
            || name.eq_ignore_ascii_case("localhost")
            || self.external.as_ref().is_some_and(|(external, _)| external.eq_ignore_ascii_case(name))
    }

    fn is_own_origin(&self, origin: &str, host: &str) -> bool {
        let Some(authority) = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://")) else {
            return false; // `null`, as from a sandboxed frame
        };
        if authority.eq_ignore_ascii_case(host) {
            return true;
        }
        let origin_port = url::Url::parse(origin).ok().and_then(|u| u.port_or_known_default());
        self.external.as_ref().is_some_and(|(external, port)| external.eq_ignore_ascii_case(host_name(authority)) && *port == origin_port)
    }
}

/// A `Host` without its port.
fn host_name(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) && (!name.contains(':') || name.ends_with(']')) => name,
        _ => host,
    }
}

/// Refuses what the guard refuses, and sets the headers that keep browsers strict.
pub(super) async fn check(State(api): State<Api>, request: Request, next: Next) -> Response {
    if let Some(reason) = api.guard().refuse(request.method(), request.headers(), request.uri()) {
        return (StatusCode::FORBIDDEN, format!("{reason}\n")).into_response();
    }
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "SAMEORIGIN"),
        (header::REFERRER_POLICY, "same-origin"),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; object-src 'none'; base-uri 'none'; frame-ancestors 'self'; form-action 'self'",
        ),
    ] {
        headers.entry(name).or_insert(axum::http::HeaderValue::from_static(value));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strange_pages_cannot_follow_a_websocket() {
        let guard = Guard::new(&url::Url::parse("http://127.0.0.1:9090/").unwrap(), true);
        for (origin, allowed) in [(None, true), (Some("http://127.0.0.1:9090"), true), (Some("http://evil.example"), false)] {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, "127.0.0.1:9090".parse().unwrap());
            headers.insert(header::UPGRADE, "WebSocket".parse().unwrap());
            if let Some(origin) = origin {
                headers.insert(header::ORIGIN, origin.parse().unwrap());
            }
            assert_eq!(guard.refuse(&Method::GET, &headers, &Uri::from_static("/loki/api/v1/tail")).is_none(), allowed, "{origin:?}");
        }
    }

    #[test]
    fn browsers_of_strangers_are_refused() {
        let local = Guard::new(&url::Url::parse("https://phoenix.example.org/").unwrap(), true);
        let remote = Guard { loopback_only: false, ..local.clone() };
        for (guard, method, host, origin, allowed) in [
            (&local, Method::GET, "127.0.0.1:9090", None, true),
            (&local, Method::GET, "localhost:9090", None, true),
            (&local, Method::GET, "[::1]:9090", None, true),
            (&local, Method::GET, "phoenix.example.org", None, true),
            (&local, Method::GET, "evil.example:9090", None, false),
            (&remote, Method::GET, "phoenix-0.internal:9090", None, true),
            (&remote, Method::POST, "phoenix-0.internal:9090", None, true),
            (&remote, Method::POST, "evil.example", Some("http://evil.example"), false),
            (&local, Method::POST, "127.0.0.1:9090", None, true),
            (&local, Method::POST, "127.0.0.1:9090", Some("http://127.0.0.1:9090"), true),
            (&local, Method::POST, "127.0.0.1:9090", Some("http://127.0.0.1:8080"), false),
            (&local, Method::POST, "127.0.0.1:9090", Some("http://evil.example"), false),
            (&local, Method::POST, "127.0.0.1:9090", Some("null"), false),
            (&local, Method::POST, "127.0.0.1:9090", Some("https://phoenix.example.org"), true),
            (&local, Method::DELETE, "127.0.0.1:9090", Some("http://evil.example"), false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, host.parse().unwrap());
            if let Some(origin) = origin {
                headers.insert(header::ORIGIN, origin.parse().unwrap());
            }
            let refused = guard.refuse(&method, &headers, &Uri::from_static("/x"));
            assert_eq!(refused.is_none(), allowed, "{method} {host} {origin:?}: {refused:?}");
        }
    }
}
