//! How notifications reach HTTP servers.

use serde::Deserialize;
use serde::de::IgnoredAny;

/// Seam.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct HttpConfig(IgnoredAny);

/// Seam.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct TlsConfig(IgnoredAny);
