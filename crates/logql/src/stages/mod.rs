//! The pipeline of a query: stages compiled once, then run entry by entry.
//!
//! What the store can do is taken out first: filters on the line as it is stored ([`Pipeline::filters`]),
//! and texts that entries must hold ([`Pipeline::hints`]). Parsers look only for the labels that
//! something behind them reads ([`row::Wanted`]).

mod address;
mod conditions;
mod filter;
pub(crate) mod json;
pub(crate) mod logfmt;
pub(crate) mod row;
mod text;

use crate::ast::{Extraction, LabelFilter, LabelFormatValue, LabelSelector, LineFilterExpr, LineOp, LineTerm, Stage, StageKind};
use crate::{pattern, units};
use address::AddressRange;
pub use conditions::line_filters;
use filter::Filter;
pub(crate) use filter::signed_duration_ns;
use json::JsonStage;
use logfmt::LogfmtStage;
use phoenix_model::logs::{FieldFormat, LineFilter, LinePattern};
use phoenix_model::matcher::search_regex;
use phoenix_model::{Labels, Matcher};
use phoenix_template::{Functions, LineContext, LogTemplate, Value};
use row::{ERROR, Origin, Row, TEMPLATE_ERROR, Wanted, is_errors};
use std::cell::OnceCell;
use std::collections::HashSet;
use text::{PatternStage, RegexpStage, decolorize};

/// Why a stage cannot be run: a text in it that the parser should have refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StageError(pub(crate) String);

/// Bytes of values that one `distinct` remembers; then it begins anew.
const MAX_DISTINCT_BYTES: usize = 64 << 20;
/// What remembering takes beside the values.
const DISTINCT_BYTES: usize = 64;

/// The functions of templates.
pub(crate) fn functions() -> Functions {
    let duration = |functions: Functions, name: &'static str| {
        functions.with(name, move |arguments| match arguments {
            [Value::String(text)] => {
                signed_duration_ns(text).map(|ns| Value::Float(ns as f64 / 1e9)).ok_or_else(|| format!("time: invalid duration {text:?}"))
            }
            _ => Err(format!("{name} takes one text")),
        })
    };
    let functions = Functions::logs().with("bytes", |arguments| match arguments {
        [Value::String(text)] => {
            units::parse_bytes(text).map(|bytes| Value::Float(bytes as f64)).ok_or_else(|| format!("{text:?} is not a size in bytes"))
        }
        _ => Err("bytes takes one text".to_owned()),
    });
    duration(duration(functions, "duration"), "duration_seconds")
}

/// Whether a text is a template that `line_format` or `label_format` can run; else what is wrong.
pub(crate) fn check_template(text: &str) -> Result<(), String> {
    LogTemplate::parse("template", text, &functions()).map(|_| ()).map_err(|error| error.to_string())
}

/// What one stage does.
#[derive(Debug)]
enum Step {
    Line(LineFilter),
    Address { negated: bool, alternatives: Vec<LineAlternative> },
    Json(JsonStage),
    Logfmt(LogfmtStage),
    Pattern(PatternStage),
    Regexp(RegexpStage),
    Unpack(Wanted),
    Decolorize,
    Filter(Filter),
    LineFormat(LogTemplate),
    LabelFormat(Vec<(String, LabelValue)>),
    Drop(Vec<LabelSelector>),
    Keep(Vec<LabelSelector>),
    Distinct { names: Vec<String>, seen: HashSet<Vec<u8>>, seen_bytes: usize },
}

#[derive(Debug)]
enum LineAlternative {
    Text(LinePattern),
    Address(AddressRange),
}

#[derive(Debug)]
enum LabelValue {
    Rename(String),
    Template(LogTemplate),
}

/// Conditions that all have to hold, behind `unwrap`.
#[derive(Debug)]
pub(crate) struct LabelFilters(Vec<Filter>);

impl LabelFilters {
    pub(crate) fn new(filters: &[LabelFilter]) -> Result<Self, StageError> {
        filters.iter().map(Filter::new).collect::<Result<_, _>>().map(Self)
    }

    /// Notes the labels that they look at.
    pub(crate) fn want(&self, wanted: &mut Wanted) {
        self.0.iter().for_each(|filter| filter.want(wanted));
    }

    /// Whether they look at a label.
    pub(crate) fn names(&self, name: &str) -> bool {
        let mut names = Wanted::Names(Vec::new());
        self.want(&mut names);
        names.has(name)
    }

    pub(crate) fn pass(&self, row: &mut Row) -> bool {
        self.0.iter().all(|filter| filter.passes(row))
    }
}

