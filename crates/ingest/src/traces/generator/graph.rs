//! Requests between services: a client's span and the server's span below it are one edge.
//! <https://grafana.com/docs/tempo/latest/metrics-from-traces/service_graphs/>

use super::config::GraphConfig;
use super::series::{Now, SeriesCount, Shape, Table};
use super::spans::{Seen, Service};
use super::values::{find, first, label};
use hashbrown::HashMap;
use phoenix_model::LabelsBuilder;
use phoenix_model::traces::{Attributes, SpanId, SpanKind, SpanStatus, TraceId};
use std::borrow::Cow;
use std::collections::VecDeque;

/// Labels that are always there.
const OWN: [&str; 5] = ["client", "server", "connection_type", super::series::OVERFLOW, "le"];
/// The client of a trace that begins with a server.
const USER: &str = "user";

type EdgeKey = (TraceId, SpanId);

pub(super) struct ServiceGraph {
    config: GraphConfig,
    pub(super) edges: Table,
    waiting: HashMap<EdgeKey, Edge>,
    /// In the order in which they came, which is that in which they are due.
    due: VecDeque<(i64, EdgeKey)>,
    /// Spans for which no place was left.
    pub(super) dropped: u64,
    /// Spans whose other side never came.
    pub(super) unpaired: u64,
    key: Vec<u8>,
}

/// One side of a request.
struct Side {
    service: String,
    seconds: f64,
    dimensions: Vec<String>,
}

struct Edge {
    client: Option<Side>,
    server: Option<Side>,
    connection_type: &'static str,
    /// What the client, or the server of a root, says of the other side.
    peer: String,
    is_root: bool,
    failed: bool,
    weight: f64,
    trace_id: TraceId,
}

impl ServiceGraph {
    pub(super) fn new(config: GraphConfig) -> Self {
        let shape = Shape {
            plain: vec!["traces_service_graph_request_total", "traces_service_graph_request_failed_total"],
            histograms: vec!["traces_service_graph_request_server_seconds", "traces_service_graph_request_client_seconds"],
            buckets: config.histogram_buckets.clone(),
            is_gauge: false,
        };
        Self { config, edges: Table::new(shape), waiting: HashMap::new(), due: VecDeque::new(), dropped: 0, unpaired: 0, key: Vec::new() }
    }

    pub(super) fn observe(
        &mut self,
        seen: &Seen<'_>,
        service: &Service<'_>,
        now: Now,
        count: &mut SeriesCount,
        external: &[(String, String)],
    ) {
        let span = &seen.span;
        let is_client = match span.fixed.kind {
            SpanKind::Client | SpanKind::Producer => true,
            SpanKind::Server | SpanKind::Consumer => false,
            SpanKind::Internal | SpanKind::Unspecified => return,
        };
        let is_messaging = matches!(span.fixed.kind, SpanKind::Producer | SpanKind::Consumer);
        let key = (span.fixed.trace_id, if is_client { span.fixed.span_id } else { span.fixed.parent_id });
        let is_root_server = !is_client && span.fixed.parent_id.is_none();
        // Roots have no other side: nothing could come to an edge without an id.
        let mut edge = match self.waiting.remove(&key).filter(|_| !is_root_server) {
            Some(edge) => edge,
            None if self.waiting.len() >= self.config.max_items => {
                self.dropped += 1;
                return;
            }
            None => Edge {
                client: None,
                server: None,
                connection_type: "",
                peer: String::new(),
                is_root: is_root_server,
                failed: false,
                weight: 0.0,
                trace_id: span.fixed.trace_id,
            },
        };
        let resource = service.resource().attributes;
        let dimensions = self.config.dimensions.iter().map(|name| find(name, resource, span.attributes).into_owned()).collect();
        let side = Side { service: service.name().to_owned(), seconds: span.fixed.duration_ns as f64 / 1e9, dimensions };
        edge.failed |= span.fixed.status == SpanStatus::Error;
        edge.weight = edge.weight.max(seen.weight);
        if is_messaging {
            edge.connection_type = "messaging_system";
        }
        if is_client {
            if let Some(database) = database(&self.config, resource, span.attributes)
                && edge.server.is_none()
            {
                edge.connection_type = "database";
                edge.server = Some(Side { service: database.into_owned(), seconds: side.seconds, dimensions: Vec::new() });
            }
            edge.client = Some(side);
        } else {
            edge.server = Some(side);
        }
        if is_client || is_root_server {
            edge.peer = first(&self.config.peer_attributes, resource, span.attributes).unwrap_or_default().into_owned();
        }
        if edge.client.is_some() && edge.server.is_some() {
            self.put(&edge, now, count, external);
        } else if is_root_server {
            self.end(edge, now, count, external);
        } else {
            let due_ms = now.monotonic_ms + self.config.wait.as_millis() as i64;
            self.due.push_back((due_ms, key));
            self.waiting.insert(key, edge);
        }
    }

