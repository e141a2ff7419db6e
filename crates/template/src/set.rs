//! Templates, parsed once and rendered many times, alone or as a set that call each other.

use crate::blocks;
use crate::error::TemplateError;
use crate::fields;
use crate::functions::Functions;
use crate::rewrite::{self, BUILT_IN, Rewrite};
use crate::show::show;
use crate::value::{Kind, Value, kind};
use gotmpl::parse::{ListNode, Parser};
use gotmpl::{FuncMap, ValueFunc};
use phoenix_model::Source;
use phoenix_model::suggest::nearest;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Bytes that a template's text may have.
pub const MAX_TEXT_BYTES: usize = 1024 * 1024;
/// Bytes that a rendered template may have.
pub const MAX_OUTPUT_BYTES: usize = 4 * 1024 * 1024;
/// Actions and blocks that one rendering may go through.
pub const MAX_STEPS: u64 = 1_000_000;

/// The body of a text that is rendered without being added under a name of its own.
pub(crate) const UNNAMED: &str = "\0text";

/// Named templates that may call each other. Cloning is cheap.
#[derive(Clone)]
pub struct TemplateSet {
    functions: Functions,
    bodies: BTreeMap<String, Arc<ListNode>>,
    predefined: &'static [(&'static str, &'static str)],
}

impl TemplateSet {
    /// A set without templates. All texts are parsed with, and may call, these functions.
    pub fn new(functions: Functions) -> Self {
        Self { functions, bodies: BTreeMap::new(), predefined: &[] }
    }

    /// Reads a text: its body becomes the template `name`, and each `{{ define "x" }}` in it the
    /// template `x`. A later definition replaces an earlier one of the same name, unless it is
    /// empty. After an error the set is as before.
    pub fn add(&mut self, name: &str, text: &str) -> Result<(), TemplateError> {
        for (name, body) in self.read(name, name, text)? {
            if body.is_empty_tree() && self.bodies.contains_key(&name) {
                continue;
            }
            self.bodies.insert(name, body);
        }
        Ok(())
    }

    /// Whether a template of this name is defined.
    pub fn contains(&self, name: &str) -> bool {
        self.bodies.contains_key(name)
    }

    /// The names of all templates, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.bodies.keys().map(String::as_str)
    }

    /// Renders the template of a name.
    pub fn render(&self, name: &str, data: &Value) -> Result<String, TemplateError> {
        if !self.contains(name) {
            return Err(TemplateError::at(name, (0, 0), format!("template \"{name}\" not defined")));
        }
        run(&self.functions, name, name, &self.bodies, data, false)
    }

    /// Renders a text that may call the set's templates, as the settings of a receiver do.
    /// `name` is what errors call it.
    pub fn render_text(&self, name: &str, text: &str, data: &Value) -> Result<String, TemplateError> {
        self.render_unnamed(name, text, data, false)
    }

    /// As [`TemplateSet::render_text`], with every value escaped for the place in the HTML where it
    /// stands, as Go's `html/template` does. `safeHtml` and `safeUrl` let through.
    pub fn render_html(&self, name: &str, text: &str, data: &Value) -> Result<String, TemplateError> {
        self.render_unnamed(name, text, data, true)
    }

    /// Whether a text can be read and calls only templates that exist.
    pub fn check(&self, name: &str, text: &str) -> Result<(), TemplateError> {
        let bodies = self.read(name, UNNAMED, text)?;
        for body in bodies.values() {
            let mut called = Vec::new();
            rewrite::calls(body, &mut called);
            if let Some(missing) = called.iter().find(|c| !bodies.contains_key(c.as_str()) && !self.contains(c)) {
                let hint = nearest(missing, self.names()).map_or_else(String::new, |near| format!("; did you mean \"{near}\"?"));
                return Err(TemplateError::at(name, (0, 0), format!("template \"{missing}\" not defined{hint}")));
            }
        }
        Ok(())
    }

    fn render_unnamed(&self, name: &str, text: &str, data: &Value, html: bool) -> Result<String, TemplateError> {
        if !text.contains("{{") {
            return Ok(text.to_owned());
        }
        let mut bodies = self.bodies.clone();
        bodies.extend(self.read(name, UNNAMED, text)?);
        run(&self.functions, name, UNNAMED, &bodies, data, html)
    }

    /// Parses a text into its own body, under `key`, and those it defines.
    pub(crate) fn read(&self, name: &str, key: &str, text: &str) -> Result<BTreeMap<String, Arc<ListNode>>, TemplateError> {
        if text.len() > MAX_TEXT_BYTES {
            let message = format!("the text has {} bytes, the limit is {MAX_TEXT_BYTES}", text.len());
            return Err(TemplateError::at(name, (0, 0), message));
        }
        let source = Source::new(name, text);
        let (tree, defines) = Parser::new(text, "{{", "}}").and_then(Parser::parse).map_err(|e| TemplateError::from_parser(name, e))?;
        blocks::check(text).map_err(|(offset, message)| TemplateError::at(name, source.position(offset), message))?;
        let known = |function: &str| BUILT_IN.contains(&function) || self.functions.contains(function);
        let suggest = |function: &str| nearest(function, BUILT_IN.into_iter().chain(self.functions.names())).map(str::to_owned);
        let mut bodies = BTreeMap::new();
        for define in defines {
            let position = source.position(define.pos.offset);
            let empty = define.body.is_empty_tree();
            let body = Rewrite::new(&source, &known, &suggest, &[]).body(define.body, &[])?;
            match bodies.get(define.name.as_str()).map(|b: &Arc<ListNode>| b.is_empty_tree()) {
                Some(false) if !empty => {
                    return Err(TemplateError::at(name, position, format!("multiple definition of template \"{}\"", define.name)));
                }
                Some(false) => {}
                _ => {
                    bodies.insert(define.name.to_string(), Arc::new(body));
                }
            }
        }
        // A file of definitions has no body of its own to speak of.
        if !tree.is_empty_tree() || !bodies.contains_key(key) {
            let body = Rewrite::new(&source, &known, &suggest, self.predefined).body(tree, self.predefined)?;
            bodies.insert(key.to_owned(), Arc::new(body));
        }
        Ok(bodies)
    }
}

