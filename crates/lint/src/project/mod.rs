//! Files that belong together.

mod go;
mod kind;
mod queries;
mod recover;
mod rules;
mod text;

use crate::finding::Fix;
pub use go::Declared;
pub use kind::FileKind;
use phoenix_model::{Diagnostic, Source, Span};
use phoenix_promql::Expr;
use phoenix_yaml::Node;
pub use queries::{Asked, Language};
pub use rules::{Group, Rule};
use std::rc::Rc;
pub use text::Text;

/// Files that belong together: what one names, another may define.
#[derive(Debug, Default)]
pub struct Project {
    /// In the order in which they were given.
    pub files: Vec<File>,
}

/// A file, read as far as it could be.
#[derive(Debug)]
pub struct File {
    /// Its name and text.
    pub source: Source,
    /// What it was taken for.
    pub kind: FileKind,
    /// What it says, when it is YAML or JSON.
    pub tree: Option<Rc<Node>>,
    /// Why it could not be read, when it should be YAML or JSON and is not.
    pub broken: Option<Diagnostic>,
    /// What such a file says without the lines that could not be read. Every place in it is one of the file. Only for
    /// files whose parts can each be judged alone: that something is missing cannot be told from it.
    pub recovered: Option<Rc<Node>>,
    /// The groups of a file of rules.
    pub groups: Vec<Group>,
    /// The queries of a dashboard, or of a file of queries.
    pub asked: Vec<Asked>,
    /// The metrics that source code declares.
    pub declared: Vec<Declared>,
}

/// An expression in PromQL, wherever it stands.
#[derive(Debug, Clone, Copy)]
pub struct Query<'a> {
    /// Where it stands.
    pub file: &'a File,
    /// As written.
    pub text: &'a Text,
    /// As read.
    pub expr: &'a Expr,
    /// The rule that it belongs to, with its group.
    pub rule: Option<(&'a Group, &'a Rule)>,
}

impl Query<'_> {
    /// From a place in the expression to its place in the file.
    pub fn locate(&self, span: Span) -> Span {
        self.text.locate(span)
    }

    /// The rule, when it is an alert.
    pub fn alert(&self) -> Option<&Rule> {
        self.rule.map(|(_, rule)| rule).filter(|rule| rule.is_alert)
    }

    /// The fix that writes another text in the place of a part; `None` where the scalar can't be written that way.
    pub(crate) fn replace(&self, span: Span, text: &str, title: impl Into<String>) -> Option<Fix> {
        Some(Fix { title: title.into(), edits: vec![self.text.edit(span, text)?] })
    }

    /// A part of the expression as written.
    pub fn shown(&self, span: Span) -> &str {
        self.text.value.get(span.start..span.end).unwrap_or("").trim()
    }
}

impl Project {
    /// Reads each of these files.
    pub fn of(sources: Vec<Source>) -> Self {
        Self { files: sources.into_iter().map(File::read).collect() }
    }

    /// Every expression in PromQL that could be read.
    pub fn queries(&self) -> impl Iterator<Item = Query<'_>> {
        self.files.iter().flat_map(File::queries)
    }

    /// Every rule of every group.
    pub fn rules(&self) -> impl Iterator<Item = (&File, &Group, &Rule)> {
        self.files.iter().flat_map(|file| file.groups.iter().flat_map(move |group| group.rules.iter().map(move |rule| (file, group, rule))))
    }

    /// The rule that a place is in, with its group and its number among the rules of the group, from 0.
    pub fn rule_at(&self, file: &str, at: usize) -> Option<(&Group, usize, &Rule)> {
        let own = self.rules().filter(|(own, _, _)| &*own.source.name == file);
        let (_, group, rule) = own.into_iter().find(|(_, _, rule)| rule.span.start <= at && at < rule.span.end)?;
        let nth = group.rules.iter().position(|other| std::ptr::eq(other, rule))?;
        Some((group, nth, rule))
    }

    /// The files of a kind.
    pub fn of_kind(&self, kind: FileKind) -> impl Iterator<Item = &File> {
        self.files.iter().filter(move |file| file.kind == kind)
    }
}

impl File {
    /// Reads a file. Whatever can't be read is left out: others say what is wrong with it.
    pub fn read(source: Source) -> Self {
        let (tree, broken) = match kind::is_tree(&source.name).then(|| phoenix_yaml::tree(&source)) {
            Some(Ok(tree)) => (tree, None),
            Some(Err(diagnostics)) => (None, diagnostics.into_iter().next()),
            None => (None, None),
        };
        let mut kind = FileKind::of(&source, tree.as_deref());
        let recovered = broken.as_ref().and_then(|broken| recover::without_broken_lines(&source, broken));
        if kind == FileKind::Other && recovered.as_deref().is_some_and(|tree| FileKind::of(&source, Some(tree)) == FileKind::Sampling) {
            kind = FileKind::Sampling;
        }
        let recovered = recovered.filter(|_| kind == FileKind::Sampling);
        let groups = match (&tree, kind) {
            (Some(tree), FileKind::Rules | FileKind::RulesFragment) => rules::read(&source, tree),
            _ => Vec::new(),
        };
        let asked = match (&tree, kind) {
            (Some(tree), FileKind::Dashboard) => queries::of_dashboard(&source, tree),
            (_, FileKind::Queries) => queries::of_lines(&source),
            _ => Vec::new(),
        };
        let declared = if kind == FileKind::Source { go::declared(&source) } else { Vec::new() };
        Self { source, kind, tree, broken, recovered, groups, asked, declared }
    }

    /// Every expression in PromQL that could be read.
    pub fn queries(&self) -> impl Iterator<Item = Query<'_>> {
        let rules = self.groups.iter().flat_map(move |group| {
            group.rules.iter().filter_map(move |rule| {
                Some(Query { file: self, text: rule.expr.as_ref()?, expr: rule.parsed.as_ref()?, rule: Some((group, rule)) })
            })
        });
        let asked = self
            .asked
            .iter()
            .filter_map(move |asked| Some(Query { file: self, text: &asked.text, expr: asked.parsed.as_ref()?, rule: None }));
        rules.chain(asked)
    }
}
