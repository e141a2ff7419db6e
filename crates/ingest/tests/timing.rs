//! When targets are scraped and when their series end, in simulated time.

mod bench;

use axum::Router;
use axum::routing::get;
use bench::{Bench, serve};
use phoenix_env::{Clock, RealClock, SimClock};
use phoenix_ingest::scrape::ScrapeLimits;
use phoenix_model::is_stale;
use std::sync::Arc;
use std::time::Duration;

const START_MS: i64 = 1_700_000_000_123;

struct Simulation {
    clock: Arc<SimClock>,
    bench: Bench,
    config: String,
}

impl Simulation {
    async fn new() -> Self {
        let address = serve(Router::new().route("/metrics", get(|| async { ([("content-type", "text/plain")], "a 1\n") }))).await;
        let clock = SimClock::new(START_MS);
        let bench = Bench::with_clock(ScrapeLimits::default(), Arc::clone(&clock) as _);
        let config = format!("scrape_configs: [{{job_name: j, scrape_interval: 15s, static_configs: [{{targets: ['{address}']}}]}}]");
        Self { clock, bench, config }
    }

    /// Moves time to the next moment at which somebody wants to wake, and on by `late`.
    async fn next(&self, late: Duration) {
        self.bench.until(|_| self.clock.next_deadline_in().is_some()).await;
        self.clock.advance(self.clock.next_deadline_in().unwrap() + late);
    }

    /// Lets so many seconds pass, one by one, or fewer if something happens.
    async fn pass(&self, seconds: u32, happened: impl Fn(&Bench) -> bool) {
        for _ in 0..seconds {
            if happened(&self.bench) {
                return;
            }
            self.clock.advance(Duration::from_secs(1));
            RealClock::shared().sleep(Duration::from_millis(10)).await;
        }
        self.bench.until(|b| happened(b) || seconds < 60).await;
    }

    /// Lets the next scrape happen; returns its timestamp.
    async fn scrape(&self, late: Duration) -> i64 {
        let before = self.bench.count("up");
        self.next(late).await;
        self.bench.until(|b| b.count("up") > before).await;
        *self.bench.times("up").last().unwrap()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scrapes_keep_to_a_grid() {
    let sim = Simulation::new().await;
    sim.bench.apply(&sim.config);
    let first = sim.scrape(Duration::ZERO).await;
    assert!((START_MS..START_MS + 1000).contains(&first), "the first scrape comes within a second");
    let second = sim.scrape(Duration::ZERO).await;
    assert!(second - first <= 15_000);
    let third = sim.scrape(Duration::ZERO).await;
    assert_eq!(third - second, 15_000);
    assert_eq!(sim.scrape(Duration::from_millis(20)).await, third + 15_000, "a little late still counts as in time");
    assert_eq!(sim.scrape(Duration::from_millis(300)).await, third + 30_300, "later does not");
    assert_eq!(sim.scrape(Duration::ZERO).await, third + 45_000, "and the grid is kept to again");

    // The clock is set forward by an hour, and back.
    sim.bench.until(|_| sim.clock.next_deadline_in().is_some()).await;
    sim.clock.jump_wall_ms(3_600_000 + 77);
    assert_eq!(sim.scrape(Duration::ZERO).await, third + 60_000 + 3_600_077);
    let jumped = sim.scrape(Duration::ZERO).await;
    assert_eq!((jumped - third) % 15_000, 0, "on the grid of the new time");
    sim.bench.until(|_| sim.clock.next_deadline_in().is_some()).await;
    sim.clock.jump_wall_ms(-3_600_000 - 77);
    let back = sim.scrape(Duration::ZERO).await;
    assert!(back < jumped && back > third + 60_000, "{back}");
    assert_eq!((sim.scrape(Duration::ZERO).await - third) % 15_000, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn series_of_a_target_that_is_gone_end_two_intervals_later() {
    let sim = Simulation::new().await;
    sim.bench.apply(&sim.config);
    sim.scrape(Duration::ZERO).await;
    sim.scrape(Duration::ZERO).await;
    let stale = |b: &Bench, name: &str| b.values(name).iter().filter(|v| is_stale(**v)).count();

    // Gone and back again in time: nothing ends.
    sim.bench.apply("scrape_configs: []");
    sim.bench.until(|b| b.scraper.targets(None).active_targets.is_empty()).await;
    sim.bench.apply(&sim.config);
    sim.bench.until(|b| b.scraper.targets(None).active_targets.len() == 1).await;
    sim.pass(45, |_| false).await;
    sim.bench.until(|b| b.count("up") >= 4).await;
    assert_eq!(stale(&sim.bench, "up") + stale(&sim.bench, "a"), 0);

    // Its job gets another name while its labels stay the same: nothing ends either.
    let renamed = sim.config.replace("job_name: j", "job_name: k, relabel_configs: [{target_label: job, replacement: j}]");
    sim.bench.apply(&renamed);
    sim.pass(45, |_| false).await;
    assert_eq!(sim.bench.scraper.targets(None).active_targets[0].scrape_pool, "k");
    assert_eq!(stale(&sim.bench, "up") + stale(&sim.bench, "a"), 0);

    // Gone for good.
    sim.bench.apply("scrape_configs: []");
    sim.bench.until(|b| b.scraper.targets(None).active_targets.is_empty()).await;
    let gone_ms = sim.clock.now_ms();
    let last = *sim.bench.times("up").last().unwrap();
    sim.pass(60, |b| stale(b, "up") == 1 && stale(b, "a") == 1).await;
    let (at, value) = (*sim.bench.times("a").last().unwrap(), *sim.bench.values("a").last().unwrap());
    assert!(is_stale(value) && at > last && at > gone_ms && at <= gone_ms + 15_000, "{at} after {last} and {gone_ms}");
    assert!(sim.clock.now_ms() >= at + 16_500, "not before it is sure that the target stays away");
}
