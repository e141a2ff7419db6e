use super::*;

fn read(code: &InCode, variables: &[(&str, &str)]) -> Result<Settings, String> {
    let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Settings::new(code, &Variables::of(variables)).map_err(|e| e.to_string())
}

fn code() -> InCode {
    InCode { service: "in-code".to_owned(), version: Some("1.2.3".to_owned()), ..InCode::default() }
}

#[test]
fn the_environment_says_who_this_is() {
    for (variables, service, version, cluster) in [
        (&[][..], "in-code", "1.2.3", None),
        (&[("OTEL_SERVICE_NAME", " ")], "in-code", "1.2.3", None),
        (&[("OTEL_SERVICE_NAME", "named")], "named", "1.2.3", None),
        (
            &[("OTEL_RESOURCE_ATTRIBUTES", "service.name=of%20attributes, service.version=7,k8s.cluster.name=eu")],
            "of attributes",
            "7",
            Some("eu"),
        ),
        (
            &[
                ("OTEL_SERVICE_NAME", "named"),
                ("OTEL_RESOURCE_ATTRIBUTES", "service.name=x"),
                ("CLUSTER_NAME", "c"),
                ("PHOENIX_SERVICE_VERSION", "9"),
            ],
            "named",
            "9",
            Some("c"),
        ),
    ] {
        let settings = read(&code(), variables).unwrap();
        assert_eq!((&*settings.service, &*settings.version, settings.cluster.as_deref()), (service, version, cluster), "{variables:?}");
        let attribute = |name: &str| {
            let mut found = settings.attributes.iter().filter(|(known, _)| known == name).map(|(_, value)| value.as_str());
            (found.next(), found.next())
        };
        assert_eq!(attribute("service.name"), (Some(service), None));
        assert_eq!(attribute("service.version"), (Some(version), None));
        assert_eq!(attribute("k8s.cluster.name"), (cluster, None));
        assert!(matches!(attribute("service.instance.id"), (Some(id), None) if id.ends_with(&format!(":{}", std::process::id()))));
    }
}

#[test]
fn an_instance_that_is_named_keeps_its_name() {
    let in_code = InCode { attributes: vec![("service.instance.id".to_owned(), "a".to_owned())], ..code() };
    for (code, variables, want) in [(&in_code, &[][..], "a"), (&in_code, &[("OTEL_RESOURCE_ATTRIBUTES", "service.instance.id=b")], "b")] {
        let attributes = read(code, variables).unwrap().attributes;
        let ids: Vec<_> = attributes.iter().filter(|(name, _)| name == "service.instance.id").map(|(_, value)| value.as_str()).collect();
        assert_eq!(ids, [want]);
    }
}

