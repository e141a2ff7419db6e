//! The alerting room from the outside, in simulated time.

mod api;
mod delivery;
mod muting;
mod people;
mod sinks;
mod world;
