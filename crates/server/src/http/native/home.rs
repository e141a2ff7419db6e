//! Home: what is wrong now.

use super::{NativeError, rfc3339};
use crate::http::Api;
use crate::http::prometheus::rules;
use axum::Json;
use axum::extract::State;
use phoenix_ingest::scrape::Health;
use phoenix_rules::Health as RuleHealth;
use serde_json::{Value, json};

pub(super) async fn home(State(api): State<Api>) -> Result<Json<Value>, NativeError> {
    let current = api.reloader.current();
    let last = api.reloader.last();
    let targets = api.parts.scraper.targets(None).active_targets;
    let in_health = |health: Health| targets.iter().filter(|t| t.health == health).count();
    let groups = api.parts.rules.status();
    let (firing, pending) = rules::count(&groups);
    let all_rules = || groups.iter().flat_map(|g| &g.rules);
    let (open, acknowledged) = api.parts.incidents.counts().await?;
    Ok(Json(json!({
        "version": env!("CARGO_PKG_VERSION"),
        "started_at": rfc3339(api.started_at_ms),
        "data_dir": api.data_dir,
        "external_url": current.settings.external_url,
        "listen": current.settings.listen,
        "config": {
            "file": current.loaded.files.first().map(|file| file.path.display().to_string()),
            "loaded_at": rfc3339(last.loaded_at_ms),
            "last_reload_ok": last.ok,
            "last_error": last.error,
            "warnings": current.warnings,
        },
        "problems": api.problems(),
        "targets": {"up": in_health(Health::Up), "down": in_health(Health::Down), "unknown": in_health(Health::Unknown)},
        "alerts": {"firing": firing, "pending": pending},
        "rules": {
            "groups": groups.len(),
            "rules": all_rules().count(),
            "failing": all_rules().filter(|r| r.health == RuleHealth::Err).count(),
        },
        "incidents": {"open": open, "acknowledged": acknowledged},
        "on_call": api.parts.incidents.on_call_now(),
        "demo": api.demo.is_some(),
        "inbox": api.demo.is_some(),
        "self_scrape_job": "phoenix",
        "host_job": "node",
    })))
}
