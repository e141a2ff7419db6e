//! What all services share: `/health`, `/metrics`, the admin endpoint for faults, the layer that measures requests.

use crate::admin;
use crate::faults::Faults;
use axum::Router;
use axum::routing::get;
use phoenix_telemetry::Telemetry;
use std::net::SocketAddr;
use std::sync::Arc;

/// A service's own routes with those that all have.
pub(crate) fn router(telemetry: &Telemetry, faults: &Arc<Faults>, own: Router) -> Router {
    Router::new()
        .route("/health", get(|| async { "ok\n" }))
        .merge(own)
        .merge(admin::routes(Arc::clone(faults)))
        .layer(telemetry.http_layer().log_requests())
        .route_service("/metrics", telemetry.scrape())
}

/// Listens, and says so.
pub(crate) async fn bind(listen: SocketAddr) -> Result<(tokio::net::TcpListener, SocketAddr), Box<dyn std::error::Error>> {
    let listener = tokio::net::TcpListener::bind(listen).await.map_err(|e| format!("cannot listen on {listen}: {e}"))?;
    let address = listener.local_addr()?;
    tracing::info!(%address, "listens");
    Ok((listener, address))
}

/// Serves until the process is told to end.
pub(crate) async fn serve(listener: tokio::net::TcpListener, router: Router) -> Result<(), Box<dyn std::error::Error>> {
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    Ok(axum::serve(listener, service).with_graceful_shutdown(crate::told_to_end()).await?)
}
