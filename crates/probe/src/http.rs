//! The prober `http`: one request, the redirects behind it, and what of the answer is right.

use crate::config::{HeaderMatch, HttpProbe, Pattern};
use crate::resolve::{Choice, resolve};
use crate::run::{Request as Asked, Trial};
use crate::{MAX_MATCHED_BYTES, tcp, tls};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::header::{HOST, HeaderMap, HeaderName, HeaderValue, LAST_MODIFIED, LOCATION, USER_AGENT};
use hyper::{Method, Request, Response, StatusCode, Version};
use hyper_util::rt::{TokioExecutor, TokioIo};
use phoenix_env::Disk;
use std::io::Read;
use std::net::SocketAddr;
use url::Url;

/// The most redirects that are followed.
const MAX_REDIRECTS: u32 = 10;

/// The longest file that is sent as a body.
const MAX_BODY_FILE_BYTES: u64 = 16 << 20;

const PHASES: [&str; 5] = ["resolve", "connect", "tls", "processing", "transfer"];

/// How long each phase took, in seconds, over all redirects; in the order of [`PHASES`].
#[derive(Default)]
struct Phases([f64; 5]);

/// One exchange of a request and the head of its answer.
struct Exchange {
    response: Response<Incoming>,
    secure: bool,
    /// Ends the connection when it is dropped.
    _connection: Connection,
}

struct Connection(tokio::task::JoinHandle<()>);

impl Drop for Connection {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// What is asked, which redirects may change.
struct Asking {
    url: Url,
    method: Method,
    headers: HeaderMap,
    /// What stands in `Host` and has to be in the certificate, when that is not the URL's host.
    host: Option<String>,
    body: Bytes,
}

pub(crate) async fn probe(probe: &HttpProbe, asked: &Asked, disk: &dyn Disk, trial: &mut Trial) -> Result<(), String> {
    let mut phases = Phases::default();
    let mut redirects = 0;
    // Everything is told even if there is no answer.
    for (name, help) in [
        ("probe_http_content_length", CONTENT_LENGTH),
        ("probe_http_redirects", REDIRECTS),
        ("probe_http_ssl", SSL),
        ("probe_http_status_code", STATUS_CODE),
        ("probe_http_uncompressed_body_length", BODY_LENGTH),
        ("probe_http_version", VERSION),
    ] {
        trial.gauges.set(name, help, 0.0);
    }
    let outcome = follow(probe, asked, disk, trial, &mut phases, &mut redirects).await;
    trial.gauges.set("probe_http_redirects", REDIRECTS, f64::from(redirects));
    for (phase, seconds) in PHASES.iter().zip(phases.0) {
        trial.gauges.set_with("probe_http_duration_seconds", PHASES_HELP, &[("phase", phase)], seconds);
    }
    outcome
}

const CONTENT_LENGTH: &str = "Length of http content response";
const REDIRECTS: &str = "The number of redirects";
const SSL: &str = "Indicates if SSL was used for the final redirect";
const STATUS_CODE: &str = "Response HTTP status code";
const BODY_LENGTH: &str = "Length of uncompressed response body";
const VERSION: &str = "Returns the version of HTTP of the probe response";
const PHASES_HELP: &str = "Duration of http request by phase, summed over all redirects";

async fn follow(
    probe: &HttpProbe,
    asked: &Asked,
    disk: &dyn Disk,
    trial: &mut Trial,
    phases: &mut Phases,
    redirects: &mut u32,
) -> Result<(), String> {
    let mut asking = first(probe, asked, disk)?;
    loop {
        let exchange = exchange(probe, &asking, disk, trial, phases).await?;
        let Some(next) = redirect(&exchange.response, &asking, trial)? else {
            return judge(probe, exchange, true, trial, phases).await;
        };
        *redirects += 1;
        if !probe.http.follow_redirects || *redirects > MAX_REDIRECTS {
            trial.log("the redirect is not followed");
            return judge(probe, exchange, false, trial, phases).await;
        }
        asking = next;
    }
}

/// The request to begin with.
fn first(probe: &HttpProbe, asked: &Asked, disk: &dyn Disk) -> Result<Asking, String> {
    let lower = asked.target.to_ascii_lowercase();
    let target = if lower.starts_with("http://") || lower.starts_with("https://") {
        asked.target.clone()
    } else {
        format!("http://{}", asked.target)
    };
    let url = Url::parse(&target).map_err(|e| format!("the target `{}` is not a URL: {e}", asked.target))?;
    let mut headers = probe.http.headers(disk).map_err(|e| e.to_string())?;
    headers.insert(USER_AGENT, HeaderValue::from_static(concat!("Phoenix/", env!("CARGO_PKG_VERSION"))));
    let mut host = asked.hostname.clone();
    for (name, value) in &probe.headers {
        if name.eq_ignore_ascii_case("host") {
            host = Some(value.clone());
            continue;
        }
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| format!("`{name}` is not a header's name"))?;
        let value = HeaderValue::from_str(value).map_err(|_| format!("the value of the header `{name}` cannot be sent"))?;
        headers.insert(name, value);
    }
    let body = match &probe.body_file {
        Some(path) => Bytes::from(disk.read(path, MAX_BODY_FILE_BYTES).map_err(|e| e.to_string())?),
        None => Bytes::from(probe.body.clone()),
    };
    let method = Method::from_bytes(probe.method.as_bytes()).map_err(|_| "the method cannot be sent".to_owned())?;
    Ok(Asking { url, method, headers, host, body })
}

