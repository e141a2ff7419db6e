//! The expressions that both are asked, and the differences that are known, each with its reason.

/// Whether a difference concerns an expression.
type Concerns = fn(&str) -> bool;

/// Differences between Prometheus 2.42 and Phoenix (which follows Prometheus 3): (whether the
/// expression is concerned, reason). Listed in docs/reference/promql-differences.md.
const EXPLAINED: &[(Concerns, &str)] = &[
    (
        |e| e.contains("rate(") || e.contains("increase("),
        "rate and increase: where a counter would reach zero within the extrapolation, 2.42 compares before and Prometheus 3 after the gap was cut to half an interval",
    ),
    (|e| e.contains("atan2"), "atan2 drops the metric name, which 2.42 forgot"),
    (|e| e.starts_with("holt_winters"), "holt_winters is double_exponential_smoothing in Prometheus 3"),
    (|e| e.starts_with("count_values") && e.contains("not-a-label"), "names of labels may be any UTF-8 in Prometheus 3"),
    (
        |e| e.ends_with("(odd_values)") && DATES.iter().any(|date| e.starts_with(date)),
        "parts of a date of NaN or an infinity: NaN here, whatever the processor makes of it there",
    ),
    (|e| e.contains("topk(3, odd_values)"), "which of equal values topk keeps is open"),
];

const DATES: [&str; 8] = ["minute", "hour", "day_of_week", "day_of_month", "day_of_year", "days_in_month", "month", "year"];

/// The reason why an expression may give something else, if it may.
pub fn explained(expression: &str) -> Option<&'static str> {
    EXPLAINED.iter().find(|(concerns, _)| concerns(expression)).map(|(_, reason)| *reason)
}

/// Whether the order of an instant answer is part of it.
pub fn is_ordered(expression: &str) -> bool {
    expression.starts_with("sort") || expression.starts_with("topk") || expression.starts_with("bottomk")
}

/// All of them: the hand-written ones, and each function and operator over each kind of data.
pub fn all() -> Vec<String> {
    let mut all: Vec<String> = HAND_WRITTEN.iter().map(|e| (*e).to_owned()).collect();
    for function in ["rate", "increase", "irate", "idelta", "delta", "resets", "changes", "deriv"] {
        for selector in
            ["http_requests_total", "http_requests_total{code=\"500\"}", "temperature_celsius", "odd_values", "latency_seconds_sum"]
        {
            for range in ["1m", "5m"] {
                all.push(format!("{function}({selector}[{range}])"));
            }
        }
    }
    for function in ["avg", "min", "max", "sum", "count", "stddev", "stdvar", "last", "present", "absent"] {
        for selector in ["http_requests_total{code=\"404\"}", "temperature_celsius", "odd_values", "nothing_here"] {
            all.push(format!("{function}_over_time({selector}[4m])"));
        }
    }
    for quantile in ["0", "0.5", "0.99", "1", "-1", "2", "NaN"] {
        all.push(format!("quantile_over_time({quantile}, temperature_celsius[10m])"));
        all.push(format!("quantile({quantile}, temperature_celsius)"));
        all.push(format!("histogram_quantile({quantile}, sum by (le) (rate(latency_seconds_bucket[5m])))"));
    }
    for function in [
        "abs",
        "ceil",
        "floor",
        "exp",
        "ln",
        "log2",
        "log10",
        "sqrt",
        "sgn",
        "round",
        "sin",
        "cos",
        "tan",
        "asin",
        "acos",
        "atan",
        "sinh",
        "cosh",
        "tanh",
        "asinh",
        "acosh",
        "atanh",
        "deg",
        "rad",
        "timestamp",
        "minute",
        "hour",
        "day_of_week",
        "day_of_month",
        "day_of_year",
        "days_in_month",
        "month",
        "year",
        "sort",
        "sort_desc",
        "absent",
        "scalar",
    ] {
        for selector in ["temperature_celsius", "odd_values"] {
            all.push(format!("{function}({selector})"));
        }
    }
    for aggregation in ["sum", "avg", "min", "max", "count", "group", "stddev", "stdvar"] {
        for grouping in ["", " by (job)", " without (instance)", " by (code, nothing)", " without ()"] {
            all.push(format!("{aggregation}{grouping} (http_requests_total)"));
        }
        all.push(format!("{aggregation} by (job) (odd_values)"));
    }
    for operator in ["+", "-", "*", "/", "%", "^", "atan2", "==", "!=", "<", ">", "<=", ">=", "== bool", "!= bool", "< bool", ">= bool"] {
        all.push(format!("temperature_celsius {operator} limit"));
        all.push(format!("temperature_celsius {operator} 20.5"));
        all.push(format!("20.5 {operator} temperature_celsius"));
        all.push(format!("odd_values {operator} on (instance, job) odd_values"));
    }
    for operator in ["and", "or", "unless"] {
        all.push(format!("temperature_celsius {operator} limit"));
        all.push(format!("http_requests_total {operator} on (instance) temperature_celsius"));
        all.push(format!("temperature_celsius{{job=\"api\"}} {operator} ignoring (job) limit{{job=\"web\"}}"));
    }
    all
}

