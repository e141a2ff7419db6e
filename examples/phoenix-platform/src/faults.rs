//! Faults to inject: each is a thing that really happens, and each says which alert has to tell of it.

use parking_lot::Mutex;
use serde::Serialize;
use sqlx::{Connection, PgConnection};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// A fault lasts so long at most.
pub(crate) const LONGEST: Duration = Duration::from_hours(24);
/// A leak takes so much at most, so that it does not take the machine along.
const MAX_LEAK_BYTES: usize = 512 << 20;
const LEAK_BYTES_PER_STEP: usize = 4 << 20;
/// Connections that a leak takes at most.
const MAX_CONNECTIONS: usize = 500;
/// Requests and lines a second.
const FLOOD_PER_SECOND: u64 = 40;
const STORM_PER_SECOND: u64 = 100;

/// What can go wrong on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fault {
    SlowDatabase,
    ErrorBurst,
    MemoryLeak,
    FailingExperiments,
    LowReduction,
    ForbiddenFlood,
    LogStorm,
    ConnectionLeak,
}

impl Fault {
    pub(crate) const ALL: [Self; 8] = [
        Self::SlowDatabase,
        Self::ErrorBurst,
        Self::MemoryLeak,
        Self::FailingExperiments,
        Self::LowReduction,
        Self::ForbiddenFlood,
        Self::LogStorm,
        Self::ConnectionLeak,
    ];

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|fault| fault.name() == name)
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::SlowDatabase => "slow-database",
            Self::ErrorBurst => "error-burst",
            Self::MemoryLeak => "memory-leak",
            Self::FailingExperiments => "failing-experiments",
            Self::LowReduction => "low-reduction",
            Self::ForbiddenFlood => "403-flood",
            Self::LogStorm => "log-storm",
            Self::ConnectionLeak => "connection-leak",
        }
    }

    /// What happens.
    fn what(self) -> &'static str {
        match self {
            Self::SlowDatabase => "each query takes 800 ms longer",
            Self::ErrorBurst => "every second request is answered with 500",
            Self::MemoryLeak => "4 MiB a second are taken and not given back, up to 512 MiB",
            Self::FailingExperiments => "the candidate pipeline loses what it should sum up, which the analysis finds",
            Self::LowReduction => "the candidate pipeline sums up nothing",
            Self::ForbiddenFlood => "40 requests a second come with a token that nobody gave out",
            Self::LogStorm => "100 errors a second are logged",
            Self::ConnectionLeak => "connections to the database are opened and not closed, five a second, until it gives no more",
        }
    }

    /// The alert of the strategy that tells of it, or what shows it where there is none.
    pub(crate) fn alert(self) -> &'static str {
        match self {
            Self::SlowDatabase => "APIHighLatency",
            Self::ErrorBurst => "APIErrorBudgetBurnFast",
            Self::MemoryLeak => "none by itself; in Kubernetes with a limit, the container's memory",
            Self::FailingExperiments => "HighExperimentFailureRate",
            Self::LowReduction => "LowCardinalityReduction",
            Self::ForbiddenFlood => "UnauthorizedAPIAccess",
            Self::LogStorm => "ErrorLogBurst",
            Self::ConnectionLeak => "DatabaseConnectionPoolExhausted",
        }
    }
}

/// A fault as the admin endpoint tells of it.
#[derive(Debug, Serialize)]
pub(crate) struct Told {
    name: &'static str,
    what: &'static str,
    expected_alert: &'static str,
    /// Seconds until it ends; none when it is not on.
    #[serde(skip_serializing_if = "Option::is_none")]
    ends_in_s: Option<u64>,
}

/// The faults that are on.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    until: Mutex<BTreeMap<Fault, Instant>>,
}

