//! `tls_config`, and what it makes of rustls.

use crate::HttpError;
use phoenix_env::Disk;
use phoenix_model::Secret;
use phoenix_yaml::KeyError;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme, SupportedProtocolVersion};
use serde::Deserialize;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

/// The longest certificate or key file that is read.
const PEM_LIMIT_BYTES: u64 = 4 << 20;

/// TLS settings of a client.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "RawTlsConfig")]
pub struct TlsConfig {
    /// The authorities to trust, in PEM; the system's when neither this nor a file is given.
    pub ca: String,
    /// A file with the authorities to trust.
    pub ca_file: Option<PathBuf>,
    /// The client's certificate, in PEM.
    pub cert: String,
    /// A file with the client's certificate.
    pub cert_file: Option<PathBuf>,
    /// The client's key, in PEM.
    pub key: Secret,
    /// A file with the client's key.
    pub key_file: Option<PathBuf>,
    /// The name that the server's certificate has to have, in the place of the address's host.
    /// The name sent in the handshake (SNI) stays the address's host.
    pub server_name: String,
    /// Whether any certificate is taken.
    pub insecure_skip_verify: bool,
    /// The oldest version that is spoken. Below TLS 1.2 nothing is offered.
    pub min_version: Option<TlsVersion>,
    /// The newest version that is spoken.
    pub max_version: Option<TlsVersion>,
}

/// A version of TLS, as Prometheus spells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub enum TlsVersion {
    /// TLS 1.0
    #[serde(rename = "TLS10")]
    Tls10,
    /// TLS 1.1
    #[serde(rename = "TLS11")]
    Tls11,
    /// TLS 1.2
    #[serde(rename = "TLS12")]
    Tls12,
    /// TLS 1.3
    #[serde(rename = "TLS13")]
    Tls13,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RawTlsConfig {
    ca: String,
    ca_file: Option<PathBuf>,
    cert: String,
    cert_file: Option<PathBuf>,
    key: Secret,
    key_file: Option<PathBuf>,
    server_name: String,
    insecure_skip_verify: bool,
    min_version: Option<TlsVersion>,
    max_version: Option<TlsVersion>,
}

impl TryFrom<RawTlsConfig> for TlsConfig {
    type Error = KeyError;

    fn try_from(raw: RawTlsConfig) -> Result<Self, KeyError> {
        let both = |text: bool, file: bool, keys: [&'static str; 2]| {
            if text && file {
                return Err(KeyError::at(keys[1], format!("at most one of `{}` and `{}` can be given", keys[0], keys[1])));
            }
            Ok(text || file)
        };
        both(!raw.ca.is_empty(), raw.ca_file.is_some(), ["ca", "ca_file"])?;
        let cert = both(!raw.cert.is_empty(), raw.cert_file.is_some(), ["cert", "cert_file"])?;
        let key = both(!raw.key.expose().is_empty(), raw.key_file.is_some(), ["key", "key_file"])?;
        if cert && !key {
            return Err(KeyError::whole("a client certificate needs its key").with_help("add `key` or `key_file`"));
        }
        if key && !cert {
            return Err(KeyError::whole("a client key needs its certificate").with_help("add `cert` or `cert_file`"));
        }
        if raw.max_version.is_some_and(|max| max < TlsVersion::Tls12) {
            return Err(KeyError::at("max_version", "TLS versions before 1.2 are not spoken").with_help("use TLS12 or TLS13"));
        }
        if let (Some(min), Some(max)) = (raw.min_version, raw.max_version)
            && min > max
        {
            return Err(KeyError::at("min_version", "`min_version` is newer than `max_version`"));
        }
        if !raw.server_name.is_empty() && ServerName::try_from(raw.server_name.as_str()).is_err() {
            return Err(KeyError::at("server_name", format!("`{}` is not a host's name", raw.server_name)));
        }
        Ok(Self {
            ca: raw.ca,
            ca_file: raw.ca_file,
            cert: raw.cert,
            cert_file: raw.cert_file,
            key: raw.key,
            key_file: raw.key_file,
            server_name: raw.server_name,
            insecure_skip_verify: raw.insecure_skip_verify,
            min_version: raw.min_version,
            max_version: raw.max_version,
        })
    }
}

/// Makes a relative path relative to `folder`.
pub(crate) fn resolve(path: &mut PathBuf, folder: &Path) {
    if path.is_relative() {
        *path = folder.join(&*path);
    }
}

impl TlsConfig {
    /// Makes relative paths relative to `folder`.
    pub fn resolve_paths(&mut self, folder: &Path) {
        for path in [&mut self.ca_file, &mut self.cert_file, &mut self.key_file].into_iter().flatten() {
            resolve(path, folder);
        }
    }

    /// The files that the settings come from.
    pub(crate) fn files(&self) -> impl Iterator<Item = &Path> {
        [&self.ca_file, &self.cert_file, &self.key_file].into_iter().flatten().map(PathBuf::as_path)
    }

