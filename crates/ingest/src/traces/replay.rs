//! The steps of taking spans in, one by one, for measurements.

use super::buffer;
use super::generator::Measuring;
use super::intake::{Intake, Taken};
use super::limits::TraceLimits;
use super::otlp;

/// Reads requests without a store behind it.
#[derive(Default)]
pub struct TraceReplay {
    limits: TraceLimits,
    measuring: parking_lot::Mutex<Measuring>,
}

impl TraceReplay {
    /// Reads a request of OTLP in protobuf; gives the number of its spans.
    pub fn read(&self, bytes: &[u8]) -> Result<usize, String> {
        self.taken(bytes).map(|taken| taken.write.len())
    }

    /// Reads a request and makes metrics of its spans.
    pub fn read_and_measure(&self, bytes: &[u8]) -> Result<usize, String> {
        let taken = self.taken(bytes)?;
        self.measuring.lock().observe(&taken.write, &taken.sizes);
        Ok(taken.write.len())
    }

    /// Reads a request and makes a record of the journal of its spans; gives the record's length.
    pub fn record(&self, bytes: &[u8]) -> Result<usize, String> {
        self.taken(bytes).map(|taken| buffer::record_of(&taken.write).len())
    }

    fn taken(&self, bytes: &[u8]) -> Result<Taken, String> {
        let mut intake = Intake::new(&self.limits);
        otlp::read(bytes, &mut intake)?;
        Ok(intake.finish())
    }
}
