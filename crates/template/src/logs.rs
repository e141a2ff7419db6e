//! Templates that are rendered for each line of a log: compiled once, and put together without the
//! engine where they only join texts and labels.

use crate::error::TemplateError;
use crate::functions::Functions;
use crate::set::{Output, Place, TemplateSet, UNNAMED, call_table};
use crate::value::{self, Value};
use gotmpl::parse::{CommandNode, Expr, ListNode, Node, Parser, PipeNode, SmolStr};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

/// What a template may ask about its entry beside labels.
#[derive(Debug, Clone, Copy, Default)]
pub struct LineContext<'a> {
    /// The line, for `__line__`.
    pub line: &'a str,
    /// When it was logged, for `__timestamp__`, in nanoseconds since the Unix epoch.
    pub timestamp_ns: i64,
    /// What `now` gives, in nanoseconds since the Unix epoch.
    pub now_ns: i64,
}

/// One text, parsed once and rendered for many entries. Labels are the fields of its data; a
/// missing one reads as the empty string.
pub struct LogTemplate {
    how: How,
    /// Names of the labels that it may read; `None` when it may read all.
    fields: Option<Vec<String>>,
}

enum How {
    Pieces(Vec<Piece>),
    Engine(Box<Engine>),
}

/// A part of a template that the engine is not needed for.
enum Piece {
    Text(Arc<str>),
    Label(String),
    Line,
}

struct Engine {
    template: gotmpl::Template,
    place: Arc<Place>,
    current: Arc<Mutex<Current>>,
}

/// What the functions of the running rendering give.
struct Current {
    line: Arc<str>,
    timestamp_ns: i64,
    now_ns: i64,
}

impl LogTemplate {
    /// Reads a text. `name` is what errors call it. `functions` are [`Functions::logs`] with what
    /// the language adds.
    pub fn parse(name: &str, text: &str, functions: &Functions) -> Result<Self, TemplateError> {
        let current = Arc::new(Mutex::new(Current { line: Arc::from(""), timestamp_ns: 0, now_ns: 0 }));
        let ask = |give: fn(&Current) -> Value| {
            let current = Arc::clone(&current);
            move |_: &[Value]| Ok(give(&current.lock().unwrap_or_else(PoisonError::into_inner)))
        };
        let functions = functions
            .clone()
            .with("__line__", ask(|current| Value::String(Arc::clone(&current.line))))
            .with("__timestamp__", ask(|current| value::time_ns_in(current.timestamp_ns.into(), "UTC")))
            .with("now", ask(|current| value::time_ns_in(current.now_ns.into(), "UTC")));
        let set = TemplateSet::new(functions.clone());
        let bodies = set.read(name, UNNAMED, text)?;
        let (tree, defines) = Parser::new(text, "{{", "}}").and_then(Parser::parse).map_err(|e| TemplateError::from_parser(name, e))?;
        if defines.is_empty()
            && let Some(pieces) = pieces(&tree)
        {
            let labels = pieces.iter().filter_map(|piece| if let Piece::Label(name) = piece { Some(name.clone()) } else { None });
            return Ok(Self { fields: Some(labels.collect()), how: How::Pieces(pieces) });
        }
        let mut reads = Reads { names: Vec::new(), all: false };
        reads.list(&tree);
        for define in &defines {
            reads.list(&define.body);
        }
        let place = Arc::new(Place::new(name));
        let mut template = gotmpl::Template::new(UNNAMED).funcs(call_table(&functions, &place)).max_range_iters(crate::set::MAX_STEPS);
        for (called, body) in bodies {
            template = template.add_parse_tree(&called, Arc::unwrap_or_clone(body));
        }
        let fields = (!reads.all).then_some(reads.names);
        Ok(Self { how: How::Engine(Box::new(Engine { template, place, current })), fields })
    }

    /// The names of the labels that it may read; `None` when it may read any.
    pub fn fields(&self) -> Option<&[String]> {
        self.fields.as_deref()
    }

