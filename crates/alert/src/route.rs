//! The routing tree: which receivers an alert goes to, and how it is grouped on the way.

use crate::fingerprint::label_set;
use crate::matchers::Matchers;
use phoenix_model::Labels;
use std::collections::BTreeSet;
use std::time::Duration;

/// Position of a route in [`RouteTree`].
pub type RouteIndex = usize;

/// How alerts of a route are put into groups.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GroupBy {
    /// By the values of these labels.
    Labels(BTreeSet<String>),
    /// By all labels (`['...']`): every alert is a group of its own.
    All,
}

/// One node of the tree, with everything inherited filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// The receiver's name; empty for the built-in route without receivers.
    pub receiver: String,
    /// How alerts are grouped.
    pub group_by: GroupBy,
    /// Wait before the first notification of a group.
    pub group_wait: Duration,
    /// Wait between flushes of a group.
    pub group_interval: Duration,
    /// Wait before the same notification is sent again.
    pub repeat_interval: Duration,
    /// Names of time intervals in which the route does not notify.
    pub mute_time_intervals: Vec<String>,
    /// Names of time intervals outside which the route does not notify; empty: always.
    pub active_time_intervals: Vec<String>,
    /// What an alert has to match to enter.
    pub matchers: Matchers,
    /// Whether later siblings are tried too.
    pub continues: bool,
    /// The matchers from the root to here, as Alertmanager writes them: `{}/{severity="critical"}`.
    pub key: String,
    /// The children, in order.
    pub children: Vec<RouteIndex>,
}

impl Route {
    /// The labels that identify the alert's group.
    pub fn group_labels(&self, alert: &Labels) -> Labels {
        match &self.group_by {
            GroupBy::All => alert.clone(),
            GroupBy::Labels(names) => alert.filter(|name| names.contains(name)),
        }
    }

    /// The key of a group, as Alertmanager writes it: `{}/{severity="critical"}:{alertname="X"}`.
    pub fn group_key(&self, group_labels: &Labels) -> String {
        format!("{}:{}", self.key, label_set(group_labels))
    }
}

/// All routes; the first is the root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteTree {
    routes: Vec<Route>,
}

impl RouteTree {
    /// A tree of these nodes, root first. The caller has checked the indexes in `children`.
    pub(crate) fn new(routes: Vec<Route>) -> Self {
        assert!(!routes.is_empty(), "a tree has a root");
        Self { routes }
    }

    /// What holds without a config: groups that make sensible incidents, and no receiver. Flushes
    /// are short apart, since they cost nothing and only observers are told.
    pub fn without_config() -> Self {
        let names = ["alertname", "cluster", "namespace", "service", "job"];
        Self::new(vec![Route {
            receiver: String::new(),
            group_by: GroupBy::Labels(names.into_iter().map(str::to_owned).collect()),
            group_wait: Duration::from_secs(10),
            group_interval: Duration::from_secs(30),
            repeat_interval: Duration::from_hours(4),
            mute_time_intervals: Vec::new(),
            active_time_intervals: Vec::new(),
            matchers: Matchers::default(),
            continues: false,
            key: "{}".to_owned(),
            children: Vec::new(),
        }])
    }

    /// A route.
    pub fn route(&self, index: RouteIndex) -> &Route {
        &self.routes[index]
    }

    /// All routes with their positions, parents before children.
    pub fn iter(&self) -> impl Iterator<Item = (RouteIndex, &Route)> {
        self.routes.iter().enumerate()
    }

    /// The routes that an alert ends up in: the deepest match of each branch, the root if none.
    pub fn matching(&self, labels: &Labels) -> Vec<RouteIndex> {
        let mut found = Vec::new();
        self.visit(0, labels, &mut found);
        found
    }

    /// Whether anything was found below and including `index`.
    fn visit(&self, index: RouteIndex, labels: &Labels, found: &mut Vec<RouteIndex>) -> bool {
        let route = &self.routes[index];
        if !route.matchers.matches(labels) {
            return false;
        }
        let before = found.len();
        for child in &route.children {
            if self.visit(*child, labels, found) && !self.routes[*child].continues {
                break;
            }
        }
        if found.len() == before {
            found.push(index);
        }
        true
    }
}
