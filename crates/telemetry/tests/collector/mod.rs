//! A receiver of OTLP that keeps what it gets.

use opentelemetry_proto::tonic::collector::logs::v1::logs_service_server::{LogsService, LogsServiceServer};
use opentelemetry_proto::tonic::collector::logs::v1::{ExportLogsServiceRequest, ExportLogsServiceResponse};
use opentelemetry_proto::tonic::collector::metrics::v1::metrics_service_server::{MetricsService, MetricsServiceServer};
use opentelemetry_proto::tonic::collector::metrics::v1::{ExportMetricsServiceRequest, ExportMetricsServiceResponse};
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{TraceService, TraceServiceServer};
use opentelemetry_proto::tonic::collector::trace::v1::{ExportTracePartialSuccess, ExportTraceServiceRequest, ExportTraceServiceResponse};
use opentelemetry_proto::tonic::common::v1::{KeyValue, any_value::Value};
use parking_lot::Mutex;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::codec::CompressionEncoding;
use tonic::metadata::MetadataMap;
use tonic::{Code, Request, Response, Status};

/// What was received, and what is answered.
#[derive(Default)]
pub struct Received {
    pub traces: Vec<ExportTraceServiceRequest>,
    pub metrics: Vec<ExportMetricsServiceRequest>,
    pub logs: Vec<ExportLogsServiceRequest>,
    pub headers: Vec<MetadataMap>,
    /// Answers for requests to come, the last first; without one, all is well.
    pub answers: Vec<Code>,
    /// So many spans of each request are refused.
    pub rejected_spans: i64,
}

#[derive(Clone, Default)]
pub struct Collector(pub Arc<Mutex<Received>>);

impl Collector {
    /// Serves on a port of loopback, in a thread of its own that ends with the process.
    pub fn start() -> (Self, SocketAddr) {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        (Self::on(listener), address)
    }

    pub fn on(listener: std::net::TcpListener) -> Self {
        let collector = Self::default();
        let it = collector.clone();
        listener.set_nonblocking(true).unwrap();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async move {
                let listener = tokio::net::TcpListener::from_std(listener).unwrap();
                tonic::transport::Server::builder()
                    .add_service(TraceServiceServer::new(it.clone()).accept_compressed(CompressionEncoding::Gzip))
                    .add_service(MetricsServiceServer::new(it.clone()).accept_compressed(CompressionEncoding::Gzip))
                    .add_service(LogsServiceServer::new(it).accept_compressed(CompressionEncoding::Gzip))
                    .serve_with_incoming(TcpListenerStream::new(listener))
                    .await
            })
        });
        collector
    }

    fn answer<B, R>(&self, request: Request<B>, keep: impl FnOnce(&mut Received, B) -> R) -> Result<Response<R>, Status> {
        let mut received = self.0.lock();
        received.headers.push(request.metadata().clone());
        match received.answers.pop() {
            None | Some(Code::Ok) => Ok(Response::new(keep(&mut received, request.into_inner()))),
            Some(code) => Err(Status::new(code, "as the test wants it")),
        }
    }
}

#[tonic::async_trait]
impl TraceService for Collector {
    async fn export(&self, request: Request<ExportTraceServiceRequest>) -> Result<Response<ExportTraceServiceResponse>, Status> {
        self.answer(request, |received, body| {
            received.traces.push(body);
            let rejected_spans = received.rejected_spans;
            let partial_success = (rejected_spans > 0).then(|| ExportTracePartialSuccess { rejected_spans, ..Default::default() });
            ExportTraceServiceResponse { partial_success }
        })
    }
}

#[tonic::async_trait]
impl MetricsService for Collector {
    async fn export(&self, request: Request<ExportMetricsServiceRequest>) -> Result<Response<ExportMetricsServiceResponse>, Status> {
        self.answer(request, |received, body| {
            received.metrics.push(body);
            ExportMetricsServiceResponse::default()
        })
    }
}

#[tonic::async_trait]
impl LogsService for Collector {
    async fn export(&self, request: Request<ExportLogsServiceRequest>) -> Result<Response<ExportLogsServiceResponse>, Status> {
        self.answer(request, |received, body| {
            received.logs.push(body);
            ExportLogsServiceResponse::default()
        })
    }
}

/// The text of an attribute.
pub fn attribute<'a>(attributes: &'a [KeyValue], key: &str) -> Option<&'a str> {
    match attributes.iter().find(|pair| pair.key == key)?.value.as_ref()?.value.as_ref()? {
        Value::StringValue(text) => Some(text),
        _ => None,
    }
}