/// Renders one of the bodies, with what it may call of the others.
fn run(
    functions: &Functions,
    name: &str,
    key: &str,
    bodies: &BTreeMap<String, Arc<ListNode>>,
    data: &Value,
    html: bool,
) -> Result<String, TemplateError> {
    let place = Arc::new(Place::new(name));
    let calls = call_table(functions, &place);
    let needed = reachable(key, bodies);
    let mut out = Output { text: String::new() };
    let result = if html {
        let mut template = gotmpl::html::Template::new(UNNAMED).funcs(calls).max_range_iters(MAX_STEPS);
        // The parse gives the template a tree of its own, which the escaper insists on.
        template = template.parse("{{template \"(entry)\" .}}").map_err(|e| TemplateError::from_parser(name, e))?;
        for (called, body) in needed.iter().chain(needed.get_key_value(key).map(|(_, body)| (&ENTRY, body))) {
            template = template.add_parse_tree(called, (***body).clone()).map_err(|e| TemplateError::from_parser(name, e))?;
        }
        template.execute_fmt(&mut out, data)
    } else {
        let mut template = gotmpl::Template::new(UNNAMED).funcs(calls).max_range_iters(MAX_STEPS);
        for (called, body) in &needed {
            template = template.add_parse_tree(called, (***body).clone());
        }
        template.execute_template_fmt(&mut out, key, data)
    };
    result.map_err(|e| place.error(e))?;
    Ok(out.text)
}

/// What the html template calls; its own body must not be one of ours.
const ENTRY: &str = "(entry)";

impl fmt::Debug for TemplateSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TemplateSet").field("names", &self.bodies.keys()).finish_non_exhaustive()
    }
}

/// One text, with Prometheus' predefined variables if wanted.
#[derive(Debug, Clone)]
pub struct Template {
    name: String,
    /// A text without actions renders as it is.
    plain: Option<String>,
    set: TemplateSet,
}

impl Template {
    /// Reads a text.
    pub fn parse(name: &str, text: &str, functions: &Functions) -> Result<Self, TemplateError> {
        Self::parse_with(name, text, functions, &[])
    }

    /// Reads a text in which `$labels`, `$value`, `$externalLabels` and `$externalURL` stand for the
    /// data's `.Labels`, `.Value`, `.ExternalLabels` and `.ExternalURL`, as in Prometheus' rules.
    pub fn parse_rule(name: &str, text: &str, functions: &Functions) -> Result<Self, TemplateError> {
        const VARIABLES: &[(&str, &str)] =
            &[("labels", "Labels"), ("externalLabels", "ExternalLabels"), ("externalURL", "ExternalURL"), ("value", "Value")];
        Self::parse_with(name, text, functions, VARIABLES)
    }

    fn parse_with(
        name: &str,
        text: &str,
        functions: &Functions,
        predefined: &'static [(&'static str, &'static str)],
    ) -> Result<Self, TemplateError> {
        let mut set = TemplateSet { functions: functions.clone(), bodies: BTreeMap::new(), predefined };
        let plain = if text.contains("{{") {
            set.bodies = set.read(name, UNNAMED, text)?;
            None
        } else {
            Some(text.to_owned())
        };
        Ok(Self { name: name.to_owned(), plain, set })
    }

    /// Renders with the functions it was parsed with.
    pub fn render(&self, data: &Value) -> Result<String, TemplateError> {
        self.render_with(&self.set.functions, data)
    }

