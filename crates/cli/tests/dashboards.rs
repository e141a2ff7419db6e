//! Dashboards through the whole program: saved over HTTP, followed in files, kept through kills and restarts.

#![expect(clippy::disallowed_methods, reason = "tests of whole programs run in real time on a real disk")]

mod program;

use program::dashboards::ask;
use program::{Server, eventually, exchange, request};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::path::Path;
use std::time::Duration;

const ROOT: &str = "/api/phoenix/v1/dashboards";
/// Far more than any step takes, even on a machine that does much else.
const LIMIT: Duration = Duration::from_secs(20);

fn dashboard(uid: &str, title: &str) -> Value {
    json!({"uid": uid, "title": title, "tags": ["team"], "schemaVersion": 16, "strange": {"kept": true}, "panels": [
        {"id": 1, "type": "timeseries", "title": "up", "gridPos": {"x": 0, "y": 0, "w": 12, "h": 8}, "targets": [{"refId": "A", "expr": "up"}]}]})
}

/// Status and JSON of a request.
fn call(server: &Server, method: &str, path: &str, body: &Value) -> (u16, Value) {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let (status, body) = request(server.address, method, path, &[("Content-Type", "application/json")], body.as_bytes());
    (status, serde_json::from_str(&body).unwrap_or(Value::String(body)))
}

fn create(server: &Server, body: &Value) -> (u16, Value) {
    call(server, "POST", ROOT, body)
}

fn uids(list: &Value) -> Vec<&str> {
    list["dashboards"].as_array().expect("a list").iter().map(|d| d["uid"].as_str().expect("a uid")).collect()
}

fn error(body: &Value) -> &str {
    body["error"].as_str().unwrap_or_else(|| panic!("no error: {body}"))
}

/// A configuration with a folder of dashboards.
fn with_folder(dir: &Path) -> std::path::PathBuf {
    std::fs::create_dir_all(dir.join("boards")).unwrap();
    let config = dir.join("phoenix.yaml");
    std::fs::write(&config, "dashboards: [boards]\notlp: off\n").unwrap();
    config
}

#[test]
fn a_dashboard_is_made_changed_and_deleted() {
    let dir = tempfile::tempdir().unwrap();
    let config = with_folder(dir.path());
    let server = Server::start(dir.path(), Some(&config));
    assert_eq!(server.json(ROOT), json!({"dashboards": [], "folders": []}));

    let (status, made) = create(&server, &json!({"dashboard": dashboard("a", "A"), "message": "first", "who": "ann"}));
    assert_eq!((status, &made["dashboard"]["title"], &made["dashboard"]["version"]), (201, &json!("A"), &json!(1)), "{made}");
    assert_eq!(made["dashboard"]["strange"]["kept"], true, "what Phoenix does not know stays");
    assert!(made["dashboard"]["schemaVersion"].as_i64() >= Some(41), "it is brought into the newest form");
    let meta = &made["meta"];
    assert_eq!(
        (&meta["uid"], &meta["source"], &meta["folder"], &meta["updated_by"]),
        (&json!("a"), &json!("state"), &Value::Null, &json!("ann"))
    );
    assert_eq!(made, server.json(&format!("{ROOT}/a")));
    let (status, refused) = create(&server, &json!({"dashboard": dashboard("a", "Again")}));
    assert_eq!((status, error(&refused)), (409, "there is a dashboard `a` already; choose another uid, or overwrite it"));

    // Whoever edits says what they have seen.
    let path = format!("{ROOT}/a");
    let (status, changed) = call(&server, "PUT", &path, &json!({"dashboard": dashboard("other", "B"), "version": 1, "message": "second"}));
    assert_eq!((status, &changed["meta"]["version"], &changed["dashboard"]["uid"]), (200, &json!(2), &json!("a")), "{changed}");
    let (status, refused) = call(&server, "PUT", &path, &json!({"dashboard": dashboard("a", "C"), "version": 1}));
    assert_eq!(
        (status, error(&refused)),
        (409, "somebody else has changed the dashboard: it is at version 2 now; load it again, or save a copy")
    );
    assert_eq!(call(&server, "PUT", &format!("{ROOT}/none"), &json!({"dashboard": dashboard("none", "C"), "version": 1})).0, 404);
    let (status, overwritten) = create(&server, &json!({"dashboard": dashboard("a", "C"), "overwrite": true}));
    assert_eq!((status, &overwritten["meta"]["version"]), (201, &json!(3)));

    let versions = server.json(&format!("{path}/versions"));
    let told: Vec<_> =
        versions["versions"].as_array().unwrap().iter().map(|v| (v["version"].as_i64().unwrap(), v["message"].as_str().unwrap())).collect();
    assert_eq!(told, [(3, ""), (2, "second"), (1, "first")]);
    assert_eq!(server.json(&format!("{path}/versions/1"))["dashboard"]["title"], "A");
    assert_eq!(server.get(&format!("{path}/versions/9")).0, 404);
    let (status, restored) = call(&server, "POST", &format!("{path}/restore"), &json!({"version": 1}));
    assert_eq!((status, &restored["dashboard"]["title"], &restored["meta"]["version"]), (200, &json!("A"), &json!(4)));
    assert_eq!(server.json(&format!("{path}/versions"))["versions"][0]["restored_from"], 1);

    // The export is a file that can be imported again.
    let (status, head, body) = exchange(server.address, "GET", &format!("{path}/export"), &[], b"");
    assert!(status == 200 && head.to_ascii_lowercase().contains("content-disposition: attachment; filename=\"a.json\""), "{head}");
    let exported: Value = serde_json::from_str(&body).unwrap();
    assert_eq!((&exported["title"], &exported["strange"]["kept"]), (&json!("A"), &json!(true)), "{exported}");
    let (status, copy) = call(&server, "POST", &format!("{ROOT}/read"), &exported);
    assert_eq!((status, &copy["dashboard"]["panels"][0]["title"]), (200, &json!("up")), "{copy}");

    assert_eq!(call(&server, "DELETE", &path, &Value::Null), (200, json!({"uid": "a", "title": "A"})));
    assert_eq!(call(&server, "DELETE", &path, &Value::Null).0, 404);
    assert_eq!(server.get(&path), (404, "{\"error\":\"there is no dashboard `a`\"}".to_owned()));
}

