//! Stages that extract: `json`, `logfmt`, `regex`.

use super::jmespath::Path;
use super::values::Pattern;
use super::{Context, Entry, Field, Flow};
use phoenix_yaml::KeyError;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// `json`: values of an object by path.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "RawJson")]
pub(super) struct Json {
    expressions: Vec<(String, Path)>,
    source: Option<String>,
    drop_malformed: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawJson {
    #[serde(default)]
    expressions: BTreeMap<String, Option<String>>,
    source: Option<String>,
    #[serde(default)]
    drop_malformed: bool,
}

impl TryFrom<RawJson> for Json {
    type Error = KeyError;

    fn try_from(raw: RawJson) -> Result<Self, KeyError> {
        if raw.expressions.is_empty() {
            return Err(
                KeyError::whole("`expressions` is missing or empty").with_help("name at least one, as `expressions: {level: level}`")
            );
        }
        let expressions = raw.expressions.into_iter().map(|(name, path)| {
            let text = path.filter(|path| !path.is_empty()).unwrap_or_else(|| name.clone());
            Path::parse(&text).map(|path| (name, path))
        });
        let expressions = expressions.collect::<Result<Vec<_>, _>>().map_err(|message| {
            KeyError::at("expressions", message).with_help("a name with dots or dashes stands in double quotes: '\"grpc.stream\"'")
        })?;
        Ok(Self { expressions, source: raw.source.filter(|s| !s.is_empty()), drop_malformed: raw.drop_malformed })
    }
}

impl Json {
    pub(super) fn apply(&self, mut entry: Entry, context: &mut Context<'_>) -> Flow {
        let Some(text) = entry.source(self.source.as_deref()) else {
            context.note(|| format!("`{}` was not extracted", self.source.as_deref().unwrap_or("")));
            return Flow::Pass(entry);
        };
        let parsed = serde_json::from_str::<serde_json::Map<String, Value>>(&text);
        let object = match parsed {
            Ok(object) => Value::Object(object),
            Err(e) => {
                context.note(|| format!("not a JSON object: {e}"));
                return if self.drop_malformed { Flow::Drop("malformed_json".to_owned()) } else { Flow::Pass(entry) };
            }
        };
        for (name, path) in &self.expressions {
            let field = match path.find(&object) {
                Value::Null => Field::Null,
                Value::Bool(flag) => Field::Bool(*flag),
                Value::Number(number) => number.as_i64().map_or_else(|| Field::Float(number.as_f64().unwrap_or(f64::NAN)), Field::Int),
                Value::String(text) => Field::Text(text.clone()),
                nested => Field::Text(nested.to_string()),
            };
            entry.extracted.insert(name.clone(), field);
        }
        Flow::Pass(entry)
    }
}

/// `logfmt`: values by key.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "RawLogfmt")]
pub(super) struct Logfmt {
    /// For each key the names under which its value is extracted.
    mapping: BTreeMap<String, Vec<String>>,
    source: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawLogfmt {
    #[serde(default)]
    mapping: BTreeMap<String, Option<String>>,
    source: Option<String>,
}

impl TryFrom<RawLogfmt> for Logfmt {
    type Error = KeyError;

