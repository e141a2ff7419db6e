//! Listening for syslog.

use super::framing::{Frame, Frames};
use super::message::Message;
use crate::collect::config::{SyslogConfig, SyslogProtocol};
use crate::collect::consume::{Line, line_labels};
use crate::collect::metrics::CollectMetrics;
use crate::relabel::RelabelConfig;
use phoenix_env::SharedClock;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use tokio::io::AsyncReadExt;
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{Semaphore, mpsc, watch};

/// Connections of one listener; further ones wait.
const CONNECTIONS_LIMIT: usize = 500;
const READ_BYTES: usize = 16 * 1024;

/// An open socket.
pub(in crate::collect) enum Socket {
    Tcp(TcpListener),
    Udp(UdpSocket),
}

/// Opens the socket. Called within a runtime.
pub(in crate::collect) fn bind(config: &SyslogConfig) -> io::Result<Socket> {
    match config.protocol {
        SyslogProtocol::Tcp => {
            let listener = std::net::TcpListener::bind(config.listen)?;
            listener.set_nonblocking(true)?;
            Ok(Socket::Tcp(TcpListener::from_std(listener)?))
        }
        SyslogProtocol::Udp => {
            let socket = std::net::UdpSocket::bind(config.listen)?;
            socket.set_nonblocking(true)?;
            Ok(Socket::Udp(UdpSocket::from_std(socket)?))
        }
    }
}

impl Socket {
    /// The address it listens on.
    pub(in crate::collect) fn address(&self) -> Option<SocketAddr> {
        match self {
            Self::Tcp(listener) => listener.local_addr().ok(),
            Self::Udp(socket) => socket.local_addr().ok(),
        }
    }
}

/// Takes messages and hands them on as lines.
#[derive(Clone)]
pub(in crate::collect) struct Listener {
    pub(in crate::collect) job: Arc<str>,
    pub(in crate::collect) config: Arc<SyslogConfig>,
    pub(in crate::collect) relabel: Arc<[RelabelConfig]>,
    pub(in crate::collect) clock: SharedClock,
    pub(in crate::collect) metrics: CollectMetrics,
    pub(in crate::collect) lines: mpsc::Sender<Line>,
}

impl Listener {
    /// Listens until told to stop.
    pub(in crate::collect) async fn run(self, socket: Socket, mut stop: watch::Receiver<bool>) {
        let mut connections = tokio::task::JoinSet::new();
        tokio::select! {
            _ = stop.wait_for(|stopped| *stopped) => {}
            () = self.listen(socket, &mut connections) => {}
        }
        connections.shutdown().await;
    }

    async fn listen(&self, socket: Socket, connections: &mut tokio::task::JoinSet<()>) {
        match socket {
            Socket::Tcp(listener) => {
                let places = Arc::new(Semaphore::new(CONNECTIONS_LIMIT));
                loop {
                    let place = Arc::clone(&places).acquire_owned().await.expect("the semaphore is never closed");
                    while connections.try_join_next().is_some() {}
                    match listener.accept().await {
                        Ok((stream, from)) => {
                            let listener = self.clone();
                            connections.spawn(async move {
                                listener.connection(stream, from.ip()).await;
                                drop(place);
                            });
                        }
                        // No file left to open, for example: it will pass.
                        Err(e) => {
                            tracing::warn!(job = %self.job, "a syslog connection was not taken: {e}");
                            self.clock.sleep(std::time::Duration::from_millis(100)).await;
                        }
                    }
                }
            }
            Socket::Udp(socket) => {
                let mut buffer = vec![0; self.config.max_message_bytes + 1];
                loop {
                    match socket.recv_from(&mut buffer).await {
                        Ok((length, _)) if length > self.config.max_message_bytes => self.metrics.lose(&self.job, "message_too_long", 1),
                        Ok((length, from)) => {
                            let Some(line) = self.line(&buffer[..length], from.ip()) else { continue };
                            // A datagram can't be held back at its sender.
                            if let Err(TrySendError::Full(_)) = self.lines.try_send(line) {
                                self.metrics.lose(&self.job, "busy", 1);
                            }
                        }
                        Err(e) => {
                            tracing::warn!(job = %self.job, "syslog over UDP: {e}");
                            self.clock.sleep(std::time::Duration::from_millis(100)).await;
                        }
                    }
                }
            }
        }
    }

    async fn connection(&self, mut stream: TcpStream, from: IpAddr) {
        let mut frames = Frames::new(self.config.max_message_bytes);
        let mut buffer = vec![0; READ_BYTES];
        loop {
            let read = tokio::select! {
                read = stream.read(&mut buffer) => read,
                () = self.clock.sleep(self.config.idle_timeout) => break,
            };
            let Ok(length @ 1..) = read else { break };
            frames.push(&buffer[..length]);
            while let Some(frame) = frames.next_frame() {
                match frame {
                    // Waiting here is what holds the sender back.
                    Frame::Message(bytes) => {
                        if let Some(line) = self.line(&bytes, from)
                            && self.lines.send(line).await.is_err()
                        {
                            return;
                        }
                    }
                    Frame::TooLong => self.metrics.lose(&self.job, "message_too_long", 1),
                }
            }
        }
        if let Some(bytes) = frames.finish()
            && let Some(line) = self.line(&bytes, from)
        {
            let _ = self.lines.send(line).await;
        }
    }

    fn line(&self, bytes: &[u8], from: IpAddr) -> Option<Line> {
        let message = match Message::parse(bytes, self.clock.now_ms() * 1_000_000) {
            Ok(message) => message,
            Err(why) => {
                tracing::debug!(job = %self.job, %from, "not a syslog message: {why}");
                self.metrics.lose(&self.job, "not_syslog", 1);
                return None;
            }
        };
        if message.text.is_empty() && !self.config.use_rfc5424_message {
            self.metrics.lose(&self.job, "empty_message", 1);
            return None;
        }
        let mut labels = self.config.labels.to_builder();
        message.labels(from, self.config.label_structured_data, &mut labels);
        let labels = line_labels(&labels.build(), &self.relabel, &self.job)?;
        let timestamp_ns = message.timestamp_ns.filter(|_| self.config.use_incoming_timestamp);
        let text = if self.config.use_rfc5424_message { message.to_rfc5424() } else { message.text };
        Some(Line { text, timestamp_ns, labels, cursor: None })
    }
}
