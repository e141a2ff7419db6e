//! Reading bodies of pushes and of dashboards: bounded in bytes, in number and in time. Those of pushes are handed to
//! threads that may block.

use super::native::MAX_DASHBOARD_BYTES;
use axum::body::HttpBody;
use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt;
use phoenix_env::SharedClock;
use phoenix_ingest::remote_write::Refusal;
use phoenix_model::{Budget, Charge};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;

/// How long a client may take to send its body.
const READ_TIMEOUT: Duration = Duration::from_mins(1);

/// The bounds; clones share them.
#[derive(Clone)]
pub(crate) struct Bodies {
    clock: SharedClock,
    /// Bytes of all bodies that are in memory.
    budget: Budget,
    /// Bytes of one body as it comes.
    body_bytes: u64,
    /// What that limit is, in messages, and what to do.
    limit: (&'static str, &'static str),
    /// Bytes of memory that a byte of a body stands for.
    weight: u64,
    /// Bodies that are decoded and stored at one time.
    working: Arc<Semaphore>,
}

impl Bodies {
    /// At most `body_bytes` for one body, `total_bytes` for all, and `working` that are stored at one time.
    pub(crate) fn new(clock: SharedClock, body_bytes: u64, total_bytes: u64, working: usize) -> Self {
        let budget = Budget::new("limits.memory (share of pushes)", total_bytes.max(body_bytes));
        let limit = ("`limits.body_size`", "send less at once");
        Self { clock, budget, body_bytes, limit, weight: 1, working: Arc::new(Semaphore::new(working.max(1))) }
    }

    /// Bodies that hold a dashboard, at most `total_bytes` of memory for all: JSON takes many times its text once it is
    /// read, and twice that while it is brought into another form.
    pub(crate) fn of_dashboards(clock: SharedClock, total_bytes: u64) -> Self {
        /// An estimate: a tree of JSON takes some eight times its text, and there may be two of them.
        const WEIGHT: u64 = 16;
        let body_bytes = MAX_DASHBOARD_BYTES as u64;
        let budget = Budget::new("limits.memory (share of dashboards)", total_bytes.max(body_bytes * WEIGHT));
        let working = Arc::new(Semaphore::new(1));
        Self { clock, budget, body_bytes, limit: ("a dashboard", "make several of it"), weight: WEIGHT, working }
    }

    /// Reads a request's body and gives it to `work` on a thread that may block.
    pub(crate) async fn take<T: Send + 'static>(
        &self,
        request: Request,
        work: impl FnOnce(&[u8]) -> Result<T, Refusal> + Send + 'static,
    ) -> Result<T, Refusal> {
        let (bytes, charge) = self.read_in_time(request).await?;
        self.work(move || {
            let _charge = charge;
            work(&bytes)
        })
        .await
    }

    /// Runs `work` on a thread that may block, in its turn.
    pub(crate) async fn work<T: Send + 'static>(&self, work: impl FnOnce() -> Result<T, Refusal> + Send + 'static) -> Result<T, Refusal> {
        let permit = Arc::clone(&self.working).acquire_owned().await.map_err(|_| refusal(503, "Phoenix is shutting down"))?;
        let done = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            work()
        });
        done.await.unwrap_or_else(|_| Err(refusal(500, "storing ended unexpectedly; this is a bug in Phoenix, see the log")))
    }

    /// Reads a request's body, answers the request with it, and keeps its room until it is answered.
    pub(crate) async fn hold(&self, request: Request, next: Next) -> Result<Response, Refusal> {
        let (parts, body) = request.into_parts();
        let mut whole = Request::from_parts(parts.clone(), body);
        let _charge;
        if !whole.body().is_end_stream() {
            let (bytes, charge) = self.read_in_time(whole).await?;
            whole = Request::from_parts(parts, bytes.into());
            _charge = charge;
        }
        Ok(next.run(whole).await)
    }

    async fn read_in_time(&self, request: Request) -> Result<(Vec<u8>, Charge), Refusal> {
        tokio::select! {
            read = self.read(request) => read,
            () = self.clock.sleep(READ_TIMEOUT) => {
                Err(refusal(408, format!("the body did not come within {} seconds", READ_TIMEOUT.as_secs())))
            }
        }
    }

    async fn read(&self, request: Request) -> Result<(Vec<u8>, Charge), Refusal> {
        let announced = request.headers().get(header::CONTENT_LENGTH).and_then(|v| v.to_str().ok()?.parse::<u64>().ok());
        if let Some(length) = announced.filter(|length| *length > self.body_bytes) {
            return Err(self.too_long(length));
        }
        let busy =
            |e| Refusal { status: 429, message: format!("too many requests are being read at once: {e}"), retry_after_seconds: Some(1) };
        // Charged before it comes, so that many clients at once cannot each begin a body that has no room.
        let mut charge = self.budget.charge(announced.unwrap_or(0) * self.weight).map_err(busy)?;
        let mut charged = announced.unwrap_or(0);
        let mut bytes = Vec::with_capacity(charged.min(1 << 20) as usize);
        let mut body = request.into_body().into_data_stream();
        while let Some(piece) = body.next().await {
            let piece = piece.map_err(|e| refusal(400, format!("the body broke off: {e}")))?;
            let length = (bytes.len() + piece.len()) as u64;
            if length > self.body_bytes {
                return Err(self.too_long(length));
            }
            if length > charged {
                charge.grow((length - charged) * self.weight).map_err(busy)?;
                charged = length;
            }
            bytes.extend_from_slice(&piece);
        }
        Ok((bytes, charge))
    }

    fn too_long(&self, length: u64) -> Refusal {
        let (limit, help) = self.limit;
        refusal(413, format!("the body has {length} bytes or more, the limit of {limit} is {}: {help}", self.body_bytes))
    }
}

fn refusal(status: u16, message: impl Into<String>) -> Refusal {
    Refusal { status, message: message.into(), retry_after_seconds: None }
}

/// A refusal as plain text, with `Retry-After` where trying again helps.
pub(crate) fn refused(refusal: &Refusal) -> Response {
    let status = StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = (status, format!("{refusal}\n")).into_response();
    if let Some(seconds) = refusal.retry_after_seconds {
        response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    }
    response
}