    /// Builds rustls' configuration with the ring provider, so that no default of the process is needed.
    pub fn client_config(&self, disk: &dyn Disk, http2: bool) -> Result<ClientConfig, HttpError> {
        let provider = Arc::new(ring::default_provider());
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(&self.versions())
            .map_err(|e| HttpError::Tls(e.to_string()))?;
        let builder = builder.dangerous().with_custom_certificate_verifier(self.verifier(disk, &provider)?);
        let mut config = match self.identity(disk)? {
            Some((chain, key)) => {
                builder.with_client_auth_cert(chain, key).map_err(|e| HttpError::Tls(format!("the client certificate is refused: {e}")))?
            }
            None => builder.with_no_client_auth(),
        };
        config.alpn_protocols = if http2 { vec![b"h2".to_vec(), b"http/1.1".to_vec()] } else { vec![b"http/1.1".to_vec()] };
        Ok(config)
    }

    fn versions(&self) -> Vec<&'static SupportedProtocolVersion> {
        let mut versions = Vec::new();
        if self.max_version.is_none_or(|max| max >= TlsVersion::Tls13) {
            versions.push(&rustls::version::TLS13);
        }
        if self.min_version.is_none_or(|min| min <= TlsVersion::Tls12) {
            versions.push(&rustls::version::TLS12);
        }
        versions
    }

    fn verifier(&self, disk: &dyn Disk, provider: &Arc<CryptoProvider>) -> Result<Arc<dyn ServerCertVerifier>, HttpError> {
        if self.insecure_skip_verify {
            return Ok(Arc::new(TakeAny { provider: Arc::clone(provider) }));
        }
        let roots = match pem(disk, "ca_file", self.ca.as_bytes(), self.ca_file.as_deref())? {
            Some((bytes, from)) => Arc::new(authorities(&bytes, &from)?),
            None => system_roots(),
        };
        let verifier = WebPkiServerVerifier::builder_with_provider(roots, Arc::clone(provider))
            .build()
            .map_err(|e| HttpError::Tls(format!("no usable certificate authority: {e}")))?;
        if self.server_name.is_empty() {
            return Ok(verifier);
        }
        let name = ServerName::try_from(self.server_name.clone()).map_err(|e| HttpError::Tls(format!("server_name: {e}")))?;
        Ok(Arc::new(NamedServer { name, verifier }))
    }

    fn identity(&self, disk: &dyn Disk) -> Result<Option<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)>, HttpError> {
        let cert = pem(disk, "cert_file", self.cert.as_bytes(), self.cert_file.as_deref())?;
        let key = pem(disk, "key_file", self.key.expose().as_bytes(), self.key_file.as_deref())?;
        let (Some((cert, cert_path)), Some((key, key_path))) = (cert, key) else { return Ok(None) };
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&cert).collect();
        let chain = match chain {
            Ok(chain) if !chain.is_empty() => chain,
            _ => return Err(content("cert_file", cert_path, "holds no PEM certificate")),
        };
        let key = PrivateKeyDer::from_pem_slice(&key).map_err(|_| content("key_file", key_path, "holds no PEM private key"))?;
        Ok(Some((chain, key)))
    }
}

fn content(what: &'static str, path: PathBuf, reason: &str) -> HttpError {
    HttpError::Content { what, path, reason: reason.to_owned() }
}

/// The PEM text and where it comes from; `None` when neither text nor file is given.
fn pem(disk: &dyn Disk, what: &'static str, text: &[u8], file: Option<&Path>) -> Result<Option<(Vec<u8>, PathBuf)>, HttpError> {
    match file {
        Some(path) => {
            let bytes = disk.read(path, PEM_LIMIT_BYTES).map_err(|source| HttpError::File { what, source })?;
            Ok(Some((bytes, path.to_owned())))
        }
        None if text.is_empty() => Ok(None),
        None => Ok(Some((text.to_vec(), PathBuf::from("in the configuration")))),
    }
}

fn authorities(bytes: &[u8], from: &Path) -> Result<RootCertStore, HttpError> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(bytes) {
        let certificate = certificate.map_err(|_| content("ca_file", from.to_owned(), "is not PEM"))?;
        roots.add(certificate).map_err(|e| content("ca_file", from.to_owned(), &format!("holds a certificate that can't be used: {e}")))?;
    }
    if roots.is_empty() {
        return Err(content("ca_file", from.to_owned(), "holds no PEM certificate"));
    }
    Ok(roots)
}

/// The system's authorities, read once; Mozilla's list where the system has none (as in an empty container).
fn system_roots() -> Arc<RootCertStore> {
    static ROOTS: OnceLock<Arc<RootCertStore>> = OnceLock::new();
    let load = || {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if roots.is_empty() {
            tracing::info!("the system has no certificate authorities; using Mozilla's list");
            roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        }
        Arc::new(roots)
    };
    Arc::clone(ROOTS.get_or_init(load))
}

/// Checks the certificate against a name from the configuration.
#[derive(Debug)]
struct NamedServer {
    name: ServerName<'static>,
    verifier: Arc<WebPkiServerVerifier>,
}

impl ServerCertVerifier for NamedServer {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        self.verifier.verify_server_cert(end_entity, intermediates, &self.name, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.verifier.verify_tls12_signature(message, cert, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.verifier.verify_tls13_signature(message, cert, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.verifier.supported_verify_schemes()
    }
}

/// `insecure_skip_verify`: takes any certificate, but still checks that the server holds its key.
#[derive(Debug)]
struct TakeAny {
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for TakeAny {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls12_signature(message, cert, signed, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls13_signature(message, cert, signed, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
