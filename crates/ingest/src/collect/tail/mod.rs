//! Following files: which ones, from where on, and what happens when they are rotated.

mod file;
mod glob;
mod tailer;

pub(super) use tailer::{Pause, TailSpec, Tailer};

#[cfg(test)]
mod tests;
