//! What can go wrong with the state store.

/// Why something could not be kept or read back.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// The database can't be opened or reached.
    #[error(
        "cannot open the state store {url}: {source}; check that the folder exists and can be written, or that PostgreSQL is reachable"
    )]
    Open {
        /// Where it was looked for, without a password.
        url: String,
        /// The database's own words.
        #[source]
        source: sqlx::Error,
    },
    /// The database was written by a newer Phoenix.
    #[error(
        "the state store {url} was written by a newer version of Phoenix: it has migration {found:04}, which this version does not know; \
         start the newer version, or restore a backup made before the upgrade"
    )]
    NewerVersion {
        /// Which database, without a password.
        url: String,
        /// The first migration in it that is unknown here.
        found: i64,
    },
    /// A migration failed; the transaction was rolled back, so the database is as it was before.
    #[error("migration {version:04} ({name}) of the state store failed and was rolled back: {source}")]
    Migration {
        /// Its number.
        version: i64,
        /// Its name.
        name: &'static str,
        /// The database's own words.
        #[source]
        source: sqlx::Error,
    },
    /// A statement failed.
    #[error("the state store cannot {action}: {source}")]
    Query {
        /// What was tried, as in "save a silence".
        action: &'static str,
        /// The database's own words.
        #[source]
        source: sqlx::Error,
    },
    /// A kept value does not have the form that this version expects.
    #[error("the state store holds a {what} that cannot be read: {reason}")]
    Corrupt {
        /// What was read, as in "silence 1f2e…".
        what: String,
        /// Why it can't be used.
        reason: String,
    },
}

impl StateError {
    /// For `map_err`: names what was tried.
    pub(crate) fn query(action: &'static str) -> impl FnOnce(sqlx::Error) -> Self {
        move |source| Self::Query { action, source }
    }
}
