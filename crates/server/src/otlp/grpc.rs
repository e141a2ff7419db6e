//! OTLP over gRPC. <https://opentelemetry.io/docs/specs/otlp/#otlpgrpc>

use super::raw;
use crate::http::otlp::OtlpDoor;
use crate::shutdown::Shutdown;
use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{self, Next};
use axum::response::Response as HttpResponse;
use axum::routing::post;
use opentelemetry_proto::tonic::collector::logs::v1::logs_service_server::{LogsService, LogsServiceServer};
use opentelemetry_proto::tonic::collector::logs::v1::{ExportLogsServiceRequest, ExportLogsServiceResponse};
use opentelemetry_proto::tonic::collector::metrics::v1::metrics_service_server::{MetricsService, MetricsServiceServer};
use opentelemetry_proto::tonic::collector::metrics::v1::{ExportMetricsServiceRequest, ExportMetricsServiceResponse};
use phoenix_ingest::remote_write::Refusal;
use prost::Message;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::codec::CompressionEncoding::{Gzip, Zstd};
use tonic::service::Routes;
use tonic::{Code, Request as GrpcRequest, Response, Status};

/// Bytes of one message, uncompressed, at most; less when `limits.body_size` is less.
const MAX_MESSAGE_BYTES: u64 = 16 << 20;
/// Requests that are read and stored at one time. Others wait, each in its connection.
const REQUESTS: usize = 8;
/// Requests of one connection at one time.
const STREAMS_PER_CONNECTION: u32 = 32;

/// Answers until the server ends.
pub(crate) async fn serve(
    listener: TcpListener,
    door: OtlpDoor,
    body_bytes: u64,
    shutdown: Shutdown,
) -> Result<(), tonic::transport::Error> {
    let mut server = tonic::transport::Server::builder().max_concurrent_streams(STREAMS_PER_CONNECTION);
    let end = async move { shutdown.wait().await };
    server.add_routes(routes(&door, body_bytes)).serve_with_incoming_shutdown(TcpListenerStream::new(listener), end).await
}

fn routes(door: &OtlpDoor, body_bytes: u64) -> Routes {
    let limit = body_bytes.min(MAX_MESSAGE_BYTES) as usize;
    macro_rules! service {
        ($server:ident) => {
            $server::new(door.clone())
                .accept_compressed(Gzip)
                .accept_compressed(Zstd)
                .send_compressed(Gzip)
                .max_decoding_message_size(limit)
        };
    }
    let routes = Routes::new(service!(LogsServiceServer)).add_service(service!(MetricsServiceServer)).into_axum_router();
    let routes = routes.merge(traces(door, limit));
    // Messages are decoded before the services see them, so the turns are taken before that.
    let turns = Arc::new(Semaphore::new(REQUESTS));
    Routes::from(routes.layer(middleware::from_fn_with_state(turns, take_turn)))
}

/// Spans, of OTLP and of Jaeger.
fn traces(door: &OtlpDoor, limit_bytes: usize) -> Router {
    let otlp = move |State(door): State<OtlpDoor>, request: Request| {
        raw::answer(request, limit_bytes, move |message| {
            let traces = Arc::clone(&door.traces);
            let work = async move { door.bodies.work(move || traces.otlp_message(&message)).await };
            async move { work.await.map(|answer| answer.encode_to_vec()).map_err(|refusal| status(&refusal)) }
        })
    };
    let jaeger = move |State(door): State<OtlpDoor>, request: Request| {
        raw::answer(request, limit_bytes, move |message| {
            let traces = Arc::clone(&door.traces);
            let work = async move { door.bodies.work(move || traces.jaeger_message(&message)).await };
            // Jaeger's answer is an empty message.
            async move { work.await.map(|_| Vec::new()).map_err(|refusal| status(&refusal)) }
        })
    };
    Router::new()
        .route("/opentelemetry.proto.collector.trace.v1.TraceService/Export", post(otlp))
        .route("/jaeger.api_v2.CollectorService/PostSpans", post(jaeger))
        .with_state(door.clone())
}

async fn take_turn(State(turns): State<Arc<Semaphore>>, request: Request, next: Next) -> HttpResponse {
    let _turn = turns.acquire().await;
    next.run(request).await
}

#[tonic::async_trait]
impl LogsService for OtlpDoor {
    async fn export(&self, request: GrpcRequest<ExportLogsServiceRequest>) -> Result<Response<ExportLogsServiceResponse>, Status> {
        let (receiver, request) = (Arc::clone(&self.receiver), request.into_inner());
        self.bodies.work(move || receiver.logs(&request)).await.map(Response::new).map_err(|refusal| status(&refusal))
    }
}

#[tonic::async_trait]
impl MetricsService for OtlpDoor {
    async fn export(&self, request: GrpcRequest<ExportMetricsServiceRequest>) -> Result<Response<ExportMetricsServiceResponse>, Status> {
        let (receiver, request) = (Arc::clone(&self.receiver), request.into_inner());
        self.bodies.work(move || receiver.metrics(&request)).await.map(Response::new).map_err(|refusal| status(&refusal))
    }
}

/// `google.rpc.Status`, as it stands in `grpc-status-details-bin`.
#[derive(Clone, PartialEq, prost::Message)]
struct RpcStatus {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(string, tag = "2")]
    message: String,
    #[prost(message, repeated, tag = "3")]
    details: Vec<Any>,
}

/// `google.protobuf.Any`
#[derive(Clone, PartialEq, prost::Message)]
struct Any {
    #[prost(string, tag = "1")]
    type_url: String,
    #[prost(bytes = "vec", tag = "2")]
    value: Vec<u8>,
}

/// `google.rpc.RetryInfo`: clients try again only when it is there.
#[derive(Clone, PartialEq, prost::Message)]
struct RetryInfo {
    #[prost(message, optional, tag = "1")]
    retry_delay: Option<Delay>,
}

/// `google.protobuf.Duration`, in whole seconds.
#[derive(Clone, PartialEq, prost::Message)]
struct Delay {
    #[prost(int64, tag = "1")]
    seconds: i64,
}

/// A refusal as gRPC tells it.
fn status(refusal: &Refusal) -> Status {
    let code = match refusal.status {
        400 | 413 | 415 | 422 => Code::InvalidArgument,
        404 => Code::Unimplemented,
        429 => Code::ResourceExhausted,
        503 => Code::Unavailable,
        _ => Code::Internal,
    };
    let Some(seconds) = refusal.retry_after_seconds else { return Status::new(code, refusal.message.clone()) };
    let retry = RetryInfo { retry_delay: Some(Delay { seconds: seconds.into() }) };
    let detail = Any { type_url: "type.googleapis.com/google.rpc.RetryInfo".to_owned(), value: retry.encode_to_vec() };
    let whole = RpcStatus { code: code as i32, message: refusal.message.clone(), details: vec![detail] };
    Status::with_details(code, refusal.message.clone(), whole.encode_to_vec().into())
}
