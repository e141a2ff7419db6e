//! The live tail: from the moment a line is pushed until it stands on a client's socket.

use super::measure::Client;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Pushes lines one by one and prints how long each takes to the tail's client.
pub fn measure(address: SocketAddr, lines: usize) {
    let mut socket = open(address, "%7Bjob%3D%22live%22%7D");
    let mut pusher = Client::connect(address);
    let mut took = Vec::with_capacity(lines);
    for i in 0..lines {
        let now_ns = SystemTime::now().duration_since(UNIX_EPOCH).expect("the clock is right").as_nanos();
        let mark = format!("line number {i} of the live tail");
        let body = format!("{{\"streams\":[{{\"stream\":{{\"job\":\"live\"}},\"values\":[[\"{now_ns}\",\"{mark}\"]]}}]}}");
        let started = Instant::now();
        let (status, answer) = pusher.request("POST", "/loki/api/v1/push", "application/json", body.as_bytes());
        assert_eq!(status, 204, "{}", String::from_utf8_lossy(&answer));
        while !read_text(&mut socket).contains(&mark) {}
        took.push(started.elapsed());
    }
    took.sort();
    let at = |share: f64| took[((took.len() - 1) as f64 * share) as usize].as_secs_f64() * 1e3;
    println!("live tail, push to socket, {lines} lines: median {:.1} ms, p99 {:.1} ms, most {:.1} ms", at(0.5), at(0.99), at(1.0));
}

/// Opens a tail: the handshake of RFC 6455 with its example key, whose answer nobody checks here.
fn open(address: SocketAddr, query: &str) -> TcpStream {
    let mut socket = TcpStream::connect(address).expect("the server listens");
    socket.set_read_timeout(Some(Duration::from_secs(10))).expect("a TCP stream has the option");
    let request = format!(
        "GET /loki/api/v1/tail?query={query} HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    socket.write_all(request.as_bytes()).expect("the server reads");
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        socket.read_exact(&mut byte).expect("the server answers");
        head.push(byte[0]);
    }
    assert!(head.starts_with(b"HTTP/1.1 101"), "{}", String::from_utf8_lossy(&head));
    socket
}

/// The next frame's payload as text. Frames of servers are not masked.
fn read_text(socket: &mut TcpStream) -> String {
    let mut head = [0; 2];
    socket.read_exact(&mut head).expect("the tail goes on");
    let length = match head[1] & 0x7f {
        126 => {
            let mut bytes = [0; 2];
            socket.read_exact(&mut bytes).expect("the tail goes on");
            usize::from(u16::from_be_bytes(bytes))
        }
        127 => {
            let mut bytes = [0; 8];
            socket.read_exact(&mut bytes).expect("the tail goes on");
            u64::from_be_bytes(bytes) as usize
        }
        short => usize::from(short),
    };
    let mut payload = vec![0; length];
    socket.read_exact(&mut payload).expect("the tail goes on");
    String::from_utf8_lossy(&payload).into_owned()
}
