//! Why telemetry could not be set up.

use std::fmt;

/// Why telemetry could not be set up: what is wrong, why, and what to do.
#[derive(Debug)]
#[non_exhaustive]
pub enum TelemetryError {
    /// A setting, mostly a variable of the environment, makes no sense.
    Setting {
        /// The variable, or what was called.
        name: String,
        /// Its value; that of headers is left out, for it may hold a secret.
        value: String,
        /// What is wrong with it, and what would be right.
        why: String,
    },
    /// A file that a variable names can't be read.
    File {
        /// The variable.
        name: String,
        /// The path.
        path: String,
        /// What the system says.
        source: std::io::Error,
    },
    /// The thread that sends could not be started.
    Thread(std::io::Error),
    /// The process has a subscriber of `tracing` already.
    SubscriberIsSet,
}

impl fmt::Display for TelemetryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Setting { name, value, why } => write!(f, "{name}={value}: {why}"),
            Self::File { name, path, source } => write!(f, "{name}={path}: the file can't be read: {source}"),
            Self::Thread(source) => write!(f, "the thread that sends telemetry can't be started: {source}"),
            Self::SubscriberIsSet => {
                f.write_str("this process has a subscriber of `tracing` already; hint: call `start`, and add the layers to that one")
            }
        }
    }
}

impl std::error::Error for TelemetryError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::File { source, .. } | Self::Thread(source) => Some(source),
            _ => None,
        }
    }
}

impl TelemetryError {
    pub(crate) fn setting(name: impl Into<String>, value: impl Into<String>, why: impl Into<String>) -> Self {
        Self::Setting { name: name.into(), value: value.into(), why: why.into() }
    }
}
