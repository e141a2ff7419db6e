//! Scrapes of a server in this process: what is stored, and what the API says.

mod bench;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect};
use axum::routing::get;
use bench::{Bench, serve};
use futures_util::stream;
use phoenix_env::{Disk, RealDisk};
use phoenix_ingest::scrape::ScrapeLimits;
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

fn text(body: impl Into<String>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], body.into())
}

/// One job with one target and the keys given, scraped every 100 ms.
fn config(address: &str, keys: &str) -> String {
    format!(
        "global: {{scrape_interval: 100ms, scrape_timeout: 100ms}}\nscrape_configs:\n- job_name: j\n  static_configs: [{{targets: ['{address}']}}]\n{keys}"
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stores_samples_and_reports() {
    let scrapes = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&scrapes);
    let app = Router::new().route(
        "/metrics",
        get(move |headers: HeaderMap| async move {
            let accept = headers[header::ACCEPT].to_str().unwrap().to_owned();
            assert!(accept.starts_with("application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5"), "{accept}");
            assert_eq!(headers["x-prometheus-scrape-timeout-seconds"], "0.1");
            assert!(headers[header::USER_AGENT].to_str().unwrap().starts_with("Phoenix/"));
            let body = if count.fetch_add(1, Ordering::SeqCst) == 0 {
                "# HELP a Help of a.\n# TYPE a counter\na{x=\"1\"} 1\nb 2\n"
            } else {
                "# HELP a Help of a.\n# TYPE a counter\na{x=\"1\"} 1\n"
            };
            text(body)
        }),
    );
    let address = serve(app).await;
    let bench = Bench::new(ScrapeLimits::default());
    bench.apply(&config(&address, ""));
    bench.until(|b| b.count("up") >= 3 && b.values("b").iter().any(|v| v.is_nan())).await;
    let instance = format!("instance=\"{address}\",job=\"j\"");
    let names = bench.series();
    for want in [
        format!("a{{{instance},x=\"1\"}}"),
        format!("b{{{instance}}}"),
        format!("up{{{instance}}}"),
        format!("scrape_duration_seconds{{{instance}}}"),
        format!("scrape_samples_scraped{{{instance}}}"),
        format!("scrape_samples_post_metric_relabeling{{{instance}}}"),
        format!("scrape_series_added{{{instance}}}"),
    ] {
        assert!(names.contains(&want), "{want} in {names:?}");
    }
    assert_eq!(names.len(), 7);
    let b = bench.values("b");
    assert!(b[0] == 2.0 && phoenix_model::is_stale(b[1]) && b.len() == 2, "{b:?}");
    assert_eq!(bench.values("scrape_series_added")[..2], [2.0, 0.0]);
    assert_eq!(bench.values("scrape_samples_scraped")[..2], [2.0, 1.0]);

    let status = bench.scraper.targets(Some("example.org"));
    let target = &status.active_targets[0];
    assert_eq!(target.scrape_url, format!("http://{address}/metrics"));
    assert_eq!(target.global_url, format!("http://{}/metrics", address.replace("127.0.0.1", "example.org")));
    let json = serde_json::to_value(&status).unwrap();
    assert_eq!(json["activeTargets"][0]["health"], "up");
    assert_eq!(json["activeTargets"][0]["scrapeInterval"], "100ms");
    assert_eq!(json["activeTargets"][0]["discoveredLabels"]["__address__"], address.as_str());
    let metadata = bench.scraper.metadata(None, 10, 10);
    assert_eq!(metadata["a"][0].help, "Help of a.");
    assert_eq!(bench.scraper.target_metadata(&[], Some("a"), 10)[0].kind, "counter");
    bench.scraper.shutdown().await;
    let before = bench.count("up");
    tokio::task::yield_now().await;
    assert_eq!(bench.count("up"), before);
}

/// What a target answers, and what the Targets page says of it.
async fn failing(app: Router, keys: &str, limits: ScrapeLimits) -> (Bench, String) {
    let address = serve(app).await;
    let bench = Bench::new(limits);
    bench.apply(&config(&address, keys));
    bench.until(|b| b.count("up") >= 1).await;
    assert_eq!(bench.values("up")[0], 0.0);
    bench.until(|b| !b.scraper.targets(None).active_targets[0].last_error.is_empty()).await;
    let error = bench.scraper.targets(None).active_targets[0].last_error.clone();
    (bench, error)
}

/// A body that never ends: one line again and again.
fn endless() -> Body {
    let line = Bytes::from("a{x=\"some label that takes a few bytes\"} 1\n".repeat(1000));
    Body::from_stream(stream::repeat_with(move || Ok::<_, std::io::Error>(line.clone())))
}

fn plain(body: Body) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/plain")], body)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bad_answers_are_cut_and_named() {
    let small = ScrapeLimits { body_bytes: 1 << 20, samples: 1000, ..ScrapeLimits::default() };
    let own = "  scrape_interval: 5s\n  scrape_timeout: 5s\n";
    let route = |handler| Router::new().route("/metrics", handler);

    let (_, error) = failing(route(get(|| async { plain(endless()) })), own, small).await;
    assert_eq!(error, "the body is longer than 1048576 bytes, the limit of `limits.scrape_body_size`");

    let limit = format!("{own}  body_size_limit: 100KB\n");
    let (_, error) = failing(route(get(|| async { plain(endless()) })), &limit, small).await;
    assert_eq!(error, "the body is longer than 102400 bytes, the limit of `body_size_limit`");

    // It begins, and then says nothing more.
    let stuck = || async { plain(Body::from_stream(stream::pending::<Result<Bytes, std::io::Error>>())) };
    let (_, error) = failing(route(get(stuck)), "", small).await;
    assert_eq!(error, "no complete answer within the scrape timeout of 100ms");

    let many: String = (0..1001).map(|i| format!("a{{x=\"{i}\"}} 1\n")).collect::<Vec<_>>().concat();
    let (bench, error) = failing(route(get(|| async { text(many) })), own, small).await;
    assert_eq!(error, "the target has more than 1000 samples after relabelling, the limit of `limits.samples_per_scrape`");
    assert_eq!(bench.count("a"), 0);
    assert_eq!(bench.values("scrape_samples_scraped"), [1001.0]);

    let (_, error) = failing(route(get(|| async { StatusCode::INTERNAL_SERVER_ERROR })), own, small).await;
    assert_eq!(error, "the target answered HTTP status 500 Internal Server Error");

    let html = || async { ([(header::CONTENT_TYPE, "text/html")], "<html>") };
    let (_, error) = failing(route(get(html)), own, small).await;
    assert!(error.contains("Content-Type \"text/html\""), "{error}");
    let (_, error) = failing(route(get(html)), &format!("{own}  fallback_scrape_protocol: PrometheusText0.0.4\n"), small).await;
    assert_eq!(error, "line 1: expected a metric name, found \"<html>\"");

    let (_, error) = failing(Router::new(), own, small).await;
    assert_eq!(error, "the target answered HTTP status 404 Not Found");

    let loops = || async { Redirect::temporary("/metrics") };
    let (_, error) = failing(route(get(loops)), own, small).await;
    assert!(error.contains("redirect"), "{error}");

    let torn = || async { ([(header::CONTENT_TYPE, "text/plain"), (header::CONTENT_ENCODING, "gzip")], "not gzip") };
    let (_, error) = failing(route(get(torn)), own, small).await;
    assert!(error.starts_with("the body is not gzip"), "{error}");

    let short = || async { ([(header::CONTENT_TYPE, "application/openmetrics-text")], "a 1\n") };
    let (_, error) = failing(route(get(short)), own, small).await;
    assert_eq!(error, "line 2: the body does not end with `# EOF`");
}

