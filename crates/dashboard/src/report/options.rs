//! Options of a panel and its fields that have no effect.

use super::honoured::Heeded;
use super::{Report, honoured, pointer, units, values};
use crate::dashboard::PanelView;
use crate::json::{Fields, Object};
use phoenix_model::Severity;
use serde_json::Value;

/// Tells what a panel says in vain.
pub(crate) fn check(panel: &PanelView<'_>, report: &mut Report) {
    for left in &honoured::LEFT {
        if panel.json.has(left.key) {
            report.add(left.severity, Some(panel), format!("{}/{}", panel.path, left.key), left.message, left.help.map(str::to_owned));
        }
    }
    if let Some(options) = panel.json.object("options") {
        let path = format!("{}/options", panel.path);
        unknown(options, |key| honoured::option(panel.kind, key), "option", &path, panel, report);
        values::options(options, &path, panel, report);
        calculations(options, panel, report);
    }
    transformations(panel, report);
    fields(panel, report);
}

fn unknown(object: &Object, heeded: impl Fn(&str) -> Heeded, word: &str, path: &str, panel: &PanelView<'_>, report: &mut Report) {
    for (key, value) in object {
        // What is empty asks for nothing.
        let empty = match value {
            Value::Null | Value::Bool(false) => true,
            Value::String(text) => text.is_empty(),
            Value::Array(list) => list.is_empty(),
            Value::Object(object) => object.is_empty(),
            _ => false,
        };
        if let (false, Some(why)) = (empty, without_effect(heeded(key))) {
            let name: String = key.chars().take(80).collect();
            let message = format!("the {word} `{name}` has no effect{why}");
            report.add(Severity::Info, Some(panel), format!("{path}/{}", pointer(key)), message, None);
        }
    }
}

/// Why something has no effect, to be put behind a message; `None` when it has.
fn without_effect(heeded: Heeded) -> Option<String> {
    match heeded {
        Heeded::Here => None,
        Heeded::By(kind) => Some(format!(": it is one of panels of the kind `{kind}`")),
        Heeded::Nowhere => Some(String::new()),
    }
}

fn calculations(options: &Object, panel: &PanelView<'_>, report: &mut Report) {
    for part in ["reduceOptions", "legend"] {
        let calcs = options.object(part).map_or(&[][..], |part| part.list("calcs"));
        for (at, calc) in calcs.iter().enumerate() {
            let id = calc.as_str().unwrap_or_default();
            if !honoured::is_calculation(id) {
                let severity = if part == "legend" { Severity::Warning } else { Severity::Error };
                let path = format!("{}/options/{part}/calcs/{at}", panel.path);
                report.add(severity, Some(panel), path, format!("the calculation `{id}` is not known"), None);
            }
        }
    }
}

fn transformations(panel: &PanelView<'_>, report: &mut Report) {
    for (at, step) in panel.json.list("transformations").iter().filter_map(Value::as_object).enumerate() {
        let id = step.text("id").unwrap_or_default();
        let other_topic = step.text("topic").is_some_and(|topic| !topic.is_empty() && topic != "series");
        if step.flag("disabled") == Some(true) || other_topic || honoured::TRANSFORMATIONS.contains(&id) {
            continue;
        }
        let path = format!("{}/transformations/{at}", panel.path);
        let help = "the data is shown as it is before this step".to_owned();
        report.add(Severity::Error, Some(panel), path, format!("the transformation `{id}` is not done"), Some(help));
    }
}

fn fields(panel: &PanelView<'_>, report: &mut Report) {
    let Some(config) = panel.json.object("fieldConfig") else { return };
    let path = format!("{}/fieldConfig", panel.path);
    if let Some(defaults) = config.object("defaults") {
        unit(defaults.get("unit"), format!("{path}/defaults/unit"), panel, report);
        unknown(defaults, honoured::standard, "field option", &format!("{path}/defaults"), panel, report);
        if let Some(custom) = defaults.object("custom") {
            let path = format!("{path}/defaults/custom");
            unknown(custom, |key| honoured::custom(panel.kind, key), "field option", &path, panel, report);
            for (key, value) in custom {
                values::custom(key, Some(value), &format!("{path}/{}", pointer(key)), panel, report);
            }
            scale(custom.get("scaleDistribution"), &format!("{path}/scaleDistribution"), panel, report);
        }
    }
    for (at, one) in config.list("overrides").iter().filter_map(Value::as_object).enumerate() {
        let path = format!("{path}/overrides/{at}");
        let matcher = one.object("matcher").and_then(|matcher| matcher.text("id")).unwrap_or_default();
        if !honoured::MATCHERS.contains(&matcher) {
            let message = format!("the override is left out: fields are not chosen by `{matcher}`");
            report.add(Severity::Warning, Some(panel), format!("{path}/matcher"), message, None);
            continue;
        }
        for (at, property) in one.list("properties").iter().filter_map(Value::as_object).enumerate() {
            let id = property.text("id").unwrap_or_default();
            let custom = id.strip_prefix("custom.");
            let heeded = custom.map_or_else(|| honoured::standard(id), |name| honoured::custom(panel.kind, name));
            let path = format!("{path}/properties/{at}");
            if let Some(why) = without_effect(heeded) {
                let id: String = id.chars().take(80).collect();
                report.add(Severity::Info, Some(panel), path, format!("the property `{id}` of the override has no effect{why}"), None);
            } else if id == "unit" {
                unit(property.get("value"), format!("{path}/value"), panel, report);
            } else if let Some(name) = custom {
                values::custom(name, property.get("value"), &format!("{path}/value"), panel, report);
                if name == "scaleDistribution" {
                    scale(property.get("value"), &path, panel, report);
                }
            }
        }
    }
}

fn unit(value: Option<&Value>, path: String, panel: &PanelView<'_>, report: &mut Report) {
    let id = value.and_then(Value::as_str).unwrap_or_default();
    if !units::is_unit(id) {
        let id: String = id.chars().take(80).collect();
        report.add(Severity::Info, Some(panel), path, format!("the unit `{id}` is not known: it stands behind the value as it is"), None);
    }
}

/// Axes have powers of two and of ten.
fn scale(value: Option<&Value>, path: &str, panel: &PanelView<'_>, report: &mut Report) {
    let Some(scale) = value.and_then(Value::as_object) else { return };
    let base = scale.number("log").unwrap_or(2.0);
    if scale.text("type") != Some("linear") && scale.has("type") && base != 2.0 && base != 10.0 {
        let message = format!("the axis has marks at powers of 2, not of {base}");
        report.add(Severity::Warning, Some(panel), path.to_owned(), message, None);
    }
}
