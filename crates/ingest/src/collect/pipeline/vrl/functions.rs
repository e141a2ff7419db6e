//! The functions that programs may call: those of VRL that read nothing but their arguments and whose work is
//! bounded by them.

use super::event::timestamp;
use ::vrl::compiler::Function;
use ::vrl::path::{OwnedTargetPath, OwnedValuePath};
use ::vrl::prelude::{
    ArgumentList, Compiled, Context, Example, FunctionCompileContext, FunctionExpression, Resolved, TypeDef, TypeState, Value, kind,
};

/// What is left out, and why.
const LEFT_OUT: &[(&str, &str)] = &[
    ("decode_gzip", UNPACKS),
    ("decode_lz4", UNPACKS),
    ("decode_snappy", UNPACKS),
    ("decode_zlib", UNPACKS),
    ("decode_zstd", UNPACKS),
    ("dns_lookup", NETWORK),
    ("get_env_var", MACHINE),
    ("get_hostname", MACHINE),
    ("get_timezone_name", MACHINE),
    ("http_request", NETWORK),
    ("log", "it would write into Phoenix' own log for each line"),
    ("parse_groks", "it can read files; `parse_grok` is there"),
    ("parse_ruby_hash", NESTS),
    ("reverse_dns", NETWORK),
    ("unflatten", NESTS),
];
const UNPACKS: &str = "what it unpacks has no limit";
const NETWORK: &str = "a program reaches no network";
const MACHINE: &str = "a program sees nothing of the machine";
const NESTS: &str = "what it reads may nest without a limit";

/// Why a function is not there; `None` when VRL has none of that name either.
pub(super) fn left_out(name: &str) -> Option<&'static str> {
    LEFT_OUT.iter().find(|(left_out, _)| *left_out == name).map(|(_, why)| *why)
}

pub(super) fn all() -> Vec<Box<dyn Function>> {
    let own: Box<dyn Function> = Box::new(Now);
    let theirs = ::vrl::stdlib::all().into_iter().filter(|f| f.identifier() != own.identifier() && left_out(f.identifier()).is_none());
    let mut all: Vec<_> = theirs.collect();
    all.push(own);
    all
}

/// Where a program's metadata has the moment. Programs can't write there.
pub(super) fn now_path() -> OwnedTargetPath {
    OwnedTargetPath::metadata(OwnedValuePath::single_field("now"))
}

/// The metadata that a program runs with.
pub(super) fn metadata(now_ns: i64) -> Value {
    [("now".into(), timestamp(now_ns))].into_iter().collect::<::vrl::value::ObjectMap>().into()
}

/// `now()` by the clock that the pipeline runs by, not the machine's.
#[derive(Debug, Clone, Copy)]
struct Now;

impl Function for Now {
    fn identifier(&self) -> &'static str {
        "now"
    }

    fn usage(&self) -> &'static str {
        "The moment at which the entry passes."
    }

    fn category(&self) -> &'static str {
        "Timestamp"
    }

    fn return_kind(&self) -> u16 {
        kind::TIMESTAMP
    }

    fn examples(&self) -> &'static [Example] {
        &[]
    }

    fn compile(&self, _: &TypeState, _: &mut FunctionCompileContext, _: ArgumentList) -> Compiled {
        Ok(NowCall.as_expr())
    }
}

#[derive(Debug, Clone)]
struct NowCall;

impl FunctionExpression for NowCall {
    fn resolve(&self, context: &mut Context) -> Resolved {
        match context.target().target_get(&now_path()) {
            Ok(Some(moment)) => Ok(moment.clone()),
            Ok(None) => Err("there is no moment".into()),
            Err(why) => Err(why.into()),
        }
    }

    fn type_def(&self, _: &TypeState) -> TypeDef {
        TypeDef::timestamp()
    }
}
