//! The layer of a server: each request is measured, is a span, and goes on with its caller's trace.

use crate::metrics::{Endpoint, Endpoints, Method, PhoenixMetrics, RequestLabels, TraceIds};
use crate::traces::{follow, span_context};
use http::{Extensions, Request, Response, Uri};
use pin_project_lite::pin_project;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;
use tower_layer::Layer;
use tower_service::Service;
use tracing::Span;

/// What counts a request whose client went away before the answer. It is nobody's status code: nginx uses it so.
const CLIENT_WENT_AWAY: u16 = 499;
/// The endpoint of requests that no route takes.
const UNMATCHED: &str = "_unmatched";

/// Gives the template of the route that takes a request, such as `/api/v1/experiments/{id}`; `None`: no route does.
/// Never give the path itself: each path would be a series.
pub type Route = fn(&Extensions, &Uri) -> Option<Box<str>>;

/// Finds the template without allocating, where it stands among the request's extensions.
type BorrowedRoute = for<'r> fn(&'r Extensions, &'r Uri) -> Option<&'r str>;

/// A `tower` layer for servers of HTTP.
///
/// Each request counts in `phoenix_api_request_duration_seconds{method,endpoint,status}` and is a span `METHOD route`
/// below that of its caller. A request whose handler panics counts as 500; one whose client goes away before the
/// answer as 499.
#[derive(Clone)]
pub struct HttpLayer {
    shared: Arc<Shared>,
}

struct Shared {
    metrics: PhoenixMetrics,
    endpoints: Endpoints,
    route: Routes,
    logs_requests: bool,
}

#[derive(Clone, Copy)]
enum Routes {
    Borrowed(BorrowedRoute),
    Owned(Route),
}

impl fmt::Debug for HttpLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpLayer").field("logs_requests", &self.shared.logs_requests).finish_non_exhaustive()
    }
}

impl HttpLayer {
    /// For routers of axum, whose `MatchedPath` is the template. Put it on with `Router::layer`.
    #[cfg(feature = "axum")]
    pub fn axum(metrics: &PhoenixMetrics) -> Self {
        Self::new(
            metrics,
            Routes::Borrowed(|extensions, _| extensions.get::<axum::extract::MatchedPath>().map(axum::extract::MatchedPath::as_str)),
        )
    }

    /// For routers that put a type `T` with the template among a request's extensions before the layer sees it.
    pub fn with_extension<T: AsRef<str> + Clone + Send + Sync + 'static>(metrics: &PhoenixMetrics) -> Self {
        Self::new(metrics, Routes::Borrowed(|extensions, _| extensions.get::<T>().map(AsRef::as_ref)))
    }

    /// For any other router.
    pub fn with_route(metrics: &PhoenixMetrics, route: Route) -> Self {
        Self::new(metrics, Routes::Owned(route))
    }

    fn new(metrics: &PhoenixMetrics, route: Routes) -> Self {
        Self { shared: Arc::new(Shared { metrics: metrics.clone(), endpoints: Endpoints::default(), route, logs_requests: false }) }
    }

    /// Writes an entry of the log for each request: `info` when it went well, `warn` when it was refused, `error` when
    /// the server failed.
    #[must_use]
    pub fn log_requests(self) -> Self {
        let Shared { metrics, route, .. } = &*self.shared;
        Self { shared: Arc::new(Shared { metrics: metrics.clone(), endpoints: Endpoints::default(), route: *route, logs_requests: true }) }
    }
}

impl<S> Layer<S> for HttpLayer {
    type Service = HttpService<S>;

    fn layer(&self, inner: S) -> HttpService<S> {
        HttpService { inner, shared: Arc::clone(&self.shared) }
    }
}

/// A service with an [`HttpLayer`].
#[derive(Clone)]
pub struct HttpService<S> {
    inner: S,
    shared: Arc<Shared>,
}

impl<S: fmt::Debug> fmt::Debug for HttpService<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpService").field("inner", &self.inner).finish_non_exhaustive()
    }
}

