//! Dashboards, folders and annotations.

use super::on_both;
use phoenix_state::State;
use phoenix_state::annotation::{AnnotationFilter, AnnotationRow};
use phoenix_state::dashboard::{DashboardRow, DashboardSave, Expected, FolderSave, MAX_VERSIONS, Saved};

fn save<'a>(uid: &'a str, body: &'a str, expected: Expected) -> DashboardSave<'a> {
    DashboardSave {
        uid,
        folder_uid: "",
        title: "Traffic \"'; DROP TABLE dashboard; --ü",
        tags: &[],
        problems: 0,
        counted_by: "1.0",
        body,
        by: "ann",
        message: "",
        restored_from: 0,
        now_ms: 5,
        expected,
    }
}

fn done<T: std::fmt::Debug>(saved: Saved<T>) -> T {
    match saved {
        Saved::Done(row) => row,
        other => panic!("{other:?}"),
    }
}

async fn actions(state: &State, subject: &str) -> Vec<String> {
    state.audit_log(Some(subject), 99).await.unwrap().into_iter().map(|entry| entry.action).collect()
}

#[tokio::test]
async fn a_dashboard_has_versions() {
    on_both("dashboards", |state| async move {
        let tags = ["b".to_owned(), "a\"".to_owned()];
        let first = DashboardSave { tags: &tags, problems: 3, message: "new", ..save("a", "{\"v\":1}", Expected::Absent) };
        let row = done(state.save_dashboard(&first).await.unwrap());
        let wanted = DashboardRow {
            uid: "a".to_owned(),
            title: first.title.to_owned(),
            tags: tags.to_vec(),
            version: 1,
            problems: 3,
            counted_by: "1.0".to_owned(),
            created_ms: 5,
            updated_ms: 5,
            created_by: "ann".to_owned(),
            updated_by: "ann".to_owned(),
            ..DashboardRow::default()
        };
        assert_eq!(row, wanted);
        assert_eq!(state.dashboard_row("a").await.unwrap().as_ref(), Some(&wanted));
        assert_eq!(state.dashboard("a").await.unwrap(), Some((wanted, "{\"v\":1}".to_owned())));
        // Who expects something else is told what is there, and nothing changes.
        for (expected, want) in
            [(Expected::Absent, Saved::Conflict(1)), (Expected::Version(7), Saved::Conflict(1)), (Expected::Version(0), Saved::Conflict(1))]
        {
            assert_eq!(state.save_dashboard(&save("a", "{}", expected)).await.unwrap(), want);
        }
        assert_eq!(state.save_dashboard(&save("none", "{}", Expected::Version(1))).await.unwrap(), Saved::Missing);
        assert_eq!(state.dashboard_versions("a").await.unwrap().len(), 1);

        let second = DashboardSave { now_ms: 9, by: "bob", folder_uid: "f", ..save("a", "{\"v\":2}", Expected::Version(1)) };
        let row = done(state.save_dashboard(&second).await.unwrap());
        assert_eq!((row.version, row.created_ms, row.updated_ms), (2, 5, 9));
        assert_eq!((row.created_by.as_str(), row.updated_by.as_str(), row.folder_uid.as_str()), ("ann", "bob", "f"));
        let back = DashboardSave { restored_from: 1, ..save("a", "{\"v\":1}", Expected::Any) };
        assert_eq!(done(state.save_dashboard(&back).await.unwrap()).version, 3);
        let versions = state.dashboard_versions("a").await.unwrap();
        let told: Vec<_> = versions.iter().map(|v| (v.version, v.created_by.as_str(), v.message.as_str(), v.restored_from)).collect();
        assert_eq!(told, [(3, "ann", "", 1), (2, "bob", "", 0), (1, "ann", "new", 0)]);
        let (version, body) = state.dashboard_version("a", 2).await.unwrap().unwrap();
        assert_eq!((version, body.as_str()), (versions[1].clone(), "{\"v\":2}"));
        assert_eq!(state.dashboard_version("a", 4).await.unwrap(), None);
        assert_eq!(actions(&state, "dashboard/a").await, ["dashboard.restore", "dashboard.update", "dashboard.create"]);

        for _ in 0..MAX_VERSIONS {
            done(state.save_dashboard(&save("a", "{}", Expected::Any)).await.unwrap());
        }
        let kept: Vec<_> = state.dashboard_versions("a").await.unwrap().into_iter().map(|v| v.version).collect();
        assert_eq!(kept, (4..MAX_VERSIONS + 4).rev().collect::<Vec<_>>());

        state.set_dashboard_problems("a", 1, 9, "2.0").await.unwrap();
        assert_eq!(state.dashboards().await.unwrap()[0].problems, 0, "of a version that is gone");
        state.set_dashboard_problems("a", MAX_VERSIONS + 3, 9, "2.0").await.unwrap();
        let counted = |row: &DashboardRow| (row.problems, row.counted_by.clone());
        assert_eq!(counted(&state.dashboards().await.unwrap()[0]), (9, "2.0".to_owned()));
        done(state.save_dashboard(&save("a", "{}", Expected::Any)).await.unwrap());
        assert_eq!(counted(&state.dashboards().await.unwrap()[0]), (0, "1.0".to_owned()), "of the version that was saved");

        assert_eq!(state.delete_dashboard("a", "ann", 11).await.unwrap().as_deref(), Some(first.title));
        assert_eq!(state.delete_dashboard("a", "ann", 11).await.unwrap(), None);
        assert_eq!(state.dashboard("a").await.unwrap(), None);
        assert_eq!(state.dashboard_row("a").await.unwrap(), None);
        assert!(state.dashboard_versions("a").await.unwrap().is_empty());
        assert_eq!(done(state.save_dashboard(&save("a", "{}", Expected::Absent)).await.unwrap()).version, 1);
    })
    .await;
}