#[expect(clippy::disallowed_methods, reason = "a service of one's own has no simulated clock")]
impl Faults {
    pub(crate) fn begin(&self, fault: Fault, lasting: Duration) {
        self.until.lock().insert(fault, Instant::now() + lasting.min(LONGEST));
        tracing::warn!(fault = fault.name(), seconds = lasting.as_secs(), "a fault begins");
    }

    pub(crate) fn end(&self, fault: Fault) {
        if self.until.lock().remove(&fault).is_some() {
            tracing::warn!(fault = fault.name(), "a fault ends");
        }
    }

    pub(crate) fn is_on(&self, fault: Fault) -> bool {
        self.until.lock().get(&fault).is_some_and(|until| *until > Instant::now())
    }

    pub(crate) fn told(&self, fault: Fault) -> Told {
        let left = self.until.lock().get(&fault).map(|until| until.saturating_duration_since(Instant::now()).as_secs());
        Told { name: fault.name(), what: fault.what(), expected_alert: fault.alert(), ends_in_s: left.filter(|left| *left > 0) }
    }
}

/// Does what faults do by themselves, ten times a second: leaks, floods, storms.
#[expect(clippy::disallowed_methods, reason = "a service of one's own has no simulated clock")]
pub(crate) async fn run(faults: std::sync::Arc<Faults>, own_address: SocketAddr, database: Option<String>) {
    const STEPS_PER_SECOND: u64 = 10;
    let client = reqwest::Client::builder().timeout(Duration::from_secs(2)).build();
    let mut leak: Vec<Vec<u8>> = Vec::new();
    let mut connections: Vec<PgConnection> = Vec::new();
    let mut ticks = tokio::time::interval(Duration::from_millis(1_000 / STEPS_PER_SECOND));
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut step = 0_u64;
    loop {
        ticks.tick().await;
        step += 1;
        if !faults.is_on(Fault::MemoryLeak) {
            leak = Vec::new();
        } else if step.is_multiple_of(STEPS_PER_SECOND) && leak.len() * LEAK_BYTES_PER_STEP < MAX_LEAK_BYTES {
            // Written, so that the system has to give it.
            leak.push(vec![1; LEAK_BYTES_PER_STEP]);
        }
        if !faults.is_on(Fault::ConnectionLeak) {
            connections = Vec::new();
        } else if let (true, Some(url)) = (step.is_multiple_of(2) && connections.len() < MAX_CONNECTIONS, &database) {
            // An error is what is to be shown: it gives no more.
            if let Ok(Ok(connection)) = tokio::time::timeout(Duration::from_secs(1), PgConnection::connect(url)).await {
                connections.push(connection);
            }
        }
        if faults.is_on(Fault::LogStorm) {
            for line in 0..STORM_PER_SECOND / STEPS_PER_SECOND {
                tracing::error!(line, "nothing works any more");
            }
        }
        if let (true, Ok(client)) = (faults.is_on(Fault::ForbiddenFlood), &client) {
            for _ in 0..FLOOD_PER_SECOND / STEPS_PER_SECOND {
                let request = client.get(format!("http://{own_address}/api/v1/experiments")).bearer_auth("somebody else's").send();
                // One after the other: the service that is flooded sets the pace.
                if let Err(error) = request.await {
                    tracing::debug!(%error, "the flood is not answered");
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_begin_and_end() {
        let faults = Faults::default();
        assert_eq!(Fault::named("no-such-fault"), None);
        for fault in Fault::ALL {
            assert_eq!(Fault::named(fault.name()), Some(fault));
            assert!(!faults.is_on(fault));
            faults.begin(fault, Duration::from_hours(1000));
            assert!(faults.is_on(fault) && faults.told(fault).ends_in_s <= Some(LONGEST.as_secs()));
            faults.end(fault);
            assert!(!faults.is_on(fault) && faults.told(fault).ends_in_s.is_none());
            faults.begin(fault, Duration::ZERO);
            assert!(!faults.is_on(fault), "one that is over is off without anybody ending it");
        }
    }
}
