//! `phoenix incident …`: what can be done from a terminal at night.

use crate::args::{Incident, IncidentAction, IncidentChange};
use crate::client::Client;
use crate::exit::Failure;
use serde_json::{Value, json};

pub(crate) fn run(arguments: &Incident, json_output: bool) -> Result<(), Failure> {
    let client = Client::new(&arguments.server.server)?;
    let (answer, text): (Value, fn(&Value) -> String) = match &arguments.action {
        IncidentAction::List { all } => {
            let states = if *all { "open,acknowledged,resolved" } else { "open,acknowledged" };
            (client.get("/api/phoenix/v1/incidents", &[("state", states)])?, list)
        }
        IncidentAction::Show { id } => (client.get(&format!("/api/phoenix/v1/incidents/{id}"), &[])?, show),
        IncidentAction::Ack(change) => (post(&client, change, "acknowledge")?, line),
        IncidentAction::Resolve(change) => (post(&client, change, "resolve")?, line),
    };
    if json_output {
        println!("{answer}");
    } else {
        println!("{}", text(&answer));
    }
    Ok(())
}

fn post(client: &Client, change: &IncidentChange, action: &str) -> Result<Value, Failure> {
    let mut body = json!({"who": change.who, "via": "cli"});
    if let Some(note) = &change.note {
        body["note"] = json!(note);
    }
    client.post(&format!("/api/phoenix/v1/incidents/{}/{action}", change.id), &body)
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or("")
}

fn line(incident: &Value) -> String {
    let by = match text(incident, "acknowledged_by") {
        "" => String::new(),
        who => format!("  (acknowledged by {who})"),
    };
    format!(
        "{:<9} {:<13} {:<9} {}  {}{by}",
        text(incident, "id"),
        text(incident, "state"),
        text(incident, "severity"),
        text(incident, "opened_at"),
        text(incident, "title")
    )
}

fn list(answer: &Value) -> String {
    let incidents = answer.get("incidents").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    if incidents.is_empty() {
        return "No incidents: nothing is wrong that Phoenix knows of.".to_owned();
    }
    incidents.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn show(incident: &Value) -> String {
    let mut out = line(incident);
    for event in incident.get("timeline").and_then(Value::as_array).into_iter().flatten() {
        out.push_str(&format!("\n  {}  {}", text(event, "at"), text(event, "text")));
        for (key, before) in [("who", " by "), ("why", "\n      because ")] {
            if !text(event, key).is_empty() {
                out.push_str(before);
                out.push_str(text(event, key));
            }
        }
    }
    out
}
