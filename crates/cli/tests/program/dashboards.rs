//! What dashboards ask, asked one by one.

use super::Server;
use serde_json::{Value, json};

/// Asks every query of a dashboard with these values for its variables; how many were asked, and how many of them
/// have an answer now. Fails when one is refused, or when the report says that something is not shown.
pub fn ask(server: &Server, uid: &str, variables: &[(&str, &str)]) -> (usize, usize) {
    let whole = server.json(&format!("/api/phoenix/v1/dashboards/{uid}"));
    assert_eq!(whole["report"], json!([]), "{uid}: nothing is left out");
    let (mut asked, mut answered) = (0, 0);
    for panel in whole["dashboard"]["panels"].as_array().expect("a list") {
        for target in panel["targets"].as_array().into_iter().flatten() {
            let text = target["expr"].as_str().or(target["query"].as_str()).unwrap_or_else(|| panic!("{uid}: {target}"));
            let filled = variables.iter().fold(text.to_owned(), |text, (name, value)| text.replace(name, value));
            let query: String = url::form_urlencoded::byte_serialize(filled.as_bytes()).collect();
            let path = match target["datasource"]["type"].as_str() {
                Some("prometheus") => format!("/api/v1/query?query={query}"),
                Some("loki") => format!("/loki/api/v1/query_range?query={query}"),
                Some("tempo") => format!("/api/search?q={query}"),
                _ => panic!("{uid}: {target}"),
            };
            let (status, body) = server.get(&path);
            assert_eq!(status, 200, "{uid}: {filled}: {body}");
            let body: Value = serde_json::from_str(&body).expect("answers are JSON");
            let found = body["data"]["result"].as_array().or(body["traces"].as_array());
            asked += 1;
            answered += usize::from(found.is_some_and(|found| !found.is_empty()));
        }
    }
    (asked, answered)
}
