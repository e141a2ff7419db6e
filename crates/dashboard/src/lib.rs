//! Dashboards in Grafana's format: read in any of its versions, brought into the newest form, with a report of what
//! is not shown; and the queries of a whole dashboard, answered once and from what is known already.
//!
//! Knows no HTTP: what is served where is decided by the server.
