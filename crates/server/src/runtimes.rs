//! The threads of the process: paging apart from what people ask (invariant 4).

use std::time::Duration;
use tokio::runtime::{Builder, Handle, Runtime};

/// How much lower the priority of queries is (0 is normal, 19 the lowest).
const API_NICENESS: i32 = 5;

/// Bodies of pushes that are decoded and stored at one time. They wait for the disk together, so a few more than cores help.
pub(crate) const PUSHES: usize = 16;

/// The runtimes, ended together.
pub(crate) struct Runtimes {
    paging: Runtime,
    api: Runtime,
}

impl Runtimes {
    /// Starts the threads. `queries` is the number that may run at once.
    pub(crate) fn start(queries: usize) -> std::io::Result<Self> {
        let paging = Builder::new_multi_thread().worker_threads(2).thread_name("phoenix-paging").enable_all().build()?;
        let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        let api = Builder::new_multi_thread()
            .worker_threads(cores.clamp(2, 8))
            // Queries, pushes, and a few blocking calls of the API beside them.
            .max_blocking_threads(queries + PUSHES + 8)
            .thread_name("phoenix-api")
            .on_thread_start(|| {
                // On Linux the priority belongs to the thread. Failing is harmless: the threads are then equals.
                let _ = rustix::process::setpriority_process(None, API_NICENESS);
            })
            .enable_all()
            .build()?;
        Ok(Self { paging, api })
    }

    /// Where scraping, rules, notifications and escalation run.
    pub(crate) fn paging(&self) -> &Handle {
        self.paging.handle()
    }

    /// Where HTTP and queries run.
    pub(crate) fn api(&self) -> &Handle {
        self.api.handle()
    }

    /// Ends the threads; what does not end within a few seconds is left to the end of the process.
    pub(crate) fn end(self) {
        self.api.shutdown_timeout(Duration::from_secs(3));
        self.paging.shutdown_timeout(Duration::from_secs(5));
    }
}
