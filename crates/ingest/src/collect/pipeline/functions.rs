//! What the templates of `template` and `replace` may call: Promtail's functions, and those of sprig that
//! are in common use on texts and numbers.

use phoenix_template::{Functions, Value, value};
use sha2::Sha256;
use sha3::{Digest, Sha3_256};
use std::borrow::Cow;

/// Bytes that a function may give.
const RESULT_LIMIT_BYTES: usize = 1 << 20;

/// All functions.
pub(super) fn all() -> Functions {
    let functions = Functions::go();
    let functions = texts(functions);
    let functions = regexes(functions);
    let functions = numbers(functions);
    choices(functions)
}

/// An argument as text; numbers and truth values as they are written.
fn text<'a>(arguments: &'a [Value], at: usize, name: &str) -> Result<Cow<'a, str>, String> {
    match arguments.get(at) {
        Some(Value::String(text) | Value::Safe { s: text, .. }) => Ok(Cow::Borrowed(text)),
        Some(Value::Int(number)) => Ok(Cow::Owned(number.to_string())),
        Some(Value::Float(number)) => Ok(Cow::Owned(number.to_string())),
        Some(Value::Bool(flag)) => Ok(Cow::Owned(flag.to_string())),
        Some(Value::Nil) => Err(format!("argument {} of {name} has no value", at + 1)),
        Some(other) => Err(format!("wrong type for argument {} of {name}: want string, got {}", at + 1, other.type_name())),
        None => Err(format!("wrong number of args for {name}: want at least {} got {}", at + 1, arguments.len())),
    }
}

/// An argument as a whole number; texts are read, and 0 when they are none, as sprig does.
fn whole(arguments: &[Value], at: usize, name: &str) -> Result<i64, String> {
    match arguments.get(at) {
        Some(Value::Int(number)) => Ok(*number),
        Some(Value::Float(number)) => Ok(*number as i64),
        Some(Value::Bool(flag)) => Ok(i64::from(*flag)),
        Some(Value::String(text)) => Ok(text.trim().parse().unwrap_or(0)),
        Some(_) => Ok(0),
        None => Err(format!("wrong number of args for {name}: want at least {} got {}", at + 1, arguments.len())),
    }
}

fn given(text: String) -> Result<Value, String> {
    if text.len() > RESULT_LIMIT_BYTES {
        return Err(format!("the text has {} bytes, the limit is {RESULT_LIMIT_BYTES}", text.len()));
    }
    Ok(value::string(text))
}

