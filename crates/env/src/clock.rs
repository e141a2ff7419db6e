//! Wall time, monotonic time and timers.

use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

/// A clock shared by everything that runs in one process, or in one simulation.
pub type SharedClock = Arc<dyn Clock>;

/// Where time comes from.
pub trait Clock: Send + Sync + 'static {
    /// Wall time in milliseconds since the Unix epoch. It may jump when the operator sets it.
    fn now_ms(&self) -> i64;

    /// Time since an arbitrary start, which never goes backwards. For measuring and for timeouts.
    fn monotonic(&self) -> Duration;

    /// Resolves once [`Clock::monotonic`] has reached `deadline`.
    fn sleep_until(&self, deadline: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>>;

    /// Resolves after `duration`.
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        self.sleep_until(self.monotonic() + duration)
    }
}

/// The operating system's time and tokio's timers. Sleeping needs a tokio runtime with time enabled.
#[derive(Debug)]
pub struct RealClock {
    start: std::time::Instant,
}

impl RealClock {
    /// The process' clock.
    #[expect(clippy::disallowed_methods, reason = "this is the room that may ask for the time")]
    pub fn shared() -> SharedClock {
        Arc::new(Self { start: std::time::Instant::now() })
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the room that may ask for the time")]
impl Clock for RealClock {
    fn now_ms(&self) -> i64 {
        match std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH) {
            Ok(since) => since.as_millis() as i64,
            Err(before) => -(before.duration().as_millis() as i64),
        }
    }

    fn monotonic(&self) -> Duration {
        self.start.elapsed()
    }

    fn sleep_until(&self, deadline: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(tokio::time::sleep_until((self.start + deadline).into()))
    }
}

/// A clock that stands still until it is told to move. Sleepers wake in the order of their
/// deadlines; two with the same deadline wake in the order in which they went to sleep.
#[derive(Debug, Default)]
pub struct SimClock {
    state: Arc<Mutex<SimState>>,
}

#[derive(Debug, Default)]
struct SimState {
    wall_offset_ms: i64,
    monotonic: Duration,
    next_sleeper: u64,
    sleepers: BTreeMap<(Duration, u64), Option<Waker>>,
}

impl SimClock {
    /// A clock whose wall time starts at `now_ms` and whose monotonic time starts at zero.
    pub fn new(now_ms: i64) -> Arc<Self> {
        Arc::new(Self { state: Arc::new(Mutex::new(SimState { wall_offset_ms: now_ms, ..SimState::default() })) })
    }

    /// Moves wall and monotonic time forward and wakes everyone whose deadline has come.
    pub fn advance(&self, by: Duration) {
        let due = {
            let mut state = self.state.lock();
            state.monotonic += by;
            let first_later = (state.monotonic + Duration::from_nanos(1), 0);
            let later = state.sleepers.split_off(&first_later);
            std::mem::replace(&mut state.sleepers, later)
        };
        for waker in due.into_values().flatten() {
            waker.wake();
        }
    }

    /// Lets the wall clock jump, as when an operator or NTP sets it; timers do not notice.
    pub fn jump_wall_ms(&self, by_ms: i64) {
        self.state.lock().wall_offset_ms += by_ms;
    }

    /// How long until the next sleeper's deadline; `None` when nobody sleeps.
    pub fn next_deadline_in(&self) -> Option<Duration> {
        let state = self.state.lock();
        state.sleepers.keys().next().map(|(deadline, _)| deadline.saturating_sub(state.monotonic))
    }
}

impl Clock for SimClock {
    fn now_ms(&self) -> i64 {
        let state = self.state.lock();
        state.wall_offset_ms + state.monotonic.as_millis() as i64
    }

    fn monotonic(&self) -> Duration {
        self.state.lock().monotonic
    }

    fn sleep_until(&self, deadline: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        let id = {
            let mut state = self.state.lock();
            state.next_sleeper += 1;
            let id = state.next_sleeper;
            if deadline > state.monotonic {
                state.sleepers.insert((deadline, id), None);
            }
            id
        };
        Box::pin(SimSleep { state: Arc::clone(&self.state), key: (deadline, id) })
    }
}

struct SimSleep {
    state: Arc<Mutex<SimState>>,
    key: (Duration, u64),
}

impl Future for SimSleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let mut state = self.state.lock();
        if state.monotonic >= self.key.0 {
            return Poll::Ready(());
        }
        state.sleepers.insert(self.key, Some(context.waker().clone()));
        Poll::Pending
    }
}

impl Drop for SimSleep {
    fn drop(&mut self) {
        self.state.lock().sleepers.remove(&self.key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn sleepers_wake_when_their_time_has_come() {
        let clock = SimClock::new(1_000);
        let order = Arc::new(Mutex::new(Vec::new()));
        let tasks: Vec<_> = [30_u64, 10, 20]
            .into_iter()
            .map(|seconds| {
                let (sleep, order) = (clock.sleep(Duration::from_secs(seconds)), Arc::clone(&order));
                tokio::spawn(async move {
                    sleep.await;
                    order.lock().push(seconds);
                })
            })
            .collect();
        for _ in 0..3 {
            tokio::task::yield_now().await;
            let next = clock.next_deadline_in().expect("somebody sleeps");
            clock.advance(next);
            tokio::task::yield_now().await;
        }
        for task in tasks {
            task.await.unwrap();
        }
        assert_eq!(*order.lock(), [10, 20, 30]);
        assert_eq!(clock.now_ms(), 31_000);
        assert_eq!(clock.next_deadline_in(), None);
    }

    #[test]
    fn a_jump_of_the_wall_leaves_timers_alone() {
        let clock = SimClock::new(0);
        let _sleep = clock.sleep(Duration::from_secs(5));
        clock.jump_wall_ms(-3_600_000);
        assert_eq!(clock.now_ms(), -3_600_000);
        assert_eq!(clock.next_deadline_in(), Some(Duration::from_secs(5)));
    }
}
