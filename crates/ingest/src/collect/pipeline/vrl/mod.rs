//! `vrl`: a program in Vector's remap language that changes, refuses or drops an entry.
//!
//! Only there with the cargo feature `vrl`, since the language brings some hundred crates with it.

mod event;
mod functions;
mod nesting;

use super::{Context, Entry, Flow};
use ::vrl::compiler::runtime::{Runtime, Terminate};
use ::vrl::compiler::state::ExternalEnv;
use ::vrl::compiler::{CompileConfig, ExpressionError, Program, TargetValue, TimeZone, compile_with_external};
use ::vrl::diagnostic::{Diagnostic, DiagnosticList, Note};
use ::vrl::value::{Secrets, Value};
use phoenix_yaml::KeyError;
use serde::Deserialize;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// Bytes of a program.
const SOURCE_LIMIT_BYTES: usize = 32 << 10;
/// Stack for reading a program that nests as deep as one may: reading takes far more than running.
const COMPILER_STACK_BYTES: usize = 64 << 20;
/// Expressions that a program may work out for one entry. Closures over long lists within each other are what
/// reaches it.
const STEPS_LIMIT: u32 = 1_000_000;
/// VRL's codes for an expression or assignment whose error nothing handles, and for a function that it does not know.
const UNHANDLED: [usize; 2] = [100, 103];
const UNDEFINED_FUNCTION: usize = 105;

/// `vrl`
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "RawVrl")]
pub(super) struct Vrl {
    program: Arc<Program>,
    zone: TimeZone,
    drop_on_abort: bool,
    drop_on_error: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawVrl {
    source: String,
    timezone: Option<String>,
    #[serde(default)]
    drop_on_abort: bool,
    #[serde(default)]
    drop_on_error: bool,
}

impl TryFrom<RawVrl> for Vrl {
    type Error = KeyError;

