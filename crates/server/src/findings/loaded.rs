//! What is loaded, as texts for the linter. Secrets are masked; every place still holds.

use crate::config::{self, FileRole, FoundDashboards};
use crate::current::{Current, STARTER_RULES};
use crate::http::Api;
use phoenix_model::Source;
use std::collections::HashMap;
use std::sync::Arc;

/// The most dashboards that are linted, and the most bytes of all of them.
const MAX_DASHBOARDS: usize = 1_000;
const MAX_DASHBOARD_BYTES: usize = 64 << 20;

/// The longest file of a dashboard that is read, in bytes.
const MAX_FILE_BYTES: u64 = 16 << 20;

/// What is linted together.
#[derive(Default)]
pub(super) struct LoadedTexts {
    pub sources: Vec<Source>,
    /// Uids of saved dashboards, by the names of their texts.
    pub uids: HashMap<Arc<str>, String>,
    /// What could not be read or is too much.
    pub left_out: Vec<String>,
}

/// The configuration's files; of rules alone for a single query.
pub(super) fn files(current: &Current, rules_only: bool) -> Vec<Source> {
    let wanted = current.loaded.files.iter().filter(|file| !rules_only || file.role == FileRole::Rules);
    let mut sources: Vec<Source> = wanted.map(|file| phoenix_yaml::mask(&file.source, config::is_secret)).collect();
    if current.has_starter_rules() {
        sources.push(Source::new(STARTER_RULES.0, STARTER_RULES.1));
    }
    sources
}

/// All that is loaded: files, and dashboards in files and in the state store. Built-in dashboards are not among them.
pub(super) async fn everything(api: &Api) -> LoadedTexts {
    let current = api.reloader.current();
    let mut texts = LoadedTexts { sources: files(&current, false), ..LoadedTexts::default() };
    let disk = Arc::clone(&api.disk);
    let (mut dashboards, mut bytes) = (0, 0);
    let mut room = |length: usize| {
        dashboards += 1;
        bytes += length;
        dashboards <= MAX_DASHBOARDS && bytes <= MAX_DASHBOARD_BYTES
    };
    let mut left_out = 0;
    if let Some(patterns) = current.loaded.dashboards.clone() {
        let read = tokio::task::spawn_blocking(move || {
            let found = FoundDashboards::look(disk.as_ref(), &patterns);
            let read = |path: &std::path::Path| Some(String::from_utf8_lossy(&disk.read(path, MAX_FILE_BYTES).ok()?).into_owned());
            let files = found.files.iter().take(MAX_DASHBOARDS);
            files.map(|file| (file.path.display().to_string(), read(&file.path))).collect::<Vec<_>>()
        });
        for (name, text) in read.await.unwrap_or_default() {
            match text {
                Some(text) if room(text.len()) => texts.sources.push(Source::new(name, text)),
                Some(_) => left_out += 1,
                None => texts.left_out.push(format!("{name} can't be read")),
            }
        }
    }
    match api.parts.state.dashboards().await {
        Ok(rows) => {
            for row in rows {
                match api.parts.state.dashboard(&row.uid).await {
                    Ok(Some((row, text))) if room(text.len()) => {
                        let name: Arc<str> = format!("dashboard {} ({})", row.title, row.uid).into();
                        texts.sources.push(Source::new(Arc::clone(&name), text));
                        texts.uids.insert(name, row.uid);
                    }
                    Ok(Some(_)) => left_out += 1,
                    Ok(None) => {}
                    Err(error) => texts.left_out.push(format!("the dashboard {} can't be read: {error}", row.uid)),
                }
            }
        }
        Err(error) => texts.left_out.push(format!("saved dashboards can't be listed: {error}")),
    }
    if left_out > 0 {
        texts.left_out.push(format!(
            "{left_out} dashboards are beyond the limits of {MAX_DASHBOARDS} dashboards and {} MiB",
            MAX_DASHBOARD_BYTES >> 20
        ));
    }
    texts
}
