//! The instrumentation library that services use.
