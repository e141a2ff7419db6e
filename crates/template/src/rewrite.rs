//! Rewrites a parsed template so that field access, printing and positions are ours.
//!
//! - `.A.B x` becomes `\0field . "A.B" x`, for fields, variables and chains alike;
//! - an action's value goes through `\0print`, what `range` runs over through `\0each`;
//! - before each action or block stands `{{$\0 := \0tick "template" LINE COLUMN}}`, which counts
//!   steps and tells where a failure happened.
//!
//! On the way unknown functions and variables are found, as Go finds them while parsing.

use crate::error::TemplateError;
use gotmpl::parse::{ActionNode, BranchNode, CommandNode, Expr, ListNode, Node, Number, PipeNode, Pos, SmolStr, TemplateNode};
use phoenix_model::Source;
use std::sync::Arc;

pub(crate) const FIELD: &str = "\0field";
pub(crate) const PRINT: &str = "\0print";
pub(crate) const EACH: &str = "\0each";
pub(crate) const TICK: &str = "\0tick";
const TICKED: &str = "$\0";

/// The functions that gotmpl brings along.
pub(crate) const BUILT_IN: [&str; 19] = [
    "and", "call", "eq", "ge", "gt", "html", "index", "js", "le", "len", "lt", "ne", "not", "or", "print", "printf", "println", "slice",
    "urlquery",
];

/// One text being rewritten.
pub(crate) struct Rewrite<'a> {
    source: &'a Source,
    known_function: &'a dyn Fn(&str) -> bool,
    suggest_function: &'a dyn Fn(&str) -> Option<String>,
    variables: Vec<SmolStr>,
}

impl<'a> Rewrite<'a> {
    pub(crate) fn new(
        source: &'a Source,
        known_function: &'a dyn Fn(&str) -> bool,
        suggest_function: &'a dyn Fn(&str) -> Option<String>,
        predefined: &[(&str, &str)],
    ) -> Self {
        let variables =
            std::iter::once(SmolStr::new("$")).chain(predefined.iter().map(|(name, _)| SmolStr::new(format!("${name}")))).collect();
        Self { source, known_function, suggest_function, variables }
    }

    /// The rewritten body, with `$name := .Field` for each predefined variable in front.
    pub(crate) fn body(mut self, body: ListNode, predefined: &[(&str, &str)]) -> Result<ListNode, TemplateError> {
        let pos = body.pos;
        let mut list = self.list(body)?;
        let set = predefined.iter().map(|(name, field)| {
            let args = vec![identifier(pos, FIELD), Expr::Dot(pos), Expr::String(pos, Arc::from(*field))];
            declare(pos, &format!("${name}"), args)
        });
        list.nodes.splice(0..0, set);
        Ok(list)
    }

    fn error(&self, pos: Pos, message: String) -> TemplateError {
        TemplateError::at(&self.source.name, self.source.position(pos.offset), message)
    }

    fn list(&mut self, list: ListNode) -> Result<ListNode, TemplateError> {
        let mut nodes = Vec::with_capacity(list.nodes.len() * 2);
        for node in list.nodes {
            match node {
                Node::List(inner) => nodes.push(Node::List(self.list(inner)?)),
                Node::Action(action) => {
                    nodes.push(self.tick(action.pos));
                    let mut pipe = self.pipe(action.pipe)?;
                    if pipe.decl.is_empty() {
                        // A predefined escaper must stay last, where html escaping looks for it.
                        let escapes = pipe.commands.last().is_some_and(|c| is_call(c, &["html", "urlquery", "js"]));
                        if !escapes {
                            pipe.commands.push(command(action.pos, vec![identifier(action.pos, PRINT)]));
                        }
                    }
                    nodes.push(Node::Action(ActionNode { pos: action.pos, pipe }));
                }
                Node::If(branch) => {
                    nodes.push(self.tick(branch.pos));
                    nodes.push(Node::If(self.branch(branch, false)?));
                }
                Node::With(branch) => {
                    nodes.push(self.tick(branch.pos));
                    nodes.push(Node::With(self.branch(branch, false)?));
                }
                Node::Range(branch) => {
                    nodes.push(self.tick(branch.pos));
                    nodes.push(Node::Range(self.branch(branch, true)?));
                }
                Node::Template(call) => {
                    nodes.push(self.tick(call.pos));
                    let pipe = call.pipe.map(|pipe| self.pipe(pipe)).transpose()?;
                    nodes.push(Node::Template(TemplateNode { pipe, ..call }));
                }
                other => nodes.push(other),
            }
        }
        Ok(ListNode { pos: list.pos, nodes })
    }

    fn branch(&mut self, branch: BranchNode, range: bool) -> Result<BranchNode, TemplateError> {
        let scope = self.variables.len();
        let mut pipe = self.pipe(branch.pipe)?;
        if range {
            pipe.commands.push(command(branch.pos, vec![identifier(branch.pos, EACH)]));
        }
        let inner = self.variables.len();
        let body = self.list(branch.body)?;
        self.variables.truncate(inner);
        let else_body = branch.else_body.map(|body| self.list(body)).transpose()?;
        self.variables.truncate(scope);
        Ok(BranchNode { pos: branch.pos, pipe, body, else_body })
    }