/// A compiled pipeline.
#[derive(Debug)]
pub(crate) struct Pipeline {
    steps: Vec<Step>,
    /// Conditions on the line as it is stored, which the store applies.
    pub(crate) filters: Vec<LineFilter>,
    /// Texts that entries which pass must hold; see `LogSelect::hints`.
    pub(crate) hints: Vec<String>,
    /// What is wanted of streams and metadata before the first stage.
    pub(crate) wanted: Wanted,
    /// What `now` gives in templates; the entry's own time if it is not set.
    pub(crate) now_ns: Option<i64>,
    /// Whether a stage asks for errors, so that they are results and not failures.
    pub(crate) asks_errors: bool,
}

impl Pipeline {
    /// Compiles stages. `wanted` are the labels that are looked at behind the last of them.
    pub(crate) fn new(stages: &[Stage], wanted: Wanted) -> Result<Self, StageError> {
        let mut wanted = wanted;
        let functions = OnceCell::new();
        let mut steps = Vec::with_capacity(stages.len());
        for stage in stages.iter().rev() {
            if let Some(step) = compile(&stage.kind, &mut wanted, &functions)? {
                steps.push(step);
            }
        }
        steps.reverse();
        let mut pipeline = Self { steps: Vec::new(), filters: Vec::new(), hints: Vec::new(), wanted, now_ns: None, asks_errors: false };
        pipeline.push_down(steps);
        Ok(pipeline)
    }

    /// Takes out of the stages what the store can do.
    fn push_down(&mut self, steps: Vec<Step>) {
        // Lines are as they are stored; labels hold parts of them; entries don't depend on others.
        let (mut stored, mut literal, mut alone) = (true, true, true);
        let mut may_fail = false;
        for step in steps {
            // Grafana drops errors where there can be none.
            if !may_fail && matches!(&step, Step::Drop(selectors) if selectors.iter().all(is_error)) {
                continue;
            }
            may_fail |= !matches!(step, Step::Line(_) | Step::Address { .. } | Step::Drop(_) | Step::Keep(_) | Step::Distinct { .. });
            match &step {
                Step::Filter(filter) => {
                    let mut names = Wanted::Names(Vec::new());
                    filter.want(&mut names);
                    self.asks_errors |= names.has(ERROR);
                    if literal && alone {
                        filter.hints(&mut self.hints);
                    }
                }
                Step::Unpack(_) => stored = false,
                Step::LineFormat(_) | Step::Decolorize => (stored, literal) = (false, false),
                Step::LabelFormat(_) => literal = false,
                Step::Distinct { .. } => alone = false,
                Step::Line(_) if stored && alone => {
                    if let Step::Line(filter) = step {
                        self.filters.push(filter);
                    }
                    continue;
                }
                _ => {}
            }
            self.steps.push(step);
        }
    }

    /// Whether there is nothing to do for an entry that the store gives.
    pub(crate) fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// Whether some stage reads the line.
    pub(crate) fn reads_line(&self) -> bool {
        !self.steps.iter().all(|step| matches!(step, Step::Filter(_) | Step::Drop(_) | Step::Keep(_) | Step::Distinct { .. }))
    }

    /// The fields of lines that take the place of the first stage, if that is a parser and no other
    /// stage looks at lines: how they are written, and their names.
    pub(crate) fn fields(&self) -> Option<(FieldFormat, Vec<String>)> {
        let (first, rest) = self.steps.split_first()?;
        let (format, wanted) = match first {
            // Fields don't say whether the whole line is as it should be.
            Step::Json(stage) if stage.fields.is_empty() && !stage.wanted.wants_errors() => (FieldFormat::Json, &stage.wanted),
            Step::Logfmt(stage) if stage.can_seek() => (FieldFormat::Logfmt, &stage.wanted),
            _ => return None,
        };
        let Wanted::Names(names) = wanted else { return None };
        let names: Vec<String> = names.iter().filter(|name| !is_errors(name)).cloned().collect();
        let plain = |name: &String| !name.starts_with('_') && !name.ends_with("_extracted");
        let lines_apart = rest.iter().all(|step| matches!(step, Step::Filter(_) | Step::Drop(_) | Step::Keep(_)));
        (lines_apart && !names.is_empty() && names.iter().all(plain)).then_some((format, names))
    }

