//! The answer to a scrape.

use crate::metrics::{CONTENT_TYPE, Metrics};
use http::{Request, Response, header};
use std::convert::Infallible;
use std::future::{Ready, ready};
use std::task::{Context, Poll};
use tower_service::Service;

/// A `tower` service that answers every request with the metrics, as OpenMetrics with exemplars:
/// `Router::new().route_service("/metrics", telemetry.scrape())`.
#[derive(Debug, Clone)]
pub struct Scrape(pub(crate) Metrics);

impl<B> Service<Request<B>> for Scrape {
    type Response = Response<String>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<B>) -> Self::Future {
        let mut response = Response::new(self.0.encode());
        response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static(CONTENT_TYPE));
        ready(Ok(response))
    }
}