const HAND_WRITTEN: &[&str] = &[
    "1",
    "-1 ^ 2",
    "2 ^ 3 ^ 2",
    "1 / 0",
    "0 / 0",
    "5 % -3",
    "-5 % 3",
    "1 == bool 1",
    "\"text\"",
    "time()",
    "pi()",
    "vector(3)",
    "vector(time())",
    "scalar(vector(3))",
    "minute()",
    "hour()",
    "http_requests_total",
    "http_requests_total{code!=\"200\"}",
    "http_requests_total{code=~\"4..|5..\"}",
    "http_requests_total{code!~\"2.*\"}",
    "http_requests_total{nothing=\"\"}",
    "http_requests_total{job=~\"a.i\",instance!=\"a:1\"}",
    "{__name__=~\"temperature.*\"}",
    "{job=\"web\",__name__!~\"latency.*|http.*\"}",
    "http_requests_total offset 10m",
    "http_requests_total offset -10m",
    "rate(http_requests_total[5m] offset 7m)",
    "sum(rate(http_requests_total[5m])) / sum(rate(http_requests_total[5m] offset 15m))",
    "temperature_celsius @ start()",
    "temperature_celsius @ end()",
    "rate(http_requests_total[5m] @ end())",
    "sum_over_time(temperature_celsius[10m] @ start())",
    "temperature_celsius - temperature_celsius @ start()",
    "sum by (job) (rate(http_requests_total[5m]))",
    "sum without (code, instance) (rate(http_requests_total[5m]))",
    "sum(rate(http_requests_total{code=~\"5..\"}[5m])) by (job) / sum(rate(http_requests_total[5m])) by (job)",
    "sum by (job, code) (increase(http_requests_total[30m]))",
    "topk(2, temperature_celsius)",
    "topk(1, http_requests_total) by (job)",
    "topk by (code) (2, http_requests_total)",
    "bottomk(3, http_requests_total)",
    "bottomk by (job) (1, temperature_celsius)",
    "topk(0, temperature_celsius)",
    "topk(100, temperature_celsius)",
    "topk(3, odd_values)",
    "count_values(\"value\", limit)",
    "count_values by (job) (\"value\", limit)",
    "quantile by (job) (0.9, http_requests_total)",
    "count(http_requests_total) by (job, instance)",
    "sort(http_requests_total)",
    "sort_desc(http_requests_total)",
    "sort(sum by (code) (http_requests_total))",
    "histogram_quantile(0.9, latency_seconds_bucket)",
    "histogram_quantile(0.9, rate(latency_seconds_bucket[5m]))",
    "histogram_quantile(0.5, sum by (job, le) (rate(latency_seconds_bucket[10m])))",
    "histogram_quantile(0.99, sum without (instance) (latency_seconds_bucket))",
    "histogram_quantile(0.9, latency_seconds_bucket{le!=\"+Inf\"})",
    "histogram_quantile(0.9, latency_seconds_bucket{le=\"+Inf\"})",
    "histogram_quantile(0.9, temperature_celsius)",
    "rate(latency_seconds_sum[5m]) / rate(latency_seconds_count[5m])",
    "predict_linear(temperature_celsius[15m], 3600)",
    "predict_linear(temperature_celsius[15m], -60)",
    "holt_winters(temperature_celsius[10m], 0.3, 0.6)",
    "clamp(temperature_celsius, 19, 21)",
    "clamp(temperature_celsius, 21, 19)",
    "clamp_min(odd_values, 0)",
    "clamp_max(odd_values, 0)",
    "round(temperature_celsius, 0.5)",
    "round(temperature_celsius, 5)",
    "label_replace(temperature_celsius, \"host\", \"$1\", \"instance\", \"(.*):.*\")",
    "label_replace(temperature_celsius, \"job\", \"\", \"job\", \".*\")",
    "label_replace(temperature_celsius, \"host\", \"x-$2-${1}\", \"instance\", \"(.*):(.*)\")",
    "label_replace(temperature_celsius, \"host\", \"x\", \"instance\", \"nomatch\")",
    "label_join(temperature_celsius, \"both\", \"-\", \"job\", \"instance\")",
    "label_join(temperature_celsius, \"both\", \"\", \"nothing\")",
    "absent(nothing_here)",
    "absent(nothing_here{job=\"x\",instance=~\"y\"})",
    "absent(sum(nothing_here))",
    "absent_over_time(nothing_here{job=\"x\"}[5m])",
    "absent_over_time(temperature_celsius{instance=\"b:1\"}[1m])",
    "max_over_time(rate(http_requests_total[2m])[10m:1m])",
    "avg_over_time(sum by (job) (rate(http_requests_total[2m]))[15m:2m])",
    "min_over_time(temperature_celsius[20m:3m])",
    "sum_over_time((temperature_celsius > 20)[10m:30s])",
    "rate(sum by (job) (http_requests_total)[10m:1m])",
    "max_over_time(temperature_celsius[10m:1m] offset 5m)",
    "max_over_time(temperature_celsius[10m:1m] @ end())",
    "quantile_over_time(0.5, rate(http_requests_total[1m])[10m:1m])",
    "last_over_time(temperature_celsius[30m])",
    "count_over_time(temperature_celsius[10m])",
    "changes(limit[10m])",
    "stddev_over_time(limit[10m])",
    "temperature_celsius > 20",
    "temperature_celsius > bool 20",
    "temperature_celsius > limit",
    "20 < temperature_celsius",
    "temperature_celsius > on (instance) limit",
    "http_requests_total / on (instance) group_left limit",
    "http_requests_total * on (instance, job) group_left limit",
    "http_requests_total * ignoring (code) group_left limit",
    "limit * on (instance) group_right http_requests_total",
    "http_requests_total * on (job) group_left (version, os) build_info{os=\"linux\"}",
    "build_info{os=\"linux\"} * on (job) group_right (version) temperature_celsius{job=\"api\"}",
    "http_requests_total * on (job) group_left build_info",
    "http_requests_total * on (job) build_info",
    "temperature_celsius + on (job) limit",
    "http_requests_total and on (instance) temperature_celsius > 20",
    "http_requests_total unless on (instance, job) (temperature_celsius > 20)",
    "temperature_celsius or on (instance) limit",
    "vector(1) or temperature_celsius",
    "temperature_celsius and vector(1)",
    "temperature_celsius and on () vector(1)",
    "temperature_celsius * on () group_left vector(2)",
    "-temperature_celsius",
    "+temperature_celsius",
    "- - temperature_celsius",
    "-http_requests_total ^ 2",
    "temperature_celsius * 2 + 1",
    "(temperature_celsius + 1) * 2",
    "temperature_celsius % 3",
    "1 - temperature_celsius / 100",
    "temperature_celsius == temperature_celsius",
    "odd_values == odd_values",
    "odd_values != odd_values",
    "odd_values * 0",
    "sum(odd_values)",
    "avg(odd_values)",
    "max(odd_values)",
    "min(odd_values)",
    "stddev(odd_values)",
    "sum(temperature_celsius) + sum(limit)",
    "sum(http_requests_total{job=\"api\"}) or vector(0)",
    "sum(nothing_here) or vector(0)",
    "count(nothing_here)",
    "sum(sum by (job) (http_requests_total))",
    "max by (job) (max_over_time(temperature_celsius[5m])) - min by (job) (min_over_time(temperature_celsius[5m]))",
    "avg by (job) (rate(http_requests_total[5m])) > 0.5",
    "sum(rate(http_requests_total[5m])) by (code) > ignoring (code) group_left sum(rate(http_requests_total{code=\"500\"}[5m]))",
    "timestamp(temperature_celsius)",
    "timestamp(temperature_celsius offset 5m)",
    "timestamp(temperature_celsius + 0)",
    "time() - timestamp(temperature_celsius)",
    "year(vector(1136239445))",
    "days_in_month(vector(1454284800))",
    "day_of_week(vector(1136239445))",
    "rate(http_requests_total[10s])",
    "rate(http_requests_total[20s])",
    "irate(http_requests_total[20s])",
    "increase(http_requests_total[1h])",
    "rate(temperature_celsius{instance=\"b:1\"}[10m])",
    "delta(temperature_celsius{instance=\"b:1\"}[30m])",
    "temperature_celsius{instance=\"b:1\"}",
    "temperature_celsius{instance=\"d:1\"}",
    "count_over_time(temperature_celsius{instance=\"d:1\"}[5m])",
    "http_requests_total[1m]",
    "temperature_celsius{instance=\"a:1\"}[2m] offset 3m",
    "rate(http_requests_total[1m])[5m:1m]",
    "0x1F + 1e3",
    "1 + 2 * 3 - 4 / 5",
    "(1 < bool 2) + (2 < bool 1)",
    "Inf - Inf",
    "-Inf",
    "http_requests_total{code=\"200\"} > on (instance) group_left () (http_requests_total{code=\"404\"} + 1000)",
    // Wrong ones: both have to refuse them in the same way.
    "sum(",
    "http_requests_total{",
    "rate(http_requests_total)",
    "rate(http_requests_total[5m]",
    "http_requests_total[5m] + 1",
    "sum by (job) (\"text\")",
    "unknown_function(http_requests_total)",
    "{}",
    "{job=~\".*\"}",
    "http_requests_total{code=~\"(\"}",
    "1 and 2",
    "temperature_celsius bool > 1",
    "1 == 1",
    "topk(http_requests_total, 1)",
    "vector(http_requests_total)",
    "http_requests_total offset",
    "http_requests_total[5m:]",
    "max_over_time(http_requests_total[5m:0s])",
    "label_replace(temperature_celsius, \"\", \"x\", \"instance\", \"(.*)\")",
    "label_replace(temperature_celsius, \"x\", \"y\", \"instance\", \"(\")",
    "count_values(\"not-a-label\", limit)",
    "http_requests_total * on (instance) limit",
    "sum(http_requests_total) by (job",
    "temperature_celsius @ nothing",
];
