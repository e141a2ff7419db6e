//! The queries of a whole dashboard: each different one is evaluated once, and of ranges only what
//! is not known already.

mod answer;
mod ask;
mod cache;
pub mod encode;
mod evaluate;
mod failure;
mod range;
mod refresher;

pub use answer::{Answer, Body, Matrix};
pub use ask::{Ask, Job, Kind, MAX_QUERIES, Query, Request, plan};
pub use evaluate::{Engines, StaticText};
pub use failure::{Failure, FailureKind};
pub use refresher::{Refresher, RefresherOptions};
