//! Where collected entries go.

use phoenix_model::logs::LogWrite;

/// Takes entries into the store. Calls block.
pub trait EntrySink: Send + Sync + 'static {
    /// Takes all entries. When it returns, those that it did not refuse are durable.
    fn accept(&self, write: &LogWrite) -> Result<(), SinkError>;
}

/// Why entries were not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SinkError {
    /// Not now: the same entries should come again later.
    #[error("{0}")]
    Busy(String),
    /// Some or all of the entries are bad and will never be taken; the others are stored.
    #[error("{0}")]
    Refused(String),
}