    /// Runs the stages behind the first one, whose labels are those of `values`, in the order of
    /// [`Pipeline::fields`].
    pub(crate) fn process_fields<'v>(&mut self, names: &[String], values: impl Iterator<Item = Option<&'v str>>, row: &mut Row) -> bool {
        let wanted = match self.steps.first() {
            Some(Step::Json(stage)) => &stage.wanted,
            Some(Step::Logfmt(stage)) => &stage.wanted,
            _ => return false,
        };
        for (name, value) in names.iter().zip(values) {
            if let Some(value) = value {
                row.extract(name, wanted, |out| out.push_str(value));
            }
        }
        self.process_from(1, "", row)
    }

    /// Whether the parser that comes first does all there is to do.
    pub(crate) fn is_single(&self) -> bool {
        self.steps.len() == 1
    }

    /// Whether one entry may take long, as templates do that loop.
    pub(crate) fn is_slow(&self) -> bool {
        self.steps.iter().any(|step| matches!(step, Step::LineFormat(_) | Step::LabelFormat(_)))
    }

    /// Whether some stage may change or remove labels that the stream has.
    pub(crate) fn changes_labels(&self) -> bool {
        self.steps.iter().any(|step| matches!(step, Step::LabelFormat(_) | Step::Drop(_) | Step::Keep(_)))
    }

    /// Says whose entries follow.
    pub(crate) fn begin_stream(&mut self, labels: &Labels, row: &mut Row) {
        row.begin_stream(labels);
        let findable = |wanted: &Wanted| match wanted {
            Wanted::All => usize::MAX,
            // A name that the stream has can only be found under its longer form.
            Wanted::Names(names) => {
                names.iter().filter(|name| !is_errors(name) && (!row.has_base(name) || name.ends_with("_extracted"))).count()
            }
        };
        for step in &mut self.steps {
            match step {
                Step::Json(stage) => stage.findable = findable(&stage.wanted),
                Step::Logfmt(stage) => stage.findable = findable(&stage.wanted),
                _ => {}
            }
        }
    }

    /// Runs all stages; whether the entry passes. `stored` is its line in the store.
    pub(crate) fn process(&mut self, stored: &str, row: &mut Row) -> bool {
        self.process_from(0, stored, row)
    }

    fn process_from(&mut self, first: usize, stored: &str, row: &mut Row) -> bool {
        let now_ns = self.now_ns.unwrap_or(row.timestamp_ns);
        self.steps[first..].iter_mut().all(|step| step.process(stored, row, now_ns))
    }

    /// Where the first `distinct` stands, and its labels.
    pub(crate) fn distinct(&self) -> Option<(usize, &[String])> {
        self.steps.iter().enumerate().find_map(|(at, step)| match step {
            Step::Distinct { names, .. } => Some((at, names.as_slice())),
            _ => None,
        })
    }

    /// Leaves out the first stage.
    pub(crate) fn drop_first(&mut self) {
        if !self.steps.is_empty() {
            self.steps.remove(0);
        }
    }

    /// Takes the stages from `at` on into a pipeline of their own.
    pub(crate) fn split_off(&mut self, at: usize) -> Self {
        Self {
            steps: self.steps.split_off(at),
            filters: Vec::new(),
            hints: Vec::new(),
            wanted: Wanted::All,
            now_ns: self.now_ns,
            asks_errors: self.asks_errors,
        }
    }
}

