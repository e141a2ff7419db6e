//! Experiments in PostgreSQL.

use super::{Experiment, MAX_EXPERIMENTS, MAX_OPEN, New, State, StoreError};
use sqlx::postgres::{PgConnectOptions, PgListener, PgPool, PgPoolOptions, PgRow};
use sqlx::{Row, query};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::broadcast;

/// Connections at most.
const MAX_CONNECTIONS: u32 = 10;
/// So long a query waits for a connection.
const ACQUIRE: Duration = Duration::from_secs(2);
/// <https://www.postgresql.org/docs/current/errcodes-appendix.html>
const UNDEFINED_TABLE: &str = "42P01";

/// An experiment is in one row. States are by name; the result is JSON.
const TABLE: &str = "CREATE TABLE IF NOT EXISTS experiments (\
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name TEXT NOT NULL, tenant_id TEXT NOT NULL, keep BIGINT NOT NULL, \
    state TEXT NOT NULL, result TEXT, created_at TIMESTAMPTZ NOT NULL DEFAULT now())";

/// The lock under which the table is made: several processes begin at once.
const TABLE_LOCK: i64 = 0x5048_4f45;

/// Where changes are told.
const CHANNEL: &str = "experiments";

#[derive(Debug)]
pub(super) struct Postgres {
    pool: PgPool,
    /// Whether the table is known to be there. A database may come later than the service, or come back empty.
    has_table: AtomicBool,
}

fn failed(what: &'static str) -> impl Fn(sqlx::Error) -> StoreError {
    move |error| StoreError { what, why: error.to_string() }
}

impl Postgres {
    /// Connects when it is first asked, and again after the database was away.
    pub(super) fn new(url: &str) -> Result<Self, StoreError> {
        let options: PgConnectOptions = url.parse().map_err(failed("reading --database"))?;
        let pool = PgPoolOptions::new().max_connections(MAX_CONNECTIONS).acquire_timeout(ACQUIRE).connect_lazy_with(options);
        Ok(Self { pool, has_table: AtomicBool::new(false) })
    }

    /// The pool, once the table is there.
    async fn pool(&self) -> Result<&PgPool, StoreError> {
        if !self.has_table.load(Ordering::Relaxed) {
            let make = async {
                let mut transaction = self.pool.begin().await?;
                query("SELECT pg_advisory_xact_lock($1)").bind(TABLE_LOCK).execute(&mut *transaction).await?;
                query(TABLE).execute(&mut *transaction).await?;
                transaction.commit().await
            };
            make.await.map_err(failed("making the table of experiments"))?;
            self.has_table.store(true, Ordering::Relaxed);
        }
        Ok(&self.pool)
    }

    /// An error of a query. One that misses the table has it made again with the next.
    fn failed(&self, what: &'static str) -> impl Fn(sqlx::Error) -> StoreError {
        move |error| {
            if error.as_database_error().is_some_and(|error| error.code().as_deref() == Some(UNDEFINED_TABLE)) {
                self.has_table.store(false, Ordering::Relaxed);
            }
            failed(what)(error)
        }
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
            .fetch_optional(self.pool().await?)
            .await
            .map_err(self.failed("INSERT experiment"))?;
        let Some(row) = made else { return Ok(None) };
        let id: i64 = row.try_get(0).map_err(failed("INSERT experiment"))?;
        // The oldest that are over make room.
        let text = "DELETE FROM experiments WHERE id IN (SELECT id FROM experiments WHERE state IN ('completed', 'failed') \
            ORDER BY id LIMIT GREATEST(0, (SELECT count(*) FROM experiments) - $1))";
        query(text).bind(MAX_EXPERIMENTS as i64).execute(self.pool().await?).await.map_err(self.failed("DELETE experiments"))?;
        let New { name, tenant_id, keep } = new;
        Ok(Some(Experiment { id: id as u64, name, tenant_id, keep, state: State::Pending, result: None, age: Duration::ZERO }))
    }

