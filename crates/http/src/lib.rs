//! Prometheus' `http_config`, and the HTTP client it describes.
//!
//! Scraping, discovery, remote write and notifications share this one description of how to reach
//! a server: authentication, TLS, proxies, headers. Secrets in files are read again for each
//! request, so that rotated tokens work; certificates when their files change.

mod auth;
mod client;
mod config;
mod tls;

pub use client::{ClientOptions, HttpClient};
pub use config::{Authorization, BasicAuth, Header, HttpConfig, OAuth2, ProxyConfig};
pub use tls::{TlsConfig, TlsVersion};

use std::path::PathBuf;

/// Why a client or a request could not be made, or a request failed. Never holds a secret.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// A file with a secret or a certificate could not be read.
    #[error("cannot read the {what} of the HTTP client: {source}")]
    File {
        /// The key in the configuration that names the file.
        what: &'static str,
        /// The file's own error.
        #[source]
        source: phoenix_env::DiskError,
    },
    /// A file is not what it should be.
    #[error("the {what} of the HTTP client ({}) {reason}", path.display())]
    Content {
        /// The key in the configuration that names the file.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// What is wrong with its content.
        reason: String,
    },
    /// The TLS settings don't make a client.
    #[error("the tls_config can't be used: {0}")]
    Tls(String),
    /// Anything else that the HTTP library refuses.
    #[error("cannot set up the HTTP client: {0}")]
    Setup(String),
    /// The request was not answered.
    #[error("{0}")]
    Request(String),
}

impl HttpError {
    /// An error of reqwest, with its causes, without the address (which may hold a password).
    pub fn from_request(error: reqwest::Error) -> Self {
        Self::Request(in_words(error))
    }
}

/// The deepest causes say the most: `error sending request: connection refused`.
fn in_words(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut words = error.to_string();
    let mut cause = std::error::Error::source(&error);
    while let Some(error) = cause {
        let text = error.to_string();
        if !words.contains(&text) {
            words.push_str(": ");
            words.push_str(&text);
        }
        cause = error.source();
    }
    words
}
