//! `targets/relabel`: relabelling shown rule by rule; `targets/logs`: what logs are collected from.

use super::NativeError;
use crate::http::Api;
use crate::http::params::Params;
use axum::Json;
use axum::extract::State;
use phoenix_ingest::collect::TargetStatus;
use phoenix_ingest::relabel::{Step, explain};
use phoenix_model::Labels;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Targets explained in one answer; a job may have thousands.
const MAX_TARGETS: usize = 100;

pub(super) async fn relabel(State(api): State<Api>, params: Params) -> Result<Json<Value>, NativeError> {
    let pool = params.non_empty("pool").ok_or_else(|| NativeError::bad_request("the parameter `pool` is missing: it names the job"))?;
    let current = api.reloader.current();
    let job = current
        .scrape_configs()
        .iter()
        .find(|job| job.job_name == pool)
        .ok_or_else(|| NativeError::not_found(format!("the config has no job `{pool}`")))?;
    let status = api.parts.scraper.targets(None);
    let active = status.active_targets.iter().filter(|t| t.scrape_pool == pool).map(|t| &t.discovered_labels);
    let dropped = status.dropped_targets.iter().filter(|t| t.scrape_pool == pool).map(|t| &t.discovered_labels);
    let address = params.non_empty("address");
    let targets: Vec<Value> = active
        .chain(dropped)
        .filter(|labels| address.is_none_or(|address| labels.value("__address__") == address))
        .take(MAX_TARGETS)
        .map(|discovered| target(discovered, &explain(discovered, &job.relabel_configs)))
        .collect();
    Ok(Json(json!({"targets": targets})))
}

/// Files, listeners and the journal that logs are collected from.
pub(super) async fn logs(State(api): State<Api>) -> Json<Value> {
    let targets = api.parts.logs.collection.targets().await;
    let shown = |target: TargetStatus| {
        json!({
            "job": target.job,
            "target": target.target,
            "labels": target.labels.iter().collect::<BTreeMap<_, _>>(),
            "offset_bytes": target.offset_bytes,
            "stored_bytes": target.stored_bytes,
            "length_bytes": target.length_bytes,
            "lines": target.lines,
            "last_error": target.last_error,
        })
    };
    Json(json!({"targets": targets.into_iter().map(shown).collect::<Vec<_>>()}))
}

fn target(discovered: &Labels, steps: &[Step]) -> Value {
    let mut labels = discovered.to_builder();
    for change in steps.iter().flat_map(|step| &step.changes) {
        labels.set(&change.name, change.after.as_deref().unwrap_or(""));
    }
    let kept = steps.iter().all(|step| step.kept);
    let steps: Vec<Value> = steps
        .iter()
        .map(|step| {
            let changed: serde_json::Map<String, Value> =
                step.changes.iter().map(|change| (change.name.clone(), json!([change.before, change.after]))).collect();
            json!({"index": step.index, "action": step.action, "rule": step.rule, "summary": summary(step), "changed": changed, "kept": step.kept})
        })
        .collect();
    json!({"discovered_labels": discovered, "labels": kept.then(|| labels.build()), "kept": kept, "steps": steps})
}

/// What a step did, in words.
fn summary(step: &Step) -> String {
    if !step.kept {
        return "drops the target".to_owned();
    }
    match step.changes.len() {
        0 => "keeps everything as it is".to_owned(),
        1 => format!("changes {}", step.changes[0].name),
        n => format!("changes {n} labels: {}", step.changes.iter().map(|c| c.name.as_str()).collect::<Vec<_>>().join(", ")),
    }
}
