//! `tempopb.StreamingQuerier`: the same answers over gRPC, each in one message of a stream.
//!
//! Grafana streams over the port of HTTP when its data source says so.

use super::Tempo;
use super::error::TempoError;
use super::metrics::{AskedRange, run_instant};
use super::params::Bounds;
use super::search::{Asked as AskedSearch, legacy_query};
use super::tags::{Asked as AskedNames, AskedValues, all_names, limit, scopes, texts};
use super::wire::{
    InstantResponse, RangeResponse, SearchResponse, TagValuesResponse, TagValuesV2Response, TagsResponse, TagsV2Response, tag_value,
};
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use prost::Message;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::marker::PhantomData;
use std::pin::Pin;
use std::time::Duration;
use tonic::server::{Grpc, ServerStreamingService};
use tonic::{Code, Status};
use tonic_prost::ProstCodec;

const SECOND_NS: i64 = 1_000_000_000;
/// Bytes of one request; queries are short.
const MAX_REQUEST_BYTES: usize = 1 << 20;

/// Names and numbers of fields are those of Tempo's wire format.
#[derive(Clone, PartialEq, Message)]
struct SearchRequest {
    #[prost(btree_map = "string, string", tag = "1")]
    tags: BTreeMap<String, String>,
    #[prost(uint32, tag = "2")]
    min_duration_ms: u32,
    #[prost(uint32, tag = "3")]
    max_duration_ms: u32,
    #[prost(uint32, tag = "4")]
    limit: u32,
    /// Seconds.
    #[prost(uint32, tag = "5")]
    start: u32,
    #[prost(uint32, tag = "6")]
    end: u32,
    #[prost(string, tag = "8")]
    query: String,
    #[prost(uint32, tag = "9")]
    spans_per_span_set: u32,
}

#[derive(Clone, PartialEq, Message)]
struct TagsRequest {
    #[prost(string, tag = "1")]
    scope: String,
    #[prost(uint32, tag = "3")]
    start: u32,
    #[prost(uint32, tag = "4")]
    end: u32,
    #[prost(uint32, tag = "5")]
    max_tags_per_scope: u32,
}

#[derive(Clone, PartialEq, Message)]
struct TagValuesRequest {
    #[prost(string, tag = "1")]
    tag_name: String,
    #[prost(string, tag = "2")]
    query: String,
    #[prost(uint32, tag = "4")]
    start: u32,
    #[prost(uint32, tag = "5")]
    end: u32,
    #[prost(uint32, tag = "6")]
    max_tag_values: u32,
}

#[derive(Clone, PartialEq, Message)]
struct RangeRequest {
    #[prost(string, tag = "1")]
    query: String,
    /// Nanoseconds.
    #[prost(uint64, tag = "2")]
    start: u64,
    #[prost(uint64, tag = "3")]
    end: u64,
    #[prost(uint64, tag = "4")]
    step: u64,
    #[prost(uint32, tag = "16")]
    exemplars: u32,
}

#[derive(Clone, PartialEq, Message)]
struct InstantRequest {
    #[prost(string, tag = "1")]
    query: String,
    /// Nanoseconds.
    #[prost(uint64, tag = "2")]
    start: u64,
    #[prost(uint64, tag = "3")]
    end: u64,
}

/// Answers a call of one of the service's methods.
pub(super) async fn call(State(tempo): State<Tempo>, Path(method): Path<String>, request: Request) -> Response {
    match method.as_str() {
        "Search" => streamed(request, move |asked: SearchRequest| search(tempo, asked)).await,
        "SearchTags" => streamed(request, move |asked: TagsRequest| tags(tempo, asked)).await,
        "SearchTagsV2" => streamed(request, move |asked: TagsRequest| tags_by_scope(tempo, asked)).await,
        "SearchTagValues" => streamed(request, move |asked: TagValuesRequest| values(tempo, asked)).await,
        "SearchTagValuesV2" => streamed(request, move |asked: TagValuesRequest| typed_values(tempo, asked)).await,
        "MetricsQueryRange" => streamed(request, move |asked: RangeRequest| range(tempo, asked)).await,
        "MetricsQueryInstant" => streamed(request, move |asked: InstantRequest| instant(tempo, asked)).await,
        _ => Status::unimplemented(format!("tempopb.StreamingQuerier has no method {method}"))
            .into_http::<tonic::body::Body>()
            .into_response(),
    }
}

async fn search(tempo: Tempo, asked: SearchRequest) -> Result<SearchResponse, TempoError> {
    let query = if asked.query.is_empty() {
        let mut tags = String::new();
        for (name, value) in &asked.tags {
            let _ = write!(tags, " {name}={value:?}");
        }
        let at_least = |ms: u32| (ms > 0).then(|| Duration::from_millis(ms.into()));
        legacy_query(&tags, at_least(asked.min_duration_ms), at_least(asked.max_duration_ms))?
    } else {
        asked.query
    };
    let or = |written: u32, default: usize| if written == 0 { default } else { written as usize };
    let asked =
        AskedSearch { query, bounds: seconds(asked.start, asked.end)?, limit: or(asked.limit, 20), spans: or(asked.spans_per_span_set, 3) };
    Ok(SearchResponse::from(&asked.run(&tempo).await?))
}