fn gzip(parts: impl Iterator<Item = Vec<u8>>) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    for part in parts {
        encoder.write_all(&part).unwrap();
    }
    encoder.finish().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gzip_is_taken_and_bombs_are_not() {
    let good = gzip([b"a 1\n".to_vec()].into_iter());
    let encoded = |body: Vec<u8>| ([(header::CONTENT_TYPE, "text/plain"), (header::CONTENT_ENCODING, "gzip")], body);
    let address = serve(Router::new().route("/metrics", get(move || async move { encoded(good) }))).await;
    let bench = Bench::new(ScrapeLimits::default());
    bench.apply(&config(&address, ""));
    bench.until(|b| b.count("a") >= 1).await;

    // 1 GiB of zeros in some megabytes: a thousand times one compressed mebibyte.
    let bomb = gzip(std::iter::once(vec![0; 1 << 20])).repeat(1024);
    assert!(bomb.len() < 8 << 20);
    let own = "  scrape_interval: 20s\n  scrape_timeout: 20s\n";
    let limits = ScrapeLimits { body_bytes: 16 << 20, ..ScrapeLimits::default() };
    let (_, error) = failing(Router::new().route("/metrics", get(move || async move { encoded(bomb) })), own, limits).await;
    assert_eq!(error, "the body is longer than 16777216 bytes, the limit of `limits.scrape_body_size`");
}

