//! Traces over the wire: spans in by every protocol, and out again as Tempo's clients ask for them,
//! Grafana's data source and its Traces Drilldown among them; metrics of spans, exemplars, rules that alert.

#![expect(clippy::disallowed_methods, reason = "tests of whole programs run in real time on a real disk")]

mod program;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceResponse;
use opentelemetry_proto::tonic::trace::v1::TracesData;
use program::traces::{
    CLIENT, JSON, MS_NS, Made, OTLP, PROTOBUF, SECOND_NS, SERVER, ask, configure, counted, found, grpc, ids, jaeger, metric, now_ns, otlp,
    push, query_string, root, send, spans_of, text, trace, zipkin,
};
use program::{Server, command, eventually, free_address, request};
use prost::Message;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(40);

fn start(dir: &Path, config: &str) -> Server {
    Server::start(dir, Some(&configure(dir, config)))
}

fn gzip(body: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}

/// A request to a shop: the frontend asks checkout, which asks a payment that fails.
fn order(trace: u128) -> Vec<Made> {
    let front = root(trace, "frontend", "POST /order").with("http.request.method", "POST").with("http.response.status_code", 500);
    let call = front.child(2, "frontend", "checkout.Place").of_kind(CLIENT);
    let place = call.child(3, "checkout", "checkout.Place").of_kind(SERVER);
    let charge = place.child(4, "checkout", "charge").of_kind(CLIENT);
    let paid = charge.child(5, "payment", "charge").of_kind(SERVER).with("card", "visa").failed();
    vec![front, call, place, charge, paid]
}

/// One of every protocol: its trace, and how it is sent.
fn pushed_by_every_protocol(
    server: &Server,
    otlp_http: std::net::SocketAddr,
    otlp_grpc: std::net::SocketAddr,
) -> Vec<(&'static str, u128)> {
    let address = server.address;
    let own = |n: u128| 0x00aa_0000_0000_0000_0000_0000_0000_0000 + n;
    let accepted = |status: u16, body: &[u8]| assert!(status == 200 || status == 202, "{status} {}", String::from_utf8_lossy(body));
    let mut sent = Vec::new();
    let mut one = |name: &'static str, way: Way<'_>| {
        let id = own(sent.len() as u128 + 1);
        let (status, body) = way(&order(id));
        accepted(status, &body);
        sent.push((name, id));
    };
    one("protobuf", &|spans| send(address, "POST", OTLP, &[PROTOBUF], &otlp(spans).encode_to_vec()));
    one("protobuf with gzip, on OTLP's own port", &|spans| {
        send(otlp_http, "POST", OTLP, &[PROTOBUF, ("Content-Encoding", "gzip")], &gzip(&otlp(spans).encode_to_vec()))
    });
    one("JSON with hexadecimal ids", &|spans| {
        let body = serde_json::to_string(&otlp(spans)).unwrap();
        assert!(body.contains(&format!("{:032x}", spans[0].trace)), "as OTLP defines it: {body}");
        send(address, "POST", OTLP, &[JSON], body.as_bytes())
    });
    one("gRPC", &|spans| {
        let (code, answers) = grpc(otlp_grpc, "opentelemetry.proto.collector.trace.v1.TraceService/Export", &otlp(spans).encode_to_vec());
        assert_eq!(answers.len(), 1, "{code:?}");
        (200, Vec::new())
    });
    one("Zipkin", &|spans| send(address, "POST", "/api/v2/spans", &[JSON], zipkin(spans).as_bytes()));
    one("Jaeger", &|spans| {
        let batches = spans.chunk_by(|a, b| a.service == b.service);
        let answers = batches.map(|of| {
            send(
                address,
                "POST",
                "/api/traces?format=jaeger.thrift",
                &[("Content-Type", "application/vnd.apache.thrift.binary")],
                &jaeger(&of[0].service, of),
            )
        });
        // All of them are sent.
        answers.collect::<Vec<_>>().pop().unwrap()
    });
    sent
}

/// Sends spans by a protocol; status and body of the answer.
type Way<'a> = &'a dyn Fn(&[Made]) -> (u16, Vec<u8>);