    /// Renders for an entry to the end of `out`. `label` gives the value of a label, and `labels`
    /// gives all pairs to what it is given; a name that comes twice has its last value. After an
    /// error `out` is as before.
    pub fn render<'l>(
        &self,
        context: &LineContext<'_>,
        label: impl Fn(&str) -> Option<&'l str>,
        labels: impl FnOnce(&mut dyn FnMut(&str, &str)),
        out: &mut String,
    ) -> Result<(), TemplateError> {
        match &self.how {
            How::Pieces(pieces) => {
                for piece in pieces {
                    out.push_str(match piece {
                        Piece::Text(text) => text,
                        Piece::Label(name) => label(name).unwrap_or(""),
                        Piece::Line => context.line,
                    });
                }
                Ok(())
            }
            How::Engine(engine) => {
                let mut pairs: BTreeMap<Arc<str>, Value> = BTreeMap::new();
                if let Some(names) = &self.fields {
                    pairs.extend(names.iter().filter_map(|name| Some((Arc::from(name.as_str()), value::string(label(name)?)))));
                } else {
                    labels(&mut |name, value| {
                        pairs.insert(Arc::from(name), value::string(value));
                    });
                }
                out.push_str(&engine.render(context, &Value::Map(Arc::new(pairs)))?);
                Ok(())
            }
        }
    }
}

impl Engine {
    fn render(&self, context: &LineContext<'_>, data: &Value) -> Result<String, TemplateError> {
        {
            let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
            if &*current.line != context.line {
                current.line = Arc::from(context.line);
            }
            current.timestamp_ns = context.timestamp_ns;
            current.now_ns = context.now_ns;
        }
        self.place.restart();
        let mut output = Output { text: String::new() };
        self.template.execute_template_fmt(&mut output, UNNAMED, data).map_err(|e| self.place.error(e))?;
        Ok(output.text)
    }
}

impl fmt::Debug for LogTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LogTemplate").field("fields", &self.fields).finish_non_exhaustive()
    }
}

/// The parts of a template that only joins texts, labels and the line.
fn pieces(tree: &ListNode) -> Option<Vec<Piece>> {
    tree.nodes
        .iter()
        .map(|node| match node {
            Node::Text(text) => Some(Piece::Text(Arc::clone(&text.text))),
            Node::Action(action) if action.pipe.decl.is_empty() => match action.pipe.commands.as_slice() {
                [CommandNode { args, .. }] => match args.as_slice() {
                    [Expr::Field(_, path)] if path.len() == 1 => Some(Piece::Label(path[0].to_string())),
                    [Expr::Identifier(_, name)] if name == "__line__" => Some(Piece::Line),
                    _ => None,
                },
                _ => None,
            },
            _ => None,
        })
        .collect()
}

/// Which labels a template may read. Inside of `range` and `with` the dot is another one; taking it
/// for the labels there too makes for names too many, which does no harm.
struct Reads {
    names: Vec<String>,
    all: bool,
}

impl Reads {
    fn list(&mut self, list: &ListNode) {
        for node in &list.nodes {
            match node {
                Node::List(inner) => self.list(inner),
                Node::Action(action) => self.pipe(&action.pipe),
                Node::If(branch) | Node::Range(branch) | Node::With(branch) => {
                    self.pipe(&branch.pipe);
                    self.list(&branch.body);
                    branch.else_body.iter().for_each(|body| self.list(body));
                }
                Node::Template(call) => {
                    if let Some(pipe) = &call.pipe {
                        self.pipe(pipe);
                    }
                }
                Node::Define(define) => self.list(&define.body),
                Node::Text(_) | Node::Break(_) | Node::Continue(_) => {}
            }
        }
    }

    fn pipe(&mut self, pipe: &PipeNode) {
        pipe.commands.iter().flat_map(|command| &command.args).for_each(|arg| self.expr(arg));
    }

    fn expr(&mut self, expr: &Expr) {
        match expr {
            Expr::Dot(_) => self.all = true,
            Expr::Field(_, path) => self.name(path.first().map(SmolStr::as_str)),
            Expr::Variable(_, name, path) if name == "$" => self.name(path.first().map(SmolStr::as_str)),
            Expr::Pipe(_, pipe) => self.pipe(pipe),
            Expr::Chain(_, inner, path) => {
                if matches!(**inner, Expr::Dot(_)) {
                    self.name(path.first().map(SmolStr::as_str));
                } else {
                    self.expr(inner);
                }
            }
            _ => {}
        }
    }

    fn name(&mut self, name: Option<&str>) {
        match name {
            // Alertmanager's methods of maps see all labels.
            Some("SortedPairs" | "Names" | "Values" | "Remove") | None => self.all = true,
            Some(name) if self.names.iter().any(|n| n == name) => {}
            Some(name) => self.names.push(name.to_owned()),
        }
    }
}
