//! TLS with a target, and what it tells.

use crate::certificate::Certificate;
use crate::exposition::Gauges;
use crate::run::Trial;
use phoenix_env::Disk;
use phoenix_http::TlsConfig;
use rustls::pki_types::ServerName;
use std::sync::Arc;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// What Go gives for a time that is not set; blackbox_exporter tells it for chains that nobody verified.
const NO_TIME_SECONDS: f64 = -62_135_596_800.0;

/// A handshake as client. The server's name is `server_name` of the settings, or else `host`.
pub(crate) async fn handshake(
    config: &TlsConfig,
    alpn: &[&[u8]],
    host: &str,
    stream: TcpStream,
    disk: &dyn Disk,
    trial: &mut Trial,
) -> Result<TlsStream<TcpStream>, String> {
    let mut client = config.client_config(disk, false).map_err(|e| e.to_string())?;
    client.alpn_protocols = alpn.iter().map(|name| name.to_vec()).collect();
    let name = if config.server_name.is_empty() { host } else { &config.server_name };
    trial.log(format!("TLS with {name}"));
    let name = ServerName::try_from(name.to_owned()).map_err(|_| format!("`{name}` is not a server's name"))?;
    TlsConnector::from(Arc::new(client)).connect(name, stream).await.map_err(|e| format!("the TLS handshake failed: {e}"))
}

/// Tells of the connection and of the certificates that the server showed.
pub(crate) fn tell(stream: &TlsStream<TcpStream>, verified: bool, gauges: &mut Gauges) -> Result<(), String> {
    let (_, connection) = stream.get_ref();
    if let Some(version) = connection.protocol_version().and_then(|version| version.as_str()) {
        let version = version.replace("TLSv", "TLS ").replace('_', ".");
        let help = "Returns the TLS version used or NaN when unknown";
        gauges.set_with("probe_tls_version_info", help, &[("version", &version)], 1.0);
    }
    if let Some(suite) = connection.negotiated_cipher_suite().and_then(|suite| suite.suite().as_str()) {
        // The field's name of the suites of 1.3 has no version.
        let cipher = suite.replace("TLS13_", "TLS_");
        gauges.set_with("probe_tls_cipher_info", "Returns the TLS cipher negotiated during handshake", &[("cipher", &cipher)], 1.0);
    }
    let shown = connection.peer_certificates().unwrap_or_default();
    let certificates: Vec<Certificate> = shown.iter().map(|der| Certificate::read(der)).collect::<Result<_, _>>()?;
    let Some(leaf) = certificates.first() else { return Ok(()) };
    let earliest = certificates.iter().map(|c| c.not_after).min().unwrap_or_default();
    gauges.set("probe_ssl_earliest_cert_expiry", "Returns last SSL chain expiry in unixtime", earliest as f64);
    let chain = if verified { chain_end(&certificates) as f64 } else { NO_TIME_SECONDS };
    gauges.set("probe_ssl_last_chain_expiry_timestamp_seconds", "Returns last SSL chain expiry in timestamp", chain);
    let labels = [
        ("fingerprint_sha256", leaf.fingerprint.as_str()),
        ("issuer", &leaf.issuer),
        ("serialnumber", &leaf.serial),
        ("subject", &leaf.subject),
        ("subjectalternative", &leaf.names),
    ];
    gauges.set_with("probe_ssl_last_chain_info", "Contains SSL leaf certificate information", &labels, 1.0);
    Ok(())
}

/// When the first certificate of the chain from the leaf upward ends, in seconds since the Unix epoch.
/// Certificates that the server shows and that are not in the chain do not count, nor does the authority
/// that is trusted, whose end is not known here.
fn chain_end(certificates: &[Certificate]) -> i64 {
    let mut at = 0;
    let mut end = certificates[0].not_after;
    // A chain is no longer than what was shown, so that a circle ends.
    for _ in 1..certificates.len() {
        let current = &certificates[at];
        if current.issuer_der == current.subject_der {
            break;
        }
        let Some(next) = certificates.iter().position(|c| c.subject_der == current.issuer_der) else { break };
        end = end.min(certificates[next].not_after);
        at = next;
    }
    end
}
