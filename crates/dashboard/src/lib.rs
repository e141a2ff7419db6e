//! Dashboards in Grafana's format: read in any of its versions, brought into the newest form, with a report of what
//! is not shown; and the queries of a whole dashboard, answered once and from what is known already.
//!
//! Knows no HTTP: what is served where is decided by the server.
//!
//! ```
//! use phoenix_dashboard::{ReadOptions, read};
//!
//! let text = r#"{"dashboard": {"title": "Overview", "panels": [{"title": "Orders", "targets": [{"expr": "sum(orders)"}]}]}}"#;
//! let read = read(text, &ReadOptions::default()).unwrap();
//! assert_eq!(read.dashboard.uid(), "overview");
//! let panel = read.dashboard.panels().next().unwrap();
//! assert_eq!((panel.id, panel.kind), (1, "stat"));
//! ```

mod dashboard;
mod envelope;
mod finding;
mod inputs;
mod json;
mod migrate;
mod read;
pub mod refresh;
mod report;
mod stand_ins;

pub use dashboard::{Dashboard, PanelView, TargetView};
pub use finding::{Finding, PanelRef};
pub use inputs::Input;
pub use read::{MAX_BYTES, MAX_DEPTH, MAX_PANELS, Read, ReadError, ReadOptions, read, read_value};
