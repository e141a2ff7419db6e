//! The same checks on SQLite and on PostgreSQL.

mod dashboards;
mod postgres;

use phoenix_state::{
    AuditEntry, Claim, Delivery, Dialect, Intent, NotificationKey, State, StateError, StoredAlert, StoredMatcher, StoredSilence,
};
use postgres::Postgres;

/// Runs a check on both databases.
async fn on_both<F: Future<Output = ()>>(name: &str, check: impl Fn(State) -> F) {
    let folder = tempfile::tempdir().unwrap();
    check(State::open(folder.path().join("state.db").to_str().unwrap()).await.unwrap()).await;
    if let Some(server) = Postgres::start() {
        let state = State::open(&server.database(name).await).await.unwrap();
        assert_eq!(state.dialect(), Dialect::Postgres);
        check(state.clone()).await;
        state.close().await;
    }
}

fn silence(id: &str, ends_at_ms: i64) -> StoredSilence {
    StoredSilence {
        id: id.to_owned(),
        matchers: vec![StoredMatcher { name: "a".to_owned(), op: "=~".to_owned(), value: "b\"\n'; DROP TABLE silence; --ü".to_owned() }],
        starts_at_ms: 1,
        ends_at_ms,
        updated_at_ms: 2,
        created_by: "ann".to_owned(),
        comment: "why".to_owned(),
    }
}

fn entry(action: &str) -> AuditEntry {
    AuditEntry { at_ms: 5, who: "ann".to_owned(), action: action.to_owned(), subject: "silence/1".to_owned(), detail: String::new() }
}