/// Where a redirect leads, if the answer is one.
fn redirect(response: &Response<Incoming>, asking: &Asking, trial: &mut Trial) -> Result<Option<Asking>, String> {
    let status = response.status();
    let (true, Some(location)) = (matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308), response.headers().get(LOCATION)) else {
        return Ok(None);
    };
    let location = location.to_str().map_err(|_| "the answer's `Location` is not text".to_owned())?;
    let url = asking.url.join(location).map_err(|e| format!("the answer leads to `{location}`, which is not a URL: {e}"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(format!("the answer leads to `{location}`, which is not HTTP"));
    }
    trial.log(format!("{status} leads to {url}"));
    let same_host = url.host_str() == asking.url.host_str();
    let mut headers = asking.headers.clone();
    if !same_host {
        // Secrets are not for others.
        headers.remove(hyper::header::AUTHORIZATION);
        headers.remove(hyper::header::COOKIE);
    }
    let keeps = matches!(status, StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT);
    let method = if keeps || asking.method == Method::HEAD { asking.method.clone() } else { Method::GET };
    let body = if keeps { asking.body.clone() } else { Bytes::new() };
    Ok(Some(Asking { url, method, headers, host: None, body }))
}

async fn exchange(probe: &HttpProbe, asking: &Asking, disk: &dyn Disk, trial: &mut Trial, phases: &mut Phases) -> Result<Exchange, String> {
    let secure = asking.url.scheme() == "https";
    let host = asking.url.host_str().ok_or("the target has no host")?;
    let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
    let port = asking.url.port_or_known_default().ok_or("the target has no port")?;
    let choice = Choice { preferred: probe.preferred_ip_protocol, fallback: probe.ip_protocol_fallback };

    let started = trial.now();
    let address = resolve(&host, choice, trial).await;
    phases.0[0] += trial.seconds_since(started);
    let started = trial.now();
    let stream = tcp::connect(SocketAddr::new(address?, port), None, trial).await?;
    let _ = stream.set_nodelay(true);
    phases.0[1] += trial.seconds_since(started);

    let version2: &[&[u8]] = if probe.http.enable_http2 { &[b"h2", b"http/1.1"] } else { &[b"http/1.1"] };
    let request = |version| request(asking, version);
    if !secure {
        return send_over(TokioIo::new(stream), request(Version::HTTP_11)?, false, trial, phases).await;
    }
    let started = trial.now();
    let name = asking.host.as_deref().map_or(host.as_str(), |host| host.rsplit_once(':').map_or(host, |(name, _)| name));
    let stream = tls::handshake(&probe.http.tls_config, version2, name, stream, disk, trial).await?;
    phases.0[2] += trial.seconds_since(started);
    tls::tell(&stream, !probe.http.tls_config.insecure_skip_verify, &mut trial.gauges)?;
    if stream.get_ref().1.alpn_protocol() != Some(b"h2") {
        return send_over(TokioIo::new(stream), request(Version::HTTP_11)?, true, trial, phases).await;
    }
    let started = trial.now();
    let request = request(Version::HTTP_2)?;
    let (mut sender, connection) = hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
        .await
        .map_err(|e| format!("the target does not speak HTTP/2: {e}"))?;
    let connection = Connection(tokio::spawn(async move { drop(connection.await) }));
    let response = sender.send_request(request).await.map_err(|e| no_answer(&e))?;
    phases.0[3] += trial.seconds_since(started);
    Ok(Exchange { response, secure, _connection: connection })
}

/// Sends a request over HTTP/1.1.
async fn send_over<S>(
    stream: TokioIo<S>,
    request: Request<Full<Bytes>>,
    secure: bool,
    trial: &mut Trial,
    phases: &mut Phases,
) -> Result<Exchange, String>
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Send + Unpin + 'static,
{
    let started = trial.now();
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(stream).await.map_err(|e| format!("the target does not speak HTTP: {e}"))?;
    let connection = Connection(tokio::spawn(async move { drop(connection.await) }));
    let response = sender.send_request(request).await.map_err(|e| no_answer(&e))?;
    phases.0[3] += trial.seconds_since(started);
    Ok(Exchange { response, secure, _connection: connection })
}

