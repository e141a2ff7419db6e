//! The pages of the linter's rules, built into the program: a finding leads there without a network.

use super::Api;
use axum::Router;
use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use rust_embed::RustEmbed;

#[derive(RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/../../docs/lint"]
struct Pages;

pub(super) fn router() -> Router<Api> {
    Router::new().route("/docs/lint/{*page}", get(page))
}

/// Markdown is written to be read as it stands, and browsers show plain text.
async fn page(Path(page): Path<String>) -> Response {
    match Pages::get(&page) {
        Some(file) => {
            let head = [(header::CONTENT_TYPE, "text/plain; charset=utf-8"), (header::CACHE_CONTROL, "no-cache")];
            (head, file.data.into_owned()).into_response()
        }
        None => (StatusCode::NOT_FOUND, "404: the linter has no such page; all are in /docs/lint/README.md\n").into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_has_its_page_in_the_program() {
        for rule in phoenix_lint::RULES.iter().flat_map(|rules| rules.iter()) {
            let path = rule.doc_path();
            assert!(path.strip_prefix("docs/lint/").and_then(Pages::get).is_some(), "{path}");
        }
    }
}
