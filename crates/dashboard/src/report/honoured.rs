//! What each kind of panel and each field heeds, as data. The web's panels are the truth; this says it to people who
//! bring their dashboards. A test of the web (`honoured.test.ts`) holds the lists of ids to its own.

use phoenix_model::Severity;

/// A kind of panel that is shown, with the options and the field options of its own that it heeds. `a.*` stands for
/// everything below `a`.
pub(crate) struct Kind {
    pub(crate) id: &'static str,
    pub(crate) options: &'static [&'static str],
    pub(crate) custom: &'static [&'static str],
}

const REDUCE: &str = "reduceOptions.*";
const LEGEND: &str = "legend.*";
const TOOLTIP: &str = "tooltip.*";

/// Of everything that has an axis.
const AXIS: [&str; 13] = [
    "axisBorderShow",
    "axisCenteredZero",
    "axisColorMode",
    "axisGridShow",
    "axisLabel",
    "axisPlacement",
    "axisSoftMax",
    "axisSoftMin",
    "axisWidth",
    "hideFrom.*",
    "scaleDistribution.*",
    "thresholdsStyle.*",
    "lineWidth",
];

const SERIES: [&str; 33] = [
    AXIS[0],
    AXIS[1],
    AXIS[2],
    AXIS[3],
    AXIS[4],
    AXIS[5],
    AXIS[6],
    AXIS[7],
    AXIS[8],
    AXIS[9],
    AXIS[10],
    AXIS[11],
    AXIS[12],
    "barAlignment",
    "barMaxWidth",
    "barWidthFactor",
    "drawStyle",
    "fillBelowTo",
    "fillOpacity",
    "gradientMode",
    "insertNulls",
    "lineInterpolation",
    "lineStyle.*",
    "pointSize",
    "showPoints",
    "spanNulls",
    "stacking.*",
    "transform",
    // Colours of parts that Grafana writes and takes from the series.
    "lineColor",
    "fillColor",
    "pointColor",
    "pointSymbol",
    "hideLegend",
];

/// Every kind that is shown.
pub(crate) const KINDS: [Kind; 18] = [
    Kind { id: "timeseries", options: &[LEGEND, TOOLTIP, "orientation"], custom: &SERIES },
    Kind {
        id: "barchart",
        options: &[
            LEGEND,
            TOOLTIP,
            "barRadius",
            "barWidth",
            "colorByField",
            "fullHighlight",
            "groupWidth",
            "orientation",
            "showValue",
            "stacking",
            "text.*",
            "xField",
            "xTickLabelMaxLength",
            "xTickLabelRotation",
            "xTickLabelSpacing",
        ],
        custom: &SERIES,
    },
    Kind {
        id: "histogram",
        options: &[LEGEND, TOOLTIP, "bucketCount", "bucketOffset", "bucketSize", "combine"],
        custom: &["fillOpacity", "gradientMode", "hideFrom.*", "lineWidth", "stacking.*"],
    },
    Kind {
        id: "heatmap",
        options: &[
            "calculate",
            "calculation.*",
            "cellGap",
            "cellRadius",
            "cellValues.*",
            "color.*",
            "exemplars.*",
            "filterValues.*",
            "legend.*",
            "rowsFrame.*",
            "showValue",
            "tooltip.*",
            "yAxis.*",
        ],
        custom: &["hideFrom.*", "scaleDistribution.*"],
    },
    Kind {
        id: "stat",
        options: &[
            REDUCE,
            "colorMode",
            "graphMode",
            "justifyMode",
            "orientation",
            "percentChangeColorMode",
            "showPercentChange",
            "text.*",
            "textMode",
            "wideLayout",
        ],
        custom: &["hideFrom.*"],
    },
    Kind {
        id: "gauge",
        options: &[REDUCE, "minVizHeight", "minVizWidth", "orientation", "showThresholdLabels", "showThresholdMarkers", "sizing", "text.*"],
        custom: &["hideFrom.*"],
    },
    Kind {
        id: "bargauge",
        options: &[
            REDUCE,
            LEGEND,
            "displayMode",
            "maxVizHeight",
            "minVizHeight",
            "minVizWidth",
            "namePlacement",
            "orientation",
            "showUnfilled",
            "sizing",
            "text.*",
            "valueMode",
        ],
        custom: &["hideFrom.*"],
    },
    Kind {
        id: "table",
        options: &["cellHeight", "enablePagination", "footer.*", "frameIndex", "showHeader", "sortBy"],
        custom: &[
            "align",
            "cellOptions.*",
            "filterable",
            "footer.*",
            "hidden",
            "hideFrom.*",
            "inspect",
            "minWidth",
            "width",
            "wrapHeaderText",
            "wrapText",
        ],
    },
    Kind { id: "piechart", options: &[REDUCE, LEGEND, TOOLTIP, "displayLabels", "pieType", "sort", "text.*"], custom: &["hideFrom.*"] },
    Kind { id: "text", options: &["code.*", "content", "mode"], custom: &[] },
    Kind {
        id: "logs",
        options: &[
            "dedupStrategy",
            "enableInfiniteScrolling",
            "enableLogDetails",
            "prettifyLogMessage",
            "showCommonLabels",
            "showLabels",
            "showTime",
            "sortOrder",
            "wrapLogMessage",
        ],
        custom: &[],
    },
    Kind { id: "traces", options: &["spanFilters.*"], custom: &[] },
    Kind { id: "nodeGraph", options: &["edges.*", "nodes.*", "zoomMode", "layoutAlgorithm"], custom: &[] },
    Kind {
        id: "alertlist",
        options: &[
            "alertInstanceLabelFilter",
            "alertName",
            "dashboardAlerts",
            "dashboardTitle",
            "datasource",
            "folder",
            "folderId",
            "groupBy",
            "groupMode",
            "maxItems",
            "showInactiveAlerts",
            "showInstances",
            "showOptions",
            "sortOrder",
            "stateFilter.*",
            "tags",
            "viewMode",
        ],
        custom: &[],
    },
    Kind {
        id: "dashlist",
        options: &[
            "folderId",
            "folderUID",
            "includeVars",
            "keepTime",
            "maxItems",
            "query",
            "showFolderNames",
            "showHeadings",
            "showRecentlyViewed",
            "showSearch",
            "showStarred",
            "tags",
        ],
        custom: &[],
    },
    Kind {
        id: "state-timeline",
        options: &[LEGEND, TOOLTIP, "alignValue", "mergeValues", "perPage", "rowHeight", "showValue"],
        custom: &["axisPlacement", "fillOpacity", "hideFrom.*", "insertNulls", "lineWidth", "spanNulls"],
    },
    Kind {
        id: "status-history",
        options: &[LEGEND, TOOLTIP, "colWidth", "perPage", "rowHeight", "showValue"],
        custom: &["axisPlacement", "fillOpacity", "hideFrom.*", "lineWidth"],
    },
    Kind { id: "row", options: &[], custom: &[] },
];

