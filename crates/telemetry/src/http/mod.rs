//! HTTP: a layer for servers, the answer to a scrape, and requests that lead traces on.

mod client;
mod scrape;
mod server;

#[cfg(feature = "reqwest")]
pub use client::send;
pub use client::{ClientLayer, ClientService};
pub use scrape::Scrape;
pub use server::{HttpFuture, HttpLayer, HttpService, Route};
