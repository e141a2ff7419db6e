//! Panics: counted and logged, wherever they happen.

use crate::metrics::Metrics;
use prometheus_client::metrics::counter::Counter;

/// Counts each panic of the process in `phoenix_panics_total` and writes it to the log, before whatever was done with
/// panics until now.
pub(crate) fn count(metrics: &Metrics) {
    let panics: Counter = Counter::default();
    metrics.register("phoenix_panics_total", "Panics of this process", panics.clone());
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        panics.inc();
        let location = panic.location().map(ToString::to_string).unwrap_or_default();
        let thread = std::thread::current();
        tracing::error!(
            location,
            thread = thread.name().unwrap_or_default(),
            "panic: {}",
            panic.payload_as_str().unwrap_or("it says nothing")
        );
        before(panic);
    }));
}
