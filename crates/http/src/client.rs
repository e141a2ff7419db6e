//! The client that an [`HttpConfig`] describes.

use crate::{HttpConfig, HttpError, auth, in_words};
use parking_lot::Mutex;
use phoenix_env::{Disk, SharedDisk};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, NoProxy, Proxy, RequestBuilder, Response, redirect};
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;
use url::Url;

/// The most redirects that are followed, as in Go's client.
const MAX_REDIRECTS: usize = 10;

/// What a client needs to know beside its configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientOptions {
    /// The `User-Agent` header.
    pub user_agent: String,
    /// How long connecting may take; `None` leaves it to the operating system.
    pub connect_timeout: Option<Duration>,
    /// How long an idle connection is kept.
    pub idle_timeout: Duration,
}

impl Default for ClientOptions {
    fn default() -> Self {
        Self {
            user_agent: concat!("Phoenix/", env!("CARGO_PKG_VERSION")).to_owned(),
            connect_timeout: Some(Duration::from_secs(10)),
            idle_timeout: Duration::from_mins(5),
        }
    }
}

/// A client with its connections. Cheap to share behind an `Arc`; thread-safe.
pub struct HttpClient {
    config: HttpConfig,
    options: ClientOptions,
    disk: SharedDisk,
    built: Mutex<Built>,
}

struct Built {
    client: reqwest::Client,
    /// The certificate files and when they last changed, in milliseconds since the Unix epoch.
    files: Vec<(PathBuf, Option<i64>)>,
}

impl HttpConfig {
    /// Builds the client. Fails when a certificate file is missing or wrong; files with passwords
    /// and tokens are only read when a request is made.
    pub fn client(&self, disk: &SharedDisk, options: ClientOptions) -> Result<HttpClient, HttpError> {
        let built = build(self, disk, &options)?;
        Ok(HttpClient { config: self.clone(), options, disk: SharedDisk::clone(disk), built: Mutex::new(built) })
    }
}

impl HttpConfig {
    /// Reads the files with passwords and tokens, as each request does: what is wrong with them now.
    pub fn check_secrets(&self, disk: &dyn Disk) -> Result<(), HttpError> {
        auth::headers(self, disk).map(drop)
    }
}

impl HttpClient {
    /// Begins a request with the configuration's authentication and headers. Secrets in files are
    /// read now; when a certificate file has changed, a new connection uses the new one.
    pub fn request(&self, method: Method, url: Url) -> Result<RequestBuilder, HttpError> {
        let headers = auth::headers(&self.config, &*self.disk)?;
        Ok(self.current()?.request(method, url).headers(headers))
    }

    /// Begins a GET.
    pub fn get(&self, url: Url) -> Result<RequestBuilder, HttpError> {
        self.request(Method::GET, url)
    }

    /// Begins a POST.
    pub fn post(&self, url: Url) -> Result<RequestBuilder, HttpError> {
        self.request(Method::POST, url)
    }

    /// Sends a request and waits for the head of the answer. The caller sets the time limit.
    pub async fn send(&self, request: RequestBuilder) -> Result<Response, HttpError> {
        request.send().await.map_err(HttpError::from_request)
    }

    /// The configuration.
    pub fn config(&self) -> &HttpConfig {
        &self.config
    }

    fn current(&self) -> Result<reqwest::Client, HttpError> {
        let mut built = self.built.lock();
        if built.files.iter().any(|(path, then)| self.disk.modified_ms(path).ok() != *then) {
            *built = build(&self.config, &self.disk, &self.options)?;
        }
        Ok(built.client.clone())
    }
}

impl fmt::Debug for HttpClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpClient").field("config", &self.config).finish_non_exhaustive()
    }
}

fn build(config: &HttpConfig, disk: &SharedDisk, options: &ClientOptions) -> Result<Built, HttpError> {
    // The time is noted before the content is read, so that a change in between is seen next time.
    let files = config.tls_config.files().map(|path| (path.to_owned(), disk.modified_ms(path).ok())).collect();
    let tls = config.tls_config.client_config(&**disk, config.enable_http2)?;
    let redirects = if config.follow_redirects { redirect::Policy::limited(MAX_REDIRECTS) } else { redirect::Policy::none() };
    let mut builder = reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .user_agent(&options.user_agent)
        .redirect(redirects)
        .pool_idle_timeout(options.idle_timeout)
        .tcp_nodelay(true);
    if let Some(timeout) = options.connect_timeout {
        builder = builder.connect_timeout(timeout);
    }
    if !config.enable_http2 {
        builder = builder.http1_only();
    }
    if !config.proxy.from_environment {
        builder = builder.no_proxy();
    }
    if let Some(url) = &config.proxy.url {
        let mut proxy = Proxy::all(url.as_str()).map_err(|e| HttpError::Setup(in_words(e)))?;
        proxy = proxy.no_proxy(NoProxy::from_string(&config.proxy.no_proxy));
        if !config.proxy.connect_header.is_empty() {
            proxy = proxy.headers(connect_headers(config)?);
        }
        builder = builder.proxy(proxy);
    }
    let client = builder.build().map_err(|e| HttpError::Setup(in_words(e)))?;
    Ok(Built { client, files })
}

fn connect_headers(config: &HttpConfig) -> Result<HeaderMap, HttpError> {
    let mut headers = HeaderMap::new();
    for (name, values) in &config.proxy.connect_header {
        let refused = || HttpError::Setup(format!("`proxy_connect_header`: `{name}` or its value can't be a header"));
        let header = HeaderName::from_bytes(name.as_bytes()).map_err(|_| refused())?;
        for value in values {
            let mut value = HeaderValue::from_str(value.expose()).map_err(|_| refused())?;
            value.set_sensitive(true);
            headers.append(&header, value);
        }
    }
    Ok(headers)
}
