//! What concerns the whole process, and therefore stands alone in it.

use phoenix_telemetry::{Telemetry, TelemetryError};

#[test]
fn panics_are_counted_and_the_subscriber_is_set_once() {
    let telemetry = Telemetry::builder("phoenix-api").variables([]).init().unwrap();
    assert!(telemetry.metrics().encode().contains("phoenix_panics_total 0"));
    let panicked = std::thread::spawn(|| panic!("as the test wants it")).join();
    assert!(panicked.is_err());
    assert!(telemetry.metrics().encode().contains("phoenix_panics_total 1"));
    let again = Telemetry::builder("phoenix-api").variables([]).init();
    assert!(matches!(again, Err(TelemetryError::SubscriberIsSet)));
}
