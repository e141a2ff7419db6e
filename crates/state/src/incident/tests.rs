mod postgres;

use super::*;
use crate::State;
use phoenix_model::Secret;

fn change(id: i64) -> IncidentChange {
    IncidentChange {
        is_new: true,
        incident: IncidentRow {
            id,
            group_key: "{}:{alertname=\"X\"}".to_owned(),
            receiver: "team".to_owned(),
            title: "X is down".to_owned(),
            severity: if id % 2 == 0 { "critical" } else { "info" }.to_owned(),
            status: "open".to_owned(),
            watched: true,
            labels: "{}".to_owned(),
            annotations: "{}".to_owned(),
            opened_ms: 1_000 * id,
            round: 1,
            ..IncidentRow::default()
        },
        alerts: vec![IncidentAlertRow { fingerprint: "a".to_owned(), status: "firing".to_owned(), body: "{}".to_owned() }],
        events: vec![EventRow { seq: 1, at_ms: 5, kind: "opened".to_owned(), text: "INC opened".to_owned(), ..EventRow::default() }],
        pages: vec![PageRow {
            round: 1,
            level: "primary".to_owned(),
            person: "anna".to_owned(),
            status: "waiting".to_owned(),
            refused: "[]".to_owned(),
            ..PageRow::default()
        }],
    }
}

/// Each check gets an empty store.
#[tokio::test]
async fn on_sqlite() {
    for check in 0.. {
        if !run(check, &State::open(":memory:").await.unwrap()).await {
            break;
        }
    }
}

/// The same on a PostgreSQL that lives as long as the test, where one is installed.
#[tokio::test]
async fn on_postgres() {
    let Some(server) = postgres::Server::start() else {
        eprintln!("skipped: no PostgreSQL under /usr/lib/postgresql");
        return;
    };
    for check in 0.. {
        let state = State::open(&server.new_database(check).await).await.unwrap();
        let went_on = run(check, &state).await;
        state.close().await;
        if !went_on {
            break;
        }
    }
}

async fn run(check: usize, state: &State) -> bool {
    match check {
        0 => an_incident_comes_back_as_it_was_saved(state).await,
        1 => a_number_is_given_once(state).await,
        2 => lists_are_filtered_and_paged(state).await,
        3 => overrides_end(state).await,
        4 => a_key_is_made_once(state).await,
        _ => return false,
    }
    true
}

async fn an_incident_comes_back_as_it_was_saved(state: &State) {
    let mut saved = change(1);
    state.save_incident(&saved).await.unwrap();
    saved.is_new = false;
    saved.incident.status = "resolved".to_owned();
    saved.incident.watched = false;
    saved.incident.resolved_ms = Some(77);
    saved.incident.resolved_by = "anna".to_owned();
    saved.alerts[0].status = "resolved".to_owned();
    saved.pages[0].status = "sent".to_owned();
    saved.pages[0].sent_ms = Some(9);
    saved.pages[0].address = "anna@example.org".to_owned();
    saved.events.push(EventRow { seq: 2, kind: "closed".to_owned(), ..EventRow::default() });
    state.save_incident(&saved).await.unwrap();
    state.save_incident(&saved).await.unwrap();
    assert_eq!(state.incident(1).await.unwrap().as_ref(), Some(&saved.incident));
    assert_eq!(state.incident_alerts(1).await.unwrap(), saved.alerts);
    assert_eq!(state.incident_events(1).await.unwrap(), saved.events);
    assert_eq!(state.incident_pages(1).await.unwrap(), saved.pages);
    assert_eq!(state.last_incident_event(1).await.unwrap(), 2);
    assert_eq!(state.closed_incidents(77, 78).await.unwrap().len(), 1);
    assert_eq!(state.closed_incidents(0, 77).await.unwrap().len(), 0);
    assert_eq!(state.watched_incidents().await.unwrap(), []);
}

async fn a_number_is_given_once(state: &State) {
    state.save_incident(&change(1)).await.unwrap();
    state.save_incident(&change(1)).await.unwrap();
    let mut other = change(1);
    other.incident.group_key = "{}:{alertname=\"Y\"}".to_owned();
    let error = state.save_incident(&other).await.unwrap_err().to_string();
    assert!(error.contains("one process at a time"), "{error}");
    assert_eq!(state.incident(1).await.unwrap().unwrap(), change(1).incident);
    other.is_new = false;
    other.incident.id = 2;
    assert!(state.save_incident(&other).await.is_err(), "nothing to update");
    assert_eq!(state.incident_events(1).await.unwrap().len(), 1);
}

async fn lists_are_filtered_and_paged(state: &State) {
    assert_eq!(state.last_incident_id().await.unwrap(), 0);
    for id in 1..=5 {
        state.save_incident(&change(id)).await.unwrap();
    }
    let ids = async |filter: IncidentFilter, limit| -> Vec<i64> {
        state.incidents(&filter, limit).await.unwrap().into_iter().map(|row| row.id).collect()
    };
    let only = |text: &str| vec![text.to_owned()];
    assert_eq!(ids(IncidentFilter::default(), 2).await, [5, 4]);
    assert_eq!(ids(IncidentFilter { before_id: Some(4), ..IncidentFilter::default() }, 10).await, [3, 2, 1]);
    assert_eq!(ids(IncidentFilter { severity: only("critical"), ..IncidentFilter::default() }, 10).await, [4, 2]);
    assert_eq!(ids(IncidentFilter { status: only("resolved"), ..IncidentFilter::default() }, 10).await, [0; 0]);
    assert_eq!(state.incident_counts().await.unwrap(), [("open".to_owned(), 5)]);
    assert_eq!(state.last_incident_id().await.unwrap(), 5);
}

async fn overrides_end(state: &State) {
    let row = |from_ms, until_ms| OverrideRow {
        level: "primary".to_owned(),
        person: "anna".to_owned(),
        from_ms,
        until_ms,
        created_by: "bert".to_owned(),
        ..OverrideRow::default()
    };
    let running = state.add_override(&row(0, 100)).await.unwrap();
    let later = state.add_override(&row(200, 300)).await.unwrap();
    assert_eq!(state.overrides(50).await.unwrap().len(), 2);
    assert!(state.end_override(running, "cora", 50).await.unwrap());
    assert!(!state.end_override(running, "cora", 60).await.unwrap());
    assert!(state.end_override(later, "cora", 50).await.unwrap());
    assert_eq!(state.overrides(50).await.unwrap(), []);
    assert_eq!(state.overrides(40).await.unwrap()[0].until_ms, 50);
    let actions: Vec<_> = state.audit_log(None, 9).await.unwrap().into_iter().map(|entry| (entry.who, entry.action)).collect();
    assert_eq!(actions.len(), 4);
    assert_eq!(actions[0], ("cora".to_owned(), "on_call_override.end".to_owned()));
}

async fn a_key_is_made_once(state: &State) {
    assert_eq!(state.kept_key("link", &Secret::new("one")).await.unwrap(), Secret::new("one"));
    assert_eq!(state.kept_key("link", &Secret::new("two")).await.unwrap(), Secret::new("one"));
}
