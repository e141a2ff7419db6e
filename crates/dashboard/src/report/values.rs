//! Options that a kind of panel heeds, but not with every value.

use super::Report;
use crate::dashboard::PanelView;
use crate::json::Object;
use phoenix_model::Severity;
use serde_json::Value;

/// A value that is not heeded, and what happens instead.
struct Unheeded {
    kinds: &'static [&'static str],
    /// The option with the keys below it.
    path: &'static [&'static str],
    value: Is,
    severity: Severity,
    message: &'static str,
}

/// Which values are meant.
enum Is {
    Text(&'static [&'static str]),
    True,
    /// Any text but the empty one, or any number but zero.
    Given,
    /// A text that shows a picture, in Markdown or HTML.
    Picture,
}

impl Is {
    fn holds(&self, value: &Value) -> bool {
        match self {
            Self::Text(texts) => value.as_str().is_some_and(|text| texts.contains(&text)),
            Self::True => value.as_bool() == Some(true),
            Self::Given => value.as_str().is_some_and(|text| !text.is_empty()) || value.as_f64().is_some_and(|number| number != 0.0),
            Self::Picture => value.as_str().is_some_and(|text| text.contains("![") || text.contains("<img")),
        }
    }
}

const LANES: &[&str] = &["state-timeline", "status-history"];

const OPTIONS: [Unheeded; 12] = [
    Unheeded {
        kinds: &["timeseries"],
        path: &["orientation"],
        value: Is::Text(&["vertical"]),
        severity: Severity::Warning,
        message: "time runs from left to right, not downward",
    },
    Unheeded {
        kinds: &["heatmap"],
        path: &["color", "scheme"],
        value: Is::Text(&["Cubehelix", "Sinebow"]),
        severity: Severity::Warning,
        message: "cells have the colours of the scheme Oranges: the one that is asked for is not known",
    },
    Unheeded {
        kinds: &["bargauge"],
        path: &["legend", "showLegend"],
        value: Is::True,
        severity: Severity::Info,
        message: "there is no legend, since names stand at the bars",
    },
    Unheeded {
        kinds: LANES,
        path: &["legend", "displayMode"],
        value: Is::Text(&["table"]),
        severity: Severity::Info,
        message: "the legend is a list, not a table",
    },
    Unheeded {
        kinds: LANES,
        path: &["tooltip", "sort"],
        value: Is::Text(&["asc", "desc"]),
        severity: Severity::Info,
        message: "the tooltip is not sorted: its lines have the order of the lanes",
    },
    Unheeded {
        kinds: &["logs"],
        path: &["enableInfiniteScrolling"],
        value: Is::True,
        severity: Severity::Warning,
        message: "scrolling to the end loads no further lines",
    },
    Unheeded {
        kinds: &["dashlist"],
        path: &["showStarred"],
        value: Is::True,
        severity: Severity::Warning,
        message: "starred dashboards are not known, so none are listed",
    },
    Unheeded {
        kinds: &["alertlist"],
        path: &["folder"],
        value: Is::Given,
        severity: Severity::Warning,
        message: "alerts have no folders: those of all are listed",
    },
    Unheeded {
        kinds: &["alertlist"],
        path: &["folderId"],
        value: Is::Given,
        severity: Severity::Warning,
        message: "alerts have no folders: those of all are listed",
    },
    Unheeded {
        kinds: &["alertlist"],
        path: &["stateFilter", "noData"],
        value: Is::True,
        severity: Severity::Info,
        message: "no alert is in the state of no data",
    },
    Unheeded {
        kinds: &["alertlist"],
        path: &["stateFilter", "error"],
        value: Is::True,
        severity: Severity::Info,
        message: "no alert is in the state of an error; rules that fail are on the page Rules",
    },
    Unheeded {
        kinds: &["text"],
        path: &["content"],
        value: Is::Picture,
        severity: Severity::Warning,
        message: "pictures of other sites are shown as links",
    },
];

const CUSTOM: [Unheeded; 4] = [
    Unheeded {
        kinds: &["timeseries", "barchart"],
        path: &["thresholdsStyle", "mode"],
        value: Is::Text(&["series"]),
        severity: Severity::Warning,
        message: "thresholds are not drawn in the style `series`: lines and areas are",
    },
    Unheeded {
        kinds: &["barchart"],
        path: &["gradientMode"],
        value: Is::Text(&["scheme"]),
        severity: Severity::Info,
        message: "bars have one colour each, without the gradient of the scheme",
    },
    Unheeded {
        kinds: &["table"],
        path: &["cellOptions", "type"],
        value: Is::Text(&["image"]),
        severity: Severity::Warning,
        message: "pictures in cells are shown as links",
    },
    Unheeded {
        kinds: &["table"],
        path: &["cellOptions", "type"],
        value: Is::Text(&["markdown"]),
        severity: Severity::Warning,
        message: "Markdown in cells is shown as it is written",
    },
];

/// Tells which options of a panel have values that are not heeded.
pub(super) fn options(options: &Object, path: &str, panel: &PanelView<'_>, report: &mut Report) {
    for unheeded in &OPTIONS {
        if let Some((key, below)) = unheeded.path.split_first() {
            unheeded.check(options.get(*key), below, &format!("{path}/{key}"), panel, report);
        }
    }
}

/// The same of an option of fields, by its name behind `custom.`.
pub(super) fn custom(name: &str, value: Option<&Value>, path: &str, panel: &PanelView<'_>, report: &mut Report) {
    for unheeded in CUSTOM.iter().filter(|unheeded| unheeded.path[0] == name) {
        unheeded.check(value, &unheeded.path[1..], path, panel, report);
    }
}

impl Unheeded {
    fn check(&self, value: Option<&Value>, below: &[&str], path: &str, panel: &PanelView<'_>, report: &mut Report) {
        if !self.kinds.contains(&panel.kind) {
            return;
        }
        let mut path = path.to_owned();
        let mut found = value;
        for key in below {
            found = found.and_then(Value::as_object).and_then(|object| object.get(*key));
            path = format!("{path}/{key}");
        }
        if found.is_some_and(|value| self.value.holds(value)) {
            report.add(self.severity, Some(panel), path, self.message, None);
        }
    }
}
