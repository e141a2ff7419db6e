//! What can go wrong with incidents.

use phoenix_state::StateError;

/// Why something about an incident could not be done.
#[derive(Debug, thiserror::Error)]
pub enum IncidentError {
    /// There is no incident of this number.
    #[error("there is no incident {0}")]
    NotFound(IncidentId),
    /// The text is not an incident's name.
    #[error("`{0}` is not an incident; incidents are named as INC-42")]
    BadId(String),
    /// It can't be done in the incident's state.
    #[error("{id} cannot be {action}: {reason}")]
    WrongState {
        /// The incident.
        id: IncidentId,
        /// What was asked for: `acknowledged`, `resolved`.
        action: &'static str,
        /// Why not.
        reason: String,
    },
    /// A value that somebody gave can't be used.
    #[error("{0}")]
    Invalid(String),
    /// It could not be written, so it has not happened.
    #[error("not done, because it could not be kept: {0}")]
    State(#[from] StateError),
    /// The store did not answer in time. What was asked may or may not have been kept.
    #[error("the state store did not answer within {seconds} seconds; look at the incident before trying again")]
    StoreSilent {
        /// How long it was waited for.
        seconds: u64,
    },
    /// More was asked at once than is kept in line.
    #[error("incidents are busy: {limit} requests are waiting already (limit `incident.requests`); try again")]
    Busy {
        /// How many may wait.
        limit: usize,
    },
    /// The process is stopping.
    #[error("incidents have stopped; the process is shutting down")]
    Stopped,
}

use crate::incident::IncidentId;
