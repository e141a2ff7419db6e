//! Scripts of entries, queries and what they give: `tests/queries/*.txt`.
//!
//! - `entry SECONDS {labels} [level=x] [name=value …] : LINE` adds an entry; in the line `\e` is the
//!   escape character and `\n` a newline;
//! - `logs QUERY` asks for entries over all time, oldest first; `back LIMIT QUERY` newest first;
//! - `at SECONDS QUERY` and `range START END STEP QUERY` ask for numbers;
//! - the lines behind a question, each beginning with `>`, are the answer;
//! - `clear` forgets the entries.

use phoenix_logql::memory::MemoryLogs;
use phoenix_logql::{EvalError, EvalOptions, LogOutput, LogValue, RangeParams, instant, parse_any_selector, range};
use phoenix_model::logs::{Direction, Level};
use phoenix_model::{Budget, Labels};
use phoenix_query::Value;
use std::fmt::Write as _;

const SECOND: i64 = 1_000_000_000;

fn labels(text: &str) -> Labels {
    let matchers = parse_any_selector(text).unwrap_or_else(|why| panic!("{text}: {why:?}"));
    Labels::from_pairs(matchers.iter().map(|m| (&m.name, &m.value)))
}

fn seconds(text: &str) -> i64 {
    (text.parse::<f64>().unwrap_or_else(|_| panic!("{text} is no number")) * SECOND as f64) as i64
}

fn add(logs: &mut MemoryLogs, rest: &str) {
    let (head, line) = rest.split_once(" : ").unwrap_or_else(|| panic!("no ` : ` in {rest}"));
    let (at, head) = head.split_once(' ').expect("a time and labels");
    let end = head.find('}').expect("labels in braces") + 1;
    let mut level = Level::Absent;
    let mut metadata = Vec::new();
    for (name, value) in head[end..].split_whitespace().map(|pair| pair.split_once('=').expect("name=value")) {
        if name == "level" {
            level = *Level::ALL.iter().find(|l| l.as_str() == value).expect("a level");
        } else {
            metadata.push((name, value));
        }
    }
    let line = line.replace("\\e", "\u{1b}").replace("\\n", "\n");
    logs.push(&labels(&head[..end]), seconds(at), &line, Labels::from_pairs(metadata).as_ref(), level);
}

fn number(value: f64) -> String {
    if value.is_nan() { "NaN".to_owned() } else { format!("{}", (value * 1e9).round() / 1e9) }
}

fn show(result: Result<LogOutput, EvalError>) -> String {
    let output = match result {
        Ok(output) => output,
        Err(EvalError::Parse(diagnostics)) => return format!("PARSE {}\n", diagnostics[0].message),
        Err(error) => return format!("ERROR {}\n", error.to_string().lines().next().unwrap_or("")),
    };
    let mut out = String::new();
    let seconds = |ms: i64| ms as f64 / 1000.0;
    match output.value {
        LogValue::Entries(entries) => {
            for entry in entries {
                let _ = write!(out, "{} {:?}", entry.timestamp_ns as f64 / SECOND as f64, entry.stream);
                for (kind, labels) in [("meta", &entry.metadata), ("parsed", &entry.parsed)] {
                    if !labels.is_empty() {
                        let _ = write!(out, " {kind} {labels:?}");
                    }
                }
                let _ = writeln!(out, "{}", format!(" : {}", entry.line.replace('\n', "\\n")).trim_end());
            }
        }
        LogValue::Metric(output) => match output.value {
            Value::Scalar(sample) => {
                let _ = writeln!(out, "scalar {}", number(sample.value));
            }
            Value::Vector(samples) => {
                for sample in samples {
                    let _ = writeln!(out, "{:?} {}", sample.labels, number(sample.sample.value));
                }
            }
            Value::Matrix(series) => {
                for series in series {
                    let samples: Vec<_> =
                        series.samples.iter().map(|s| format!("{}@{}", number(s.value), seconds(s.timestamp_ms))).collect();
                    let _ = writeln!(out, "{:?} {}", series.labels, samples.join(" "));
                }
            }
            Value::String(..) => out.push_str("string\n"),
        },
    }
    if out.is_empty() { "nothing\n".to_owned() } else { out }
}

fn ask(logs: &MemoryLogs, question: &str) -> Option<String> {
    let budget = Budget::new("limits.query_memory", 64 << 20);
    let mut options = EvalOptions::new(&budget, 1_000 * SECOND);
    options.max_series = 20;
    let mut params = RangeParams {
        start_ns: 0,
        end_ns: 1_000_000 * SECOND,
        step_ns: SECOND,
        interval_ns: 0,
        limit: 1_000,
        direction: Direction::Forward,
    };
    let (word, rest) = question.split_once(' ')?;
    let words = |count: usize| -> (Vec<i64>, String) {
        let parts: Vec<&str> = rest.splitn(count + 1, ' ').collect();
        (parts[..count].iter().map(|part| seconds(part)).collect(), parts[count].to_owned())
    };
    let result = match word {
        "logs" => range(rest, &params, logs, &options),
        "back" => {
            let (numbers, query) = words(1);
            params.limit = (numbers[0] / SECOND) as usize;
            params.direction = Direction::Backward;
            range(&query, &params, logs, &options)
        }
        "every" => {
            let (numbers, query) = words(1);
            params.interval_ns = numbers[0];
            range(&query, &params, logs, &options)
        }
        "at" => {
            let (numbers, query) = words(1);
            instant(&query, numbers[0], 100, Direction::Backward, logs, &options)
        }
        "range" => {
            let (numbers, query) = words(3);
            (params.start_ns, params.end_ns, params.step_ns) = (numbers[0], numbers[1], numbers[2]);
            range(&query, &params, logs, &options)
        }
        _ => return None,
    };
    Some(show(result))
}

fn run(name: &str, script: &str) {
    let mut logs = MemoryLogs::new();
    let mut asked = 0;
    let mut failures = String::new();
    let mut lines = script.lines().enumerate().peekable();
    while let Some((at, line)) = lines.next() {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if line == "clear" {
            logs = MemoryLogs::new();
        } else if let Some(rest) = line.strip_prefix("entry ") {
            add(&mut logs, rest);
        } else {
            let got = ask(&logs, line).unwrap_or_else(|| panic!("{name}:{}: what is {line:?}?", at + 1));
            let mut want = String::new();
            while let Some((_, answer)) = lines.next_if(|(_, line)| line.starts_with('>')) {
                want.push_str(answer.trim_start_matches('>').trim_start());
                want.push('\n');
            }
            asked += 1;
            if got != want {
                let got: String = got.lines().map(|line| format!("> {line}\n")).collect();
                let want: String = want.lines().map(|line| format!("> {line}\n")).collect();
                let _ = write!(failures, "{name}:{}: {line}\n got:\n{got} want:\n{want}", at + 1);
            }
        }
    }
    assert!(asked > 0, "{name} asks nothing");
    assert!(failures.is_empty(), "{failures}");
}

#[test]
fn stages() {
    run("stages.txt", include_str!("queries/stages.txt"));
}

#[test]
fn numbers() {
    run("numbers.txt", include_str!("queries/numbers.txt"));
}

#[test]
fn documented() {
    run("documented.txt", include_str!("queries/documented.txt"));
}