fn compile(kind: &StageKind, wanted: &mut Wanted, functions: &OnceCell<Functions>) -> Result<Option<Step>, StageError> {
    Ok(Some(match kind {
        StageKind::LineFilter(filter) => return line_filter(filter),
        StageKind::Json(_) | StageKind::Logfmt { .. } | StageKind::Pattern(_) | StageKind::Regexp(_) if wanted.is_nothing() => {
            return Ok(None);
        }
        StageKind::Json(fields) => Step::Json(JsonStage {
            fields: fields.iter().map(|Extraction { name, path }| (name.clone(), json::path(path))).collect(),
            wanted: wanted.clone(),
            name: String::new(),
            findable: usize::MAX,
        }),
        StageKind::Logfmt { strict, keep_empty, fields } => {
            let fields = fields.iter().map(|Extraction { name, path }| (name.clone(), path.clone())).collect();
            Step::Logfmt(LogfmtStage::new(*strict, *keep_empty, fields, wanted.clone()))
        }
        StageKind::Pattern(text) => {
            Step::Pattern(PatternStage { parts: pattern::parse(text).map_err(StageError)?, wanted: wanted.clone() })
        }
        StageKind::Regexp(text) => {
            Step::Regexp(RegexpStage::new(search_regex(text).map_err(|e| StageError(e.to_string()))?, wanted.clone()))
        }
        StageKind::Unpack => Step::Unpack(wanted.clone()),
        StageKind::Decolorize => Step::Decolorize,
        StageKind::LabelFilter(filter) => {
            let filter = Filter::new(filter)?;
            filter.want(wanted);
            Step::Filter(filter)
        }
        StageKind::LineFormat(text) => Step::LineFormat(template("line", text, wanted, functions)?),
        StageKind::LabelFormat(formats) => {
            let mut values = Vec::with_capacity(formats.len());
            for format in formats {
                let value = match &format.value {
                    LabelFormatValue::Rename(from) => {
                        wanted.add(from);
                        LabelValue::Rename(from.clone())
                    }
                    LabelFormatValue::Template(text) => LabelValue::Template(template("label", text, wanted, functions)?),
                };
                // Setting a label looks whether it is one of the metadata.
                wanted.add(&format.name);
                values.push((format.name.clone(), value));
            }
            Step::LabelFormat(values)
        }
        StageKind::Drop(selectors) => {
            want_matched(selectors, wanted);
            Step::Drop(selectors.clone())
        }
        StageKind::Keep(selectors) => {
            want_matched(selectors, wanted);
            Step::Keep(selectors.clone())
        }
        StageKind::Distinct(names) => {
            for name in names {
                wanted.add(name);
            }
            Step::Distinct { names: names.clone(), seen: HashSet::new(), seen_bytes: 0 }
        }
    }))
}

fn is_error(selector: &LabelSelector) -> bool {
    let (LabelSelector::Name(name) | LabelSelector::Matcher(Matcher { name, .. })) = selector;
    is_errors(name)
}

fn want_matched(selectors: &[LabelSelector], wanted: &mut Wanted) {
    for selector in selectors {
        if let LabelSelector::Matcher(matcher) = selector {
            wanted.add(&matcher.name);
        }
    }
}

fn template(name: &str, text: &str, wanted: &mut Wanted, known: &OnceCell<Functions>) -> Result<LogTemplate, StageError> {
    let template = LogTemplate::parse(name, text, known.get_or_init(functions)).map_err(|error| StageError(error.to_string()))?;
    match template.fields() {
        Some(fields) => fields.iter().for_each(|name| wanted.add(name)),
        None => *wanted = Wanted::All,
    }
    Ok(template)
}

fn line_filter(filter: &LineFilterExpr) -> Result<Option<Step>, StageError> {
    let negated = filter.op.is_negated();
    let text = |text: &str| -> Result<LinePattern, StageError> {
        Ok(match filter.op {
            LineOp::Contains | LineOp::NotContains => LinePattern::Contains(text.to_owned()),
            LineOp::Regex | LineOp::NotRegex => regex_pattern(text)?,
            LineOp::Pattern | LineOp::NotPattern => LinePattern::Literals(literals(text)?),
        })
    };
    let mut alternatives = Vec::with_capacity(filter.alternatives.len());
    for term in &filter.alternatives {
        alternatives.push(match term {
            LineTerm::Text(term) => LineAlternative::Text(text(term)?),
            LineTerm::Ip(range) => LineAlternative::Address(filter::address(range)?),
        });
    }
    let finds_all = |a: &LineAlternative| matches!(a, LineAlternative::Text(LinePattern::Contains(text)) if text.is_empty());
    if !negated && alternatives.iter().any(finds_all) {
        return Ok(None);
    }
    let mut patterns = Vec::with_capacity(alternatives.len());
    for alternative in &alternatives {
        match alternative {
            LineAlternative::Text(pattern) => patterns.push(pattern.clone()),
            LineAlternative::Address(_) => return Ok(Some(Step::Address { negated, alternatives })),
        }
    }
    Ok(Some(Step::Line(LineFilter { negated, alternatives: patterns })))
}

/// A regular expression without anything special in it is a text.
fn regex_pattern(text: &str) -> Result<LinePattern, StageError> {
    if !text.contains(|c: char| "\\.+*?()|[]{}^$".contains(c)) {
        return Ok(LinePattern::Contains(text.to_owned()));
    }
    search_regex(text).map(LinePattern::Regex).map_err(|error| StageError(error.to_string()))
}

/// The literals of a pattern, with empty ones where it begins or ends with `<_>`.
fn literals(text: &str) -> Result<Vec<String>, StageError> {
    let parts = pattern::parse_filter(text).map_err(StageError)?;
    let mut literals = Vec::new();
    let mut open = true;
    for part in parts {
        if let pattern::Part::Literal(literal) = part {
            literals.push(literal);
            open = false;
            continue;
        }
        if open {
            literals.push(String::new());
        }
        open = true;
    }
    if open {
        literals.push(String::new());
    }
    Ok(literals)
}

