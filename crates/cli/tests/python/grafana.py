"""What a team's provisioning scripts do, by the package grafana-client. The first argument is Grafana's address."""

import sys
from urllib.parse import urlsplit

from grafana_client import GrafanaApi
from grafana_client.client import GrafanaClientError, TokenAuth


def refused(status, call):
    """The call is refused with this status; gives the answer's body."""
    try:
        call()
    except GrafanaClientError as error:
        assert error.status_code == status, (error.status_code, error.response)
        return error.response
    raise AssertionError(f"not refused with {status}")


def same(got, want):
    assert got == want, f"{got!r} is not {want!r}"


url = urlsplit(sys.argv[1])
for credential in [("admin", "admin"), TokenAuth("glsa_anything"), None]:
    grafana = GrafanaApi(credential, host=url.hostname, port=url.port, url_path_prefix=url.path.lstrip("/"), timeout=60)
    grafana.connect()
    assert int(grafana.version.split(".")[0]) >= 11, grafana.version
same(grafana.organization.get_current_organization()["id"], 1)
same(grafana.user.get_actual_user()["orgId"], 1)

# Data sources are there and work.
same(sorted(source["type"] for source in grafana.datasource.list_datasources()), ["alertmanager", "loki", "prometheus", "tempo"])
source = grafana.datasource.get_datasource_by_name("Prometheus")
same(grafana.datasource.get_datasource_by_uid(source["uid"])["name"], "Prometheus")
same(grafana.datasource.get_datasource_by_id(source["id"])["uid"], "prometheus")
same(grafana.datasource.health("prometheus")["status"], "OK")
refused(404, lambda: grafana.datasource.get_datasource_by_name("Graphite"))

# Folders.
folder = grafana.folder.create_folder("Team", uid="team")
same((folder["uid"], folder["title"], folder["version"]), ("team", "Team", 1))
inner = grafana.folder.create_folder("Inner", parent_uid="team")
same([entry["title"] for entry in grafana.folder.get_all_folders(parent_uid="team")], ["Inner"])
same(grafana.folder.get_folder("team")["title"], "Team")
same(grafana.folder.get_folder_by_id(folder["id"])["uid"], "team")
same(grafana.folder.update_folder("team", title="Crew", version=1)["version"], 2)
same(refused(412, lambda: grafana.folder.update_folder("team", title="Late", version=1))["status"], "version-mismatch")
same(grafana.folder.update_folder("team", title="Team", overwrite=True)["title"], "Team")
same(grafana.folder.move_folder(inner["uid"], "")["title"], "Inner")

# Dashboards: made, read, changed, in conflict.
model = {"uid": "made", "title": "Made by a tool", "tags": ["tool"], "schemaVersion": 39, "version": 0, "panels": [
    {"id": 1, "type": "timeseries", "title": "up", "gridPos": {"x": 0, "y": 0, "w": 24, "h": 8}, "targets": [{"refId": "A", "expr": "up"}]}]}
made = grafana.dashboard.update_dashboard({"dashboard": model, "folderUid": "team", "message": "first"})
same((made["status"], made["uid"], made["version"]), ("success", "made", 1))
read = grafana.dashboard.get_dashboard("made")
same(read["dashboard"]["panels"], model["panels"])
same((read["meta"]["folderUid"], read["meta"]["folderTitle"], read["meta"]["provisioned"]), ("team", "Team", False))
changed = dict(read["dashboard"], title="Changed by a tool")
same(grafana.dashboard.update_dashboard({"dashboard": changed, "folderUid": "team"})["version"], 2)
same(refused(412, lambda: grafana.dashboard.update_dashboard({"dashboard": changed, "folderUid": "team"}))["status"], "version-mismatch")
same(grafana.dashboard.update_dashboard({"dashboard": changed, "folderUid": "team", "overwrite": True})["version"], 3)
versions = grafana.dashboard_versions.get_dashboard_versions_by_uid("made")
same([version["version"] for version in versions["versions"]], [3, 2, 1])
same(len(grafana.dashboard_versions.get_dashboard_versions_by_id(made["id"])), 3)
same(grafana.dashboard_versions.get_dashboard_version_by_uid("made", 1)["data"]["title"], "Made by a tool")
same(grafana.dashboard_versions.restore_dashboard_by_uid("made", 1)["version"], 4)
same(grafana.dashboard.get_dashboard("made")["dashboard"]["title"], "Made by a tool")
assert grafana.dashboard.get_home_dashboard()["meta"]["isHome"]
assert {"term": "tool", "count": 1} in grafana.dashboard.get_dashboards_tags()

# Search.
same([hit["uid"] for hit in grafana.search.search_dashboards(query="made")], ["made"])
same([hit["uid"] for hit in grafana.search.search_dashboards(tag="tool", type_="dash-db")], ["made"])
same([hit["uid"] for hit in grafana.search.search_dashboards(folder_uids=["team"])], ["made"])
same([hit["uid"] for hit in grafana.search.search_dashboards(dashboard_ids=[made["id"]])], ["made"])
same(grafana.search.search_dashboards(starred=True), [])

# Annotations.
added = grafana.annotations.add_annotation(dashboard_uid="made", panel_id=1, time_from=1000, time_to=2000, tags=["deploy", "api"], text="deploy 1")
same(added["message"], "Annotation added")
same(grafana.annotations.add_annotation_graphite(what="deploy 2", tags=["deploy"], when=3, data="x")["message"], "Graphite annotation added")
same([entry["text"] for entry in grafana.annotations.find_annotations(tags=["deploy", "api"])], ["deploy 1"])
same([entry["text"] for entry in grafana.annotations.find_annotations(time_from=500, time_to=1500)], ["deploy 1"])
same(len(grafana.annotations.find_annotations(dashboard_uid="made", panel_id=1)), 1)
same(grafana.annotations.partial_update_annotation(added["id"], text="deploy one")["message"], "Annotation patched")
same(grafana.annotations.update_annotation(added["id"], time_from=1000, time_to=2000, tags=["deploy"], text="deploy I")["message"], "Annotation updated")
same([entry["text"] for entry in grafana.annotations.find_annotations(dashboard_uid="made")], ["deploy I"])
same(grafana.annotations.delete_annotations_by_id(added["id"])["message"], "Annotation deleted")
same(grafana.annotations.find_annotations(dashboard_uid="made"), [])

# The end: what a file holds stays, all else goes.
refused(400, lambda: grafana.dashboard.delete_dashboard("provisioned"))
same(grafana.dashboard.delete_dashboard("made")["title"], "Made by a tool")
refused(404, lambda: grafana.dashboard.get_dashboard("made"))
grafana.dashboard.update_dashboard({"dashboard": dict(model, uid="inside"), "folderUid": "team"})
same(grafana.folder.delete_folder("team")["message"], "Folder deleted")
refused(404, lambda: grafana.dashboard.get_dashboard("inside"))
same([hit["uid"] for hit in grafana.search.search_dashboards(type_="dash-db")], ["provisioned"])
print("all done")
