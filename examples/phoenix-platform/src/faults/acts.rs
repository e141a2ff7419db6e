//! What faults do by themselves: leaks, floods, storms, attacks.

use super::{Fault, Faults};
use crate::exporter::proc;
use sqlx::{Connection, PgConnection};
use std::sync::Arc;
use std::time::Duration;

/// Without a limit of the system a leak takes so much at most, so that it does not take the machine along.
const MAX_LEAK_BYTES: u64 = 512 << 20;
const LEAK_BYTES_PER_SECOND: usize = 8 << 20;
/// Where there is a limit, a leak stays so far below it that the process lives.
const LEAK_SHARE: f64 = 0.88;
/// Connections that a leak takes at most.
const MAX_CONNECTIONS: usize = 500;
/// Lines and statements a second.
const STORM_PER_SECOND: u64 = 100;
const ATTACKS_PER_SECOND: u64 = 10;
const STEPS_PER_SECOND: u64 = 10;

/// Texts that became part of a statement. Each of them breaks its syntax, so that nothing of it is done.
const INJECTIONS: [&str; 3] = ["x' OR 1=1; --'", "x'; DROP TABLE experiments; SELECT '", "' UNION SELECT password FROM users WHERE ''='"];

/// Requests of one kind that come as a flood.
pub(crate) struct Flood {
    pub(crate) fault: Fault,
    pub(crate) client: reqwest::Client,
    pub(crate) request: reqwest::Request,
    pub(crate) per_second: u64,
}

/// What a process has that faults can act on.
#[derive(Default)]
pub(crate) struct Acts {
    pub(crate) flood: Option<Flood>,
    pub(crate) database: Option<String>,
}

/// Acts for as long as the process runs, ten times a second.
#[expect(clippy::disallowed_methods, reason = "a service of one's own has no simulated clock")]
pub(crate) async fn run(faults: Arc<Faults>, acts: Acts) {
    let mut leak: Vec<Vec<u8>> = Vec::new();
    let mut connections: Vec<PgConnection> = Vec::new();
    let mut attacker: Option<PgConnection> = None;
    let mut ticks = tokio::time::interval(Duration::from_millis(1_000 / STEPS_PER_SECOND));
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut step = 0_u64;
    loop {
        ticks.tick().await;
        step += 1;
        if !faults.is_on(Fault::MemoryLeak) {
            leak = Vec::new();
        } else if step.is_multiple_of(STEPS_PER_SECOND) && has_room() {
            // Written, so that the system has to give it.
            leak.push(vec![1; LEAK_BYTES_PER_SECOND]);
        }
        let database = acts.database.as_deref();
        if !faults.is_on(Fault::ConnectionLeak) {
            connections = Vec::new();
        } else if step.is_multiple_of(2) && connections.len() < MAX_CONNECTIONS {
            // An error is what is to be shown: it gives no more.
            connections.extend(connect(database).await);
        }
        if !faults.is_on(Fault::InjectionAttempts) {
            attacker = None;
        } else if step.is_multiple_of(STEPS_PER_SECOND / ATTACKS_PER_SECOND) {
            attacker = attack(attacker, database, step).await;
        }
        if faults.is_on(Fault::LogStorm) {
            for line in 0..STORM_PER_SECOND / STEPS_PER_SECOND {
                tracing::error!(line, "nothing works any more");
            }
        }
        if let Some(flood) = acts.flood.as_ref().filter(|flood| faults.is_on(flood.fault)) {
            for _ in 0..flood.per_second / STEPS_PER_SECOND {
                // A request without a body can always be repeated. One after the other: who is flooded sets the pace.
                let Some(request) = flood.request.try_clone() else { break };
                if let Err(error) = flood.client.execute(request).await {
                    tracing::debug!(%error, "the flood is not answered");
                }
            }
        }
    }
}

/// Whether a leak may go on.
fn has_room() -> bool {
    let used = proc::memory_bytes("self").unwrap_or(u64::MAX).saturating_add(LEAK_BYTES_PER_SECOND as u64);
    match proc::limit_bytes("self") {
        Some(limit) => used as f64 <= limit as f64 * LEAK_SHARE,
        None => used <= MAX_LEAK_BYTES,
    }
}

#[expect(clippy::disallowed_methods, reason = "a service of one's own has no simulated clock")]
async fn connect(database: Option<&str>) -> Option<PgConnection> {
    tokio::time::timeout(Duration::from_secs(1), PgConnection::connect(database?)).await.ok()?.ok()
}

/// A search, and one into whose statement a stranger's text was put, as careless code does. PostgreSQL counts what is
/// rolled back when the connection next reads a table, so there are both.
async fn attack(connection: Option<PgConnection>, database: Option<&str>, step: u64) -> Option<PgConnection> {
    let mut connection = match connection {
        Some(connection) => connection,
        None => connect(database).await?,
    };
    sqlx::query("SELECT id FROM experiments LIMIT 1").execute(&mut connection).await.ok()?;
    match sqlx::raw_sql(sqlx::AssertSqlSafe(injected(step))).execute(&mut connection).await {
        Err(sqlx::Error::Database(_)) => Some(connection),
        // It is away; the next attempt connects anew.
        _ => None,
    }
}

fn injected(step: u64) -> String {
    let text = INJECTIONS[step as usize % INJECTIONS.len()];
    format!("SELECT id FROM experiments WHERE (name = '{text}'")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn every_injection_breaks_its_statement() {
        let Ok(url) = std::env::var("PHOENIX_TEST_POSTGRES") else {
            eprintln!("NOT TESTED: PHOENIX_TEST_POSTGRES names no PostgreSQL, such as postgres://postgres@127.0.0.1:5432/empty");
            return;
        };
        for step in 0..INJECTIONS.len() as u64 {
            let mut connection = connect(Some(&url)).await.unwrap();
            let error = sqlx::raw_sql(sqlx::AssertSqlSafe(injected(step))).execute(&mut connection).await.unwrap_err();
            // 42601: syntax_error.
            assert_eq!(error.as_database_error().unwrap().code().as_deref(), Some("42601"), "{error}");
        }
    }

    #[test]
    fn a_small_process_has_room() {
        assert!(has_room());
    }
}
