//! The part of JMESPath that picks one value: names, quoted names, and indexes, as in
//! `a.b[0]."dotted.name"[-1]`. Functions, filters, slices, projections and pipes are not there; an
//! expression that uses one is an error that says so.

use serde_json::Value;

/// The most steps of one expression.
const MAX_STEPS: usize = 64;

#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Key(String),
    Index(i64),
}

/// A path into JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Path {
    steps: Vec<Step>,
}

impl Path {
    /// Reads an expression; says in words what is wrong.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut steps = Vec::new();
        let mut rest = text.trim();
        let mut after_dot = true;
        if let Some(tail) = rest.strip_prefix('@') {
            rest = tail;
            after_dot = false;
            if rest.is_empty() {
                return Ok(Self { steps });
            }
        }
        if rest.is_empty() {
            return Err("the expression is empty".to_owned());
        }
        while !rest.is_empty() || after_dot {
            if steps.len() >= MAX_STEPS {
                return Err(format!("`{text}` has more than {MAX_STEPS} steps"));
            }
            match rest.as_bytes().first() {
                Some(b'.') if !after_dot => {
                    rest = &rest[1..];
                    after_dot = true;
                }
                Some(b'[') if !after_dot || steps.is_empty() => {
                    let end = rest.find(']').ok_or_else(|| format!("`{text}` has a `[` that is not closed"))?;
                    let index = rest[1..end].trim();
                    let number = index.parse().map_err(|_| {
                        format!("`{text}`: `[{index}]` is not an index; of JMESPath there are names, quoted names and indexes only")
                    })?;
                    steps.push(Step::Index(number));
                    rest = &rest[end + 1..];
                    after_dot = false;
                }
                Some(b'"') if after_dot => {
                    let mut stream = serde_json::Deserializer::from_str(rest).into_iter::<String>();
                    let Some(Ok(name)) = stream.next() else { return Err(format!("`{text}` has a quoted name that is not closed")) };
                    rest = &rest[stream.byte_offset()..];
                    steps.push(Step::Key(name));
                    after_dot = false;
                }
                Some(first) if after_dot && (first.is_ascii_alphabetic() || *first == b'_') => {
                    let length = rest.bytes().take_while(|b| b.is_ascii_alphanumeric() || *b == b'_').count();
                    steps.push(Step::Key(rest[..length].to_owned()));
                    rest = &rest[length..];
                    after_dot = false;
                }
                Some(_) => {
                    let found = rest.chars().next().unwrap_or(' ');
                    return Err(format!(
                        "`{text}` has `{found}` where a path can't go on; of JMESPath there are names, quoted names and indexes only"
                    ));
                }
                None => return Err(format!("`{text}` ends with a dot")),
            }
        }
        Ok(Self { steps })
    }

    /// The value at the path. Where there is none, JSON's null, as in JMESPath.
    pub fn find<'a>(&self, value: &'a Value) -> &'a Value {
        self.steps.iter().fold(value, |value, step| {
            let found = match (step, value) {
                (Step::Key(name), Value::Object(fields)) => fields.get(name),
                (Step::Index(at), Value::Array(items)) => {
                    let at = if *at < 0 { items.len() as i64 + at } else { *at };
                    usize::try_from(at).ok().and_then(|at| items.get(at))
                }
                _ => None,
            };
            found.unwrap_or(&Value::Null)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn paths_find_values() {
        let json: Value = serde_json::from_str(r#"{"a":{"b":[1,{"c":"x"}]},"grpc.stream":"y","_z":null}"#).unwrap();
        for (path, want) in [
            ("a.b[0]", "1"),
            ("a.b[1].c", "\"x\""),
            ("a.b[-1].c", "\"x\""),
            ("\"grpc.stream\"", "\"y\""),
            ("a.\"b\"[0]", "1"),
            ("a.b[7]", "null"),
            ("none.of.these", "null"),
            ("@.a.b[0]", "1"),
        ] {
            assert_eq!(Path::parse(path).unwrap().find(&json).to_string(), want, "{path}");
        }
        for path in ["", "a.", ".a", "a..b", "a[", "a[*]", "a[?x]", "length(a)", "a | b", "a[0:1]", "\"open", "grpc-stream", "a b"] {
            assert!(Path::parse(path).is_err(), "{path}");
        }
    }

    proptest! {
        #[test]
        fn arbitrary_text_never_panics(text in ".{0,60}") {
            let _ = Path::parse(&text).map(|path| path.find(&Value::Null).clone());
        }
    }
}
