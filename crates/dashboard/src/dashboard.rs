//! A dashboard in the newest form, and what is asked of it.

use crate::finding::PanelRef;
use crate::inputs;
use crate::json::{Fields, Object};
use serde_json::Value;

/// A dashboard as it is after reading: every panel has a kind, an id, a position and a field configuration where it
/// shows data; every target has a `refId` and a data source. What Phoenix does not know is still in it.
#[derive(Debug, Clone, PartialEq)]
pub struct Dashboard {
    json: Object,
}

/// A panel within a dashboard.
#[derive(Debug, Clone)]
pub struct PanelView<'a> {
    /// Unique in the dashboard.
    pub id: i64,
    /// May be empty.
    pub title: &'a str,
    /// Grafana's id of the kind of panel.
    pub kind: &'a str,
    /// Where it stands, as a JSON pointer.
    pub path: String,
    /// All of it.
    pub json: &'a Object,
}

impl PanelView<'_> {
    /// The panel as findings name it.
    pub fn reference(&self) -> PanelRef {
        PanelRef { id: self.id, title: self.title.to_owned(), kind: self.kind.to_owned() }
    }
}

/// A query of a panel.
#[derive(Debug, Clone)]
pub struct TargetView<'a> {
    /// Whose query it is.
    pub panel: PanelView<'a>,
    /// Unique in the panel.
    pub ref_id: &'a str,
    /// Grafana's id of the kind of data source; empty when it is not known.
    pub source_type: &'a str,
    /// Where it stands, as a JSON pointer.
    pub path: String,
    /// All of it.
    pub json: &'a Object,
}

impl Dashboard {
    /// Of JSON that is migrated.
    pub(crate) fn new(json: Object) -> Self {
        Self { json }
    }

    /// What it is called in addresses.
    pub fn uid(&self) -> &str {
        self.json.text("uid").unwrap_or_default()
    }

    /// Its title.
    pub fn title(&self) -> &str {
        self.json.text("title").unwrap_or_default()
    }

    /// What it is about; may be empty.
    pub fn description(&self) -> &str {
        self.json.text("description").unwrap_or_default()
    }

    /// Its tags.
    pub fn tags(&self) -> impl Iterator<Item = &str> {
        self.json.list("tags").iter().filter_map(Value::as_str)
    }

    /// The version that its JSON tells; 0 when there is none.
    pub fn version(&self) -> i64 {
        self.json.integer("version").unwrap_or(0)
    }

    /// All of it.
    pub fn json(&self) -> &Object {
        &self.json
    }

    /// All of it.
    pub fn into_json(self) -> Object {
        self.json
    }

    /// Gives it another uid.
    pub fn set_uid(&mut self, uid: &str) {
        self.json.put("uid", uid);
    }

    /// Gives it another title.
    pub fn set_title(&mut self, title: &str) {
        self.json.put("title", title);
    }

    /// Gives it another version.
    pub fn set_version(&mut self, version: i64) {
        self.json.put("version", version);
    }

    /// Every panel, rows among them, those of folded rows behind their row.
    pub fn panels(&self) -> impl Iterator<Item = PanelView<'_>> {
        self.json.list("panels").iter().enumerate().flat_map(|(at, panel)| {
            let path = format!("/panels/{at}");
            let inner = panel.as_object().map_or(&[][..], |panel| panel.list("panels"));
            let inner = inner.iter().enumerate().map({
                let path = path.clone();
                move |(at, panel)| view(panel, format!("{path}/panels/{at}"))
            });
            std::iter::once(view(panel, path)).chain(inner).flatten()
        })
    }

    /// Every query of every panel, hidden ones too.
    pub fn targets(&self) -> impl Iterator<Item = TargetView<'_>> {
        self.panels().flat_map(|panel| {
            let targets = panel.json.list("targets").iter().enumerate();
            targets
                .filter_map(move |(at, target)| {
                    let json = target.as_object()?;
                    Some(TargetView {
                        ref_id: json.text("refId").unwrap_or_default(),
                        source_type: json.object("datasource").and_then(|source| source.text("type")).unwrap_or_default(),
                        path: format!("{}/targets/{at}", panel.path),
                        panel: panel.clone(),
                        json,
                    })
                })
                .collect::<Vec<_>>()
        })
    }

    /// The JSON as Grafana imports it: data sources that are Phoenix' own become inputs, and what only means something
    /// here is left out. Reading it again gives the same dashboard.
    pub fn export(&self) -> Value {
        inputs::export(&self.json)
    }
}

fn view(panel: &Value, path: String) -> Option<PanelView<'_>> {
    let json = panel.as_object()?;
    Some(PanelView {
        id: json.integer("id").unwrap_or(0),
        title: json.text("title").unwrap_or_default(),
        kind: json.text("type").unwrap_or_default(),
        path,
        json,
    })
}
