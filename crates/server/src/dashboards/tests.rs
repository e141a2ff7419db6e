//! Saved dashboards without a server around them.

use super::*;
use crate::shutdown::Shutdown;
use phoenix_env::{RealDisk, SimClock};
use phoenix_state::dashboard::{DashboardSave, Expected};
use serde_json::json;

async fn library() -> Arc<Library> {
    let state = State::open(":memory:").await.unwrap();
    let (clock, disk) = (SimClock::new(1_000), Arc::new(RealDisk));
    let library = Library::new(state, clock, disk, Events::default(), Sources::default());
    library.looked.send_replace(true);
    Arc::new(library)
}

fn new(title: &str, expected: Expected) -> NewDashboard {
    NewDashboard {
        json: json!({"uid": "a", "title": title, "schemaVersion": 16, "panels": [{"id": 1, "type": "strange", "title": "p"}]}),
        uid: None,
        inputs: BTreeMap::new(),
        folder_uid: None,
        message: String::new(),
        expected,
    }
}

fn who() -> Who {
    Who::named(Some("ann"), "api")
}

#[tokio::test]
async fn a_dashboard_is_migrated_once_for_each_version() {
    let library = library().await;
    let title = |whole: &Whole| serde_json::from_str::<Value>(&whole.json).unwrap()["title"].clone();
    library.save(&who(), new("One", Expected::Absent)).await.unwrap();
    let (first, again) = (library.get("a").await.unwrap(), library.get("a").await.unwrap());
    assert!(Arc::ptr_eq(&first.json, &again.json) && Arc::ptr_eq(&first.report, &again.report), "it was not read anew");
    assert_eq!((title(&first), first.summary.problems), (json!("One"), 1));
    library.save(&who(), new("Two", Expected::Any)).await.unwrap();
    assert_eq!(title(&library.get("a").await.unwrap()), "Two");
    // Within the same millisecond: its first version is another one now.
    library.delete(&who(), "a").await.unwrap();
    assert!(library.get("a").await.is_err());
    library.save(&who(), new("Three", Expected::Absent)).await.unwrap();
    let third = library.get("a").await.unwrap();
    assert_eq!((title(&third), third.summary.version), (json!("Three"), 1));
}

#[tokio::test]
async fn what_another_phoenix_counted_is_counted_anew() {
    let library = library().await;
    let row = |uid, body| DashboardSave {
        uid,
        folder_uid: "",
        title: uid,
        tags: &[],
        problems: 9,
        counted_by: "0.0.1",
        body,
        by: "ann",
        message: "",
        restored_from: 0,
        now_ms: 5,
        expected: Expected::Absent,
    };
    let strange = r#"{"uid": "b", "title": "B", "schemaVersion": 41, "panels": [{"id": 1, "type": "strange"}]}"#;
    library.state.save_dashboard(&row("b", strange)).await.unwrap();
    library.state.save_dashboard(&row("c", "what no Phoenix can read")).await.unwrap();
    library.save(&who(), new("A", Expected::Absent)).await.unwrap();
    let mut events = library.events.subscribe();
    Arc::clone(&library).recount(Shutdown::default()).await;
    let listed = library.list().await.unwrap().dashboards;
    let counts: Vec<_> = listed.iter().map(|summary| (summary.uid.as_str(), summary.problems)).collect();
    assert_eq!(counts, [("a", 1), ("b", 1), ("c", 9)]);
    assert!(events.try_recv().is_ok(), "lists that are open show it");
    // Nothing is left to count but what cannot be read.
    Arc::clone(&library).recount(Shutdown::default()).await;
    assert!(events.try_recv().is_err());
}

#[tokio::test]
async fn folders_move_with_what_is_in_them() {
    let library = library().await;
    let make = async |uid: &str, parent: &str| library.create_folder(&who(), Some(uid), uid, parent).await;
    let mut above = String::new();
    for depth in 1..=6 {
        above = make(&format!("deep{depth}"), &above).await.unwrap().uid;
    }
    for (uid, parent) in [("one", ""), ("two", "one"), ("three", "two")] {
        make(uid, parent).await.unwrap();
    }
    let put = async |uid: &str, into: &str| {
        let change = FolderChange { parent_uid: Some(into.to_owned()), ..FolderChange::default() };
        library.change_folder(&who(), uid, &change).await.map(|_| ()).map_err(|error| error.to_string())
    };
    assert_eq!(put("one", "deep6").await.unwrap_err(), "folders may stand 8 deep within each other");
    assert_eq!(put("one", "deep5").await, Ok(()), "eight with the two that are in it");
    assert!(make("four", "three").await.is_err());
    assert_eq!(put("deep1", "three").await.unwrap_err(), "a folder cannot stand in itself");
    assert_eq!(put("two", "").await, Ok(()));
    make("four", "three").await.unwrap();
}
