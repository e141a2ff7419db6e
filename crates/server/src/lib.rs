//! Config, HTTP APIs and the embedded UI.