/// The kind of an id, when it is shown.
pub(crate) fn kind(id: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.id == id)
}

/// Names of kinds that are not shown, as people know them.
const OTHERS: [(&str, &str); 16] = [
    ("annolist", "list of annotations"),
    ("candlestick", "candlestick"),
    ("canvas", "canvas"),
    ("datagrid", "datagrid"),
    ("debug", "debug"),
    ("flamegraph", "flame graph"),
    ("geomap", "geomap"),
    ("gettingstarted", "getting started"),
    ("grafana-clock-panel", "clock"),
    ("grafana-polystat-panel", "polystat"),
    ("grafana-worldmap-panel", "world map"),
    ("live", "live"),
    ("news", "news"),
    ("trend", "trend"),
    ("welcome", "welcome"),
    ("xychart", "XY chart"),
];

/// What a kind that is not shown is called.
pub(crate) fn name_of_unknown(id: &str) -> Option<&'static str> {
    OTHERS.iter().find(|(other, _)| *other == id).map(|(_, name)| *name)
}

/// Who heeds an option.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Heeded {
    /// The kind of panel that was asked about.
    Here,
    /// Another kind, by its id: such options are left behind when the kind of a panel is changed.
    By(&'static str),
    Nowhere,
}

/// Who heeds an option of a panel.
pub(crate) fn option(kind: &str, path: &str) -> Heeded {
    heeded(kind, |kind| is_in(kind.options, path))
}

/// Who heeds an option that fields have for a kind.
pub(crate) fn custom(kind: &str, path: &str) -> Heeded {
    heeded(kind, |kind| is_in(kind.custom, path))
}

/// Whether a standard option of fields is heeded, which all kinds do alike.
pub(crate) fn standard(path: &str) -> Heeded {
    if STANDARD.contains(&path) { Heeded::Here } else { Heeded::Nowhere }
}

fn heeded(id: &str, does: impl Fn(&Kind) -> bool) -> Heeded {
    match KINDS.iter().filter(|kind| does(kind)).map(|kind| kind.id).min_by_key(|other| *other != id) {
        Some(found) if found == id => Heeded::Here,
        Some(other) => Heeded::By(other),
        None => Heeded::Nowhere,
    }
}

fn is_in(list: &[&str], path: &str) -> bool {
    list.iter().any(|known| match known.strip_suffix(".*") {
        Some(above) => path == above || path.strip_prefix(above).is_some_and(|rest| rest.starts_with('.')),
        None => *known == path,
    })
}

/// Standard options of fields.
const STANDARD: [&str; 17] = [
    "actions",
    "color",
    "custom",
    "decimals",
    "description",
    "displayName",
    "displayNameFromDS",
    "fieldMinMax",
    "filterable",
    "links",
    "mappings",
    "max",
    "min",
    "noValue",
    "nullValueMode",
    "thresholds",
    "unit",
];