#[tokio::test]
async fn of_two_who_edit_the_same_version_one_wins() {
    on_both("racing", |state| async move {
        done(state.save_dashboard(&save("a", "{}", Expected::Absent)).await.unwrap());
        let (one, two) = (save("a", "{\"by\":1}", Expected::Version(1)), save("a", "{\"by\":2}", Expected::Version(1)));
        let (one, two) = tokio::join!(state.save_dashboard(&one), state.save_dashboard(&two));
        let mut versions = [one.unwrap(), two.unwrap()].map(|saved| match saved {
            Saved::Done(row) => (true, row.version),
            Saved::Conflict(version) => (false, version),
            other => panic!("{other:?}"),
        });
        versions.sort_unstable();
        assert_eq!(versions, [(false, 2), (true, 2)]);
        let (one, two) = (save("b", "{}", Expected::Absent), save("b", "{}", Expected::Absent));
        let (one, two) = tokio::join!(state.save_dashboard(&one), state.save_dashboard(&two));
        let both = [one.unwrap(), two.unwrap()];
        assert_eq!(both.iter().filter(|saved| **saved == Saved::Conflict(1)).count(), 1, "{both:?}");
    })
    .await;
}

#[tokio::test]
async fn folders_hold_dashboards() {
    on_both("folders", |state| async move {
        let folder = |uid, parent_uid, expected| FolderSave { uid, parent_uid, title: "Team", by: "ann", now_ms: 5, expected };
        let made = done(state.save_dashboard_folder(&folder("f", "", Expected::Absent)).await.unwrap());
        assert_eq!((made.uid.as_str(), made.version, made.created_by.as_str()), ("f", 1, "ann"));
        assert_eq!(state.save_dashboard_folder(&folder("f", "", Expected::Absent)).await.unwrap(), Saved::Conflict(1));
        for version in [0, 3] {
            assert_eq!(state.save_dashboard_folder(&folder("f", "", Expected::Version(version))).await.unwrap(), Saved::Conflict(1));
        }
        assert_eq!(state.save_dashboard_folder(&folder("none", "", Expected::Any)).await.unwrap(), Saved::Missing);
        done(state.save_dashboard_folder(&folder("g", "f", Expected::Absent)).await.unwrap());
        let renamed = FolderSave { title: "A", by: "bob", now_ms: 7, ..folder("g", "f", Expected::Version(1)) };
        let renamed = done(state.save_dashboard_folder(&renamed).await.unwrap());
        assert_eq!((renamed.version, renamed.created_ms, renamed.updated_ms, renamed.updated_by.as_str()), (2, 5, 7, "bob"));
        assert_eq!(state.dashboard_folders().await.unwrap(), [renamed, made]);

        for (uid, folder_uid) in [("in-f", "f"), ("in-g", "g"), ("outside", "")] {
            done(state.save_dashboard(&DashboardSave { folder_uid, ..save(uid, "{}", Expected::Absent) }).await.unwrap());
        }
        let deleted = state.delete_dashboard_folders(&["f".to_owned(), "g".to_owned(), "none".to_owned()], "cora", 9).await.unwrap();
        assert_eq!(deleted, ["in-f", "in-g"]);
        assert!(state.dashboard_folders().await.unwrap().is_empty());
        assert_eq!(state.dashboards().await.unwrap().into_iter().map(|row| row.uid).collect::<Vec<_>>(), ["outside"]);
        assert_eq!(actions(&state, "dashboard/in-g").await, ["dashboard.delete", "dashboard.create"]);
        assert_eq!(
            actions(&state, "dashboard_folder/g").await,
            ["dashboard_folder.delete", "dashboard_folder.update", "dashboard_folder.create"]
        );
    })
    .await;
}

