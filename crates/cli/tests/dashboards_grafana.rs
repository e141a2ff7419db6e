//! Grafana's API as provisioning tools use it: over HTTP, and by the Python package `grafana-client`
//! (`tools/install.sh grafana-client`).

#![expect(clippy::disallowed_methods, reason = "tests of whole programs run in real time on a real disk")]

mod program;

use program::{Server, request, run};
use serde_json::{Value, json};
use std::process::Command;

fn server(dir: &std::path::Path) -> Server {
    std::fs::create_dir_all(dir.join("boards/Disk Team")).unwrap();
    let file = json!({"uid": "provisioned", "title": "Of a file", "tags": ["disk"], "schemaVersion": 41, "panels": []});
    std::fs::write(dir.join("boards/Disk Team/f.json"), file.to_string()).unwrap();
    let config = dir.join("phoenix.yaml");
    std::fs::write(&config, "dashboards: [boards]\notlp: off\n").unwrap();
    Server::start(dir, Some(&config))
}

/// Status and JSON of a request, with credentials as tools send them.
fn call(server: &Server, method: &str, path: &str, body: &Value) -> (u16, Value) {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let headers = [("Content-Type", "application/json"), ("Authorization", "Bearer glsa_anything")];
    let (status, body) = request(server.address, method, &format!("/grafana/api{path}"), &headers, body.as_bytes());
    (status, serde_json::from_str(&body).unwrap_or(Value::String(body)))
}

fn dashboard(uid: &str, title: &str, version: i64) -> Value {
    json!({"id": null, "uid": uid, "title": title, "tags": ["templated"], "timezone": "browser", "schemaVersion": 16, "version": version, "refresh": "25s"})
}

