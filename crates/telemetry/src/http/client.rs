//! Requests to others: each is a span, and its headers lead the trace on.

use crate::traces::lead;
use http::{Request, Response, StatusCode, Uri};
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use tower_layer::Layer;
use tower_service::Service;
use tracing::{Instrument, Span};

/// The span of a request. Of its address neither user nor query is told: they hold secrets.
fn span_of(method: &str, scheme: &str, host: &str, port: Option<u16>, path: &str) -> Span {
    let address = port.map_or_else(|| format!("{scheme}://{host}{path}"), |port| format!("{scheme}://{host}:{port}{path}"));
    tracing::info_span!(
        "send",
        otel.name = method,
        otel.kind = "client",
        otel.status_code = tracing::field::Empty,
        http.request.method = method,
        url.full = address,
        server.address = host,
        server.port = port,
        http.response.status_code = tracing::field::Empty,
    )
}

/// Tells a span what became of its request. For who asks, an answer of 400 and above is an error:
/// <https://opentelemetry.io/docs/specs/semconv/http/http-spans/#status>.
fn end(span: &Span, status: Option<StatusCode>) {
    if let Some(status) = status {
        span.record("http.response.status_code", status.as_u16());
    }
    if status.is_none_or(|status| status.is_client_error() || status.is_server_error()) {
        span.record("otel.status_code", "ERROR");
    }
}

/// Sends a request as a span, with the headers that lead the trace on.
///
/// # Errors
/// Those of the client.
#[cfg(feature = "reqwest")]
pub async fn send(client: &reqwest::Client, mut request: reqwest::Request) -> Result<reqwest::Response, reqwest::Error> {
    let url = request.url();
    let span = span_of(request.method().as_str(), url.scheme(), url.host_str().unwrap_or_default(), url.port(), url.path());
    lead(&span, request.headers_mut());
    let answer = client.execute(request).instrument(span.clone()).await;
    end(&span, answer.as_ref().ok().map(reqwest::Response::status));
    answer
}

/// A `tower` layer for clients of HTTP whose requests are `http::Request`.
#[derive(Debug, Clone, Copy, Default)]
pub struct ClientLayer;

impl<S> Layer<S> for ClientLayer {
    type Service = ClientService<S>;

    fn layer(&self, inner: S) -> ClientService<S> {
        ClientService(inner)
    }
}

/// A client with a [`ClientLayer`].
#[derive(Debug, Clone)]
pub struct ClientService<S>(S);

impl<S, B, R> Service<Request<B>> for ClientService<S>
where
    S: Service<Request<B>, Response = Response<R>>,
    S::Future: Send + 'static,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<R>, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let uri: &Uri = request.uri();
        let scheme = uri.scheme_str().unwrap_or("http");
        let span = span_of(request.method().as_str(), scheme, uri.host().unwrap_or_default(), uri.port_u16(), uri.path());
        lead(&span, request.headers_mut());
        let answer = span.in_scope(|| self.0.call(request));
        Box::pin(async move {
            let answer = answer.instrument(span.clone()).await;
            end(&span, answer.as_ref().ok().map(Response::status));
            answer
        })
    }
}