impl<S, B, R> Service<Request<B>> for HttpService<S>
where
    S: Service<Request<B>, Response = Response<R>>,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = HttpFuture<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    #[expect(clippy::disallowed_methods, reason = "a service has no simulated clock")]
    fn call(&mut self, request: Request<B>) -> Self::Future {
        let start = Instant::now();
        let method = Method::new(request.method().as_str());
        let endpoint = match self.shared.route {
            Routes::Borrowed(route) => self.shared.endpoints.get(route(request.extensions(), request.uri()).unwrap_or(UNMATCHED)),
            Routes::Owned(route) => self.shared.endpoints.get(route(request.extensions(), request.uri()).as_deref().unwrap_or(UNMATCHED)),
        };
        let span = tracing::info_span!(
            "request",
            otel.name = %format_args!("{method} {endpoint}"),
            otel.kind = "server",
            otel.status_code = tracing::field::Empty,
            http.request.method = method.as_str(),
            http.route = endpoint.as_str(),
            url.path = request.uri().path(),
            http.response.status_code = tracing::field::Empty,
        );
        if !span.is_disabled() {
            follow(&span, request.headers());
        }
        let inner = span.in_scope(|| self.inner.call(request));
        HttpFuture {
            inner,
            measured: Measured { shared: Arc::clone(&self.shared), method, endpoint, start, span, is_polled: false, is_over: false },
        }
    }
}

pin_project! {
    /// The answer of an [`HttpService`] that is to come.
    pub struct HttpFuture<F> {
        #[pin]
        inner: F,
        measured: Measured,
    }
}

/// A request that is being answered. It counts whatever becomes of it.
struct Measured {
    shared: Arc<Shared>,
    method: Method,
    endpoint: Endpoint,
    start: Instant,
    span: Span,
    is_polled: bool,
    is_over: bool,
}

impl<F, R, E> Future for HttpFuture<F>
where
    F: Future<Output = Result<Response<R>, E>>,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let measured = this.measured;
        // Left standing by a panic, wherever that is caught.
        measured.is_polled = true;
        let polled = {
            let _entered = measured.span.enter();
            this.inner.poll(context)
        };
        measured.is_polled = false;
        if let Poll::Ready(answer) = &polled {
            // What a service can't answer at all, its server answers so.
            measured.end(answer.as_ref().map_or(500, |response| response.status().as_u16()));
        }
        polled
    }
}

impl Measured {
    fn end(&mut self, status: u16) {
        self.is_over = true;
        let took = self.start.elapsed();
        let is_traced = !self.span.is_disabled();
        let ids = if is_traced { span_context(&self.span).as_ref().and_then(TraceIds::of) } else { None };
        if is_traced {
            self.span.record("http.response.status_code", status);
            // A wrong request is no error of the server's: https://opentelemetry.io/docs/specs/semconv/http/http-spans/#status
            if (500..600).contains(&status) {
                self.span.record("otel.status_code", "ERROR");
            }
        }
        let labels = RequestLabels { method: self.method, endpoint: self.endpoint.clone(), status };
        self.shared.metrics.requests.observe_in(&labels, took, ids);
        if self.shared.logs_requests {
            let _entered = self.span.enter();
            let (method, endpoint, duration_ms) = (self.method.as_str(), self.endpoint.as_str(), took.as_secs_f64() * 1e3);
            match status {
                500.. => tracing::error!(method, endpoint, status, duration_ms, "request failed"),
                CLIENT_WENT_AWAY => tracing::info!(method, endpoint, status, duration_ms, "client went away"),
                400.. => tracing::warn!(method, endpoint, status, duration_ms, "request refused"),
                _ => tracing::info!(method, endpoint, status, duration_ms, "request done"),
            }
        }
    }
}

impl Drop for Measured {
    fn drop(&mut self) {
        if !self.is_over {
            self.end(if self.is_polled { 500 } else { CLIENT_WENT_AWAY });
        }
    }
}
