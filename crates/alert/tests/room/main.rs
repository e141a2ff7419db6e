//! The alerting room from the outside, in simulated time.

mod delivery;
mod sinks;
mod world;
