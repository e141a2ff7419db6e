//! A service with all three signals, and a request to it.
//!
//! `cargo run -p phoenix-telemetry --example service --features axum,reqwest`, with
//! `OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4317` where Phoenix runs. It serves on a free port of loopback, asks
//! itself, prints what a scrape gets, and ends.

use axum::Router;
use axum::extract::Path;
use axum::routing::get;
use phoenix_telemetry::prometheus_client::metrics::counter::Counter;
use phoenix_telemetry::{ExperimentLabels, ExperimentState, Telemetry};

async fn experiment(Path(id): Path<u64>) -> String {
    tracing::info!(experiment_id = id, "somebody asks");
    format!("experiment {id}\n")
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let telemetry = Telemetry::builder("phoenix-api").version(env!("CARGO_PKG_VERSION")).init()?;

    // A metric of the strategy, and one of the service's own.
    telemetry.phoenix().experiments.inc(&ExperimentLabels { state: ExperimentState::Running, tenant_id: "acme".into() });
    let orders: Counter = Counter::default();
    telemetry.metrics().register("orders_total", "Orders taken", orders.clone());
    orders.inc();

    let router = Router::new()
        .route("/api/v1/experiments/{id}", get(experiment))
        .layer(telemetry.http_layer().log_requests())
        .route_service("/metrics", telemetry.scrape());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move { axum::serve(listener, router).await });

    // The client's TLS library wants a provider even for plain HTTP; an error means that there is one already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::new();
    let request = client.get(format!("http://{address}/api/v1/experiments/7")).build()?;
    print!("{}", phoenix_telemetry::send(&client, request).await?.text().await?);
    print!("{}", client.get(format!("http://{address}/metrics")).send().await?.text().await?);
    Ok(())
}
