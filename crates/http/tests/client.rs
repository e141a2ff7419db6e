//! What requests look like on the wire, with the files of secrets changing underneath, and TLS.
//!
//! The certificates in `tests/data` were made for these tests and are valid nowhere else.

use phoenix_env::{Disk, RealDisk};
use phoenix_http::{ClientOptions, HttpClient, HttpConfig};
use phoenix_model::Source;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig, crypto::ring};

const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data");

fn config(yaml: &str) -> HttpConfig {
    phoenix_yaml::from_str(&Source::new("http.yaml", yaml)).unwrap_or_else(|d| panic!("{}", d[0]))
}

fn client(yaml: &str, folder: &Path) -> HttpClient {
    let mut config = config(yaml);
    config.resolve_paths(folder);
    let options = ClientOptions { user_agent: "test/1".to_owned(), ..ClientOptions::default() };
    config.client(&RealDisk::shared(), options).unwrap()
}

/// Reads the head of one request and answers with it as the body.
async fn echo(mut stream: impl AsyncRead + AsyncWrite + Unpin) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => return,
        }
    }
    let text = String::from_utf8(head).unwrap();
    let answer = if text.starts_with("GET /moved") {
        "HTTP/1.1 302 Found\r\nLocation: /there\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".to_owned()
    } else {
        format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{text}", text.len())
    };
    let _ = stream.write_all(answer.as_bytes()).await;
    let _ = stream.shutdown().await;
}

async fn serve() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(echo(stream));
        }
    });
    address
}

async fn serve_tls(ask_for_certificate: bool) -> SocketAddr {
    let pem = |name: &str| Path::new(DATA).join(name);
    let provider = Arc::new(ring::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions().unwrap();
    let builder = if ask_for_certificate {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(pem("ca.pem")).unwrap()).unwrap();
        builder.with_client_cert_verifier(WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap())
    } else {
        builder.with_no_client_auth()
    };
    let chain = vec![CertificateDer::from_pem_file(pem("server.pem")).unwrap()];
    let config = builder.with_single_cert(chain, PrivateKeyDer::from_pem_file(pem("server.key")).unwrap()).unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                if let Ok(stream) = acceptor.accept(stream).await {
                    echo(stream).await;
                }
            });
        }
    });
    address
}

async fn get(client: &HttpClient, url: &str) -> Result<String, String> {
    let request = client.get(url.parse().unwrap()).map_err(|e| e.to_string())?;
    let response = client.send(request).await.map_err(|e| e.to_string())?;
    Ok(format!("{}\n{}", response.status().as_u16(), response.text().await.map_err(|e| e.to_string())?.to_ascii_lowercase()))
}

#[tokio::test]
async fn headers_are_sent() {
    let address = serve().await;
    let folder = tempfile::tempdir().unwrap();
    RealDisk.write_atomic(&folder.path().join("secret"), b"from-file\n").unwrap();
    for (yaml, want) in [
        ("", "user-agent: test/1\r\n"),
        ("basic_auth: {username: aladdin, password: 'open sesame'}", "authorization: basic ywxhzgrpbjpvcgvuihnlc2ftzq==\r\n"),
        ("basic_auth: {username_file: secret, password_file: secret}", "authorization: basic zn"),
        ("bearer_token: abc", "authorization: bearer abc\r\n"),
        ("bearer_token_file: secret", "authorization: bearer from-file\r\n"),
        ("authorization: {type: Token, credentials: abc}", "authorization: token abc\r\n"),
        ("authorization: {credentials_file: secret}", "authorization: bearer from-file\r\n"),
        ("http_headers: {X-A: {values: [one], secrets: [two], files: [secret]}}", "x-a: one\r\nx-a: two\r\nx-a: from-file\r\n"),
    ] {
        let got = get(&client(yaml, folder.path()), &format!("http://{address}/")).await.unwrap();
        assert!(got.contains(want), "{yaml}\n{got}");
    }
}

#[tokio::test]
async fn a_rotated_token_is_used_at_once_and_a_missing_one_is_named() {
    let address = serve().await;
    let folder = tempfile::tempdir().unwrap();
    let token = folder.path().join("token");
    let client = client("bearer_token_file: token", folder.path());
    let url = format!("http://{address}/");
    for round in ["first", "second"] {
        RealDisk.write_atomic(&token, round.as_bytes()).unwrap();
        assert!(get(&client, &url).await.unwrap().contains(&format!("bearer {round}\r\n")));
    }
    RealDisk.remove_file(&token).unwrap();
    let error = get(&client, &url).await.unwrap_err();
    assert!(error.contains("credentials_file") && error.contains("token"), "{error}");
}

