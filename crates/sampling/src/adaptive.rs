//! Rates that follow the traffic.
//!
//! Every service and endpoint gets the same number of kept spans a second, as far as it has so many:
//! a level is found at which all of them together keep the target (water filling). What is rare stays
//! below the level and is kept whole; a flood is thinned to the level.

use std::collections::HashMap;
use std::time::Duration;

/// How long an endpoint without traffic is remembered, in milliseconds.
const IDLE_MS: i64 = 3_600_000;
/// Bytes of a service's and of an endpoint's name that tell it from others.
const NAME_BYTES: usize = 200;
/// How much a window counts against what was before.
const SMOOTHING: f64 = 0.5;
/// When a window has let through so many times what it should, rates are set anew before its end.
const EARLY: f64 = 1.5;
/// The shortest window, in milliseconds.
const SHORTEST_MS: i64 = 1000;

/// `adaptive`
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AdaptiveConfig {
    /// How many spans a second are kept in all, those that rules keep included.
    pub target_spans_per_second: f64,
    /// The lowest rate of an endpoint, from 0 to 1.
    pub floor: f64,
    /// The highest rate of an endpoint, from 0 to 1.
    pub ceiling: f64,
    /// How often rates are set.
    pub window: Duration,
    /// How many endpoints have a rate of their own; all beyond share one.
    pub max_endpoints: usize,
}

/// The rate of an endpoint, for whoever wants to see it.
#[derive(Debug, Clone, PartialEq)]
pub struct EndpointRate {
    /// The service.
    pub service: Box<str>,
    /// The endpoint.
    pub endpoint: Box<str>,
    /// The rate, from 0 to 1.
    pub rate: f64,
    /// How many spans came in a second, lately.
    pub spans_per_second: f64,
}

/// The rates, and the traffic from which they follow.
#[derive(Debug, Clone)]
pub(crate) struct Adaptive {
    config: AdaptiveConfig,
    services: HashMap<Box<str>, HashMap<Box<str>, Endpoint>>,
    endpoints: usize,
    /// What is seen for the first time, and what has no room of its own.
    newcomers: Endpoint,
    /// Spans that rules are expected to keep.
    by_rules: Flow,
    window_start_ms: Option<i64>,
    is_first_window: bool,
    /// Spans that are expected to be kept since the window began.
    expected: f64,
}

/// Traffic by time.
#[derive(Debug, Clone, Copy, Default)]
struct Flow {
    /// Since the window began.
    count: f64,
    /// A second; `None` before the first window with traffic is over.
    per_second: Option<f64>,
}

#[derive(Debug, Clone, Copy)]
struct Endpoint {
    /// Spans that came.
    arrived: Flow,
    /// What they stand for: more than came when a sampler before has thinned them.
    original: Flow,
    rate: f64,
    /// When a trace came last, in milliseconds.
    seen_ms: i64,
    is_new: bool,
}

impl Flow {
    fn roll(&mut self, seconds: f64, is_early: bool) {
        let now = std::mem::take(&mut self.count) / seconds;
        self.per_second = Some(match self.per_second {
            None => now,
            // A flood is believed at once.
            Some(before) if is_early => before.max(now),
            Some(before) => SMOOTHING * now + (1.0 - SMOOTHING) * before,
        });
    }

    fn get(&self) -> f64 {
        self.per_second.unwrap_or(0.0)
    }
}

impl Endpoint {
    fn new(rate: f64, now_ms: i64) -> Self {
        Self { arrived: Flow::default(), original: Flow::default(), rate, seen_ms: now_ms, is_new: true }
    }

    fn add(&mut self, spans: f64, weight: f64, now_ms: i64) {
        self.arrived.count += spans;
        self.original.count += spans * weight;
        self.seen_ms = now_ms;
    }

    fn roll(&mut self, seconds: f64, is_early: bool) {
        self.arrived.roll(seconds, is_early);
        self.original.roll(seconds, is_early);
    }

    /// The rate at a level of kept spans a second.
    fn rate_at(&self, level: f64, config: &AdaptiveConfig) -> f64 {
        let original = self.original.get();
        let rate = if original > 0.0 { level / original } else { f64::INFINITY };
        rate.min(config.ceiling).max(config.floor)
    }

    /// Spans a second that are kept at a level. No more can be kept than come.
    fn kept_at(&self, level: f64, config: &AdaptiveConfig) -> f64 {
        (self.rate_at(level, config) * self.original.get()).min(self.arrived.get())
    }
}

impl Adaptive {
    /// With a rate for all that comes before the first window is over.
    pub fn new(config: AdaptiveConfig, first_rate: f64) -> Self {
        Self {
            config,
            services: HashMap::new(),
            endpoints: 0,
            newcomers: Endpoint::new(first_rate.min(config.ceiling).max(config.floor), 0),
            by_rules: Flow::default(),
            window_start_ms: None,
            is_first_window: true,
            expected: 0.0,
        }
    }

