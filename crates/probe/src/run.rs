//! One probe from its request to its answer.

use crate::config::{Module, ProbeConfig, Prober};
use crate::exposition::Gauges;
use crate::{http, resolve, tcp};
use phoenix_env::{SharedClock, SharedDisk};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;

/// How many probes run at once; more are refused.
pub const MAX_PROBES: usize = 64;

/// How long a probe may take when neither its module nor the scrape says so, as in blackbox_exporter.
const DEFAULT_TIMEOUT: Duration = Duration::from_mins(2);

/// What is left of a scrape's time limit to send the answer, as in blackbox_exporter.
const TIMEOUT_OFFSET: Duration = Duration::from_millis(500);

/// The most lines that a probe's log keeps.
const MAX_LOG_LINES: usize = 200;

/// Makes probes.
#[derive(Clone)]
pub struct Probes {
    config: Arc<ProbeConfig>,
    clock: SharedClock,
    disk: SharedDisk,
    running: Arc<Semaphore>,
}

/// What a scrape asks for.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// The module's name; `http_2xx` when it is empty.
    pub module: String,
    /// A URL or a host, or a host with a port.
    pub target: String,
    /// The name that stands in `Host` and has to be in the certificate, in the place of the target's.
    pub hostname: Option<String>,
    /// The scrape's own time limit.
    pub scrape_timeout: Option<Duration>,
}

/// What a probe found out.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Whether the target did as it should.
    pub success: bool,
    /// The metrics, as a scrape gets them.
    pub text: String,
    /// What was done and seen, line by line.
    pub log: Vec<String>,
}

/// Why there was no probe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProbeError {
    /// The request is wrong.
    Bad(String),
    /// Too many probes are running.
    Busy,
}

/// What a probe collects on its way.
pub(crate) struct Trial {
    pub(crate) gauges: Gauges,
    clock: SharedClock,
    log: Vec<String>,
    started: Duration,
}

impl Trial {
    pub(crate) fn new(clock: SharedClock) -> Self {
        let started = clock.monotonic();
        Self { gauges: Gauges::default(), clock, log: Vec::new(), started }
    }

    /// Notes what was done or seen.
    pub(crate) fn log(&mut self, line: impl AsRef<str>) {
        if self.log.len() < MAX_LOG_LINES {
            self.log.push(format!("{:9.6}s {}", self.seconds_since(self.started), line.as_ref()));
        }
    }

    pub(crate) fn now(&self) -> Duration {
        self.clock.monotonic()
    }

    pub(crate) fn seconds_since(&self, then: Duration) -> f64 {
        self.clock.monotonic().saturating_sub(then).as_secs_f64()
    }

    /// Notes whether a regular expression was why a probe failed.
    pub(crate) fn failed_due_to_regex(&mut self, failed: bool) {
        self.gauges.set("probe_failed_due_to_regex", "Indicates if probe failed due to regex", f64::from(u8::from(failed)));
    }
}

impl fmt::Debug for Probes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Probes").field("config", &self.config).finish_non_exhaustive()
    }
}

impl Probes {
    /// Probes by a configuration.
    pub fn new(config: Arc<ProbeConfig>, clock: SharedClock, disk: SharedDisk) -> Self {
        Self { config, clock, disk, running: Arc::new(Semaphore::new(MAX_PROBES)) }
    }

    /// The same with another configuration, and the same bound on what runs at once.
    #[must_use]
    pub fn with_config(&self, config: Arc<ProbeConfig>) -> Self {
        Self { config, ..self.clone() }
    }

    /// The names of the modules.
    pub fn modules(&self) -> impl Iterator<Item = &str> {
        self.config.modules.keys().map(String::as_str)
    }

    /// Makes one probe. A target that does not answer is an answer too; errors are about the request.
    pub async fn probe(&self, request: &Request) -> Result<Answer, ProbeError> {
        let name = if request.module.is_empty() { "http_2xx" } else { &request.module };
        let Some(module) = self.config.modules.get(name) else {
            let known: Vec<&str> = self.modules().collect();
            let known = if known.is_empty() { "there are none".to_owned() } else { format!("known are {}", known.join(", ")) };
            return Err(ProbeError::Bad(format!("Unknown module \"{name}\": {known}")));
        };
        if request.target.is_empty() {
            return Err(ProbeError::Bad("Target parameter is missing".to_owned()));
        }
        if let Prober::NotActing(prober) = module.prober {
            return Err(ProbeError::Bad(format!("The module \"{name}\" has the prober {prober}, which Phoenix does not have")));
        }
        let _running = self.running.try_acquire().map_err(|_| ProbeError::Busy)?;
        Ok(self.run(module, request).await)
    }

    async fn run(&self, module: &Module, request: &Request) -> Answer {
        let limit = time_limit(module, request.scrape_timeout);
        let mut trial = Trial::new(SharedClock::clone(&self.clock));
        trial.failed_due_to_regex(false);
        trial.gauges.set("probe_ip_protocol", resolve::IP_PROTOCOL, 0.0);
        trial.gauges.set("probe_ip_addr_hash", resolve::IP_HASH, 0.0);
        trial.gauges.set("probe_dns_lookup_time_seconds", "Returns the time taken for probe dns lookup in seconds", 0.0);
        let expired = self.clock.sleep(limit);
        let outcome = tokio::select! {
            outcome = self.speak(module, request, &mut trial) => outcome,
            () = expired => Err(format!("the probe did not end within {} seconds", limit.as_secs_f64())),
        };
        let success = outcome.is_ok();
        match outcome {
            Ok(()) => trial.log("the probe succeeded"),
            Err(reason) => trial.log(format!("the probe failed: {reason}")),
        }
        let seconds = trial.seconds_since(trial.started);
        trial.gauges.set("probe_duration_seconds", "Returns how long the probe took to complete in seconds", seconds);
        trial.gauges.set("probe_success", "Displays whether or not the probe was a success", f64::from(u8::from(success)));
        Answer { success, text: trial.gauges.text(), log: trial.log }
    }

    async fn speak(&self, module: &Module, request: &Request, trial: &mut Trial) -> Result<(), String> {
        match &module.prober {
            Prober::Http(probe) => http::probe(probe, request, &*self.disk, trial).await,
            Prober::Tcp(probe) => tcp::probe(probe, request, &*self.disk, trial).await,
            Prober::NotActing(prober) => Err(format!("there is no prober {prober}")),
        }
    }
}

fn time_limit(module: &Module, scrape: Option<Duration>) -> Duration {
    let scrape = scrape.filter(|timeout| !timeout.is_zero()).unwrap_or(DEFAULT_TIMEOUT);
    // A scrape that is shorter than what is left for the answer gets all of its time.
    let scrape = scrape.checked_sub(TIMEOUT_OFFSET).filter(|left| !left.is_zero()).unwrap_or(scrape);
    module.timeout.filter(|timeout| !timeout.is_zero()).map_or(scrape, |timeout| timeout.min(scrape))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shorter_limit_holds() {
        let seconds = |s: f64| Some(Duration::from_secs_f64(s));
        for (module, scrape, want) in [
            (None, None, 119.5),
            (None, seconds(10.0), 9.5),
            (seconds(5.0), seconds(10.0), 5.0),
            (seconds(30.0), seconds(10.0), 9.5),
            (None, seconds(0.3), 0.3),
        ] {
            let module = Module { prober: Prober::Tcp(Box::default()), timeout: module };
            assert_eq!(time_limit(&module, scrape).as_secs_f64(), want, "{module:?} {scrape:?}");
        }
    }
}
