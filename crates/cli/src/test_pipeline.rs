//! `phoenix test pipeline`: what the stages of a job do with the lines of standard input.

use crate::args::TestPipeline;
use crate::exit::{Failure, NO};
use phoenix_env::{Disk, RealClock, RealDisk};
use phoenix_ingest::collect::pipeline::metrics::PipelineMetrics;
use phoenix_ingest::collect::pipeline::{Context, Entry, Pipeline, StepTrace, Trace};
use phoenix_ingest::collect::{self, Job};
use phoenix_model::{Labels, Source};
use serde_json::{Value, json};
use std::io::{BufRead, Read};
use std::path::Path;
use std::time::Duration;

/// Bytes of the config.
const CONFIG_LIMIT_BYTES: u64 = 16 << 20;
/// Bytes of standard input.
const INPUT_LIMIT_BYTES: u64 = 64 << 20;

/// A line with what became of it.
struct Tried {
    /// `None` for what comes out after the last line.
    line: Option<String>,
    steps: Vec<StepTrace>,
    entries: Vec<Entry>,
}

pub(crate) fn run(arguments: &TestPipeline, json_output: bool) -> Result<(), Failure> {
    let job = read_job(arguments)?;
    let mut labels = job.first_labels().to_builder();
    if job.has_files() {
        labels.set("filename", "(standard input)");
    }
    let tried = run_lines(&job.pipeline, &labels.build(), std::io::stdin().lock())?;
    if json_output {
        let lines: Vec<Value> = tried.iter().map(to_json).collect();
        println!("{}", json!({"job": job.name, "lines": lines}));
    } else {
        for one in &tried {
            print!("{}", to_text(one));
        }
    }
    Ok(())
}

fn read_job(arguments: &TestPipeline) -> Result<Job, Failure> {
    let path = &arguments.config;
    let bytes =
        RealDisk.read(path, CONFIG_LIMIT_BYTES).map_err(|e| Failure::new(NO, format!("{} can't be read", path.display())).caused_by(e))?;
    let text = String::from_utf8(bytes).map_err(|_| Failure::new(NO, format!("{} is not UTF-8", path.display())))?;
    let source = Source::new(path.display().to_string(), text);
    let (config, diagnostics) = collect::parse(&source, path.parent().unwrap_or(Path::new(".")));
    let Some(config) = config else {
        return Err(Failure::new(NO, format!("{} has errors", path.display())).diagnostics(diagnostics));
    };
    for warning in &diagnostics {
        eprintln!("{}", crate::draw::diagnostic(warning));
    }
    let names: Vec<&str> = config.jobs.iter().map(|job| job.name.as_str()).collect();
    let known = format!("the jobs are: {}", names.join(", "));
    match (&arguments.job, config.jobs.as_slice()) {
        (None, [only]) => Ok(only.clone()),
        (None, []) => Err(Failure::new(NO, format!("{} has no job", path.display())).hint("list one under `scrape_configs`")),
        (None, _) => Err(Failure::new(2, "name the job with --job").hint(known)),
        (Some(name), jobs) => {
            let found = jobs.iter().find(|job| job.name == *name);
            found.cloned().ok_or_else(|| Failure::new(NO, format!("there is no job `{name}`")).hint(known))
        }
    }
}

fn run_lines(pipeline: &Pipeline, labels: &Labels, input: impl Read) -> Result<Vec<Tried>, Failure> {
    let clock = RealClock::shared();
    let metrics = PipelineMetrics::unregistered();
    let mut pipeline = pipeline.instance();
    let mut trace = Trace::default();
    let mut tried = Vec::new();
    let mut input = std::io::BufReader::new(input.take(INPUT_LIMIT_BYTES));
    let mut bytes = Vec::new();
    loop {
        bytes.clear();
        let length = input.read_until(b'\n', &mut bytes).map_err(|e| Failure::new(NO, "standard input can't be read").caused_by(e))?;
        let now_ns = clock.now_ms() * 1_000_000;
        let mut context =
            Context { now_ns, monotonic: clock.monotonic(), wait: Duration::ZERO, metrics: &metrics, trace: Some(&mut trace) };
        let mut entries = Vec::new();
        if length == 0 {
            pipeline.flush(true, &mut context, &mut entries);
            if !entries.is_empty() {
                tried.push(Tried { line: None, steps: trace.take(), entries });
            }
            return Ok(tried);
        }
        let text = String::from_utf8_lossy(&bytes);
        let line = text.trim_end_matches(['\n', '\r']).to_owned();
        pipeline.process(Entry::new(now_ns, line.as_str(), labels.clone(), 0), &mut context, &mut entries);
        tried.push(Tried { line: Some(line), steps: trace.take(), entries });
    }
}

fn time(entry: &Entry) -> String {
    jiff::Timestamp::from_nanosecond(i128::from(entry.timestamp_ns))
        .map_or_else(|_| entry.timestamp_ns.to_string(), |time| time.to_string())
}

fn to_json(tried: &Tried) -> Value {
    let entries: Vec<Value> = tried
        .entries
        .iter()
        .map(|entry| {
            json!({
                "timestamp": time(entry),
                "labels": entry.labels.build(),
                "metadata": entry.metadata.clone().build(),
                "line": entry.line,
            })
        })
        .collect();
    json!({"line": tried.line, "steps": tried.steps, "entries": entries})
}

fn to_text(tried: &Tried) -> String {
    let mut out = tried.line.as_ref().map_or_else(|| "after the last line\n".to_owned(), |line| format!("{line}\n"));
    for step in &tried.steps {
        let mut said: Vec<&str> = step.changes.iter().chain(&step.notes).map(String::as_str).collect();
        if step.outcome != "passed" {
            said.push(&step.outcome);
        }
        let said = if said.is_empty() { "nothing".to_owned() } else { said.join(", ") };
        let indent = "  ".repeat(step.depth + 1);
        out += &format!("{indent}{:<20} {said}\n", step.stage);
    }
    for entry in &tried.entries {
        let metadata = entry.metadata.clone().build();
        let metadata = if metadata.is_empty() { String::new() } else { format!(" {metadata}") };
        out += &format!("  => {} {}{metadata} {}\n", time(entry), entry.labels.build(), entry.line.replace('\n', "\\n"));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_is_shown_with_its_stages() {
        let yaml = "scrape_configs:\n- job_name: j\n  static_configs: [{labels: {app: a, __path__: x}}]\n  pipeline_stages:\n  - json: {expressions: {level: , t: time}}\n  - labels: {level: }\n  - timestamp: {source: t, format: RFC3339}\n  - match: {selector: '{level=\"debug\"}', stages: [{drop: {expression: noise}}]}\n";
        let (config, _) = collect::parse(&Source::new("p.yaml", yaml), Path::new("/"));
        let job = config.expect("the config is fine").jobs.remove(0);
        let input = "{\"level\":\"info\",\"time\":\"2026-01-31T12:00:00Z\"}\n{\"level\":\"debug\",\"time\":\"2026-01-31T12:00:01Z\",\"x\":\"noise\"}";
        let tried = run_lines(&job.pipeline, &job.first_labels(), input.as_bytes()).expect("the input is read");
        let text: String = tried.iter().map(to_text).collect();
        insta::assert_snapshot!(text);
        insta::assert_snapshot!(to_json(&tried[1]).to_string());
    }
}