#[test]
fn what_is_no_dashboard_is_refused_with_words() {
    let dir = tempfile::tempdir().unwrap();
    let config = with_folder(dir.path());
    let server = Server::start(dir.path(), Some(&config));
    let (status, body) = request(server.address, "POST", &format!("{ROOT}/read"), &[], b"{\"title\": \"A\",\n \"panels\": [}");
    assert_eq!((status, body.contains("line 2, column 13")), (400, true), "{body}");
    for (body, want) in [
        (json!({"dashboard": [1]}), 400),
        (json!({"dashboard": dashboard("a b", "A")}), 400),
        (json!({"dashboard": dashboard("query", "A")}), 400),
        (json!({"dashboard": dashboard("a", "A"), "folder_uid": "nowhere"}), 400),
        (json!({"dashbord": dashboard("a", "A")}), 422),
    ] {
        assert_eq!(create(&server, &body).0, want, "{body}");
    }
    // A dashboard may be larger than other bodies, and not without a limit.
    let large = json!({"dashboard": {"uid": "large", "title": "L", "schemaVersion": 41, "panels": [], "description": "x".repeat(6 << 20)}});
    assert_eq!(create(&server, &large).0, 201);
    assert_eq!(server.json(ROOT)["dashboards"].as_array().map(Vec::len), Some(1));
    let too_large = json!({"dashboard": {"uid": "larger", "title": "L", "panels": [], "description": "x".repeat(16 << 20)}});
    let (status, refused) = create(&server, &too_large);
    assert!(status == 400 && error(&refused).contains("16777216 are allowed"), "{status} {}", error(&refused));
}

