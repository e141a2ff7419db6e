//! Receiving syslog: RFC 5424 and RFC 3164, over TCP (RFC 6587) and UDP (RFC 5426). There is no TLS: put a
//! forwarder in front where messages cross a network that is not trusted.

mod framing;
mod listen;
mod message;

pub(super) use framing::{Frame, Frames};
pub(super) use listen::{Listener, bind};
