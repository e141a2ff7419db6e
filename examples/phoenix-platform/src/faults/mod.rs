//! Faults to inject: each is a thing that really happens, and each says which alert has to tell of it.

pub(crate) mod acts;

use parking_lot::Mutex;
use serde::Serialize;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// A fault lasts so long at most.
pub(crate) const LONGEST: Duration = Duration::from_hours(24);
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
    InjectionAttempts,
    SecretAccessSpike,
    CertificateExpiring,
    ClockSkew,
}

/// The process of the platform that has a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    Api,
    Controller,
    Collector,
    Secrets,
}

impl Fault {
    pub(crate) const ALL: [Self; 12] = [
        Self::SlowDatabase,
        Self::ErrorBurst,
        Self::MemoryLeak,
        Self::FailingExperiments,
        Self::LowReduction,
        Self::ForbiddenFlood,
        Self::LogStorm,
        Self::ConnectionLeak,
        Self::InjectionAttempts,
        Self::SecretAccessSpike,
        Self::CertificateExpiring,
        Self::ClockSkew,
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
            Self::InjectionAttempts => "injection-attempts",
            Self::SecretAccessSpike => "secret-access-spike",
            Self::CertificateExpiring => "certificate-expiring",
            Self::ClockSkew => "clock-skew",
        }
    }

    fn part(self) -> Part {
        match self {
            Self::FailingExperiments | Self::LowReduction => Part::Controller,
            Self::MemoryLeak | Self::ClockSkew => Part::Collector,
            Self::SecretAccessSpike | Self::CertificateExpiring => Part::Secrets,
            _ => Part::Api,
        }
    }

    /// What happens.
    fn what(self) -> &'static str {
        match self {
            Self::SlowDatabase => "each query takes 800 ms longer",
            Self::ErrorBurst => "every second request is answered with 500",
            Self::MemoryLeak => "the collector takes 8 MiB a second and gives nothing back, up to nine tenths of its limit",
            Self::FailingExperiments => "the candidate pipeline loses what it should sum up, which the analysis finds",
            Self::LowReduction => "the candidate pipeline sums up nothing",
            Self::ForbiddenFlood => "40 requests a second come with a token that nobody gave out",
            Self::LogStorm => "100 errors a second are logged",
            Self::ConnectionLeak => "connections to the database are opened and not closed, five a second, until it gives no more",
            Self::InjectionAttempts => "ten statements a second have a stranger's text in them, which breaks their syntax",
            Self::SecretAccessSpike => "somebody with a token reads twenty secrets a second",
            Self::CertificateExpiring => "the secret store shows a certificate that ends in three days",
            Self::ClockSkew => "the collector's clock is two minutes ahead",
        }
    }

    /// The alert of the strategy that tells of it, or what shows it where there is none.
    pub(crate) fn alert(self) -> &'static str {
        match self {
            Self::SlowDatabase => "APIHighLatency",
            Self::ErrorBurst => "APIErrorBudgetBurnFast",
            Self::MemoryLeak => "CollectorHighMemoryUsage",
            Self::FailingExperiments => "HighExperimentFailureRate",
            Self::LowReduction => "LowCardinalityReduction",
            Self::ForbiddenFlood => "UnauthorizedAPIAccess",
            Self::LogStorm => "ErrorLogBurst",
            Self::ConnectionLeak => "DatabaseConnectionPoolExhausted",
            Self::InjectionAttempts => "SuspiciousQueryPattern",
            Self::SecretAccessSpike => "SecretAccessAnomaly",
            Self::CertificateExpiring => "CertificateExpiresWithinDays",
            Self::ClockSkew => "ClockSkew",
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

/// The faults that a process can have, and those that are on.
#[derive(Debug)]
pub(crate) struct Faults {
    known: Vec<Fault>,
    until: Mutex<BTreeMap<Fault, Instant>>,
}

#[expect(clippy::disallowed_methods, reason = "a service of one's own has no simulated clock")]
impl Faults {
    pub(crate) fn of(parts: &[Part]) -> Self {
        let known = Fault::ALL.into_iter().filter(|fault| parts.contains(&fault.part())).collect();
        Self { known, until: Mutex::default() }
    }

    pub(crate) fn known(&self) -> impl Iterator<Item = Fault> {
        self.known.iter().copied()
    }

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_begin_and_end() {
        let faults = Faults::of(&[Part::Api, Part::Controller, Part::Collector, Part::Secrets]);
        assert!(faults.known().eq(Fault::ALL));
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
