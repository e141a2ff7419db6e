//! How values are printed: as Go's `%v`.

use crate::number::format_float;
use crate::time::format_go_duration;
use crate::value::{Kind, OBJECT, Value, kind};

/// Bytes that one value may take when written out.
pub(crate) const MAX_VALUE_BYTES: usize = 1024 * 1024;

/// The text of a value. Fails when it would be longer than [`MAX_VALUE_BYTES`].
pub(crate) fn show(value: &Value) -> Result<String, String> {
    let mut out = String::new();
    write(value, &mut out, 0)?;
    Ok(out)
}

fn write(value: &Value, out: &mut String, depth: usize) -> Result<(), String> {
    match value {
        Value::Nil => out.push_str(if depth == 0 { "<no value>" } else { "<nil>" }),
        Value::Float(number) => out.push_str(&format_float(*number, None)),
        Value::String(text) | Value::Safe { s: text, .. } => out.push_str(text),
        Value::List(items) => {
            out.push('[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    out.push(' ');
                }
                write(item, out, nested(depth)?)?;
            }
            out.push(']');
        }
        Value::Map(fields) => match kind(fields) {
            Kind::Time(moment) => out.push_str(&moment.to_string()),
            Kind::Duration(nanoseconds) => out.push_str(&format_go_duration(nanoseconds)),
            Kind::Object(_, fields) => {
                out.push('{');
                let mut first = true;
                for (_, field) in fields.iter().filter(|(name, field)| &***name != OBJECT && !field.is_function()) {
                    if !first {
                        out.push(' ');
                    }
                    first = false;
                    write(field, out, nested(depth)?)?;
                }
                out.push('}');
            }
            Kind::Plain(fields) => {
                out.push_str("map[");
                for (i, (name, field)) in fields.iter().enumerate() {
                    if i > 0 {
                        out.push(' ');
                    }
                    out.push_str(name);
                    out.push(':');
                    write(field, out, nested(depth)?)?;
                }
                out.push(']');
            }
        },
        other => out.push_str(&other.to_string()),
    }
    if out.len() > MAX_VALUE_BYTES {
        return Err(format!("a value is longer than {MAX_VALUE_BYTES} bytes"));
    }
    Ok(())
}

fn nested(depth: usize) -> Result<usize, String> {
    if depth >= 64 { Err("a value is nested more than 64 levels deep".to_owned()) } else { Ok(depth + 1) }
}
