//! How notifications reach HTTP servers: one description for all rooms.

pub use phoenix_http::{HttpConfig, TlsConfig};
