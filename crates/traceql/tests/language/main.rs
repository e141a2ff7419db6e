//! TraceQL as text: what is read, what is said of mistakes, how queries are written.

mod good;
mod layout;
mod mistakes;
mod properties;
mod tags;