/// How overrides choose fields.
pub(crate) const MATCHERS: [&str; 21] = [
    "byName",
    "byNames",
    "byRegexp",
    "byRegex",
    "byRegexpOrNames",
    "byType",
    "byTypes",
    "numeric",
    "time",
    "firstTimeField",
    "first",
    "byFrameRefID",
    "byValue",
    "anyOf",
    "any",
    "allOf",
    "all",
    "invert",
    "anything",
    "always",
    "never",
];

/// Transformations that are done.
pub(crate) const TRANSFORMATIONS: [&str; 34] = [
    "calculateField",
    "concatenate",
    "configFromData",
    "convertFieldType",
    "extractFields",
    "filterByName",
    "filterByRefId",
    "filterByValue",
    "filterFields",
    "filterFieldsByName",
    "filterFrames",
    "formatString",
    "formatTime",
    "groupBy",
    "groupingToMatrix",
    "histogram",
    "joinByField",
    "joinByLabels",
    "labelsToFields",
    "limit",
    "merge",
    "noop",
    "order",
    "organize",
    "partitionByValues",
    "prepareTimeSeries",
    "reduce",
    "rename",
    "renameByRegex",
    "rowsToFields",
    "seriesToColumns",
    "seriesToRows",
    "sortBy",
    "transpose",
];

/// Calculations, but for the percentiles `p1` to `p99`.
const CALCULATIONS: [&str; 25] = [
    "lastNotNull",
    "last",
    "firstNotNull",
    "first",
    "min",
    "max",
    "mean",
    "median",
    "mode",
    "variance",
    "stdDev",
    "sum",
    "count",
    "range",
    "delta",
    "step",
    "diff",
    "diffperc",
    "logmin",
    "allIsZero",
    "allIsNull",
    "changeCount",
    "distinctCount",
    "uniqueValues",
    "allValues",
];

/// Whether a calculation is known.
pub(crate) fn is_calculation(id: &str) -> bool {
    let percentile = id.strip_prefix('p').and_then(|number| number.parse::<u8>().ok()).is_some_and(|number| (1..=99).contains(&number));
    percentile || CALCULATIONS.contains(&id)
}

/// What a panel keeps from older versions that has no place today.
pub(crate) struct Left {
    pub(crate) key: &'static str,
    pub(crate) severity: Severity,
    pub(crate) message: &'static str,
    pub(crate) help: Option<&'static str>,
}

/// All of it.
pub(crate) const LEFT: [Left; 8] = [
    Left { key: "timeRegions", severity: Severity::Warning, message: "regions of time are not marked", help: None },
    Left { key: "yaxis", severity: Severity::Warning, message: "the zeros of the two axes are not brought to one height", help: None },
    Left { key: "rightThresholds", severity: Severity::Warning, message: "thresholds of the right axis are not drawn", help: None },
    Left { key: "combine", severity: Severity::Warning, message: "small slices are shown each, not put together", help: None },
    Left {
        key: "prefix",
        severity: Severity::Warning,
        message: "the text before the value is not shown, since the value has a unit",
        help: Some("put it into the title"),
    },
    Left {
        key: "postfix",
        severity: Severity::Warning,
        message: "the text behind the value is not shown, since the value has a unit",
        help: Some("put it into the title"),
    },
    Left {
        key: "sort",
        severity: Severity::Warning,
        message: "rows are not sorted: the column is told by its number",
        help: Some("choose the column in the heading of the table, or write `options.sortBy`"),
    },
    Left {
        key: "alert",
        severity: Severity::Info,
        message: "the alert of the panel is not evaluated",
        help: Some("write it as an alerting rule; `phoenix check` reads rule files"),
    },
];

#[cfg(test)]
mod tests {
    use super::{KINDS, TRANSFORMATIONS};

    /// The keys of an object in TypeScript whose entries begin their lines, two spaces deep.
    fn keys<'a>(text: &'a str, begin: &str) -> Vec<&'a str> {
        let from = text.find(begin).expect("the object is there");
        let object = text[from..].split_once('\n').and_then(|(_, rest)| rest.split_once("\n};")).expect("it has an end").0;
        let lines = object.lines().filter_map(|line| line.strip_prefix("  ")).filter(|line| !line.starts_with([' ', '/', '}']));
        let mut keys: Vec<&str> = lines.map(|line| line.split([':', ',']).next().unwrap_or_default().trim_matches('\'')).collect();
        keys.sort_unstable();
        keys
    }

    #[test]
    fn the_page_shows_what_the_report_does_not_name() {
        let registry = include_str!("../../../../web/src/dashboard/panels/registry.ts");
        let mut kinds: Vec<&str> = KINDS.iter().map(|kind| kind.id).filter(|id| *id != "row").collect();
        kinds.sort_unstable();
        assert_eq!(kinds, keys(registry, "export const panelKinds"));
        let transforms = include_str!("../../../../web/src/dashboard/transform/index.ts");
        assert_eq!(TRANSFORMATIONS.to_vec(), keys(transforms, "const transforms:"));
    }
}
