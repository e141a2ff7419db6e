//! The admin endpoint for faults: for this machine only.

use crate::faults::{Fault, Faults, LONGEST};
use axum::extract::{ConnectInfo, Path, Query, Request, State};
use axum::http::StatusCode;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

/// The header that a page in a browser can't send to another origin without being asked first.
pub(crate) const ADMIN_HEADER: &str = "x-phoenix-admin";

#[derive(Deserialize)]
struct Lasting {
    /// Seconds.
    seconds: u64,
}

/// `/admin/faults`, of the faults that a process can have.
pub(crate) fn routes(faults: Arc<Faults>) -> Router {
    Router::new()
        .route("/admin/faults", get(list))
        .route("/admin/faults/{name}", post(begin).delete(end))
        .route_layer(middleware::from_fn(check))
        .with_state(faults)
}

/// Lets through what comes from this machine and from no proxy on it.
async fn check(ConnectInfo(peer): ConnectInfo<SocketAddr>, request: Request, next: Next) -> Response {
    let headers = request.headers();
    let came_by_proxy = headers.contains_key("forwarded") || headers.contains_key("x-forwarded-for");
    let is_ours = peer.ip().is_loopback() && headers.contains_key(ADMIN_HEADER) && !came_by_proxy;
    if is_ours {
        next.run(request).await
    } else {
        (StatusCode::FORBIDDEN, "faults are begun on the machine itself, by `phoenix-platform fault`\n").into_response()
    }
}

async fn list(State(faults): State<Arc<Faults>>) -> Response {
    Json(faults.known().map(|fault| faults.told(fault)).collect::<Vec<_>>()).into_response()
}

async fn begin(State(faults): State<Arc<Faults>>, Path(name): Path<String>, Query(lasting): Query<Lasting>) -> Response {
    if lasting.seconds == 0 || lasting.seconds > LONGEST.as_secs() {
        return (StatusCode::BAD_REQUEST, "a fault lasts from a second to a day\n").into_response();
    }
    change(&name, &faults, |fault| faults.begin(fault, Duration::from_secs(lasting.seconds)))
}

async fn end(State(faults): State<Arc<Faults>>, Path(name): Path<String>) -> Response {
    change(&name, &faults, |fault| faults.end(fault))
}

fn change(name: &str, faults: &Faults, change: impl FnOnce(Fault)) -> Response {
    let Some(fault) = faults.known().find(|fault| fault.name() == name) else {
        let known: Vec<&str> = faults.known().map(Fault::name).collect();
        let others = if Fault::named(name).is_some() { "another of the platform's processes has it" } else { "there is no such fault" };
        return (StatusCode::NOT_FOUND, format!("{others}; here there are {}\n", known.join(", "))).into_response();
    };
    change(fault);
    Json(faults.told(fault)).into_response()
}
