//! What is wrong with rules, dashboards and configurations that load, why it is wrong, and how to mend it.
//!
//! - [`Project`]: files that belong together, each recognised by its keys, with their rules and queries read.
//! - [`Facts`]: what is known about metrics: from a server, from recording rules, from the built-in catalogue, from their names.
//! - [`Flow`]: which labels an expression's series surely have, may have and surely lack.
//! - [`RULES`]: what is looked for. Every rule has a page at `docs/lint/ID.md` whose example is a test.
//! - [`lint`]: all findings of a project; [`Fix`]: how one is mended.
//!
//! Knows neither HTTP nor files: what is read is handed in, and a server is a [`Server`].
//!
//! ```
//! use phoenix_lint::{Facts, Options, Project, lint};
//! use phoenix_model::Source;
//!
//! let text = "groups:\n- name: g\n  rules:\n  - alert: A\n    expr: sum(rate(x_total{state=\"bad\"}[5m])) by (state) / sum(rate(x_total[5m])) > 0.1\n    labels: {severity: page}\n";
//! let project = Project::of(vec![Source::new("rules.yaml", text)]);
//! let facts = Facts::of(&project, None);
//! let found = lint(&project, &facts, &Options::default());
//! assert_eq!(found[0].rule.id, "promql/labels-never-match");
//! ```

mod actions;
mod baseline;
mod catalogue;
mod checks;
mod declared;
mod diff;
mod facts;
mod finding;
mod flow;
mod ignore;
mod mend;
mod project;
mod query;
mod registry;
mod report;
mod run;

pub use baseline::Baseline;
pub use catalogue::{Catalogue, Entry};
pub use diff::unified;
pub use facts::{Facts, Kind, Metric, Part, Server, ServerMetric};
pub use finding::{Edit, Finding, Fix, RestsOn};
pub use flow::{Flow, flow};
pub use mend::{apply, mend};
pub use project::{Asked, Declared, File, FileKind, Group, Language, Project, Query, Rule, Text};
pub use query::lint_query;
pub use registry::{RULES, RuleInfo, rule};
pub use report::{github, sarif};
pub use run::{Options, lint};
