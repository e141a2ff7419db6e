//! Servers to be probed, on loopback.

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use phoenix_env::{Disk, RealDisk};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, SanType, date_time_ymd};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use std::convert::Infallible;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// Where the servers listen, and the authority that vouches for them.
pub struct Targets {
    pub http: u16,
    pub https: u16,
    /// HTTP/2 alone.
    pub https2: u16,
    /// Begins with a banner, answers `HELLO name` with `hello name`, speaks TLS after `STARTTLS`.
    pub lines: u16,
    /// Accepts and says nothing.
    pub silent: u16,
    /// Nobody listens.
    pub closed: u16,
}

/// When the authority in the middle ends, 2037-01-01, in seconds since the Unix epoch: a year before the target's own certificate.
pub const INTERMEDIATE_END_S: f64 = 2_114_380_800.0;

impl Targets {
    pub async fn start(folder: &Path) -> Self {
        let ca_file = folder.join("ca.pem");
        let server = tls(&ca_file);
        let alpn = |names: &[&[u8]]| {
            let mut config = server.clone();
            config.alpn_protocols = names.iter().map(|name| name.to_vec()).collect();
            TlsAcceptor::from(Arc::new(config))
        };
        Self {
            http: serve(|stream| async { speak(TokioIo::new(stream), false).await }).await,
            https: {
                let acceptor = alpn(&[b"http/1.1"]);
                serve(move |stream| {
                    let acceptor = acceptor.clone();
                    async move {
                        let Ok(stream) = acceptor.accept(stream).await else { return };
                        speak(TokioIo::new(stream), false).await;
                    }
                })
                .await
            },
            https2: {
                let acceptor = alpn(&[b"h2"]);
                serve(move |stream| {
                    let acceptor = acceptor.clone();
                    async move {
                        let Ok(stream) = acceptor.accept(stream).await else { return };
                        speak(TokioIo::new(stream), true).await;
                    }
                })
                .await
            },
            lines: {
                let acceptor = alpn(&[]);
                serve(move |stream| lines(stream, acceptor.clone())).await
            },
            silent: serve(|stream| async {
                let _stream = stream;
                std::future::pending::<()>().await;
            })
            .await,
            closed: {
                let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
                listener.local_addr().unwrap().port()
            },
        }
    }
}

async fn serve<F>(answer: impl Fn(TcpStream) -> F + Send + 'static) -> u16
where
    F: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(answer(stream));
        }
    });
    port
}

async fn speak<S: hyper::rt::Read + hyper::rt::Write + Send + Unpin + 'static>(stream: S, version2: bool) {
    if version2 {
        drop(hyper::server::conn::http2::Builder::new(TokioExecutor::new()).serve_connection(stream, service_fn(answer)).await);
    } else {
        drop(hyper::server::conn::http1::Builder::new().serve_connection(stream, service_fn(answer)).await);
    }
}

async fn answer(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let builder = Response::builder().header("Last-Modified", "Wed, 21 Oct 2015 07:28:00 GMT");
    let text = |text: &str| Full::new(Bytes::from(text.to_owned()));
    let header = |name: &str| request.headers().get(name).and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned();
    let path = request.uri().path().to_owned();
    let response = match path.as_str() {
        "/redirect" => builder.status(302).header("Location", "/").body(text("moved")),
        "/circle" => builder.status(301).header("Location", "/circle").body(text("")),
        "/wrong" => builder.status(503).body(text("no")),
        "/host" => builder.body(text(&header("host"))),
        "/echo" => {
            let (method, agent) = (request.method().to_string(), header("x-probe"));
            let body = request.into_body().collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
            return Ok(builder.body(text(&format!("{method} {agent} {}", String::from_utf8_lossy(&body)))).unwrap());
        }
        "/private" if header("authorization") != "Basic bWU6c2VjcmV0" => builder.status(401).body(text("who?")),
        "/gzip" if header("accept-encoding") == "gzip" => {
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
            encoder.write_all("all is well ".repeat(100).as_bytes()).unwrap();
            builder.header("Content-Encoding", "gzip").body(Full::new(Bytes::from(encoder.finish().unwrap())))
        }
        _ => builder.header("X-State", "green").body(text("all is well")),
    };
    Ok(response.unwrap())
}

async fn lines(mut stream: TcpStream, acceptor: TlsAcceptor) {
    if stream.write_all(b"220 lines 1.2 ready\r\n").await.is_err() {
        return;
    }
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    while reader.read_line(&mut line).await.is_ok_and(|read| read > 0) {
        let said = line.trim().to_owned();
        line.clear();
        let stream = reader.get_mut();
        if said == "STARTTLS" {
            let _ = stream.write_all(b"220 go\r\n").await;
            let Ok(mut secure) = acceptor.accept(reader.into_inner()).await else { return };
            let _ = secure.write_all(b"250 secure\r\n").await;
            let _ = secure.shutdown().await;
            return;
        }
        let answer = said.strip_prefix("HELLO ").map_or("500 what?\r\n".to_owned(), |name| format!("250 hello {name}\r\n"));
        let _ = stream.write_all(answer.as_bytes()).await;
    }
}

/// An authority that ends before what it vouches for, so that the two ends can be told apart.
fn tls(ca_file: &Path) -> ServerConfig {
    let authority = |name: &str, year: i32| {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        params.distinguished_name.push(DnType::OrganizationName, "Probes, Ltd.");
        params.not_after = date_time_ymd(year, 1, 1);
        params
    };
    let root = CertifiedIssuer::self_signed(authority("probe root", 2039), KeyPair::generate().unwrap()).unwrap();
    let intermediate = CertifiedIssuer::signed_by(authority("probe authority", 2037), KeyPair::generate().unwrap(), &root).unwrap();
    let key = KeyPair::generate().unwrap();
    let mut leaf = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    leaf.subject_alt_names.push(SanType::IpAddress("127.0.0.1".parse().unwrap()));
    leaf.distinguished_name.push(DnType::CommonName, "probe target");
    leaf.not_after = date_time_ymd(2038, 1, 1);
    let leaf = leaf.signed_by(&key, &intermediate).unwrap();
    RealDisk.write_atomic(ca_file, root.pem().as_bytes()).unwrap();
    let chain: Vec<CertificateDer<'static>> = vec![leaf.der().clone(), intermediate.der().clone()];
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap()
}