fn no_answer(error: &hyper::Error) -> String {
    let cause = std::error::Error::source(error).map(|cause| format!(": {cause}")).unwrap_or_default();
    format!("the request was not answered: {error}{cause}")
}

fn request(asking: &Asking, version: Version) -> Result<Request<Full<Bytes>>, String> {
    let url = &asking.url;
    let authority = match (&asking.host, url.port()) {
        (Some(host), _) => host.clone(),
        (None, Some(port)) => format!("{}:{port}", url.host_str().unwrap_or_default()),
        (None, None) => url.host_str().unwrap_or_default().to_owned(),
    };
    let path = match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().to_owned(),
    };
    // HTTP/2 has the host in its address, HTTP/1.1 in a header.
    let address = if version == Version::HTTP_2 { format!("{}://{authority}{path}", url.scheme()) } else { path };
    let mut request = Request::builder()
        .method(asking.method.clone())
        .uri(address)
        .body(Full::new(asking.body.clone()))
        .map_err(|e| format!("the request cannot be sent: {e}"))?;
    *request.headers_mut() = asking.headers.clone();
    if version != Version::HTTP_2 {
        let host = HeaderValue::from_str(&authority).map_err(|_| format!("`{authority}` cannot stand in `Host`"))?;
        request.headers_mut().insert(HOST, host);
    }
    if !url.username().is_empty() && !request.headers().contains_key(hyper::header::AUTHORIZATION) {
        return Err("a password in the target is not sent; use `basic_auth` in the module".to_owned());
    }
    Ok(request)
}

/// Tells of the last answer, and whether it is right.
async fn judge(probe: &HttpProbe, exchange: Exchange, followed: bool, trial: &mut Trial, phases: &mut Phases) -> Result<(), String> {
    let Exchange { response, secure, _connection } = exchange;
    let status = response.status().as_u16();
    let version = response.version();
    let (version_name, version_number) = match version {
        Version::HTTP_2 => ("HTTP/2.0", 2.0),
        Version::HTTP_10 => ("HTTP/1.0", 1.0),
        _ => ("HTTP/1.1", 1.1),
    };
    let headers = response.headers().clone();
    trial.log(format!("the answer is {status}, {version_name}"));
    let announced = headers.get(hyper::header::CONTENT_LENGTH).and_then(|v| v.to_str().ok()?.parse::<f64>().ok()).unwrap_or(-1.0);
    let gauges = &mut trial.gauges;
    gauges.set("probe_http_status_code", STATUS_CODE, f64::from(status));
    gauges.set("probe_http_version", VERSION, version_number);
    gauges.set("probe_http_ssl", SSL, f64::from(u8::from(secure)));
    gauges.set("probe_http_content_length", CONTENT_LENGTH, announced);
    if let Some(seconds) = headers.get(LAST_MODIFIED).and_then(|value| modified_seconds(value.to_str().ok()?)) {
        gauges.set("probe_http_last_modified_timestamp_seconds", "Returns the Last-Modified HTTP response header in unixtime", seconds);
    }

    let started = trial.now();
    // As in Go's client, whose answer has no body when its redirect is not followed.
    let body = if followed { read(response.into_body(), probe).await } else { Ok(Body { kept: Vec::new(), length: 0 }) };
    phases.0[4] += trial.seconds_since(started);
    let length = match &body {
        Ok(body) => body.length,
        Err((length, _)) => *length,
    };
    trial.gauges.set("probe_http_uncompressed_body_length", BODY_LENGTH, length as f64);

    let right_code =
        if probe.valid_status_codes.is_empty() { (200..300).contains(&status) } else { probe.valid_status_codes.contains(&status) };
    if !right_code {
        return Err(format!("the status code {status} is not among those that are right"));
    }
    if let Some(reason) = wrong_header(probe, &headers) {
        trial.failed_due_to_regex(true);
        return Err(reason);
    }
    let body = body.map_err(|(_, reason)| reason)?;
    if let Some(reason) = wrong_body(probe, &body.kept) {
        trial.failed_due_to_regex(true);
        return Err(reason);
    }
    if !probe.valid_http_versions.is_empty() && !probe.valid_http_versions.iter().any(|v| v == version_name) {
        return Err(format!("{version_name} is not among the versions that are right"));
    }
    if secure && probe.fail_if_ssl {
        return Err("the answer came over TLS".to_owned());
    }
    if !secure && probe.fail_if_not_ssl {
        return Err("the answer did not come over TLS".to_owned());
    }
    Ok(())
}