#[test]
fn folders_hold_dashboards() {
    let dir = tempfile::tempdir().unwrap();
    let config = with_folder(dir.path());
    std::fs::create_dir_all(dir.path().join("boards/Disk Team")).unwrap();
    std::fs::write(dir.path().join("boards/Disk Team/d.json"), dashboard("on-disk", "D").to_string()).unwrap();
    let server = Server::start(dir.path(), Some(&config));
    let folder = |body: &Value| call(&server, "POST", "/api/phoenix/v1/folders", body);
    let (status, outer) = folder(&json!({"title": "Team"}));
    assert_eq!((status, &outer["title"], &outer["parent_uid"], &outer["source"]), (201, &json!("Team"), &Value::Null, &json!("state")));
    let outer = outer["uid"].as_str().unwrap().to_owned();
    let (status, inner) = folder(&json!({"title": "Inner", "parent_uid": outer}));
    assert_eq!((status, &inner["parent_uid"]), (201, &json!(outer)));
    let inner = inner["uid"].as_str().unwrap().to_owned();
    assert_eq!(folder(&json!({"title": " "})).0, 400);
    assert_eq!(folder(&json!({"title": "x", "parent_uid": "nowhere"})).0, 400);
    assert_eq!(folder(&json!({"title": "x", "uid": outer})).0, 409);

    let (_, made) = create(&server, &json!({"dashboard": dashboard("a", "A"), "folder_uid": inner}));
    assert_eq!(made["meta"]["folder"], json!({"uid": inner, "title": "Inner"}));
    // A change that says nothing of folders leaves it where it is.
    let (_, kept) = call(&server, "PUT", &format!("{ROOT}/a"), &json!({"dashboard": dashboard("a", "A"), "version": 1}));
    assert_eq!(kept["meta"]["folder"]["uid"], json!(inner));
    let (_, moved) = call(&server, "PUT", &format!("{ROOT}/a"), &json!({"dashboard": dashboard("a", "A"), "version": 2, "folder_uid": ""}));
    assert_eq!(moved["meta"]["folder"], Value::Null);
    create(&server, &json!({"dashboard": dashboard("b", "B"), "folder_uid": inner}));

    // A folder on disk is one too, and Phoenix does not write there.
    let list = server.json(ROOT);
    let on_disk = list["dashboards"].as_array().unwrap().iter().find(|d| d["uid"] == "on-disk").unwrap();
    assert_eq!((&on_disk["folder"]["title"], &on_disk["source"]), (&json!("Disk Team"), &json!("file")));
    let disk_uid = on_disk["folder"]["uid"].as_str().unwrap();
    let (status, refused) = create(&server, &json!({"dashboard": dashboard("c", "C"), "folder_uid": disk_uid}));
    assert_eq!((status, error(&refused).contains("the folder `Disk Team` on disk")), (409, true), "{refused}");
    assert_eq!(call(&server, "DELETE", &format!("/api/phoenix/v1/folders/{disk_uid}"), &Value::Null).0, 409);

    // With a folder go those in it, and their dashboards.
    assert_eq!(call(&server, "DELETE", &format!("/api/phoenix/v1/folders/{outer}"), &Value::Null).0, 200);
    let list = server.json(ROOT);
    assert_eq!((uids(&list), list["folders"].as_array().unwrap().len()), (vec!["a", "on-disk"], 1), "{list}");
    assert_eq!(call(&server, "DELETE", &format!("/api/phoenix/v1/folders/{outer}"), &Value::Null).0, 404);
}