#[test]
fn the_client_of_python_works() {
    let dir = tempfile::tempdir().unwrap();
    let server = server(dir.path());
    let mut python = Command::new("python3");
    python.arg("-c").arg(include_str!("python/grafana.py")).arg(format!("{}/grafana/", server.url()));
    let output = run(python);
    let (said, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(
        output.status.success() && said.ends_with("all done\n"),
        "is grafana-client installed? tools/install.sh grafana-client\n{said}{errors}"
    );
}

#[test]
fn dashboards_are_saved_as_grafana_does() {
    let dir = tempfile::tempdir().unwrap();
    let server = server(dir.path());
    let save = |body: &Value| call(&server, "POST", "/dashboards/db", body);
    let (status, saved) =
        save(&json!({"dashboard": dashboard("prod", "Production Overview", 0), "folderUid": "", "message": "first", "overwrite": false}));
    let id = saved["id"].as_i64().unwrap();
    assert_eq!(
        (status, saved),
        (
            200,
            json!({"id": id, "uid": "prod", "url": "/d/prod/production-overview", "status": "success", "version": 1, "slug": "production-overview", "folderUid": ""})
        )
    );
    // What was saved comes back, for tools that compare.
    let (status, read) = call(&server, "GET", "/dashboards/uid/prod", &Value::Null);
    let mut want = dashboard("prod", "Production Overview", 1);
    want["id"] = json!(id);
    assert_eq!((status, &read["dashboard"]), (200, &want));
    for (key, want) in [
        ("url", json!("/d/prod/production-overview")),
        ("provisioned", json!(false)),
        ("canSave", json!(true)),
        ("version", json!(1)),
        ("folderUid", json!("")),
        ("createdBy", json!("grafana-api")),
    ] {
        assert_eq!(read["meta"][key], want, "{key}");
    }
    for (body, status, answer) in [
        (
            json!({"dashboard": dashboard("prod", "B", 7)}),
            412,
            json!({"message": "The dashboard has been changed by someone else", "status": "version-mismatch"}),
        ),
        (
            json!({"dashboard": dashboard("prod", "B", 0)}),
            412,
            json!({"message": "The dashboard has been changed by someone else", "status": "version-mismatch"}),
        ),
        (json!({"dashboard": dashboard("x", " ", 0)}), 400, json!({"message": "Dashboard title cannot be empty", "status": "empty-name"})),
        (json!({"dashboard": {"id": 7, "title": "by a number"}}), 404, json!({"message": "Dashboard not found", "status": "not-found"})),
    ] {
        assert_eq!(save(&body), (status, answer), "{body}");
    }
    for body in
        [json!({"dashboard": dashboard("a/b", "B", 0)}), json!({"dashboard": dashboard("b", "B", 0), "folderUid": "nowhere"}), json!({})]
    {
        assert_eq!(save(&body).0, 400, "{body}");
    }
    let (status, saved) = save(&json!({"dashboard": {"id": id, "title": "By its number", "version": 1, "schemaVersion": 16}}));
    assert_eq!((status, &saved["uid"], &saved["version"]), (200, &json!("prod"), &json!(2)), "{saved}");
    let (status, saved) = save(&json!({"dashboard": dashboard("prod", "Overwritten", 0), "overwrite": true, "message": "third"}));
    assert_eq!((status, &saved["version"]), (200, &json!(3)));
    // Both forms of versions.
    let (_, new) = call(&server, "GET", "/dashboards/uid/prod/versions?limit=2", &Value::Null);
    let (_, old) = call(&server, "GET", &format!("/dashboards/id/{id}/versions?start=1"), &Value::Null);
    let numbers = |list: &Value| list.as_array().unwrap().iter().map(|v| v["version"].as_i64().unwrap()).collect::<Vec<_>>();
    assert_eq!((numbers(&new["versions"]), numbers(&old)), (vec![3, 2], vec![2, 1]));
    assert_eq!(new["versions"][0]["message"], "third");
    let (_, first) = call(&server, "GET", "/dashboards/uid/prod/versions/1", &Value::Null);
    assert_eq!((&first["data"]["title"], &first["data"]["refresh"]), (&json!("Production Overview"), &json!("25s")));
    let (status, restored) = call(&server, "POST", "/dashboards/uid/prod/restore", &json!({"version": 1}));
    assert_eq!((status, &restored["version"], &restored["slug"]), (200, &json!(4), &json!("production-overview")));

    let exported = json!({"uid": "shared", "title": "Shared", "schemaVersion": 41, "panels": [{"type": "text", "title": "${WHO}"}],
        "__inputs": [{"name": "WHO", "type": "constant", "label": "Who", "value": "them"}]});
    let import = |overwrite| {
        call(
            &server,
            "POST",
            "/dashboards/import",
            &json!({"dashboard": exported, "overwrite": overwrite, "inputs": [{"name": "WHO", "type": "constant", "value": "us"}]}),
        )
    };
    let (status, imported) = import(false);
    assert_eq!(
        (status, &imported["uid"], &imported["imported"], &imported["importedUrl"]),
        (200, &json!("shared"), &json!(true), &json!("/d/shared/shared"))
    );
    assert_eq!(call(&server, "GET", "/dashboards/uid/shared", &Value::Null).1["dashboard"]["panels"][0]["title"], "us");
    assert_eq!(import(false), (412, json!({"message": "A dashboard with the same uid already exists", "status": "name-exists"})));
    assert_eq!(import(true).0, 200);

    assert_eq!(
        call(&server, "DELETE", "/dashboards/uid/prod", &Value::Null),
        (200, json!({"title": "Production Overview", "message": "Dashboard Production Overview deleted", "id": id}))
    );
    assert_eq!(
        call(&server, "GET", "/dashboards/uid/prod", &Value::Null),
        (404, json!({"message": "Dashboard not found", "status": "not-found"}))
    );
    assert_eq!(call(&server, "DELETE", "/dashboards/uid/prod", &Value::Null).0, 404);

    // A file's is shown and not changed.
    let (_, read) = call(&server, "GET", "/dashboards/uid/provisioned", &Value::Null);
    assert_eq!((&read["meta"]["provisioned"], &read["meta"]["folderTitle"]), (&json!(true), &json!("Disk Team")));
    assert_eq!(
        call(&server, "DELETE", "/dashboards/uid/provisioned", &Value::Null),
        (400, json!({"message": "provisioned dashboard cannot be deleted"}))
    );
    let (status, refused) = save(&json!({"dashboard": dashboard("provisioned", "Mine", 0), "overwrite": true}));
    assert!(status == 400 && refused["message"].as_str().unwrap().starts_with("Cannot change provisioned dashboard"), "{refused}");
}

#[test]
fn folders_and_search() {
    let dir = tempfile::tempdir().unwrap();
    let server = server(dir.path());
    let get = |path: &str| call(&server, "GET", path, &Value::Null).1;
    let titles = |path: &str| -> Vec<String> {
        let found = get(path);
        found.as_array().unwrap_or_else(|| panic!("{path}: {found}")).iter().map(|hit| hit["title"].as_str().unwrap().to_owned()).collect()
    };
    let (status, team) = call(&server, "POST", "/folders", &json!({"uid": "team", "title": "Team"}));
    assert_eq!(
        (status, &team["url"], &team["version"], &team["canSave"]),
        (200, &json!("/dashboards/f/team/team"), &json!(1), &json!(true))
    );
    assert_eq!(call(&server, "POST", "/folders", &json!({"uid": "team", "title": "Team"})).0, 412);
    assert_eq!(call(&server, "POST", "/folders", &json!({"title": ""})).0, 400);
    let (_, inner) = call(&server, "POST", "/folders", &json!({"uid": "inner", "title": "Inner", "parentUid": "team"}));
    assert_eq!((&inner["parentUid"], &inner["parents"][0]["title"]), (&json!("team"), &json!("Team")));
    for (uid, title, folder) in [("a", "Alpha", "team"), ("b", "Beta", "inner"), ("c", "Gamma", "")] {
        assert_eq!(call(&server, "POST", "/dashboards/db", &json!({"dashboard": dashboard(uid, title, 0), "folderUid": folder})).0, 200);
    }
    for (path, want) in [
        ("/folders", &["Disk Team", "Team"][..]),
        ("/folders?parentUid=team", &["Inner"]),
        ("/folders?limit=1&page=2", &["Team"]),
        ("/search", &["Disk Team", "Inner", "Team", "Alpha", "Beta", "Gamma", "Of a file"]),
        ("/search?type=dash-folder", &["Disk Team", "Inner", "Team"]),
        ("/search?type=dash-db&query=ALPH", &["Alpha"]),
        ("/search?tag=templated", &["Alpha", "Beta", "Gamma"]),
        ("/search?tag=templated&tag=disk", &[]),
        ("/search?folderUIDs=team", &["Inner", "Alpha"]),
        ("/search?folderUIDs=general&type=dash-db", &["Gamma"]),
        ("/search?folderIds=0&type=dash-db", &["Gamma"]),
        ("/search?dashboardUIDs=a&dashboardUIDs=c", &["Alpha", "Gamma"]),
        ("/search?dashboardUIDs=a,c", &["Alpha", "Gamma"]),
        ("/search?starred=true", &[]),
        ("/search?type=dash-db&limit=2&page=2", &["Gamma", "Of a file"]),
        ("/search?type=dash-db&sort=alpha-desc&limit=1", &["Of a file"]),
    ] {
        assert_eq!(titles(path), want, "{path}");
    }
    let hit = &get("/search?query=alpha")[0];
    assert_eq!(
        (&hit["uid"], &hit["type"], &hit["url"], &hit["folderUid"]),
        (&json!("a"), &json!("dash-db"), &json!("/d/a/alpha"), &json!("team"))
    );
    assert_eq!(get("/dashboards/tags"), json!([{"term": "disk", "count": 1}, {"term": "templated", "count": 3}]));
    let by_number = get(&format!("/folders/id/{}", team["id"]));
    assert_eq!(by_number["uid"], "team");

    let change = |body: &Value| call(&server, "PUT", "/folders/team", body);
    assert_eq!(
        change(&json!({"title": "Crew"})),
        (412, json!({"message": "The folder has been changed by someone else", "status": "version-mismatch"}))
    );
    assert_eq!(change(&json!({"title": "Crew", "version": 1})).1["version"], 2);
    assert_eq!(change(&json!({"title": "Team!", "overwrite": true})).1["title"], "Team!");
    assert_eq!(call(&server, "PUT", "/folders/none", &json!({"title": "x", "overwrite": true})).0, 404);
    assert_eq!(call(&server, "POST", "/folders/team/move", &json!({"parentUid": "inner"})).0, 400, "a folder cannot stand in itself");
    assert_eq!(call(&server, "POST", "/folders/inner/move", &json!({"parentUid": ""})).0, 200);
    assert_eq!(titles("/folders"), ["Disk Team", "Inner", "Team!"]);
    assert_eq!(call(&server, "DELETE", "/folders/team", &Value::Null).0, 200);
    assert_eq!(titles("/search?type=dash-db"), ["Beta", "Gamma", "Of a file"]);
    assert_eq!(call(&server, "GET", "/folders/team", &Value::Null), (404, json!({"message": "folder not found", "status": "not-found"})));
}

#[test]
fn annotations_and_the_rest() {
    let dir = tempfile::tempdir().unwrap();
    let server = server(dir.path());
    let get = |path: &str| call(&server, "GET", path, &Value::Null);
    let (_, saved) = call(&server, "POST", "/dashboards/db", &json!({"dashboard": dashboard("d", "D", 0)}));
    let add = |body: &Value| call(&server, "POST", "/annotations", body);
    let (status, added) = add(
        &json!({"dashboardUID": "d", "panelId": 2, "time": 1_507_037_197_339_i64, "timeEnd": 1_507_180_805_056_i64, "tags": ["tag1", "tag2"], "text": "Annotation Description"}),
    );
    assert_eq!((status, &added["message"]), (200, &json!("Annotation added")));
    let id = added["id"].as_i64().unwrap();
    assert_eq!(add(&json!({"dashboardId": saved["id"], "time": 1_507_037_197_000_i64, "text": "by number"})).0, 200);
    assert_eq!(add(&json!({"dashboardId": 77, "text": "no such"})).0, 404);
    assert_eq!(add(&json!({"tags": ["x"]})).0, 400);
    let (status, graphite) = call(
        &server,
        "POST",
        "/annotations/graphite",
        &json!({"what": "Deploy", "tags": "deploy api", "when": 1_507_037_000, "data": "by ann"}),
    );
    assert_eq!((status, &graphite["message"]), (200, &json!("Graphite annotation added")));
    let texts = |query: &str| -> Vec<String> {
        let found = get(&format!("/annotations{query}")).1;
        found.as_array().unwrap_or_else(|| panic!("{query}: {found}")).iter().map(|a| a["text"].as_str().unwrap().to_owned()).collect()
    };
    for (query, want) in [
        ("", &["Annotation Description", "by number", "Deploy\nby ann"][..]),
        ("?dashboardUID=d&panelId=2", &["Annotation Description"]),
        (&format!("?dashboardId={}", saved["id"]), &["Annotation Description", "by number"]),
        ("?dashboardId=77", &[]),
        ("?tags=api&tags=deploy", &["Deploy\nby ann"]),
        ("?tags=api&tags=tag1&matchAny=true", &["Annotation Description", "Deploy\nby ann"]),
        ("?from=1507037198000&to=1507180805056", &["Annotation Description"]),
        ("?type=alert", &[]),
        ("?limit=1", &["Annotation Description"]),
    ] {
        assert_eq!(texts(query), want, "{query}");
    }
    let one = format!("/annotations/{id}");
    assert_eq!(call(&server, "PATCH", &one, &json!({"text": "patched"})), (200, json!({"message": "Annotation patched"})));
    let (_, read) = get(&one);
    assert_eq!(
        (&read["text"], &read["tags"], &read["panelId"], &read["dashboardUID"]),
        (&json!("patched"), &json!(["tag1", "tag2"]), &json!(2), &json!("d"))
    );
    assert_eq!(
        call(&server, "PUT", &one, &json!({"time": 5, "timeEnd": 6, "text": "replaced"})),
        (200, json!({"message": "Annotation updated"}))
    );
    let (_, read) = get(&one);
    assert_eq!((&read["time"], &read["timeEnd"], &read["tags"]), (&json!(5), &json!(6), &json!([])));
    assert_eq!(get("/annotations/tags?tag=dep").1, json!({"result": {"tags": [{"tag": "deploy", "count": 1}]}}));
    assert_eq!(call(&server, "DELETE", &one, &Value::Null), (200, json!({"message": "Annotation deleted"})));
    assert_eq!(call(&server, "DELETE", &one, &Value::Null).0, 404);

    let (_, sources) = get("/datasources");
    let told: Vec<_> = sources.as_array().unwrap().iter().map(|s| (s["uid"].as_str().unwrap(), s["readOnly"].as_bool().unwrap())).collect();
    assert_eq!(told, [("prometheus", true), ("loki", true), ("tempo", true), ("alertmanager", true)]);
    assert_eq!(get("/datasources/name/Loki").1["type"], "loki");
    assert_eq!(get("/datasources/2").1["uid"], "loki");
    assert_eq!(get("/datasources/id/Tempo").1, json!({"id": 3}));
    assert_eq!(get("/datasources/uid/none"), (404, json!({"message": "Data source not found"})));
    assert_eq!(call(&server, "POST", "/datasources", &json!({"name": "x"})).0, 403);
    assert_eq!(get("/health").1["database"], "ok");
    assert_eq!(get("/org").1["id"], 1);
    assert_eq!(get("/dashboards/home").1["meta"]["isHome"], true);
    let (status, none) = get("/playlists");
    assert!(status == 404 && none["message"].as_str().unwrap().contains("grafana-api.md"), "{none}");
}