#[tokio::test]
async fn annotations_are_found_by_time_and_tags() {
    on_both("annotations", |state| async move {
        let row = |time_ms, time_end_ms, tags: &[&str], dashboard_uid: &str| AnnotationRow {
            time_ms,
            time_end_ms,
            text: format!("at {time_ms}"),
            tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
            dashboard_uid: dashboard_uid.to_owned(),
            panel_id: i64::from(!dashboard_uid.is_empty()) * 4,
            created_ms: 1,
            updated_ms: 1,
            created_by: "ann".to_owned(),
            ..AnnotationRow::default()
        };
        let mut ids = Vec::new();
        for one in [row(10, 10, &["deploy", "api"], ""), row(20, 50, &["deploy"], "d"), row(30, 30, &["50%", "a_b"], "")] {
            ids.push(state.add_annotation(&one, 100).await.unwrap());
        }
        let texts = async |filter: AnnotationFilter, limit| -> Vec<i64> {
            state.annotations(&filter, limit).await.unwrap().into_iter().map(|row| row.time_ms).collect()
        };
        let all = AnnotationFilter::default;
        let tags = |tags: &[&str], match_any| AnnotationFilter {
            tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
            match_any,
            ..AnnotationFilter::default()
        };
        for (filter, want) in [
            (all(), &[30, 20, 10][..]),
            (AnnotationFilter { from_ms: Some(31), ..all() }, &[20]),
            (AnnotationFilter { from_ms: Some(50), to_ms: Some(60), ..all() }, &[20]),
            (AnnotationFilter { from_ms: Some(51), ..all() }, &[]),
            (AnnotationFilter { to_ms: Some(20), ..all() }, &[20, 10]),
            (tags(&["deploy"], false), &[20, 10]),
            (tags(&["deploy", "api"], false), &[10]),
            (tags(&["50%", "api"], true), &[30, 10]),
            (tags(&["none"], true), &[]),
            (AnnotationFilter { dashboard_uid: Some("d".to_owned()), ..all() }, &[20]),
            (AnnotationFilter { panel_id: Some(4), ..all() }, &[20]),
            (AnnotationFilter { panel_id: Some(0), ..all() }, &[30, 10]),
        ] {
            assert_eq!(texts(filter.clone(), 100).await, want, "{filter:?}");
        }
        assert_eq!(texts(all(), 2).await, [30, 20]);
        let counted = |list: &[(&str, i64)]| list.iter().map(|(tag, count)| ((*tag).to_owned(), *count)).collect::<Vec<_>>();
        assert_eq!(state.annotation_tags("", 100).await.unwrap(), counted(&[("50%", 1), ("a_b", 1), ("api", 1), ("deploy", 2)]));
        assert_eq!(state.annotation_tags("%", 100).await.unwrap(), counted(&[("50%", 1)]));
        assert_eq!(state.annotation_tags("DEP", 100).await.unwrap(), counted(&[("deploy", 2)]));

        let mut changed = state.annotation(ids[0]).await.unwrap().unwrap();
        assert_eq!(changed, AnnotationRow { id: ids[0], ..row(10, 10, &["deploy", "api"], "") });
        changed.tags = vec!["rollback".to_owned()];
        changed.time_ms = 5;
        assert!(state.update_annotation(&changed, "bob").await.unwrap());
        assert_eq!(state.annotation(ids[0]).await.unwrap(), Some(changed.clone()));
        assert_eq!(texts(tags(&["api"], false), 100).await, [0; 0]);
        assert_eq!(texts(tags(&["rollback"], false), 100).await, [5]);
        assert!(!state.update_annotation(&AnnotationRow { id: 999, ..changed }, "bob").await.unwrap());

        // With one more than the limit the oldest goes.
        state.add_annotation(&row(40, 40, &[], ""), 3).await.unwrap();
        assert_eq!(texts(all(), 100).await, [40, 30, 20]);
        assert!(state.delete_annotation(ids[1], "cora", 9).await.unwrap());
        assert!(!state.delete_annotation(ids[1], "cora", 9).await.unwrap());
        assert_eq!(state.annotation_tags("", 100).await.unwrap(), counted(&[("50%", 1), ("a_b", 1)]));
        let subject = format!("annotation/{}", ids[0]);
        assert_eq!(actions(&state, &subject).await, ["annotation.update", "annotation.create"]);
    })
    .await;
}
