//! The sample service that the demo monitors.

fn main() {}
