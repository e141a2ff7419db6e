//! The API over real sockets.

#![expect(clippy::disallowed_methods, reason = "a service of one's own has no simulated clock")]

use super::*;
use reqwest::Method;
use serde_json::{Value, json};

/// A service on a port of loopback, with its controller; runs end after a second.
async fn start(token: Option<&str>) -> (String, Telemetry) {
    crate::install_tls();
    let telemetry = Telemetry::builder("test").variables([]).start().unwrap();
    let service = Arc::new(Service {
        experiments: Arc::default(),
        faults: Arc::new(Faults::of(&[Part::Api, Part::Controller])),
        metrics: telemetry.phoenix().clone(),
        token: Token::new(token.map(str::to_owned)),
        tenants: vec!["acme".into(), "globex".into()],
        controller: None,
        errors: AtomicU64::new(0),
        listeners: AtomicU64::new(0),
    });
    let tenants = service.tenants.clone();
    let plan =
        Plan { run_for: Duration::from_secs(1), price_per_1000_series_usd: 8.0, provider: "newrelic".into(), node: "n1".into(), tenants };
    let controller = Controller::new(plan, Arc::clone(&service.experiments), Arc::clone(&service.faults), &telemetry);
    tokio::spawn(controller::run(controller, Source::Own, Arc::default()));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(acts::run(Arc::clone(&service.faults), Acts { flood: Some(flood(address).unwrap()), database: None }));
    let router = router(&service, &telemetry).into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, router).await });
    (format!("http://{address}"), telemetry)
}

async fn ask(method: Method, url: &str, headers: &[(&'static str, &'static str)], body: Option<Value>) -> (u16, String) {
    let mut request = reqwest::Client::new().request(method, url);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    if let Some(body) = body {
        request = request.json(&body);
    }
    let response = request.send().await.unwrap();
    (response.status().as_u16(), response.text().await.unwrap())
}

#[tokio::test]
async fn an_experiment_over_the_processes_of_this_host_is_done() {
    let (url, telemetry) = start(Some("secret")).await;
    let experiments = format!("{url}/api/v1/experiments");
    let token = [("authorization", "Bearer secret")];
    for (headers, body, want) in [
        (&[][..], json!({"name": "a"}), 401),
        (&[("authorization", "Bearer other")], json!({"name": "a"}), 403),
        (&token, json!({"name": " "}), 400),
        (&token, json!({"name": "a", "tenant_id": "nobody"}), 400),
        (&token, json!({"name": "a", "tenant_id": "globex", "keep": 1}), 201),
    ] {
        assert_eq!(ask(Method::POST, &experiments, headers, Some(body.clone())).await.0, want, "{headers:?} {body}");
    }
    let done = loop {
        let (status, text) = ask(Method::GET, &format!("{experiments}/1"), &token, None).await;
        assert_eq!(status, 200, "{text}");
        let experiment: Value = serde_json::from_str(&text).unwrap();
        if let Some(result) = experiment.get("result") {
            break (experiment["state"].clone(), result.clone());
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    assert_eq!(done.0, "completed", "{done:?}");
    assert!(done.1["baseline_series"].as_u64() >= done.1["candidate_series"].as_u64() && done.1["candidate_series"].as_u64() > Some(0));
    let text = telemetry.metrics().encode();
    for state in ["pending", "deploying", "running", "analysing", "completed"] {
        assert!(text.contains(&format!("phoenix_experiment_total{{state=\"{state}\",tenant_id=\"globex\"}} 1")), "{state}\n{text}");
    }
    assert!(text.contains(r#"_count{method="GET",endpoint="/api/v1/experiments/{id}",status="200"}"#), "{text}");
    assert!(!text.contains("secret"));
}

#[tokio::test]
async fn faults_are_begun_from_this_machine_and_do_what_they_say() {
    let (url, telemetry) = start(None).await;
    let admin = [("x-phoenix-admin", "1")];
    let faults = format!("{url}/admin/faults");
    for (method, path, headers, want) in [
        (Method::GET, "", &[][..], 403),
        (Method::GET, "", &[("x-phoenix-admin", "1"), ("x-forwarded-for", "10.0.0.1")], 403),
        (Method::GET, "", &admin, 200),
        (Method::POST, "/no-such-fault?seconds=5", &admin, 404),
        (Method::POST, "/clock-skew?seconds=5", &admin, 404),
        (Method::POST, "/error-burst?seconds=0", &admin, 400),
        (Method::POST, "/error-burst?seconds=300", &admin, 200),
        (Method::POST, "/403-flood?seconds=300", &admin, 200),
    ] {
        let (status, text) = ask(method, &format!("{faults}{path}"), headers, None).await;
        assert_eq!(status, want, "{path} {headers:?}: {text}");
        assert!(status != 200 || text.contains("expected_alert"), "{text}");
    }
    let counted = |status: u16| {
        let line =
            format!("phoenix_api_request_duration_seconds_count{{method=\"GET\",endpoint=\"/api/v1/experiments\",status=\"{status}\"}}");
        telemetry.metrics().encode().lines().any(|known| known.starts_with(&line))
    };
    while !counted(403) {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let mut statuses = Vec::new();
    for _ in 0..4 {
        statuses.push(ask(Method::GET, &format!("{url}/api/v1/experiments"), &[], None).await.0);
    }
    assert_eq!(statuses.iter().filter(|status| **status == 500).count(), 2, "{statuses:?}");
    ask(Method::DELETE, &format!("{faults}/error-burst"), &admin, None).await;
    assert_eq!(ask(Method::GET, &format!("{url}/api/v1/experiments"), &[], None).await.0, 200);
}
