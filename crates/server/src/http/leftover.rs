//! What a refused request still sends.
//!
//! A client writes its whole body before it reads the answer. If the connection were closed as soon as a
//! request is refused, the client would see a broken pipe instead of `413` and its reason, and would try
//! the same again. So what is left of a body is read and thrown away, within bounds.

use super::Api;
use axum::body::{Body, BodyDataStream, Bytes, HttpBody};
use axum::extract::{Request, State};
use axum::http::{Version, header};
use axum::middleware::Next;
use axum::response::Response;
use futures_util::{Stream, StreamExt};
use phoenix_env::SharedClock;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

/// How much is read of a body that nobody wants, in bytes.
const MOST_BYTES: usize = 64 << 20;

/// For how long.
const LONGEST: Duration = Duration::from_secs(5);

/// Lets a handler leave a body unread without breaking the client's connection.
pub(super) async fn read(State(api): State<Api>, request: Request, next: Next) -> Response {
    // HTTP/2 ends one stream of many, and who asks with `Expect` waits before it sends.
    let breaks = request.version() < Version::HTTP_2 && !request.headers().contains_key(header::EXPECT);
    if !breaks || request.body().is_end_stream() {
        return next.run(request).await;
    }
    let clock = api.clock.clone();
    next.run(request.map(|body| Body::from_stream(Wanted { rest: Some(body.into_data_stream()), clock }))).await
}

/// A body as long as a handler reads it.
struct Wanted {
    rest: Option<BodyDataStream>,
    clock: SharedClock,
}

impl Stream for Wanted {
    type Item = Result<Bytes, axum::Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Some(rest) = &mut self.rest else { return Poll::Ready(None) };
        let polled = rest.poll_next_unpin(context);
        if matches!(polled, Poll::Ready(None | Some(Err(_)))) {
            self.rest = None;
        }
        polled
    }
}

impl Drop for Wanted {
    fn drop(&mut self) {
        let (Some(mut rest), Ok(runtime)) = (self.rest.take(), tokio::runtime::Handle::try_current()) else { return };
        let end = self.clock.sleep(LONGEST);
        runtime.spawn(async move {
            let read = async {
                let mut bytes = 0;
                while let Some(Ok(piece)) = rest.next().await {
                    bytes += piece.len();
                    if bytes > MOST_BYTES {
                        break;
                    }
                }
            };
            tokio::select! {
                () = read => {}
                () = end => {}
            }
        });
    }
}