impl Step {
    fn process(&mut self, stored: &str, row: &mut Row, now_ns: i64) -> bool {
        match self {
            Self::Line(filter) => return filter.passes(row.line(stored)),
            Self::Address { negated, alternatives } => {
                let line = row.line(stored);
                return alternatives.iter().any(|alternative| alternative.is_in(line)) != *negated;
            }
            Self::Json(stage) => with_line(stored, row, |line, row| stage.process(line, row)),
            Self::Logfmt(stage) => with_line(stored, row, |line, row| stage.process(line, row)),
            Self::Pattern(stage) => with_line(stored, row, |line, row| stage.process(line, row)),
            Self::Regexp(stage) => with_line(stored, row, |line, row| stage.process(line, row)),
            Self::Unpack(wanted) => {
                let mut entry = None;
                with_line(stored, row, |line, row| entry = json::unpack(line, row, wanted));
                if entry.is_some() {
                    row.put_line(entry);
                }
            }
            Self::Decolorize => {
                let mut out = row.spare();
                if decolorize(row.line(stored), &mut out) {
                    row.put_line(Some(out));
                }
            }
            Self::Filter(filter) => return filter.passes(row),
            Self::LineFormat(template) => {
                let mut out = row.spare();
                match render(template, stored, row, now_ns, &mut out) {
                    Ok(()) => row.put_line(Some(out)),
                    Err(error) => row.fail(TEMPLATE_ERROR, format_args!("{error}"), true),
                }
            }
            Self::LabelFormat(formats) => {
                for (name, value) in formats {
                    match value {
                        LabelValue::Rename(from) => row.rename(from, name),
                        LabelValue::Template(template) => {
                            let mut out = String::new();
                            match render(template, stored, row, now_ns, &mut out) {
                                Ok(()) => row.set(name, &out, Some(Origin::Parsed)),
                                Err(error) => row.fail(TEMPLATE_ERROR, format_args!("{error}"), true),
                            }
                        }
                    }
                }
            }
            Self::Drop(selectors) => {
                for selector in selectors {
                    match selector {
                        LabelSelector::Name(name) => row.remove(name),
                        LabelSelector::Matcher(matcher) => {
                            if row.get(&matcher.name).is_some_and(|value| matcher.matches(value)) {
                                row.remove(&matcher.name);
                            }
                        }
                    }
                }
            }
            Self::Keep(selectors) => row.retain(|name, value| {
                selectors.iter().any(|selector| match selector {
                    LabelSelector::Name(kept) => kept == name,
                    LabelSelector::Matcher(matcher) => matcher.name == name && matcher.matches(value),
                })
            }),
            Self::Distinct { names, seen, seen_bytes } => {
                let key = distinct_key(names, row);
                if seen.contains(&key) {
                    return false;
                }
                *seen_bytes += key.len() + DISTINCT_BYTES;
                if *seen_bytes > MAX_DISTINCT_BYTES {
                    seen.clear();
                    *seen_bytes = key.len() + DISTINCT_BYTES;
                }
                seen.insert(key);
            }
        }
        true
    }
}

impl LineAlternative {
    fn is_in(&self, line: &str) -> bool {
        match self {
            Self::Text(pattern) => pattern.is_in(line),
            Self::Address(range) => range.is_in(line),
        }
    }
}

/// The values of labels, such that two entries have the same key exactly if they have the same values.
pub(crate) fn distinct_key(names: &[String], row: &Row) -> Vec<u8> {
    let mut key = Vec::new();
    for name in names {
        let value = row.get(name).unwrap_or("");
        key.extend_from_slice(&(value.len() as u32).to_le_bytes());
        key.extend_from_slice(value.as_bytes());
    }
    key
}

/// Runs a parser over the line, which may be the row's own.
fn with_line(stored: &str, row: &mut Row, run: impl FnOnce(&str, &mut Row)) {
    let own = row.take_line();
    run(own.as_deref().unwrap_or(stored), row);
    if own.is_some() {
        row.put_line(own);
    }
}

fn render(template: &LogTemplate, stored: &str, row: &Row, now_ns: i64, out: &mut String) -> Result<(), phoenix_template::TemplateError> {
    let context = LineContext { line: row.line(stored), timestamp_ns: row.timestamp_ns, now_ns };
    template.render(&context, |name| row.get(name), |give| row.each(&mut |name, value| give(name, value)), out)
}
