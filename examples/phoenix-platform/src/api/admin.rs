//! The admin endpoint for faults: for this machine only.

use super::Service;
use crate::faults::{Fault, LONGEST};
use axum::Json;
use axum::extract::{ConnectInfo, Path, Query, Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

/// The header that a page in a browser can't send to another origin without being asked first.
pub(crate) const ADMIN_HEADER: &str = "x-phoenix-admin";

#[derive(Deserialize)]
pub(super) struct Lasting {
    /// Seconds.
    seconds: u64,
}

/// Lets through what comes from this machine and from no proxy on it.
pub(super) async fn check(ConnectInfo(peer): ConnectInfo<SocketAddr>, request: Request, next: Next) -> Response {
    let headers = request.headers();
    let came_by_proxy = headers.contains_key("forwarded") || headers.contains_key("x-forwarded-for");
    let is_ours = peer.ip().is_loopback() && headers.contains_key(ADMIN_HEADER) && !came_by_proxy;
    if is_ours {
        next.run(request).await
    } else {
        (StatusCode::FORBIDDEN, "faults are begun on the machine itself, by `phoenix-platform fault`\n").into_response()
    }
}

pub(super) async fn list(State(service): State<Arc<Service>>) -> Response {
    Json(Fault::ALL.map(|fault| service.faults.told(fault))).into_response()
}

pub(super) async fn begin(State(service): State<Arc<Service>>, Path(name): Path<String>, Query(lasting): Query<Lasting>) -> Response {
    if lasting.seconds == 0 || lasting.seconds > LONGEST.as_secs() {
        return (StatusCode::BAD_REQUEST, "a fault lasts from a second to a day\n").into_response();
    }
    change(&name, &service, |fault| service.faults.begin(fault, Duration::from_secs(lasting.seconds)))
}

pub(super) async fn end(State(service): State<Arc<Service>>, Path(name): Path<String>) -> Response {
    change(&name, &service, |fault| service.faults.end(fault))
}

fn change(name: &str, service: &Service, change: impl FnOnce(Fault)) -> Response {
    let Some(fault) = Fault::named(name) else {
        let known = Fault::ALL.map(Fault::name).join(", ");
        return (StatusCode::NOT_FOUND, format!("there is no such fault; there are {known}\n")).into_response();
    };
    change(fault);
    Json(service.faults.told(fault)).into_response()
}