    /// Renders with other functions of the same names, such as a `query` for another moment.
    pub fn render_with(&self, functions: &Functions, data: &Value) -> Result<String, TemplateError> {
        match &self.plain {
            Some(text) => Ok(text.clone()),
            None => run(functions, &self.name, UNNAMED, &self.set.bodies, data, false),
        }
    }
}

/// Where a rendering is, and how far it went.
pub(crate) struct Place {
    at: Mutex<(Arc<str>, usize, usize)>,
    steps: AtomicU64,
}

impl Place {
    pub(crate) fn new(name: &str) -> Self {
        Self { at: Mutex::new((Arc::from(name), 0, 0)), steps: AtomicU64::new(0) }
    }

    /// Begins another rendering.
    pub(crate) fn restart(&self) {
        self.steps.store(0, Ordering::Relaxed);
    }

    pub(crate) fn error(&self, error: gotmpl::TemplateError) -> TemplateError {
        let message = match error {
            gotmpl::TemplateError::Exec(message) => message,
            gotmpl::TemplateError::Write => format!("the output is longer than {MAX_OUTPUT_BYTES} bytes"),
            gotmpl::TemplateError::RangeIterLimit => too_many_steps(),
            gotmpl::TemplateError::UndefinedTemplate(name) => format!("template \"{name}\" not defined"),
            other => other.to_string(),
        };
        let (name, line, column) = self.at.lock().unwrap_or_else(PoisonError::into_inner).clone();
        TemplateError::at(&name, (line, column), message)
    }

    fn tick(&self, arguments: &[Value]) -> Result<Value, String> {
        if self.steps.fetch_add(1, Ordering::Relaxed) >= MAX_STEPS {
            return Err(too_many_steps());
        }
        if let [Value::String(name), Value::Int(line), Value::Int(column)] = arguments {
            *self.at.lock().unwrap_or_else(PoisonError::into_inner) = (Arc::clone(name), *line as usize, *column as usize);
        }
        Ok(Value::Nil)
    }
}

fn too_many_steps() -> String {
    format!("the template went through more than {MAX_STEPS} steps")
}

/// Everything a rewritten template calls, beside what gotmpl brings along.
pub(crate) fn call_table(functions: &Functions, place: &Arc<Place>) -> FuncMap {
    let mut calls = FuncMap::new();
    for (name, function) in functions.iter() {
        let function = Arc::clone(function);
        calls.insert(name.to_owned(), wrap(move |arguments| function(arguments)));
    }
    let place = Arc::clone(place);
    calls.insert(rewrite::TICK.to_owned(), wrap(move |arguments| place.tick(arguments)));
    calls.insert(
        rewrite::FIELD.to_owned(),
        wrap(|arguments| match arguments {
            [base, Value::String(path), rest @ ..] => fields::follow(base, path, rest),
            _ => Err("a field of nothing".to_owned()),
        }),
    );
    calls.insert(
        rewrite::PRINT.to_owned(),
        wrap(|arguments| match arguments {
            [safe @ Value::Safe { .. }] => Ok(safe.clone()),
            [value] => show(value).map(|text| Value::String(text.into())),
            _ => Ok(Value::Nil),
        }),
    );
    calls.insert(
        rewrite::EACH.to_owned(),
        wrap(|arguments| match arguments {
            [Value::Map(map)] => match kind(map) {
                Kind::Plain(_) => Ok(Value::Map(Arc::clone(map))),
                Kind::Object(name, _) => Err(format!("range can't iterate over {name}")),
                Kind::Time(_) => Err("range can't iterate over a time".to_owned()),
                Kind::Duration(_) => Err("range can't iterate over a duration".to_owned()),
            },
            [value] => Ok(value.clone()),
            _ => Ok(Value::Nil),
        }),
    );
    calls
}

fn wrap(function: impl Fn(&[Value]) -> Result<Value, String> + Send + Sync + 'static) -> ValueFunc {
    Arc::new(move |arguments| function(arguments).map_err(gotmpl::TemplateError::Exec))
}

/// The template and all that it may call: others need not be escaped nor copied.
fn reachable<'a>(key: &'a str, bodies: &'a BTreeMap<String, Arc<ListNode>>) -> BTreeMap<&'a str, &'a Arc<ListNode>> {
    let mut found = BTreeMap::new();
    let mut next = vec![key.to_owned()];
    while let Some(name) = next.pop() {
        if let Some((name, body)) = bodies.get_key_value(name.as_str())
            && found.insert(name.as_str(), body).is_none()
        {
            let mut called = Vec::new();
            rewrite::calls(body, &mut called);
            next.extend(called.iter().map(ToString::to_string));
        }
    }
    found
}

/// Text up to a limit.
pub(crate) struct Output {
    pub(crate) text: String,
}

impl fmt::Write for Output {
    fn write_str(&mut self, part: &str) -> fmt::Result {
        if self.text.len() + part.len() > MAX_OUTPUT_BYTES {
            return Err(fmt::Error);
        }
        self.text.push_str(part);
        Ok(())
    }
}
