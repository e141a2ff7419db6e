//! `phoenix test-notify`: one real message through one receiver or to one person.

use crate::args::TestNotify;
use crate::exit::{Failure, NO};
use phoenix_env::{RealClock, RealDisk};
use phoenix_server::test_notify::{self, Target};
use serde_json::json;

pub(crate) fn run(arguments: &TestNotify, json_output: bool) -> Result<(), Failure> {
    let target = match (&arguments.receiver, &arguments.person) {
        (Some(receiver), _) => Target::Receiver(receiver.clone()),
        (None, Some(person)) => Target::Person(person.clone()),
        (None, None) => return Err(Failure::new(2, "name a --receiver or a --person")),
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|e| Failure::new(NO, "cannot start a runtime").caused_by(e))?;
    let outcomes = runtime
        .block_on(test_notify::send(&arguments.config, &target, RealClock::shared(), RealDisk::shared()))
        .map_err(|e| Failure::new(NO, e.message).diagnostics(e.diagnostics))?;
    let failed = outcomes.iter().filter(|o| o.error.is_some()).count();
    if json_output {
        let list: Vec<_> = outcomes.iter().map(|o| json!({"to": o.to, "ok": o.error.is_none(), "error": o.error})).collect();
        println!("{}", json!({"messages": list}));
    } else {
        for outcome in &outcomes {
            match &outcome.error {
                None => println!("sent to {}", outcome.to),
                Some(error) => println!("NOT sent to {}: {error}", outcome.to),
            }
        }
    }
    if failed > 0 {
        return Err(Failure::new(NO, format!("{failed} of {} messages could not be sent", outcomes.len())));
    }
    Ok(())
}