#[test]
fn spans_come_in_by_every_protocol_and_out_by_id() {
    let dir = tempfile::tempdir().unwrap();
    let (http, rpc) = (free_address(), free_address());
    let server = start(dir.path(), &format!("otlp: {{grpc: '{rpc}', http: '{http}'}}\n"));
    let sent = pushed_by_every_protocol(&server, http, rpc);
    for (name, id) in &sent {
        let whole = trace(&server, *id).unwrap_or_else(|| panic!("{name}: the trace is there"));
        let spans = spans_of(&whole, "batches");
        assert_eq!(spans.len(), 5, "{name}: {whole}");
        let names: BTreeSet<&str> = spans.iter().filter_map(|span| span["name"].as_str()).collect();
        assert_eq!(names, BTreeSet::from(["POST /order", "checkout.Place", "charge"]), "{name}");
        // Ids are base64, and one may leave out the zeros before them.
        let first = spans.iter().find(|span| span["name"] == "POST /order").unwrap();
        assert_eq!(first["spanId"], "AAAAAAAAAAE=", "{name}: {first}");
        assert!(first["traceId"].as_str().unwrap().starts_with("AKoAAAAA"), "{name}: {first}");
        let short = server.json(&format!("/api/traces/{id:x}"));
        assert_eq!(short, whole, "{name}");
        let services: BTreeSet<String> = whole["batches"]
            .as_array()
            .unwrap()
            .iter()
            .flat_map(|batch| batch["resource"]["attributes"].as_array().unwrap())
            .filter(|attribute| attribute["key"] == "service.name")
            .map(|attribute| attribute["value"]["stringValue"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!(services, ["checkout", "frontend", "payment"].map(str::to_owned).into(), "{name}");

        let second = server.json(&format!("/api/v2/traces/{id:032x}"));
        assert_eq!(spans_of(&second["trace"], "resourceSpans").len(), 5, "{name}: {second}");
        // Protobuf, as Grafana asks for it.
        let (status, body) = send(server.address, "GET", &format!("/api/traces/{id:032x}"), &[("Accept", "application/protobuf")], b"");
        assert_eq!(status, 200);
        let data = TracesData::decode(body.as_slice()).expect("a trace is ResourceSpans in the first field");
        let count: usize = data.resource_spans.iter().flat_map(|r| &r.scope_spans).map(|s| s.spans.len()).sum();
        assert_eq!(count, 5, "{name}");
        let ours = data.resource_spans.iter().flat_map(|r| &r.scope_spans).flat_map(|s| &s.spans);
        assert!(ours.clone().all(|span| span.trace_id == id.to_be_bytes()), "{name}");
        let (status, wrapped) =
            send(server.address, "GET", &format!("/api/v2/traces/{id:032x}"), &[("Accept", "application/protobuf")], b"");
        assert_eq!((status, wrapped[0]), (200, 0x0a), "{name}: the trace is the first field");

        let answer = ask(&server, "/api/search", &[("q", &format!("{{ trace:id = \"{id:032x}\" }}"))]);
        assert_eq!(ids(&answer), [*id], "{name}: {answer}");
        let one = &answer["traces"][0];
        assert_eq!(
            (&one["rootServiceName"], &one["rootTraceName"], &one["durationMs"]),
            (&json!("frontend"), &json!("POST /order"), &json!(100)),
            "{name}: {one}"
        );
    }
    assert_eq!(counted(&server, "{ } | count_over_time()"), 5.0 * sent.len() as f64);
    for (protocol, spans) in [("otlp", 20), ("zipkin", 5), ("jaeger", 5)] {
        let (_, text) = server.get("/metrics");
        let counted: f64 = text
            .lines()
            .filter(|line| line.starts_with("phoenix_traces_received_spans_total{") && line.contains(&format!("protocol=\"{protocol}")))
            .filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok())
            .sum();
        assert_eq!(counted, f64::from(spans), "{protocol}");
    }

    // Nothing of it is lost in a clean end.
    let address = server.address;
    assert_eq!(server.stop().code(), Some(0));
    let server = Server::start_at(dir.path(), Some(&dir.path().join("phoenix.yaml")), address);
    for (name, id) in &sent {
        assert_eq!(spans_of(&trace(&server, *id).unwrap(), "batches").len(), 5, "{name}");
    }
    assert_eq!(counted(&server, "{ } | count_over_time()"), 5.0 * sent.len() as f64);
    let unknown = server.get("/api/traces/1234");
    assert_eq!((unknown.0, unknown.1.contains("not found")), (404, true), "{unknown:?}");
    assert_eq!(server.get("/api/traces/xyz").0, 400);
}

#[test]
fn searches_are_answered_as_tempo_answers_them() {
    let dir = tempfile::tempdir().unwrap();
    let server = start(dir.path(), "");
    let began = now_ns();
    for n in 1..=30_u128 {
        let at = began - (60 - n as i64) * SECOND_NS;
        let slow = if n % 5 == 0 { 2_000 } else { 100 };
        let mut front = root(n, "shop", if n % 2 == 0 { "GET /even" } else { "GET /odd" }).at(at, slow * MS_NS).with("n", n as i64);
        front = front.with("cluster", if n <= 10 { "west" } else { "east" });
        let child = front.child(2, "store", "SELECT").with("db", "stock");
        push(server.address, &[front, child]);
    }
    let search = |pairs: &[(&str, &str)]| ask(&server, "/api/search", pairs);
    // The latest come first, twenty of them when nothing is said.
    assert_eq!(ids(&search(&[("q", "{ }")])), (11..=30).rev().collect::<Vec<_>>());
    assert_eq!(ids(&search(&[("q", "{ span.cluster = \"west\" }"), ("limit", "3")])), [10, 9, 8]);
    assert_eq!(ids(&search(&[("q", "{ duration > 1s && name = \"GET /odd\" }")])), [25, 15, 5]);
    assert_eq!(ids(&search(&[("tags", "cluster=west db=stock"), ("limit", "1")])), [10], "each may be on another span");
    assert_eq!(ids(&search(&[("tags", "cluster=west db=other")])), Vec::<u128>::new());
    assert_eq!(ids(&search(&[("tags", "cluster=west"), ("minDuration", "1s")])), [10, 5]);
    assert_eq!(ids(&search(&[("tags", "service.name=shop"), ("maxDuration", "500ms"), ("limit", "2")])), [29, 28]);
    assert_eq!(ids(&search(&[("cluster", "west"), ("limit", "1")])), [10], "a tag as a parameter");
    // Time in seconds; a trace counts where it is.
    let seconds = |n: i64| ((began - (60 - n) * SECOND_NS) / SECOND_NS).to_string();
    let some = ids(&search(&[("q", "{ }"), ("start", &seconds(10)), ("end", &seconds(13)), ("limit", "100")]));
    assert!(some.contains(&11) && some.contains(&12) && !some.contains(&5) && !some.contains(&20), "{some:?}");
    // Spans of a set.
    let all = search(&[("q", "{ } | select(span.db)"), ("limit", "1"), ("spss", "1")]);
    let set = &all["traces"][0]["spanSets"][0];
    assert_eq!((set["matched"].as_u64(), set["spans"].as_array().unwrap().len()), (Some(2), 1), "{all}");
    let stats = &all["traces"][0]["serviceStats"];
    assert_eq!(stats, &json!({"shop": {"spanCount": 1}, "store": {"spanCount": 1}}), "{all}");
    // Structure.
    assert_eq!(ids(&search(&[("q", "{ span.n = 7 } >> { span.db = \"stock\" }")])), [7]);
    assert_eq!(ids(&search(&[("q", "{ span.n = 7 } << { span.db = \"stock\" }")])), Vec::<u128>::new());
    // Mistakes say where they are.
    for (pairs, status, says) in [
        (vec![("q", "{ resources.a = 1 }")], 400, "parse error at line 1, col 3"),
        (vec![("q", "{ name > 5 }")], 400, "binary operations must operate on the same type"),
        (vec![("q", "{ }"), ("tags", "a=b")], 400, "tags and q"),
        (vec![("q", "{ }"), ("limit", "0")], 400, "limit"),
        (vec![("q", "{ }"), ("start", "20"), ("end", "10")], 400, "start must be before end"),
        (vec![("minDuration", "2s"), ("maxDuration", "1s")], 400, "maxDuration"),
        (vec![("q", "{ } | rate()")], 400, ""),
    ] {
        let (got, body) = server.get(&format!("/api/search?{}", query_string(&pairs)));
        assert_eq!(got, status, "{pairs:?}: {body}");
        assert!(body.contains(says), "{pairs:?}: {body}");
    }

    // Names and values.
    let names = ask(&server, "/api/search/tags", &[])["tagNames"].clone();
    for name in ["cluster", "n", "db", "service.name"] {
        assert!(names.as_array().unwrap().contains(&json!(name)), "{name}: {names}");
    }
    let scopes = ask(&server, "/api/v2/search/tags", &[]);
    let of = |scope: &str| {
        let scopes = scopes["scopes"].as_array().unwrap();
        scopes.iter().find(|one| one["name"] == scope).map(|one| one["tags"].clone()).unwrap_or_default()
    };
    assert_eq!(of("span"), json!(["cluster", "db", "n"]));
    assert_eq!(of("resource"), json!(["service.name", "service.version"]));
    assert!(of("intrinsic").as_array().unwrap().contains(&json!("duration")));
    let only = ask(&server, "/api/v2/search/tags", &[("scope", "resource")]);
    assert_eq!(only["scopes"], json!([{"name": "resource", "tags": ["service.name", "service.version"]}]));
    let values = |path: &str, pairs: &[(&str, &str)]| ask(&server, path, pairs)["tagValues"].clone();
    assert_eq!(values("/api/search/tag/service.name/values", &[]), json!(["shop", "store"]));
    assert_eq!(values("/api/search/tag/cluster/values", &[]), json!(["east", "west"]));
    let text = |value: &str| json!({"type": "string", "value": value});
    assert_eq!(values("/api/v2/search/tag/resource.service.name/values", &[]), json!([text("shop"), text("store")]));
    assert_eq!(values("/api/v2/search/tag/span.cluster/values", &[("q", "{ span.n = 3 }")]), json!([text("west")]));
    // An editor asks while the query is being written.
    assert_eq!(values("/api/v2/search/tag/span.cluster/values", &[("q", "{ resource.cluster =  }")]), json!([text("east"), text("west")]));
    let named = values("/api/v2/search/tag/name/values", &[]);
    assert_eq!(named, json!([text("GET /even"), text("GET /odd"), text("SELECT")]));
    let numbers = values("/api/v2/search/tag/span.n/values", &[("q", "{ span.n < 3 }")]);
    assert_eq!(numbers, json!([{"type": "int", "value": "1"}, {"type": "int", "value": "2"}]));
    let states = values("/api/v2/search/tag/status/values", &[]);
    assert!(states.to_string().contains("\"keyword\""), "{states}");

    // Metrics: what each bucket holds, and the sum of all.
    let (start, end) = ((began - 120 * SECOND_NS) / SECOND_NS, began / SECOND_NS + 1);
    let range = [("start", start.to_string()), ("end", end.to_string()), ("step", "10s".to_owned())];
    let ranged = |q: &str| {
        let pairs: Vec<(&str, &str)> = std::iter::once(("q", q)).chain(range.iter().map(|(k, v)| (*k, v.as_str()))).collect();
        ask(&server, "/api/metrics/query_range", &pairs)
    };
    let counts = ranged("{ } | count_over_time() by(resource.service.name)");
    let series = counts["series"].as_array().unwrap();
    assert_eq!(series.len(), 2, "{counts}");
    for one in series {
        let sum: f64 = one["samples"].as_array().unwrap().iter().filter_map(|sample| sample["value"].as_f64()).sum();
        assert_eq!(sum, 30.0, "{one}");
        assert!(one["promLabels"].as_str().unwrap().contains("\"resource.service.name\"="), "{one}");
        assert!(one["samples"].as_array().unwrap().iter().all(|sample| sample["timestampMs"].is_string()), "{one}");
    }
    let exemplars = counts["series"][0]["exemplars"].as_array().unwrap();
    let told = exemplars[0]["labels"].to_string();
    assert!(told.contains("trace:id"), "an exemplar leads to its trace: {told}");
    let rates = ranged("{ span.cluster = \"west\" } | rate()");
    let total: f64 = rates["series"][0]["samples"].as_array().unwrap().iter().filter_map(|s| s["value"].as_f64()).sum::<f64>() * 10.0;
    assert!((total - 10.0).abs() < 1e-6, "{rates}");
    let quantile =
        ask(&server, "/api/metrics/query", &[("q", "{ name = \"SELECT\" } | quantile_over_time(duration, 0.99)"), ("since", "1h")]);
    let value = quantile["series"][0]["value"].as_f64().unwrap();
    assert!((0.9..=1.1).contains(&value), "spans of 50 ms and 1 s: {quantile}");
    assert_eq!(server.get("/api/metrics/query_range?q=%7B%7D").0, 400, "no metrics");

    assert_eq!(server.get("/api/echo"), (200, "echo".to_owned()));
    assert!(server.json("/api/status/buildinfo")["version"].as_str().unwrap().starts_with("2."));
}

/// Requests of Grafana's Tempo data source and Traces Drilldown.
#[test]
fn grafana_is_answered() {
    let dir = tempfile::tempdir().unwrap();
    let server = start(dir.path(), "");
    for n in 1..=8 {
        push(server.address, &order(n));
        push(server.address, &[root(100 + n, "frontend", "GET /")]);
    }
    let (start, end) = ((now_ns() / SECOND_NS - 300).to_string(), (now_ns() / SECOND_NS + 1).to_string());
    let range = |q: &str| ask(&server, "/api/metrics/query_range", &[("q", q), ("start", &start), ("end", &end), ("step", "10s")]);
    let sum = |series: &Value| series["samples"].as_array().map_or(0.0, |all| all.iter().filter_map(|s| s["value"].as_f64()).sum::<f64>());
    let label = |series: &Value, key: &str| {
        let labels = series["labels"].as_array().unwrap().iter();
        labels.filter(|one| one["key"] == key).map(|one| one["value"].clone()).next()
    };
    let rate = range("{nestedSetParent<0 && true} | rate() with(sample=true)");
    assert!((sum(&rate["series"][0]) * 10.0 - 16.0).abs() < 1e-6, "{rate}");
    let by = range("{nestedSetParent<0 && true && resource.service.name != nil} | rate() by(resource.service.name)");
    assert_eq!(by["series"].as_array().unwrap().len(), 1, "{by}");
    assert_eq!(label(&by["series"][0], "resource.service.name"), Some(json!({"stringValue": "frontend"})));
    let histogram = range("{nestedSetParent<0 && true} | histogram_over_time(duration) with(sample=true)");
    let buckets = histogram["series"].as_array().unwrap();
    assert_eq!(buckets.len(), 1, "all roots took 100 ms: {histogram}");
    assert_eq!(sum(&buckets[0]), 16.0);
    let bucket = label(&buckets[0], "__bucket").unwrap();
    assert!(bucket["doubleValue"].as_f64().is_some_and(|le| (le - 0.134_217_728).abs() < 1e-9), "{bucket}");
    let compare = range("{nestedSetParent<0 && true} | compare({status = error}, 10)");
    let kinds: BTreeSet<String> = compare["series"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|series| Some(label(series, "__meta_type")?["stringValue"].as_str()?.to_owned()))
        .collect();
    assert!(kinds.contains("baseline") && kinds.contains("baseline_total"), "{kinds:?}");
    let failed = range("{true && true} | compare({status = error}, 10)");
    let kinds: BTreeSet<String> = failed["series"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|series| Some(label(series, "__meta_type")?["stringValue"].as_str()?.to_owned()))
        .collect();
    assert_eq!(kinds, ["baseline", "baseline_total", "selection", "selection_total"].map(str::to_owned).into());

    let errors = "({nestedSetParent<0 && true && status = error} &>> { status = error }) || ({nestedSetParent<0 && true && status = error}) | select(status, resource.service.name, name, nestedSetParent, nestedSetLeft, nestedSetRight)";
    let none = ask(&server, "/api/search", &[("q", errors), ("limit", "200"), ("spss", "20"), ("start", &start), ("end", &end)]);
    assert_eq!(ids(&none), Vec::<u128>::new(), "no root has failed");
    let structure = "{nestedSetParent<0 && true} &>> { status = error } | select(status, resource.service.name, name, nestedSetParent, nestedSetLeft, nestedSetRight)";
    let some = ask(&server, "/api/search", &[("q", structure), ("limit", "200"), ("spss", "20"), ("start", &start), ("end", &end)]);
    assert_eq!(ids(&some).into_iter().collect::<BTreeSet<_>>(), (1..=8).collect::<BTreeSet<_>>());
    let spans = some["traces"][0]["spanSets"][0]["spans"].as_array().unwrap();
    assert_eq!(spans.len(), 2, "the root and what failed: {some}");
    for span in spans {
        let of = |key: &str| span["attributes"].as_array().unwrap().iter().find(|one| one["key"] == key).map(|one| one["value"].clone());
        for key in ["status", "service.name", "nestedSetParent", "nestedSetLeft", "nestedSetRight"] {
            assert!(of(key).is_some() || of(&format!("resource.{key}")).is_some(), "{key}: {span}");
        }
        let (left, right): (i64, i64) = (
            of("nestedSetLeft").unwrap()["intValue"].as_str().unwrap().parse().unwrap(),
            of("nestedSetRight").unwrap()["intValue"].as_str().unwrap().parse().unwrap(),
        );
        assert!(left < right, "{span}");
    }
    push(server.address, &[root(200, "frontend", "GET /broken").failed()]);
    let end = (now_ns() / SECOND_NS + 1).to_string();
    let some = ask(&server, "/api/search", &[("q", errors), ("limit", "200"), ("spss", "20"), ("start", &start), ("end", &end)]);
    assert_eq!(ids(&some), [200], "{some}");
    // The way of a trace in Grafana 12: v2 with a range.
    let whole = ask(&server, &format!("/api/v2/traces/{:032x}", 1), &[("start", &start), ("end", &end)]);
    assert_eq!(spans_of(&whole["trace"], "resourceSpans").len(), 5);
}

#[derive(Clone, PartialEq, Message)]
struct SearchCall {
    #[prost(uint32, tag = "4")]
    limit: u32,
    #[prost(uint32, tag = "5")]
    start: u32,
    #[prost(uint32, tag = "6")]
    end: u32,
    #[prost(string, tag = "8")]
    query: String,
    #[prost(uint32, tag = "9")]
    spss: u32,
}

#[derive(Clone, PartialEq, Message)]
struct SearchTold {
    #[prost(message, repeated, tag = "1")]
    traces: Vec<TraceTold>,
}

#[derive(Clone, PartialEq, Message)]
struct TraceTold {
    #[prost(string, tag = "1")]
    id: String,
    #[prost(string, tag = "2")]
    root_service: String,
    #[prost(string, tag = "3")]
    root_name: String,
}

#[test]
fn grafana_streams_over_grpc_on_the_main_port() {
    let dir = tempfile::tempdir().unwrap();
    let server = start(dir.path(), "");
    push(server.address, &order(7));
    let now = (now_ns() / SECOND_NS) as u32;
    let call = |query: &str| SearchCall { limit: 20, start: now - 600, end: now + 1, query: query.to_owned(), spss: 3 }.encode_to_vec();
    let (code, answers) = grpc(server.address, "tempopb.StreamingQuerier/Search", &call("{ status = error }"));
    assert!(!answers.is_empty(), "{code:?}");
    let traces: Vec<TraceTold> = answers.iter().flat_map(|answer| SearchTold::decode(answer.as_slice()).unwrap().traces).collect();
    assert_eq!(traces, [TraceTold { id: "7".to_owned(), root_service: "frontend".to_owned(), root_name: "POST /order".to_owned() }]);
    let (code, answers) = grpc(server.address, "tempopb.StreamingQuerier/Search", &call("{ status = }"));
    assert_eq!((code.as_deref(), answers.len()), (Some("3"), 0), "a wrong query is INVALID_ARGUMENT");
    let (code, _) = grpc(server.address, "tempopb.StreamingQuerier/Nothing", b"");
    assert_eq!(code.as_deref(), Some("12"), "UNIMPLEMENTED");
    for method in ["SearchTags", "SearchTagsV2"] {
        let (code, answers) = grpc(server.address, &format!("tempopb.StreamingQuerier/{method}"), b"");
        assert!(answers.concat().windows(12).any(|bytes| bytes == b"service.name"), "{method}: {code:?}");
    }
}

/// The trace of an order is the same whichever spans came when.
#[test]
fn a_trace_in_several_places_is_one() {
    let dir = tempfile::tempdir().unwrap();
    let mut server = start(dir.path(), "traces: {memtable: 1MiB}\n");
    let address = server.address;
    let spans = order(0xabc);
    let again = |server: Server| {
        assert_eq!(server.stop().code(), Some(0));
        Server::start_at(dir.path(), Some(&dir.path().join("phoenix.yaml")), address)
    };
    // What failed first, the root last, each into another segment.
    for (i, span) in spans.iter().rev().enumerate() {
        push(address, std::slice::from_ref(span));
        if i % 2 == 0 {
            server = again(server);
        }
    }
    let check = |server: &Server, when: &str| {
        assert_eq!(spans_of(&trace(server, 0xabc).unwrap(), "batches").len(), 5, "{when}");
        assert_eq!(found(server, "{ resource.service.name = \"frontend\" } >> { status = error }"), [0xabc], "{when}");
        assert_eq!(found(server, "{ name = \"POST /order\" } > { kind = client } > { kind = server }"), [0xabc], "{when}");
        assert_eq!(found(server, "{ trace:rootName = \"POST /order\" && resource.service.name = \"payment\" }"), [0xabc], "{when}");
        assert_eq!(found(server, "{ traceDuration = 100ms && name = \"charge\" && kind = server }"), [0xabc], "{when}");
        assert_eq!(found(server, "{ } | count() = 5"), [0xabc], "{when}");
        assert_eq!(counted(server, "{ nestedSetParent < 0 } | count_over_time()"), 1.0, "{when}");
        let answer = ask(server, "/api/search", &[("q", "{ span.card = \"visa\" }")]);
        let one = &answer["traces"][0];
        assert_eq!(
            (&one["rootServiceName"], &one["rootTraceName"], &one["durationMs"]),
            (&json!("frontend"), &json!("POST /order"), &json!(100)),
            "{when}: {one}"
        );
        assert_eq!(one["serviceStats"]["payment"], json!({"spanCount": 1, "errorCount": 1}), "{when}");
    };
    check(&server, "in segments and in memory");
    server = again(server);
    assert!(metric(&server, "phoenix_lake_traces_segments").or_else(|| metric(&server, "phoenix_lake_segments")).is_some());
    check(&server, "in segments");
    // The same spans once more, as after a retry: they count once.
    push(address, &spans);
    assert_eq!(spans_of(&trace(&server, 0xabc).unwrap(), "batches").len(), 5, "a span that came twice is told once");
}

#[test]
fn metrics_of_spans_lead_to_traces() {
    let dir = tempfile::tempdir().unwrap();
    let server =
        start(dir.path(), "traces: {metrics_generator: {collection_interval: 1s, span_metrics: {dimensions: [http.request.method]}}}\n");
    let began = now_ns() / SECOND_NS;
    for n in 1..=20 {
        push(server.address, &order(n));
    }
    let calls = "traces_spanmetrics_calls_total{service=\"frontend\",span_kind=\"SPAN_KIND_SERVER\"}";
    eventually("calls are counted", LIMIT, || server.value(calls).filter(|value| (value - 20.0).abs() < 1e-9));
    let all = server.json(&format!("/api/v1/query?{}", query_string(&[("query", calls)])));
    let labels = &all["data"]["result"][0]["metric"];
    assert_eq!(
        (&labels["span_name"], &labels["status_code"], &labels["http_request_method"], &labels["job"]),
        (&json!("POST /order"), &json!("STATUS_CODE_UNSET"), &json!("POST"), &json!("frontend")),
        "{labels}"
    );
    let value = |query: &str| server.value(query);
    let whole = |query: &str, want: f64| {
        eventually(query, LIMIT, || value(query).filter(|got| (got - want).abs() < 1e-9));
    };
    whole("sum(traces_spanmetrics_calls_total{status_code=\"STATUS_CODE_ERROR\"})", 20.0);
    whole("traces_spanmetrics_latency_bucket{service=\"frontend\",span_kind=\"SPAN_KIND_SERVER\",le=\"+Inf\"}", 20.0);
    whole("traces_spanmetrics_latency_bucket{service=\"frontend\",span_kind=\"SPAN_KIND_SERVER\",le=\"0.064\"}", 0.0);
    whole("traces_spanmetrics_latency_sum{service=\"frontend\",span_kind=\"SPAN_KIND_SERVER\"}", 2.0);
    whole("sum(traces_service_graph_request_total{client=\"frontend\",server=\"checkout\"})", 20.0);
    whole("sum(traces_service_graph_request_total{client=\"checkout\",server=\"payment\"})", 20.0);
    whole("sum(traces_service_graph_request_failed_total{client=\"checkout\",server=\"payment\"})", 20.0);
    whole("count(traces_target_info{job=\"checkout\",service_version=\"3.1\"})", 1.0);
    whole("rate(traces_spanmetrics_calls_total{service=\"nobody\"}[5m]) or vector(0)", 0.0);

    // From a slow bucket to a trace.
    let found = eventually("exemplars", LIMIT, || {
        let pairs = [
            ("query", "traces_spanmetrics_latency_bucket{service=\"frontend\"}"),
            ("start", &began.to_string()),
            ("end", &(began + 600).to_string()),
        ];
        let answer = server.json(&format!("/api/v1/query_exemplars?{}", query_string(&pairs)));
        let series = answer["data"].as_array().unwrap_or_else(|| panic!("{answer}")).clone();
        (!series.is_empty()).then_some(series)
    });
    for exemplar in found.iter().flat_map(|series| series["exemplars"].as_array().unwrap()) {
        let labels = exemplar["labels"].as_object().unwrap();
        let id = labels.get("trace_id").or_else(|| labels.get("traceID")).and_then(Value::as_str).unwrap_or_else(|| panic!("{exemplar}"));
        assert!(trace(&server, u128::from_str_radix(id, 16).unwrap()).is_some(), "{exemplar}");
    }
}

#[test]
fn a_rule_in_traceql_alerts_and_opens_an_incident() {
    let dir = tempfile::tempdir().unwrap();
    let rules = "groups:\n  - name: from traces\n    language: traceql\n    interval: 1s\n    rules:\n      - alert: PaymentsBreak\n        expr: '{ resource.service.name = \"payment\" && status = error } | count_over_time() by(resource.service.name) > 2'\n        labels: {severity: critical}\n        annotations: {summary: '{{ $labels.resource_service_name }}: {{ $value }} broke'}\n      - record: spans:count\n        expr: '{ } | count_over_time() by(resource.service.name)'\n";
    std::fs::write(dir.path().join("rules.yaml"), rules).unwrap();
    let server = start(dir.path(), "rules: [rules.yaml]\n");
    for n in 1..=4 {
        push(server.address, &order(n));
    }
    let alert = eventually("the alert fires", LIMIT, || {
        let alerts = server.json("/api/v1/alerts");
        let alerts = alerts["data"]["alerts"].as_array()?.clone();
        alerts.into_iter().find(|alert| alert["state"] == "firing" && alert["labels"]["alertname"] == "PaymentsBreak")
    });
    assert_eq!(alert["labels"]["resource_service_name"], "payment", "{alert}");
    assert_eq!(alert["annotations"]["summary"], "payment: 4 broke");
    let incident = eventually("the incident", LIMIT, || {
        let list = server.json("/api/phoenix/v1/incidents?state=open,acknowledged,resolved");
        list["incidents"].as_array()?.iter().find(|incident| incident.to_string().contains("PaymentsBreak")).cloned()
    });
    assert_eq!(incident["severity"], "critical", "{incident}");
    eventually("the recorded series", LIMIT, || {
        server.value("spans:count{resource_service_name=\"frontend\"}").filter(|value| (value - 8.0).abs() < 1e-9)
    });

    // A rule needs a number.
    std::fs::write(dir.path().join("rules.yaml"), rules.replace(" | count_over_time() by(resource.service.name) > 2", "")).unwrap();
    let mut check = command(&["check"]);
    check.arg(dir.path().join("phoenix.yaml"));
    let output = program::run(check);
    let told = program::told(&output);
    assert_ne!(output.status.code(), Some(0), "{told}");
    assert!(told.contains("rules.yaml:7"), "{told}");
    assert!(told.to_lowercase().contains("traces") || told.contains("metrics"), "{told}");
}

#[test]
fn what_is_wrong_with_a_request_is_said() {
    let dir = tempfile::tempdir().unwrap();
    let server = start(dir.path(), "limits: {body_size: 1MiB}\ntraces: {limits: {spans_per_request: 100}}\n");
    let address = server.address;
    // Of a request with bad ids the good spans are taken, and what was left out is told.
    let mut mixed = otlp(&[root(1, "a", "good"), root(2, "a", "short"), root(3, "a", "zero")]);
    let spans = &mut mixed.resource_spans[0].scope_spans[0].spans;
    spans[1].trace_id.truncate(15);
    spans[2].span_id = vec![0; 8];
    let (status, body) = send(address, "POST", OTLP, &[PROTOBUF], &mixed.encode_to_vec());
    assert_eq!(status, 200);
    let part = ExportTraceServiceResponse::decode(body.as_slice()).unwrap().partial_success.expect("some were left out");
    assert_eq!(part.rejected_spans, 2, "{part:?}");
    assert!(part.error_message.contains("id"), "{part:?}");
    assert_eq!(found(&server, "{ }"), [1]);
    let json = json!({"resourceSpans": [{"scopeSpans": [{"spans": [{"traceId": "zz", "spanId": "01", "name": "x", "startTimeUnixNano": "1", "endTimeUnixNano": "2"}]}]}]});
    let (status, body) = text(address, OTLP, &[JSON], json.to_string().as_bytes());
    assert!(status == 400 || (status == 200 && body.contains("\"rejectedSpans\":\"1\"")), "{status} {body}");

    let many: Vec<Made> = (1..=101).map(|n| root(n, "many", "x")).collect();
    for (what, path, headers, body, want, says) in [
        ("too long", OTLP, vec![PROTOBUF], vec![0; (1 << 20) + 1], 413, "limit"),
        ("longer than what sockets hold", OTLP, vec![PROTOBUF], vec![0; 32 << 20], 413, "limit"),
        ("a bomb", OTLP, vec![PROTOBUF, ("Content-Encoding", "gzip")], gzip(&vec![0; 2 << 20]), 413, "limit"),
        ("no protobuf", OTLP, vec![PROTOBUF], b"junk".to_vec(), 400, ""),
        ("no JSON", OTLP, vec![JSON], b"{".to_vec(), 400, ""),
        ("many spans", OTLP, vec![PROTOBUF], otlp(&many).encode_to_vec(), 413, "more than 100 spans"),
        ("no Zipkin", "/api/v2/spans", vec![JSON], b"{}".to_vec(), 400, ""),
        ("no Thrift", "/api/traces", vec![("Content-Type", "application/x-thrift")], b"junk".to_vec(), 400, ""),
        ("another type", OTLP, vec![("Content-Type", "text/plain")], b"x".to_vec(), 415, ""),
    ] {
        let (status, body) = text(address, path, &headers, &body);
        assert_eq!(status, want, "{what}: {body}");
        assert!(body.contains(says), "{what}: {body}");
    }
    assert_eq!(found(&server, "{ }"), [1]);
    assert_eq!(request(address, "POST", OTLP, &[PROTOBUF], b"").0, 200, "a request without spans is none");
    assert!(!server.log().contains("panicked"), "{}", server.log());
}
