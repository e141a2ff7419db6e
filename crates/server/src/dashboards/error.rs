//! What can go wrong with dashboards.

use phoenix_dashboard::ReadError;
use phoenix_state::StateError;

/// Why something cannot be done with a dashboard or a folder.
#[derive(Debug)]
pub(crate) enum LibraryError {
    /// There is no such thing; a message.
    NotFound(String),
    /// The request is wrong; a message.
    Invalid(String),
    /// Somebody else changed it: the version that is there.
    Changed { what: &'static str, current: i64 },
    /// One with this uid is there.
    Exists { what: &'static str, uid: String },
    /// It stands in a file.
    OfFile { what: &'static str, file: String },
    /// As many are kept as may be.
    Full { what: &'static str, limit: i64 },
    /// The text is no dashboard.
    Unreadable(ReadError),
    /// The state store failed.
    State(StateError),
    /// Reading ended unexpectedly.
    Ended,
}

impl LibraryError {
    pub(crate) fn no_dashboard(uid: &str) -> Self {
        Self::NotFound(format!("there is no dashboard `{uid}`"))
    }

    pub(crate) fn no_folder(uid: &str) -> Self {
        Self::NotFound(format!("there is no folder `{uid}`"))
    }
}

impl std::fmt::Display for LibraryError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NotFound(message) | Self::Invalid(message) => f.write_str(message),
            Self::Changed { what, current } => {
                write!(f, "somebody else has changed the {what}: it is at version {current} now; load it again, or save a copy")
            }
            Self::Exists { what, uid } => write!(f, "there is a {what} `{uid}` already; choose another uid, or overwrite it"),
            Self::OfFile { what, file } => {
                write!(f, "the {what} comes from {file}, which Phoenix does not write: save a copy, or edit the file")
            }
            Self::Full { what, limit } => write!(f, "there are as many {what} as may be kept ({limit}): delete some first"),
            Self::Unreadable(error) => match error.help() {
                Some(help) => write!(f, "{error}: {help}"),
                None => write!(f, "{error}"),
            },
            Self::State(error) => write!(f, "{error}"),
            Self::Ended => f.write_str("reading the dashboard ended unexpectedly; this is a bug in Phoenix, see the log"),
        }
    }
}

impl From<StateError> for LibraryError {
    fn from(error: StateError) -> Self {
        Self::State(error)
    }
}