    /// Counts spans that a rule keeps with this probability.
    pub fn count_by_rule(&mut self, spans: usize, probability: f64, now_ms: i64) {
        self.advance(now_ms);
        self.by_rules.count += spans as f64 * probability;
        self.expected += spans as f64 * probability;
    }

    /// The rate for a trace of this endpoint, which counts it. `weight` is what each of its spans stands for.
    pub fn rate(&mut self, service: &str, endpoint: &str, spans: usize, weight: f64, now_ms: i64) -> f64 {
        self.advance(now_ms);
        let (service, endpoint) = (cut(service), cut(endpoint));
        let spans = spans as f64;
        let known = self.services.get_mut(service).and_then(|endpoints| endpoints.get_mut(endpoint));
        let rate = if let Some(known) = known {
            known.add(spans, weight, now_ms);
            if known.is_new {
                self.newcomers.add(spans, weight, now_ms);
            }
            known.rate
        } else {
            self.newcomers.add(spans, weight, now_ms);
            if self.endpoints < self.config.max_endpoints {
                let mut new = Endpoint::new(self.newcomers.rate, now_ms);
                new.add(spans, weight, now_ms);
                self.services.entry(service.into()).or_default().insert(endpoint.into(), new);
                self.endpoints += 1;
            }
            self.newcomers.rate
        };
        self.expected += spans * (rate * weight).min(1.0);
        rate
    }

    /// The rates by now, of the busiest first.
    pub fn rates(&self) -> Vec<EndpointRate> {
        let mut rates: Vec<EndpointRate> = Vec::with_capacity(self.endpoints);
        for (service, endpoints) in &self.services {
            rates.extend(endpoints.iter().map(|(name, endpoint)| EndpointRate {
                service: service.clone(),
                endpoint: name.clone(),
                rate: endpoint.rate,
                spans_per_second: endpoint.arrived.get(),
            }));
        }
        rates.sort_by(|a, b| {
            let names = |rate: &EndpointRate| (rate.service.clone(), rate.endpoint.clone());
            b.spans_per_second.total_cmp(&a.spans_per_second).then_with(|| names(a).cmp(&names(b)))
        });
        rates
    }

    /// Sets the rates anew when the window is over, or when it has let too much through already.
    fn advance(&mut self, now_ms: i64) {
        let start_ms = *self.window_start_ms.get_or_insert(now_ms);
        let passed_ms = now_ms.saturating_sub(start_ms);
        if passed_ms < 0 {
            // The clock went back: the window begins there.
            self.window_start_ms = Some(now_ms);
            return;
        }
        let window_ms = i64::try_from(self.config.window.as_millis()).unwrap_or(i64::MAX).max(SHORTEST_MS);
        let is_over = passed_ms >= window_ms;
        let too_much = self.expected > EARLY * self.config.target_spans_per_second * window_ms as f64 / 1000.0;
        if is_over || (too_much && passed_ms >= SHORTEST_MS) {
            self.set_rates(passed_ms as f64 / 1000.0, !is_over, now_ms);
            self.window_start_ms = Some(now_ms);
        }
    }

    fn set_rates(&mut self, seconds: f64, is_early: bool, now_ms: i64) {
        self.expected = 0.0;
        self.by_rules.roll(seconds, is_early);
        if std::mem::take(&mut self.is_first_window) {
            // Everything was new. From now on newcomers are what is.
            (self.newcomers.arrived, self.newcomers.original) = Default::default();
        }
        self.newcomers.roll(seconds, is_early);
        for endpoints in self.services.values_mut() {
            endpoints.retain(|_, endpoint| now_ms.saturating_sub(endpoint.seen_ms) < IDLE_MS);
            for endpoint in endpoints.values_mut() {
                endpoint.is_new = false;
                endpoint.roll(seconds, is_early);
            }
        }
        self.services.retain(|_, endpoints| !endpoints.is_empty());
        self.endpoints = self.services.values().map(HashMap::len).sum();

        let config = self.config;
        let level = self.level((config.target_spans_per_second - self.by_rules.get()).max(0.0));
        let all = self.services.values_mut().flat_map(HashMap::values_mut).chain([&mut self.newcomers]);
        all.for_each(|endpoint| endpoint.rate = endpoint.rate_at(level, &config));
    }

    /// The level at which all endpoints together keep so many spans a second, by bisection.
    fn level(&self, spans_per_second: f64) -> f64 {
        let all = || self.services.values().flat_map(HashMap::values).chain([&self.newcomers]);
        let kept = |level: f64| all().map(|endpoint| endpoint.kept_at(level, &self.config)).sum::<f64>();
        let (mut low, mut high) = (0.0, all().map(|endpoint| endpoint.original.get()).fold(0.0, f64::max));
        if kept(high) <= spans_per_second {
            return high;
        }
        // Each step halves the error; 50 leave less than a billionth of a span.
        for _ in 0..50 {
            let middle = f64::midpoint(low, high);
            if kept(middle) <= spans_per_second { low = middle } else { high = middle }
        }
        low
    }
}

/// The beginning of a name, cut between characters.
fn cut(name: &str) -> &str {
    &name[..name.floor_char_boundary(NAME_BYTES)]
}
