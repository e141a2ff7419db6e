//! Rules through simulated time, against an engine whose answers a test decides.

mod alerting;
mod recording;
mod scheduler;
mod sim;