/// Ten million series, written as they are asked for: cut at the limit, and soon.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_million_series_are_cut() {
    let body = || {
        let lines = (0..10_000_u32).map(|i| {
            let lines: String = (0..1000).map(|j| format!("flood{{id=\"{i}-{j}\"}} 1\n")).collect::<Vec<_>>().concat();
            Ok::<_, std::io::Error>(Bytes::from(lines))
        });
        Body::from_stream(stream::iter(lines))
    };
    let own = "  scrape_interval: 20s\n  scrape_timeout: 20s\n";
    let limits = ScrapeLimits { body_bytes: 4 << 20, ..ScrapeLimits::default() };
    let (bench, error) = failing(Router::new().route("/metrics", get(move || async move { plain(body()) })), own, limits).await;
    assert!(error.contains("limits.scrape_body_size"), "{error}");
    assert_eq!(bench.count("flood"), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn credentials_are_sent_and_redirects_followed() {
    let app = Router::new().route("/metrics", get(|| async { Redirect::temporary("/moved") })).route(
        "/moved",
        get(|headers: HeaderMap| async move { text(format!("auth{{is=\"{}\"}} 1\n", headers["authorization"].to_str().unwrap())) }),
    );
    let address = serve(app).await;
    for (keys, want) in [
        ("  basic_auth: {username: me, password: secret}\n", "Basic bWU6c2VjcmV0"),
        ("  authorization: {credentials: token}\n", "Bearer token"),
    ] {
        let bench = Bench::new(ScrapeLimits::default());
        bench.apply(&config(&address, keys));
        bench.until(|b| b.count("auth") >= 1).await;
        assert!(bench.series()[0].contains(want), "{:?}", bench.series());
    }
    let (_, error) = failing(
        Router::new().route("/metrics", get(|| async { Redirect::temporary("/moved") })),
        "  follow_redirects: false\n",
        ScrapeLimits::default(),
    )
    .await;
    assert_eq!(error, "the target answered HTTP status 307 Temporary Redirect");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reload_keeps_loops_that_stay() {
    let address = serve(Router::new().route("/metrics", get(|| async { text("a 1\n") }))).await;
    let bench = Bench::new(ScrapeLimits::default());
    bench.apply(&config(&address, ""));
    bench.until(|b| b.count("a") >= 2).await;
    let last = |bench: &Bench| bench.scraper.targets(None).active_targets[0].last_scrape.clone();
    let before = last(&bench);
    let other = "- job_name: other\n  static_configs: [{targets: ['127.0.0.1:1']}]\n";
    bench.apply(&config(&address, other));
    bench.until(|b| b.scraper.targets(None).active_targets.len() == 2).await;
    assert!(last(&bench) >= before, "a loop that begins anew has not scraped yet");
    // The job changes: its loop begins anew, its series go on, and what is dropped now ends.
    bench.apply(&config(&address, "  metric_relabel_configs: [{source_labels: [__name__], regex: a, action: drop}]\n"));
    bench.until(|b| b.values("a").last().is_some_and(|v| v.is_nan())).await;
    assert_eq!(bench.scraper.targets(None).active_targets.len(), 1);
    // The job is gone: its own series end two intervals later.
    bench.apply("scrape_configs: []");
    bench.until(|b| b.values("up").last().is_some_and(|v| v.is_nan())).await;
    assert!(bench.scraper.targets(None).active_targets.is_empty());
    let limited = config(&address, "  target_limit: 1\n").replace("targets: [", "targets: ['127.0.0.1:1', ");
    bench.apply(&limited);
    bench.until(|b| b.scraper.targets(None).active_targets.iter().any(|t| t.last_error.contains("the limit of `target_limit` is 1"))).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_is_tried_again_and_told() {
    let address = serve(Router::new().route("/metrics", get(|| async { text("a 1\n") }))).await;
    let bench = Bench::new(ScrapeLimits::default());
    bench.engine.refuse(2);
    bench.apply(&config(&address, "  scrape_interval: 1m\n"));
    bench.until(|b| b.count("a") == 1).await;
    assert_eq!(bench.scraper.targets(None).active_targets[0].phoenix_write_error, None);
    let bench = Bench::new(ScrapeLimits::default());
    bench.engine.refuse(100);
    bench.apply(&config(&address, "  scrape_interval: 1m\n"));
    bench.until_within(Duration::from_secs(20), |b| b.metric("phoenix_scrape_write_failures_total") == 1.0).await;
    let status = bench.scraper.targets(None);
    assert_eq!(
        status.active_targets[0].phoenix_write_error.as_deref(),
        Some("the samples of this scrape are lost: the disk is full: test")
    );
    assert_eq!(status.active_targets[0].last_error, "", "the target itself is well");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_panic_costs_one_scrape() {
    let address = serve(Router::new().route("/metrics", get(|| async { text("a 1\n") }))).await;
    let bench = Bench::new(ScrapeLimits::default());
    bench.engine.panic(1);
    bench.apply(&config(&address, ""));
    bench.until(|b| b.count("a") >= 2).await;
    assert_eq!(bench.metric("phoenix_scrape_write_failures_total"), 1.0);
    assert_eq!(bench.scraper.targets(None).active_targets[0].phoenix_write_error, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn targets_from_files_and_servers() {
    let list = Arc::new(AtomicU32::new(0));
    let metrics = serve(Router::new().route("/metrics", get(|| async { text("a 1\n") }))).await;
    let (asked, address) = (Arc::clone(&list), metrics.clone());
    let sd = serve(Router::new().route(
        "/sd",
        get(move || async move {
            match asked.fetch_add(1, Ordering::SeqCst) {
                0 => axum::Json(serde_json::json!([{"targets": [address], "labels": {"from": "server"}}])).into_response(),
                _ => StatusCode::BAD_GATEWAY.into_response(),
            }
        }),
    ))
    .await;
    let folder = tempfile::tempdir().unwrap();
    let write = |text: &str| RealDisk.write_atomic(&folder.path().join("t.json"), text.as_bytes()).unwrap();
    write(&format!("[{{\"targets\": [\"{metrics}\"], \"labels\": {{\"from\": \"file\"}}}}]"));
    let config = format!(
        "global: {{scrape_interval: 100ms, scrape_timeout: 100ms}}\nscrape_configs:\n- job_name: j\n  file_sd_configs: [{{files: ['{}/*.json']}}]\n  \
         http_sd_configs: [{{url: 'http://{sd}/sd', refresh_interval: 100ms}}]\n",
        folder.path().display()
    );
    let bench = Bench::new(ScrapeLimits::default());
    bench.apply(&config);
    bench.until(|b| !b.scraper.targets(None).phoenix_discovery_errors.is_empty()).await;
    bench.until(|b| b.series().iter().filter(|s| s.starts_with("a{")).count() == 2).await;
    let status = bench.scraper.targets(None);
    let from: Vec<&str> = status.active_targets.iter().map(|t| t.labels.value("from")).collect();
    assert_eq!(from, ["file", "server"], "the last good list stays");
    assert_eq!(status.phoenix_discovery_errors[0].error, "the server answered HTTP status 502 Bad Gateway");
    write("[]");
    bench.until_within(Duration::from_secs(10), |b| b.scraper.targets(None).active_targets.len() == 1).await;
}

/// The certificates are those of the HTTP client's tests.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tls_with_an_authority_of_ones_own() {
    use tokio_rustls::rustls::pki_types::pem::PemObject;
    use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
    let data = concat!(env!("CARGO_MANIFEST_DIR"), "/../http/tests/data");
    let chain = vec![CertificateDer::from_pem_file(format!("{data}/server.pem")).unwrap()];
    let key = PrivateKeyDer::from_pem_file(format!("{data}/server.key")).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(builder.with_no_client_auth().with_single_cert(chain, key).unwrap()));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                use tokio::io::{AsyncReadExt, AsyncWriteExt};
                let Ok(mut stream) = acceptor.accept(stream).await else { return };
                let mut request = [0; 4096];
                let _ = stream.read(&mut request).await;
                let answer = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 4\r\nConnection: close\r\n\r\na 1\n";
                let _ = stream.write_all(answer).await;
                let _ = stream.shutdown().await;
            });
        }
    });
    let tls = format!(
        "  scheme: https\n  scrape_timeout: 5s\n  scrape_interval: 5s\n  tls_config: {{ca_file: {data}/ca.pem, server_name: phoenix.test}}\n"
    );
    let bench = Bench::new(ScrapeLimits::default());
    bench.apply(&config(&address, &tls));
    bench.until(|b| b.count("a") == 1).await;
    let bench = Bench::new(ScrapeLimits::default());
    bench.apply(&config(&address, "  scheme: https\n  scrape_timeout: 5s\n  scrape_interval: 5s\n"));
    bench.until(|b| b.scraper.targets(None).active_targets.first().is_some_and(|t| t.last_error.contains("certificate"))).await;
}