    fn try_from(raw: RawLogfmt) -> Result<Self, KeyError> {
        if raw.mapping.is_empty() {
            return Err(KeyError::whole("`mapping` is missing or empty").with_help("name at least one, as `mapping: {level: level}`"));
        }
        let mut mapping: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (name, key) in raw.mapping {
            let key = key.filter(|key| !key.is_empty()).unwrap_or_else(|| name.clone());
            mapping.entry(key).or_default().push(name);
        }
        Ok(Self { mapping, source: raw.source.filter(|s| !s.is_empty()) })
    }
}

impl Logfmt {
    pub(super) fn apply(&self, entry: &mut Entry, context: &mut Context<'_>) {
        let Some(text) = entry.source(self.source.as_deref()) else {
            context.note(|| format!("`{}` was not extracted", self.source.as_deref().unwrap_or("")));
            return;
        };
        let mut found = Vec::new();
        for (key, value) in logfmt_pairs(&text) {
            for name in self.mapping.get(key).into_iter().flatten() {
                found.push((name.clone(), value.clone()));
            }
        }
        if found.is_empty() {
            context.note(|| "none of the keys is there".to_owned());
        }
        for (name, value) in found {
            entry.extract(&name, value);
        }
    }
}

/// Keys and values of a line in logfmt. A value in quotes may have JSON's escapes; a key alone has no value and
/// is left out.
fn logfmt_pairs(text: &str) -> Vec<(&str, String)> {
    let mut pairs = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let key_end = rest.find(|c: char| c == '=' || c.is_whitespace()).unwrap_or(rest.len());
        let key = &rest[..key_end];
        rest = &rest[key_end..];
        let Some(value) = rest.strip_prefix('=') else {
            rest = rest.trim_start();
            continue;
        };
        let (value, tail) = if value.starts_with('"') {
            let mut escaped = false;
            let end = value.bytes().skip(1).position(|b| {
                let ends = b == b'"' && !escaped;
                escaped = b == b'\\' && !escaped;
                ends
            });
            let end = end.map_or(value.len(), |at| at + 2);
            let quoted = &value[..end];
            let plain = serde_json::from_str(quoted).unwrap_or_else(|_| quoted.trim_matches('"').to_owned());
            (plain, &value[end..])
        } else {
            let end = value.find(char::is_whitespace).unwrap_or(value.len());
            (value[..end].to_owned(), &value[end..])
        };
        if !key.is_empty() {
            pairs.push((key, value));
        }
        rest = tail.trim_start();
    }
    pairs
}

/// `regex`: named groups.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "RawRegex")]
pub(super) struct Regex {
    expression: regex::Regex,
    source: Option<String>,
    labels_from_groups: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRegex {
    expression: Option<Pattern>,
    source: Option<String>,
    #[serde(default)]
    labels_from_groups: bool,
}

impl TryFrom<RawRegex> for Regex {
    type Error = KeyError;

    fn try_from(raw: RawRegex) -> Result<Self, KeyError> {
        let Some(Pattern(expression)) = raw.expression else { return Err(KeyError::whole("`expression` is missing")) };
        if expression.capture_names().flatten().next().is_none() {
            return Err(KeyError::at("expression", "the expression has no named group, so nothing can be extracted")
                .with_help("name what you want, as in `level=(?P<level>\\w+)`"));
        }
        Ok(Self { expression, source: raw.source.filter(|s| !s.is_empty()), labels_from_groups: raw.labels_from_groups })
    }
}

impl Regex {
    pub(super) fn apply(&self, entry: &mut Entry, context: &mut Context<'_>) {
        let Some(text) = entry.source(self.source.as_deref()) else {
            context.note(|| format!("`{}` was not extracted", self.source.as_deref().unwrap_or("")));
            return;
        };
        let Some(captures) = self.expression.captures(&text) else {
            context.note(|| "the expression does not match".to_owned());
            return;
        };
        let names = self.expression.capture_names().flatten();
        let found: Vec<(String, String)> =
            names.map(|name| (name.to_owned(), captures.name(name).map_or("", |group| group.as_str()).to_owned())).collect();
        for (name, value) in found {
            if self.labels_from_groups {
                entry.labels.set(&name, &value);
            }
            entry.extract(&name, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn logfmt_is_read() {
        for (text, want) in [
            ("a=1 b=\"two words\" c", vec![("a", "1"), ("b", "two words")]),
            (r#"msg="say \"hi\"" x="#, vec![("msg", "say \"hi\""), ("x", "")]),
            ("  =1 a==2", vec![("a", "=2")]),
            (r#"a="open"#, vec![("a", "open")]),
            ("", vec![]),
        ] {
            let pairs = logfmt_pairs(text);
            assert_eq!(pairs.iter().map(|(k, v)| (*k, v.as_str())).collect::<Vec<_>>(), want, "{text}");
        }
    }

    proptest! {
        #[test]
        fn arbitrary_logfmt_never_panics(text in ".{0,80}") {
            logfmt_pairs(&text);
        }
    }
}
