//! Go's own functions where gotmpl's print values differently: it does not know our times and
//! durations, and writes floats in full where Go switches to an exponent.

use super::{Functions, argument, limited, text};
use crate::fields;
use crate::show::show;
use crate::value::{self, Kind, Value, kind};
use std::fmt::Write as _;

/// Arguments that `printf` takes.
const MAX_PRINTF_ARGUMENTS: usize = 32;

pub(super) fn functions() -> Functions {
    Functions::none()
        .with("index", fields::index)
        .with("print", |a| {
            let mut out = String::new();
            for (i, value) in a.iter().enumerate() {
                let is_text = |v: &Value| matches!(v, Value::String(_) | Value::Safe { .. });
                // As Go: a space between two operands when neither is a string.
                if i > 0 && !is_text(value) && !is_text(&a[i - 1]) {
                    out.push(' ');
                }
                out = limited(out + &printed(value)?)?;
            }
            Ok(value::string(out))
        })
        .with("println", |a| {
            let mut out = String::new();
            for (i, value) in a.iter().enumerate() {
                if i > 0 {
                    out.push(' ');
                }
                out = limited(out + &printed(value)?)?;
            }
            Ok(value::string(out + "\n"))
        })
        .with("printf", |a| printf(text(a, 0, "printf")?, &a[1..]))
        .with("html", |a| Ok(value::string(gotmpl::html_escape(&joined(a)?))))
        .with("js", |a| Ok(value::string(gotmpl::js_escape(&joined(a)?))))
        .with("urlquery", |a| Ok(value::string(gotmpl::url_encode(&joined(a)?))))
        .with("len", |a| match argument(a, 0, "len")? {
            Value::Map(fields) if !matches!(kind(fields), Kind::Plain(_)) => Err("len of a value that has no length".to_owned()),
            value => value.len().map(|n| Value::Int(n as i64)).ok_or_else(|| format!("len of type {}", value.type_name())),
        })
}

fn printed(value: &Value) -> Result<String, String> {
    if matches!(value, Value::Nil) { Ok("<nil>".to_owned()) } else { show(value) }
}

fn joined(arguments: &[Value]) -> Result<String, String> {
    arguments.iter().try_fold(String::new(), |out, value| limited(out + &printed(value)?))
}

/// gotmpl has all verbs and flags of `Sprintf`, but keeps it to itself: its own `printf` is called
/// through a template, after times became texts and `%v` of a float became `%g`, which is what Go
/// means by it.
fn printf(format: &str, arguments: &[Value]) -> Result<Value, String> {
    if arguments.len() > MAX_PRINTF_ARGUMENTS {
        return Err(format!("printf takes at most {MAX_PRINTF_ARGUMENTS} values"));
    }
    let mut values = arguments.iter().map(printable).collect::<Result<Vec<_>, _>>()?;
    let format = for_values(format, &mut values)?;
    let mut call = "{{printf .f".to_owned();
    for i in 0..values.len() {
        let _ = write!(call, " (index .a {i})");
    }
    call.push_str("}}");
    let data = value::map([("f", value::string(format)), ("a", value::list(values))]);
    let out = gotmpl::execute(&call, &data).map_err(|e| e.to_string())?;
    limited(out).map(value::string)
}

fn printable(value: &Value) -> Result<Value, String> {
    match value {
        Value::Map(fields) if !matches!(kind(fields), Kind::Plain(_)) => show(value).map(value::string),
        Value::Safe { s, .. } => Ok(Value::String(s.clone())),
        // Only looked at for its length.
        Value::List(_) | Value::Map(_) | Value::String(_) => show(value).map(|_| value.clone()),
        other => Ok(other.clone()),
    }
}

/// Replaces the verb `v` where the value is a float (by `g`), or a list or map (which become a
/// text, by `s`). A format with argument indexes or stars is left as it is.
fn for_values(format: &str, values: &mut [Value]) -> Result<String, String> {
    if format.contains(['[', '*']) {
        return Ok(format.to_owned());
    }
    let mut out = String::with_capacity(format.len());
    let mut next = 0;
    let mut letters = format.chars();
    while let Some(c) = letters.next() {
        out.push(c);
        if c != '%' {
            continue;
        }
        for c in letters.by_ref() {
            if matches!(c, '+' | '-' | '#' | ' ' | '.') || c.is_ascii_digit() {
                out.push(c);
                continue;
            }
            let mut verb = c;
            if c != '%' {
                if let (Some(value), 'v') = (values.get_mut(next), c) {
                    match value {
                        Value::Float(_) => verb = 'g',
                        Value::List(_) | Value::Map(_) => {
                            *value = value::string(show(value)?);
                            verb = 's';
                        }
                        _ => {}
                    }
                }
                next += 1;
            }
            out.push(verb);
            break;
        }
    }
    Ok(out)
}
