//! `phoenix query`: one query, answered as text or JSON.

use crate::args::Query;
use crate::client::Client;
use crate::exit::Failure;
use phoenix_model::Labels;
use serde_json::Value;

pub(crate) fn run(arguments: &Query, json: bool) -> Result<(), Failure> {
    let client = Client::new(&arguments.server.server)?;
    let answer = match &arguments.range {
        None => {
            let mut parameters = vec![("query", arguments.query.as_str()), ("language", &arguments.language)];
            parameters.extend(arguments.time.as_deref().map(|t| ("time", t)));
            client.get("/api/v1/query", &parameters)?
        }
        Some(range) => {
            let wrong = |what: &str, e: String| Failure::new(2, format!("{what}: {e}"));
            let range = phoenix_model::parse_duration(range).map_err(|e| wrong("--range", e))?;
            let step = match &arguments.step {
                Some(step) => phoenix_model::parse_duration(step).map_err(|e| wrong("--step", e))?,
                None => (range / 60).max(std::time::Duration::from_secs(1)),
            };
            let end = end_seconds(arguments.time.as_deref())?;
            let (start, end, step) = (format!("{}", end - range.as_secs_f64()), format!("{end}"), format!("{}", step.as_secs_f64()));
            client.get(
                "/api/v1/query_range",
                &[("query", &arguments.query), ("language", &arguments.language), ("start", &start), ("end", &end), ("step", &step)],
            )?
        }
    };
    if json {
        println!("{answer}");
        return Ok(());
    }
    for (kind, list) in [("warning", "warnings"), ("info", "infos")] {
        for text in answer[list].as_array().into_iter().flatten().filter_map(Value::as_str) {
            eprintln!("{kind}: {text}");
        }
    }
    print!("{}", render(&answer["data"]));
    Ok(())
}

fn end_seconds(time: Option<&str>) -> Result<f64, Failure> {
    match time {
        None => Ok(phoenix_env::RealClock::shared().now_ms() as f64 / 1000.0),
        Some(text) => text
            .parse::<f64>()
            .ok()
            .or_else(|| text.parse::<jiff::Timestamp>().ok().map(|t| t.as_millisecond() as f64 / 1000.0))
            .ok_or_else(|| Failure::new(2, format!("--time: `{text}` is neither RFC 3339 nor seconds since the epoch"))),
    }
}

fn render(data: &Value) -> String {
    let mut out = String::new();
    let pair = |value: &Value| match value[1].as_str() {
        Some(number) => format!("{number} @{}", value[0]),
        None => format!("{} @{}", histogram(&value[1]), value[0]),
    };
    match &data["result"] {
        Value::Array(series) if data["resultType"] == "vector" || data["resultType"] == "matrix" => {
            if series.is_empty() {
                return "(no result: no series matches, or none has a recent sample)\n".to_owned();
            }
            for element in series {
                let labels: Labels = serde_json::from_value(element["metric"].clone()).unwrap_or_default();
                if let Some(single) = [&element["value"], &element["histogram"]].into_iter().find(|value| value.is_array()) {
                    out.push_str(&format!("{labels} => {}\n", pair(single)));
                } else {
                    out.push_str(&format!("{labels} =>\n"));
                    // A series may have both, but only one of them at a time.
                    let all = ["values", "histograms"].into_iter().filter_map(|key| element[key].as_array()).flatten();
                    let mut all: Vec<&Value> = all.collect();
                    all.sort_by(|a, b| a[0].as_f64().unwrap_or(0.0).total_cmp(&b[0].as_f64().unwrap_or(0.0)));
                    for value in all {
                        out.push_str(&format!("  {}\n", pair(value)));
                    }
                }
            }
        }
        single => out.push_str(&format!("{}\n", pair(single))),
    }
    out
}

/// A native histogram in one line, as Prometheus writes it.
fn histogram(of: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or("").to_owned();
    let mut out = format!("{{count:{}, sum:{}", text(&of["count"]), text(&of["sum"]));
    for bucket in of["buckets"].as_array().into_iter().flatten() {
        let open = if matches!(bucket[0].as_u64(), Some(1 | 3)) { '[' } else { '(' };
        let close = if matches!(bucket[0].as_u64(), Some(0 | 3)) { ']' } else { ')' };
        out.push_str(&format!(", {open}{},{}{close}:{}", text(&bucket[1]), text(&bucket[2]), text(&bucket[3])));
    }
    out.push('}');
    out
}

#[cfg(test)]
mod tests {
    use super::render;
    use serde_json::json;

    #[test]
    fn answers_as_text() {
        insta::assert_snapshot!(render(&json!({"resultType": "vector", "result": [{"metric": {"__name__": "up", "job": "a"}, "value": [1.5, "1"]}]})), @r#"up{job="a"} => 1 @1.5"#);
        insta::assert_snapshot!(render(&json!({"resultType": "scalar", "result": [1, "2"]})), @"2 @1");
        insta::assert_snapshot!(render(&json!({"resultType": "vector", "result": []})), @"(no result: no series matches, or none has a recent sample)");
        let histogram = json!({"count": "7", "sum": "9.5", "buckets": [[1, "-2", "-1", "1"], [3, "-0.5", "0.5", "2"], [0, "1", "2", "4"]]});
        insta::assert_snapshot!(render(&json!({"resultType": "vector", "result": [{"metric": {}, "histogram": [1.5, histogram]}]})), @"{} => {count:7, sum:9.5, [-2,-1):1, [-0.5,0.5]:2, (1,2]:4} @1.5");
        insta::assert_snapshot!(render(&json!({"resultType": "matrix", "result": [{"metric": {}, "values": [[1, "2"], [3, "4"]], "histograms": [[2, {"count": "0", "sum": "0"}]]}]})), @r"
        {} =>
          2 @1
          {count:0, sum:0} @2
          4 @3
        ");
        insta::assert_snapshot!(render(&json!({"resultType": "matrix", "result": [{"metric": {}, "values": [[1, "2"], [2, "3"]]}]})), @r"
        {} =>
          2 @1
          3 @2
        ");
    }
}
