//! The demo's mailbox and faults.

use super::NativeError;
use crate::demo::Fault;
use crate::http::Api;
use crate::http::params::Params;
use axum::Json;
use axum::extract::{Path, State};
use serde::Deserialize;
use serde_json::{Value, json};

pub(super) async fn inbox(State(api): State<Api>, params: Params) -> Result<Json<Value>, NativeError> {
    let demo = api.demo.as_ref().ok_or_else(|| NativeError::not_found("only the demo has an inbox"))?;
    let limit = params.limit().map_err(|e| NativeError::bad_request(e.message()))?.min(500);
    Ok(Json(json!({"messages": demo.messages(limit)})))
}

pub(super) async fn faults(State(api): State<Api>) -> Result<Json<Value>, NativeError> {
    let demo = api.demo.as_ref().ok_or_else(|| NativeError::not_found("this is not the demo"))?;
    Ok(Json(json!({"faults": demo.faults()})))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SetFault {
    active: bool,
}

pub(super) async fn set_fault(
    State(api): State<Api>,
    Path(name): Path<String>,
    Json(set): Json<SetFault>,
) -> Result<Json<Fault>, NativeError> {
    let demo = api.demo.as_ref().ok_or_else(|| NativeError::not_found("this is not the demo; start it with `phoenix demo`"))?;
    demo.set_fault(&name, set.active).await.map(Json).map_err(NativeError::bad_request)
}
