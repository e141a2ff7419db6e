//! Prometheus' functions, as its template reference lists them.

use super::{Functions, argument, of_number, of_text, shared, text};
use crate::number::{humanize, humanize_1024, humanize_percentage, humanize_timestamp};
use crate::text::{query_escape, strip_domain, strip_port, title_keep};
use crate::value::{self, Value};

pub(super) fn functions(external_url: &str) -> Functions {
    let url = external_url.to_owned();
    let path = url::Url::parse(external_url).map(|u| u.path().trim_end_matches('/').to_owned()).unwrap_or_default();
    shared()
        .with("humanize", of_number("humanize", |v| Ok(value::string(humanize(v)))))
        .with("humanize1024", of_number("humanize1024", |v| Ok(value::string(humanize_1024(v)))))
        .with("humanizePercentage", of_number("humanizePercentage", |v| Ok(value::string(humanize_percentage(v)))))
        .with("humanizeTimestamp", of_number("humanizeTimestamp", |v| humanize_timestamp(v).map(value::string)))
        .with("toTime", of_number("toTime", |v| crate::time::GoTime::from_seconds(v).map(|t| value::time(t.ms()))))
        .with("toDuration", of_number("toDuration", |v| Ok(value::duration_ns((v * 1e9) as i64))))
        .with("parseDuration", |a| {
            let text = text(a, 0, "parseDuration")?;
            let duration = phoenix_model::parse_duration(text).map_err(|why| format!("not a valid duration string: {text:?}: {why}"))?;
            Ok(Value::Float(duration.as_secs_f64()))
        })
        .with("title", of_text("title", |t| Ok(title_keep(t))))
        .with("graphLink", of_text("graphLink", |e| Ok(format!("/graph?g0.expr={}&g0.tab=0", query_escape(e)))))
        .with("tableLink", of_text("tableLink", |e| Ok(format!("/graph?g0.expr={}&g0.tab=1", query_escape(e)))))
        .with("stripPort", of_text("stripPort", |host| Ok(strip_port(host).to_owned())))
        .with("stripDomain", of_text("stripDomain", |host| Ok(strip_domain(host))))
        .with("externalURL", move |_| Ok(value::string(url.as_str())))
        .with("pathPrefix", move |_| Ok(value::string(path.as_str())))
        .with("args", |a| Ok(value::map(a.iter().enumerate().map(|(i, argument)| (format!("arg{i}"), argument.clone())))))
        .with("first", |a| match argument(a, 0, "first")? {
            Value::List(samples) => samples.first().cloned().ok_or_else(|| "first() called on vector with no elements".to_owned()),
            other => Err(format!("first takes the result of query, not a {}", other.type_name())),
        })
        .with("label", |a| Ok(value::string(label_of(argument(a, 1, "label")?, text(a, 0, "label")?)?)))
        .with("strvalue", |a| Ok(value::string(label_of(argument(a, 0, "strvalue")?, "__value__")?)))
        .with("value", |a| {
            argument(a, 0, "value")?.field("Value").cloned().ok_or_else(|| "value takes a sample of a query's result".to_owned())
        })
        .with("sortByLabel", |a| {
            let label = text(a, 0, "sortByLabel")?;
            let Value::List(samples) = argument(a, 1, "sortByLabel")? else {
                return Err("sortByLabel takes the result of query".to_owned());
            };
            let mut keyed = samples.iter().map(|s| Ok((label_of(s, label)?, s.clone()))).collect::<Result<Vec<_>, String>>()?;
            keyed.sort_by(|a, b| a.0.cmp(&b.0));
            Ok(value::list(keyed.into_iter().map(|(_, sample)| sample)))
        })
        .with("now", |_| Err("now is not available here".to_owned()))
        .with("query", |_| Err("query is not available here".to_owned()))
}

/// A label of a sample; the empty string when it has none of that name.
fn label_of(sample: &Value, name: &str) -> Result<String, String> {
    match sample.field("Labels") {
        Some(labels) => Ok(labels.field(name).and_then(Value::as_str).unwrap_or("").to_owned()),
        None => Err(format!("a {} is not a sample of a query's result", sample.type_name())),
    }
}
