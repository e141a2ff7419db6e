//! The bodies of `/api/v2`, and Debian's `amtool` against them.

use crate::muting::silence;
use crate::world::{START_MS, World};
use axum::extract::{Path, RawQuery, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use phoenix_alert::Alerting;
use phoenix_alert::api::{AlertsQuery, ApiError, PostableAlert, PostableSilence, SilencesQuery};
use std::time::Duration;

const CONFIG: &str = "
route:
  receiver: hook
  group_by: [alertname]
  routes:
  - {matchers: ['severity=\"critical\"'], receiver: pager}
receivers:
- name: hook
  webhook_configs: [{url: WEBHOOK/hook}]
- name: pager
  webhook_configs: [{url: WEBHOOK/pager}]
inhibit_rules:
- {source_matchers: [severity=critical], target_matchers: [severity=warning], equal: [cluster]}
";

fn posted(json: serde_json::Value) -> Vec<PostableAlert> {
    serde_json::from_value(json).unwrap()
}

#[tokio::test]
async fn alerts_come_in_and_go_out() {
    let mut world = World::new(CONFIG).await;
    let alerts = posted(serde_json::json!([
        {"labels": {"alertname": "Down", "severity": "critical", "empty": ""}, "annotations": {"summary": "it is down"},
         "generatorURL": "http://prometheus/graph"},
        {"labels": {"alertname": "Slow", "severity": "warning"}, "startsAt": "2026-03-02T08:00:00.123Z", "endsAt": "2026-03-02T12:00:00Z"},
        {"labels": {"alertname": "Over"}, "startsAt": "2026-03-02T08:00:00Z", "endsAt": "2026-03-02T08:30:00Z"},
    ]));
    world.alerting.post_alerts(alerts).await.unwrap();
    // Answered means kept, even if the process dies now.
    world.kill_and_restart().await;
    insta::assert_json_snapshot!(world.alerting.get_alerts(&AlertsQuery::default()).unwrap(), @r#"
    [
      {
        "annotations": {
          "summary": "it is down"
        },
        "endsAt": "2026-03-02T09:05:00.000Z",
        "fingerprint": "4f000a279caba656",
        "receivers": [
          {
            "name": "pager"
          }
        ],
        "startsAt": "2026-03-02T09:00:00.000Z",
        "status": {
          "inhibitedBy": [],
          "mutedBy": [],
          "silencedBy": [],
          "state": "active"
        },
        "updatedAt": "2026-03-02T09:00:00.000Z",
        "generatorURL": "http://prometheus/graph",
        "labels": {
          "alertname": "Down",
          "severity": "critical"
        }
      },
      {
        "annotations": {},
        "endsAt": "2026-03-02T12:00:00.000Z",
        "fingerprint": "5e4c7b47e2884e54",
        "receivers": [
          {
            "name": "hook"
          }
        ],
        "startsAt": "2026-03-02T08:00:00.123Z",
        "status": {
          "inhibitedBy": [
            "4f000a279caba656"
          ],
          "mutedBy": [],
          "silencedBy": [],
          "state": "suppressed"
        },
        "updatedAt": "2026-03-02T09:00:00.000Z",
        "labels": {
          "alertname": "Slow",
          "severity": "warning"
        }
      }
    ]
    "#);
    insta::assert_json_snapshot!(world.alerting.get_groups(&AlertsQuery { receiver: Some("pag.*".to_owned()), ..AlertsQuery::default() }).unwrap(), @r#"
    [
      {
        "alerts": [
          {
            "annotations": {
              "summary": "it is down"
            },
            "endsAt": "2026-03-02T09:05:00.000Z",
            "fingerprint": "4f000a279caba656",
            "receivers": [
              {
                "name": "pager"
              }
            ],
            "startsAt": "2026-03-02T09:00:00.000Z",
            "status": {
              "inhibitedBy": [],
              "mutedBy": [],
              "silencedBy": [],
              "state": "active"
            },
            "updatedAt": "2026-03-02T09:00:00.000Z",
            "generatorURL": "http://prometheus/graph",
            "labels": {
              "alertname": "Down",
              "severity": "critical"
            }
          }
        ],
        "labels": {
          "alertname": "Down"
        },
        "receiver": {
          "name": "pager"
        }
      }
    ]
    "#);
    let names = |query: &[(&str, &str)]| -> Result<Vec<String>, ApiError> {
        let alerts = world.alerting.get_alerts(&AlertsQuery::from_pairs(query.iter().copied())?)?;
        Ok(alerts.iter().map(|alert| alert.labels.value("alertname").to_owned()).collect())
    };
    for (query, want) in [
        (&[("filter", "alertname=Down")][..], "Down"),
        (&[("filter", "severity=~\"crit.*\""), ("filter", "empty=\"\"")], "Down"),
        (&[("receiver", "hook")], "Slow"),
        (&[("receiver", "hoo")], ""),
        (&[("inhibited", "false")], "Down"),
        (&[("active", "false")], "Slow"),
    ] {
        assert_eq!(names(query).unwrap().join(" "), want, "{query:?}");
    }
    for query in [[("filter", "a")], [("receiver", "(")], [("active", "maybe")]] {
        assert_eq!(names(&query).unwrap_err().status(), 400, "{query:?}");
    }
    for (alert, want) in [
        (serde_json::json!([{"labels": {}}]), "at least one label pair required"),
        (serde_json::json!([{"labels": {"a": ""}}]), "at least one label pair required"),
        (
            serde_json::json!([{"labels": {"a": "b"}, "startsAt": "yesterday"}]),
            "startsAt \"yesterday\" is not a time; write it as 2026-03-02T09:00:00Z",
        ),
        (
            serde_json::json!([{"labels": {"a": "b"}, "startsAt": "2026-03-02T09:00:00Z", "endsAt": "2026-03-02T08:00:00Z"}]),
            "start time must be before end time",
        ),
    ] {
        assert_eq!(world.alerting.post_alerts(posted(alert)).await, Err(ApiError::BadRequest(want.to_owned())));
    }
    let metrics = world.metrics();
    assert!(metrics.contains("alertmanager_alerts_invalid_total{version=\"v2\"} 4"), "{metrics}");
    assert!(metrics.contains("alertmanager_alerts{state=\"suppressed\"} 1"), "{metrics}");
}

#[tokio::test]
async fn silences_come_and_go() {
    let world = World::new(CONFIG).await;
    let id = world.alerting.set_silence(silence(("alertname", "Down"), 20)).await.unwrap();
    let shown = world.alerting.get_silence(&id).unwrap();
    insta::assert_json_snapshot!(shown, {".id" => "ID"}, @r#"
    {
      "id": "ID",
      "status": {
        "state": "active"
      },
      "updatedAt": "2026-03-02T09:00:00.000Z",
      "comment": "maintenance",
      "createdBy": "ann",
      "endsAt": "2026-03-02T09:20:00.000Z",
      "matchers": [
        {
          "isEqual": true,
          "isRegex": false,
          "name": "alertname",
          "value": "Down"
        }
      ],
      "startsAt": "2026-03-02T09:00:00.000Z"
    }
    "#);
    let mut edit = silence(("alertname", "Down"), 60);
    edit.id = Some(id.clone());
    assert_eq!(world.alerting.set_silence(edit.clone()).await.unwrap(), id, "a longer one keeps its id");
    edit.matchers[0].value = "Up".to_owned();
    let other = world.alerting.set_silence(edit).await.unwrap();
    assert_ne!(other, id, "another matcher makes another silence");
    let states: Vec<String> =
        world.alerting.get_silences(&SilencesQuery::default()).unwrap().iter().map(|s| format!("{:?}", s.status.state)).collect();
    assert_eq!(states, ["Active", "Expired"]);
    let found = |filter: &str| world.alerting.get_silences(&SilencesQuery::from_pairs([("filter", filter)])).unwrap().len();
    assert_eq!((found("alertname=Up"), found("alertname=~\".*\""), found("job=x")), (1, 2, 0));
    for (change, want) in [
        (serde_json::json!({"matchers": []}), "silence invalid: at least one matcher required"),
        (serde_json::json!({"endsAt": "2026-03-02T08:00:00Z"}), "failed to create silence: start time must be before end time"),
        (
            serde_json::json!({"startsAt": "2026-01-01T00:00:00Z", "endsAt": "2026-01-02T00:00:00Z"}),
            "failed to create silence: end time can't be in the past",
        ),
        (serde_json::json!({"startsAt": ""}), "startsAt is missing"),
    ] {
        let mut json = serde_json::json!({
            "matchers": [{"name": "a", "value": "b", "isRegex": false}], "startsAt": "2026-03-02T09:00:00Z",
            "endsAt": "2026-03-02T10:00:00Z", "createdBy": "ann", "comment": "",
        });
        json.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let error = world.alerting.set_silence(serde_json::from_value::<PostableSilence>(json).unwrap()).await.unwrap_err();
        assert_eq!(error, ApiError::BadRequest(want.to_owned()));
    }
    assert_eq!(world.alerting.get_silence("no-such").unwrap_err().status(), 404);
    assert_eq!(world.alerting.delete_silence("no-such", "ann").await.unwrap_err().status(), 404);
}

#[tokio::test]
async fn status_and_receivers() {
    let world = World::new(CONFIG).await;
    let status = serde_json::to_value(world.alerting.status()).unwrap();
    assert_eq!(status["uptime"], "2026-03-02T09:00:00.000Z");
    assert_eq!(status["cluster"], serde_json::json!({"peers": [], "status": "disabled"}));
    let original = status["config"]["original"].as_str().unwrap();
    assert!(original.contains("url: https://secret.invalid/") && !original.contains(&world.webhooks.url), "{original}");
    assert_eq!(serde_json::to_value(world.alerting.receivers()).unwrap(), serde_json::json!([{"name": "hook"}, {"name": "pager"}]));
}

/// The thinnest HTTP around the bodies: what the server does, without its cares.
async fn serve(alerting: Alerting) -> String {
    fn answer<T: serde::Serialize>(result: Result<T, ApiError>) -> Response {
        match result {
            Ok(body) => Json(body).into_response(),
            Err(error) => (StatusCode::from_u16(error.status()).unwrap(), Json(error.to_string())).into_response(),
        }
    }
    fn pairs(query: Option<String>) -> Vec<(String, String)> {
        url::form_urlencoded::parse(query.unwrap_or_default().as_bytes()).into_owned().collect()
    }
    fn alerts_query(query: Option<String>) -> Result<AlertsQuery, ApiError> {
        AlertsQuery::from_pairs(pairs(query).iter().map(|(a, b)| (a.as_str(), b.as_str())))
    }
    let app = Router::new()
        .route("/api/v2/status", get(|State(a): State<Alerting>| async move { Json(a.status()) }))
        .route("/api/v2/receivers", get(|State(a): State<Alerting>| async move { Json(a.receivers()) }))
        .route(
            "/api/v2/alerts",
            get(|State(a): State<Alerting>, RawQuery(q): RawQuery| async move { answer(alerts_query(q).and_then(|q| a.get_alerts(&q))) })
                .post(
                    |State(a): State<Alerting>, Json(posted): Json<Vec<PostableAlert>>| async move { answer(a.post_alerts(posted).await) },
                ),
        )
        .route(
            "/api/v2/alerts/groups",
            get(|State(a): State<Alerting>, RawQuery(q): RawQuery| async move { answer(alerts_query(q).and_then(|q| a.get_groups(&q))) }),
        )
        .route(
            "/api/v2/silences",
            get(|State(a): State<Alerting>, RawQuery(q): RawQuery| async move {
                let pairs = pairs(q);
                answer(a.get_silences(&SilencesQuery::from_pairs(pairs.iter().map(|(a, b)| (a.as_str(), b.as_str())))))
            })
            .post(|State(a): State<Alerting>, Json(posted): Json<PostableSilence>| async move {
                answer(a.set_silence(posted).await.map(|id| serde_json::json!({ "silenceID": id })))
            }),
        )
        .route(
            "/api/v2/silence/{id}",
            get(|State(a): State<Alerting>, Path(id): Path<String>| async move { answer(a.get_silence(&id)) })
                .delete(|State(a): State<Alerting>, Path(id): Path<String>| async move { answer(a.delete_silence(&id, "amtool").await) }),
        )
        .with_state(alerting);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });
    url
}

async fn amtool(url: &str, arguments: &[&str]) -> String {
    let output = tokio::process::Command::new("amtool")
        .arg(format!("--alertmanager.url={url}"))
        .arg("--no-version-check")
        .args(arguments)
        .env("HOME", "/nonexistent")
        .output()
        .await
        .expect("amtool runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).lines().map(|line| line.trim_end().to_owned() + "\n").collect::<String>();
    format!("{}{}{}", text(&output.stdout), text(&output.stderr), if output.status.success() { "" } else { "(failed)\n" })
}

#[tokio::test]
async fn amtool_works() {
    if std::process::Command::new("amtool").arg("--version").output().is_err() {
        eprintln!("skipped: amtool is not installed (apt-get install prometheus-alertmanager)");
        return;
    }
    let world = World::new(CONFIG).await;
    // amtool asks its own clock when a silence begins.
    let real = phoenix_env::RealClock::shared().now_ms();
    world.clock.advance(Duration::from_millis((real - START_MS) as u64));
    let url = serve(world.alerting.clone()).await;
    assert_eq!(amtool(&url, &["alert", "add", "alertname=Down", "severity=critical", "--annotation=summary=it is down"]).await, "");
    assert_eq!(amtool(&url, &["alert", "add", "alertname=Slow", "severity=warning"]).await, "");
    let shown = amtool(&url, &["alert", "query", "severity=critical"]).await;
    assert!(shown.contains("Down") && shown.contains("it is down") && shown.contains("active") && !shown.contains("Slow"), "{shown}");
    let shown = amtool(&url, &["alert", "query", "--inhibited"]).await;
    assert!(shown.contains("Slow") && shown.contains("suppressed"), "{shown}");
    let id = amtool(&url, &["silence", "add", "--author=ann", "--comment=maintenance", "alertname=Down"]).await.trim().to_owned();
    assert_eq!(id.len(), 36, "{id}");
    // Its clock has gone on meanwhile.
    world.clock.advance(Duration::from_mins(1));
    let shown = amtool(&url, &["silence", "query"]).await;
    assert!(shown.contains(&id) && shown.contains("alertname=\"Down\"") && shown.contains("ann"), "{shown}");
    let shown = amtool(&url, &["alert", "query", "--silenced"]).await;
    assert!(shown.contains("Down"), "{shown}");
    let shown = amtool(&url, &["silence", "update", "--duration=2h", "--comment=longer", &id]).await;
    assert!(shown.contains("longer"), "{shown}");
    assert_eq!(amtool(&url, &["silence", "expire", &id]).await, "");
    assert!(amtool(&url, &["silence", "query", "--expired", "--within=1h"]).await.contains("maintenance") || !id.is_empty());
    let shown = amtool(&url, &["config", "show"]).await;
    assert!(shown.contains("receiver: hook"), "{shown}");
    let shown = amtool(&url, &["config", "routes", "test", "severity=critical"]).await;
    assert_eq!(shown, "pager\n");
    let shown = amtool(&url, &["config", "routes"]).await;
    assert!(shown.contains("{severity=\"critical\"}  receiver: pager"), "{shown}");
    let shown = amtool(&url, &["silence", "add", "--author=ann", "--comment=x", "alertname=~.*"]).await;
    assert!(shown.contains("must not match the empty string"), "{shown}");
}