#[tokio::test]
async fn redirects_are_followed_unless_told_not_to() {
    let address = serve().await;
    let url = format!("http://{address}/moved");
    assert!(get(&client("", Path::new("")), &url).await.unwrap().starts_with("200\nget /there"));
    assert!(get(&client("follow_redirects: false", Path::new("")), &url).await.unwrap().starts_with("302"));
}

#[tokio::test]
async fn the_proxy_is_asked_except_for_hosts_without_it() {
    let (proxy, direct) = (serve().await, serve().await);
    let through = client(&format!("proxy_url: http://{proxy}"), Path::new(""));
    assert!(get(&through, "http://nowhere.invalid/x").await.unwrap().contains("get http://nowhere.invalid/x"));
    let around = client(&format!("{{proxy_url: 'http://{proxy}', no_proxy: 127.0.0.1}}"), Path::new(""));
    assert!(get(&around, &format!("http://{direct}/x")).await.unwrap().contains("get /x"));
}

#[tokio::test]
async fn the_servers_certificate_is_checked() {
    let address = serve_tls(false).await;
    let url = format!("https://{address}/");
    for (yaml, want) in [
        ("", Err("certificate")),
        ("tls_config: {insecure_skip_verify: true}", Ok(())),
        ("tls_config: {ca_file: ca.pem}", Err("certificate")),
        ("tls_config: {ca_file: ca.pem, server_name: phoenix.test}", Ok(())),
        ("tls_config: {ca_file: ca.pem, server_name: other.test}", Err("certificate")),
        ("tls_config: {ca_file: ca.pem, server_name: phoenix.test, max_version: TLS12}", Ok(())),
        ("{tls_config: {ca_file: ca.pem, server_name: phoenix.test}, enable_http2: false}", Ok(())),
    ] {
        match (get(&client(yaml, Path::new(DATA)), &url).await, want) {
            (Ok(got), Ok(())) => assert!(got.starts_with("200"), "{yaml}: {got}"),
            (Err(error), Err(part)) => assert!(error.contains(part), "{yaml}: {error}"),
            (got, want) => panic!("{yaml}: {got:?}, not {want:?}"),
        }
    }
}

#[tokio::test]
async fn the_client_shows_its_certificate() {
    let address = serve_tls(true).await;
    let url = format!("https://{address}/");
    let with = "tls_config: {ca_file: ca.pem, server_name: phoenix.test, cert_file: client.pem, key_file: client.key}";
    assert!(get(&client(with, Path::new(DATA)), &url).await.unwrap().starts_with("200"));
    let without = "tls_config: {ca_file: ca.pem, server_name: phoenix.test}";
    get(&client(without, Path::new(DATA)), &url).await.unwrap_err();
}

#[tokio::test]
async fn a_changed_authority_is_read_again() {
    let address = serve_tls(false).await;
    let folder = tempfile::tempdir().unwrap();
    let ca = folder.path().join("ca.pem");
    // Any certificate but the right one.
    RealDisk.write_atomic(&ca, &RealDisk.read(&Path::new(DATA).join("client.pem"), 1 << 20).unwrap()).unwrap();
    let client = client("tls_config: {ca_file: ca.pem, server_name: phoenix.test}", folder.path());
    let url = format!("https://{address}/");
    get(&client, &url).await.unwrap_err();
    let before = RealDisk.modified_ms(&ca).unwrap();
    while RealDisk.modified_ms(&ca).unwrap() == before {
        RealDisk.write_atomic(&ca, &RealDisk.read(&Path::new(DATA).join("ca.pem"), 1 << 20).unwrap()).unwrap();
    }
    assert!(get(&client, &url).await.unwrap().starts_with("200"));
}

#[test]
fn files_that_make_no_client_are_named() {
    let folder = tempfile::tempdir().unwrap();
    RealDisk.write_atomic(&folder.path().join("empty.pem"), b"hello").unwrap();
    for (yaml, want) in [
        ("tls_config: {ca_file: nowhere.pem}", "nowhere.pem"),
        ("tls_config: {ca_file: empty.pem}", "holds no PEM certificate"),
        ("tls_config: {ca: hello}", "holds no PEM certificate"),
        ("tls_config: {cert_file: empty.pem, key_file: empty.pem}", "cert_file"),
        ("tls_config: {cert: hello, key: hunter2}", "holds no PEM certificate"),
    ] {
        let mut config = config(yaml);
        config.resolve_paths(folder.path());
        let error = config.client(&RealDisk::shared(), ClientOptions::default()).expect_err(yaml);
        let whole = format!("{error} {config:?}");
        assert!(error.to_string().contains(want) && !whole.contains("hunter2"), "{yaml}: {whole}");
    }
}

#[tokio::test]
async fn a_failed_request_says_why_without_the_address() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let error = get(&client("", Path::new("")), &format!("http://user:hunter2@{address}/?token=hunter2")).await.unwrap_err();
    assert!(error.to_lowercase().contains("refused") && !error.contains("hunter2"), "{error}");
}
