//! Files that jobs and receivers name: certificates, secrets, templates. What stops a start is an error, at its place.

use phoenix_alert::{AlertConfig, ConfigError};
use phoenix_env::{RealClock, SharedDisk};
use phoenix_http::{ClientOptions, HttpConfig, HttpError};
use phoenix_ingest::config::ScrapeConfig;
use phoenix_model::{Diagnostic, Source, Span};
use phoenix_yaml::Node;
use std::path::{Path, PathBuf};

/// How deep a key is looked for below a job or a receiver.
const MAX_DEPTH: usize = 16;

/// The keys of files without which no client can be made.
const TLS_FILES: [&str; 3] = ["ca_file", "cert_file", "key_file"];

/// The longest secret that is read from a file.
const MAX_SECRET_BYTES: u64 = 1 << 20;

/// What is wrong with the files that jobs name.
pub(crate) fn of_jobs(jobs: &[ScrapeConfig], disk: &SharedDisk) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for job in jobs {
        let source = &job.origin.source;
        let clients = std::iter::once(&job.http).chain(job.http_sd_configs.iter().map(|discovery| &discovery.http));
        for (refused, error) in clients.filter_map(|http| wrong(http, disk)) {
            // The tree is read for what is wrong only.
            let tree = phoenix_yaml::tree(source).ok().flatten();
            let own = tree.as_deref().and_then(|tree| item(tree, &["scrape_configs"], |node| holds(node, job.origin.span)));
            let place = own.and_then(|own| place(own, &error, source)).unwrap_or(job.origin.span);
            found.push(told(source, place, refused, format!("job `{}`: {error}", job.job_name)));
        }
    }
    found
}

/// What is wrong with the files that Alertmanager's config names, and with what its texts call.
pub(crate) fn of_alerting(config: &AlertConfig, source: &Source, disk: &SharedDisk) -> Vec<Diagnostic> {
    let tree = phoenix_yaml::tree(source).ok().flatten();
    let receiver = |name: &str| {
        let is = |node: &Node| node.get("name").and_then(Node::text) == Some(name);
        tree.as_deref().and_then(|tree| item(tree, &["receivers"], is))
    };
    let top = || tree.as_deref().map_or(Span::default(), Node::head);
    let mut found = Vec::new();
    if let Some(tree) = tree.as_deref() {
        secrets(tree, source, disk, 0, &mut found);
    }
    // Templates are parsed here and not run: the time does not matter.
    let Some(error) = config.cannot_act(disk, &RealClock::shared()) else { return found };
    let place = match &error {
        ConfigError::Templates(_) => tree.as_deref().and_then(|tree| tree.get("templates")).map(|node| node.span),
        ConfigError::Text { receiver: name, .. } => receiver(name).and_then(|node| node.get("name")).map(|node| node.span),
        ConfigError::Http { receiver: name, source: error } => receiver(name)
            .and_then(|node| place(node, error, source))
            // What a receiver does not say is said for all.
            .or_else(|| place(tree.as_deref()?.get("global")?, error, source))
            .or_else(|| receiver(name).and_then(|node| node.get("name")).map(|node| node.span)),
    };
    found.push(told(source, place.unwrap_or_else(top), true, error.to_string()));
    found
}

/// Files with secrets that a receiver reads when it sends.
fn secrets(node: &Node, source: &Source, disk: &SharedDisk, depth: usize, found: &mut Vec<Diagnostic>) {
    if depth > MAX_DEPTH {
        return;
    }
    for (name, value) in node.entries() {
        let key = name.text().unwrap_or("");
        match value.text() {
            Some(path) if key.ends_with("_file") && !TLS_FILES.contains(&key) && !path.is_empty() => {
                if let Err(error) = disk.read(&folder(source).join(path), MAX_SECRET_BYTES) {
                    found.push(told(source, value.span, false, format!("the {key} can't be read: {error}")));
                }
            }
            _ => secrets(value, source, disk, depth + 1, found),
        }
    }
    for item in node.items() {
        secrets(item, source, disk, depth + 1, found);
    }
}

fn told(source: &Source, place: Span, refused: bool, message: String) -> Diagnostic {
    if refused {
        let help = "Phoenix does not start with it, and a reload is refused; paths are relative to the file that names them";
        Diagnostic::error(source, place, message).with_help(help)
    } else {
        Diagnostic::warning(source, place, message).with_help("the file is read for each request, and requests fail until it is there")
    }
}

/// What stops a client from being made, which is refused, or its requests from being sent.
fn wrong(http: &HttpConfig, disk: &SharedDisk) -> Option<(bool, HttpError)> {
    let client = http.client(disk, ClientOptions::default()).err().map(|error| (true, error));
    client.or_else(|| http.check_secrets(disk.as_ref()).err().map(|error| (false, error)))
}

fn holds(node: &Node, span: Span) -> bool {
    node.span.start <= span.start && span.end <= node.span.end
}

/// The first item of one of these lists that is the one.
fn item<'a>(tree: &'a Node, lists: &[&str], is: impl Fn(&Node) -> bool) -> Option<&'a Node> {
    lists.iter().filter_map(|list| tree.get(list)).flat_map(Node::items).map(AsRef::as_ref).find(|node| is(node))
}

/// Where the key stands that names the file of an error.
fn place(below: &Node, error: &HttpError, source: &Source) -> Option<Span> {
    let (key, path) = match error {
        HttpError::File { what, source } => (*what, source.path.0.clone()),
        HttpError::Content { what, path, .. } => (*what, path.clone()),
        HttpError::Tls(_) => ("tls_config", PathBuf::new()),
        HttpError::Setup(_) | HttpError::Request(_) => return None,
    };
    named(below, key, &|text| path.as_os_str().is_empty() || folder(source).join(text) == path, 0)
}

/// The folder that relative paths of a file start from.
fn folder(source: &Source) -> &Path {
    Path::new(&*source.name).parent().unwrap_or(Path::new(""))
}

fn named(node: &Node, key: &str, is: &dyn Fn(&str) -> bool, depth: usize) -> Option<Span> {
    if depth > MAX_DEPTH {
        return None;
    }
    let own = node.entries().iter().find(|(name, value)| {
        let texts = value.items().iter().filter_map(|item| item.text()).chain(value.text());
        name.text() == Some(key) && (value.kind() == "a mapping" || texts.into_iter().any(is))
    });
    if let Some((name, value)) = own {
        return Some(if value.text().is_some() { value.span } else { name.span });
    }
    let below = node.entries().iter().map(|(_, value)| value).chain(node.items());
    below.into_iter().find_map(|value| named(value, key, is, depth + 1))
}
