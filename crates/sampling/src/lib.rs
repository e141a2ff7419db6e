//! Trace sampling rules, decided for a span or a whole trace.
