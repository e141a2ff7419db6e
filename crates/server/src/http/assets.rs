//! The web UI, built into the program.

use axum::http::header::{ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, VARY};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{Html, IntoResponse, Response};
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use parking_lot::Mutex;
use rust_embed::{EmbeddedFile, RustEmbed};
use std::borrow::Cow;
use std::collections::HashMap;
use std::io::Write as _;
use std::sync::LazyLock;

#[derive(RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/../../web/dist"]
#[allow_missing = true]
struct Assets;

/// Files below this size are sent as they are: a packet holds them anyway.
const LEAST_COMPRESSED: usize = 1024;
/// More compressed files than the UI has: a debug build reads them from the folder, where each build leaves others.
const MOST_KEPT: usize = 1000;

/// Compressed files by the hash of their content. Compressing the UI's script takes longer than sending it.
static COMPRESSED: LazyLock<Mutex<HashMap<[u8; 32], Bytes>>> = LazyLock::new(Mutex::default);

/// A file of the UI, or its first page for every path that is one of the UI's views.
pub(super) async fn serve(uri: Uri, headers: HeaderMap) -> Response {
    let path = uri.path().trim_start_matches('/');
    if let Some(file) = Assets::get(path).filter(|_| path != "index.html") {
        // Vite puts a hash of the content into the names below assets/.
        let caching = if path.starts_with("assets/") { "public, max-age=31536000, immutable" } else { "no-cache" };
        let described = [(CONTENT_TYPE, media_type(path)), (CACHE_CONTROL, caching)];
        if is_text(path) && file.data.len() >= LEAST_COMPRESSED && takes_gzip(&headers) {
            let data = compressed(file).await;
            return (described, [(CONTENT_ENCODING, "gzip"), (VARY, "accept-encoding")], data).into_response();
        }
        return (described, bytes(file)).into_response();
    }
    let is_file = path.rsplit('/').next().is_some_and(|last| last.contains('.'));
    if path.starts_with("api/") || path.starts_with("-/") || path.starts_with("assets/") || (is_file && path != "index.html") {
        return (StatusCode::NOT_FOUND, "404: there is nothing at this path\n").into_response();
    }
    match Assets::get("index.html") {
        Some(index) => ([(CACHE_CONTROL, "no-cache")], Html(bytes(index))).into_response(),
        None => Html(
            "<!doctype html><title>Phoenix</title><h1>Phoenix runs</h1>\
             <p>This program was built without its web UI. <code>make web</code> builds it; then build Phoenix again.</p>\
             <p>The API works: <a href=/api/v1/targets>/api/v1/targets</a></p>",
        )
        .into_response(),
    }
}

/// A file's content, without a copy where it is part of the program.
fn bytes(file: EmbeddedFile) -> Bytes {
    match file.data {
        Cow::Borrowed(data) => Bytes::from_static(data),
        Cow::Owned(data) => data.into(),
    }
}

/// A file compressed by gzip, worked out once.
async fn compressed(file: EmbeddedFile) -> Bytes {
    let hash = file.metadata.sha256_hash();
    if let Some(known) = COMPRESSED.lock().get(&hash) {
        return known.clone();
    }
    let data = bytes(file);
    let made = tokio::task::spawn_blocking(move || {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(&data).and_then(|()| encoder.finish()).expect("a vector takes all bytes")
    });
    let made = Bytes::from(made.await.expect("compressing does not panic"));
    let mut kept = COMPRESSED.lock();
    if kept.len() >= MOST_KEPT {
        kept.clear();
    }
    kept.insert(hash, made.clone());
    made
}

/// Whether a client says that it undoes gzip (RFC 9110, 12.5.3).
fn takes_gzip(headers: &HeaderMap) -> bool {
    let named = headers.get_all(ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(','));
    named.filter_map(|each| each.split_once(';').or(Some((each, "")))).any(|(name, weight)| {
        let weight = weight.trim().strip_prefix("q=").map_or(Some(1.0), |weight| weight.parse::<f32>().ok());
        matches!(name.trim(), "gzip" | "*") && weight.is_some_and(|weight| weight > 0.0)
    })
}

/// Whether a file is text, which compresses well.
fn is_text(path: &str) -> bool {
    let kind = media_type(path);
    kind.contains("charset") || matches!(kind, "application/json" | "image/svg+xml")
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

#[cfg(test)]
mod tests {
    use super::takes_gzip;
    use axum::http::{HeaderMap, HeaderValue, header::ACCEPT_ENCODING};

    #[test]
    fn what_a_client_takes() {
        let cases = [
            ("gzip", true),
            ("br, gzip;q=0.5", true),
            ("deflate, br", false),
            ("gzip;q=0, br", false),
            ("*", true),
            ("gzip; q=0.1", true),
            ("gzip;q=x", false),
            ("", false),
        ];
        for (given, want) in cases {
            let headers = HeaderMap::from_iter([(ACCEPT_ENCODING, HeaderValue::from_static(given))]);
            assert_eq!(takes_gzip(&headers), want, "{given:?}");
        }
    }
}
