//! The prober `tcp`: a connection, TLS if asked for, and a conversation in lines.

use crate::config::{QueryResponse, TcpProbe};
use crate::resolve::{Choice, resolve};
use crate::run::{Request, Trial};
use crate::tls;
use phoenix_env::Disk;
use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpSocket, TcpStream};

/// The longest line that is waited for, in bytes.
const MAX_LINE_BYTES: u64 = 64 << 10;

/// A connection whose kind may change on the way.
trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

pub(crate) async fn probe(probe: &TcpProbe, request: &Request, disk: &dyn Disk, trial: &mut Trial) -> Result<(), String> {
    let (host, port) = host_and_port(&request.target)?;
    let choice = Choice { preferred: probe.preferred_ip_protocol, fallback: probe.ip_protocol_fallback };
    let address = SocketAddr::new(resolve(&host, choice, trial).await?, port);
    let stream = connect(address, probe.source_ip_address, trial).await?;
    let name = request.hostname.as_deref().unwrap_or(&host);
    let verified = !probe.tls_config.insecure_skip_verify;
    let mut plain = Some(stream);
    let mut stream: Option<BufReader<Box<dyn Stream>>> = None;
    if probe.tls
        && let Some(tcp) = plain.take()
    {
        let connection = tls::handshake(&probe.tls_config, &[], name, tcp, disk, trial).await?;
        tls::tell(&connection, verified, &mut trial.gauges)?;
        stream = Some(BufReader::new(Box::new(connection)));
    }
    for (index, step) in probe.query_response.iter().enumerate() {
        trial.log(format!("step {}", index + 1));
        // Until TLS begins the plain connection is read byte by byte, so that nothing of the handshake is taken away.
        let groups = match (&mut stream, &mut plain) {
            (Some(stream), _) => converse(stream, step, trial).await?,
            (None, Some(plain)) => converse(&mut BufReader::with_capacity(1, &mut *plain), step, trial).await?,
            (None, None) => return Err("the connection is gone".to_owned()),
        };
        trial.tell_of(step, groups.as_ref());
        if step.starttls {
            let Some(tcp) = plain.take() else { return Err("TLS has begun already".to_owned()) };
            let connection = tls::handshake(&probe.tls_config, &[], name, tcp, disk, trial).await?;
            tls::tell(&connection, verified, &mut trial.gauges)?;
            stream = Some(BufReader::new(Box::new(connection)));
        }
    }
    Ok(())
}

/// A host and a port, which has to be there; a host of version 6 stands in brackets.
fn host_and_port(target: &str) -> Result<(String, u16), String> {
    let wrong = || format!("the target `{target}` is not a host with a port");
    let (host, port) = target.rsplit_once(':').ok_or_else(wrong)?;
    let host = host.strip_prefix('[').and_then(|h| h.strip_suffix(']')).unwrap_or(host);
    if host.is_empty() {
        return Err(wrong());
    }
    Ok((host.to_owned(), port.parse().map_err(|_| wrong())?))
}

/// Connects once.
pub(crate) async fn connect(address: SocketAddr, from: Option<IpAddr>, trial: &mut Trial) -> Result<TcpStream, String> {
    trial.log(format!("connecting to {address}"));
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }.map_err(|e| e.to_string())?;
    if let Some(from) = from {
        socket.bind(SocketAddr::new(from, 0)).map_err(|e| format!("cannot connect from {from}: {e}"))?;
    }
    socket.connect(address).await.map_err(|e| format!("cannot connect to {address}: {e}"))
}

/// One step: waits for a line, then sends one. Gives what the groups of the expression matched.
async fn converse<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut BufReader<S>,
    step: &QueryResponse,
    trial: &mut Trial,
) -> Result<Option<Match>, String> {
    let mut found = None;
    if let Some(pattern) = &step.expect {
        loop {
            let mut line = Vec::new();
            let read =
                (&mut *stream).take(MAX_LINE_BYTES).read_until(b'\n', &mut line).await.map_err(|e| format!("reading failed: {e}"))?;
            if read == 0 {
                trial.failed_due_to_regex(true);
                return Err(format!("the connection ended before a line matched `{}`", pattern.0.as_str()));
            }
            while line.last().is_some_and(|byte| matches!(byte, b'\n' | b'\r')) {
                line.pop();
            }
            trial.log(format!("read a line of {} bytes", line.len()));
            if pattern.0.is_match(&line) {
                found = Some(Match { line, pattern: pattern.0.clone() });
                trial.failed_due_to_regex(false);
                break;
            }
        }
    }
    if !step.send.is_empty() {
        let mut line = match &found {
            Some(found) => found.expand(&step.send),
            None => step.send.clone().into_bytes(),
        };
        line.push(b'\n');
        trial.log(format!("sending a line of {} bytes", line.len() - 1));
        stream.get_mut().write_all(&line).await.map_err(|e| format!("sending failed: {e}"))?;
        stream.get_mut().flush().await.map_err(|e| format!("sending failed: {e}"))?;
    }
    Ok(found)
}

/// A line that matched.
pub(crate) struct Match {
    line: Vec<u8>,
    pattern: regex::bytes::Regex,
}

impl Match {
    /// A text in which `${1}` and its like are replaced by what the groups matched.
    fn expand(&self, template: &str) -> Vec<u8> {
        let mut out = Vec::new();
        if let Some(captures) = self.pattern.captures(&self.line) {
            captures.expand(template.as_bytes(), &mut out);
        }
        out
    }
}

impl Trial {
    /// Tells of the labels that a step takes from the line that it waited for.
    fn tell_of(&mut self, step: &QueryResponse, found: Option<&Match>) {
        let (Some(found), false) = (found, step.labels.is_empty()) else { return };
        let labels: BTreeMap<&str, String> = step
            .labels
            .iter()
            .map(|label| (label.name.as_str(), String::from_utf8_lossy(&found.expand(&label.value)).into_owned()))
            .collect();
        let labels: Vec<(&str, &str)> = labels.iter().map(|(name, value)| (*name, value.as_str())).collect();
        self.gauges.set_with("probe_expect_info", "Explicit content matched", &labels, 1.0);
    }
}