fn texts(functions: Functions) -> Functions {
    let any_of = |set: &str| {
        let set: Vec<char> = set.chars().collect();
        move |c: char| set.contains(&c)
    };
    functions
        .with("ToLower", |a| given(text(a, 0, "ToLower")?.to_lowercase()))
        .with("lower", |a| given(text(a, 0, "lower")?.to_lowercase()))
        .with("ToUpper", |a| given(text(a, 0, "ToUpper")?.to_uppercase()))
        .with("upper", |a| given(text(a, 0, "upper")?.to_uppercase()))
        .with("Replace", |a| {
            let (input, old, new) = (text(a, 0, "Replace")?, text(a, 1, "Replace")?, text(a, 2, "Replace")?);
            let count = whole(a, 3, "Replace")?;
            given(usize::try_from(count).map_or_else(|_| input.replace(&*old, &new), |count| input.replacen(&*old, &new, count)))
        })
        .with("replace", |a| given(text(a, 2, "replace")?.replace(&*text(a, 0, "replace")?, &text(a, 1, "replace")?)))
        .with("Trim", move |a| given(text(a, 0, "Trim")?.trim_matches(any_of(&text(a, 1, "Trim")?)).to_owned()))
        .with("TrimLeft", move |a| given(text(a, 0, "TrimLeft")?.trim_start_matches(any_of(&text(a, 1, "TrimLeft")?)).to_owned()))
        .with("TrimRight", move |a| given(text(a, 0, "TrimRight")?.trim_end_matches(any_of(&text(a, 1, "TrimRight")?)).to_owned()))
        .with("TrimPrefix", |a| {
            let input = text(a, 0, "TrimPrefix")?;
            given(input.strip_prefix(&*text(a, 1, "TrimPrefix")?).unwrap_or(&input).to_owned())
        })
        .with("TrimSuffix", |a| {
            let input = text(a, 0, "TrimSuffix")?;
            given(input.strip_suffix(&*text(a, 1, "TrimSuffix")?).unwrap_or(&input).to_owned())
        })
        .with("TrimSpace", |a| given(text(a, 0, "TrimSpace")?.trim().to_owned()))
        .with("trim", |a| given(text(a, 0, "trim")?.trim().to_owned()))
        .with("trimAll", move |a| given(text(a, 1, "trimAll")?.trim_matches(any_of(&text(a, 0, "trimAll")?)).to_owned()))
        .with("trimPrefix", |a| {
            let input = text(a, 1, "trimPrefix")?;
            given(input.strip_prefix(&*text(a, 0, "trimPrefix")?).unwrap_or(&input).to_owned())
        })
        .with("trimSuffix", |a| {
            let input = text(a, 1, "trimSuffix")?;
            given(input.strip_suffix(&*text(a, 0, "trimSuffix")?).unwrap_or(&input).to_owned())
        })
        .with("substr", |a| {
            let (start, end) = (whole(a, 0, "substr")?, whole(a, 1, "substr")?);
            let input = text(a, 2, "substr")?;
            let start = input.floor_char_boundary(usize::try_from(start).unwrap_or(0));
            let end = usize::try_from(end).map_or(input.len(), |end| input.floor_char_boundary(end));
            given(input.get(start..end).unwrap_or("").to_owned())
        })
        .with("trunc", |a| {
            let (count, input) = (whole(a, 0, "trunc")?, text(a, 1, "trunc")?);
            let size = usize::try_from(count.unsigned_abs()).unwrap_or(usize::MAX);
            let skipped = input.len().saturating_sub(size);
            given(if count < 0 {
                input[input.ceil_char_boundary(skipped)..].to_owned()
            } else {
                input[..input.floor_char_boundary(size)].to_owned()
            })
        })
        .with("nospace", |a| given(text(a, 0, "nospace")?.split_whitespace().collect()))
        .with("repeat", |a| {
            let (count, input) = (whole(a, 0, "repeat")?, text(a, 1, "repeat")?);
            let count = usize::try_from(count).unwrap_or(0);
            if count.saturating_mul(input.len()) > RESULT_LIMIT_BYTES {
                return Err(format!("repeat gives more than {RESULT_LIMIT_BYTES} bytes"));
            }
            given(input.repeat(count))
        })
        .with("contains", |a| Ok(Value::Bool(text(a, 1, "contains")?.contains(&*text(a, 0, "contains")?))))
        .with("hasPrefix", |a| Ok(Value::Bool(text(a, 1, "hasPrefix")?.starts_with(&*text(a, 0, "hasPrefix")?))))
        .with("hasSuffix", |a| Ok(Value::Bool(text(a, 1, "hasSuffix")?.ends_with(&*text(a, 0, "hasSuffix")?))))
        .with("quote", |a| given(format!("{:?}", text(a, 0, "quote")?)))
        .with("squote", |a| given(format!("'{}'", text(a, 0, "squote")?)))
        .with("toString", |a| given(text(a, 0, "toString")?.into_owned()))
        .with("Hash", |a| {
            let salted = text(a, 0, "Hash")?.into_owned() + &text(a, 1, "Hash")?;
            given(hex(&Sha3_256::digest(salted.as_bytes())))
        })
        .with("Sha2Hash", |a| {
            let salted = text(a, 0, "Sha2Hash")?.into_owned() + &text(a, 1, "Sha2Hash")?;
            given(hex(&Sha256::digest(salted.as_bytes())))
        })
        .with("sha256sum", |a| given(hex(&Sha256::digest(text(a, 0, "sha256sum")?.as_bytes()))))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn regexes(functions: Functions) -> Functions {
    functions
        .with("regexReplaceAll", |a| {
            let regex = super::values::compile(&text(a, 0, "regexReplaceAll")?)?;
            given(regex.replace_all(&text(a, 1, "regexReplaceAll")?, &*text(a, 2, "regexReplaceAll")?).into_owned())
        })
        .with("regexReplaceAllLiteral", |a| {
            let regex = super::values::compile(&text(a, 0, "regexReplaceAllLiteral")?)?;
            let (input, new) = (text(a, 1, "regexReplaceAllLiteral")?, text(a, 2, "regexReplaceAllLiteral")?);
            given(regex.replace_all(&input, regex::NoExpand(&new)).into_owned())
        })
        .with("regexMatch", |a| {
            let regex = super::values::compile(&text(a, 0, "regexMatch")?)?;
            Ok(Value::Bool(regex.is_match(&text(a, 1, "regexMatch")?)))
        })
        .with("regexFind", |a| {
            let regex = super::values::compile(&text(a, 0, "regexFind")?)?;
            let input = text(a, 1, "regexFind")?;
            given(regex.find(&input).map_or_else(String::new, |found| found.as_str().to_owned()))
        })
}

fn numbers(functions: Functions) -> Functions {
    fn fold(name: &'static str, arguments: &[Value], step: impl Fn(i64, i64) -> i64) -> Result<Value, String> {
        let first = whole(arguments, 0, name)?;
        (1..arguments.len()).try_fold(first, |sum, at| Ok(step(sum, whole(arguments, at, name)?))).map(Value::Int)
    }
    fn divided(name: &'static str, a: &[Value], step: impl Fn(i64, i64) -> i64) -> Result<Value, String> {
        match whole(a, 1, name)? {
            0 => Err(format!("{name} by zero")),
            by => Ok(Value::Int(step(whole(a, 0, name)?, by))),
        }
    }
    functions
        .with("add", |a| fold("add", a, i64::wrapping_add))
        .with("sub", |a| fold("sub", a, i64::wrapping_sub))
        .with("mul", |a| fold("mul", a, i64::wrapping_mul))
        .with("max", |a| fold("max", a, i64::max))
        .with("min", |a| fold("min", a, i64::min))
        .with("div", |a| divided("div", a, i64::wrapping_div))
        .with("mod", |a| divided("mod", a, i64::wrapping_rem))
        .with("int", |a| whole(a, 0, "int").map(Value::Int))
        .with("int64", |a| whole(a, 0, "int64").map(Value::Int))
        .with("float64", |a| Ok(Value::Float(text(a, 0, "float64")?.trim().parse().unwrap_or(0.0))))
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Nil => true,
        Value::String(text) => text.is_empty(),
        Value::Int(number) => *number == 0,
        Value::Float(number) => *number == 0.0,
        Value::Bool(flag) => !flag,
        _ => false,
    }
}

fn choices(functions: Functions) -> Functions {
    functions
        .with("default", |a| match a {
            [fallback, value] => Ok(if is_empty(value) { fallback.clone() } else { value.clone() }),
            [fallback] => Ok(fallback.clone()),
            _ => Err("default takes a fallback and a value".to_owned()),
        })
        .with("empty", |a| Ok(Value::Bool(a.first().is_none_or(is_empty))))
        .with("coalesce", |a| Ok(a.iter().find(|value| !is_empty(value)).cloned().unwrap_or(Value::Nil)))
        .with("ternary", |a| match a {
            [yes, no, Value::Bool(flag)] => Ok(if *flag { yes.clone() } else { no.clone() }),
            _ => Err("ternary takes two values and a truth value".to_owned()),
        })
}