#[test]
fn files_are_followed_and_win() {
    let dir = tempfile::tempdir().unwrap();
    let config = with_folder(dir.path());
    let server = Server::start(dir.path(), Some(&config));
    create(&server, &json!({"dashboard": dashboard("a", "Saved")}));
    let mut events = std::net::TcpStream::connect(server.address).unwrap();
    events.set_read_timeout(Some(LIMIT)).unwrap();
    write!(events, "GET /api/phoenix/v1/events HTTP/1.1\r\nHost: {}\r\n\r\n", server.address).unwrap();

    let file = dir.path().join("boards/a.json");
    std::fs::write(&file, dashboard("a", "Of a file").to_string()).unwrap();
    let path = format!("{ROOT}/a");
    let of_file = eventually("the file is found", LIMIT, || Some(server.json(&path)).filter(|d| d["meta"]["source"] == "file"));
    assert_eq!((&of_file["dashboard"]["title"], &of_file["meta"]["file"]), (&json!("Of a file"), &json!(file.display().to_string())));
    let mut told = String::new();
    eventually("the change is told", LIMIT, || {
        let mut buffer = [0; 4096];
        let n = events.read(&mut buffer).expect("the stream goes on");
        told.push_str(&String::from_utf8_lossy(&buffer[..n]));
        told.contains("event: dashboards\ndata: {\"uid\":\"a\"}").then_some(())
    });
    let problems = |server: &Server| -> Vec<String> {
        let home = server.json("/api/phoenix/v1/home");
        let messages = home["problems"].as_array().unwrap().iter().map(|problem| problem["message"].as_str().unwrap().to_owned());
        messages
            .filter(|message| message.starts_with("Dashboards: "))
            .map(|m| m.replace(&format!("{}/", dir.path().display()), ""))
            .collect()
    };
    assert_eq!(
        problems(&server),
        ["Dashboards: boards/a.json is shown instead of the saved dashboard with its uid `a`: give the file another uid to see both"]
    );
    // What stands in a file is changed there.
    let (status, refused) = call(&server, "PUT", &path, &json!({"dashboard": dashboard("a", "Mine"), "version": 1}));
    assert_eq!((status, error(&refused).contains("boards/a.json, which Phoenix does not write")), (409, true), "{refused}");
    assert_eq!(call(&server, "DELETE", &path, &Value::Null).0, 409);
    assert_eq!(create(&server, &json!({"dashboard": dashboard("a", "Mine"), "overwrite": true})).0, 409);
    assert_eq!(server.json(&format!("{path}/versions"))["versions"].as_array().unwrap().len(), 1);

    std::fs::write(&file, "{\"title\": ").unwrap();
    eventually("the mistake is told", LIMIT, || {
        problems(&server).iter().any(|p| p.starts_with("Dashboards: boards/a.json: line 1")).then_some(())
    });
    assert_eq!(server.json(&path)["dashboard"]["title"], "Of a file", "the last good one stays");
    std::fs::write(&file, dashboard("a", "Mended").to_string()).unwrap();
    eventually("it is mended", LIMIT, || (server.json(&path)["dashboard"]["title"] == "Mended").then_some(()));
    std::fs::write(dir.path().join("boards/b.json"), dashboard("a", "Twin").to_string()).unwrap();
    eventually("the twin is told", LIMIT, || {
        problems(&server)
            .iter()
            .any(|p| p.contains("boards/a.json and ") && p.contains("boards/b.json have the same uid `a`"))
            .then_some(())
    });
    std::fs::remove_file(dir.path().join("boards/b.json")).unwrap();
    std::fs::remove_file(&file).unwrap();
    eventually("the saved one is back", LIMIT, || (server.json(&path)["dashboard"]["title"] == "Saved").then_some(()));
    eventually("nothing is wrong any more", LIMIT, || problems(&server).is_empty().then_some(()));

    // A reload takes other places.
    std::fs::create_dir(dir.path().join("elsewhere")).unwrap();
    std::fs::write(dir.path().join("elsewhere/x.json"), json!({"title": "X", "schemaVersion": 41, "panels": []}).to_string()).unwrap();
    std::fs::write(&config, "dashboards: ['else*/*.json']\notlp: off\n").unwrap();
    assert_eq!(server.post("/-/reload", &Value::Null).0, 200);
    let list = eventually("the other place is found", LIMIT, || Some(server.json(ROOT)).filter(|list| uids(list).len() == 2));
    assert_eq!(uids(&list), ["a", "x"]);
    assert_eq!(list["folders"][0]["title"], "elsewhere");
}

/// What was answered 2xx is there after `kill -9`, with its versions.
#[test]
fn what_was_saved_survives_kill_9() {
    let dir = tempfile::tempdir().unwrap();
    let config = with_folder(dir.path());
    let mut server = Server::start(dir.path(), Some(&config));
    for round in 1..=3_i64 {
        let (status, _) = create(&server, &json!({"dashboard": dashboard("kept", &format!("round {round}")), "overwrite": true}));
        assert_eq!(status, 201);
        let (status, _) =
            call(&server, "POST", "/api/phoenix/v1/annotations", &json!({"text": format!("round {round}"), "tags": ["deploy"]}));
        assert_eq!(status, 201);
        server.kill();
        server = Server::start(dir.path(), Some(&config));
        let kept = server.json(&format!("{ROOT}/kept"));
        assert_eq!((&kept["dashboard"]["title"], &kept["meta"]["version"]), (&json!(format!("round {round}")), &json!(round)));
        assert_eq!(server.json(&format!("{ROOT}/kept/versions"))["versions"].as_array().unwrap().len() as i64, round);
        let annotations = server.json("/api/phoenix/v1/annotations?tags=deploy");
        assert_eq!(annotations["annotations"].as_array().unwrap().len() as i64, round);
    }
    assert!(server.stop().success());
    let server = Server::start(dir.path(), Some(&config));
    assert_eq!(server.json(&format!("{ROOT}/kept/versions/2"))["dashboard"]["title"], "round 2");
}