async fn tags(tempo: Tempo, asked: TagsRequest) -> Result<TagsResponse, TempoError> {
    Ok(all_names(scopes(&tempo, names(asked)?).await?))
}

async fn tags_by_scope(tempo: Tempo, asked: TagsRequest) -> Result<TagsV2Response, TempoError> {
    Ok(TagsV2Response { scopes: scopes(&tempo, names(asked)?).await? })
}

fn names(asked: TagsRequest) -> Result<AskedNames, TempoError> {
    let bounds = seconds(asked.start, asked.end)?;
    Ok(AskedNames { scope: asked.scope, bounds, limit: limit(asked.max_tags_per_scope as usize) })
}

async fn values(tempo: Tempo, asked: TagValuesRequest) -> Result<TagValuesResponse, TempoError> {
    let values = value_request(asked)?.into_v1().run(&tempo).await?;
    Ok(TagValuesResponse { tag_values: texts(&values) })
}

async fn typed_values(tempo: Tempo, asked: TagValuesRequest) -> Result<TagValuesV2Response, TempoError> {
    let values = value_request(asked)?.run(&tempo).await?;
    Ok(TagValuesV2Response { tag_values: values.iter().map(tag_value).collect() })
}

fn value_request(asked: TagValuesRequest) -> Result<AskedValues, TempoError> {
    let bounds = seconds(asked.start, asked.end)?;
    Ok(AskedValues { tag: asked.tag_name, query: asked.query, bounds, limit: limit(asked.max_tag_values as usize) })
}

async fn range(tempo: Tempo, asked: RangeRequest) -> Result<RangeResponse, TempoError> {
    let bounds = nanoseconds(asked.start, asked.end)?;
    let step_ns = super::params::checked_step(asked.step.try_into().unwrap_or(i64::MAX), bounds)?;
    let asked = AskedRange { query: asked.query, bounds, step_ns, exemplars: asked.exemplars as usize };
    Ok(RangeResponse::from(&asked.run(&tempo).await?))
}

async fn instant(tempo: Tempo, asked: InstantRequest) -> Result<InstantResponse, TempoError> {
    let output = run_instant(&tempo, asked.query, nanoseconds(asked.start, asked.end)?).await?;
    Ok(InstantResponse::from(&output))
}

/// Zeros mean all of time.
fn seconds(start: u32, end: u32) -> Result<Bounds, TempoError> {
    if start == 0 && end == 0 {
        return Ok(Bounds::ALL);
    }
    let end_ns = if end == 0 { i64::MAX } else { i64::from(end) * SECOND_NS };
    ordered(i64::from(start) * SECOND_NS, end_ns)
}

fn nanoseconds(start: u64, end: u64) -> Result<Bounds, TempoError> {
    ordered(start.try_into().unwrap_or(i64::MAX), end.try_into().unwrap_or(i64::MAX))
}

fn ordered(start_ns: i64, end_ns: i64) -> Result<Bounds, TempoError> {
    if end_ns <= start_ns {
        return Err(TempoError::bad_request("start must be before end"));
    }
    Ok(Bounds { start_ns, end_ns })
}

/// One call: its work is done once.
struct Call<Q, F>(Option<F>, PhantomData<fn(Q)>);

type Pinned<T> = Pin<Box<dyn Future<Output = T> + Send>>;
type OneMessage<A> = futures_util::stream::Iter<std::array::IntoIter<Result<A, Status>, 1>>;

impl<Q, A, F, W> ServerStreamingService<Q> for Call<Q, F>
where
    Q: Send + 'static,
    A: Message + Send + 'static,
    F: FnOnce(Q) -> W + Send + 'static,
    W: Future<Output = Result<A, TempoError>> + Send + 'static,
{
    type Response = A;
    type ResponseStream = OneMessage<A>;
    type Future = Pinned<Result<tonic::Response<Self::ResponseStream>, Status>>;

    fn call(&mut self, request: tonic::Request<Q>) -> Self::Future {
        let work = self.0.take();
        Box::pin(async move {
            let Some(work) = work else { return Err(Status::internal("a call is answered once")) };
            let answer = work(request.into_inner()).await.map_err(|error| status(&error))?;
            Ok(tonic::Response::new(futures_util::stream::iter([Ok(answer)])))
        })
    }
}

async fn streamed<Q, A, F, W>(request: Request, work: F) -> Response
where
    Q: Message + Default + Send + 'static,
    A: Message + Default + Send + 'static,
    F: FnOnce(Q) -> W + Send + 'static,
    W: Future<Output = Result<A, TempoError>> + Send + 'static,
{
    let mut grpc = Grpc::new(ProstCodec::<A, Q>::default()).max_decoding_message_size(MAX_REQUEST_BYTES);
    grpc.server_streaming(Call(Some(work), PhantomData), request).await.into_response()
}

fn status(error: &TempoError) -> Status {
    let code = match error.status {
        StatusCode::BAD_REQUEST => Code::InvalidArgument,
        StatusCode::NOT_FOUND => Code::NotFound,
        StatusCode::TOO_MANY_REQUESTS | StatusCode::UNPROCESSABLE_ENTITY => Code::ResourceExhausted,
        StatusCode::GATEWAY_TIMEOUT => Code::DeadlineExceeded,
        StatusCode::INTERNAL_SERVER_ERROR => Code::Internal,
        _ => Code::Cancelled,
    };
    Status::new(code, error.message.clone())
}
