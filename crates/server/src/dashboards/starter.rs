//! Dashboards that are there when the configuration says nothing of any: copies of these files can be changed freely.

/// Name and text of each.
pub const STARTER_DASHBOARDS: [(&str, &str); 2] = [
    ("starter dashboard phoenix.json (built in)", include_str!("../starter/dashboards/phoenix.json")),
    ("starter dashboard host.json (built in)", include_str!("../starter/dashboards/host.json")),
];
