//! Whole commands: exit code, standard output and standard error.

#![expect(clippy::disallowed_methods, reason = "tests of whole programs run in real time on a real disk")]

mod program;

use program::sinks::HttpSink;
use program::{Server, command, eventually, free_address, phoenix, run, told, transcript};
use std::path::Path;
use std::time::Duration;

fn write(dir: &Path, name: &str, text: &str) -> String {
    let path = dir.join(name);
    std::fs::write(&path, text).expect("the folder is writable");
    path.display().to_string()
}

/// Runs in a folder, so that messages name files by short names.
fn transcript_in(dir: &Path, arguments: &[&str]) -> String {
    let mut command = command(arguments);
    command.current_dir(dir);
    told(&run(command))
}

#[test]
fn help_teaches() {
    insta::assert_snapshot!(transcript(&["--help"]), @r"
    exit code: 0
    --- stdout
    Phoenix: metrics, rules, alerts, paging and incidents in one program.

    Without a command it serves: it watches itself and this machine, loads starter rules and shows the
    result on http://127.0.0.1:9090.

    Usage: phoenix [OPTIONS] [COMMAND]

    Commands:
      serve        Run the server until interrupted
      demo         Show Phoenix watching real things, and what happens when one of them stops
      check        Check configuration and rule files without running them
      import       Bring in what other programs wrote
      query        Ask a running server
      incident     List, acknowledge and resolve incidents on a running server
      test-notify  Send one test message through a receiver, or to a person on call
      test         Try configuration on examples
      completions  Print a completion script for a shell
      help         Print this message or the help of the given subcommand(s)

    Options:
          --json
              Print results, and errors, as JSON

      -h, --help
              Print help (see a summary with '-h')

      -V, --version
              Print version

    Exit codes: 0 done · 1 the answer is no (errors found, query failed) · 2 wrong usage · 3 the server
    can't be reached · 4 Phoenix can't start

    Learn more: phoenix help <command>
    --- stderr
    ");
    insta::assert_snapshot!(transcript(&["help", "serve"]), @r"
    exit code: 0
    --- stdout
    Run the server until interrupted

    Usage: phoenix serve [OPTIONS]

    Options:
      -c, --config <FILE>       phoenix.yaml, or a Prometheus config [env: PHOENIX_CONFIG]
          --json                Print results, and errors, as JSON
          --data-dir <DIR>      Where everything is kept [default: ./data] [env: PHOENIX_DATA_DIR]
          --listen <HOST:PORT>  Address and port of API and UI [default: 127.0.0.1:9090] [env:
                                PHOENIX_LISTEN]
          --log <FILTER>        What to log, as `info` or `phoenix_ingest=debug,info` [env: PHOENIX_LOG]
                                [default: info]
      -h, --help                Print help

    Examples:
      phoenix serve                                   watch this machine, no config needed
      phoenix serve --config phoenix.yaml             files in Prometheus' and Alertmanager's formats
      phoenix serve --config prometheus.yml           a Prometheus config alone works too

    Signals: SIGHUP reloads the configuration; SIGINT and SIGTERM end Phoenix cleanly.
    --- stderr
    ");
    for name in ["serve", "demo", "check", "query", "incident", "test-notify", "completions"] {
        let help = phoenix(&["help", name]);
        let text = String::from_utf8_lossy(&help.stdout).into_owned();
        assert_eq!(help.status.code(), Some(0), "{name}");
        assert!(text.contains("Example"), "`phoenix help {name}` shows no example:\n{text}");
    }
    assert!(transcript(&["--version"]).starts_with("exit code: 0\n--- stdout\nphoenix 0."));
}

#[test]
fn wrong_usage_is_told() {
    insta::assert_snapshot!(transcript(&["serve", "--confg", "x"]), @r"
    exit code: 2
    --- stdout
    --- stderr
    error: unexpected argument '--confg' found

      tip: a similar argument exists: '--config'

    Usage: phoenix serve --config <FILE>

    For more information, try '--help'.
    ");
    insta::assert_snapshot!(transcript(&["sevre"]), @r"
    exit code: 2
    --- stdout
    --- stderr
    error: unrecognized subcommand 'sevre'

      tip: a similar subcommand exists: 'serve'

    Usage: phoenix [OPTIONS] [COMMAND]

    For more information, try '--help'.
    ");
    insta::assert_snapshot!(transcript(&["serve", "--listen", "9090"]), @r"
    exit code: 2
    --- stdout
    --- stderr
    error: invalid value '9090' for '--listen <HOST:PORT>': invalid socket address syntax

    For more information, try '--help'.
    ");
    insta::assert_snapshot!(transcript(&["query", "up", "--server", "localhost:9090"]), @r"
    exit code: 2
    --- stdout
    --- stderr
    error: `localhost:9090` is not a URL
      hint: write it as http://127.0.0.1:9090
    ");
}

const GOOD: &str = "groups:\n  - name: api\n    rules:\n      - alert: ApiDown\n        expr: up{job=\"api\"} == 0 or absent(up{job=\"api\"})\n        for: 1m\n        labels: {severity: critical}\n      - record: job:up:sum\n        expr: sum by (job) (up)\n";
const BAD: &str = "groups:\n  - name: api\n    rules:\n      - alert: ApiDown\n        expr: up{job=\"api} == 0\n        form: 1m\n";

#[test]
fn check_finds_what_is_wrong() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), "good.yaml", GOOD);
    write(dir.path(), "bad.yaml", BAD);
    insta::assert_snapshot!(transcript_in(dir.path(), &["check", "good.yaml"]), @r"
    exit code: 0
    --- stdout
    good.yaml: ok, rule file (1 group, 2 rules)
    --- stderr
    ");
    insta::assert_snapshot!(transcript_in(dir.path(), &["check", "good.yaml", "bad.yaml"]), @r#"
    exit code: 1
    --- stdout
    good.yaml: ok, rule file (1 group, 2 rules)
    bad.yaml: has errors, rule file
    --- stderr
    bad.yaml:5:22: error: unterminated quoted string
     5 |         expr: up{job="api} == 0
       |                      ^^^^^^^^^^
    bad.yaml:5:32: error: unexpected end of input in label matching, expected "," or "}"
     5 |         expr: up{job="api} == 0
       |                                ^
    bad.yaml:6:9: error: unknown key `form`
     6 |         form: 1m
       |         ^^^^
      help: did you mean `for`?
    error: 3 errors and 0 warnings in 2 files
    "#);
    insta::assert_snapshot!(transcript_in(dir.path(), &["check", "--json", "good.yaml"]), @r#"
    exit code: 0
    --- stdout
    {"files":[{"file":"good.yaml","kind":"rule file","content":"1 group, 2 rules","ok":true,"diagnostics":[]}],"errors":0,"warnings":0}
    --- stderr
    "#);
    insta::assert_snapshot!(transcript_in(dir.path(), &["check", "none.yaml"]), @r"
    exit code: 1
    --- stdout
    none.yaml: has errors, file
    --- stderr
    error: cannot open none.yaml: No such file or directory (os error 2)
    error: 1 error and 0 warnings in 1 file
    ");
    let output = phoenix(&["check", "--json", &dir.path().join("bad.yaml").display().to_string()]);
    assert_eq!(output.status.code(), Some(1));
    let found: serde_json::Value = serde_json::from_slice(&output.stdout).expect("one JSON value");
    assert_eq!((&found["files"][0]["ok"], &found["files"][0]["kind"]), (&false.into(), &"rule file".into()), "{found}");
    assert_eq!(found["files"][0]["diagnostics"].as_array().map(Vec::len), found["errors"].as_u64().map(|n| n as usize), "{found}");
    let _: serde_json::Value = serde_json::from_slice(&output.stderr).expect("the error is JSON too");
}

const WRONG: &str = "groups:\n  - name: api\n    rules:\n      - alert: Failing\n        expr: |\n          rate(orders_total{state=\"failed\"}[5m]) /\n            rate(orders_total[5m]) > 0.1\n        labels: {severity: critical}\n        annotations: {summary: '{{ $labels.shop }} fails'}\n";

#[test]
fn check_tells_what_loads_and_cannot_work() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), "wrong.yaml", WRONG);
    insta::assert_snapshot!(transcript_in(dir.path(), &["check", "wrong.yaml"]), @r#"
    exit code: 1
    --- stdout
    wrong.yaml: has errors, rule file (1 group, 1 rule), 1 finding
    --- stderr
    wrong.yaml:6:11: error: both sides of `/` are `orders_total` and match on all labels, `state` too: the result is always 1
     6 |           rate(orders_total{state="failed"}[5m]) /
       |           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      help: aggregate both sides, as in `sum(rate(errors_total[5m])) / sum(rate(requests_total[5m]))`
      why: Both sides match on all labels, so each series meets itself alone: the ratio is always 1, or there is none.
      rule: promql/ratio-matches-itself, by the text itself; --fix mends it
    error: 1 error and 0 warnings in 1 file
    "#);
    insta::assert_snapshot!(transcript_in(dir.path(), &["check", "wrong.yaml", "--diff"]), @r#"
    exit code: 0
    --- stdout
    --- wrong.yaml
    +++ wrong.yaml
    @@ -3,7 +3,7 @@
         rules:
           - alert: Failing
             expr: |
    -          rate(orders_total{state="failed"}[5m]) /
    -            rate(orders_total[5m]) > 0.1
    +          sum by (shop) (rate(orders_total{state="failed"}[5m])) /
    +            sum by (shop) (rate(orders_total[5m])) > 0.1
             labels: {severity: critical}
             annotations: {summary: '{{ $labels.shop }} fails'}
    --- stderr
    "#);
    insta::assert_snapshot!(transcript_in(dir.path(), &["check", "wrong.yaml", "--format", "github"]), @r"
    exit code: 1
    --- stdout
    ::error file=wrong.yaml,line=6,col=11,title=promql/ratio-matches-itself::both sides of `/` are `orders_total` and match on all labels, `state` too: the result is always 1%0Aaggregate both sides, as in `sum(rate(errors_total[5m])) / sum(rate(requests_total[5m]))`
    --- stderr
    error: 1 error and 0 warnings in 1 file
    ");
    let mut sarif = command(&["check", "wrong.yaml", "--format", "sarif"]);
    sarif.current_dir(dir.path());
    let log: serde_json::Value = serde_json::from_slice(&run(sarif).stdout).expect("a log is JSON");
    let result = &log["runs"][0]["results"][0];
    assert_eq!((&result["ruleId"], &result["level"]), (&"promql/ratio-matches-itself".into(), &"error".into()), "{result}");
    assert_eq!(result["locations"][0]["physicalLocation"]["region"]["startLine"], 6, "{result}");
    assert_eq!(result["fixes"][0]["artifactChanges"][0]["replacements"].as_array().map(Vec::len), Some(4), "{result}");

    // What is known is not told again, wherever it moves.
    let told = |arguments: &[&str]| transcript_in(dir.path(), &[&["check", "wrong.yaml"], arguments].concat());
    assert_eq!(told(&["--write-baseline", "known.txt"]), "exit code: 0\n--- stdout\nknown.txt: 1 finding known from now on\n--- stderr\n");
    write(dir.path(), "wrong.yaml", &format!("# moved\n{WRONG}"));
    let fine = "exit code: 0\n--- stdout\nwrong.yaml: ok, rule file (1 group, 1 rule)\n--- stderr\n";
    assert_eq!(told(&["--baseline", "known.txt"]), fine);

    assert_eq!(told(&["--fix"]), "exit code: 0\n--- stdout\nwrong.yaml: mended\n1 file mended\n--- stderr\n");
    assert_eq!(told(&["--baseline", "known.txt"]), format!("{fine}1 finding of the baseline found no more\n"));
    assert_eq!(told(&[]), fine);
}

#[test]
fn check_takes_a_whole_configuration() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), "rules.yaml", GOOD);
    write(dir.path(), "prometheus.yaml", "scrape_configs:\n  - job_name: api\n    static_configs: [{targets: ['api:1']}]\n");
    write(dir.path(), "alertmanager.yaml", "route: {receiver: all}\nreceivers: [{name: all}]\n");
    write(
        dir.path(),
        "on-call.yaml",
        "people: {ada: {email: ada@example.org}}\nteams: {a: [ada]}\nrotation: {zone: UTC}\npage_on: ['severity=\"critical\"']\non_call_schedule: {primary: {schedule: weekly, teams: [a]}}\n",
    );
    write(
        dir.path(),
        "phoenix.yaml",
        "metrics: {config: prometheus.yaml}\nrules: [rules.yaml]\nalerting: {config: alertmanager.yaml}\non_call: on-call.yaml\n",
    );
    insta::assert_snapshot!(transcript_in(dir.path(), &["check", "phoenix.yaml", "alertmanager.yaml", "on-call.yaml"]), @r"
    exit code: 0
    --- stdout
    phoenix.yaml: ok, configuration (5 files, 1 job, 1 rule group)
    alertmanager.yaml: ok, Alertmanager config (1 receiver)
    on-call.yaml: ok, on-call file (1 person, 1 level)
    --- stderr
    ");
    // A key that does not act yet is a warning, which `--strict` counts.
    write(dir.path(), "phoenix.yaml", "slos: [slos.yaml]\n");
    insta::assert_snapshot!(transcript_in(dir.path(), &["check", "phoenix.yaml", "--strict"]), @r"
    exit code: 1
    --- stdout
    phoenix.yaml: ok, configuration (1 file, 2 jobs, 3 rule groups)
    --- stderr
    phoenix.yaml:1:1: warning: `slos` is not acting yet: objectives are not evaluated
     1 | slos: [slos.yaml]
       | ^^^^
    error: 0 errors and 1 warning in 1 file
    ");
}

/// What a program says of diagnostics, with its own last word left out.
fn found(told: &str) -> String {
    let errors = told.split_once("--- stderr\n").expect("a transcript").1;
    errors.lines().filter(|line| !line.starts_with("error:")).map(|line| format!("{line}\n")).collect()
}

#[test]
fn check_says_what_serve_refuses() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data").display().to_string();
    write(dir.path(), "no.pem", "hello\n");
    write(dir.path(), "phoenix.yaml", "metrics: {config: prometheus.yaml}\nalerting: {config: alertmanager.yaml}\notlp: off\n");
    let job =
        |settings: &str| format!("scrape_configs:\n  - job_name: api\n    {settings}\n    static_configs: [{{targets: ['api:1']}}]\n");
    let receiver = |settings: &str| {
        format!("route: {{receiver: all}}\nreceivers:\n  - name: all\n    webhook_configs:\n      - url: http://a/\n        {settings}\n")
    };
    let (fine_job, fine_receiver) = (job("scheme: https"), receiver("max_alerts: 3"));
    let mut all = String::new();
    for (prometheus, alertmanager) in [
        (job("tls_config: {ca_file: none.pem}"), fine_receiver.clone()),
        (job("tls_config: {cert_file: no.pem, key_file: no.pem}"), fine_receiver.clone()),
        (job("http_sd_configs: [{url: 'http://a/', tls_config: {ca_file: no.pem}}]"), fine_receiver.clone()),
        (fine_job.clone(), receiver("http_config: {tls_config: {ca_file: none.pem}}")),
        (fine_job.clone(), format!("templates: [none.tmpl]\n{fine_receiver}")),
    ] {
        write(dir.path(), "prometheus.yaml", &prometheus);
        write(dir.path(), "alertmanager.yaml", &alertmanager);
        let checked = transcript_in(dir.path(), &["check", "phoenix.yaml"]);
        let served = transcript_in(dir.path(), &["serve", "--config", "phoenix.yaml", "--data-dir", &data, "--listen", "127.0.0.1:0"]);
        assert!(checked.starts_with("exit code: 1\n") && served.starts_with("exit code: 4\n"), "{checked}\n{served}");
        assert_eq!(found(&checked), found(&served));
        all += &found(&checked);
        let elsewhere = transcript_in(dir.path(), &["check", "--syntax-only", "phoenix.yaml"]);
        assert!(elsewhere.starts_with("exit code: 0\n"), "{elsewhere}");
    }
    insta::assert_snapshot!(all, @r"
    prometheus.yaml:3:27: error: job `api`: cannot read the ca_file of the HTTP client: cannot open none.pem: No such file or directory (os error 2)
     3 |     tls_config: {ca_file: none.pem}
       |                           ^^^^^^^^
      help: Phoenix does not start with it, and a reload is refused; paths are relative to the file that names them
    prometheus.yaml:3:29: error: job `api`: the cert_file of the HTTP client (no.pem) holds no PEM certificate
     3 |     tls_config: {cert_file: no.pem, key_file: no.pem}
       |                             ^^^^^^
      help: Phoenix does not start with it, and a reload is refused; paths are relative to the file that names them
    prometheus.yaml:3:64: error: job `api`: the ca_file of the HTTP client (no.pem) holds no PEM certificate
     3 |     http_sd_configs: [{url: 'http://a/', tls_config: {ca_file: no.pem}}]
       |                                                                ^^^^^^
      help: Phoenix does not start with it, and a reload is refused; paths are relative to the file that names them
    alertmanager.yaml:6:45: error: receiver all: cannot read the ca_file of the HTTP client: cannot open none.pem: No such file or directory (os error 2)
     6 |         http_config: {tls_config: {ca_file: none.pem}}
       |                                             ^^^^^^^^
      help: Phoenix does not start with it, and a reload is refused; paths are relative to the file that names them
    alertmanager.yaml:1:12: error: templates of the alerting config: cannot open none.tmpl: No such file or directory (os error 2)
     1 | templates: [none.tmpl]
       |            ^^^^^^^^^^^
      help: Phoenix does not start with it, and a reload is refused; paths are relative to the file that names them
    ");

    // What is read for each request stops no start.
    write(dir.path(), "prometheus.yaml", &job("basic_auth: {username: a, password_file: none.txt}"));
    write(dir.path(), "alertmanager.yaml", &fine_receiver.replace("url: http://a/", "url_file: none.txt"));
    insta::assert_snapshot!(transcript_in(dir.path(), &["check", "phoenix.yaml"]), @r"
    exit code: 0
    --- stdout
    phoenix.yaml: ok, configuration (3 files, 1 job, 3 rule groups)
    --- stderr
    prometheus.yaml:3:46: warning: job `api`: cannot read the password_file of the HTTP client: cannot open none.txt: No such file or directory (os error 2)
     3 |     basic_auth: {username: a, password_file: none.txt}
       |                                              ^^^^^^^^
      help: the file is read for each request, and requests fail until it is there
    alertmanager.yaml:5:19: warning: the url_file can't be read: cannot open none.txt: No such file or directory (os error 2)
     5 |       - url_file: none.txt
       |                   ^^^^^^^^
      help: the file is read for each request, and requests fail until it is there
    ");
}

#[test]
fn files_of_the_same_text_are_two_files_and_one_written_twice_is_one() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), "a.yaml", WRONG);
    write(dir.path(), "b.yaml", WRONG);
    let told = transcript_in(dir.path(), &["check", "a.yaml", "b.yaml", "./a.yaml"]);
    assert_eq!(told.matches("error: ").count() - 1, 2, "one finding in each, and the last word: {told}");
    assert!(told.contains("a.yaml:6:11: error:") && told.contains("b.yaml:6:11: error:"), "{told}");
}

#[test]
fn no_server_is_its_own_exit_code() {
    let address = free_address();
    let url = format!("http://{address}");
    let told = transcript(&["query", "up", "--server", &url]).replace(&address.to_string(), "ADDRESS");
    insta::assert_snapshot!(told, @r"
    exit code: 3
    --- stdout
    --- stderr
    error: no answer from http://ADDRESS
      Caused by: Connection refused (os error 111)
      hint: is Phoenix running there? Start it with `phoenix`, or name the server with --server URL
    ");
    for arguments in [&["incident", "list"][..], &["incident", "ack", "INC-1", "--who", "ada"], &["demo", "fault", "api-down"]] {
        let output = phoenix(&[arguments, &["--server", &url]].concat());
        assert_eq!(output.status.code(), Some(3), "{arguments:?}: {}", program::told(&output));
    }
    let output = phoenix(&["query", "up", "--server", &url, "--json"]);
    let error: serde_json::Value = serde_json::from_slice(&output.stderr).expect("the error is JSON");
    assert!(error["error"].as_str().is_some_and(|e| e.contains("no answer")), "{error}");
}

#[test]
fn completions_name_the_commands() {
    let output = phoenix(&["completions", "bash"]);
    let script = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success() && script.starts_with("_phoenix() {"), "{script}");
    for word in ["serve", "test-notify", "--data-dir"] {
        assert!(script.contains(word), "{word} is missing");
    }
    for shell in ["zsh", "fish", "elvish", "powershell"] {
        assert!(!phoenix(&["completions", shell]).stdout.is_empty(), "{shell}");
    }
}

#[test]
fn a_running_server_answers() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), "alertmanager.yaml", "route: {receiver: all, group_wait: 0s}\nreceivers: [{name: all}]\n");
    let config = write(dir.path(), "phoenix.yaml", "alerting: {config: alertmanager.yaml}\n");
    let server = Server::start(dir.path(), Some(Path::new(&config)));
    let url = server.url();
    let ask = |arguments: &[&str]| transcript(&[arguments, &["--server", &url]].concat());
    insta::assert_snapshot!(ask(&["incident", "list"]), @r"
    exit code: 0
    --- stdout
    No incidents: nothing is wrong that Phoenix knows of.
    --- stderr
    ");
    insta::assert_snapshot!(ask(&["incident", "show", "INC-9"]), @r"
    exit code: 1
    --- stdout
    --- stderr
    error: there is no incident INC-9
    ");
    insta::assert_snapshot!(ask(&["incident", "ack", "seven", "--who", "ada"]), @r"
    exit code: 1
    --- stdout
    --- stderr
    error: `seven` is not an incident; incidents are named as INC-42
    ");
    insta::assert_snapshot!(ask(&["query", "vector(1) + 1", "--time", "100"]), @r"
    exit code: 0
    --- stdout
    {} => 2 @100
    --- stderr
    ");
    insta::assert_snapshot!(ask(&["query", "vector(time())", "--time", "100", "--range", "1m", "--step", "30s"]), @r"
    exit code: 0
    --- stdout
    {} =>
      40 @40
      70 @70
      100 @100
    --- stderr
    ");
    insta::assert_snapshot!(ask(&["query", "sum(up"]), @r#"
    exit code: 1
    --- stdout
    --- stderr
    error: invalid parameter "query": 1:7: parse error: unexpected end of input in aggregation, expected "," or ")"
    "#);
    insta::assert_snapshot!(ask(&["query", "nothing_of_this_name"]), @r"
    exit code: 0
    --- stdout
    (no result: no series matches, or none has a recent sample)
    --- stderr
    ");
    insta::assert_snapshot!(ask(&["query", "1", "--time", "100", "--json"]), @r#"
    exit code: 0
    --- stdout
    {"status":"success","data":{"resultType":"scalar","result":[100,"1"]}}
    --- stderr
    "#);
    insta::assert_snapshot!(ask(&["query", "1", "--time", "tomorrow", "--range", "1m"]), @r"
    exit code: 2
    --- stdout
    --- stderr
    error: --time: `tomorrow` is neither RFC 3339 nor seconds since the epoch
    ");
    insta::assert_snapshot!(ask(&["query", "{}", "--language", "traceql"]), @r"
    exit code: 1
    --- stdout
    --- stderr
    error: this query gives traces and no numbers: end it with a metrics stage, such as `| rate()`
    ");

    // An alert that somebody sends becomes an incident that can be taken and closed here.
    let (status, body) = server.post(
        "/api/v2/alerts",
        &serde_json::json!([{"labels": {"alertname": "Sent", "severity": "critical"}, "annotations": {"summary": "by a test"}}]),
    );
    assert_eq!(status, 200, "{body}");
    let listed =
        eventually("the incident is listed", Duration::from_secs(45), || Some(ask(&["incident", "list"])).filter(|t| t.contains("INC-1")));
    assert!(listed.contains("open") && listed.contains("critical") && listed.contains("Sent: by a test"), "{listed}");
    let taken = ask(&["incident", "ack", "INC-1", "--note", "looking"]);
    assert!(taken.starts_with("exit code: 0") && taken.contains("(acknowledged by tester)"), "{taken}");
    let again = ask(&["incident", "ack", "INC-1", "--who", "eve"]);
    assert!(again.starts_with("exit code: 1"), "{again}");
    let shown = ask(&["incident", "show", "INC-1"]);
    assert!(shown.contains("tester") && shown.contains("looking"), "{shown}");
    let closed = ask(&["incident", "resolve", "INC-1", "--who", "ada"]);
    assert!(closed.starts_with("exit code: 0") && closed.contains("resolved"), "{closed}");
    assert!(ask(&["incident", "list"]).contains("No incidents"));
    assert!(ask(&["incident", "list", "--all"]).contains("INC-1"));
}

#[test]
fn test_notify_reaches_a_receiver_and_a_person() {
    let dir = tempfile::tempdir().unwrap();
    let hooks = HttpSink::open(200, "ok");
    write(
        dir.path(),
        "alertmanager.yaml",
        &format!(
            "route: {{receiver: chat}}\nreceivers:\n  - name: chat\n    webhook_configs: [{{url: '{}'}}]\n  - name: nobody\n",
            hooks.url("/chat")
        ),
    );
    write(
        dir.path(),
        "on-call.yaml",
        &format!(
            "people: {{ada: {{webhook: '{}'}}}}\nteams: {{a: [ada]}}\nrotation: {{zone: UTC}}\npage_on: ['severity=\"critical\"']\non_call_schedule: {{primary: {{schedule: weekly, teams: [a]}}}}\n",
            hooks.url("/ada")
        ),
    );
    write(dir.path(), "phoenix.yaml", "alerting: {config: alertmanager.yaml}\non_call: on-call.yaml\n");
    let steady = |text: String| text.replace(&hooks.address.to_string(), "HOOKS");
    let notify =
        |arguments: &[&str]| steady(transcript_in(dir.path(), &[&["test-notify", "--config", "phoenix.yaml"], arguments].concat()));
    insta::assert_snapshot!(notify(&["--receiver", "chat"]), @r"
    exit code: 0
    --- stdout
    sent to chat/webhook[0]
    --- stderr
    ");
    assert_eq!(hooks.at("/chat").len(), 1);
    assert_eq!(hooks.at("/chat")[0].json()["version"], "4");
    insta::assert_snapshot!(notify(&["--person", "ada"]), @r"
    exit code: 0
    --- stdout
    sent to ada by webhook
    --- stderr
    ");
    assert_eq!(hooks.at("/ada").len(), 1);
    insta::assert_snapshot!(notify(&["--person", "bob"]), @r"
    exit code: 1
    --- stdout
    --- stderr
    error: there is no person `bob` in the on-call file; there are: ada
    ");
    insta::assert_snapshot!(notify(&["--receiver", "nobody"]), @r"
    exit code: 1
    --- stdout
    --- stderr
    error: the receiver `nobody` has no integration that acts, so nothing can be sent
    ");
    hooks.set_answer(404, "no such hook");
    insta::assert_snapshot!(notify(&["--receiver", "chat"]), @r"
    exit code: 1
    --- stdout
    NOT sent to chat/webhook[0]: unexpected status 404 Not Found: no such hook
    --- stderr
    error: 1 of 1 messages could not be sent
    ");
    insta::assert_snapshot!(notify(&[]), @r"
    exit code: 2
    --- stdout
    --- stderr
    error: the following required arguments were not provided:
      --receiver <RECEIVER>

    Usage: phoenix test-notify --config <FILE> --receiver <RECEIVER>

    For more information, try '--help'.
    ");
    assert!(hooks.received().len() <= 3, "a refused test is not repeated: {:?}", hooks.received());
}

#[test]
fn dashboards_are_checked_and_rewritten() {
    let dir = tempfile::tempdir().expect("a folder");
    std::fs::create_dir_all(dir.path().join("old/more")).expect("a folder");
    write(
        dir.path(),
        "old/shop.json",
        r#"{"title": "Shop", "rows": [{"panels": [{"type": "singlestat", "title": "Orders", "targets": [{"expr": "sum(orders)"}]}, {"type": "geomap", "title": "Map"}]}]}"#,
    );
    write(dir.path(), "old/more/broken.json", "{\"title\": \"x\",\n \"panels\": [}");
    write(dir.path(), "old/more/notes.txt", "no dashboard");
    insta::assert_snapshot!(transcript_in(dir.path(), &["check", "old/shop.json"]), @r#"
    exit code: 1
    --- stdout
    old/shop.json: has errors, dashboard
    --- stderr
    error: old/shop.json: panel 2 "Map" (geomap): panels of the kind `geomap` are not shown (at /panels/1/type)
      help: its place stays empty; another kind of panel may show the same queries
    error: 1 error and 0 warnings in 1 file
    "#);
    insta::assert_snapshot!(transcript_in(dir.path(), &["import", "grafana", "old", "--out", "new"]), @r#"
    exit code: 1
    --- stdout
    old/more/broken.json: not read
    old/shop.json: written, "Shop" (shop), 2 panels, 1 not shown as meant
    --- stderr
    old/more/broken.json:2:13: error: expected value
     2 |  "panels": [}
       |             ^
    error: old/shop.json: panel 2 "Map" (geomap): panels of the kind `geomap` are not shown (at /panels/1/type)
      help: its place stays empty; another kind of panel may show the same queries
    error: 1 of 2 dashboards could not be imported
    "#);
    insta::assert_snapshot!(transcript_in(dir.path(), &["import", "grafana", "old/shop.json", "--out", "new"]), @r#"
    exit code: 1
    --- stdout
    old/shop.json: not kept, "Shop" (shop), 2 panels, 1 not shown as meant
    --- stderr
    error: old/shop.json: panel 2 "Map" (geomap): panels of the kind `geomap` are not shown (at /panels/1/type)
      help: its place stays empty; another kind of panel may show the same queries
    error: new/shop.json is there already
      hint: --overwrite replaces it
    error: 1 of 1 dashboards could not be imported
    "#);
    let text = std::fs::read_to_string(dir.path().join("new/shop.json")).expect("it was written");
    assert!(text.contains("\"type\": \"stat\""), "{text}");
    let told = transcript_in(dir.path(), &["import", "grafana", "old/shop.json", "--dry-run", "--json"]);
    assert!(told.contains(r#""path":"/panels/1/type""#), "{told}");
    insta::assert_snapshot!(transcript_in(dir.path(), &["import", "grafana", "new", "--server", "http://127.0.0.1:9"]), @r#"
    exit code: 3
    --- stdout
    --- stderr
    error: no answer from http://127.0.0.1:9
      Caused by: Connection refused (os error 111)
      hint: is Phoenix running there? Start it with `phoenix`, or name the server with --server URL
    "#);
}