/// A body as far as it is needed.
struct Body {
    kept: Vec<u8>,
    /// Of the whole body, uncompressed, in bytes.
    length: u64,
}

/// Reads a body; an error comes with what was read before it.
async fn read(mut incoming: Incoming, probe: &HttpProbe) -> Result<Body, (u64, String)> {
    let matched = !probe.fail_if_body_matches_regexp.is_empty() || !probe.fail_if_body_not_matches_regexp.is_empty();
    // Whatever the answer says of itself: the module says what it has to be.
    let undo = probe.compression.as_deref().filter(|encoding| *encoding != "identity");
    let limit = if probe.body_size_limit == 0 { u64::MAX } else { probe.body_size_limit };
    let mut body = Body { kept: Vec::new(), length: 0 };
    while let Some(frame) = incoming.frame().await {
        let frame = frame.map_err(|e| (body.length, format!("the body broke off: {e}")))?;
        let Some(piece) = frame.data_ref() else { continue };
        body.length += piece.len() as u64;
        if body.length > limit {
            return Err((limit, format!("the body is longer than `body_size_limit`, {limit} bytes")));
        }
        if matched || undo.is_some() {
            let room = MAX_MATCHED_BYTES - body.kept.len();
            body.kept.extend_from_slice(&piece[..piece.len().min(room)]);
        }
    }
    let Some(encoding) = undo else { return Ok(body) };
    if body.kept.len() as u64 != body.length {
        return Err((body.length, format!("the compressed body is longer than {MAX_MATCHED_BYTES} bytes")));
    }
    let (kept, length) = uncompressed(&body.kept, encoding, limit).map_err(|reason| (0, reason))?;
    Ok(Body { kept, length })
}

fn uncompressed(bytes: &[u8], encoding: &str, limit: u64) -> Result<(Vec<u8>, u64), String> {
    let mut reader: Box<dyn Read> = match encoding {
        "gzip" => Box::new(flate2::read::MultiGzDecoder::new(bytes)),
        _ => Box::new(flate2::read::ZlibDecoder::new(bytes)),
    };
    // What is expanded has an end even if nobody set one.
    let limit = limit.min(1 << 30);
    let mut kept = Vec::new();
    let mut length = 0;
    let mut piece = [0; 16 << 10];
    loop {
        let read = reader.read(&mut piece).map_err(|e| format!("the body is no {encoding}: {e}"))?;
        if read == 0 {
            return Ok((kept, length));
        }
        length += read as u64;
        if length > limit {
            return Err(format!("the body is longer than {limit} bytes"));
        }
        let room = MAX_MATCHED_BYTES - kept.len();
        kept.extend_from_slice(&piece[..read.min(room)]);
    }
}

fn wrong_body(probe: &HttpProbe, body: &[u8]) -> Option<String> {
    let text = |Pattern(pattern): &Pattern| pattern.as_str().to_owned();
    let found = |p: &&Pattern| p.0.is_match(body);
    if let Some(pattern) = probe.fail_if_body_matches_regexp.iter().find(found) {
        return Some(format!("the body matches `{}`", text(pattern)));
    }
    let pattern = probe.fail_if_body_not_matches_regexp.iter().find(|p| !found(p))?;
    Some(format!("the body does not match `{}`", text(pattern)))
}

fn wrong_header(probe: &HttpProbe, headers: &HeaderMap) -> Option<String> {
    let matches = |rule: &HeaderMatch| {
        let values: Vec<&HeaderValue> = headers.get_all(rule.header.as_str()).iter().collect();
        (!values.is_empty()).then(|| values.iter().any(|value| rule.regexp.0.is_match(value.as_bytes())))
    };
    for rule in &probe.fail_if_header_matches {
        match matches(rule) {
            Some(true) => return Some(format!("the header {} matches `{}`", rule.header, rule.regexp.0.as_str())),
            None if !rule.allow_missing => return Some(format!("the header {} is missing", rule.header)),
            _ => {}
        }
    }
    for rule in &probe.fail_if_header_not_matches {
        match matches(rule) {
            Some(false) => return Some(format!("the header {} does not match `{}`", rule.header, rule.regexp.0.as_str())),
            None if !rule.allow_missing => return Some(format!("the header {} is missing", rule.header)),
            _ => {}
        }
    }
    None
}

/// A time as HTTP writes it, in seconds since the Unix epoch.
fn modified_seconds(text: &str) -> Option<f64> {
    let time = jiff::fmt::rfc2822::DateTimeParser::new().relaxed_weekday(true).parse_timestamp(text).ok()?;
    Some(time.as_second() as f64)
}
