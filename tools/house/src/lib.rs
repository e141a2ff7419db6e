//! Holds no code: see `tests/house.rs`.
