//! Stages that write texts anew: `replace`, `template`, `decolorize`, `pack`.

use super::functions;
use super::values::Pattern;
use super::{Context, Entry, Field};
use phoenix_template::{Template, Value, value};
use phoenix_yaml::KeyError;
use serde::Deserialize;
use serde_json::Map;

/// The data of a template: what was extracted, `.Entry` (the line) and `.Value`.
fn data(entry: &Entry, current: &str) -> Value {
    let fields = entry.fields().map(|(name, field)| {
        let field = match &*field {
            Field::Text(text) => value::string(text.as_str()),
            Field::Int(number) => Value::Int(*number),
            Field::Float(number) => Value::Float(*number),
            Field::Bool(flag) => Value::Bool(*flag),
            Field::Null => Value::Nil,
        };
        (name.to_owned(), field)
    });
    let own = [("Entry".to_owned(), value::string(entry.line.as_str())), ("Value".to_owned(), value::string(current))];
    value::map(fields.chain(own).collect::<Vec<_>>())
}

/// `template`: sets what is extracted under a name.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "RawTemplate")]
pub(super) struct TemplateStage {
    source: String,
    template: Template,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawTemplate {
    source: String,
    template: String,
}

impl TryFrom<RawTemplate> for TemplateStage {
    type Error = KeyError;

    fn try_from(raw: RawTemplate) -> Result<Self, KeyError> {
        if raw.source.is_empty() {
            return Err(KeyError::at("source", "`source` is empty").with_help("name what the template sets"));
        }
        Ok(Self { source: raw.source, template: read_template("template", &raw.template)? })
    }
}

fn read_template(key: &'static str, text: &str) -> Result<Template, KeyError> {
    Template::parse(key, text, &functions::all()).map_err(|e| KeyError::at(key, format!("the template can't be read: {e}")))
}

impl TemplateStage {
    pub(super) fn apply(&self, entry: &mut Entry, context: &mut Context<'_>) {
        let current = entry.field(&self.source).unwrap_or_default().into_owned();
        match self.template.render(&data(entry, &current)) {
            // A template that gives nothing removes the value.
            Ok(text) if text.is_empty() => drop(entry.extracted.remove(&self.source)),
            Ok(text) => entry.extract(&self.source, text),
            Err(e) => context.note(|| e.to_string()),
        }
    }
}

/// `replace`: each group that an expression captures is written anew; without groups, each match.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "RawReplace")]
pub(super) struct Replace {
    expression: regex::Regex,
    source: Option<String>,
    template: Template,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawReplace {
    expression: Option<Pattern>,
    source: Option<String>,
    #[serde(default)]
    replace: String,
}

impl TryFrom<RawReplace> for Replace {
    type Error = KeyError;

    fn try_from(raw: RawReplace) -> Result<Self, KeyError> {
        let Some(Pattern(expression)) = raw.expression else { return Err(KeyError::whole("`expression` is missing")) };
        Ok(Self { expression, source: raw.source.filter(|s| !s.is_empty()), template: read_template("replace", &raw.replace)? })
    }
}

impl Replace {
    pub(super) fn apply(&self, entry: &mut Entry, context: &mut Context<'_>) {
        let Some(input) = entry.source(self.source.as_deref()).map(std::borrow::Cow::into_owned) else {
            context.note(|| format!("`{}` was not extracted", self.source.as_deref().unwrap_or("")));
            return;
        };
        let names: Vec<Option<&str>> = self.expression.capture_names().collect();
        let mut out = String::with_capacity(input.len());
        let mut named = Vec::new();
        let (mut done, mut matched) = (0, false);
        for captures in self.expression.captures_iter(&input) {
            matched = true;
            for (group, name) in names.iter().enumerate().skip(usize::from(names.len() > 1)) {
                // A group within one that was replaced is gone with it.
                let Some(found) = captures.get(group).filter(|found| found.start() >= done) else { continue };
                let written = match self.template.render(&data(entry, found.as_str())) {
                    Ok(written) => written,
                    Err(e) => {
                        // Nothing goes on that was to be hidden.
                        context.note(|| e.to_string());
                        String::new()
                    }
                };
                out.push_str(&input[done..found.start()]);
                out.push_str(&written);
                done = found.end();
                named.extend(name.map(|name| (name, written)));
            }
        }
        if !matched {
            context.note(|| "the expression does not match".to_owned());
            return;
        }
        out.push_str(&input[done..]);
        for (name, written) in named {
            entry.extract(name, written);
        }
        match &self.source {
            Some(source) => entry.extract(source, out),
            None => entry.line = out,
        }
    }
}

/// `decolorize`: takes out the sequences by which terminals are told colours.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Decolorize {}

impl Decolorize {
    #[expect(clippy::unused_self, reason = "a stage as the others")]
    pub(super) fn apply(&self, entry: &mut Entry) {
        if !entry.line.contains('\u{1b}') {
            return;
        }
        let mut out = String::with_capacity(entry.line.len());
        let mut rest = entry.line.as_str();
        while let Some(at) = rest.find('\u{1b}') {
            out.push_str(&rest[..at]);
            rest = &rest[at + 1..];
            // ECMA-48: a control sequence is `[`, parameters, and a final byte from `@` to `~`.
            if let Some(sequence) = rest.strip_prefix('[') {
                match sequence.find(|c: char| ('@'..='~').contains(&c)) {
                    Some(end) => rest = &sequence[end + 1..],
                    None => rest = "",
                }
            }
        }
        out.push_str(rest);
        entry.line = out;
    }
}

/// `pack`: the line and some labels or extracted values become one JSON object.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Pack {
    #[serde(default)]
    labels: Vec<String>,
    ingest_timestamp: Option<bool>,
}

impl Pack {
    pub(super) fn apply(&self, entry: &mut Entry, context: &mut Context<'_>) {
        let mut names: Vec<&str> = self.labels.iter().map(String::as_str).collect();
        names.sort_unstable();
        let mut object = Map::new();
        for name in names {
            let label = entry.labels.value(name).to_owned();
            if !label.is_empty() {
                entry.labels.remove(name);
                object.insert(name.to_owned(), label.into());
            } else if let Some(value) = entry.field(name) {
                object.insert(name.to_owned(), value.into_owned().into());
            }
        }
        object.insert("_entry".to_owned(), std::mem::take(&mut entry.line).into());
        entry.line = serde_json::Value::Object(object).to_string();
        if self.ingest_timestamp.unwrap_or(true) {
            entry.timestamp_ns = context.now_ns;
        }
    }
}
