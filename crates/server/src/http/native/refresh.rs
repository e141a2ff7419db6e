//! `POST dashboards/query`: all queries of a dashboard in one request, answered line by line.

use super::NativeError;
use crate::http::Api;
use crate::query_pool::QueryPlaces;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::future::{BoxFuture, Shared, WeakShared};
use futures_util::{FutureExt, StreamExt, stream};
use parking_lot::Mutex;
use phoenix_dashboard::refresh::{Ask, Failure, Job, Refresher, Request, encode, plan};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// What answers dashboards; clones share it.
#[derive(Clone)]
pub(crate) struct Refresh(Arc<RefreshState>);

/// See [`Refresh`].
pub(crate) struct RefreshState {
    refresher: Arc<Refresher>,
    places: QueryPlaces,
    /// Entries that one query may ask for.
    max_entries: usize,
    /// Queries of one dashboard that run at once.
    at_once: usize,
    flights: Flights,
}

/// The rest of an answer's line, once it is there. Whoever waits drives it; when nobody waits any
/// more, it ends.
type Flight = Shared<BoxFuture<'static, Bytes>>;

/// A flight as newcomers find it, with its number.
type Open = (u64, WeakShared<BoxFuture<'static, Bytes>>);

/// Queries on their way: who asks the same meanwhile gets the same answer.
#[derive(Clone, Default)]
struct Flights {
    open: Arc<Mutex<HashMap<Ask, Open>>>,
    next: Arc<AtomicU64>,
}

/// Ends a flight for newcomers when the data was read: they may know of newer data.
struct Landing {
    flights: Flights,
    ask: Ask,
    number: u64,
}

impl Drop for Landing {
    fn drop(&mut self) {
        if let Entry::Occupied(open) = self.flights.open.lock().entry(self.ask.clone())
            && open.get().0 == self.number
        {
            open.remove();
        }
    }
}

impl Flights {
    /// Joins the flight of a query, or begins one.
    fn join(&self, ask: &Ask, begin: impl FnOnce(Landing) -> BoxFuture<'static, Bytes>) -> Flight {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let mut open = self.open.lock();
        if let Some(flight) = open.get(ask).and_then(|(_, flight)| flight.upgrade()) {
            return flight;
        }
        let flight = begin(Landing { flights: self.clone(), ask: ask.clone(), number }).shared();
        if let Some(weak) = flight.downgrade() {
            open.insert(ask.clone(), (number, weak));
        }
        flight
    }
}

impl Refresh {
    /// Answers in these places.
    pub(crate) fn new(refresher: Refresher, places: QueryPlaces, max_entries: usize) -> Self {
        let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        // One dashboard gets the cores, but never more than half of the places.
        let at_once = cores.max(2).min(places.concurrency() / 2).max(1);
        Self(Arc::new(RefreshState { refresher: Arc::new(refresher), places, max_entries, at_once, flights: Flights::default() }))
    }

    /// Answers a request: a line for each different query as soon as it is done. Dropping the answer
    /// ends what nobody else waits for.
    async fn answer(&self, body: Bytes) -> Result<Response, NativeError> {
        let max_entries = self.0.max_entries;
        // Hundreds of queries take a while to parse.
        let planned = tokio::task::spawn_blocking(move || {
            let request: Request = serde_json::from_slice(&body).map_err(|error| format!("the body is not a request: {error}"))?;
            plan(request, max_entries)
        });
        let jobs =
            planned.await.map_err(|_| NativeError::internal("the request could not be read; this is a bug in Phoenix, see the log"))?;
        let jobs = jobs.map_err(NativeError::bad_request)?;
        let this = self.clone();
        let lines = stream::iter(jobs).map(move |job| this.clone().line(job)).buffer_unordered(self.0.at_once);
        let pieces = lines.flat_map(stream::iter).chain(stream::once(async { Bytes::from_static(encode::DONE) }));
        let headers = [
            (header::CONTENT_TYPE, "application/x-ndjson"),
            (header::CACHE_CONTROL, "no-store"),
            // nginx would wait for the end otherwise.
            (header::HeaderName::from_static("x-accel-buffering"), "no"),
        ];
        Ok((StatusCode::OK, headers, Body::from_stream(pieces.map(Ok::<_, Infallible>))).into_response())
    }

    /// One line, in two pieces: whose answer it is, and the answer, which others may get as well.
    async fn line(self, job: Job) -> [Bytes; 2] {
        let begin = Bytes::from(encode::line_begin(&job.ids));
        let rest = match job.ask {
            Ok(ask) => self.0.flights.join(&ask, |landing| self.clone().run(landing).boxed()).await,
            Err(failure) => encode::failure(&failure).into(),
        };
        [begin, rest]
    }

    async fn run(self, landing: Landing) -> Bytes {
        let place = match self.0.places.enter() {
            Ok(place) => place,
            Err(error) => return encode::failure(&Failure::too_many(error.to_string())).into(),
        };
        let refresher = Arc::clone(&self.0.refresher);
        let answered = self.0.places.run(place, None, move |limits| {
            let answer = refresher.answer(&landing.ask, limits);
            drop(landing);
            Ok(match answer {
                Ok(answer) => encode::answer(&answer, &crate::http::tempo::TempoJson),
                Err(failure) => encode::failure(&failure),
            })
        });
        answered.await.unwrap_or_else(|error| encode::failure(&error.into())).into()
    }
}

pub(super) async fn query(State(api): State<Api>, body: Bytes) -> Result<Response, NativeError> {
    api.refresh.answer(body).await
}

#[cfg(test)]
mod tests;
