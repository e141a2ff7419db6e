//! Experiments in PostgreSQL.

use super::{Experiment, MAX_EXPERIMENTS, MAX_OPEN, New, State, StoreError};
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions, PgRow};
use sqlx::{Row, query};
use std::time::Duration;

/// Connections at most.
const MAX_CONNECTIONS: u32 = 10;
/// So long a query waits for a connection.
const ACQUIRE: Duration = Duration::from_secs(2);
/// So often the database is asked at the start, each time for as long as [`ACQUIRE`]: it may begin with the service.
const TRIES: u32 = 15;

/// An experiment is in one row. States are by name; the result is JSON.
const TABLE: &str = "CREATE TABLE IF NOT EXISTS experiments (\
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name TEXT NOT NULL, tenant_id TEXT NOT NULL, keep BIGINT NOT NULL, \
    state TEXT NOT NULL, result TEXT, created_at TIMESTAMPTZ NOT NULL DEFAULT now())";

#[derive(Debug)]
pub(super) struct Postgres(PgPool);

fn failed(what: &'static str) -> impl Fn(sqlx::Error) -> StoreError {
    move |error| StoreError { what, why: error.to_string() }
}

impl Postgres {
    pub(super) async fn open(url: &str) -> Result<Self, StoreError> {
        let options: PgConnectOptions = url.parse().map_err(failed("reading --database"))?;
        let pool = PgPoolOptions::new().max_connections(MAX_CONNECTIONS).acquire_timeout(ACQUIRE).connect_lazy_with(options);
        let mut tries = 0;
        while let Err(error) = query(TABLE).execute(&pool).await {
            tries += 1;
            if tries == TRIES {
                return Err(failed("making the table of experiments")(error));
            }
            tracing::warn!(%error, "the database is not ready");
            wait().await;
        }
        Ok(Self(pool))
    }

    pub(super) async fn create(&self, new: New) -> Result<Option<Experiment>, StoreError> {
        let text = "INSERT INTO experiments (name, tenant_id, keep, state) SELECT $1, $2, $3, $4 \
            WHERE (SELECT count(*) FROM experiments WHERE state NOT IN ('completed', 'failed')) < $5 RETURNING id";
        let made = query(text)
            .bind(&new.name)
            .bind(&*new.tenant_id)
            .bind(new.keep as i64)
            .bind(State::Pending.as_str())
            .bind(MAX_OPEN as i64)
            .fetch_optional(&self.0)
            .await
            .map_err(failed("INSERT experiment"))?;
        let Some(row) = made else { return Ok(None) };
        let id: i64 = row.try_get(0).map_err(failed("INSERT experiment"))?;
        // The oldest that are over make room.
        let text = "DELETE FROM experiments WHERE id IN (SELECT id FROM experiments WHERE state IN ('completed', 'failed') \
            ORDER BY id LIMIT GREATEST(0, (SELECT count(*) FROM experiments) - $1))";
        query(text).bind(MAX_EXPERIMENTS as i64).execute(&self.0).await.map_err(failed("DELETE experiments"))?;
        let New { name, tenant_id, keep } = new;
        Ok(Some(Experiment { id: id as u64, name, tenant_id, keep, state: State::Pending, result: None }))
    }

    pub(super) async fn get(&self, id: u64) -> Result<Option<Experiment>, StoreError> {
        let Ok(id) = i64::try_from(id) else { return Ok(None) };
        let row = query("SELECT id, name, tenant_id, keep, state, result FROM experiments WHERE id = $1").bind(id);
        let row = row.fetch_optional(&self.0).await.map_err(failed("SELECT experiment"))?;
        row.as_ref().map(read).transpose().map_err(failed("SELECT experiment"))
    }

    pub(super) async fn newest(&self, limit: usize) -> Result<Vec<Experiment>, StoreError> {
        let text = "SELECT id, name, tenant_id, keep, state, result FROM experiments ORDER BY id DESC LIMIT $1";
        let rows = query(text).bind(limit as i64).fetch_all(&self.0).await.map_err(failed("SELECT experiments"))?;
        rows.iter().map(read).collect::<Result<_, _>>().map_err(failed("SELECT experiments"))
    }

    pub(super) async fn open_ones(&self) -> Result<Vec<Experiment>, StoreError> {
        let text =
            "SELECT id, name, tenant_id, keep, state, result FROM experiments WHERE state NOT IN ('completed', 'failed') ORDER BY id";
        let rows = query(text).fetch_all(&self.0).await.map_err(failed("SELECT open experiments"))?;
        rows.iter().map(read).collect::<Result<_, _>>().map_err(failed("SELECT open experiments"))
    }

    pub(super) async fn replace(&self, from: State, by: &Experiment) -> Result<bool, StoreError> {
        let result = by.result.as_ref().map(|result| serde_json::to_string(result).expect("a result is JSON"));
        let done = query("UPDATE experiments SET state = $3, result = $4 WHERE id = $1 AND state = $2")
            .bind(by.id as i64)
            .bind(from.as_str())
            .bind(by.state.as_str())
            .bind(result)
            .execute(&self.0)
            .await;
        Ok(done.map_err(failed("UPDATE experiment"))?.rows_affected() == 1)
    }
}

#[expect(clippy::disallowed_methods, reason = "a service of one's own has no simulated clock")]
async fn wait() {
    tokio::time::sleep(Duration::from_secs(1)).await;
}

fn read(row: &PgRow) -> Result<Experiment, sqlx::Error> {
    let (id, keep): (i64, i64) = (row.try_get(0)?, row.try_get(3)?);
    let (tenant, state): (&str, &str) = (row.try_get(2)?, row.try_get(4)?);
    let wrong = |why: String| sqlx::Error::Decode(why.into());
    let state = State::ALL.into_iter().find(|known| known.as_str() == state).ok_or_else(|| wrong(format!("`{state}` is no state")))?;
    let result: Option<&str> = row.try_get(5)?;
    let result = result.map(serde_json::from_str).transpose().map_err(|e| wrong(format!("a result can't be read: {e}")))?;
    Ok(Experiment { id: id as u64, name: row.try_get(1)?, tenant_id: tenant.into(), keep: keep as usize, state, result })
}
