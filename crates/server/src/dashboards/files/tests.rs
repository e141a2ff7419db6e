//! Files that come, change, break and go.

use super::*;
use crate::config::DashboardPattern;
use phoenix_env::RealDisk;

struct Folders {
    dir: tempfile::TempDir,
    watched: Watched,
    sources: Sources,
    now_ms: i64,
}

impl Folders {
    fn new(pattern: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let sources = Sources { patterns: Some(vec![DashboardPattern::new(dir.path(), pattern)]) };
        // Far from the times of files, so that they are settled.
        Self { dir, watched: Watched::default(), sources, now_ms: i64::MAX }
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.dir.path().join(path);
        RealDisk.create_dir_all(path.parent().unwrap()).unwrap();
        RealDisk.write_atomic(&path, text.as_bytes()).unwrap();
    }

    fn remove(&self, path: &str) {
        RealDisk.remove_file(&self.dir.path().join(path)).unwrap();
    }

    /// Dashboards as `uid:title`, folders behind them, problems without the folder's name; or that nothing changed.
    fn look(&mut self) -> String {
        let Some(files) = self.watched.look(&RealDisk, &self.sources, self.now_ms) else { return "unchanged".to_owned() };
        let title = |uid: &str| files.folders.iter().find(|folder| folder.uid == uid).map_or("", |folder| folder.title.as_str()).to_owned();
        let dashboards = files.dashboards.values().map(|dashboard| {
            let folder = title(&dashboard.summary.folder_uid);
            format!("{}:{}{}{folder}", dashboard.summary.uid, dashboard.summary.title, if folder.is_empty() { "" } else { "@" })
        });
        let dir = format!("{}/", self.dir.path().display());
        dashboards.chain(files.problems.iter().map(|problem| problem.replace(&dir, ""))).collect::<Vec<_>>().join("\n")
    }
}

fn dashboard(uid: &str, title: &str) -> String {
    let uid = if uid.is_empty() { String::new() } else { format!("\"uid\": \"{uid}\", ") };
    format!("{{{uid}\"title\": \"{title}\", \"schemaVersion\": 41, \"panels\": []}}")
}

#[test]
fn files_are_followed() {
    let mut folders = Folders::new("**/*.json");
    folders.write("Team A/db/one.json", &dashboard("one", "One"));
    folders.write("Two Words.json", &dashboard("", "Two"));
    assert_eq!(folders.look(), "one:One@db\ntwo-words:Two");
    assert_eq!(folders.look(), "unchanged");
    folders.write("Team A/db/one.json", &dashboard("one", "One!"));
    assert_eq!(folders.look(), "one:One!@db\ntwo-words:Two");
    // The same content under another time is no change.
    folders.write("Team A/db/one.json", &dashboard("one", "One!"));
    assert_eq!(folders.look(), "unchanged");
    folders.remove("Two Words.json");
    assert_eq!(folders.look(), "one:One!@db");
    folders.write("a.json", &dashboard("new", "New"));
    assert_eq!(folders.look(), "new:New\none:One!@db");
}

#[test]
fn a_file_that_breaks_keeps_its_dashboard() {
    let mut folders = Folders::new("");
    folders.write("a.json", &dashboard("a", "A"));
    assert_eq!(folders.look(), "a:A");
    folders.write("a.json", "{\"title\": \"A\",\n  oops}");
    let told = folders.look();
    assert!(told.starts_with("a:A\na.json: line 2, column 3: ") && told.ends_with("; the dashboard that was read before stays"), "{told}");
    assert_eq!(folders.look(), "unchanged");
    folders.write("b.json", "nonsense");
    let told = folders.look();
    assert!(told.lines().count() == 3 && told.lines().last().unwrap().starts_with("b.json: line 1"), "{told}");
    folders.write("a.json", &dashboard("a", "A again"));
    folders.remove("b.json");
    assert_eq!(folders.look(), "a:A again");
}

#[test]
fn a_folder_that_cannot_be_looked_into_keeps_what_it_held() {
    let mut folders = Folders::new("boards");
    folders.write("boards/a.json", &dashboard("a", "A"));
    assert_eq!(folders.look(), "a:A");
    let (boards, aside) = (folders.dir.path().join("boards"), folders.dir.path().join("aside"));
    RealDisk.rename(&boards, &aside).unwrap();
    // A link to itself can neither be followed nor is it missing.
    std::os::unix::fs::symlink(&boards, &boards).unwrap();
    let told = folders.look();
    assert!(told.starts_with("a:A\ncannot measure boards: "), "{told}");
    assert_eq!(folders.look(), "unchanged");
    RealDisk.remove_file(&boards).unwrap();
    let told = folders.look();
    assert!(told.starts_with("cannot measure boards: "), "what is gone is gone: {told}");
    RealDisk.rename(&aside, &boards).unwrap();
    assert_eq!(folders.look(), "a:A");
}

#[test]
fn of_two_files_with_one_uid_the_first_is_shown() {
    let mut folders = Folders::new("*.json");
    folders.write("b.json", &dashboard("same", "Second"));
    assert_eq!(folders.look(), "same:Second");
    folders.write("a.json", &dashboard("same", "First"));
    assert_eq!(
        folders.look(),
        "same:First\na.json and b.json have the same uid `same`: the first one is shown; give the other a `uid` of its own"
    );
    folders.remove("a.json");
    assert_eq!(folders.look(), "same:Second");
}

#[test]
fn a_file_that_has_just_changed_is_read_again() {
    let mut folders = Folders::new("a.json");
    folders.write("a.json", &dashboard("a", "A"));
    folders.now_ms = RealDisk.modified_ms(&folders.dir.path().join("a.json")).unwrap() + 1_000;
    assert_eq!(folders.look(), "a:A");
    assert!(folders.watched.known.values().all(|known| known.stamp.is_none()), "another change may not show in its time");
    assert_eq!(folders.look(), "unchanged");
    folders.now_ms += 2_000;
    assert_eq!(folders.look(), "unchanged");
    assert!(folders.watched.known.values().all(|known| known.stamp.is_some()));
}

#[test]
fn the_starter_dashboards_are_whole() {
    let mut watched = Watched::default();
    let files = watched.look(&RealDisk, &Sources::default(), 5).unwrap();
    let told: Vec<_> = files.dashboards.values().map(|d| (d.summary.uid.as_str(), d.summary.title.as_str(), &*d.report)).collect();
    assert_eq!(told, [("host", "Host", &[][..]), ("phoenix", "Phoenix", &[][..])]);
    assert!(watched.look(&RealDisk, &Sources::default(), 6).is_none());
    // Whoever names dashboards, none included, has no starter ones.
    let files = watched.look(&RealDisk, &Sources { patterns: Some(vec![]) }, 7).unwrap();
    assert!(files.dashboards.is_empty());
}