#[test]
fn without_a_word_there_are_starter_dashboards() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path(), None);
    let list = server.json(ROOT);
    assert_eq!(uids(&list), ["host", "phoenix"]);
    for uid in uids(&list) {
        let whole = server.json(&format!("{ROOT}/{uid}"));
        assert_eq!((&whole["meta"]["source"], &whole["dashboard"]["editable"]), (&json!("file"), &json!(true)));
    }
    // What they ask can be asked, and most of it has an answer once a rate has two scrapes to go by.
    eventually("samples", LIMIT, || server.value("node_load1"));
    for (uid, job) in [("phoenix", "phoenix"), ("host", "node")] {
        let all = [("$job", job), ("=\"$instance\"", "=~\".+\""), ("$instance", ".+"), ("$__rate_interval", "1m")];
        let most = |(asked, answered): (usize, usize)| (answered * 2 > asked).then_some(());
        eventually(&format!("most of {uid} has an answer"), LIMIT, || most(ask(&server, uid, &all)));
    }
    // Saying that there are none is a word.
    let config = dir.path().join("phoenix.yaml");
    std::fs::write(&config, "dashboards: []\n").unwrap();
    let other = tempfile::tempdir().unwrap();
    let server = Server::start(other.path(), Some(&config));
    assert_eq!(server.json(ROOT), json!({"dashboards": [], "folders": []}));
}

#[test]
fn annotations_are_marked_and_found() {
    let dir = tempfile::tempdir().unwrap();
    let config = dir.path().join("phoenix.yaml");
    std::fs::write(&config, "dashboards: []\nlimits: {annotations: 3}\notlp: off\n").unwrap();
    let server = Server::start(dir.path(), Some(&config));
    let add = |body: &Value| call(&server, "POST", "/api/phoenix/v1/annotations", body);
    let texts = |query: &str| -> Vec<String> {
        let found = server.json(&format!("/api/phoenix/v1/annotations?{query}"));
        found["annotations"].as_array().unwrap().iter().map(|a| a["text"].as_str().unwrap().to_owned()).collect()
    };
    let (status, first) = add(&json!({"time_ms": 1000, "text": "one", "tags": ["deploy", "api"], "who": "ann"}));
    assert_eq!(status, 201);
    add(&json!({"time_ms": 2000, "time_end_ms": 5000, "text": "two", "tags": ["deploy"], "dashboard_uid": "d", "panel_id": 3}));
    add(&json!({"time_ms": 9000, "text": "three"}));
    for (query, want) in [
        ("", &["three", "two", "one"][..]),
        ("from_ms=3000&to_ms=4000", &["two"]),
        ("tags=deploy&tags=api", &["one"]),
        ("tags=none&tags=api&match_any=true", &["one"]),
        ("dashboard_uid=d&panel_id=3", &["two"]),
        ("limit=1", &["three"]),
    ] {
        assert_eq!(texts(query), want, "{query}");
    }
    let id = first["id"].as_i64().unwrap();
    assert_eq!(
        server.json(&format!("/api/phoenix/v1/annotations/{id}")),
        json!({"id": id, "time_ms": 1000, "time_end_ms": 1000, "text": "one", "tags": ["deploy", "api"], "dashboard_uid": null, "panel_id": null, "created_by": "ann"})
    );
    for bad in [json!({"text": ""}), json!({"text": "x", "time_ms": 5, "time_end_ms": 4})] {
        assert_eq!(add(&bad).0, 400, "{bad}");
    }
    assert_eq!(server.get("/api/phoenix/v1/annotations?from_ms=soon").0, 400);
    add(&json!({"time_ms": 500, "text": "older than all"}));
    assert_eq!(texts(""), ["three", "two", "one"], "the oldest goes");
    assert_eq!(call(&server, "DELETE", &format!("/api/phoenix/v1/annotations/{id}"), &Value::Null).0, 200);
    assert_eq!(call(&server, "DELETE", &format!("/api/phoenix/v1/annotations/{id}"), &Value::Null).0, 404);
    assert_eq!(texts(""), ["three", "two"]);
}
