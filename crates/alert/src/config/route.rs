//! Resolving the routing tree: inheritance, and what it may not say.

use super::{Findings, Receiver, file};
use crate::matchers::Matchers;
use crate::route::{GroupBy, Route, RouteIndex, RouteTree};
use crate::timeinterval::TimeInterval;
use phoenix_model::Span;
use phoenix_model::suggest::nearest;
use phoenix_yaml::Spanned;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// What a route takes from its parent.
#[derive(Clone)]
struct Inherited {
    receiver: String,
    group_by: GroupBy,
    group_wait: Duration,
    group_interval: Duration,
    repeat_interval: Duration,
    key: Option<String>,
}

impl Findings<'_> {
    pub(super) fn routes(
        &mut self,
        root: Option<Spanned<file::Route>>,
        receivers: &BTreeMap<String, Receiver>,
        intervals: &BTreeMap<String, TimeInterval>,
    ) -> Option<RouteTree> {
        let Some(root) = root else {
            self.error_with_help(
                Span::default(),
                "there is no `route`",
                "add `route: {receiver: NAME}`, and the receiver under `receivers`",
            );
            return None;
        };
        let span = Span::new(root.span.start, root.span.start);
        if root.receiver.is_none() {
            self.error(span, "the top route names no `receiver`");
        }
        let matches = [
            root.match_equal.as_ref().map(|m| m.span),
            root.match_re.as_ref().map(|m| m.span),
            root.matchers.as_ref().filter(|m| !m.is_empty()).map(|m| m.span),
        ];
        for span in matches.into_iter().flatten() {
            self.error_with_help(span, "the top route must match every alert, but it has matchers", "move it below as one of its `routes`");
        }
        for (key, list) in [("mute_time_intervals", &root.mute_time_intervals), ("active_time_intervals", &root.active_time_intervals)] {
            if let Some(first) = list.first() {
                self.error(first.span, format!("the top route must not have `{key}`"));
            }
        }
        if let Some(continues) = root.continues.as_ref().filter(|c| ***c) {
            self.error(continues.span, "the top route must not have `continue`");
        }
        let defaults = Inherited {
            receiver: String::new(),
            group_by: GroupBy::Labels(BTreeSet::new()),
            group_wait: Duration::from_secs(30),
            group_interval: Duration::from_mins(5),
            repeat_interval: Duration::from_hours(4),
            key: None,
        };
        let mut routes = Vec::new();
        self.route(root, &defaults, receivers, intervals, &mut routes);
        Some(RouteTree::new(routes))
    }

    fn route(
        &mut self,
        written: Spanned<file::Route>,
        parent: &Inherited,
        receivers: &BTreeMap<String, Receiver>,
        intervals: &BTreeMap<String, TimeInterval>,
        routes: &mut Vec<Route>,
    ) -> RouteIndex {
        let place = written.span;
        let written = written.value;
        if let Some(labels) = &written.labels {
            self.not_acting(labels.span, "labels");
        }
        let mut here = parent.clone();
        if let Some(receiver) = written.receiver {
            self.check_name("receiver", &receiver, receivers.keys());
            here.receiver = receiver.value;
        }
        if let Some(group_by) = written.group_by {
            here.group_by = self.group_by(group_by);
        }
        here.group_wait = written.group_wait.map_or(here.group_wait, phoenix_yaml::Duration::get);
        for (key, value, target) in [
            ("group_interval", written.group_interval, &mut here.group_interval),
            ("repeat_interval", written.repeat_interval, &mut here.repeat_interval),
        ] {
            if let Some(value) = value {
                if value.is_zero() {
                    self.error(value.span, format!("`{key}` can't be zero"));
                }
                *target = value.get();
            }
        }
        if here.repeat_interval < here.group_interval {
            self.warning(
                Span::new(place.start, place.start),
                "`repeat_interval` is shorter than `group_interval`: notifications are repeated with every `group_interval`",
            );
        }
        for name in written.mute_time_intervals.iter().chain(&written.active_time_intervals) {
            self.check_name("time interval", name, intervals.keys());
        }
        let matchers = self.all_matchers(
            written.match_equal.map(Spanned::into_inner),
            written.match_re.map(Spanned::into_inner),
            &written.matchers.map(Spanned::into_inner).unwrap_or_default(),
        );
        let key = here.key.as_ref().map_or_else(|| Matchers::default().to_string(), |parent| format!("{parent}/{matchers}"));
        here.key = Some(key.clone());
        let index = routes.len();
        let names = |list: Vec<Spanned<String>>| list.into_iter().map(Spanned::into_inner).collect();
        routes.push(Route {
            receiver: here.receiver.clone(),
            group_by: here.group_by.clone(),
            group_wait: here.group_wait,
            group_interval: here.group_interval,
            repeat_interval: here.repeat_interval,
            mute_time_intervals: names(written.mute_time_intervals),
            active_time_intervals: names(written.active_time_intervals),
            matchers,
            continues: written.continues.is_some_and(Spanned::into_inner),
            key,
            children: Vec::new(),
        });
        for child in written.routes {
            let child = self.route(child, &here, receivers, intervals, routes);
            routes[index].children.push(child);
        }
        index
    }

    fn group_by(&mut self, written: Vec<Spanned<String>>) -> GroupBy {
        if let (Some(all), true) = (written.iter().find(|name| name.as_str() == "..."), written.len() > 1) {
            self.error(all.span, "`...` groups by all labels, so it must stand alone");
        }
        if written.iter().any(|name| name.as_str() == "...") {
            return GroupBy::All;
        }
        let mut names = BTreeSet::new();
        for name in written {
            if name.is_empty() {
                self.error(name.span, "a label name is empty");
            }
            if !names.insert(name.value.clone()) {
                self.error(name.span, format!("label `{}` stands twice in `group_by`", name.value));
            }
        }
        GroupBy::Labels(names)
    }

    fn check_name<'n>(&mut self, what: &str, name: &Spanned<String>, known: impl Iterator<Item = &'n String>) {
        let known: Vec<&str> = known.map(String::as_str).collect();
        if known.contains(&name.as_str()) {
            return;
        }
        let help = match nearest(name, known.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None if known.is_empty() => format!("no {what} is defined"),
            None => format!("defined are {}", known.join(", ")),
        };
        self.error_with_help(name.span, format!("there is no {what} `{}`", name.value), help);
    }
}
