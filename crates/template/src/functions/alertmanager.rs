//! Alertmanager's functions, as its notification reference lists them.

use super::{Functions, argument, limited, of_text, shared, text};
use crate::show::show;
use crate::text::{query_unescape, title_lower};
use crate::time::GoTime;
use crate::value::{self, Kind, Value, kind};

pub(super) fn functions(now_ms: impl Fn() -> i64 + Send + Sync + 'static) -> Functions {
    shared()
        .with("title", of_text("title", |t| Ok(title_lower(t))))
        .with("trimSpace", of_text("trimSpace", |t| Ok(t.trim().to_owned())))
        .with("join", |a| {
            let separator = text(a, 0, "join")?;
            let Value::List(items) = argument(a, 1, "join")? else {
                return Err("join takes a separator and a list of strings".to_owned());
            };
            let mut out = String::new();
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    out.push_str(separator);
                }
                out = limited(out + &show(item)?)?;
            }
            Ok(value::string(out))
        })
        .with("safeUrl", |a| Ok(Value::Safe { kind: gotmpl::SafeKind::Url, s: text(a, 0, "safeUrl")?.into() }))
        .with("urlUnescape", of_text("urlUnescape", query_unescape))
        .with("stringSlice", |a| Ok(value::list(a.iter().cloned())))
        .with("list", |a| Ok(value::list(a.iter().cloned())))
        .with("append", |a| match a {
            [Value::List(items), rest @ ..] => Ok(value::list(items.iter().chain(rest).cloned())),
            _ => Err("append takes a list and what to put behind it".to_owned()),
        })
        .with("dict", |a| {
            if a.len() % 2 != 0 {
                return Err("dict takes names and values in turn, so an even number of arguments".to_owned());
            }
            let pairs = a.chunks_exact(2).map(|pair| match &pair[0] {
                // A name that begins with NUL could pass for an object.
                Value::String(name) if !name.starts_with('\0') => Ok((name.clone(), pair[1].clone())),
                _ => Err("dict takes strings as names".to_owned()),
            });
            Ok(value::map(pairs.collect::<Result<Vec<_>, String>>()?))
        })
        .with("date", |a| Ok(value::string(limited(time(argument(a, 1, "date")?, "date")?.format(text(a, 0, "date")?))?)))
        .with("tz", |a| {
            let (zone, moment) = (text(a, 0, "tz")?, time(argument(a, 1, "tz")?, "tz")?);
            GoTime::new(moment.ms(), zone)?;
            Ok(value::time_in(moment.ms(), zone))
        })
        .with("since", move |a| Ok(value::duration(now_ms().saturating_sub(time(argument(a, 0, "since")?, "since")?.ms()))))
}

fn time(value: &Value, name: &str) -> Result<GoTime, String> {
    match value {
        Value::Map(fields) => match kind(fields) {
            Kind::Time(moment) => Ok(moment),
            _ => Err(format!("{name} takes a time such as .StartsAt")),
        },
        other => Err(format!("{name} takes a time such as .StartsAt, not a {}", other.type_name())),
    }
}