    pub(super) async fn get(&self, id: u64) -> Result<Option<Experiment>, StoreError> {
        let Ok(id) = i64::try_from(id) else { return Ok(None) };
        let row = query("SELECT id, name, tenant_id, keep, state, result FROM experiments WHERE id = $1").bind(id);
        let row = row.fetch_optional(self.pool().await?).await.map_err(self.failed("SELECT experiment"))?;
        row.as_ref().map(read).transpose().map_err(self.failed("SELECT experiment"))
    }

    pub(super) async fn newest(&self, limit: usize) -> Result<Vec<Experiment>, StoreError> {
        let text = "SELECT id, name, tenant_id, keep, state, result FROM experiments ORDER BY id DESC LIMIT $1";
        let rows = query(text).bind(limit as i64).fetch_all(self.pool().await?).await.map_err(self.failed("SELECT experiments"))?;
        rows.iter().map(read).collect::<Result<_, _>>().map_err(self.failed("SELECT experiments"))
    }

    pub(super) async fn open_ones(&self) -> Result<Vec<Experiment>, StoreError> {
        let text = "SELECT id, name, tenant_id, keep, state, result, EXTRACT(EPOCH FROM now() - created_at)::float8 FROM experiments \
            WHERE state NOT IN ('completed', 'failed') ORDER BY id";
        let rows = query(text).fetch_all(self.pool().await?).await.map_err(self.failed("SELECT open experiments"))?;
        let aged = |row: &PgRow| Ok(Experiment { age: Duration::try_from_secs_f64(row.try_get(6)?).unwrap_or_default(), ..read(row)? });
        rows.iter().map(aged).collect::<Result<_, _>>().map_err(self.failed("SELECT open experiments"))
    }

    pub(super) async fn replace(&self, from: State, by: &Experiment) -> Result<bool, StoreError> {
        let result = by.result.as_ref().map(|result| serde_json::to_string(result).expect("a result is JSON"));
        let done = query("UPDATE experiments SET state = $3, result = $4 WHERE id = $1 AND state = $2")
            .bind(by.id as i64)
            .bind(from.as_str())
            .bind(by.state.as_str())
            .bind(result)
            .execute(self.pool().await?)
            .await;
        Ok(done.map_err(self.failed("UPDATE experiment"))?.rows_affected() == 1)
    }

    /// Tells all who [`Self::follow`]. What is kept is kept whether they hear of it or not.
    pub(super) async fn notify(&self, experiment: &Experiment) {
        let text = serde_json::to_string(experiment).expect("an experiment is JSON");
        if let Err(error) = query("SELECT pg_notify($1, $2)").bind(CHANNEL).bind(text).execute(&self.pool).await {
            tracing::warn!(%error, "nobody is told of a change");
        }
    }

    /// Hands on what the processes of this database tell, for as long as the process runs.
    pub(super) fn follow(&self, changes: broadcast::Sender<Experiment>) -> impl Future<Output = ()> + Send + 'static {
        let pool = self.pool.clone();
        async move {
            loop {
                // Away: whoever asks is told so, and what changed meanwhile is in the table.
                if let Err(error) = listen(&pool, &changes).await {
                    tracing::debug!(%error, "changes are not heard");
                }
                wait().await;
            }
        }
    }
}

async fn listen(pool: &PgPool, changes: &broadcast::Sender<Experiment>) -> Result<(), sqlx::Error> {
    let mut listener = PgListener::connect_with(pool).await?;
    listener.listen(CHANNEL).await?;
    loop {
        match serde_json::from_str(listener.recv().await?.payload()) {
            // Nobody need listen.
            Ok(experiment) => drop(changes.send(experiment)),
            Err(error) => tracing::warn!(%error, "somebody else notifies this channel"),
        }
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
    let state = super::state(state).ok_or_else(|| wrong(format!("`{state}` is no state")))?;
    let result: Option<&str> = row.try_get(5)?;
    let result = result.map(serde_json::from_str).transpose().map_err(|e| wrong(format!("a result can't be read: {e}")))?;
    Ok(Experiment {
        id: id as u64,
        name: row.try_get(1)?,
        tenant_id: tenant.into(),
        keep: keep as usize,
        state,
        result,
        age: Duration::ZERO,
    })
}
