//! Old links of Prometheus that the UI serves under another name. Those of Alertmanager stand behind
//! a `#`, which only the browser sees: the UI leads them on.

use super::Api;
use axum::Router;
use axum::extract::RawQuery;
use axum::response::Redirect;
use axum::routing::get;

pub(super) fn router() -> Router<Api> {
    let mut router = Router::new();
    for (old, new) in [
        ("/graph", "/explore"),
        ("/query", "/explore"),
        ("/status", "/status"),
        ("/config", "/status"),
        ("/flags", "/status"),
        ("/tsdb-status", "/status"),
        ("/service-discovery", "/targets"),
        ("/alertmanager-discovery", "/status"),
        ("/consoles/{*rest}", "/"),
    ] {
        if old != new {
            router = router.route(old, get(move |RawQuery(query): RawQuery| async move { redirect(new, query) }));
        }
    }
    router
}

fn redirect(to: &str, query: Option<String>) -> Redirect {
    match query {
        Some(query) if !query.is_empty() => Redirect::temporary(&format!("{to}?{query}")),
        _ => Redirect::temporary(to),
    }
}