#[tokio::test]
async fn silences_rules_and_audit() {
    on_both("silences", |state| async move {
        state.save_silences(&[silence("1", 10), silence("2", 20)], &entry("one")).await.unwrap();
        state.save_silences(&[silence("1", 30)], &entry("two")).await.unwrap();
        assert_eq!(state.load_silences().await.unwrap(), [silence("1", 30), silence("2", 20)]);
        assert_eq!(state.remove_silences_ended_before(21).await.unwrap(), 1);
        assert_eq!(state.load_silences().await.unwrap(), [silence("1", 30)]);
        state.audit(&AuditEntry { subject: "other".to_owned(), ..entry("three") }).await.unwrap();
        let told = |log: Vec<AuditEntry>| log.into_iter().map(|e| e.action).collect::<Vec<_>>();
        assert_eq!(told(state.audit_log(None, 2).await.unwrap()), ["three", "two"]);
        assert_eq!(told(state.audit_log(Some("silence/1"), 9).await.unwrap()), ["two", "one"]);
        // A transaction that is not committed leaves nothing.
        let mut transaction = state.begin().await.unwrap();
        State::audit_in(&mut transaction, &entry("never")).await.unwrap();
        drop(transaction);
        assert_eq!(state.audit_log(None, 9).await.unwrap().len(), 3);

        state.save_rule_state("g", "{\"a\":1}", 1).await.unwrap();
        state.save_rule_state("g", "{\"a\":2}", 2).await.unwrap();
        state.save_rule_state("h", "{}", 9).await.unwrap();
        assert_eq!(state.load_rule_state("g").await.unwrap().as_deref(), Some("{\"a\":2}"));
        assert_eq!(state.load_rule_state("none").await.unwrap(), None);
        assert_eq!(state.load_rule_states().await.unwrap().len(), 2);
        assert_eq!(state.remove_rule_states_before(9).await.unwrap(), 1);
        state.remove_rule_state("h").await.unwrap();
        assert!(state.load_rule_states().await.unwrap().is_empty());

        let alert = |fingerprint: &str, ends_at_ms| StoredAlert { fingerprint: fingerprint.to_owned(), body: "{}".to_owned(), ends_at_ms };
        state.save_alerts(&[alert("a", 1), alert("b", 2)]).await.unwrap();
        state.save_alerts(&[alert("a", 3)]).await.unwrap();
        assert_eq!(state.load_alerts().await.unwrap(), [alert("a", 3), alert("b", 2)]);
        state.remove_alerts(&["b".to_owned(), "none".to_owned()]).await.unwrap();
        assert_eq!(state.load_alerts().await.unwrap(), [alert("a", 3)]);
        state.ping().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_notification_is_claimed_by_one() {
    on_both("nflog", |state| async move {
        let key = NotificationKey {
            group_key: "{}:{a=\"b\"}".to_owned(),
            receiver: "r".to_owned(),
            integration: "webhook".to_owned(),
            position: 0,
        };
        let told = |text: &str| Delivery { firing: vec![text.to_owned()], resolved: vec![] };
        let (one, two) = (told("1"), told("2"));
        let intent = |delivery, holder, seen, at_ms| Intent {
            delivery,
            holder,
            seen_sent_at_ms: seen,
            at_ms,
            until_ms: at_ms + 100,
            expires_at_ms: 10_000,
        };
        assert_eq!(state.notification(&key).await.unwrap(), None);
        assert_eq!(state.claim_notification(&key, &intent(&one, "a", None, 1_000)).await.unwrap(), Claim::Granted);
        let log = state.notification(&key).await.unwrap().unwrap();
        assert_eq!((log.sent_at_ms, log.intent), (None, Some((1_000, one.clone()))));
        // Another replica has to wait; the same one, after a crash, has not.
        let held = Claim::HeldBy { holder: "a".to_owned(), until_ms: 1_100 };
        assert_eq!(state.claim_notification(&key, &intent(&one, "b", None, 1_050)).await.unwrap(), held);
        assert_eq!(state.claim_notification(&key, &intent(&one, "a", None, 1_060)).await.unwrap(), Claim::Granted);
        assert_eq!(state.claim_notification(&key, &intent(&one, "b", None, 1_160)).await.unwrap(), Claim::Granted, "the claim has run out");
        state.notification_sent(&key, &one, "thread", 1_170, 9_000).await.unwrap();
        let log = state.notification(&key).await.unwrap().unwrap();
        assert_eq!((log.sent_at_ms, log.intent.clone(), log.receiver_data.as_str()), (Some(1_170), None, "thread"));
        assert_eq!(log.delivered, one);
        // Who has not seen that delivery may not send.
        assert_eq!(state.claim_notification(&key, &intent(&two, "a", None, 1_180)).await.unwrap(), Claim::Outdated);
        assert_eq!(state.claim_notification(&key, &intent(&two, "a", Some(1_170), 1_180)).await.unwrap(), Claim::Granted);
        state.notification_failed(&key, "no", 1_190).await.unwrap();
        state.claim_notification(&key, &intent(&two, "a", Some(1_170), 1_200)).await.unwrap();
        state.notification_failed(&key, "still no", 1_210).await.unwrap();
        let log = state.notification(&key).await.unwrap().unwrap();
        assert_eq!((log.failures, log.last_error.as_str(), log.failed_at_ms), (2, "still no", Some(1_210)));
        assert_eq!(log.delivered, one, "a failure changes nothing about what was delivered");
        assert_eq!(state.notifications().await.unwrap(), [log]);
        assert_eq!(state.remove_expired_notifications(9_999).await.unwrap(), 0);
        assert_eq!(state.remove_expired_notifications(10_001).await.unwrap(), 1);
    })
    .await;
}

#[tokio::test]
async fn two_replicas_may_start_together() {
    let Some(server) = Postgres::start() else { return };
    let url = server.database("together").await;
    let (a, b, c) = tokio::join!(State::open(&url), State::open(&url), State::open(&url));
    for state in [a, b, c] {
        state.unwrap().save_rule_state("g", "{}", 1).await.unwrap();
    }
    let error = State::open(&url.replace("together", "no_such_database")).await.unwrap_err();
    assert!(matches!(error, StateError::Open { .. }) && error.to_string().contains("postgres://localhost/no_such_database"), "{error}");
}

/// What the store has answered `Ok` for is there after a real `kill -9` of the process.
#[tokio::test]
async fn what_is_committed_survives_a_kill() {
    const CHILD: &str = "PHOENIX_STATE_TEST_CHILD";
    if let Ok(path) = std::env::var(CHILD) {
        let state = State::open(&path).await.unwrap();
        for number in 0.. {
            state.save_rule_state(&format!("{number:09}"), "{}", number).await.unwrap();
            println!("acknowledged {number}");
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.db");
    for round in 1..=5_u32 {
        let mut child = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "what_is_committed_survives_a_kill", "--nocapture"])
            .env(CHILD, &path)
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = std::io::BufRead::lines(std::io::BufReader::new(child.stdout.take().unwrap()));
        let wanted = 7 * round as usize;
        let mut acknowledged: Vec<String> =
            lines.by_ref().map_while(Result::ok).filter(|l| l.contains("acknowledged ")).take(wanted).collect();
        child.kill().unwrap();
        child.wait().unwrap();
        // What it still managed to say before it died counts too; a torn last line does not.
        acknowledged.extend(lines.map_while(Result::ok).filter(|line| line.contains("acknowledged ")));
        let state = State::open(path.to_str().unwrap()).await.unwrap();
        let kept = state.load_rule_states().await.unwrap().len();
        let complete = acknowledged.len().saturating_sub(1);
        assert!(kept >= complete.max(wanted), "round {round}: {kept} kept, {complete} acknowledged");
        for (key, _) in state.load_rule_states().await.unwrap() {
            state.remove_rule_state(&key).await.unwrap();
        }
    }
}