    fn pipe(&mut self, pipe: PipeNode) -> Result<PipeNode, TemplateError> {
        let mut commands = Vec::with_capacity(pipe.commands.len());
        for original in pipe.commands {
            let piped = !commands.is_empty();
            commands.push(self.command(original, piped)?);
        }
        for name in &pipe.decl {
            if !pipe.is_assign {
                self.variables.push(name.clone());
            } else if !self.variables.contains(name) {
                return Err(self.error(pipe.pos, format!("undefined variable \"{name}\"")));
            }
        }
        Ok(PipeNode { pos: pipe.pos, decl: pipe.decl, commands, is_assign: pipe.is_assign })
    }

    fn command(&mut self, original: CommandNode, piped: bool) -> Result<CommandNode, TemplateError> {
        let pos = original.pos;
        let takes_arguments = piped || original.args.len() > 1;
        let mut args = Vec::with_capacity(original.args.len() + 2);
        for (i, expr) in original.args.into_iter().enumerate() {
            if i == 0 {
                match expr {
                    // `.Labels.Remove x`: the arguments belong to the method.
                    Expr::Field(..) | Expr::Chain(..) => args.extend(self.access(expr)?),
                    Expr::Variable(_, _, ref fields) if !fields.is_empty() => args.extend(self.access(expr)?),
                    Expr::Identifier(..) => args.push(self.expr(expr)?),
                    other if takes_arguments => {
                        return Err(self.error(other.pos(), "can't give argument to non-function".to_owned()));
                    }
                    other => args.push(self.expr(other)?),
                }
            } else {
                args.push(self.expr(expr)?);
            }
        }
        Ok(CommandNode { pos, args })
    }

    fn expr(&mut self, expr: Expr) -> Result<Expr, TemplateError> {
        Ok(match expr {
            Expr::Field(pos, _) | Expr::Chain(pos, _, _) => wrap(pos, self.access(expr)?),
            Expr::Variable(pos, name, fields) => {
                if !self.variables.contains(&name) {
                    return Err(self.error(pos, format!("undefined variable \"{name}\"")));
                }
                if fields.is_empty() {
                    Expr::Variable(pos, name, fields)
                } else {
                    wrap(pos, vec![identifier(pos, FIELD), Expr::Variable(pos, name, Vec::new()), path(pos, &fields)])
                }
            }
            Expr::Identifier(pos, name) => {
                if !(self.known_function)(&name) {
                    let hint = (self.suggest_function)(&name).map_or_else(String::new, |near| format!("; did you mean {near}?"));
                    return Err(self.error(pos, format!("function \"{name}\" not defined{hint}")));
                }
                Expr::Identifier(pos, name)
            }
            Expr::Pipe(pos, pipe) => Expr::Pipe(pos, self.pipe(pipe)?),
            other => other,
        })
    }

    /// `\0field BASE "A.B"`, ready for arguments behind it.
    fn access(&mut self, expr: Expr) -> Result<Vec<Expr>, TemplateError> {
        Ok(match expr {
            Expr::Field(pos, fields) => vec![identifier(pos, FIELD), Expr::Dot(pos), path(pos, &fields)],
            Expr::Chain(pos, inner, fields) => vec![identifier(pos, FIELD), self.expr(*inner)?, path(pos, &fields)],
            Expr::Variable(pos, name, fields) => {
                let variable = self.expr(Expr::Variable(pos, name, Vec::new()))?;
                vec![identifier(pos, FIELD), variable, path(pos, &fields)]
            }
            other => vec![self.expr(other)?],
        })
    }

    fn tick(&self, pos: Pos) -> Node {
        let (line, column) = self.source.position(pos.offset);
        let number = |n: usize| Expr::Number(pos, Number::Int(n as i64));
        declare(pos, TICKED, vec![identifier(pos, TICK), Expr::String(pos, Arc::clone(&self.source.name)), number(line), number(column)])
    }
}

fn path(pos: Pos, fields: &[SmolStr]) -> Expr {
    Expr::String(pos, Arc::from(fields.iter().map(SmolStr::as_str).collect::<Vec<_>>().join(".")))
}

fn identifier(pos: Pos, name: &str) -> Expr {
    Expr::Identifier(pos, SmolStr::new(name))
}

fn command(pos: Pos, args: Vec<Expr>) -> CommandNode {
    CommandNode { pos, args }
}

fn wrap(pos: Pos, args: Vec<Expr>) -> Expr {
    Expr::Pipe(pos, PipeNode { pos, decl: Vec::new(), commands: vec![command(pos, args)], is_assign: false })
}

fn declare(pos: Pos, name: &str, args: Vec<Expr>) -> Node {
    Node::Action(ActionNode {
        pos,
        pipe: PipeNode { pos, decl: vec![SmolStr::new(name)], commands: vec![command(pos, args)], is_assign: false },
    })
}

fn is_call(command: &CommandNode, names: &[&str]) -> bool {
    matches!(command.args.first(), Some(Expr::Identifier(_, name)) if names.contains(&name.as_str()))
}

/// The names of the templates that a body calls.
pub(crate) fn calls(list: &ListNode, found: &mut Vec<SmolStr>) {
    for node in &list.nodes {
        match node {
            Node::List(inner) => calls(inner, found),
            Node::If(branch) | Node::With(branch) | Node::Range(branch) => {
                calls(&branch.body, found);
                if let Some(body) = &branch.else_body {
                    calls(body, found);
                }
            }
            Node::Template(call) => found.push(call.name.clone()),
            _ => {}
        }
    }
}
