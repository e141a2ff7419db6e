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
        ("/config", "/status?tab=config"),
        ("/flags", "/status?tab=flags"),
        ("/tsdb-status", "/status?tab=tsdb"),
        ("/service-discovery", "/targets?show=discovered"),
        ("/alertmanager-discovery", "/status"),
        ("/consoles/{*rest}", "/"),
    ] {
        router =
            router.route(old, get(move |RawQuery(query): RawQuery| async move { Redirect::temporary(&target(new, query.as_deref())) }));
    }
    router
}

/// Where an old link leads, with what it asked for.
fn target(to: &str, query: Option<&str>) -> String {
    match query {
        Some(query) if !query.is_empty() => format!("{to}{}{query}", if to.contains('?') { '&' } else { '?' }),
        _ => to.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::target;

    #[test]
    fn old_links_keep_what_they_ask_for() {
        for (to, query, expected) in [
            ("/explore", None, "/explore"),
            ("/explore", Some(""), "/explore"),
            ("/explore", Some("g0.expr=up"), "/explore?g0.expr=up"),
            ("/status?tab=flags", None, "/status?tab=flags"),
            ("/targets?show=discovered", Some("search=api"), "/targets?show=discovered&search=api"),
        ] {
            assert_eq!(target(to, query), expected);
        }
    }
}
