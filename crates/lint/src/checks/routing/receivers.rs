//! Receivers that nobody uses, and receivers that cannot send.

use crate::checks::keys::{items, text};
use crate::finding::Finding;
use crate::project::File;
use phoenix_yaml::Node;
use std::collections::HashSet;

/// What an integration must say: one of these keys, or one of these below `global`.
struct Need {
    keys: &'static [&'static str],
    global: &'static [&'static str],
}

const fn need(keys: &'static [&'static str], global: &'static [&'static str]) -> Need {
    Need { keys, global }
}

const URL: &[&str] = &["url", "url_file"];
const WEBHOOK_URL: &[&str] = &["webhook_url", "webhook_url_file"];
const API_KEY: &[&str] = &["api_key", "api_key_file"];

/// By Alertmanager's documentation of each integration.
const NEEDS: [(&str, &[Need]); 11] = [
    ("discord_configs", &[need(WEBHOOK_URL, &[])]),
    ("email_configs", &[need(&["to"], &[]), need(&["smarthost"], &["smtp_smarthost"]), need(&["from"], &["smtp_from"])]),
    ("msteams_configs", &[need(WEBHOOK_URL, &[])]),
    ("msteamsv2_configs", &[need(WEBHOOK_URL, &[])]),
    ("opsgenie_configs", &[need(API_KEY, &["opsgenie_api_key", "opsgenie_api_key_file"])]),
    ("pagerduty_configs", &[need(&["routing_key", "routing_key_file", "service_key", "service_key_file"], &[])]),
    ("pushover_configs", &[need(&["user_key", "user_key_file"], &[]), need(&["token", "token_file"], &[])]),
    (
        "slack_configs",
        &[need(
            &["api_url", "api_url_file", "app_token", "app_token_file"],
            &["slack_api_url", "slack_api_url_file", "slack_app_token", "slack_app_token_file"],
        )],
    ),
    (
        "telegram_configs",
        &[
            need(&["bot_token", "bot_token_file"], &["telegram_bot_token", "telegram_bot_token_file"]),
            need(&["chat_id", "chat_id_file"], &["telegram_chat_id"]),
        ],
    ),
    ("victorops_configs", &[need(API_KEY, &["victorops_api_key", "victorops_api_key_file"]), need(&["routing_key"], &[])]),
    ("webhook_configs", &[need(URL, &[])]),
];

/// Names of receivers that are meant to tell nobody.
const NOBODY: [&str; 9] = ["null", "nobody", "blackhole", "black-hole", "devnull", "dev-null", "none", "noop", "drop"];

pub(super) fn check(file: &File, tree: &Node, found: &mut Vec<Finding>) {
    let mut used = HashSet::new();
    if let Some(root) = tree.get("route") {
        names(root, &mut used, 0);
    }
    for receiver in items(tree, "receivers") {
        let Some(name) = receiver.get("name") else { continue };
        let shown = name.text().unwrap_or("");
        let meant = NOBODY.iter().any(|word| shown.to_ascii_lowercase().contains(word));
        if tree.get("route").is_some() && !used.contains(shown) && !meant {
            let message = format!("no route leads to `{shown}`");
            found.push(Finding::at("routing/receiver-never-used", file, name.span, message).help("route to it, or remove it"));
        }
        for (integration, needs) in NEEDS {
            for block in items(receiver, integration) {
                found.extend(incomplete(file, tree, shown, integration, block, needs));
            }
        }
    }
}

/// All receivers that routes name.
fn names<'a>(route: &'a Node, used: &mut HashSet<&'a str>, depth: usize) {
    used.extend(text(route, "receiver"));
    if depth < 32 {
        for child in items(route, "routes") {
            names(child, used, depth + 1);
        }
    }
}

fn incomplete(file: &File, tree: &Node, receiver: &str, integration: &str, block: &Node, needs: &[Need]) -> Option<Finding> {
    let global = tree.get("global");
    let given = |node: &Node, keys: &[&str]| keys.iter().any(|key| node.get(key).is_some_and(|value| value.text() != Some("")));
    let missing = needs.iter().find(|need| !given(block, need.keys) && !global.is_some_and(|global| given(global, need.global)))?;
    let wanted = missing.keys.join("` or `");
    let message = format!("a block of `{integration}` of `{receiver}` has no `{wanted}`");
    let help = match missing.global.first() {
        Some(global) => format!("add it, or `{global}` below `global`"),
        None => "add it".to_owned(),
    };
    Some(Finding::at("routing/receiver-incomplete", file, block.head(), message).help(help))
}