    /// Ends the edges that have waited long enough for their other side.
    pub(super) fn expire(&mut self, now: Now, count: &mut SeriesCount, external: &[(String, String)]) {
        while let Some((due_ms, key)) = self.due.front().copied()
            && due_ms <= now.monotonic_ms
        {
            self.due.pop_front();
            if let Some(edge) = self.waiting.remove(&key) {
                self.end(edge, now, count, external);
            }
        }
    }

    /// An edge of which one side never comes: it leads to what the client names, or comes from whom the root names,
    /// who else is a user.
    fn end(&mut self, mut edge: Edge, now: Now, count: &mut SeriesCount, external: &[(String, String)]) {
        let nobody = |service: String, seconds: f64| Some(Side { service, seconds, dimensions: Vec::new() });
        let peer = std::mem::take(&mut edge.peer);
        match (&edge.client, &edge.server) {
            (Some(client), None) if !peer.is_empty() => edge.server = nobody(peer, client.seconds),
            (None, Some(server)) if edge.is_root => {
                edge.client = nobody(if peer.is_empty() { USER.to_owned() } else { peer }, server.seconds);
            }
            _ => {
                self.unpaired += 1;
                return;
            }
        }
        if edge.connection_type.is_empty() {
            edge.connection_type = "virtual_node";
        }
        self.put(&edge, now, count, external);
    }

    fn put(&mut self, edge: &Edge, now: Now, count: &mut SeriesCount, external: &[(String, String)]) {
        let (Some(client), Some(server)) = (&edge.client, &edge.server) else { return };
        let Self { config, edges, key, .. } = self;
        key.clear();
        let sides = [&client.service, &server.service].into_iter().chain(&client.dimensions);
        for text in sides.chain([&String::new()]).chain(&server.dimensions) {
            key.extend((text.len() as u32).to_le_bytes());
            key.extend_from_slice(text.as_bytes());
        }
        key.extend_from_slice(edge.connection_type.as_bytes());
        let build = |labels: &mut LabelsBuilder| {
            for (prefix, side) in [("client_", client), ("server_", server)] {
                for (name, value) in config.dimensions.iter().zip(&side.dimensions).filter(|(_, value)| !value.is_empty()) {
                    let prefix = if config.enable_client_server_prefix { prefix } else { "" };
                    labels.set(&label(&format!("{prefix}{name}"), &OWN), value);
                }
            }
            labels.set("client", &client.service).set("server", &server.service).set("connection_type", edge.connection_type);
        };
        let (group, buckets) = edges.group(key, now, count, external, build);
        group.plain[0] += edge.weight;
        if edge.failed {
            group.plain[1] += edge.weight;
        }
        group.observe(0, buckets, server.seconds, edge.weight, (edge.trace_id, now.wall_ms));
        group.observe(1, buckets, client.seconds, edge.weight, (edge.trace_id, now.wall_ms));
    }
}

/// The name of the database that a client's span asks: of its service or address, or else the first of the
/// attributes that say that it asks one.
fn database<'a>(config: &GraphConfig, resource: Attributes<'a>, span: Attributes<'a>) -> Option<Cow<'a, str>> {
    let database = first(&config.database_name_attributes, resource, span)?;
    let of_span = |key| Some(find(key, Attributes::EMPTY, span)).filter(|value| !value.is_empty());
    let peer = || {
        let address = of_span("network.peer.address")?;
        Some(match of_span("network.peer.port") {
            Some(port) => Cow::Owned(format!("{address}:{port}")),
            None => address,
        })
    };
    Some(of_span("peer.service").or_else(|| of_span("server.address")).or_else(peer).unwrap_or(database))
}
