//! TLS with certificates that are made at the start, and that no other authority vouches for.

use crate::faults::{Fault, Faults};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, SanType};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::{ClientHello, NoServerSessionStorage, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

type Error = Box<dyn std::error::Error>;

const DAY: Duration = Duration::from_hours(24);
/// How long the certificate lasts that is shown, and the one of the fault.
const LASTS: Duration = Duration::from_hours(24 * 90);
const LASTS_NOT: Duration = Duration::from_hours(24 * 3);
/// Who does not shake hands by then is let go of, so that others get their turn.
const HANDSHAKE: Duration = Duration::from_secs(2);

/// Shows one of two certificates.
#[derive(Debug)]
struct Certificates {
    lasting: Arc<CertifiedKey>,
    expiring: Arc<CertifiedKey>,
    faults: Arc<Faults>,
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let is_expiring = self.faults.is_on(Fault::CertificateExpiring);
        Some(Arc::clone(if is_expiring { &self.expiring } else { &self.lasting }))
    }
}

/// Accepts connections and shakes hands.
pub(super) struct Listener {
    listener: TcpListener,
    acceptor: TlsAcceptor,
}

impl Listener {
    /// Makes an authority and two certificates; the authority's is written to `ca_file`, for those who read.
    #[expect(clippy::disallowed_methods, reason = "the sample service has no simulated clock and disk")]
    pub(super) fn new(listener: TcpListener, faults: Arc<Faults>, ca_file: &Path) -> Result<Self, Error> {
        let now = SystemTime::now();
        let mut authority = CertificateParams::default();
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        authority.distinguished_name.push(DnType::CommonName, "phoenix-platform");
        (authority.not_before, authority.not_after) = ((now - DAY).into(), (now + 2 * LASTS).into());
        let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate()?)?;
        let make = |lasts: Duration| -> Result<Arc<CertifiedKey>, Error> {
            let key = KeyPair::generate()?;
            let mut leaf = CertificateParams::new(vec!["localhost".to_owned()])?;
            leaf.subject_alt_names.push(SanType::IpAddress(IpAddr::V4(Ipv4Addr::LOCALHOST)));
            leaf.distinguished_name.push(DnType::CommonName, "phoenix-platform secrets");
            (leaf.not_before, leaf.not_after) = ((now - DAY).into(), (now + lasts).into());
            let certificate = leaf.signed_by(&key, &authority)?;
            let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
            let key = rustls::crypto::ring::sign::any_supported_type(&key)?;
            Ok(Arc::new(CertifiedKey::new(vec![certificate.der().clone()], key)))
        };
        let certificates = Certificates { lasting: make(LASTS)?, expiring: make(LASTS_NOT)?, faults };
        let mut config = ServerConfig::builder().with_no_client_auth().with_cert_resolver(Arc::new(certificates));
        // A resumed session would show no certificate.
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
        std::fs::write(ca_file, authority.pem()).map_err(|e| format!("cannot write {}: {e}", ca_file.display()))?;
        Ok(Self { listener, acceptor: TlsAcceptor::from(Arc::new(config)) })
    }
}

impl axum::serve::Listener for Listener {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    #[expect(clippy::disallowed_methods, reason = "a service of one's own has no simulated clock")]
    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            let (stream, address) = match self.listener.accept().await {
                Ok(accepted) => accepted,
                Err(error) => {
                    // No descriptor is left, say; trying again at once would only take CPU time.
                    tracing::warn!(%error, "a connection is not accepted");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    continue;
                }
            };
            match tokio::time::timeout(HANDSHAKE, self.acceptor.accept(stream)).await {
                Ok(Ok(stream)) => return (stream, address),
                Ok(Err(error)) => tracing::debug!(%error, %address, "no TLS"),
                Err(_) => tracing::debug!(%address, "no TLS within two seconds"),
            }
        }
    }

    fn local_addr(&self) -> std::io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}
