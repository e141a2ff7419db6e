//! The web UI, built into the program.

use axum::http::{StatusCode, Uri, header};
use axum::response::{Html, IntoResponse, Response};
use rust_embed::RustEmbed;

#[derive(RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/../../web/dist"]
#[allow_missing = true]
struct Assets;

/// A file of the UI, or its first page for every path that is one of the UI's views.
pub(super) async fn serve(uri: Uri) -> Response {
    let path = uri.path().trim_start_matches('/');
    if let Some(file) = Assets::get(path).filter(|_| path != "index.html") {
        // Vite puts a hash of the content into the names below assets/.
        let caching = if path.starts_with("assets/") { "public, max-age=31536000, immutable" } else { "no-cache" };
        let kind = media_type(path).to_owned();
        return ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, caching.to_owned())], file.data.into_owned()).into_response();
    }
    let is_file = path.rsplit('/').next().is_some_and(|last| last.contains('.'));
    if path.starts_with("api/") || path.starts_with("-/") || path.starts_with("assets/") || (is_file && path != "index.html") {
        return (StatusCode::NOT_FOUND, "404: there is nothing at this path\n").into_response();
    }
    match Assets::get("index.html") {
        Some(index) => ([(header::CACHE_CONTROL, "no-cache")], Html(index.data.into_owned())).into_response(),
        None => Html(
            "<!doctype html><title>Phoenix</title><h1>Phoenix runs</h1>\
             <p>This program was built without its web UI. <code>make web</code> builds it; then build Phoenix again.</p>\
             <p>The API works: <a href=/api/v1/targets>/api/v1/targets</a></p>",
        )
        .into_response(),
    }
}

/// The media type of a file of the UI, by its ending.
fn media_type(path: &str) -> &'static str {
    match path.rsplit_once('.').map_or("", |(_, ending)| ending) {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "map" => "application/json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}