proptest::proptest! {
    #[test]
    fn no_text_makes_it_panic(text in ".{0,200}", json in r#"[\[\]{}":,a-z_0-9. %=]{0,200}"#) {
        for text in [&text, &json] {
            let _ = read_rules(text);
            let _ = read_rules(&format!(r#"{{"sampling_rules": [{{"sample_rate": 1, {text}"#));
            for name in ["OTEL_RESOURCE_ATTRIBUTES", "OTEL_SDK_DISABLED", "OTEL_TRACES_SAMPLER", "OTEL_METRICS_EXPORTER", "PHOENIX_FLUSH_TIMEOUT"] {
                let _ = read(&code(), &[(name, text)]);
            }
        }
    }

    #[test]
    fn pairs_come_back_as_they_went(pairs in proptest::collection::vec(("[a-z.]{1,8}", "\\PC{0,12}"), 0..8)) {
        use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode as encode};
        let text: Vec<String> = pairs.iter().map(|(key, value)| format!("{key}={}", encode(value, NON_ALPHANUMERIC))).collect();
        let variables = Variables::of([("X".to_owned(), text.join(","))]);
        proptest::prop_assert_eq!(variables.pairs("X").unwrap(), pairs);
    }
}

#[test]
fn which_signals_are_pushed_and_where() {
    let with_endpoint = InCode { endpoint: Some("http://code:4317".to_owned()), ..code() };
    let with_all = InCode { pushed: vec![Signal::Metrics, Signal::Logs], ..with_endpoint.clone() };
    let (here, code_s) = (Some("http://localhost:4317"), Some("http://code:4317"));
    for (code, variables, want) in [
        (&code(), &[][..], [None, None, None]),
        (&with_endpoint, &[], [code_s, None, None]),
        (&with_all, &[], [code_s, code_s, code_s]),
        (&with_all, &[("OTEL_SDK_DISABLED", "TRUE")], [None, None, None]),
        (&with_all, &[("OTEL_TRACES_EXPORTER", "none")], [None, code_s, code_s]),
        (&code(), &[("OTEL_LOGS_EXPORTER", "otlp")], [None, None, here]),
        (&code(), &[("OTEL_EXPORTER_OTLP_ENDPOINT", "http://env:1")], [Some("http://env:1"), None, None]),
        (&with_all, &[("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "http://m:1")], [code_s, Some("http://m:1"), code_s]),
        (
            &code(),
            &[
                ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://env:1"),
                ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://t:1"),
                ("OTEL_METRICS_EXPORTER", "otlp"),
            ],
            [Some("http://t:1"), Some("http://env:1"), None],
        ),
    ] {
        let settings = read(code, variables).unwrap();
        let got = [&settings.traces, &settings.metrics, &settings.logs].map(|push| push.as_ref().map(|push| push.endpoint.url.as_str()));
        assert_eq!(got, want, "{variables:?}");
    }
}

#[test]
fn how_it_is_pushed() {
    let settings = read(
        &code(),
        &[
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "https://otlp.example:4317"),
            ("OTEL_METRICS_EXPORTER", "otlp"),
            ("OTEL_EXPORTER_OTLP_HEADERS", "api-key=a%2Cb, x=1"),
            ("OTEL_EXPORTER_OTLP_METRICS_HEADERS", "y=2"),
            ("OTEL_EXPORTER_OTLP_TIMEOUT", "250"),
            ("OTEL_EXPORTER_OTLP_TRACES_COMPRESSION", "gzip"),
            ("OTEL_BSP_MAX_QUEUE_SIZE", "100"),
            ("OTEL_METRIC_EXPORT_INTERVAL", "15000"),
        ],
    )
    .unwrap();
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let (traces, metrics) = (settings.traces.unwrap(), settings.metrics.unwrap());
    assert_eq!(traces.endpoint.headers, [pair("api-key", "a,b"), pair("x", "1")]);
    assert_eq!(metrics.endpoint.headers, [pair("y", "2")]);
    assert_eq!(traces.endpoint.timeout, Duration::from_millis(250));
    assert!(traces.endpoint.is_compressed && !metrics.endpoint.is_compressed);
    assert_eq!((traces.queue, traces.batch, traces.delay), (100, 100, Duration::from_secs(5)), "a batch is no longer than the queue");
    assert_eq!(metrics.delay, Duration::from_secs(15));
}

#[test]
fn which_traces_are_begun() {
    let rules = InCode { rules: Some(strategy_rules()), ..code() };
    // A trace whose randomness is a half: kept by rates above it.
    let mut id = [0; 16];
    id[9] = 0x80;
    let sampled = crate::Parent { sampled: true, trace_state: "" };
    for (code, variables, root, with_parent) in [
        (&code(), &[][..], true, true),
        (&rules, &[], false, true),
        (&rules, &[("OTEL_TRACES_SAMPLER", "always_on")], true, true),
        (&code(), &[("OTEL_TRACES_SAMPLER", "always_off")], false, false),
        (&code(), &[("OTEL_TRACES_SAMPLER", "parentbased_always_off")], false, true),
        (&code(), &[("OTEL_TRACES_SAMPLER", "traceidratio"), ("OTEL_TRACES_SAMPLER_ARG", "0.6")], true, true),
        (&code(), &[("OTEL_TRACES_SAMPLER", "traceidratio"), ("OTEL_TRACES_SAMPLER_ARG", "0.4")], false, false),
        (&code(), &[("OTEL_TRACES_SAMPLER", "parentbased_traceidratio"), ("OTEL_TRACES_SAMPLER_ARG", "0.4")], false, true),
    ] {
        let sampler = read(code, variables).unwrap().sampler;
        assert_eq!(sampler.decide(id, None, "/orders", "GET").sample, root, "{variables:?}");
        assert_eq!(sampler.decide(id, Some(sampled), "/orders", "GET").sample, with_parent, "{variables:?} below a span");
    }
}

#[test]
fn what_makes_no_sense_is_told() {
    for (variables, want) in [
        (&[("OTEL_SDK_DISABLED", "yes")][..], "OTEL_SDK_DISABLED=yes: it is `true` or `false`"),
        (&[("OTEL_RESOURCE_ATTRIBUTES", "a=1,b")], "OTEL_RESOURCE_ATTRIBUTES=…: entry 2 is not `name=value`"),
        (&[("OTEL_RESOURCE_ATTRIBUTES", "a=%ff")], "OTEL_RESOURCE_ATTRIBUTES=…: entry 1 is not UTF-8 once its `%` are read"),
        (&[("OTEL_RESOURCE_ATTRIBUTES", "=1")], "OTEL_RESOURCE_ATTRIBUTES=…: entry 1 has no name"),
        (&[("OTEL_TRACES_EXPORTER", "zipkin")], "OTEL_TRACES_EXPORTER=zipkin: Phoenix' telemetry knows `otlp` and `none`"),
        (
            &[("OTEL_TRACES_EXPORTER", "otlp"), ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json")],
            "OTEL_EXPORTER_OTLP_PROTOCOL=http/json: only `grpc` is spoken; leave it out, and name the port for gRPC, mostly 4317",
        ),
        (
            &[("OTEL_TRACES_EXPORTER", "otlp"), ("OTEL_EXPORTER_OTLP_TIMEOUT", "10s")],
            "OTEL_EXPORTER_OTLP_TIMEOUT=10s: it is a number from 1 to 86400000",
        ),
        (
            &[("OTEL_TRACES_EXPORTER", "otlp"), ("OTEL_EXPORTER_OTLP_COMPRESSION", "br")],
            "OTEL_EXPORTER_OTLP_COMPRESSION=br: it is `gzip` or `none`",
        ),
        (&[("OTEL_TRACES_SAMPLER", "jaeger_remote")], "OTEL_TRACES_SAMPLER=jaeger_remote: it is one of"),
        (
            &[("OTEL_TRACES_SAMPLER", "traceidratio"), ("OTEL_TRACES_SAMPLER_ARG", "10%")],
            "OTEL_TRACES_SAMPLER_ARG=10%: it is a number from 0 to 1",
        ),
        (&[("PHOENIX_SAMPLING_RULES", "/nowhere/rules.json")], "PHOENIX_SAMPLING_RULES=/nowhere/rules.json: the file can't be read"),
    ] {
        let told = read(&code(), variables).expect_err(want);
        assert!(told.starts_with(want), "{told}");
    }
}
