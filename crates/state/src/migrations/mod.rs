//! The schema, step by step. 0001 to 0099 belong to alerting and rules, 0100 to 0199 to
//! incidents, 0200 and up to dashboards.
//!
//! A step that has been released is never edited: a change is a new step. Steps are applied in
//! the order of this list, each that the database has not seen yet, all in one transaction.

use crate::connection::{Dialect, State};
use crate::error::StateError;
use sqlx::{Executor, Row};
use std::collections::BTreeSet;

/// One step: SQL for each dialect.
pub(crate) struct Migration {
    version: i64,
    name: &'static str,
    sqlite: &'static str,
    postgres: &'static str,
}

impl Migration {
    /// The same SQL on both.
    const fn same(version: i64, name: &'static str, sql: &'static str) -> Self {
        Self { version, name, sqlite: sql, postgres: sql }
    }

    /// Where the dialects must differ.
    const fn per_dialect(version: i64, name: &'static str, sqlite: &'static str, postgres: &'static str) -> Self {
        Self { version, name, sqlite, postgres }
    }
}

/// All steps, in order. Columns are TEXT, BIGINT and DOUBLE PRECISION only, since those are what
/// both databases give back alike; truth values are BIGINT 0 or 1, times BIGINT milliseconds.
pub(crate) const MIGRATIONS: &[Migration] = &[
    Migration::same(1, "silence", include_str!("0001_silence.sql")),
    Migration::same(2, "nflog", include_str!("0002_nflog.sql")),
    Migration::same(3, "rule_state", include_str!("0003_rule_state.sql")),
    Migration::per_dialect(4, "audit", include_str!("0004_audit.sqlite.sql"), include_str!("0004_audit.postgres.sql")),
    Migration::same(5, "alert", include_str!("0005_alert.sql")),
    Migration::same(100, "incident", include_str!("0100_incident.sql")),
    Migration::same(200, "dashboard", include_str!("0200_dashboard.sql")),
    Migration::per_dialect(201, "annotation", include_str!("0201_annotation.sqlite.sql"), include_str!("0201_annotation.postgres.sql")),
    Migration::same(202, "dashboard_counted_by", include_str!("0202_dashboard_counted_by.sql")),
];

/// Any number will do as long as every replica uses the same: "phoenix" in bytes.
const POSTGRES_LOCK: &str = "SELECT pg_advisory_xact_lock(31640311487917432)";

/// Brings the schema up to date.
pub(crate) async fn apply(state: &State, url: &str, migrations: &[Migration]) -> Result<(), StateError> {
    let failed = StateError::query;
    let mut transaction = state.begin().await?;
    if state.dialect() == Dialect::Postgres {
        // Two replicas that start together must not both create the tables.
        transaction.execute(POSTGRES_LOCK).await.map_err(failed("lock the schema"))?;
    }
    transaction
        .execute("CREATE TABLE IF NOT EXISTS schema_version (version BIGINT PRIMARY KEY, name TEXT NOT NULL)")
        .await
        .map_err(failed("read its schema version"))?;
    let rows = transaction.fetch_all("SELECT version FROM schema_version").await.map_err(failed("read its schema version"))?;
    let applied: BTreeSet<i64> =
        rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>().map_err(failed("read its schema version"))?;
    if let Some(found) = applied.iter().find(|version| !migrations.iter().any(|m| m.version == **version)) {
        return Err(StateError::NewerVersion { url: url.to_owned(), found: *found });
    }
    for migration in migrations.iter().filter(|m| !applied.contains(&m.version)) {
        let to_error = |source| StateError::Migration { version: migration.version, name: migration.name, source };
        let sql = match state.dialect() {
            Dialect::Sqlite => migration.sqlite,
            Dialect::Postgres => migration.postgres,
        };
        transaction.execute(sqlx::raw_sql(sql)).await.map_err(to_error)?;
        sqlx::query("INSERT INTO schema_version (version, name) VALUES ($1, $2)")
            .bind(migration.version)
            .bind(migration.name)
            .execute(&mut *transaction)
            .await
            .map_err(to_error)?;
        tracing::debug!(version = migration.version, name = migration.name, "migrated the state store");
    }
    transaction.commit().await.map_err(failed("commit its migrations"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_unique_and_in_order() {
        assert!(MIGRATIONS.is_sorted_by(|a, b| a.version < b.version));
    }

    #[tokio::test]
    async fn a_newer_database_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("s.db");
        let url = path.to_str().unwrap();
        let state = State::open(url).await.unwrap();
        sqlx::query("INSERT INTO schema_version (version, name) VALUES (9001, 'from the future')").execute(state.pool()).await.unwrap();
        drop(state);
        let error = State::open(url).await.unwrap_err();
        assert!(matches!(error, StateError::NewerVersion { found: 9001, .. }), "{error}");
        assert!(error.to_string().contains("newer version of Phoenix"), "{error}");
    }

    #[tokio::test]
    async fn a_failing_step_leaves_the_database_as_it_was() {
        let state = State::open(":memory:").await.unwrap();
        let mut steps: Vec<Migration> =
            MIGRATIONS.iter().map(|m| Migration::per_dialect(m.version, m.name, m.sqlite, m.postgres)).collect();
        steps.push(Migration::same(9001, "good", "CREATE TABLE half (a BIGINT); CREATE TABLE done (a BIGINT);"));
        steps.push(Migration::same(9002, "bad", "CREATE TABLE nonsense (;"));
        let error = apply(&state, "x", &steps).await.unwrap_err();
        assert!(matches!(error, StateError::Migration { version: 9002, .. }), "{error}");
        assert!(sqlx::query("SELECT a FROM half").fetch_all(state.pool()).await.is_err(), "rolled back");
        steps.pop();
        apply(&state, "x", &steps).await.unwrap();
        assert!(sqlx::query("SELECT a FROM done").fetch_all(state.pool()).await.is_ok(), "every statement of a step runs");
    }
}
