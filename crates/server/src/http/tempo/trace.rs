//! `/api/traces/{id}` and `/api/v2/traces/{id}`: a trace as a whole.

use super::Tempo;
use super::error::TempoError;
use super::otlp::{trace_json, trace_protobuf};
use super::params::{Bounds, search_bounds};
use crate::http::envelope::json;
use crate::http::params::Params;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use phoenix_model::traces::{TraceId, TraceWrite};

pub(super) async fn v1(
    State(tempo): State<Tempo>,
    Path(id): Path<String>,
    headers: HeaderMap,
    params: Params,
) -> Result<Response, TempoError> {
    let trace = find(&tempo, &id, &params).await?;
    Ok(if wants_protobuf(&headers) { protobuf(trace_protobuf(&trace)) } else { json(StatusCode::OK, trace_json("batches", &trace)) })
}

pub(super) async fn v2(
    State(tempo): State<Tempo>,
    Path(id): Path<String>,
    headers: HeaderMap,
    params: Params,
) -> Result<Response, TempoError> {
    let trace = find(&tempo, &id, &params).await?;
    if wants_protobuf(&headers) {
        // The trace is the first field of the answer.
        let trace = trace_protobuf(&trace);
        let mut body = Vec::with_capacity(trace.len() + 12);
        prost::encoding::encode_key(1, prost::encoding::WireType::LengthDelimited, &mut body);
        prost::encoding::encode_varint(trace.len() as u64, &mut body);
        body.extend_from_slice(&trace);
        return Ok(protobuf(body));
    }
    Ok(json(StatusCode::OK, format!("{{\"trace\":{},\"metrics\":{{}}}}", trace_json("resourceSpans", &trace))))
}

async fn find(tempo: &Tempo, id: &str, params: &Params) -> Result<TraceWrite, TempoError> {
    let id = TraceId::from_hex(id)
        .ok_or_else(|| TempoError::bad_request(format!("`{id}` is not the id of a trace: it has up to 32 hexadecimal digits")))?;
    let Bounds { start_ns, end_ns } = search_bounds(params)?;
    let range = (start_ns > i64::MIN || end_ns < i64::MAX).then_some((start_ns, end_ns));
    let trace = tempo.run("", move |engine, limits| engine.trace(id, range, limits)).await?;
    if trace.is_empty() { Err(TempoError::not_found("trace not found")) } else { Ok(trace) }
}

fn wants_protobuf(headers: &HeaderMap) -> bool {
    headers.get_all(header::ACCEPT).iter().any(|accept| accept.to_str().is_ok_and(|accept| accept.contains("application/protobuf")))
}

fn protobuf(body: Vec<u8>) -> Response {
    (StatusCode::OK, [(header::CONTENT_TYPE, "application/protobuf")], body).into_response()
}
