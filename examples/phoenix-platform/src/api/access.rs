//! Who may use the API: whoever has the token.

use super::Service;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::fmt;
use std::sync::Arc;
use tokio::sync::watch;

/// The token that requests have to carry, if one was given. It may change.
pub(super) struct Token(watch::Receiver<Option<String>>);

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<secret>")
    }
}

impl Token {
    pub(super) fn new(token: Option<String>) -> Self {
        Self(watch::channel(token.filter(|token| !token.is_empty())).1)
    }

    /// The one that a secret store has.
    pub(super) fn changing(token: watch::Receiver<Option<String>>) -> Self {
        Self(token)
    }

    /// Why a request is refused. A token that nobody gave out is refused also where none is needed.
    fn refuses(&self, headers: &HeaderMap) -> Option<StatusCode> {
        let told = headers.get(header::AUTHORIZATION).map(|value| value.as_bytes().strip_prefix(b"Bearer ").unwrap_or_default());
        match (&*self.0.borrow(), told) {
            (None, None) => None,
            (Some(_), None) => Some(StatusCode::UNAUTHORIZED),
            (Some(token), Some(told)) if is_same(token.as_bytes(), told) => None,
            (_, Some(_)) => Some(StatusCode::FORBIDDEN),
        }
    }
}

/// Compares all bytes, so that the time tells nothing of where the first difference is.
pub(crate) fn is_same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |different, (a, b)| different | (a ^ b)) == 0
}

pub(super) async fn check(State(service): State<Arc<Service>>, request: Request, next: Next) -> Response {
    match service.token.refuses(request.headers()) {
        None => next.run(request).await,
        Some(StatusCode::UNAUTHORIZED) => {
            let how = [(header::WWW_AUTHENTICATE, "Bearer")];
            (StatusCode::UNAUTHORIZED, how, "a token is needed: `Authorization: Bearer …`\n").into_response()
        }
        Some(status) => (status, "this token is not known\n").into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_token_opens() {
        for (token, told, want) in [
            (None, None, None),
            (None, Some("Bearer x"), Some(403)),
            (Some("secret"), None, Some(401)),
            (Some("secret"), Some("Bearer secret"), None),
            (Some("secret"), Some("Bearer secre"), Some(403)),
            (Some("secret"), Some("Bearer secrets"), Some(403)),
            (Some("secret"), Some("Basic secret"), Some(403)),
            (Some("secret"), Some("secret"), Some(403)),
        ] {
            let mut headers = HeaderMap::new();
            headers.extend(told.map(|told| (header::AUTHORIZATION, told.parse().unwrap())));
            let got = Token::new(token.map(str::to_owned)).refuses(&headers).map(|status| status.as_u16());
            assert_eq!(got, want, "{token:?} {told:?}");
        }
    }
}
