//! What can go wrong with the room as a whole.

use crate::alerting::ConfigError;
use phoenix_state::StateError;

/// Why the room can't be opened.
#[derive(Debug, thiserror::Error)]
pub enum AlertError {
    /// The config can't be put in force.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// What was kept can't be read back.
    #[error(transparent)]
    State(#[from] StateError),
}
