//! What templates may call beside Go's own functions.

mod alertmanager;
mod go;
mod logs;
mod prometheus;

use crate::show::MAX_VALUE_BYTES;
use crate::value::Value;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// A function of a template: its arguments, the piped one last.
pub type Function = Arc<dyn Fn(&[Value]) -> Result<Value, String> + Send + Sync>;

/// Functions by name. Cloning is cheap.
#[derive(Clone, Default)]
pub struct Functions {
    all: Arc<BTreeMap<&'static str, Function>>,
}

impl Functions {
    /// Only what Go's templates bring along.
    pub fn go() -> Self {
        go::functions()
    }

    fn none() -> Self {
        Self::default()
    }

    /// Prometheus' functions for rules. `external_url` is what links start with. `query` fails
    /// until [`Functions::with_query`] gives it an engine.
    pub fn prometheus(external_url: &str) -> Self {
        prometheus::functions(external_url)
    }

    /// Alertmanager's functions for notifications. `now_ms` is asked by `since`.
    pub fn alertmanager(now_ms: impl Fn() -> i64 + Send + Sync + 'static) -> Self {
        alertmanager::functions(now_ms)
    }

    /// Loki's functions for lines and labels. [`crate::LogTemplate`] adds `__line__`,
    /// `__timestamp__` and `now`, which depend on the entry; the language adds `bytes`, `duration`
    /// and `duration_seconds`, whose units are its own.
    pub fn logs() -> Self {
        logs::functions()
    }

    /// With one more function, or another in the place of an existing one.
    #[must_use]
    pub fn with(mut self, name: &'static str, function: impl Fn(&[Value]) -> Result<Value, String> + Send + Sync + 'static) -> Self {
        Arc::make_mut(&mut self.all).insert(name, Arc::new(function));
        self
    }

    /// With an engine behind `query`. It gets the expression and gives samples, in the order in
    /// which the template shall see them: numbers, and native histograms as texts.
    #[must_use]
    pub fn with_query(self, query: impl Fn(&str) -> Result<Vec<(phoenix_model::Labels, Value)>, String> + Send + Sync + 'static) -> Self {
        self.with("query", move |arguments| {
            let samples = query(text(arguments, 0, "query")?)?;
            Ok(crate::value::list(samples.into_iter().map(|(labels, value)| crate::value::sample(&labels, value))))
        })
    }

    /// With a moment behind `now`, in milliseconds since the Unix epoch.
    #[must_use]
    pub fn with_now(self, now_ms: i64) -> Self {
        self.with("now", move |_| Ok(Value::Float(now_ms as f64 / 1000.0)))
    }

    pub(crate) fn contains(&self, name: &str) -> bool {
        self.all.contains_key(name)
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &'static str> {
        self.all.keys().copied()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&'static str, &Function)> {
        self.all.iter().map(|(name, function)| (*name, function))
    }
}

impl fmt::Debug for Functions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.all.keys()).finish()
    }
}

/// An argument, with an error that says which one is missing.
pub(crate) fn argument<'a>(arguments: &'a [Value], at: usize, name: &str) -> Result<&'a Value, String> {
    arguments.get(at).ok_or_else(|| format!("wrong number of args for {name}: want at least {} got {}", at + 1, arguments.len()))
}

/// An argument that must be a text.
pub(crate) fn text<'a>(arguments: &'a [Value], at: usize, name: &str) -> Result<&'a str, String> {
    match argument(arguments, at, name)? {
        Value::String(text) | Value::Safe { s: text, .. } => Ok(text),
        other => Err(format!("wrong type for argument {} of {name}: want string, got {}", at + 1, other.type_name())),
    }
}

/// A function of one text.
pub(crate) fn of_text(
    name: &'static str,
    function: impl Fn(&str) -> Result<String, String> + Send + Sync + 'static,
) -> impl Fn(&[Value]) -> Result<Value, String> + Send + Sync + 'static {
    move |arguments| Ok(Value::String(function(text(arguments, 0, name)?)?.into()))
}

/// A function of one number.
pub(crate) fn of_number(
    name: &'static str,
    function: impl Fn(f64) -> Result<Value, String> + Send + Sync + 'static,
) -> impl Fn(&[Value]) -> Result<Value, String> + Send + Sync + 'static {
    move |arguments| function(crate::value::to_float(argument(arguments, 0, name)?)?)
}

/// What both families have under the same name.
fn shared() -> Functions {
    use crate::text;
    Functions::go()
        .with("toUpper", of_text("toUpper", |t| Ok(t.to_uppercase())))
        .with("toLower", of_text("toLower", |t| Ok(t.to_lowercase())))
        .with("match", |a| text::matches(self::text(a, 0, "match")?, self::text(a, 1, "match")?).map(Value::Bool))
        .with("reReplaceAll", |a| {
            let name = "reReplaceAll";
            text::replace_all(self::text(a, 0, name)?, self::text(a, 1, name)?, self::text(a, 2, name)?).map(crate::value::string)
        })
        .with("safeHtml", |a| Ok(Value::Safe { kind: gotmpl::SafeKind::Html, s: self::text(a, 0, "safeHtml")?.into() }))
        .with("humanizeDuration", of_number("humanizeDuration", |v| Ok(crate::value::string(crate::humanize_duration(v)))))
        .with("toJson", |a| text::to_json(argument(a, 0, "toJson")?).map(crate::value::string))
}

/// Refuses a text that grows beyond what one value may take.
pub(crate) fn limited(text: String) -> Result<String, String> {
    if text.len() > MAX_VALUE_BYTES { Err(format!("a value is longer than {MAX_VALUE_BYTES} bytes")) } else { Ok(text) }
}
