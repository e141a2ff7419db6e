//! Which alerts never fired, and which always did, over the time that a server holds.

use crate::client::Client;
use phoenix_lint::Project;
use phoenix_model::format_duration;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// Steps that the past is looked at in, coarsest first, in seconds.
const STEPS: [u64; 3] = [3_600, 60, 1];

/// The most steps: thirty days in hours.
const MAX_STEPS: u64 = 720;

/// With fewer steps nothing is said.
const MIN_STEPS: usize = 20;

/// Alerts of the given files that the server has, too.
#[derive(Debug)]
pub(super) struct History {
    /// How far back the server was looked at.
    seconds: u64,
    never_fired: BTreeSet<String>,
    /// At each step, but for a twentieth: the first ones are before the alert is loaded or its `for` is over.
    always_fired: BTreeSet<String>,
}

impl History {
    /// Asks a server; `None` when it holds too little, or does not answer such questions.
    pub(super) fn ask(client: &Client, project: &Project) -> Option<Self> {
        let own = project.rules().filter(|(_, _, rule)| rule.is_alert).map(|(_, _, rule)| rule.name.value.as_str());
        let own: BTreeSet<&str> = own.collect();
        if own.is_empty() {
            return None;
        }
        let loaded = client.get("/api/v1/rules", &[("type", "alert")]).ok()?;
        let loaded: BTreeSet<&str> = loaded["data"]["groups"]
            .as_array()?
            .iter()
            .flat_map(|group| group["rules"].as_array().into_iter().flatten())
            .filter_map(|rule| rule["name"].as_str())
            .filter(|name| own.contains(name))
            .collect();
        // The clock of the server counts, not the one here.
        let now = client.get("/api/v1/query", &[("query", "time()")]).ok()?["data"]["result"][0].as_f64()? as u64;
        let range = |query: &str, step: u64, steps: u64| {
            let (start, end, step) = ((now - step * steps).to_string(), now.to_string(), step.to_string());
            client.get("/api/v1/query_range", &[("query", query), ("start", &start), ("end", &end), ("step", &step)]).ok()
        };
        // Every scrape leaves `up`, so it tells since when there is something.
        let held = |step: u64| points(&range("count(up)", step, MAX_STEPS)?).into_values().next().filter(|steps| *steps >= MIN_STEPS);
        let (step, steps) = STEPS.into_iter().find_map(|step| Some((step, held(step)?)))?;
        let firing = "ALERTS{alertstate=\"firing\"}";
        // Between two steps an alert may come and go, so each looks back over its whole length.
        let ever = points(&range(&format!("count by (alertname) (count_over_time({firing}[{step}s]))"), step, steps as u64)?);
        let at_steps = points(&range(&format!("count by (alertname) ({firing})"), step, steps as u64)?);
        let names = |is: &dyn Fn(&str) -> bool| loaded.iter().filter(|name| is(name)).map(|name| (*name).to_owned()).collect();
        Some(Self {
            seconds: step * steps as u64,
            never_fired: names(&|name| !ever.contains_key(name)),
            always_fired: names(&|name| at_steps.get(name).is_some_and(|fired| fired * 20 >= steps * 19)),
        })
    }

    /// For programs.
    pub(super) fn to_json(&self) -> Value {
        json!({"seconds": self.seconds, "never_fired": self.never_fired, "always_fired": self.always_fired})
    }

    /// For people; `None` when there is nothing to say.
    pub(super) fn in_words(&self) -> Option<String> {
        let list = |names: &BTreeSet<String>| names.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
        let said = [("never fired", &self.never_fired), ("fired all the time", &self.always_fired)];
        let said: Vec<String> =
            said.into_iter().filter(|(_, names)| !names.is_empty()).map(|(what, names)| format!("{what}: {}", list(names))).collect();
        let held = format_duration(Duration::from_secs(self.seconds));
        (!said.is_empty()).then(|| format!("over the last {held} that the server was asked for, {}", said.join("; ")))
    }
}

/// How many points each series of a matrix has, by the name of the alert; empty for a series without labels.
fn points(answer: &Value) -> BTreeMap<String, usize> {
    let series = answer["data"]["result"].as_array().into_iter().flatten();
    let one = |series: &Value| {
        let name = series["metric"]["alertname"].as_str().unwrap_or("").to_owned();
        Some((name, series["values"].as_array()?.len()))
    };
    series.filter_map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_there_is_to_say_is_said() {
        let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<String>>();
        for (never, always, want) in [
            (vec![], vec![], None),
            (vec!["A", "B"], vec![], Some("over the last 1d that the server was asked for, never fired: A, B")),
            (vec!["A"], vec!["W"], Some("over the last 1d that the server was asked for, never fired: A; fired all the time: W")),
        ] {
            let history = History { seconds: 86_400, never_fired: set(&never), always_fired: set(&always) };
            assert_eq!(history.in_words().as_deref(), want);
        }
    }
}