    fn try_from(raw: RawVrl) -> Result<Self, KeyError> {
        if raw.source.trim().is_empty() {
            return Err(KeyError::at("source", "`source` is empty").with_help("write a program, as `.message = upcase!(.message)`"));
        }
        if raw.source.len() > SOURCE_LIMIT_BYTES {
            let message = format!("the program has {} bytes, the limit is {SOURCE_LIMIT_BYTES}", raw.source.len());
            return Err(KeyError::at("source", message).with_help("put the rest into a second `vrl` stage"));
        }
        let name = raw.timezone.as_deref().filter(|name| !name.is_empty()).unwrap_or("UTC");
        // `local` would be whatever the machine is set to.
        let zone = TimeZone::parse(name)
            .filter(|_| name != "local")
            .ok_or_else(|| KeyError::at("timezone", format!("`{name}` is not a time zone")).with_help("write it as `Europe/London`"))?;
        let program = compile(&raw.source)?;
        Ok(Self { program: Arc::new(program), zone, drop_on_abort: raw.drop_on_abort, drop_on_error: raw.drop_on_error })
    }
}

fn compile(source: &str) -> Result<Program, KeyError> {
    if let Some(at) = nesting::too_deep(source) {
        let message = format!(
            "the program nests too deep here; the limits are {} open brackets and {} levels with operators",
            nesting::BRACKETS_LIMIT,
            nesting::LEVELS_LIMIT
        );
        return Err(KeyError::within("source", at..at + 1, message).with_help("give a part of it to a variable first"));
    }
    let compiled = std::thread::scope(|scope| {
        let compiler = std::thread::Builder::new().name("vrl".to_owned()).stack_size(COMPILER_STACK_BYTES).spawn_scoped(scope, || {
            let mut config = CompileConfig::default();
            config.set_read_only_path(functions::now_path(), true);
            let compiled = compile_with_external(source, &functions::all(), &ExternalEnv::default(), config);
            compiled.map(|compiled| compiled.program).map_err(|findings| refusal(source, &findings))
        });
        compiler.map(std::thread::ScopedJoinHandle::join)
    });
    match compiled {
        Ok(Ok(compiled)) => compiled,
        Ok(Err(_)) => Err(KeyError::at("source", "VRL's compiler failed on this program")),
        Err(e) => Err(KeyError::at("source", format!("no thread for VRL's compiler: {e}"))),
    }
}

/// The first error of the compiler, where it stands.
fn refusal(source: &str, findings: &DiagnosticList) -> KeyError {
    let errors: Vec<&Diagnostic> = findings.iter().filter(|finding| finding.is_problem()).collect();
    let Some(first) = errors.first() else { return KeyError::at("source", "the program can't be compiled") };
    let labels = first.labels();
    let mark = labels.iter().find(|label| label.primary).or(labels.first());
    let bytes = mark.map_or(0..0, |label| label.span.start().min(source.len())..label.span.end().min(source.len()));
    let mut message = first.message().to_owned();
    if let Some(mark) = mark.filter(|mark| !message.contains(&mark.message)) {
        message += &format!(": {}", mark.message);
    }
    let left_out = source.get(bytes.clone()).filter(|_| first.code == UNDEFINED_FUNCTION).and_then(functions::left_out);
    let mut help: Vec<String> = left_out.map(|why| format!("Phoenix leaves it out: {why}")).into_iter().collect();
    if UNHANDLED.contains(&first.code) {
        help.push("handle the error: `f!(…)` ends the program, `f(…) ?? value` gives another value, `x, err = f(…)` keeps both".to_owned());
    } else if help.is_empty() {
        let others = labels.iter().filter(|label| !label.primary).map(|label| label.message.trim_end_matches(':').to_owned());
        // A list of two dozen tokens helps nobody.
        help.extend(others.filter(|text| !text.starts_with("expected one of")));
        help.extend(first.notes().iter().filter_map(hint));
    }
    if errors.len() > 1 {
        help.push(format!("the compiler found {} errors, this is the first", errors.len()));
    }
    let error = KeyError::within("source", bytes, message);
    if help.is_empty() { error } else { error.with_help(help.join("; ")) }
}

/// What a note tells to do; links are left out.
fn hint(note: &Note) -> Option<String> {
    match note {
        Note::Hint(text) | Note::Example(text) | Note::Basic(text) | Note::UserErrorMessage(text) => {
            Some(text.trim().to_owned()).filter(|text| !text.is_empty())
        }
        Note::CoerceValue => Some("coerce the value to the type that is needed, as with `string!`".to_owned()),
        _ => None,
    }
}

/// How a program ended that did not come to its end.
enum End {
    Abort(String),
    Error(String),
}

impl Vrl {
    pub(super) fn apply(&self, mut entry: Entry, context: &mut Context<'_>) -> Flow {
        let (drops, reason, why) = match self.run(&mut entry, context.now_ns) {
            Ok(()) => return Flow::Pass(entry),
            Err(End::Abort(why)) => (self.drop_on_abort, "vrl_abort", why),
            Err(End::Error(why)) => {
                context.metrics.failed("vrl");
                (self.drop_on_error, "vrl_error", why)
            }
        };
        context.note(|| why);
        if drops { Flow::Drop(reason.to_owned()) } else { Flow::Pass(entry) }
    }

    /// Runs the program. The entry is changed only when all of what the program left can be taken.
    fn run(&self, entry: &mut Entry, now_ns: i64) -> Result<(), End> {
        let mut target = TargetValue { value: event::of(entry), metadata: functions::metadata(now_ns), secrets: Secrets::default() };
        let mut steps = 0;
        let mut control = || {
            steps += 1;
            if steps > STEPS_LIMIT { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        // The functions are not ours and see whatever is logged: a panic in one must not end the collecting.
        let ended = catch_unwind(AssertUnwindSafe(|| {
            Runtime::default().resolve_with_control(&mut target, &self.program, &self.zone, &mut control).map(|_: Value| ())
        }));
        match ended {
            Ok(Ok(())) => event::take(target.value, entry).map_err(End::Error),
            Ok(Err(Terminate::Abort(ExpressionError::Abort { message, .. }))) => {
                Err(End::Abort(message.map_or_else(|| "aborted".to_owned(), |message| format!("aborted: {message}"))))
            }
            Ok(Err(Terminate::Interrupted)) => Err(End::Error(format!("the program took more than {STEPS_LIMIT} steps"))),
            Ok(Err(Terminate::Abort(error) | Terminate::Error(error))) => Err(End::Error(error.to_string())),
            Err(_) => Err(End::Error("a function of the program failed".to_owned())),
        }
    }
}

#[cfg(test)]
mod tests;
