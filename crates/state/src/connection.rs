//! Opening the database, and transactions.

use crate::{StateError, migrations};
use sqlx::any::{AnyConnectOptions, AnyPoolOptions};
use sqlx::{AnyPool, Executor};
use std::fmt::Write;
use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

/// How long a caller waits for a connection, and a statement for another process' lock.
const WAIT_LIMIT: Duration = Duration::from_secs(30);
const POSTGRES_CONNECTIONS: u32 = 8;

/// Which database it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// A file beside the other data, or memory in tests.
    Sqlite,
    /// A server that several replicas can share.
    Postgres,
}

/// The state store. Cloning it shares the connections.
#[derive(Debug, Clone)]
pub struct State {
    pool: AnyPool,
    dialect: Dialect,
    /// Whether closing a connection would lose everything.
    in_memory: bool,
}

/// A transaction; dropping it without a commit rolls it back.
pub type StateTransaction = sqlx::Transaction<'static, sqlx::Any>;

impl State {
    /// Opens the database and brings its schema up to date.
    ///
    /// `url` is a `postgres://` URL, the path of an SQLite file (made if missing; its folder has to
    /// exist), or `:memory:` for a database that lives as long as this value.
    ///
    /// A database that a newer version has migrated is refused with [`StateError::NewerVersion`].
    pub async fn open(url: &str) -> Result<Self, StateError> {
        let dialect = if url.starts_with("postgres://") || url.starts_with("postgresql://") { Dialect::Postgres } else { Dialect::Sqlite };
        let shown = shown_url(url, dialect);
        let to_error = |source| StateError::Open { url: shown.clone(), source };
        sqlx::any::install_default_drivers();
        let options = match dialect {
            Dialect::Postgres => AnyConnectOptions::from_str(url),
            Dialect::Sqlite => AnyConnectOptions::from_str(&sqlite_url(url)),
        }
        .map_err(to_error)?;
        let pool = AnyPoolOptions::new()
            // SQLite has one writer; with one connection nobody meets a lock of our own.
            .max_connections(if dialect == Dialect::Sqlite { 1 } else { POSTGRES_CONNECTIONS })
            .acquire_timeout(WAIT_LIMIT)
            .idle_timeout(None)
            .max_lifetime(None)
            .after_connect(move |connection, _| {
                Box::pin(async move {
                    if dialect == Dialect::Sqlite {
                        for pragma in [
                            "PRAGMA busy_timeout = 30000",
                            "PRAGMA journal_mode = WAL",
                            "PRAGMA synchronous = FULL",
                            "PRAGMA foreign_keys = ON",
                        ] {
                            connection.execute(pragma).await?;
                        }
                    }
                    Ok(())
                })
            })
            .connect_with(options)
            .await
            .map_err(to_error)?;
        let state = Self { pool, dialect, in_memory: url == ":memory:" };
        migrations::apply(&state, &shown, migrations::MIGRATIONS).await?;
        Ok(state)
    }

    /// Which database it is.
    pub fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// Starts a transaction that may write. On SQLite it takes the write lock at once, so that
    /// it can't fail later because somebody else wrote in between.
    pub async fn begin(&self) -> Result<StateTransaction, StateError> {
        let begun = self.try_begin().await;
        let begun = match begun {
            Err(sqlx::Error::InvalidSavePointStatement) if !self.in_memory => {
                // A full disk can end a transaction within SQLite, which the library does not notice: it
                // then refuses every later one on this connection. A new connection takes its place.
                if let Ok(connection) = self.pool.acquire().await {
                    let _ = connection.close().await;
                }
                self.try_begin().await
            }
            begun => begun,
        };
        begun.map_err(StateError::query("start a transaction"))
    }

    async fn try_begin(&self) -> Result<StateTransaction, sqlx::Error> {
        match self.dialect {
            Dialect::Sqlite => self.pool.begin_with("BEGIN IMMEDIATE").await,
            Dialect::Postgres => self.pool.begin().await,
        }
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<(), StateError> {
        sqlx::query("SELECT 1").execute(&self.pool).await.map_err(StateError::query("answer"))?;
        Ok(())
    }

    /// Ends all connections; for an orderly stop. Later calls fail.
    pub async fn close(&self) {
        self.pool.close().await;
    }

    /// For the concepts of this room: the connections.
    pub(crate) fn pool(&self) -> &AnyPool {
        &self.pool
    }
}

fn sqlite_url(path: &str) -> String {
    if path == ":memory:" {
        return "sqlite::memory:".to_owned();
    }
    let path = path.strip_prefix("sqlite://").or_else(|| path.strip_prefix("sqlite:")).unwrap_or(path);
    let absolute = std::path::absolute(Path::new(path)).unwrap_or_else(|_| path.into());
    let mut url = String::from("sqlite://");
    for byte in absolute.to_string_lossy().bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' => url.push(char::from(byte)),
            _ => _ = write!(url, "%{byte:02X}"),
        }
    }
    url + "?mode=rwc"
}

/// The address without user and password.
fn shown_url(url: &str, dialect: Dialect) -> String {
    match (dialect, url.split_once("://")) {
        (Dialect::Postgres, Some((scheme, rest))) => {
            let after_user = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
            let without_query = after_user.split('?').next().unwrap_or(after_user);
            format!("{scheme}://{without_query}")
        }
        _ => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_not_shown() {
        for (url, want) in [
            ("postgres://phoenix:hunter2@db:5432/state?sslmode=require", "postgres://db:5432/state"),
            ("postgres:///state?user=a&password=hunter2", "postgres:///state"),
            ("postgres://u:p@ss@db/x", "postgres://db/x"),
        ] {
            assert_eq!(shown_url(url, Dialect::Postgres), want);
        }
    }

    #[tokio::test]
    async fn odd_paths_work_and_what_is_committed_is_there_after_reopening() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("with space#? %41ö.db");
        let url = path.to_str().unwrap();
        let state = State::open(url).await.unwrap();
        state.save_rule_state("g", "{}", 1).await.unwrap();
        drop(state);
        assert!(path.exists());
        let state = State::open(url).await.unwrap();
        assert_eq!(state.load_rule_state("g").await.unwrap().as_deref(), Some("{}"));
    }

    #[tokio::test]
    async fn a_missing_folder_is_named() {
        let error = State::open("/nonexistent/folder/state.db").await.unwrap_err();
        assert!(error.to_string().contains("/nonexistent/folder/state.db"), "{error}");
    }

    #[tokio::test]
    async fn sqlite_is_durable_by_its_settings() {
        let dir = tempfile::tempdir().unwrap();
        let state = State::open(dir.path().join("s.db").to_str().unwrap()).await.unwrap();
        let journal: String = sqlx::query_scalar("PRAGMA journal_mode").fetch_one(state.pool()).await.unwrap();
        let synchronous: i64 = sqlx::query_scalar("PRAGMA synchronous").fetch_one(state.pool()).await.unwrap();
        let foreign_keys: i64 = sqlx::query_scalar("PRAGMA foreign_keys").fetch_one(state.pool()).await.unwrap();
        assert_eq!((journal.as_str(), synchronous, foreign_keys), ("wal", 2, 1));
    }
}
